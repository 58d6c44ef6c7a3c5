"""Work over all accounts, a commit for every few thousand."""

from __future__ import annotations

from collections.abc import Iterator

from weatherhead.areas.customers.queries import account_span
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, present_moment

ACCOUNTS_EACH = 2_000


def account_ranges() -> Iterator[tuple[int, int]]:
    """The account records in ranges, first and last, in their order; none before there is an account."""
    first, last = account_span()
    for start in range(first, last + 1, ACCOUNTS_EACH):
        yield start, min(start + ACCOUNTS_EACH - 1, last)


def on_all_accounts(name: str, *, username: str) -> tuple[int, int]:
    """Perform an action on every range of accounts; returns the sums of its figures `count` and `total` (cents)."""
    actor, moment = actor_for(username), present_moment()
    count = total = 0
    for first, last in account_ranges():
        done = perform(
            name,
            actor=actor,
            key=f"{name} {first} {moment.at.isoformat()}",
            moment=moment,
            inputs={"from_account": first, "to_account": last},
        )
        figures = {item["code"]: item["after"] for item in done.body["changes"]}
        count, total = count + figures["count"], total + figures["total"]
    return count, total

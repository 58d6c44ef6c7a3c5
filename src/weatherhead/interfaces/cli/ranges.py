"""Work over all accounts, a commit for every few thousand."""

from __future__ import annotations

from collections.abc import Iterator

from weatherhead.areas.customers.queries import account_span

ACCOUNTS_EACH = 2_000


def account_ranges() -> Iterator[tuple[int, int]]:
    """The account records in ranges, first and last, in their order; none before there is an account."""
    first, last = account_span()
    for start in range(first, last + 1, ACCOUNTS_EACH):
        yield start, min(start + ACCOUNTS_EACH - 1, last)

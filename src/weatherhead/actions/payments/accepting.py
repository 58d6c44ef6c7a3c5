"""Whether a tender is taken for an account: not a check after checks kept coming back, unless a supervisor says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weatherhead.areas.customers.queries import AccountFacts
from weatherhead.areas.payments.returns import CashOnly
from weatherhead.core.values import Refusal, gettext_noop

DECIDES = "approve_request"
"""Whose job has this action may take what the rule refuses, with a reason."""


class CashOnlyAccount(Refusal):
    """Payments for the account kept coming back."""

    template = gettext_noop(
        "Account %(number)s is on cash only through %(on)s: %(count)s payments came back. Take cash, a money order or "
        "a card, or ask a supervisor, who can take it with a reason."
    )


class SupervisorDecides(Refusal):
    """A reason alone is not enough."""

    template = gettext_noop(
        "Account %(number)s is on cash only through %(on)s. Only a supervisor may take this payment all the same: ask "
        "one."
    )


def require_accepted(
    accounts: Iterable[AccountFacts],
    *,
    kinds: Iterable[str],
    restricted: Mapping[int, CashOnly],
    reason: str,
    may_override: bool,
) -> None:
    """See that tenders of some kinds are taken for accounts.

    Raises:
        CashOnlyAccount, SupervisorDecides: as they say.
    """
    offered = set(kinds)
    for account in accounts:
        held = restricted.get(account.account_id)
        if held is None or offered.isdisjoint(held.not_taken):
            continue
        if not reason:
            raise CashOnlyAccount(number=account.number_grouped, on=held.through_on, count=held.returned)
        if not may_override:
            raise SupervisorDecides(number=account.number_grouped, on=held.through_on)

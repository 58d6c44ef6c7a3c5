"""Deposits as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.credit.models import Deposit


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """A deposit that is held, in cents, and since when."""

    deposit_id: int
    account_id: int
    amount_cents: int
    held_since_on: date
    entry_id: int


def deposits_of_account(account_id: int) -> tuple[DepositFacts, ...]:
    """The deposits held for an account, oldest first."""
    return tuple(
        DepositFacts(
            deposit_id=row.pk,
            account_id=row.account_id,
            amount_cents=row.amount_cents,
            held_since_on=row.held_since_on,
            entry_id=row.entry_id,
        )
        for row in Deposit.objects.filter(account_id=account_id).order_by("held_since_on", "pk")
    )

"""Whether a customer paid promptly, told from the receivable itself. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.core.ledger import ReceivableMovement, age

BILL = "bill"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHistory:
    """The due dates of bills within a span, and those of them that money came too late for, oldest first."""

    due_on: tuple[date, ...]
    late_on: tuple[date, ...]


def payment_history(
    movements: Sequence[ReceivableMovement], *, since: date, as_of: date, grace_days: int
) -> PaymentHistory:
    """Which bills due from `since` on were still open `grace_days` after their due date.

    A bill whose days of grace are not over on `as_of` counts as neither. What takes effect later is not known on a day:
    a payment that the bank returned is unpaid from its return on, and paid before.
    """
    over = timedelta(days=grace_days)
    due = sorted(
        {
            movement.due_on
            for movement in movements
            if movement.due_on is not None
            and movement.charge == BILL
            and movement.amount_cents > 0
            and since <= movement.due_on
            and movement.due_on + over < as_of
        }
    )
    late = tuple(on for on in due if _open_cents(movements, due_on=on, as_of=on + over) > 0)
    return PaymentHistory(due_on=tuple(due), late_on=late)


def _open_cents(movements: Sequence[ReceivableMovement], *, due_on: date, as_of: date) -> int:
    items = age(movements, as_of=as_of).open_items
    return sum(item.open_cents for item in items if item.due_on == due_on and item.charge == BILL)

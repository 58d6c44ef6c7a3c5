"""How bills were paid: when each was settled, how late, and what that says of the customer.

A bill is settled on the first day from which on nothing of it is open, as ageing sees it: a payment that comes back
opens it again. Who pays by the due date is on time; what a credit covers on the day of issue is never late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.core.ledger import ReceivableMovement, age

ON_TIME = "on_time"
LATE = "late"
OPEN = "open"  # asked for and not due yet
OVERDUE = "overdue"
BUCKETS = ((30, "late_1_30"), (60, "late_31_60"), (None, "late_over_60"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillAsked:
    """A standing bill: one that no later bill replaced. `entry_id` None: it came to nothing."""

    number: str
    issued_on: date
    due_on: date
    amount_cents: int
    entry_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPaid:
    """When a bill was settled; `paid_on` None while it is not. `days_late` counts to that day, or to the present."""

    bill: BillAsked
    paid_on: date | None
    days_late: int
    mark: str


def payment_record(
    bills: Sequence[BillAsked], *, movements: Iterable[ReceivableMovement], as_of: date
) -> tuple[BillPaid, ...]:
    """The record of some bills of one account, in their order, from its whole receivable."""
    if not bills:
        return ()
    known = [item for item in movements if item.effective_on <= as_of]
    first = min(item.issued_on for item in bills)
    days = sorted({item.effective_on for item in known if item.effective_on >= first} | {first})
    settled: dict[int, date | None] = {item.entry_id: None for item in bills if item.entry_id is not None}
    for day in days:
        still = {item.ref.entry_id for item in age(known, as_of=day).open_items}
        for entry_id, since in settled.items():
            if entry_id in still:
                settled[entry_id] = None
            elif since is None:
                settled[entry_id] = day
    return tuple(_paid(item, settled=settled, as_of=as_of) for item in bills)


def _paid(bill: BillAsked, *, settled: dict[int, date | None], as_of: date) -> BillPaid:
    paid_on = bill.issued_on if bill.entry_id is None else settled[bill.entry_id]
    if paid_on is not None:
        paid_on = max(paid_on, bill.issued_on)  # before it was issued nothing of it was open
    due_on = max(bill.due_on, bill.issued_on)
    days_late = max(((paid_on or as_of) - due_on).days, 0)
    in_time, after = (OPEN, OVERDUE) if paid_on is None else (ON_TIME, LATE)
    return BillPaid(bill=bill, paid_on=paid_on, days_late=days_late, mark=after if days_late else in_time)


def counts_of(paid: Iterable[BillPaid]) -> dict[str, int]:
    """How many bills were paid on time, late by how much, and are open; what is overdue counts as late."""
    counts = dict.fromkeys((ON_TIME, *(name for _, name in BUCKETS), OPEN), 0)
    for item in paid:
        if item.mark in (LATE, OVERDUE):
            counts[next(name for most, name in BUCKETS if most is None or item.days_late <= most)] += 1
        else:
            counts[item.mark] += 1
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTerms:
    """When a record is a good reference: within the last months, at most so many late bills and returned payments."""

    months: int
    late_most: int
    returned_most: int
    bills_least: int


def reference(paid: Iterable[BillPaid], *, returned: int, terms: ReferenceTerms) -> str:
    """What a record of the terms' months comes to: ``good``, ``late``, or ``short`` when it is too short to say."""
    judged = [item for item in paid if item.mark != OPEN]
    if len(judged) < terms.bills_least:
        return "short"
    late = sum(item.mark in (LATE, OVERDUE) for item in judged)
    return "good" if late <= terms.late_most and returned <= terms.returned_most else "late"

"""How bills were paid: when each was settled, how late, and what that says of the customer.

A bill is settled on the first day from which on nothing of it is open, as ageing sees it: a payment that comes back
opens it again. Who pays by the due date is on time; what a credit covers on the day of issue is never late. What of a
bill is payable later, in installments, is late after its own due date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.core.ledger import PostingRef, ReceivableMovement, age

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
    """When a bill was settled; `paid_on` None while it is not. `days_late` counts to that day, or to the present.

    Of a bill with installments, `days_late` is that of the one that was the latest.
    """

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
    parts: dict[int, list[ReceivableMovement]] = {item.entry_id: [] for item in bills if item.entry_id is not None}
    for item in known:
        if item.ref.entry_id in parts and item.amount_cents > 0:
            parts[item.ref.entry_id].append(item)
    settled: dict[PostingRef, date | None] = {item.ref: None for items in parts.values() for item in items}
    for day in days:
        still = {item.ref for item in age(known, as_of=day).open_items}
        for ref, since in settled.items():
            if ref in still:
                settled[ref] = None
            elif since is None:
                settled[ref] = day
    return tuple(
        _paid(bill, parts=[(item, settled[item.ref]) for item in parts.get(bill.entry_id or 0, ())], as_of=as_of)
        for bill in bills
    )


def _paid(bill: BillAsked, *, parts: Sequence[tuple[ReceivableMovement, date | None]], as_of: date) -> BillPaid:
    """A bill from what it asked for and when each of that was settled; None: not yet."""
    due_on = max(bill.due_on, bill.issued_on)
    open_late, paid_late, paid_on = 0, 0, bill.issued_on  # before it was issued nothing of it was open
    for item, since in parts:
        days = ((since or as_of) - max(due_on, item.due_on or due_on)).days
        if since is None:
            open_late = max(open_late, days)
        else:
            paid_late, paid_on = max(paid_late, days), max(paid_on, since)
    is_open = any(since is None for _, since in parts)
    mark = OVERDUE if open_late else LATE if paid_late else OPEN if is_open else ON_TIME
    return BillPaid(bill=bill, paid_on=None if is_open else paid_on, days_late=max(open_late, paid_late), mark=mark)


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

"""A payment history's body: each bill of the last 24 months, when it was paid, and what came back."""

from __future__ import annotations

from datetime import date
from typing import Any

from weatherhead.areas.billing.references import reference_terms
from weatherhead.areas.payments.returns import BANK_ERROR
from weatherhead.core.ledger import age
from weatherhead.core.statements import BillAsked, BillPaid, counts_of, payment_record, reference
from weatherhead.core.values import Span
from weatherhead.overviews.statement.gathered import Known
from weatherhead.overviews.statement.spans import months_before

ALL = frozenset({"bills", "payments", "balance", "usage"})


def history_body(known: Known, *, span: Span, covers: frozenset[str] = ALL) -> dict[str, Any]:
    """The body; what `covers` leaves out is None and nowhere in it.

    Days and marks are of payments; amounts of bills need ``bills``, the balance needs ``balance``.
    """
    as_of = span.last_on
    asked = [
        BillAsked(
            number=item.number,
            issued_on=item.issued_on,
            due_on=item.due_on,
            amount_cents=item.total_cents,
            entry_id=item.entry_id,
        )
        for item in reversed(known.bills)
        if item.active and span.contains(item.issued_on)
    ]
    paid = payment_record(asked, movements=known.movements, as_of=as_of)
    back = [
        (item.came_back_on, item)
        for item in known.payments.values()
        if item.came_back_on is not None and span.contains(item.came_back_on)
    ]
    back.sort(key=lambda pair: (pair[0], pair[1].payment_id))
    ageing = age(known.movements, as_of=as_of)
    told = "balance" in covers
    judged_on = [on for on, item in back if item.return_reason != BANK_ERROR]
    return {
        "bills": [_row(item, amounts="bills" in covers) for item in paid],
        "returned": [
            [item.paid_on.isoformat(), on.isoformat(), item.return_reason, item.amount_cents] for on, item in back
        ],
        "counts": counts_of(paid),
        "balance_cents": ageing.balance_cents if told else None,
        "past_due_cents": ageing.past_due_cents if told else None,
        "reference": _reference(paid, returned_on=judged_on, as_of=as_of),
    }


def _row(item: BillPaid, *, amounts: bool) -> dict[str, Any]:
    bill = item.bill
    return {
        "number": bill.number,
        "issued_on": bill.issued_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "cents": bill.amount_cents if amounts else None,
        "paid_on": item.paid_on.isoformat() if item.paid_on else None,
        "days_late": item.days_late,
        "mark": item.mark,
    }


def _reference(paid: tuple[BillPaid, ...], *, returned_on: list[date], as_of: date) -> list[Any] | None:
    """What the utility's rule makes of it, with the rule's terms; None where there is no such rule."""
    terms = reference_terms(on=as_of)
    if terms is None:
        return None
    since = months_before(as_of, months=terms.months)
    judged = reference(
        [item for item in paid if item.bill.issued_on > since],
        returned=sum(on > since for on in returned_on),
        terms=terms,
    )
    return [judged, terms.months, terms.late_most, terms.returned_most, terms.bills_least]

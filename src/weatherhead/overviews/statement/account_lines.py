"""An account statement's body: what moved the balance, in words, with the parts of each bill."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from weatherhead.areas.billing.facts import BillOfHistory, ChargeSum
from weatherhead.areas.payments.queries import PaymentFacts
from weatherhead.core.statements import PAYMENT, StatementLine, foot, sums_of
from weatherhead.core.values import Span
from weatherhead.overviews.statement.gathered import Known, charges_within, held_on

Body = dict[str, Any]
What = list[Any]


def statement_body(known: Known, *, span: Span) -> tuple[Body, tuple[str, ...]]:
    """The body of a statement's payload, and the address that each line leads to at the desk."""
    footing = foot(known.moved, span=span)
    charges = charges_within(known, span=span)
    sums = sums_of(line.moved for line in footing.lines)
    receipts = {item.ref.entry_id: item.receipt_id for item in known.postings}
    body = {
        "opening_cents": footing.opening_cents,
        "closing_cents": footing.closing_cents,
        "charged_cents": sums.charged_cents,
        "paid_cents": sums.paid_cents,
        "other_cents": sums.other_cents,
        "held": held_on((known.account.account_id,), on=span.last_on),
        "lines": [_line(line, known=known, charges=charges) for line in footing.lines],
    }
    return body, tuple(_link(line, known=known, receipts=receipts) for line in footing.lines)


def _line(line: StatementLine, *, known: Known, charges: Mapping[int, tuple[ChargeSum, ...]]) -> Body:
    moved = line.moved
    undone = line.undone_by
    return {
        "number": line.number,
        "on": moved.on.isoformat(),
        "what": _what(line, known=known),
        "groups": _groups(line, known=known, charges=charges),
        "cents": moved.amount_cents,
        "balance_cents": line.balance_cents,
        "undoes": line.undoes,
        "undone_by": undone,
    }


def _what(line: StatementLine, *, known: Known) -> What:
    """What happened: a word of the frame, and what fills it."""
    moved, bills = line.moved, known.bills_by_entry
    if moved.reverses_id is not None:
        return _taken_back(moved.reverses_id, charge=moved.charge, known=known)
    if moved.entry_id in bills:
        return ["bill", _of_bill(bills[moved.entry_id])]
    if moved.entry_id in known.payments and moved.charge == PAYMENT:
        return ["payment", _of_payment(known.payments[moved.entry_id])]
    if moved.charge == PAYMENT:
        return ["payment_plain" if moved.amount_cents < 0 else "payment_out", {}]
    if moved.kind == "opening_balance":
        return ["former", {"charge": moved.charge}]
    return ["added" if moved.amount_cents > 0 else "taken_off", {"charge": moved.charge}]


def _taken_back(entry_id: int, *, charge: str, known: Known) -> What:
    bill, paid = known.bills_by_entry.get(entry_id), known.payments.get(entry_id)
    if bill is not None:
        return ["bill_back", {"number": bill.number, "of_on": bill.issued_on.isoformat()}]
    if paid is not None and paid.came_back_on is not None:
        return ["payment_returned", {"of_on": paid.paid_on.isoformat(), "reason": paid.return_reason}]
    if paid is not None:
        return ["payment_back", {"of_on": paid.paid_on.isoformat(), "reason": paid.reversal_reason}]
    return ["undone", {"charge": charge}]


def _of_bill(bill: BillOfHistory) -> dict[str, str]:
    return {
        "number": bill.number,
        "sort": bill.kind,
        "start_on": bill.start_on.isoformat(),
        "last_on": (bill.end_on - timedelta(days=1)).isoformat(),
        "due_on": bill.due_on.isoformat(),
    }


def _of_payment(paid: PaymentFacts) -> dict[str, str]:
    return {"tender": paid.tender_kind, "check": paid.check_number}


def _groups(line: StatementLine, *, known: Known, charges: Mapping[int, tuple[ChargeSum, ...]]) -> list[list[Any]]:
    """The parts of a bill, or of a bill taken back; none where they are not what was posted (a bill of old)."""
    moved = line.moved
    bill = known.bills_by_entry.get(moved.reverses_id or moved.entry_id)
    if bill is None:
        return []
    sign = -1 if moved.reverses_id else 1
    parts = charges.get(bill.bill_id, ())
    if sign * sum(item.amount_cents for item in parts) != moved.amount_cents:
        return []
    return [[item.label, sign * item.amount_cents] for item in parts]


def _link(line: StatementLine, *, known: Known, receipts: Mapping[int, int | None]) -> str:
    bill = known.bills_by_entry.get(line.moved.entry_id)
    if bill is not None:
        return f"/bill/{bill.bill_id}/"
    receipt = receipts.get(line.moved.entry_id)
    return f"/receipt/{receipt}/" if receipt else ""

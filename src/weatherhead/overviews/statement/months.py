"""A yearly summary's body (month by month, footing to the books) and a usage summary's (bill by bill)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from weatherhead.areas.billing.facts import BillOfHistory, ChargeSum
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.statements import Moved, foot, sums_of
from weatherhead.core.values import Span
from weatherhead.overviews.statement.gathered import Known, charges_within, used_within
from weatherhead.overviews.statement.spans import months_of

TAXES = frozenset(
    {LedgerAccount.SALES_TAX_PAYABLE, LedgerAccount.CITY_DIVIDEND_PAYABLE, LedgerAccount.FRANCHISE_FEE_PAYABLE}
)
"""What customers pay for the state and the city: taxes on a yearly summary."""


def yearly_body(known: Known, *, span: Span, covers: frozenset[str]) -> dict[str, Any]:
    """The body. A bill counts in the month of its entry, and is taken out in the month in which it was taken back."""
    footing = foot(known.moved, span=span)
    charges = charges_within(known, span=span)
    months: list[dict[str, Any]] = []
    balance_cents = footing.opening_cents
    for first in months_of(span):
        moved = [line.moved for line in footing.lines if line.moved.on.replace(day=1) == first]
        sums = sums_of(moved)
        taxes_cents = sum(_taxes(item, known=known, charges=charges) for item in moved)
        balance_cents += sums.total_cents
        months.append(
            {
                "month": first.isoformat(),
                "energy_wh": sum(_energy(item, known=known) for item in moved) if "usage" in covers else None,
                "charges_cents": sums.charged_cents - taxes_cents,
                "taxes_cents": taxes_cents,
                "other_cents": sums.other_cents,
                "paid_cents": sums.paid_cents,
                "balance_cents": balance_cents,
            }
        )
    return {"opening_cents": footing.opening_cents, "closing_cents": footing.closing_cents, "months": months}


def _billed(item: Moved, *, known: Known) -> tuple[BillOfHistory | None, int]:
    """The bill that a movement charged (1) or took back (-1)."""
    bill = known.bills_by_entry.get(item.reverses_id or item.entry_id)
    return bill, -1 if item.reverses_id else 1


def _taxes(item: Moved, *, known: Known, charges: Mapping[int, tuple[ChargeSum, ...]]) -> int:
    bill, sign = _billed(item, known=known)
    if bill is None:
        return 0
    return sign * sum(line.amount_cents for line in charges.get(bill.bill_id, ()) if line.ledger_account in TAXES)


def _energy(item: Moved, *, known: Known) -> int:
    bill, sign = _billed(item, known=known)
    return 0 if bill is None else sign * bill.energy_wh


def usage_body(known: Known, *, span: Span, covers: frozenset[str]) -> dict[str, Any]:
    """The body: every standing period that ends within the span, those of the former system first."""
    used = used_within(known, span=span)
    return {
        "has_demand": any(demand is not None for _, demand in used),
        "periods": [
            {
                "start_on": item.start_on.isoformat(),
                "end_on": item.end_on.isoformat(),
                "days": _days(item.start_on, item.end_on),
                "energy_wh": item.energy_wh,
                "demand_w": demand,
                "estimated": int(item.estimated),
                "cents": item.total_cents if "bills" in covers else None,
            }
            for item, demand in used
        ],
    }


def _days(start: date, end: date, /) -> int:
    return (end - start).days

"""Billed revenue by ledger account and charge over a span of days, from the lines of bills: set-based."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.records.arrays import fetch_rows
from weatherhead.areas.tariffs.queries import rate_book

# A bill counts on the day of its issue; what it cancels of earlier bills counts against it on that day.
_SEGMENTS = (
    "(SELECT segment.id, 1 AS sign, segment.schedule, segment.energy_wh"
    " FROM billing_bill AS bill JOIN billing_billsegment AS segment ON segment.bill_id = bill.id"
    " WHERE bill.issued_on BETWEEN %s AND %s"
    " UNION ALL SELECT segment.id, -1, segment.schedule, segment.energy_wh"
    " FROM billing_bill AS bill JOIN billing_billsegment AS segment ON segment.cancelled_by_id = bill.id"
    " WHERE bill.issued_on BETWEEN %s AND %s) AS counted"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRow:
    """What one charge came to, net of what was cancelled, on one ledger account."""

    ledger_account: str
    code: str
    label: str
    amount_cents: int
    lines: int


def billed_charges(*, first_on: date, last_on: date) -> tuple[ChargeRow, ...]:
    """Every charge billed from first through last, by ledger account; `lines` leaves cancelled ones out."""
    rows = fetch_rows(
        "SELECT price.ledger_account, price.code, price.label, sum(counted.sign * line.amount_cents),"  # noqa: S608
        " sum(CASE WHEN counted.sign > 0 THEN 1 ELSE 0 END)"
        f" FROM {_SEGMENTS} JOIN billing_billline AS line ON line.segment_id = counted.id"
        " JOIN billing_lineprice AS price ON price.id = line.price_id"
        " GROUP BY price.ledger_account, price.code, price.label ORDER BY 1, 2, 3",
        [first_on, last_on, first_on, last_on],
    )
    return tuple(
        ChargeRow(ledger_account=account, code=code, label=label, amount_cents=int(cents), lines=int(lines))
        for account, code, label, cents, lines in rows
    )


def billed_energy(*, first_on: date, last_on: date) -> dict[str, tuple[int, int]]:
    """Wh billed from first through last, net of what was cancelled, and bill segments, by revenue class."""
    rows = fetch_rows(
        "SELECT counted.schedule, sum(counted.sign * counted.energy_wh), sum(counted.sign)"  # noqa: S608
        f" FROM {_SEGMENTS} GROUP BY counted.schedule ORDER BY counted.schedule",
        [first_on, last_on, first_on, last_on],
    )
    book = rate_book()
    found: dict[str, tuple[int, int]] = {}
    for schedule, energy_wh, segments in rows:
        revenue_class = book[schedule].schedule.revenue_class if schedule in book else ""
        wh, count = found.get(revenue_class, (0, 0))
        found[revenue_class] = (wh + int(energy_wh), count + int(segments))
    return found

"""Who adjusted how much, and whose fees were waived: sums for reports, each in one query, whatever the town's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

# Fees that a rule computed are everybody's; those of a person's own amount are theirs.
_ADJUSTED = """
SELECT r.employee_id, a.kind, a.basis, COUNT(*), SUM(ABS(a.amount_cents))
  FROM billing_adjustment a
  JOIN records_receipt r ON r.id = a.receipt_id
 WHERE a.adjusted_on >= %s AND a.adjusted_on < %s AND r.employee_id IS NOT NULL
   AND NOT (a.kind = 'fee' AND a.basis = 'computed')
 GROUP BY r.employee_id, a.kind, a.basis
"""
_APPROVED = """
SELECT r.approver_employee_id, COUNT(*), SUM(ABS(a.amount_cents))
  FROM billing_adjustment a
  JOIN records_receipt r ON r.id = a.receipt_id
 WHERE a.adjusted_on >= %s AND a.adjusted_on < %s AND r.approver_employee_id IS NOT NULL
 GROUP BY r.approver_employee_id
"""
_PAYMENTS_REVERSED = """
SELECT r.employee_id, COUNT(DISTINCT r.id), SUM(ABS(p.amount_cents))
  FROM records_receipt r
  JOIN ledger_journalentry e ON e.receipt_id = r.id
  JOIN ledger_ledgerposting p ON p.entry_id = e.id AND p.ledger_account = 'receivable'
 WHERE r.action = 'reverse_payment' AND r.outcome = 'done' AND r.as_of >= %s AND r.as_of < %s
   AND r.employee_id IS NOT NULL
 GROUP BY r.employee_id
"""
_FEES = """
  FROM billing_adjustment f
 WHERE f.kind = 'fee' AND f.adjusted_on >= %s AND f.adjusted_on < %s
   AND NOT EXISTS (SELECT 1 FROM billing_adjustment x WHERE x.reverses_id = f.id)
"""
# One that was added back was none.
_STANDING_WAIVER = """
SELECT 1 FROM billing_adjustment w
 WHERE w.waives_id = f.id AND NOT EXISTS (SELECT 1 FROM billing_adjustment y WHERE y.reverses_id = w.id)
"""
_WAIVED_BY_PLACE = f"""
SELECT place, COUNT(*), SUM(waived)
  FROM (
    SELECT (SELECT MIN(SUBSTR(m.postal_code, 1, 5))
              FROM agreements_serviceagreement s
              JOIN premises_servicepoint t ON t.id = s.service_point_id
              JOIN premises_premise m ON m.id = t.premise_id
             WHERE s.account_id = f.account_id) AS place,
           CASE WHEN EXISTS ({_STANDING_WAIVER}) THEN 1 ELSE 0 END AS waived
    {_FEES}
  ) fees
 WHERE place IS NOT NULL
 GROUP BY place
 ORDER BY place
"""  # noqa: S608 - no value of anybody's is in the text
_WAIVED_BY_CYCLE = f"""
SELECT cycle, COUNT(*), SUM(waived)
  FROM (
    SELECT (SELECT c.cycle FROM customers_account c WHERE c.id = f.account_id) AS cycle,
           CASE WHEN EXISTS ({_STANDING_WAIVER}) THEN 1 ELSE 0 END AS waived
    {_FEES}
  ) fees
 GROUP BY cycle
 ORDER BY cycle
"""  # noqa: S608 - as above
# A fee counts for everyone who did something on its account from its day on: they could have waived it.
_WAIVED_BY_EMPLOYEE = """
SELECT r.employee_id, COUNT(DISTINCT f.id), COUNT(DISTINCT CASE WHEN v.employee_id = r.employee_id THEN f.id END)
  FROM billing_adjustment f
  JOIN records_receiptaccount b ON b.account_id = f.account_id
  JOIN records_receipt r ON r.id = b.receipt_id AND r.id <> f.receipt_id AND r.as_of >= f.adjusted_on AND r.as_of < %s
  LEFT JOIN billing_adjustment w ON w.waives_id = f.id
   AND NOT EXISTS (SELECT 1 FROM billing_adjustment y WHERE y.reverses_id = w.id)
  LEFT JOIN records_receipt v ON v.id = w.receipt_id
 WHERE f.kind = 'fee' AND f.adjusted_on >= %s AND f.adjusted_on < %s AND r.employee_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM billing_adjustment x WHERE x.reverses_id = f.id)
 GROUP BY r.employee_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """What one employee adjusted: how often and how much, in absolute cents, of one kind and basis."""

    employee_id: int
    kind: str  # fee, waiver, credit, debit, reversal; or payment: a payment reversed
    basis: str  # computed, attached, stated
    count: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """How many fees there were, and how many of them were waived at least in part."""

    fees: int
    waived: int


def adjusted_by_employee(*, start_on: date, end_on: date) -> tuple[Adjusted, ...]:
    """What each employee adjusted in `[start_on, end_on)`, payments that they reversed included."""
    adjusted = _rows(_ADJUSTED, [start_on, end_on])
    payments = _rows(_PAYMENTS_REVERSED, [start_on, end_on])
    return tuple(
        Adjusted(employee_id=employee_id, kind=kind, basis=basis, count=int(count), cents=int(cents))
        for employee_id, kind, basis, count, cents in (
            *adjusted,
            *((employee_id, "payment", "stated", count, cents) for employee_id, count, cents in payments),
        )
    )


def approved_by_employee(*, start_on: date, end_on: date) -> dict[int, tuple[int, int]]:
    """How many adjustments of others each employee approved in `[start_on, end_on)`, and how much: count and cents."""
    return {employee_id: (int(count), int(cents)) for employee_id, count, cents in _rows(_APPROVED, [start_on, end_on])}


def waived_by_place(*, start_on: date, end_on: date) -> dict[str, Waived]:
    """Fees of `[start_on, end_on)` by the ZIP code of the place served."""
    return _waived(_rows(_WAIVED_BY_PLACE, [start_on, end_on]))


def waived_by_cycle(*, start_on: date, end_on: date) -> dict[int, Waived]:
    """Fees of `[start_on, end_on)` by bill cycle, which is a part of the town."""
    return _waived(_rows(_WAIVED_BY_CYCLE, [start_on, end_on]))


def waived_by_employee(*, start_on: date, end_on: date) -> dict[int, Waived]:
    """Fees of `[start_on, end_on)` on accounts that an employee worked on since, and those that they waived."""
    return _waived(_rows(_WAIVED_BY_EMPLOYEE, [end_on, start_on, end_on]))


def _waived(rows: Sequence[tuple[Any, ...]]) -> dict[Any, Waived]:
    return {key: Waived(fees=int(fees), waived=int(waived or 0)) for key, fees, waived in rows}


def _rows(statement: str, values: Sequence[date]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found

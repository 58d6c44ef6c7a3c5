"""When a bill counts as paid, how late, and what a record of them says."""

from __future__ import annotations

from datetime import date

import pytest

from weatherhead.core.ledger import PostingRef, ReceivableMovement
from weatherhead.core.statements import (
    LATE,
    ON_TIME,
    OPEN,
    OVERDUE,
    BillAsked,
    BillPaid,
    ReferenceTerms,
    counts_of,
    payment_record,
    reference,
)

TERMS = ReferenceTerms(months=12, late_most=1, returned_most=0, bills_least=2)
BILL = BillAsked(number="1", issued_on=date(2026, 1, 5), due_on=date(2026, 1, 25), amount_cents=9_000, entry_id=1)


def debit(entry_id: int, on: date, cents: int, due_on: date) -> ReceivableMovement:
    ref = PostingRef(entry_id=entry_id, sequence=1)
    return ReceivableMovement(ref=ref, effective_on=on, amount_cents=cents, charge="bill", due_on=due_on)


def credit(entry_id: int, on: date, cents: int, *, of: int | None = None) -> ReceivableMovement:
    matches = PostingRef(entry_id=of, sequence=1) if of else None
    ref = PostingRef(entry_id=entry_id, sequence=1)
    return ReceivableMovement(ref=ref, effective_on=on, amount_cents=-cents, charge="payment", matches=matches)


BILLED = debit(1, BILL.issued_on, 9_000, BILL.due_on)


@pytest.mark.parametrize(
    ("movements", "as_of", "paid_on", "days_late", "mark"),
    [
        ([credit(2, date(2026, 1, 25), 9_000)], date(2026, 2, 1), date(2026, 1, 25), 0, ON_TIME),
        ([credit(2, date(2026, 1, 26), 9_000)], date(2026, 2, 1), date(2026, 1, 26), 1, LATE),
        ([credit(2, date(2026, 1, 10), 8_999)], date(2026, 1, 25), None, 0, OPEN),
        ([credit(2, date(2026, 1, 10), 8_999)], date(2026, 1, 28), None, 3, OVERDUE),
        # In two parts: the second settles it.
        (
            [credit(2, date(2026, 1, 10), 4_000), credit(3, date(2026, 2, 4), 5_000)],
            date(2026, 3, 1),
            date(2026, 2, 4),
            10,
            LATE,
        ),
        # Paid ahead: a credit covers it on the day of issue.
        ([credit(2, date(2025, 12, 1), 20_000)], date(2026, 2, 1), date(2026, 1, 5), 0, ON_TIME),
    ],
    ids=["on the due day", "a day after", "not due yet", "overdue", "in parts", "ahead"],
)
def test_a_bill_is_paid_when_nothing_of_it_is_open(
    movements: list[ReceivableMovement], as_of: date, paid_on: date | None, days_late: int, mark: str
) -> None:
    [found] = payment_record([BILL], movements=[BILLED, *movements], as_of=as_of)
    assert (found.paid_on, found.days_late, found.mark) == (paid_on, days_late, mark)


@pytest.mark.parametrize(
    ("paid", "as_of", "paid_on", "days_late", "mark"),
    [
        ([(date(2026, 1, 25), 4_500)], date(2026, 2, 25), None, 0, OPEN),
        ([(date(2026, 1, 25), 4_500)], date(2026, 2, 27), None, 2, OVERDUE),
        ([(date(2026, 1, 28), 4_500)], date(2026, 2, 1), None, 3, LATE),  # the first part; nothing is overdue now
        ([(date(2026, 1, 25), 4_500), (date(2026, 2, 25), 4_500)], date(2026, 3, 1), date(2026, 2, 25), 0, ON_TIME),
        ([(date(2026, 1, 28), 4_500), (date(2026, 2, 26), 4_500)], date(2026, 3, 1), date(2026, 2, 26), 3, LATE),
    ],
)
def test_each_installment_of_a_bill_is_late_after_its_own_due_day(
    paid: list[tuple[date, int]], as_of: date, paid_on: date | None, days_late: int, mark: str
) -> None:
    parts = [
        ReceivableMovement(
            ref=PostingRef(entry_id=1, sequence=place),
            effective_on=BILL.issued_on,
            amount_cents=4_500,
            charge=charge,
            due_on=due_on,
        )
        for place, (charge, due_on) in enumerate((("bill", BILL.due_on), ("back_bill", date(2026, 2, 25))), 1)
    ]
    movements = [*parts, *(credit(2 + place, on, cents) for place, (on, cents) in enumerate(paid))]
    [found] = payment_record([BILL], movements=movements, as_of=as_of)
    assert (found.paid_on, found.days_late, found.mark) == (paid_on, days_late, mark)


def test_a_payment_that_came_back_did_not_pay() -> None:
    paid = credit(2, date(2026, 1, 10), 9_000)
    back = ReceivableMovement(
        ref=PostingRef(entry_id=3, sequence=1),
        effective_on=date(2026, 1, 14),
        amount_cents=9_000,
        charge="payment",
        matches=paid.ref,
    )
    again = credit(4, date(2026, 2, 1), 9_000)
    [found] = payment_record([BILL], movements=[BILLED, paid, back, again], as_of=date(2026, 3, 1))
    assert (found.paid_on, found.days_late, found.mark) == (date(2026, 2, 1), 7, LATE)


def test_a_bill_of_nothing_and_one_corrected_after_its_due_day_are_never_late() -> None:
    nothing = BillAsked(number="2", issued_on=BILL.issued_on, due_on=BILL.due_on, amount_cents=0, entry_id=None)
    corrected = BillAsked(number="3", issued_on=date(2026, 3, 1), due_on=BILL.due_on, amount_cents=100, entry_id=7)
    movements = [debit(7, date(2026, 3, 1), 100, BILL.due_on), credit(8, date(2026, 3, 1), 100)]
    found = payment_record([nothing, corrected], movements=movements, as_of=date(2026, 4, 1))
    assert [(item.mark, item.days_late) for item in found] == [(ON_TIME, 0), (ON_TIME, 0)]


def judged(*marks: tuple[str, int]) -> list[BillPaid]:
    return [BillPaid(bill=BILL, paid_on=BILL.due_on, days_late=days, mark=mark) for mark, days in marks]


def test_the_rule_judges_the_record_and_says_when_it_is_too_short() -> None:
    assert reference(judged((ON_TIME, 0), (LATE, 3)), returned=0, terms=TERMS) == "good"
    assert reference(judged((LATE, 2), (OVERDUE, 3)), returned=0, terms=TERMS) == "late"
    assert reference(judged((ON_TIME, 0), (ON_TIME, 0)), returned=1, terms=TERMS) == "late"
    assert reference(judged((ON_TIME, 0), (OPEN, 0)), returned=0, terms=TERMS) == "short"
    counts = counts_of(judged((ON_TIME, 0), (LATE, 30), (LATE, 31), (OVERDUE, 61), (OPEN, 0)))
    assert counts == {"on_time": 1, "late_1_30": 1, "late_31_60": 1, "late_over_60": 1, "open": 1}

"""Laws of corrections: what a corrected account owes, and when, is what it would owe billed right the first time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ROOT

from weatherhead.actions.corrections.correct_terms import overlaid
from weatherhead.areas.agreements.queries import TermsFacts
from weatherhead.areas.billing.correcting import (
    Again,
    Owed,
    decide_correction,
    equal_parts,
    months_accrued,
    months_after,
    owed_by,
)
from weatherhead.areas.billing.correction_rules import CorrectionBook, look_back, weigh_test
from weatherhead.areas.records.utility import load_rules
from weatherhead.core.ledger import Ageing, PostingRef, ReceivableMovement, age
from weatherhead.core.values import DataFileInvalid

DAY = date(2026, 1, 15)
TODAY = DAY + timedelta(days=400)


@dataclass(frozen=True)
class Old:
    """As much of a billed segment as owing depends on."""

    bill_id: int
    amount_cents: int


@dataclass(frozen=True)
class Period:
    """As much of a period priced again."""

    old: Old
    after_cents: int
    due_on: date


amounts = st.integers(-3_000, 30_000)
periods = st.lists(st.tuples(amounts, amounts), min_size=1, max_size=8).map(
    lambda pairs: [
        Period(old=Old(place, was), after_cents=now, due_on=DAY + timedelta(days=30 * place))
        for place, (was, now) in enumerate(pairs)
    ]
)
payments = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 40_000)), max_size=5)


def owed(items: list[Period], *, months: int = 1) -> Owed:
    posted = {(item.old.bill_id, item.due_on, False): max(item.old.amount_cents, 0) for item in items}
    return owed_by(items, posted=posted, first_due_on=TODAY + timedelta(days=20), months=months)  # type: ignore[arg-type]


def owed_again(items: list[Period], before: Owed, *, months: int, days: int = 60) -> Owed:
    """What is owed once the one bill of a correction is corrected again, some days later."""
    posted = {(-1, part.due_on, part.later): 0 for part in before.parts}
    for part in before.parts:
        posted[-1, part.due_on, part.later] += part.amount_cents
    first_due_on = TODAY + timedelta(days=20 + days)
    return owed_by(items, posted=posted, first_due_on=first_due_on, months=months)  # type: ignore[arg-type]


def again(items: list[Period], now: list[int]) -> list[Period]:
    """The corrected periods, all on one bill now, that come to something else."""
    return [
        Period(old=Old(-1, item.after_cents), after_cents=cents, due_on=item.due_on)
        for item, cents in zip(items, now, strict=True)
    ]


def moved(number: int, cents: int, *, due_on: date | None = None, cancels: int = 0) -> ReceivableMovement:
    return ReceivableMovement(
        ref=PostingRef(entry_id=number, sequence=1),
        effective_on=DAY,
        amount_cents=cents,
        charge="bill",
        due_on=due_on if cents > 0 and not cancels else None,
        matches=PostingRef(entry_id=cancels, sequence=1) if cancels else None,
    )


def aged(movements: list[ReceivableMovement], paid: list[tuple[int, int]], *, on: date) -> Ageing:
    credit = [moved(10_000 + place, -cents) for place, (_, cents) in enumerate(paid)]
    return age([*movements, *credit], as_of=on)


def corrected(items: list[Period], *, months: int) -> list[ReceivableMovement]:
    """The old bills, their reversals, and the charges anew."""
    was = [
        moved(1 + n, item.old.amount_cents, due_on=item.due_on) for n, item in enumerate(items) if item.old.amount_cents
    ]
    back = [moved(100 + item.ref.entry_id, -item.amount_cents, cancels=item.ref.entry_id) for item in was]
    new = owed(items, months=months)
    parts = [moved(1000 + n, part.amount_cents, due_on=part.due_on) for n, part in enumerate(new.parts)]
    return [*was, *back, *parts, *([moved(2000, new.credit_cents)] if new.credit_cents else [])]


def right_at_first(items: list[Period]) -> list[ReceivableMovement]:
    return [moved(1 + n, item.after_cents, due_on=item.due_on) for n, item in enumerate(items) if item.after_cents]


def open_by_due(found: Ageing) -> dict[date, int]:
    sums: dict[date, int] = {}
    for item in found.open_items:
        sums[item.due_on] = sums.get(item.due_on, 0) + item.open_cents
    return sums


@given(items=periods, paid=payments, months=st.integers(1, 12))
def test_the_balance_is_that_of_an_account_billed_right_at_first(
    items: list[Period], paid: list[tuple[int, int]], months: int
) -> None:
    one, other = (aged(found, paid, on=TODAY) for found in (corrected(items, months=months), right_at_first(items)))
    assert one.balance_cents == other.balance_cents
    # What was billed too little is due later than it would have been, never earlier.
    assert one.past_due_cents <= other.past_due_cents


@given(items=periods, paid=payments, days=st.integers(0, 200))
def test_a_refund_leaves_the_very_ageing_of_an_account_billed_right_at_first(
    items: list[Period], paid: list[tuple[int, int]], days: int
) -> None:
    lower = [Period(old=item.old, after_cents=min(item.after_cents, item.old.amount_cents), due_on=item.due_on)
             for item in items if min(item.after_cents, item.old.amount_cents) >= 0]  # fmt: skip
    on = TODAY + timedelta(days=days)
    one, other = (aged(found, paid, on=on) for found in (corrected(lower, months=1), right_at_first(lower)))
    assert open_by_due(one) == open_by_due(other)
    assert (one.past_due_cents, one.credit_cents) == (other.past_due_cents, other.credit_cents)


def due_by(found: Owed, *, on: date) -> int:
    return sum(part.amount_cents for part in found.parts if part.due_on <= on)


@given(items=periods, months=st.integers(1, 12), later=st.integers(1, 12), data=st.data())
def test_a_second_correction_leaves_installments_where_they_were(
    items: list[Period], months: int, later: int, data: st.DataObject
) -> None:
    first = owed(items, months=months)
    # Found right the second time: every part stays, with its day.
    same = owed_again(again(items, [item.after_cents for item in items]), first, months=later)
    assert [part[:3] for part in same.parts] == [part[:3] for part in first.parts]
    assert (same.fresh, same.credit_cents) == ((), first.credit_cents)
    # Found to be something else: it foots, and on no day is more due than before, but for what is new.
    now = [data.draw(st.integers(0, 40_000)) for _ in items]
    found = owed_again(again(items, now), first, months=later)
    assert sum(part.amount_cents for part in found.parts) + found.credit_cents == sum(now)
    new = sum(part.amount_cents for part in found.parts if part.fresh or part.due_on == TODAY + timedelta(days=80))
    for on in (DAY, TODAY, TODAY + timedelta(days=79), *(part.due_on for part in first.parts)):
        assert due_by(found, on=on) <= due_by(first, on=on) + (new if on >= TODAY + timedelta(days=80) else 0)


@given(items=periods, months=st.integers(1, 24))
def test_what_is_owed_foots_and_installments_are_equal_to_the_cent(items: list[Period], months: int) -> None:
    found = owed(items, months=months)
    total = sum(item.after_cents for item in items)
    assert sum(part.amount_cents for part in found.parts) + found.credit_cents == total
    assert all(part.amount_cents > 0 for part in found.parts)
    assert found.credit_cents <= 0
    assert not (found.credit_cents and found.parts)
    parts = equal_parts(total, count=months, first_due_on=DAY) if total > months else []
    assert sum(part.amount_cents for part in parts) == (total if parts else 0)
    if parts:
        assert max(parts, key=lambda part: part.amount_cents).amount_cents - parts[-1].amount_cents <= 1


def test_a_month_that_is_too_short_pays_on_its_last_day() -> None:
    assert months_after(date(2026, 1, 31), months=1) == date(2026, 2, 28)
    assert months_after(date(2026, 12, 20), months=1) == date(2027, 1, 20)


@given(
    begin=st.integers(0, 300),
    length=st.integers(1, 200),
    codes=st.lists(st.sampled_from("ABC"), min_size=1, max_size=4),
)
def test_right_terms_hold_on_their_days_and_the_old_ones_on_others(begin: int, length: int, codes: list[str]) -> None:
    starts = [DAY + timedelta(days=90 * place) for place in range(len(codes))]
    ends = [*starts[1:], None]
    terms = tuple(
        TermsFacts(start_on=start, end_on=end, schedule=code, options={})
        for start, end, code in zip(starts, ends, codes, strict=True)
    )
    from_on = DAY + timedelta(days=begin)
    to_on = from_on + timedelta(days=length)
    laid = overlaid(terms, right=TermsFacts(start_on=from_on, end_on=to_on, schedule="X", options={}), start_on=DAY)

    def on(found: tuple[TermsFacts, ...], day: date) -> str:
        return next(item.schedule for item in reversed(found) if item.start_on <= day)

    for offset in range(0, 600, 7):
        day = DAY + timedelta(days=offset)
        assert on(laid, day) == ("X" if from_on <= day < to_on else on(terms, day))


def book(utility: str = "prairie-city") -> CorrectionBook:
    return load_rules(ROOT / "regulations" / utility / "corrections.yaml", model=CorrectionBook)


@pytest.mark.parametrize(
    ("net_cents", "revenue_class", "known", "tampering", "days", "clause"),
    [
        (-100, "residential", True, False, None, "refund 6.2"),
        (-100, "commercial", False, False, 365, "refund 6.2"),
        (100, "residential", True, False, 365, "back-bill 6.3"),
        (100, "commercial", True, False, 1095, "back-bill 6.4"),
        (100, "residential", False, True, None, "back-bill 6.5"),
    ],
)
def test_the_rule_that_a_difference_falls_under(
    net_cents: int, revenue_class: str, known: bool, tampering: bool, days: int | None, clause: str
) -> None:
    found = look_back(
        book(), net_cents=net_cents, revenue_class=revenue_class, begin_known=known, tampering=tampering, on=TODAY
    )
    assert found.rule.code == clause
    assert found.since_on == (None if days is None else TODAY - timedelta(days=days))


@dataclass(frozen=True)
class Days:
    """As much of a segment, as it was billed or is now, as the look-back depends on."""

    segment_id: int
    start_on: date
    end_on: date
    bill_id: int = 0


@dataclass(frozen=True)
class Differing:
    """As much of a period priced again as deciding depends on."""

    old: Days
    new: Days
    difference_cents: int
    differs: bool = True
    tested: tuple[tuple[str, int], ...] = ()

    reached_from_on = Again.reached_from_on


@dataclass(frozen=True)
class Account:
    """As much of what stands billed."""

    bills: dict[int, int]
    agreements: tuple[()] = ()
    revenue_class: str = "residential"
    wrong_since_unknown: bool = False


differing = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([0, 0, 0, 40, 400]), amounts), min_size=1, max_size=6
)


@given(
    found=differing,
    begin_known=st.booleans(),
)
def test_nobody_is_billed_beyond_the_rule_nor_for_what_they_paid_too_much(
    found: list[tuple[int, int, int]], begin_known: bool
) -> None:
    book = load_rules(ROOT / "regulations/prairie-city/corrections.yaml", model=CorrectionBook)
    items = []
    for place, (months, earlier, cents) in enumerate(found):
        end_on = TODAY - timedelta(days=30 * months)
        old = Days(place, end_on - timedelta(days=30), end_on, place)
        items.append(Differing(old, replace(old, start_on=old.start_on - timedelta(days=earlier)), cents))
    decided = decide_correction(
        Account(dict.fromkeys(range(len(items)), 0)),  # type: ignore[arg-type]
        items,  # type: ignore[arg-type]
        book=book,
        begin_known=begin_known,
        tampering=False,
        back_bill=True,
        on=TODAY,
    )
    assert decided is not None
    left = {item.old.segment_id for item in decided.left}
    chosen = [item for item in items if item.old.segment_id not in left]
    in_all = sum(item.difference_cents for item in items)
    billed = sum(item.difference_cents for item in chosen)
    assert billed <= 0 or in_all > 0
    assert not begin_known or all(item.difference_cents >= 0 for item in items if item.old.segment_id in left)
    if in_all > 0:
        since_on = TODAY - timedelta(days=365)
        assert all(item.new.start_on >= since_on for item in chosen if item.difference_cents > 0)


@pytest.mark.parametrize(
    ("spans", "months"),
    [
        ([(date(2026, 1, 5), date(2026, 2, 5))], 1),
        ([(date(2026, 1, 1), date(2026, 2, 5))], 1),
        ([(date(2025, 12, 20), date(2026, 2, 5))], 2),
        ([(date(2025, 11, 5), date(2026, 2, 5))], 3),
        ([(date(2025, 11, 5), date(2026, 2, 5)), (date(2026, 2, 5), date(2026, 3, 5))], 4),
    ],
)
def test_a_bill_of_three_months_accrued_in_three(spans: list[tuple[date, date]], months: int) -> None:
    billed = [Days(place, *span) for place, span in enumerate(spans)]
    same = [Differing(item, item, 10_00) for item in billed]
    assert months_accrued(same) == months  # type: ignore[arg-type]
    # A first period that begins earlier now: its new days accrued, too.
    short = [replace(item, start_on=item.end_on - timedelta(days=28)) for item in billed]
    longer = [Differing(old, new, 10_00) for old, new in zip(short, billed, strict=True)]
    assert months_accrued(longer) == months  # type: ignore[arg-type]


def test_a_meter_test_weighs_full_load_four_times() -> None:
    # (4 × 103 + 1 × 101) ÷ 5 = 102.6: it ran fast by 2.6 %. With 102 and 102 the error is 2.0 %, which is let pass.
    found = weigh_test(book(), full_load=Decimal(103), light_load=Decimal(101), on=TODAY)
    assert found.off
    assert found.accuracy_percent == Decimal("102.60")
    assert found.error_percent == Decimal("2.60")
    assert not weigh_test(book(), full_load=Decimal(102), light_load=Decimal(102), on=TODAY).off
    # 2.002 % is more than 2.0 %, though it rounds to that.
    assert weigh_test(book(), full_load=Decimal("102.00"), light_load=Decimal("102.01"), on=TODAY).off


def test_rules_are_loaded_for_both_utilities_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    assert book("lrec").refund.status == "illustrative"
    text = (ROOT / "regulations/prairie-city/corrections.yaml").read_text()
    wrong = tmp_path / "corrections.yaml"
    wrong.write_text(text.replace("revenue_class: everyone", "revenue_class: residential", 1))
    with pytest.raises(DataFileInvalid) as refused:
        load_rules(wrong, model=CorrectionBook)
    assert "everyone" in str(refused.value)

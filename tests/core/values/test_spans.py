"""Half-open spans and how they are cut, months, and sharing that sums exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.core.values import MonthRule, Span, SpanIsEmpty, apportion, apportion_rows

FIRST = date(2026, 1, 1)
DAYS = st.integers(min_value=0, max_value=90)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = FIRST + timedelta(days=draw(DAYS))
    return Span(start=start, end=start + timedelta(days=1 + draw(DAYS)))


@given(span=spans(), offsets=st.lists(DAYS, max_size=6))
def test_a_cut_span_keeps_its_days(span: Span, offsets: list[int]) -> None:
    cuts = [FIRST + timedelta(days=offset) for offset in offsets]
    parts = span.split_at(cuts)
    assert [on for part in parts for on in part.dates()] == list(span.dates())
    assert sum(part.days for part in parts) == span.days
    assert {part.start for part in parts[1:]} == {cut for cut in cuts if span.start < cut < span.end}
    assert all(before.meets(after) and not before.overlaps(after) for before, after in pairwise(parts))


@given(one=spans(), other=spans())
def test_intersection_is_of_the_days(one: Span, other: Span) -> None:
    shared = [on for on in one.dates() if other.contains(on)]
    both = one.intersect(other)
    assert one.overlaps(other) == bool(shared)
    assert (list(both.dates()) if both else []) == shared
    assert one.encloses(other) == all(one.contains(on) for on in other.dates())


def test_edges_of_a_span() -> None:
    span = Span(start=FIRST, end=date(2026, 2, 1))
    assert (span.days, span.last_on, str(span)) == (31, date(2026, 1, 31), "2026-01-01/2026-02-01")
    assert span.contains(FIRST)
    assert not span.contains(span.end)
    for end in (FIRST, FIRST - timedelta(days=1)):
        with pytest.raises(SpanIsEmpty):
            Span(start=FIRST, end=end)
    with pytest.raises(TypeError):
        Span(start=datetime(2026, 1, 1, tzinfo=UTC), end=date(2026, 2, 1))


@pytest.mark.parametrize(
    ("days", "months"), [(26, 1), (30, 1), (35, 1), (25, Fraction(5, 6)), (36, Fraction(6, 5)), (12, Fraction(2, 5))]
)
def test_months_of_a_period(days: int, months: Fraction) -> None:
    assert MonthRule().months(days) == months


def test_a_month_rule_that_no_period_meets_is_an_error() -> None:
    with pytest.raises(ValueError, match="month rule"):
        MonthRule(whole_month_days_min=36)
    with pytest.raises(ValueError, match="at least one day"):
        MonthRule().months(0)


WEIGHTS = st.lists(st.integers(min_value=0, max_value=400), min_size=1, max_size=8).filter(any)
TOTALS = st.integers(min_value=-(10**12), max_value=10**12)


@given(total=TOTALS, weights=WEIGHTS)
def test_shares_sum_to_the_total_and_stay_within_one(total: int, weights: list[int]) -> None:
    parts = apportion(total=total, weights=weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
    assert apportion(total=-total, weights=weights) == tuple(-part for part in parts)


@given(totals=st.lists(TOTALS, min_size=1, max_size=6), weights=WEIGHTS)
def test_rows_of_shares_equal_the_scalar(totals: list[int], weights: list[int]) -> None:
    rows = apportion_rows(totals=np.array(totals), weights=np.array([weights]))
    assert [tuple(row) for row in rows.tolist()] == [apportion(total=total, weights=weights) for total in totals]


def test_worked_shares() -> None:
    assert apportion(total=100, weights=[1, 1, 1]) == (34, 33, 33)
    assert apportion(total=-100, weights=[1, 1, 2]) == (-25, -25, -50)
    assert apportion(total=5, weights=[0, 3, 7]) == (0, 2, 3)  # remainders 5 and 5: the earlier takes the unit
    for weights in ([], [0, 0], [1, -1]):
        with pytest.raises(ValueError, match="weights"):
            apportion(total=1, weights=weights)
    with pytest.raises(OverflowError):
        apportion_rows(totals=np.array([2**62]), weights=np.array([[1, 4]]))

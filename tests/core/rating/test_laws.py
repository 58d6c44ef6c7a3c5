"""Laws of rating, on whatever hypothesis thinks of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.rating.cases import draw_schedule, draw_usage
from tests.core.rating.rate_sheet import charge, june, one

from weatherhead.core.rating import Usage, UsagePart, rate, rate_many, usage_arrays
from weatherhead.core.rating.pieces import _joined
from weatherhead.core.rating.schedule import MonthDay, Season
from weatherhead.core.values import RoundingRule, Span, round_ratio

ENERGY_WH = st.integers(min_value=-(10**9), max_value=10**9)
STARTS = st.dates(min_value=date(2021, 1, 1), max_value=date(2028, 1, 1))
FLAT = one(charge("energy", "energy", price="0.0824"))
BLOCKS = [{"price": "0.10", "up_to_kwh": "500"}, {"price": "0.08", "up_to_kwh": "1000"}, {"price": "0.06"}]


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """A period with any energy, with split reads or without."""
    start, days = draw(STARTS), draw(st.integers(min_value=1, max_value=400))
    span = Span(start=start, end=start + timedelta(days=days))
    cuts = draw(st.sets(st.integers(min_value=1, max_value=400), max_size=3))
    spans = span.split_at(start + timedelta(days=cut) for cut in cuts)
    parts = tuple(UsagePart(span=part, energy_wh=draw(ENERGY_WH)) for part in spans)
    total = sum(part.energy_wh for part in parts)
    return Usage(span=span, energy_wh=total, parts=draw(st.sampled_from([(), parts])))


@given(usage=usages(), cuts=st.sets(st.integers(min_value=0, max_value=400), max_size=5))
def test_splitting_a_span_preserves_its_energy(usage: Usage, cuts: set[int]) -> None:
    arrays = usage_arrays(schedule=FLAT, usages=[usage])
    spans = usage.span.split_at(usage.span.start + timedelta(days=cut) for cut in cuts)
    pieces = [
        int(
            arrays.energy_between(
                accounts=np.zeros(1, dtype=np.int64),
                starts=np.array([span.start.toordinal()]),
                ends=np.array([span.end.toordinal()]),
                period=None,
            )[0]
        )
        for span in spans
    ]
    assert sum(pieces) == usage.energy_wh


@given(usage=usages())
def test_energy_shared_by_days_is_within_a_watt_hour_of_its_exact_share(usage: Usage) -> None:
    whole = replace(usage, parts=())
    arrays = usage_arrays(schedule=FLAT, usages=[whole])
    days = whole.span.days
    for first in range(0, days, max(1, days // 5)):
        between = arrays.energy_between(
            accounts=np.zeros(1, dtype=np.int64),
            starts=np.array([whole.span.start.toordinal() + first]),
            ends=np.array([whole.span.start.toordinal() + first + 1]),
            period=None,
        )
        assert abs(int(between[0]) - Fraction(whole.energy_wh, days)) <= 1


@settings(max_examples=40)
@given(seed=st.integers(min_value=0, max_value=10**9))
def test_lines_sum_to_the_total_and_each_is_its_exact_amount_rounded(seed: int) -> None:
    random = Random(seed)
    schedule = draw_schedule(random)
    rated = rate_many(schedule, usage_arrays(schedule=schedule, usages=[draw_usage(random, schedule=schedule)]))
    bill = rated.bill(0)
    assert sum(line.amount_cents for line in bill.lines) == bill.total_cents == rated.total_cents[0]
    for line in bill.lines:
        if not line.unrounded.endswith("…"):
            exact = Fraction(line.unrounded) * 100
            rule = RoundingRule(line.rounding)
            rounded = round_ratio(numerator=exact.numerator, denominator=exact.denominator, rule=rule)
            assert rounded == line.amount_cents


@given(energy_wh=ENERGY_WH)
def test_blocks_neither_lose_nor_repeat_energy(energy_wh: int) -> None:
    blocks = one(charge("energy", "energy", blocks=BLOCKS))
    lines = rate(blocks, june(energy_wh=energy_wh)).lines
    assert sum(line.quantity for line in lines) * 1000 == energy_wh
    assert all(line.quantity <= 500 for line in lines[:2])
    if energy_wh < 0:
        assert [str(line.price) for line in lines] == ["0.10"]


@given(energy_wh=ENERGY_WH, demand_w=st.integers(min_value=0, max_value=10**7))
def test_hours_of_demand_neither_lose_nor_repeat_energy(energy_wh: int, demand_w: int) -> None:
    hours = [{"up_to_hours": "200", "blocks": BLOCKS}, {"up_to_hours": "400", "blocks": BLOCKS}, {"blocks": BLOCKS}]
    lines = rate(one(charge("energy", "energy", hours_blocks=hours)), june(energy_wh=energy_wh, demand_w_max=demand_w))
    assert sum(line.quantity for line in lines.lines) * 1000 == energy_wh


@given(energy_wh=st.integers(min_value=1, max_value=10**9))
def test_a_credit_is_the_mirror_image_of_a_charge(energy_wh: int) -> None:
    assert rate(FLAT, june(energy_wh=-energy_wh)).total_cents == -rate(FLAT, june(energy_wh=energy_wh)).total_cents


@given(
    start=st.dates(min_value=date(2000, 1, 1), max_value=date(2000, 12, 31)).filter(
        lambda on: (on.month, on.day) != (2, 29)
    ),
    days=st.integers(min_value=0, max_value=364),
    first=STARTS,
)
def test_the_windows_of_a_season_are_the_days_it_contains(start: date, days: int, first: date) -> None:
    through = start + timedelta(days=days)
    season = Season(
        code="some",
        name="Some",
        start=MonthDay(start.month, start.day),
        through=MonthDay(through.month, through.day),
    )
    last = first + timedelta(days=800)
    windows = list(_joined(sorted(season.windows(first=first, last=last))))
    for offset in range(801):
        on = first + timedelta(days=offset)
        inside = sum(begin <= on.toordinal() < end for begin, end in windows)
        assert inside == season.contains(on), on

"""The reading calendar: business days, bounds of a period, and days that people move."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.areas.metering.calendar import (
    CalendarBounds,
    CalendarImpossible,
    DayClosed,
    DaysOutOfOrder,
    PeriodOutOfBounds,
    plan_year,
    planned_day,
    require_days,
)
from weatherhead.core.values import BusinessDays

BOUNDS = CalendarBounds(days_low=26, days_high=35, bill_after=2, due_days=20)
NEBRASKA = BusinessDays(subdivision="NE")


@given(
    first=st.integers(2020, 2050),
    cycles=st.integers(1, 25),
    state=st.sampled_from(["NE", "IA", "TX", "MA", "HI"]),
)
def test_every_period_is_within_the_bounds_and_on_business_days(first: int, cycles: int, state: str) -> None:
    clock = BusinessDays(subdivision=state)
    before: dict[int, date] = {}
    for year in (first, first + 1):
        days = plan_year(year, cycles=cycles, bounds=BOUNDS, clock=clock, before=before)
        assert len(days) == 12 * cycles
        for day in days:
            assert clock.is_open(day.read_on)
            assert clock.is_open(day.bill_on)
            assert clock.days_between(day.read_on, day.bill_on) == 2
            assert day.due_on - day.bill_on == timedelta(days=20)
            if day.cycle in before:
                assert 26 <= (day.read_on - before[day.cycle]).days <= 35
            before[day.cycle] = day.read_on


def test_the_demo_utility_reads_its_cycles_in_order_and_few_on_one_day() -> None:
    days = plan_year(2026, cycles=21, bounds=BOUNDS, clock=NEBRASKA, before={})
    for month in range(1, 13):
        of_month = [day.read_on for day in days if day.month.month == month]
        assert of_month == sorted(of_month)
        assert max(of_month.count(on) for on in of_month) <= 2
    # By hand: January 2026 has 20 business days, without the 1st and the 19th; 13/21 of them are 12.4, the 13th is it.
    assert next(day for day in days if (day.cycle, day.month) == (14, date(2026, 1, 1))).read_on == date(2026, 1, 21)


def test_a_year_after_a_moved_day_still_has_no_long_period() -> None:
    moved = {1: date(2026, 12, 22)}
    days = plan_year(2027, cycles=1, bounds=BOUNDS, clock=NEBRASKA, before=moved)
    assert days[0].read_on == date(2027, 1, 19)  # January 4 would be 13 days after; January 18 is a holiday
    assert (days[0].read_on - moved[1]).days == 28


def test_where_no_day_fits_the_calendar_says_so() -> None:
    closed = frozenset(date(2026, 12, 1) + timedelta(days=number) for number in range(90))
    clock = BusinessDays(subdivision="NE", also_closed=closed)
    with pytest.raises(CalendarImpossible, match="no business day from 2026-12-27 to 2027-01-05 is open"):
        plan_year(2027, cycles=1, bounds=BOUNDS, clock=BusinessDays(subdivision="NE", also_closed=frozenset(
            on for on in closed if on < date(2027, 1, 15)
        )), before={1: date(2026, 12, 1)})  # fmt: skip
    assert not clock.is_open(date(2027, 1, 4))


def test_a_day_that_is_moved_keeps_both_periods_and_business_days() -> None:
    day = planned_day(14, month=date(2026, 3, 1), read_on=date(2026, 3, 18), bounds=BOUNDS, clock=NEBRASKA)
    around = {"before": date(2026, 2, 18), "after": date(2026, 4, 20), "bounds": BOUNDS, "clock": NEBRASKA}
    require_days(day, **around)
    for wrong, refusal in (
        (replace(day, read_on=date(2026, 3, 14)), DayClosed),  # a Saturday
        (replace(day, bill_on=date(2026, 3, 22)), DayClosed),
        (replace(day, bill_on=date(2026, 3, 17)), DaysOutOfOrder),
        (replace(day, read_on=date(2026, 3, 13)), PeriodOutOfBounds),  # 38 days until April 20
        (replace(day, read_on=date(2026, 3, 27), bill_on=date(2026, 3, 30)), PeriodOutOfBounds),  # 37 since Feb 18
    ):
        with pytest.raises(refusal):
            require_days(wrong, **around)

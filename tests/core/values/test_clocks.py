"""The three clocks, against days listed by hand from the calendars' publications."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.core.values import BankingDays, BusinessDays, CalendarDays, DayClock

# Federal Reserve Bank Services, holiday schedules 2025 to 2027. A holiday on a Saturday closes no Friday
# (July 4, 2026; June 19, 2027; December 25, 2027), one on a Sunday closes the Monday (July 5, 2027).
FEDERAL_RESERVE_CLOSED = """
2025-01-01 2025-01-20 2025-02-17 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-10-13 2025-11-11 2025-11-27 2025-12-25
2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25
2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25
"""
CLOCKS = [CalendarDays(), BusinessDays(), BankingDays()]
DATES = st.dates(min_value=date(2024, 1, 1), max_value=date(2028, 12, 31))


def test_banking_days_are_those_of_the_federal_reserve() -> None:
    closed = {date.fromisoformat(text) for text in FEDERAL_RESERVE_CLOSED.split()}
    clock = BankingDays()
    on = date(2025, 1, 1)
    while on < date(2028, 1, 1):
        assert clock.is_open(on) == (on.weekday() < 5 and on not in closed), on
        on += timedelta(days=1)


def test_the_clocks_differ_where_the_holidays_do() -> None:
    business, banking = BusinessDays(), BankingDays()
    arbor_day = date(2026, 4, 24)  # a holiday of Nebraska, not of the banks
    assert not business.is_open(arbor_day)
    assert banking.is_open(arbor_day)
    assert BusinessDays(subdivision="IA").is_open(arbor_day)
    friday_before_the_fourth = date(2026, 7, 3)  # the Fourth is a Saturday
    assert not business.is_open(friday_before_the_fourth)
    assert banking.is_open(friday_before_the_fourth)
    assert CalendarDays().is_open(date(2026, 7, 4))


def test_a_notice_of_seven_days_without_weekends_and_holidays() -> None:
    """Neb. Rev. Stat. 70-1605: mailed on the Monday of Thanksgiving's week, it runs past two holidays."""
    assert BusinessDays().add(date(2026, 11, 23), 7) == date(2026, 12, 4)
    assert CalendarDays().add(date(2026, 11, 23), 7) == date(2026, 11, 30)
    assert BankingDays().add(date(2026, 11, 23), 7) == date(2026, 12, 3)


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: type(clock).__name__)
@given(on=DATES, count=st.integers(min_value=0, max_value=40))
def test_adding_and_counting_agree(clock: DayClock, on: date, count: int) -> None:
    later = clock.add(on, count)
    assert clock.days_between(on, later) == count
    assert count == 0 or clock.is_open(later)
    assert clock.is_open(clock.next_open(on))
    assert clock.previous_open(on) <= on <= clock.next_open(on)
    earlier = clock.add(on, -count)
    assert clock.days_between(on, earlier) == -count
    assert count == 0 or (clock.is_open(earlier) and earlier < on)


# Neb. Rev. Stat. 62-301, with the federal schedule's observance of what falls on a weekend
NEBRASKA_CLOSED_2026 = """
2026-01-01 2026-01-19 2026-02-16 2026-04-24 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11
2026-11-26 2026-11-27 2026-12-25
"""


def test_business_days_are_those_of_nebraska() -> None:
    closed = {date.fromisoformat(text) for text in NEBRASKA_CLOSED_2026.split()}
    for offset in range(365):
        on = date(2026, 1, 1) + timedelta(days=offset)
        assert BusinessDays().is_open(on) == (on.weekday() < 5 and on not in closed), on
    assert not BusinessDays().is_open(date(2024, 11, 29))
    assert not BusinessDays().is_open(date(2025, 11, 28))


def test_offices_may_close_on_further_days() -> None:
    flood = date(2026, 3, 17)
    assert BusinessDays().is_open(flood)
    assert not BusinessDays(also_closed=frozenset({flood})).is_open(flood)
    with pytest.raises(ValueError, match="state or territory"):
        BusinessDays(subdivision="ZZ")

"""The three clocks by which utilities count days: calendar, business and banking days.

A notice runs in business days, an ACH file in banking days, a due date in calendar days; they differ on state holidays
and on holidays that fall on a Saturday. No clock knows today's date: every method takes the date to count from.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

YEARS = range(1900, 2200)
"""The years that a day of ours can lie in. Another is a slip of the keyboard, and arithmetic may leave the calendar."""

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_THURSDAY = 3

_CLOSED_AFTER_THANKSGIVING = frozenset({"NE"})
"""States whose law names the day after Thanksgiving where the library's calendar does not: Neb. Rev. Stat. 62-301."""


class DayClock(ABC):
    """Counts open days."""

    __slots__ = ()

    @abstractmethod
    def is_open(self, on: date) -> bool:
        """Whether the date counts on this clock."""

    def next_open(self, on: date) -> date:
        """The date itself when it is open, else the first open date after it."""
        while not self.is_open(on):
            on += _ONE_DAY
        return on

    def previous_open(self, on: date) -> date:
        """The date itself when it is open, else the last open date before it."""
        while not self.is_open(on):
            on -= _ONE_DAY
        return on

    def add(self, on: date, count: int) -> date:
        """The count-th open date after `on` (before it when count is negative); `on` itself when count is 0.

        The starting date never counts, as in "within 5 business days of filing".
        """
        step = _ONE_DAY if count > 0 else -_ONE_DAY
        left = abs(count)
        while left:
            on += step
            if self.is_open(on):
                left -= 1
        return on

    def days_between(self, start: date, end: date) -> int:
        """Number of open dates d with start < d <= end; negative, and mirrored, when end is before start.

        So `days_between(on, add(on, n)) == n` for every n >= 0.
        """
        if end < start:
            return -sum(self.is_open(end + timedelta(days=offset)) for offset in range((start - end).days))
        return sum(self.is_open(start + timedelta(days=offset)) for offset in range(1, (end - start).days + 1))


@dataclass(frozen=True, slots=True)
class CalendarDays(DayClock):
    """Every day is open."""

    def is_open(self, on: date) -> bool:
        """Always true."""
        return True

    def add(self, on: date, count: int) -> date:
        """The date `count` days after `on`."""
        return on + timedelta(days=count)

    def days_between(self, start: date, end: date) -> int:
        """Plain difference in days."""
        return (end - start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessDays(DayClock):
    """Weekends and the holidays of a state of the United States are closed, observed holidays included.

    Args:
        subdivision: the state's two letters (NE: Arbor Day is a holiday).
        also_closed: further dates on which the utility's offices are closed.
    """

    subdivision: str = "NE"
    also_closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a state that the holiday calendar does not know."""
        if self.subdivision not in _subdivisions():
            raise ValueError(f"{self.subdivision!r} is not a state or territory of the United States")

    def is_open(self, on: date) -> bool:
        """Whether the date is a weekday that is no state holiday."""
        return (
            on.weekday() < _SATURDAY
            and on not in self.also_closed
            and on not in _state_holidays(subdivision=self.subdivision, year=on.year)
        )


@dataclass(frozen=True, slots=True)
class BankingDays(DayClock):
    """Weekends and the holidays of the Federal Reserve Banks are closed.

    A holiday on a Sunday closes the Monday after it; one on a Saturday does not close the Friday before it, unlike
    most states' offices (Federal Reserve Bank Services, holiday schedules).
    """

    def is_open(self, on: date) -> bool:
        """Whether the Federal Reserve Banks settle on the date."""
        return on.weekday() < _SATURDAY and on not in _federal_reserve_holidays(on.year)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessHours:
    """The hours of open days, from opening to closing. Instants are local, without a zone: a day's hours do not shift.

    Args:
        days: the days on which the office is open.
        opens: when it opens.
        closes: when it closes, later on the same day.
    """

    days: DayClock
    opens: time
    closes: time

    def minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole minutes of business hours from `start` to `end`; 0 when `end` is not after it."""
        total = timedelta()
        on = start.date()
        while on <= end.date():
            if self.days.is_open(on):
                first = max(start, datetime.combine(on, self.opens))
                last = min(end, datetime.combine(on, self.closes))
                total += max(last - first, timedelta())
            on += _ONE_DAY
        return int(total / timedelta(minutes=1))


@cache
def _subdivisions() -> frozenset[str]:
    import holidays  # noqa: PLC0415 - a twentieth of what starting a command takes, and most count no such days

    return frozenset(holidays.country_holidays("US").subdivisions)


@cache
def _state_holidays(*, subdivision: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - as above

    known = frozenset(holidays.country_holidays("US", subdiv=subdivision, years=year))
    return known | {_thanksgiving(year) + _ONE_DAY} if subdivision in _CLOSED_AFTER_THANKSGIVING else known


def _thanksgiving(year: int) -> date:
    """The fourth Thursday in November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(_THURSDAY - first.weekday()) % 7 + 21)


@cache
def _federal_reserve_holidays(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - as above

    return frozenset(holidays.financial_holidays("XFED", years=year))

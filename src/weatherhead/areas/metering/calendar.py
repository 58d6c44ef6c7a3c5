"""The calendar of reading and billing: which cycle is read, billed and due on which day of a year. Pure.

Cycles are spread evenly over the business days of a month. A month has 18 to 23 of them, so that some days take two
cycles and a cycle's day moves a little; where the period since the read before would be shorter or longer than a bill
may cover, the nearest business day that is within the bounds takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.core.values import DayClock, Refusal, gettext_noop

MONTHS = 12
_ONE_DAY = timedelta(days=1)


class CalendarImpossible(Refusal):
    """No business day is within the bounds."""

    template = gettext_noop(
        "Cycle %(cycle)s was read on %(before)s, and no business day from %(first)s to %(last)s is open. "
        "Move that day, or widen the bounds of a period."
    )


class DayClosed(Refusal):
    """Nobody works that day."""

    template = gettext_noop("%(on)s is a weekend or a holiday. Choose a business day.")


class PeriodOutOfBounds(Refusal):
    """A period would be too short or too long to be billed."""

    template = gettext_noop(
        "From %(start)s to %(end)s are %(days)s days; a period of cycle %(cycle)s has %(low)s to %(high)s. "
        "Choose another day, or move the other one first."
    )


class DaysOutOfOrder(Refusal):
    """Read, bill and due day are not in that order."""

    template = gettext_noop(
        "A cycle is read, then billed, then due; %(read)s, %(bill)s and %(due)s are not in that order."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDayPlan:
    """One cycle in one month: when it is read, billed and due."""

    cycle: int
    month: date  # its first day
    read_on: date
    bill_on: date
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarBounds:
    """The length of a period in days, both included; business days from read to bill; days from bill to due."""

    days_low: int
    days_high: int
    bill_after: int
    due_days: int


def plan_year(
    year: int, *, cycles: int, bounds: CalendarBounds, clock: DayClock, before: Mapping[int, date]
) -> tuple[CycleDayPlan, ...]:
    """The calendar of a year, by month and cycle.

    Args:
        year: which.
        cycles: how many, numbered from 1.
        bounds: of a period.
        clock: the business days.
        before: the last read day of each cycle in the year before, where there is one.

    Raises:
        CalendarImpossible: no business day fits after the read before.
    """
    last = dict(before)
    planned: list[CycleDayPlan] = []
    for number in range(1, MONTHS + 1):
        month = date(year, number, 1)
        open_days = _open_days(month, clock=clock)
        for cycle in range(1, cycles + 1):
            wanted = open_days[(cycle - 1) * len(open_days) // cycles]
            read_on = _within(wanted, cycle=cycle, since=last.get(cycle), bounds=bounds, clock=clock)
            last[cycle] = read_on
            planned.append(planned_day(cycle, month=month, read_on=read_on, bounds=bounds, clock=clock))
    return tuple(planned)


def planned_day(cycle: int, *, month: date, read_on: date, bounds: CalendarBounds, clock: DayClock) -> CycleDayPlan:
    """When a cycle that is read on a day is billed and due."""
    bill_on = clock.add(read_on, bounds.bill_after)
    return CycleDayPlan(
        cycle=cycle,
        month=month,
        read_on=read_on,
        bill_on=bill_on,
        due_on=bill_on + timedelta(days=bounds.due_days),
    )


def require_days(
    plan: CycleDayPlan, *, before: date | None, after: date | None, bounds: CalendarBounds, clock: DayClock
) -> None:
    """Check a day that a person moved, against the read days before and after it.

    Raises:
        DayClosed, DaysOutOfOrder, PeriodOutOfBounds.
    """
    for on in (plan.read_on, plan.bill_on):
        if not clock.is_open(on):
            raise DayClosed(on=on)
    if not plan.read_on <= plan.bill_on < plan.due_on:
        raise DaysOutOfOrder(read=plan.read_on, bill=plan.bill_on, due=plan.due_on)
    for start, end in ((before, plan.read_on), (plan.read_on, after)):
        if start is None or end is None:
            continue
        days = (end - start).days
        if not bounds.days_low <= days <= bounds.days_high:
            raise PeriodOutOfBounds(
                start=start, end=end, days=days, cycle=plan.cycle, low=bounds.days_low, high=bounds.days_high
            )


def _open_days(month: date, *, clock: DayClock) -> list[date]:
    days: list[date] = []
    on = month
    while on.month == month.month:
        if clock.is_open(on):
            days.append(on)
        on += _ONE_DAY
    return days


def _within(wanted: date, *, cycle: int, since: date | None, bounds: CalendarBounds, clock: DayClock) -> date:
    """The day wanted, or the nearest open day that makes a period within the bounds; the later of two as near."""
    if since is None:
        return wanted
    first, last = since + timedelta(days=bounds.days_low), since + timedelta(days=bounds.days_high)
    if first <= wanted <= last:
        return wanted
    fitting = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    opened = [on for on in fitting if clock.is_open(on)]
    if not opened:
        raise CalendarImpossible(cycle=cycle, before=since, first=first, last=last)
    return min(opened, key=lambda on: (abs((on - wanted).days), -on.toordinal()))

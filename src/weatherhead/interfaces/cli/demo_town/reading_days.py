"""When the town's meters are read: each cycle once a month, on a business day."""

from __future__ import annotations

from datetime import date

from weatherhead.core.values import BusinessDays

TODAY = date(2026, 11, 19)
"""The demo's own today, a Thursday."""

DAY_OF_CYCLE = {3: 4, 8: 11, 14: 20, 19: 26}
"""The day of the month on which each cycle is read, or the business day after it. Four of a real utility's 21 or so."""


def reading_days(cycle: int, *, months: int, clock: BusinessDays) -> tuple[date, ...]:
    """The days on which a cycle is read: as many periods as months, the last one ending by today. Oldest first."""
    days: list[date] = []
    year, month = TODAY.year, TODAY.month
    while len(days) <= months:
        on = clock.next_open(date(year, month, DAY_OF_CYCLE[cycle]))
        if on < TODAY:
            days.append(on)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return tuple(reversed(days))


def cut_over_day(*, lived: int, clock: BusinessDays) -> date:
    """The day on which the town leaves its old system: every cycle has `lived` readings after it, and none in between.

    The last bills of the old system are out by then.
    """
    last_on = max(reading_days(cycle, months=lived, clock=clock)[0] for cycle in DAY_OF_CYCLE)
    return clock.add(clock.next_open(last_on), 3)

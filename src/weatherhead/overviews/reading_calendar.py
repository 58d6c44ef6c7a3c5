"""The reading calendar of a year, as a table of cycles and months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.areas.metering.routes import CycleDayFacts, calendar_on, cycle_days, routes_by_cycle
from weatherhead.areas.records.utility import current_utility
from weatherhead.door.jobs import Grant

_MONTHS = 12
_NONE = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRow:
    """A cycle and its twelve days; None where nothing is planned. How many routes it has, and meters on them."""

    cycle: int
    routes: int
    stops: int
    days: tuple[CycleDayFacts | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarOverview:
    """A year, and the cycles that are to be read and billed today."""

    as_of: date
    year: int
    months: tuple[date, ...]
    rows: tuple[CycleRow, ...]
    today_read: str
    today_bill: str
    due_days: int
    may_plan: bool
    may_change: bool

    @property
    def year_text(self) -> str:
        """The year without a thousands sign."""
        return str(self.year)

    @property
    def before_text(self) -> str:
        """The year before."""
        return str(self.year - 1)

    @property
    def after_text(self) -> str:
        """The year after."""
        return str(self.year + 1)


def calendar_overview(year: int, *, as_of: date, grant: Grant) -> CalendarOverview:
    """Compose the calendar of a year."""
    year = min(max(year, date.min.year + 1), date.max.year - 1)
    days = {(item.cycle, item.month.month): item for item in cycle_days(year=year)}
    today, walked = calendar_on(as_of), routes_by_cycle()
    return CalendarOverview(
        as_of=as_of,
        year=year,
        months=tuple(date(year, number, 1) for number in range(1, _MONTHS + 1)),
        rows=tuple(
            CycleRow(
                cycle=cycle,
                routes=walked.get(cycle, _NONE)[0],
                stops=walked.get(cycle, _NONE)[1],
                days=tuple(days.get((cycle, number)) for number in range(1, _MONTHS + 1)),
            )
            for cycle in sorted({cycle for cycle, _ in days})
        ),
        today_read=", ".join(str(item.cycle) for item in today.to_read),
        today_bill=", ".join(str(item.cycle) for item in today.to_bill),
        due_days=current_utility().billing.due_days,
        may_plan="plan_calendar" in grant.actions,
        may_change="change_calendar_day" in grant.actions,
    )

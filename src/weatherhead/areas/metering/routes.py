"""Reading routes and the calendar of cycles as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count

from weatherhead.areas.metering.calendar import CalendarBounds
from weatherhead.areas.metering.models import CycleDay, ReadingRoute, RouteStop
from weatherhead.areas.metering.reading_rules import CalendarRule
from weatherhead.areas.records.database import chunks
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchRoute(Refusal):
    """No route has that code."""

    template = gettext_noop("There is no reading route %(code)s. Create it first.")


class NoSuchCycleDay(Refusal):
    """The calendar does not hold that cycle and month."""

    template = gettext_noop("Cycle %(cycle)s is not planned for %(month)s. Plan the calendar of that year first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """A reading route, how many service points are on it, and the last sequence number."""

    route_id: int
    code: str
    name: str
    cycle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFacts:
    """A service point on a route."""

    stop_id: int
    route: RouteFacts
    service_point_id: int
    sequence: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDayFacts:
    """When a cycle is read, billed and due in a month. `reason` says why a person moved it."""

    cycle_day_id: int
    cycle: int
    month: date
    read_on: date
    bill_on: date
    due_on: date
    reason: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCalendar:
    """What is to be read and what is to be billed on one day."""

    to_read: tuple[CycleDayFacts, ...]
    to_bill: tuple[CycleDayFacts, ...]


# ------------------------------------------------------------------------------------------------------------- routes
def route_by_code(code: str) -> RouteFacts | None:
    """The route of a code, if there is one."""
    row = ReadingRoute.objects.filter(code=code).first()
    return _route(row) if row else None


def routes(*, cycle: int | None = None) -> tuple[RouteFacts, ...]:
    """The routes of a cycle, or all, by code."""
    rows = ReadingRoute.objects.order_by("code")
    return tuple(_route(row) for row in (rows.filter(cycle=cycle) if cycle is not None else rows))


def routes_by_cycle() -> dict[int, tuple[int, int]]:
    """How many routes of each cycle are walked, and how many service points are on them."""
    counted = RouteStop.objects.values("route__cycle").annotate(
        routes=Count("route_id", distinct=True), stops=Count("pk")
    )
    return {cycle: (many, stops) for cycle, many, stops in counted.values_list("route__cycle", "routes", "stops")}


def stops_of_cycle(cycle: int) -> tuple[StopFacts, ...]:
    """The stops of every route of a cycle, by route and sequence."""
    rows = RouteStop.objects.select_related("route").filter(route__cycle=cycle).order_by("route__code", "sequence")
    return tuple(_stop(row) for row in rows)


def stops_of_points(service_point_ids: Iterable[int]) -> dict[int, StopFacts]:
    """The stop of each service point that is on a route."""
    found: dict[int, StopFacts] = {}
    for chunk in chunks(sorted(set(service_point_ids))):
        rows = RouteStop.objects.select_related("route").filter(service_point_id__in=chunk)
        found |= {row.service_point_id: _stop(row) for row in rows}
    return found


def stop_at(route_id: int, *, sequence: int) -> StopFacts | None:
    """Who has a place on a route."""
    row = RouteStop.objects.select_related("route").filter(route_id=route_id, sequence=sequence).first()
    return _stop(row) if row else None


def last_sequence(route_id: int) -> int:
    """The last place that is taken on a route; 0 on an empty one."""
    last = RouteStop.objects.filter(route_id=route_id).order_by("-sequence").values_list("sequence", flat=True).first()
    return last or 0


def _route(row: ReadingRoute) -> RouteFacts:
    return RouteFacts(route_id=row.pk, code=row.code, name=row.name, cycle=row.cycle)


def _stop(row: RouteStop) -> StopFacts:
    return StopFacts(
        stop_id=row.pk,
        route=_route(row.route),
        service_point_id=row.service_point_id,
        sequence=row.sequence,
        note=row.note,
    )


# ----------------------------------------------------------------------------------------------------------- calendar
def calendar_bounds(rule: CalendarRule) -> CalendarBounds:
    """The bounds of a period, from utility.yaml, and the days to the bill."""
    billing = current_utility().billing
    return CalendarBounds(
        days_low=billing.bounds.days_low,
        days_high=billing.bounds.days_high,
        bill_after=rule.bill_after_business_days,
        due_days=billing.due_days,
    )


def cycle_day(cycle: int, *, month: date) -> CycleDayFacts:
    """A cycle's day of a month.

    Raises:
        NoSuchCycleDay: it is not planned.
    """
    row = CycleDay.objects.filter(cycle=cycle, month=month.replace(day=1)).first()
    if row is None:
        raise NoSuchCycleDay(cycle=cycle, month=f"{month:%Y-%m}")
    return _cycle_day(row)


def cycle_days(*, year: int) -> tuple[CycleDayFacts, ...]:
    """The calendar of a year, by read day."""
    rows = CycleDay.objects.filter(month__gte=date(year, 1, 1), month__lte=date(year, 12, 31))
    return tuple(_cycle_day(row) for row in rows.order_by("read_on", "cycle"))


def days_of_cycle(cycle: int) -> tuple[CycleDayFacts, ...]:
    """Every planned day of a cycle, oldest first."""
    return tuple(_cycle_day(row) for row in CycleDay.objects.filter(cycle=cycle).order_by("read_on"))


def calendar_on(on: date) -> DayOfCalendar:
    """What is to be read and billed on a day."""
    rows = [_cycle_day(row) for row in CycleDay.objects.filter(read_on=on) | CycleDay.objects.filter(bill_on=on)]
    rows.sort(key=lambda row: row.cycle)
    return DayOfCalendar(
        to_read=tuple(row for row in rows if row.read_on == on),
        to_bill=tuple(row for row in rows if row.bill_on == on),
    )


def next_read_day(cycle: int, *, as_of: date) -> CycleDayFacts | None:
    """The next day on which a cycle is read, today included; None when nothing is planned."""
    row = CycleDay.objects.filter(cycle=cycle, read_on__gte=as_of).order_by("read_on").first()
    return _cycle_day(row) if row else None


def last_read_days(*, before: date) -> dict[int, date]:
    """The last planned read day of each cycle before a day."""
    rows = CycleDay.objects.filter(read_on__lt=before).order_by("read_on")
    return dict(rows.values_list("cycle", "read_on"))


def due_read_days(*, after: date, until: date) -> dict[int, date]:
    """The last read day of each cycle that fell on a day from `after` through `until`."""
    rows = CycleDay.objects.filter(read_on__gte=after, read_on__lte=until).order_by("read_on")
    return dict(rows.values_list("cycle", "read_on"))


def _cycle_day(row: CycleDay) -> CycleDayFacts:
    return CycleDayFacts(
        cycle_day_id=row.pk,
        cycle=row.cycle,
        month=row.month,
        read_on=row.read_on,
        bill_on=row.bill_on,
        due_on=row.due_on,
        reason=row.reason,
        version=row.version,
    )

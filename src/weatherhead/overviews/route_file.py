"""The file that goes out to the handhelds or the head-end before a cycle is read. It holds no customer's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.agreements.reading import services_of_cycle
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import MeterHistory
from weatherhead.areas.metering.queries import meter_of_service_points
from weatherhead.areas.metering.routes import CycleDayFacts, cycle_day, stops_of_cycle
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, UseBounds, expected_use
from weatherhead.areas.premises.queries import ServicePointFacts, service_points
from weatherhead.areas.records.database import chunks

COLUMNS = (
    "route",
    "sequence",
    "meter",
    "dials",
    "address",
    "place",
    "last_read_on",
    "last_reading",
    "expected_low",
    "expected_high",
    "note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFile:
    """The day of the cycle, and a row for every meter to be read, by route and sequence; those on no route last."""

    day: CycleDayFacts
    rows: tuple[tuple[str, ...], ...]


def route_file(cycle: int, *, month: date) -> RouteFile:
    """Compose the file of a cycle in a month: the stops of its routes, and what else its accounts are billed for.

    Raises:
        NoSuchCycleDay: the calendar does not hold it.
    """
    day = cycle_day(cycle, month=month)
    stops = {stop.service_point_id: stop for stop in stops_of_cycle(cycle)}
    billed = [item.service_point_id for item in services_of_cycle(cycle, on=day.read_on)]
    points = [*stops, *(point for point in dict.fromkeys(billed) if point not in stops)]
    rows: list[tuple[str, ...]] = []
    for chunk in chunks(points):
        meters = meter_of_service_points(chunk)
        known = histories([meter.meter_id for meter in meters.values()], since_on=day.read_on)
        places = service_points(chunk)
        for point in chunk:
            if point in meters:
                stop = stops.get(point)
                where = (stop.route.code, str(stop.sequence)) if stop else ("", "")
                meter = known[meters[point].meter_id]
                rows.append((*where, *_meter(meter, point=places[point], day=day), stop.note if stop else ""))
    return RouteFile(day=day, rows=tuple(rows))


def _meter(meter: MeterHistory, *, point: ServicePointFacts, day: CycleDayFacts) -> Iterator[str]:
    yield from (meter.serial, str(meter.dial.dials), f"{point.address}, {point.city_line}", point.label)
    place = meter.installation_on(day.read_on)
    reads = [
        read
        for read in (meter.reads_at(place) if place else ())
        if read.read_on < day.read_on and read.kind not in KINDS_NOT_BILLED
    ]
    if place is None or not reads:
        yield from ("", "", "", "")
        return
    last = reads[-1]
    yield from (last.read_on.isoformat(), _digits(last.dial_reading, meter=meter))
    bounds: UseBounds = use_bounds()
    use = expected_use(meter.periods_at(place), since=last, read_on=day.read_on, bounds=bounds)
    if use is None:
        yield from ("", "")
        return
    step = meter.dial.step_wh
    for energy_wh in use:
        yield _digits((last.steps(meter.dial) + energy_wh // step) % meter.dial.range_steps, meter=meter)


def _digits(reading: int, *, meter: MeterHistory) -> str:
    """As the dial shows it: a high below the low means that the dial passes zero between them."""
    return str(reading).zfill(meter.dial.dials)

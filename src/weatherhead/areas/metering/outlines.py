"""The outlines of many meters in a few statements: what `ordinary` judges most rows of a file by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from weatherhead.areas.metering.histories import HISTORY_DAYS
from weatherhead.areas.metering.ordinary import PERIODS_READS, SAME_TIME_DAYS, YEAR_DAYS, Outline
from weatherhead.areas.records.database import chunks, is_postgresql

DAYS_MAX = 40
"""Days of reading in one file beyond which its rows are looked at one by one: it holds years, not a cycle."""

# Meters that hang at one place only, which had no other meter, and of which no read waits for a person.
_METERS = """
    SELECT meter.id, meter.serial, meter.dials, meter.multiplier, hung.installed_on, hung.removed_on
    FROM metering_meter AS meter
    JOIN metering_meterinstallation AS hung ON hung.meter_id = meter.id
    WHERE {chosen} AND NOT meter.has_demand
      AND NOT EXISTS (SELECT 1 FROM metering_meterinstallation AS other WHERE other.id <> hung.id
                      AND (other.meter_id = hung.meter_id OR other.service_point_id = hung.service_point_id))
      AND NOT EXISTS (SELECT 1 FROM metering_read AS held WHERE held.meter_id = meter.id AND held.state = 'held')
"""

# The last read, the first of the last twelve periods, and those about a year before, each with the read before it.
_READS = """
    SELECT meter_id, place, known, oldest_on, read_on, turns, dial_reading, before_on, before_turns, before_reading
    FROM (
        SELECT meter_id, read_on, turns, dial_reading,
               row_number() OVER latest AS place,
               count(*) OVER (PARTITION BY meter_id) AS known,
               min(read_on) OVER (PARTITION BY meter_id) AS oldest_on,
               sum(CASE WHEN kind = 'check' THEN 1 ELSE 0 END) OVER (PARTITION BY meter_id) AS checks,
               lead(read_on) OVER latest AS before_on,
               lead(turns) OVER latest AS before_turns,
               lead(dial_reading) OVER latest AS before_reading
        FROM metering_read AS read
        WHERE {chosen} AND state = 'accepted' AND read_on >= %s
        WINDOW latest AS (PARTITION BY meter_id ORDER BY read_on DESC)
    ) AS placed
    WHERE checks = 0
      AND (place = 1 OR place = %s OR (place < %s AND place = known) OR read_on BETWEEN %s AND %s)
    ORDER BY meter_id, read_on
"""


def outlines_by_serial(serials: Iterable[str], *, days: Iterable[date]) -> dict[str, Outline]:
    """The outlines of the meters with these serial numbers, for reads of some days.

    A meter is missing where a few figures are not enough: it moved, shares its place with another, measures demand, has
    a held read or a check read of late, or was not read for long.
    """
    read_days = sorted(set(days))
    if not read_days or len(read_days) > DAYS_MAX:
        return {}
    wanted = sorted(set(serials))
    found: dict[str, Outline] = {}
    for places in chunks(range(len(wanted))):
        found |= _outlines([wanted[place] for place in places], days=read_days)
    return found


def _outlines(serials: list[str], *, days: list[date]) -> dict[str, Outline]:
    oldest_on = days[0] - timedelta(days=HISTORY_DAYS)
    with connection.cursor() as cursor:
        chosen, values = _chosen("meter.serial", serials)
        cursor.execute(_METERS.format(chosen=chosen), values)
        meters = cursor.fetchall()
        chosen, values = _chosen("read.meter_id", [row[0] for row in meters])
        year = timedelta(days=YEAR_DAYS)
        slack = timedelta(days=SAME_TIME_DAYS)
        near = (days[0] - year - slack, days[-1] - year + slack)
        cursor.execute(_READS.format(chosen=chosen), [*values, oldest_on, PERIODS_READS, PERIODS_READS, *near])
        reads: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in cursor.fetchall():
            reads[row[0]].append(row)
    found: dict[str, Outline] = {}
    for meter_id, serial, dials, multiplier, installed_on, removed_on in meters:
        outline = _outline(
            (meter_id, dials, Decimal(str(multiplier)), _day(installed_on), _day(removed_on)),
            reads=reads.get(meter_id, ()),
            oldest_on=oldest_on,
            near=near,
        )
        if outline is not None:
            found[serial] = outline
    return found


def _outline(
    meter: tuple[int, int, Decimal, Any, Any],
    *,
    reads: Iterable[tuple[Any, ...]],
    oldest_on: date,
    near: tuple[date, date],
) -> Outline | None:
    meter_id, dials, multiplier, installed_on, removed_on = meter
    range_steps = 10**dials
    first = last = None
    years: list[tuple[date, int, date, int]] = []
    for _, place, known, oldest, read_on, turns, reading, before_on, before_turns, before_reading in reads:
        on = _day(read_on)
        if _day(oldest) < installed_on:
            return None  # a read of another place
        steps = turns * range_steps + reading
        if place == 1:
            last = (on, steps)
        if place == PERIODS_READS or (place == known and known < PERIODS_READS and installed_on >= oldest_on):
            first = (on, steps)
        if near[0] <= on <= near[1]:
            start_on = _day(before_on)
            if start_on is None and installed_on < oldest_on:
                return None  # the period may have begun before what was looked at
            if start_on is not None:
                years.append((start_on, before_turns * range_steps + before_reading, on, steps))
    if first is None or last is None:
        return None
    return Outline(
        meter_id=meter_id,
        dials=dials,
        multiplier=multiplier,
        installed_on=installed_on,
        removed_on=removed_on,
        first_on=first[0],
        first_steps=first[1],
        last_on=last[0],
        last_steps=last[1],
        year_before=tuple(years),
    )


def _chosen(column: str, values: list[Any]) -> tuple[str, list[Any]]:
    """One array on PostgreSQL, which reads it faster than ten thousand parameters."""
    if is_postgresql(connection):
        return f"{column} = ANY(%s)", [values]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", values


def _day(value: date | str | None) -> Any:  # noqa: ANN401 - None where the column is null
    return date.fromisoformat(value) if isinstance(value, str) else value

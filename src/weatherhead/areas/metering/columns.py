"""The billable reads of many service points at once, for bill runs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, READ_KINDS
from weatherhead.areas.records.arrays import (
    among,
    day_sql,
    fetch_columns,
    fetch_rows,
    number_sql,
    ordinal_sql,
    rows_among,
)
from weatherhead.core.values import Int64Array

_MULTIPLIER_PLACES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PointReads:
    """Accepted reads that bills may use, by what was asked, day, and the order in which meters were hung.

    `asked` are places in the question. Days are ordinals, `kinds` places in `READ_KINDS`, demand is W or MISSING.
    """

    asked: Int64Array
    read_ids: Int64Array
    meter_ids: Int64Array
    days: Int64Array
    kinds: Int64Array
    dial_readings: Int64Array
    turns: Int64Array
    demand_w_max: Int64Array
    dials: Int64Array


class MeterRow(NamedTuple):
    """A meter as a bill names it."""

    serial: str
    multiplier: Decimal


def reads_of_points(*, asked: Int64Array, service_point_ids: Int64Array, since: Int64Array, through: int) -> PointReads:
    """The reads of each asked point from its own day through another, both included (ordinals)."""
    kinds = "".join(f" WHEN '{kind}' THEN {place}" for place, kind in enumerate(READ_KINDS))
    unbilled = ", ".join(f"'{kind}'" for kind in KINDS_NOT_BILLED)
    columns = fetch_columns(
        f"SELECT wanted.asked, reading.id, reading.meter_id, {day_sql('reading.read_on')},"  # noqa: S608
        f" CASE reading.kind{kinds} END, reading.dial_reading, reading.turns, {number_sql('reading.demand_w_max')},"
        f" meter.dials FROM {among('asked', 'point', 'since')}"
        " JOIN metering_meterinstallation AS hung ON hung.service_point_id = wanted.point"
        " JOIN metering_meter AS meter ON meter.id = hung.meter_id"
        " JOIN metering_read AS reading ON reading.meter_id = hung.meter_id"
        f" AND reading.read_on >= {ordinal_sql('wanted.since')} AND reading.read_on <= {ordinal_sql('%s')}"
        " AND reading.read_on >= hung.installed_on AND (hung.removed_on IS NULL OR reading.read_on <= hung.removed_on)"
        f" WHERE reading.state = 'accepted' AND reading.kind NOT IN ({unbilled})"
        " ORDER BY wanted.asked, reading.read_on, hung.installed_on, hung.id",
        [*rows_among(asked, service_point_ids, since), through],
        width=9,
    )
    names = PointReads.__slots__
    return PointReads(**dict(zip(names, columns, strict=True)))


def meter_rows(meter_ids: Int64Array) -> dict[int, MeterRow]:
    """Meters by number."""
    # As ten-thousandths, because SQLite keeps a decimal as a float.
    rows = fetch_rows(
        "SELECT meter.id, meter.serial, CAST(round(meter.multiplier * 10000) AS bigint)"  # noqa: S608
        f" FROM {among('id')} JOIN metering_meter AS meter ON meter.id = wanted.id",
        rows_among(meter_ids),
    )
    known = {stored: Decimal(stored).scaleb(-_MULTIPLIER_PLACES) for stored in {row[2] for row in rows}}
    return {number: MeterRow(serial, known[stored]) for number, serial, stored in rows}

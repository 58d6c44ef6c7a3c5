"""Meters, installations and reads by the thousand, as another system knew them: already judged, copied as sets."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.records.database import bulk_insert


def load_meters(rows: Iterable[tuple[int, str, int, str, bool]]) -> None:
    """Create many meters: number of the row, serial, dials, multiplier as text, whether it measures demand."""
    bulk_insert(table="metering_meter", columns=("id", "serial", "dials", "multiplier", "has_demand"), rows=rows)


def load_installations(rows: Iterable[tuple[int, int, str, str | None]]) -> None:
    """Hang many meters: meter, service point, installed on, removed on (ISO dates)."""
    columns = ("meter_id", "service_point_id", "installed_on", "removed_on")
    bulk_insert(table="metering_meterinstallation", columns=columns, rows=rows)


def load_reads(rows: Iterable[tuple[int, str, str, int, int, int | None, str]], *, receipt_id: int) -> None:
    """Record many accepted reads: meter, read on (ISO date), kind, reading, turns, demand in W, note."""
    columns = (
        "meter_id",
        "read_on",
        "kind",
        "dial_reading",
        "turns",
        "demand_w_max",
        "note",
        "state",
        "exception",
        "decision",
        "receipt_id",
    )
    bulk_insert(table="metering_read", columns=columns, rows=((*row, "accepted", "", "", receipt_id) for row in rows))

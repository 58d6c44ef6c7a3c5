"""What the actions on one meter have in common: which meter it is, whose service, its read, and its beginning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from weatherhead.actions.figures import house_rule
from weatherhead.areas.agreements.reading import service_of_meter
from weatherhead.areas.metering.intake import MeterUnknown, ReadPlan
from weatherhead.areas.metering.operations import create_meter, install_meter, record_reads
from weatherhead.areas.metering.queries import MeterFacts, meter_by_serial
from weatherhead.door.registry import Recording

BOUNDS_RULE = house_rule("read bounds", "A read outside the bounds of use waits until a person has looked at it")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRead:
    """A read to record, and how many accepted reads its meter had when it was judged."""

    read: ReadPlan
    accepted_before: int


def require_meter(serial: str) -> MeterFacts:
    """The meter of a serial number.

    Raises:
        MeterUnknown: there is none.
    """
    found = meter_by_serial(serial)
    if found is None:
        raise MeterUnknown(serial=serial)
    return found


def account_served(serial: str, *, on: date) -> tuple[int, ...]:
    """The account that takes service through a meter on a day, to be locked; empty for none, or for no such meter."""
    found = meter_by_serial(serial)
    service = service_of_meter(found.meter_id, on=on) if found else None
    return (service.account_id,) if service else ()


def record_read(read: ReadPlan, *, accepted_before: int, recording: Recording) -> int:
    """Write one read. Returns its number.

    Raises:
        MeterReadMeanwhile: other reads of the meter came since it was judged.
    """
    (number,) = record_reads(
        [read],
        receipt_id=recording.receipt_id,
        batch_id=None,
        meter_ids=[read.meter_id],
        accepted_before=accepted_before,
    )
    recording.made_one("read", number)
    return number


def hang_new_meter(
    *,
    serial: str,
    dials: int,
    multiplier: Decimal,
    has_demand: bool,
    service_point_id: int,
    installed_on: date,
    first_reading: int,
    recording: Recording,
) -> None:
    """Put a meter on file as its plate says, hang it at a place from a day on, and write its first read.

    Raises:
        SerialTaken, ServicePointHasMeter: someone was faster.
    """
    meter_id = create_meter(serial=serial, dials=dials, multiplier=multiplier, has_demand=has_demand)
    install_meter(meter_id=meter_id, service_point_id=service_point_id, installed_on=installed_on)
    recording.made_one("meter", meter_id)
    first = ReadPlan(
        meter_id=meter_id,
        read_on=installed_on,
        kind="actual",
        dial_reading=first_reading,
        turns=0,
        demand_w_max=None,
        state="accepted",
        exception="",
        sentence=None,
        note="",
    )
    record_read(first, accepted_before=0, recording=recording)

"""The read that service begins or ends with: of the meter that hangs there, on that very day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from weatherhead.actions.metering.one_meter import JudgedRead, record_read
from weatherhead.areas.metering.fields import parse_demand_w
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import MeterHistory, decide_read
from weatherhead.areas.metering.queries import accepted_count, installation_at
from weatherhead.areas.metering.usage import KINDS_NOT_BILLED, NewRead, ReadKind, UseBounds
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.registry import Recording

_EXPECTED_OF_A_VACANCY = frozenset({"zero", "low"})


class ReadMissing(Refusal):
    """Metered service begins and ends with a read."""

    template = gettext_noop(
        "Meter %(serial)s at %(address)s has no read on %(on)s. Enter what it read, or an estimated read of that day "
        "first."
    )


class NothingToRead(Refusal):
    """A reading where no meter hangs."""

    template = gettext_noop("No meter hung at %(address)s on %(on)s. Leave the reading empty.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointFacts:
    """A service point, and the meter that hung there on a day with everything that a read of it is judged by."""

    point: ServicePointFacts
    meter: MeterHistory | None
    bounds: UseBounds
    accepted_before: int


def point_facts(service_point_id: int, *, on: date) -> PointFacts:
    """Read a service point and its meter.

    Raises:
        NoSuchServicePoint: for an unknown number.
    """
    point = service_point(service_point_id)
    installation = installation_at(service_point_id, on=on)
    meter_ids = [] if installation is None else [installation.meter_id]
    return PointFacts(
        point=point,
        meter=next(iter(histories(meter_ids, since_on=on).values()), None),
        bounds=use_bounds(),
        accepted_before=accepted_count(meter_ids),
    )


def plan_point_read(
    facts: PointFacts, *, on: date, kind: ReadKind, reading: int | None, demand_kw: str, as_of: date, needed: bool
) -> JudgedRead | None:
    """The read to record, or None: where no meter hangs, and where an accepted read of that day says it already.

    A move-in read after a vacancy may show little or no use: nobody was there. Whatever else is out of bounds is held
    for a person, as ever.

    Raises:
        NothingToRead: a reading was given and there is no meter.
        ReadMissing: a read is needed and there is none.
        ReadInFuture, MeterNotInstalled, TooManyDigits, DemandNotMeasured, ReadExists, ReadOutOfSequence: as they say.
    """
    meter = facts.meter
    if meter is None:
        if reading is not None:
            raise NothingToRead(address=facts.point.address, on=on)
        return None
    of_day = [item for item in meter.reads if item.read_on == on and item.kind not in KINDS_NOT_BILLED]
    if reading is None or any(item.dial_reading == reading for item in of_day):
        if needed and not of_day:
            raise ReadMissing(serial=meter.serial, address=facts.point.address, on=on)
        return None
    new = NewRead(read_on=on, kind=kind, dial_reading=reading, demand_w_max=parse_demand_w(demand_kw), note="")
    plan = decide_read(new, meter=meter, as_of=as_of, bounds=facts.bounds).plan
    if kind == "move_in" and plan.exception in _EXPECTED_OF_A_VACANCY:
        plan = replace(plan, state="accepted", exception="", sentence=None)
    return JudgedRead(read=plan, accepted_before=facts.accepted_before)


def read_changes(planned: JudgedRead | None, *, label: str, account_id: int) -> tuple[Change, ...]:
    """The read for people, and why it is held if it is."""
    if planned is None:
        return ()
    plan = planned.read
    note = None
    if plan.sentence is not None:
        note = Sentence(gettext_noop("held: %(why)s"), {"why": plan.sentence})
    reading = Change(
        code="meter_read",
        label=Sentence(label),
        unit=Unit.COUNT,
        before=None,
        after=plan.dial_reading,
        account_id=account_id,
        note=note,
    )
    return (reading,)


def record_point_reads(planned: Sequence[JudgedRead | None], *, recording: Recording) -> None:
    """Write the reads, in the order of their meters, so that two people never wait for each other's.

    Raises:
        MeterReadMeanwhile: other reads of a meter came since it was judged.
    """
    wanted = [item for item in planned if item is not None]
    for item in sorted(wanted, key=lambda item: item.read.meter_id):
        record_read(item.read, accepted_before=item.accepted_before, recording=recording)

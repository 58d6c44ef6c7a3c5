"""Add a meter: put it on file, hang it at a service point, and enter its first read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Number
from weatherhead.actions.metering.one_meter import hang_new_meter
from weatherhead.actions.metering.read_inputs import Day, Multiplier, Reading, Serial
from weatherhead.areas.metering.intake import InstallationFacts, ReadInFuture, TooManyDigits
from weatherhead.areas.metering.operations import (
    SerialTaken,
    ServicePointHasMeter,
    ServicePointUnmetered,
)
from weatherhead.areas.metering.queries import MeterFacts, installations_at, meter, meter_by_serial
from weatherhead.areas.metering.usage import DIALS_MAX, DIALS_MIN, format_reading, step_wh
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.core.values import Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter as its plate says, where it hangs since when, and what it read then."""

    service_point_id: Number
    serial: Serial
    dials: Annotated[int, Field(ge=DIALS_MIN, le=DIALS_MAX)] = 5
    multiplier: Multiplier = Decimal(1)
    has_demand: bool = False
    installed_on: Day
    first_reading: Reading = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The place, who has the serial number, and the last installation there with its meter's serial number."""

    point: ServicePointFacts
    same_serial: MeterFacts | None
    last: InstallationFacts | None
    last_serial: str
    as_of: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the service point, what hung there, and whether the serial number is on file."""
    point = service_point(inputs.service_point_id)
    last = next(reversed(installations_at(inputs.service_point_id)), None)
    return Facts(
        point=point,
        same_serial=meter_by_serial(inputs.serial),
        last=last,
        last_serial=meter(last.meter_id).serial if last else "",
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Inputs]:
    """Check plate and place.

    Raises:
        MultiplierNotExact, SerialTaken, ServicePointUnmetered, ServicePointHasMeter, ReadInFuture, TooManyDigits: as
            they say.
    """
    step_wh(inputs.multiplier)
    if facts.same_serial is not None:
        raise SerialTaken(serial=inputs.serial)
    if facts.point.kind != "metered":
        raise ServicePointUnmetered(label=facts.point.label)
    last = facts.last
    if last is not None and (last.removed_on is None or last.removed_on > inputs.installed_on):
        raise ServicePointHasMeter(serial=facts.last_serial, installed_on=last.installed_on)
    if inputs.installed_on > facts.as_of:
        raise ReadInFuture(read_on=inputs.installed_on)
    if inputs.first_reading >= 10**inputs.dials:
        raise TooManyDigits(serial=inputs.serial, reading=format_reading(inputs.first_reading), dials=inputs.dials)
    return Proposal(
        summary=Sentence(
            template=gettext_noop("Meter %(serial)s hung at %(address)s on %(on)s, reading %(reading)s"),
            params={
                "serial": inputs.serial,
                "address": facts.point.address,
                "on": inputs.installed_on,
                "reading": format_reading(inputs.first_reading),
            },
        ),
        confirm=Sentence(template=gettext_noop("Add meter")),
        plan=inputs,
        creates={"metering_meter": 1, "metering_meterinstallation": 1, "metering_read": 1},
        changes=(
            made(gettext_noop("Meter"), inputs.serial, code="meter"),
            made(gettext_noop("At"), f"{facts.point.address} ({facts.point.label})", code="service_point"),
            made(gettext_noop("Since"), inputs.installed_on, code="installed_on", unit=Unit.DATE),
            made(gettext_noop("First read"), inputs.first_reading, code="meter_read", unit=Unit.COUNT),
        ),
    )


def record(proposal: Proposal[Inputs], recording: Recording) -> None:
    """Write meter, installation and first read.

    Raises:
        SerialTaken, ServicePointHasMeter: someone was faster.
    """
    plan = proposal.plan
    hang_new_meter(
        serial=plan.serial,
        dials=plan.dials,
        multiplier=plan.multiplier,
        has_demand=plan.has_demand,
        service_point_id=plan.service_point_id,
        installed_on=plan.installed_on,
        first_reading=plan.first_reading,
        recording=recording,
    )


ACTION = registry.add(
    Action(
        name="add_meter",
        title=gettext_noop("Add a meter"),
        duty=2,
        on="premise",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts a new meter on file, hangs it at a service point and enters its first read."),
    )
)

"""Exchange a meter: the last read of the old one and the first of the new one, on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Note, Number
from weatherhead.actions.metering.one_meter import JudgedRead, hang_new_meter
from weatherhead.actions.metering.read_inputs import Day, DemandKw, Multiplier, OptionalSerial, Reading, Serial
from weatherhead.actions.premises.point_reads import (
    PointFacts,
    plan_point_read,
    point_facts,
    read_changes,
    record_point_reads,
)
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_of_accounts
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.metering.exchange import remove_meter
from weatherhead.areas.metering.intake import InstallationFacts, MeterUnknown, ReadInFuture, TooManyDigits
from weatherhead.areas.metering.operations import SerialTaken
from weatherhead.areas.metering.queries import MeterFacts, installations_at, meter_by_serial, meter_of_service_points
from weatherhead.areas.metering.usage import DIALS_MAX, DIALS_MIN, format_reading, step_wh
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_REASONS = {
    "failed": gettext_noop("it failed"),
    "damaged": gettext_noop("it was damaged"),
    "test": gettext_noop("it is to be tested"),
    "age": gettext_noop("its time has come"),
    "upgrade": gettext_noop("another kind of meter is needed"),
}


class MeterHangsNotHere(Refusal):
    """No meter of that number hangs where the account takes service."""

    template = gettext_noop(
        "Meter %(serial)s does not hang where account %(number)s takes service. Meters there: %(serials)s."
    )


class ExchangeBeforeInstallation(Refusal):
    """A meter hangs at least one day."""

    template = gettext_noop("Meter %(serial)s hangs since %(installed_on)s. Choose a later day.")


class ReadAfterExchange(Refusal):
    """The old meter was read after that day."""

    template = gettext_noop("Meter %(serial)s was read on %(read_on)s, so it hung there then. Check the day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter taken down with its last read, the one hung in its place with its first, the day, and why.

    `meter` may stay empty when the account has but one. The new one is given as its plate says.
    """

    account_id: Number
    meter: OptionalSerial = ""
    exchanged_on: Day
    last_reading: Reading
    demand_kw: DemandKw = ""
    serial: Serial
    first_reading: Reading = 0
    dials: Annotated[int, Field(ge=DIALS_MIN, le=DIALS_MAX)] = 5
    multiplier: Multiplier = Decimal(1)
    has_demand: bool = False
    reason: Literal["failed", "damaged", "test", "age", "upgrade"]
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, the meters that hang where it takes service, the old one's place, and who has the new number."""

    account: AccountFacts
    hanging: tuple[MeterFacts, ...]
    old: MeterFacts | None
    place: PointFacts | None
    installation: InstallationFacts | None
    same_serial: MeterFacts | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which installation ends, with which read, and what hangs there from then on."""

    installation_id: int
    service_point_id: int
    last_read: JudgedRead | None
    serial: str
    dials: int
    multiplier: Decimal
    has_demand: bool
    first_reading: int
    exchanged_on: date
    reason: str
    note: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read account, meters and the place of the one to be taken down."""
    agreements = agreements_of_accounts([inputs.account_id])
    hanging = meter_of_service_points(_places_now(agreements))
    old = next((item for item in hanging.values() if item.serial == inputs.meter), None)
    if not inputs.meter and len(hanging) == 1:
        (old,) = hanging.values()
    point_id = old.service_point_id if old else None
    # Where the meter hangs now, whatever day is given: that day may be wrong.
    installation = next(reversed(installations_at(point_id)), None) if point_id else None
    return Facts(
        account=account(inputs.account_id),
        hanging=tuple(hanging.values()),
        old=old,
        place=point_facts(point_id, on=inputs.exchanged_on) if point_id else None,
        installation=installation,
        same_serial=meter_by_serial(inputs.serial),
        as_of=moment.as_of,
    )


def _places_now(agreements: tuple[AgreementFacts, ...]) -> set[int]:
    """Where the account takes service; where it last did, when it takes none: a vacant place's meter fails too."""
    open_now = {item.service_point_id for item in agreements if item.end_on is None}
    return open_now or {item.service_point_id for item in agreements}


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check both meters and judge the last read.

    Raises:
        MeterUnknown, MeterHangsNotHere, ExchangeBeforeInstallation, ReadAfterExchange, ReadInFuture, SerialTaken,
        TooManyDigits, MultiplierNotExact, and the refusals of a read: as they say.
    """
    old, place, installation = _require_old(facts, inputs=inputs)
    _require_new(facts, inputs=inputs)
    last_read = plan_point_read(
        place,
        on=inputs.exchanged_on,
        kind="actual",
        reading=inputs.last_reading,
        demand_kw=inputs.demand_kw,
        as_of=facts.as_of,
        needed=True,
    )
    plan = Plan(
        installation_id=installation.installation_id,
        service_point_id=installation.service_point_id,
        last_read=last_read,
        serial=inputs.serial,
        dials=inputs.dials,
        multiplier=inputs.multiplier,
        has_demand=inputs.has_demand,
        first_reading=inputs.first_reading,
        exchanged_on=inputs.exchanged_on,
        reason=inputs.reason,
        note=inputs.note,
    )
    reads = 2 if last_read else 1
    said = {
        "old": old.serial,
        "new": inputs.serial,
        "on": inputs.exchanged_on,
        "why": Sentence(_REASONS[inputs.reason]),
    }
    return Proposal(
        summary=Sentence(gettext_noop("Meter %(old)s exchanged for %(new)s on %(on)s: %(why)s"), said),
        confirm=Sentence(gettext_noop("Exchange the meter")),
        plan=plan,
        account_ids=(facts.account.account_id,),
        creates={"metering_meter": 1, "metering_meterinstallation": 1, "metering_read": reads},
        updates={"metering_meterinstallation": 1},
        changes=_changes(facts, plan=plan, old=old),
        rules=(house_rule("meter exchange", "Use of a period with two meters is the sum of both, each by its reads"),),
    )


def _require_old(facts: Facts, *, inputs: Inputs) -> tuple[MeterFacts, PointFacts, InstallationFacts]:
    """The meter that is taken down, with its place and since when it hangs there."""
    old, place, installation = facts.old, facts.place, facts.installation
    if old is None or place is None or installation is None:
        serials = ", ".join(item.serial for item in facts.hanging) or "–"
        raise MeterHangsNotHere(serial=inputs.meter or "–", number=facts.account.number_grouped, serials=serials)
    on = inputs.exchanged_on
    if on > facts.as_of:
        raise ReadInFuture(read_on=on)
    if on <= installation.installed_on:
        raise ExchangeBeforeInstallation(serial=old.serial, installed_on=installation.installed_on)
    if place.meter is None:
        raise MeterUnknown(serial=old.serial)
    later = [read_on for read_on in (*(item.read_on for item in place.meter.reads), *place.meter.held) if read_on > on]
    if later:
        raise ReadAfterExchange(serial=old.serial, read_on=min(later))
    return old, place, installation


def _require_new(facts: Facts, *, inputs: Inputs) -> None:
    step_wh(inputs.multiplier)
    if facts.same_serial is not None:
        raise SerialTaken(serial=inputs.serial)
    if inputs.first_reading >= 10**inputs.dials:
        raise TooManyDigits(serial=inputs.serial, reading=format_reading(inputs.first_reading), dials=inputs.dials)


def _changes(facts: Facts, *, plan: Plan, old: MeterFacts) -> tuple[Change, ...]:
    account_id = facts.account.account_id
    meter = Change(
        code="meter",
        label=Sentence(gettext_noop("Meter")),
        unit=Unit.TEXT,
        before=old.serial,
        after=plan.serial,
        account_id=account_id,
    )
    multiplier = Change(
        code="multiplier",
        label=Sentence(gettext_noop("Multiplier")),
        unit=Unit.TEXT,
        before=f"{old.multiplier.normalize():f}",
        after=f"{plan.multiplier.normalize():f}",
        account_id=account_id,
    )
    return (
        meter,
        multiplier,
        made(gettext_noop("Exchanged on"), plan.exchanged_on, code="exchanged_on", unit=Unit.DATE),
        *read_changes(plan.last_read, label=gettext_noop("Last read"), account_id=account_id),
        made(gettext_noop("First read"), plan.first_reading, code="first_read", unit=Unit.COUNT),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Take the old meter down and hang the new one, each with its read.

    Raises:
        MeterAlreadyRemoved, SerialTaken, ServicePointHasMeter, MeterReadMeanwhile: someone was faster.
    """
    plan = proposal.plan
    record_point_reads([plan.last_read], recording=recording)
    remove_meter(installation_id=plan.installation_id, removed_on=plan.exchanged_on)
    hang_new_meter(
        serial=plan.serial,
        dials=plan.dials,
        multiplier=plan.multiplier,
        has_demand=plan.has_demand,
        service_point_id=plan.service_point_id,
        installed_on=plan.exchanged_on,
        first_reading=plan.first_reading,
        recording=recording,
    )


ACTION = registry.add(
    Action(
        name="exchange_meter",
        title=gettext_noop("Exchange a meter"),
        duty=11,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="X",
        summary=gettext_noop("Takes a meter down and hangs another in its place, with the last read and the first."),
    )
)

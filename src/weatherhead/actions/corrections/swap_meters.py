"""Two meters were put down at each other's place: on file they change places, as they hung all the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE
from weatherhead.actions.inputs import NeededNote
from weatherhead.actions.metering.one_meter import account_served, require_meter
from weatherhead.actions.metering.read_inputs import Serial
from weatherhead.areas.metering.corrections import swap_meters
from weatherhead.areas.metering.intake import InstallationFacts
from weatherhead.areas.metering.queries import MeterFacts, installations_at
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SameMeter(Refusal):
    """There is nothing to exchange."""

    template = gettext_noop("That is one meter. Give the meter that it was mixed up with.")


class HangsNowhere(Refusal):
    """A meter in the store was not mixed up."""

    template = gettext_noop("Meter %(serial)s hangs nowhere now. Only meters that hang can be mixed up.")


class OtherMeterThen(Refusal):
    """Another meter hung at the place in those days."""

    template = gettext_noop(
        "Meter %(serial)s cannot have hung there since %(since)s: another meter did until %(until)s. Check the numbers."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, and the one that really hung at its place."""

    meter: Serial
    other_meter: Serial
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A meter with its place on file, and all that ever hung at that place."""

    meter: MeterFacts
    point: ServicePointFacts | None
    installations: tuple[InstallationFacts, ...]

    @property
    def now(self) -> InstallationFacts | None:
        """Its installation."""
        return next((item for item in self.installations if item.removed_on is None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Both, and the accounts that take service through them."""

    one: Side
    other: Side
    account_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The two installations."""

    installation_ids: tuple[int, int]
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Nobody's balance changes: the meters themselves are locked when they are written."""
    return ()


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read both meters and where they hang.

    Raises:
        MeterUnknown: there is none of a number.
    """
    served = {*account_served(inputs.meter, on=moment.as_of), *account_served(inputs.other_meter, on=moment.as_of)}
    return Facts(one=_side(inputs.meter), other=_side(inputs.other_meter), account_ids=tuple(sorted(served)))


def _side(serial: str) -> Side:
    found = require_meter(serial)
    point_id = found.service_point_id
    return Side(
        meter=found,
        point=service_point(point_id) if point_id else None,
        installations=installations_at(point_id) if point_id else (),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check that the two can have hung at each other's place.

    Raises:
        SameMeter, HangsNowhere, OtherMeterThen: as they say.
    """
    one, other = facts.one, facts.other
    if one.meter.meter_id == other.meter.meter_id:
        raise SameMeter
    first, second = _hanging(one), _hanging(other)
    _require_room(one, there=other, since=first[0].installed_on)
    _require_room(other, there=one, since=second[0].installed_on)
    return Proposal(
        summary=Sentence(
            gettext_noop("Meter %(one)s hangs at %(other_address)s, and meter %(other)s at %(one_address)s"),
            {
                "one": one.meter.serial,
                "other": other.meter.serial,
                "one_address": first[1].address,
                "other_address": second[1].address,
            },
        ),
        confirm=Sentence(gettext_noop("Let them change places")),
        plan=Plan(installation_ids=(first[0].installation_id, second[0].installation_id), reason=inputs.reason),
        account_ids=facts.account_ids,
        creates={"metering_metercorrection": 2},
        updates={"metering_meterinstallation": 2},
        changes=tuple(
            Change(
                code="meter_place",
                label=Sentence(gettext_noop("Meter %(serial)s hangs at"), {"serial": serial}),
                unit=Unit.TEXT,
                before=was.address,
                after=now.address,
            )
            for serial, was, now in (
                (one.meter.serial, first[1], second[1]),
                (other.meter.serial, second[1], first[1]),
            )
        ),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def _hanging(side: Side) -> tuple[InstallationFacts, ServicePointFacts]:
    if side.now is None or side.point is None:
        raise HangsNowhere(serial=side.meter.serial)
    return side.now, side.point


def _require_room(side: Side, *, there: Side, since: date) -> None:
    """Whether nothing else hung at the other place since a meter was hung."""
    before = [item.removed_on for item in there.installations if item.removed_on is not None]
    if before and max(before) > since:
        raise OtherMeterThen(serial=side.meter.serial, since=since, until=max(before))


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Let them change places, and keep where they were.

    Raises:
        MeterChanged: one was moved meanwhile.
    """
    plan = proposal.plan
    swap_meters(
        installation_ids=plan.installation_ids,
        corrected_on=recording.moment.as_of,
        reason=plan.reason,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="swap_meters",
        title=gettext_noop("Correct mixed-up meters"),
        duty=9,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Two meters were put down at each other's place: on file they change places; then correct both accounts' "
            "bills."
        ),
    )
)

"""Correct a meter's multiplier: what one step of its dial counts, as it was all the time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE
from weatherhead.actions.inputs import NeededNote
from weatherhead.actions.metering.one_meter import account_served, require_meter
from weatherhead.actions.metering.read_inputs import Multiplier, Serial
from weatherhead.areas.metering.corrections import correct_multiplier
from weatherhead.areas.metering.queries import MeterFacts, reads_of_meter
from weatherhead.areas.metering.usage import step_wh
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SameMultiplier(Refusal):
    """Nothing would change."""

    template = gettext_noop("The multiplier of meter %(serial)s is %(multiplier)s already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, its right multiplier as its plate or its transformers say, and how that is known."""

    meter: Serial
    multiplier: Multiplier
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The meter, whose service it measures now, and how many of its reads have a demand."""

    meter: MeterFacts
    account_ids: tuple[int, ...]
    demands: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The meter, and its multiplier as it was and is."""

    meter_id: int
    before: Decimal
    after: Decimal
    reason: str


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the meter.

    Raises:
        MeterUnknown: there is none of that number.
    """
    found = require_meter(inputs.meter)
    with_demand = [
        item for item in reads_of_meter(found.meter_id) if item.state != "rejected" and item.demand_w_max is not None
    ]
    return Facts(meter=found, account_ids=account_served(inputs.meter, on=moment.as_of), demands=len(with_demand))


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what is corrected.

    Raises:
        SameMultiplier, MultiplierNotExact: as they say.
    """
    found = facts.meter
    step_wh(inputs.multiplier)
    if inputs.multiplier == found.multiplier:
        raise SameMultiplier(serial=found.serial, multiplier=_plain(found.multiplier))
    said = {"serial": found.serial, "was": _plain(found.multiplier), "now": _plain(inputs.multiplier)}
    return Proposal(
        summary=Sentence(gettext_noop("Multiplier of meter %(serial)s corrected from %(was)s to %(now)s"), said),
        confirm=Sentence(gettext_noop("Correct to %(now)s"), said),
        plan=Plan(meter_id=found.meter_id, before=found.multiplier, after=inputs.multiplier, reason=inputs.reason),
        account_ids=facts.account_ids,
        creates={"metering_metercorrection": 1} | ({"metering_read": facts.demands} if facts.demands else {}),
        updates={"metering_meter": 1} | ({"metering_read": facts.demands} if facts.demands else {}),
        changes=(
            Change(
                code="multiplier",
                label=Sentence(gettext_noop("Multiplier of meter %(serial)s"), said),
                unit=Unit.TEXT,
                before=said["was"],
                after=said["now"],
            ),
        ),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def _plain(multiplier: Decimal) -> str:
    return f"{multiplier.normalize():f}"


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write it, with the demands that it makes.

    Raises:
        MeterChanged: someone changed it meanwhile.
    """
    plan = proposal.plan
    correct_multiplier(
        meter_id=plan.meter_id,
        before=plan.before,
        after=plan.after,
        corrected_on=recording.moment.as_of,
        reason=plan.reason,
        receipt_id=recording.receipt_id,
    )


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Nobody's balance changes: the meter itself is locked when it is written."""
    return ()


ACTION = registry.add(
    Action(
        name="correct_multiplier",
        title=gettext_noop("Correct a multiplier"),
        duty=9,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Gives a meter its right multiplier, and its demands with it; then correct the bills."),
    )
)

"""Correct a read, accepted or held: the wrong one is set aside with the reason, the right one takes its day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.metering.held_read import accounts_of_read
from weatherhead.actions.metering.one_meter import record_read
from weatherhead.actions.metering.read_inputs import DemandKw, Reading
from weatherhead.areas.metering.fields import parse_demand_w
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import MeterHistory, ReadPlan, decide_read
from weatherhead.areas.metering.operations import ReadNotAccepted, withdraw_read
from weatherhead.areas.metering.queries import ReadFacts, accepted_count, read
from weatherhead.areas.metering.usage import NewRead, ReadKind, UseBounds, format_reading
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ReadUnchanged(Refusal):
    """The same reading as before."""

    template = gettext_noop("The read of %(on)s is %(reading)s already. Nothing needs to change.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The read, what it should have been, and how that is known. Without a demand, the demand stays."""

    read_id: Number
    reading: Reading
    demand_kw: DemandKw = ""
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The read, its meter's history without it, whose account it is on, and the bounds."""

    read: ReadFacts
    others: MeterHistory  # neither the accepted nor the held read of its day
    account_ids: tuple[int, ...]
    bounds: UseBounds
    accepted_before: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is set aside, and what takes its place."""

    read_id: int
    state: Literal["accepted", "held"]
    withdrawn_on: date
    reason: str
    read: ReadPlan
    accepted_before: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that took service through the meter on that day."""
    return accounts_of_read(inputs.read_id)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the read, and its meter's history without it."""
    found = read(inputs.read_id)
    meter = histories([found.meter_id], since_on=found.read_on)[found.meter_id]
    return Facts(
        read=found,
        others=replace(
            meter,
            reads=tuple(item for item in meter.reads if item.read_on != found.read_on),
            held={on: reading for on, reading in meter.held.items() if on != found.read_on},
        ),
        account_ids=accounts_of_read(inputs.read_id),
        bounds=use_bounds(),
        accepted_before=accepted_count([found.meter_id]),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Place the right reading between its neighbours. A person vouches for it, so bounds do not hold it.

    Raises:
        ReadNotAccepted, ReadUnchanged, TooManyDigits, DemandNotMeasured, ReadOutOfSequence: as they say.
    """
    found = facts.read
    if found.state == "rejected":
        raise ReadNotAccepted(serial=found.serial, read_on=found.read_on, state=found.state)
    demand_w = parse_demand_w(inputs.demand_kw) if inputs.demand_kw else found.demand_w_max
    if (inputs.reading, demand_w) == (found.dial_reading, found.demand_w_max):
        raise ReadUnchanged(on=found.read_on, reading=format_reading(found.dial_reading))
    new = NewRead(
        read_on=found.read_on,
        kind=cast(ReadKind, found.kind),
        dial_reading=inputs.reading,
        demand_w_max=demand_w,
        note=inputs.reason,
    )
    decision = decide_read(new, meter=facts.others, as_of=facts.as_of, bounds=facts.bounds)
    plan = replace(decision.plan, state="accepted", exception="", sentence=None)
    said = {
        "serial": found.serial,
        "on": found.read_on,
        "was": format_reading(found.dial_reading),
        "now": format_reading(inputs.reading),
    }
    change = Change(
        code="meter_read",
        label=Sentence(gettext_noop("Read of %(on)s"), {"on": found.read_on}),
        unit=Unit.COUNT,
        before=found.dial_reading,
        after=inputs.reading,
        account_id=facts.account_ids[0] if facts.account_ids else None,
    )
    return Proposal(
        summary=Sentence(gettext_noop("Read of meter %(serial)s on %(on)s corrected from %(was)s to %(now)s"), said),
        confirm=Sentence(gettext_noop("Correct to %(now)s"), said),
        plan=Plan(
            read_id=found.read_id,
            state="held" if found.state == "held" else "accepted",
            withdrawn_on=facts.as_of,
            reason=inputs.reason,
            read=plan,
            accepted_before=facts.accepted_before,
        ),
        account_ids=facts.account_ids,
        creates={"metering_read": 1},
        updates={"metering_read": 1},
        changes=(change,),
        rules=(house_rule("corrections", "A correction sets the wrong record aside and keeps it; nothing is edited"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Set the wrong read aside and record the right one.

    Raises:
        ReadNotAccepted, MeterReadMeanwhile: someone changed the meter's reads meanwhile.
    """
    plan = proposal.plan
    withdraw_read(
        read_id=plan.read_id,
        decided_on=plan.withdrawn_on,
        decision=plan.reason,
        receipt_id=recording.receipt_id,
        state=plan.state,
    )
    record_read(plan.read, accepted_before=plan.accepted_before - (plan.state == "accepted"), recording=recording)


ACTION = registry.add(
    Action(
        name="correct_read",
        title=gettext_noop("Correct a read"),
        duty=9,
        on="read",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Sets a wrong read aside and puts the right one in its place; if it was billed, cancel and rebill."
        ),
    )
)

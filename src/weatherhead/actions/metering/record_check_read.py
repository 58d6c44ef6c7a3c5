"""Record a check read: it is compared with the billed reads, and never billed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Note
from weatherhead.actions.metering.one_meter import JudgedRead, account_served, record_read, require_meter
from weatherhead.actions.metering.read_inputs import Day, DemandKw, Reading, Serial
from weatherhead.areas.agreements.reading import MeteredService, service_of_meter
from weatherhead.areas.metering.fields import parse_demand_w
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import MeterHistory, ReadPlan, decide_read
from weatherhead.areas.metering.queries import accepted_count
from weatherhead.areas.metering.usage import NewRead, UseBounds, format_reading
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, and what it was checked to show at the start of which day."""

    meter: Serial
    read_on: Day
    reading: Reading
    demand_kw: DemandKw = ""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The meter's history, whose service it is, the bounds and today."""

    meter: MeterHistory
    service: MeteredService | None
    bounds: UseBounds
    accepted_before: int
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that takes service through the meter."""
    return account_served(inputs.meter, on=inputs.read_on)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the meter's history."""
    found = require_meter(inputs.meter)
    return Facts(
        meter=histories([found.meter_id], since_on=inputs.read_on)[found.meter_id],
        service=service_of_meter(found.meter_id, on=inputs.read_on),
        bounds=use_bounds(),
        accepted_before=accepted_count([found.meter_id]),
        as_of=moment.as_of,
    )


def check_plan(
    inputs_read: NewRead, *, meter: MeterHistory, as_of: date, bounds: UseBounds
) -> tuple[ReadPlan, int | None]:
    """A check read as it is recorded, and the energy in Wh since the billed read before.

    A person stands before the dial, so bounds do not hold it.

    Raises:
        ReadInFuture, MeterNotInstalled, TooManyDigits, DemandNotMeasured, ReadExists, ReadOutOfSequence: as they say.
    """
    decision = decide_read(inputs_read, meter=meter, as_of=as_of, bounds=bounds)
    return replace(decision.plan, state="accepted", exception="", sentence=None), decision.judgement.energy_wh


def propose(facts: Facts, inputs: Inputs) -> Proposal[JudgedRead]:
    """Place the read among the meter's reads.

    Raises:
        ReadInFuture, MeterNotInstalled, TooManyDigits, DemandNotMeasured, ReadExists, ReadOutOfSequence: as they say.
    """
    new = NewRead(
        read_on=inputs.read_on,
        kind="check",
        dial_reading=inputs.reading,
        demand_w_max=parse_demand_w(inputs.demand_kw),
        note=inputs.note,
    )
    plan, energy_wh = check_plan(new, meter=facts.meter, as_of=facts.as_of, bounds=facts.bounds)
    account_id = facts.service.account_id if facts.service else None
    changes = [
        Change(
            code="check_read",
            label=Sentence(gettext_noop("Check read")),
            unit=Unit.COUNT,
            before=None,
            after=inputs.reading,
            account_id=account_id,
        )
    ]
    if energy_wh is not None:
        label = Sentence(gettext_noop("Use since the last billed read"))
        changes.append(
            Change(code="use", label=label, unit=Unit.ENERGY_WH, before=None, after=energy_wh, account_id=account_id)
        )
    said = {"serial": facts.meter.serial, "reading": format_reading(inputs.reading), "on": inputs.read_on}
    return Proposal(
        summary=Sentence(gettext_noop("Check read of meter %(serial)s on %(on)s: %(reading)s, not billed"), said),
        confirm=Sentence(gettext_noop("Record check read %(reading)s"), said),
        plan=JudgedRead(read=plan, accepted_before=facts.accepted_before),
        account_ids=() if account_id is None else (account_id,),
        creates={"metering_read": 1},
        changes=tuple(changes),
        rules=(house_rule("check reads", "A check read is compared with the billed reads, and never billed"),),
    )


def record(proposal: Proposal[JudgedRead], recording: Recording) -> None:
    """Write the read.

    Raises:
        MeterReadMeanwhile: other reads of the meter came since it was judged.
    """
    plan = proposal.plan
    record_read(plan.read, accepted_before=plan.accepted_before, recording=recording)


ACTION = registry.add(
    Action(
        name="record_check_read",
        title=gettext_noop("Record a check read"),
        duty=11,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Records what a meter was checked to show; it is compared with the billed reads, never billed."
        ),
    )
)

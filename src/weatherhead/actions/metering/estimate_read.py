"""Estimate a read of one meter. The proof of the estimate is kept on the read; a later actual read trues it up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from weatherhead.actions.inputs import NeededNote
from weatherhead.actions.metering.estimating import estimate_facts, peers_of
from weatherhead.actions.metering.one_meter import account_served, record_read, require_meter
from weatherhead.actions.metering.read_inputs import Day, Serial
from weatherhead.areas.agreements.reading import MeteredService, service_of_meter
from weatherhead.areas.customers.queries import account
from weatherhead.areas.metering.estimation import Estimate, EstimateFacts, estimate
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import ReadPlan
from weatherhead.areas.metering.operations import withdraw_read
from weatherhead.areas.metering.queries import ReadFacts, accepted_count, held_reads_of
from weatherhead.areas.metering.reading_rules import estimation
from weatherhead.areas.metering.usage import format_reading
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

METHODS = {
    "between_reads": gettext_noop("use between the reads before and after, by days"),
    "same_period_year_before": gettext_noop("the same period a year before"),
    "own_daily_average": gettext_noop("own daily average"),
    "class_average": gettext_noop("daily average of the class"),
}


class NoServiceToEstimate(Refusal):
    """Nobody took service through the meter."""

    template = gettext_noop(
        "Nobody took service through meter %(serial)s on the day before %(read_on)s. Nothing is billed there, so "
        "nothing is estimated."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, the day at whose start the dial is estimated, and why it was not read."""

    meter: Serial
    read_on: Day
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Whose service it is, what the estimate is made of, the held read that gives way, and today."""

    serial: str
    service: MeteredService | None
    estimate: EstimateFacts | None
    held: ReadFacts | None
    accepted_before: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The estimated read, and the held one that it takes the place of."""

    read: ReadPlan
    held_id: int | None
    decided_on: date
    reason: str
    accepted_before: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that takes service through the meter."""
    return account_served(inputs.meter, on=inputs.read_on)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the meter's history and that of the services like it."""
    found = require_meter(inputs.meter)
    service = service_of_meter(found.meter_id, on=inputs.read_on)
    held = next((item for item in held_reads_of([found.meter_id]) if item.read_on == inputs.read_on), None)
    made_of = None
    if service is not None:
        made_of = estimate_facts(
            histories([found.meter_id], since_on=inputs.read_on)[found.meter_id],
            read_on=inputs.read_on,
            as_of=moment.as_of,
            schedule=service.schedule,
            peers=peers_of(account(service.account_id).cycle, read_on=inputs.read_on, schedule=service.schedule),
            rules=estimation(),
            replaced_on=held.read_on if held else None,
        )
    return Facts(
        serial=found.serial,
        service=service,
        estimate=made_of,
        held=held,
        accepted_before=accepted_count([found.meter_id]),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Estimate by the utility's rule.

    Raises:
        NoServiceToEstimate, ReadInFuture, MeterNotInstalled, ReadExists, EstimateWithoutStart, EstimatesInARow,
        DemandNotEstimated, DemandUnknown, NothingToEstimateFrom: as they say.
    """
    if facts.service is None or facts.estimate is None:
        raise NoServiceToEstimate(serial=facts.serial, read_on=inputs.read_on)
    found = estimate(facts.estimate)
    held_id = facts.held.read_id if facts.held else None
    said = {
        "serial": facts.serial,
        "on": inputs.read_on,
        "reading": format_reading(found.plan.dial_reading),
        "energy_wh": found.energy_wh,
        "days": found.days,
        "method": Sentence(METHODS[found.method]),
    }
    return Proposal(
        summary=Sentence(
            gettext_noop(
                "Read of meter %(serial)s on %(on)s estimated at %(reading)s: %(energy_wh)s kWh in %(days)s days by "
                "%(method)s"
            ),
            said,
        ),
        confirm=Sentence(gettext_noop("Estimate %(reading)s"), said),
        plan=Plan(
            read=replace(found.plan, exception="", sentence=None, note=inputs.reason),
            held_id=held_id,
            decided_on=facts.as_of,
            reason=inputs.reason,
            accepted_before=facts.accepted_before,
        ),
        account_ids=(facts.service.account_id,),
        creates={"metering_read": 1},
        updates={"metering_read": 1} if held_id else {},
        changes=_changes(found, held=facts.held, account_id=facts.service.account_id),
        rules=(facts.estimate.rule, ESTIMATE_RULE),
    )


ESTIMATE_RULE = Rule(
    code="estimates",
    title="An estimate keeps its proof; the next actual read bills the difference",
    citation="docs/meter-reading.md",
    status="house",
)


def _changes(found: Estimate, *, held: ReadFacts | None, account_id: int) -> tuple[Change, ...]:
    return (
        Change(
            code="meter_read",
            label=Sentence(gettext_noop("Meter read")),
            unit=Unit.COUNT,
            before=held.dial_reading if held else found.since.dial_reading,
            after=found.plan.dial_reading,
            account_id=account_id,
            note=None if held is None else Sentence(gettext_noop("before: the held read, which is set aside")),
        ),
        Change(
            code="use",
            label=Sentence(gettext_noop("Use in %(days)s days"), {"days": found.days}),
            unit=Unit.ENERGY_WH,
            before=None,
            after=found.energy_wh,
            account_id=account_id,
        ),
        Change(
            code="method",
            label=Sentence(gettext_noop("Estimated by")),
            unit=Unit.TEXT,
            before=None,
            after=METHODS[found.method],
            account_id=account_id,
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Set the held read aside, if there is one, and record the estimate.

    Raises:
        ReadNotAccepted, MeterReadMeanwhile: someone was faster.
    """
    plan = proposal.plan
    if plan.held_id is not None:
        withdraw_read(
            read_id=plan.held_id,
            decided_on=plan.decided_on,
            decision=plan.reason,
            receipt_id=recording.receipt_id,
            state="held",
        )
    record_read(plan.read, accepted_before=plan.accepted_before, recording=recording)


ACTION = registry.add(
    Action(
        name="estimate_read",
        title=gettext_noop("Estimate a read"),
        duty=11,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Estimates one meter's read by the utility's rule, with the proof; a held read gives way to it."
        ),
    )
)

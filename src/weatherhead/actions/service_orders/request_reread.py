"""Ask for a re-read or an investigation: someone goes there and looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Blankable, NeededNote
from weatherhead.actions.metering.one_meter import account_served, require_meter
from weatherhead.actions.metering.read_inputs import Day, Serial
from weatherhead.areas.agreements.reading import MeteredService, service_of_meter
from weatherhead.areas.metering.histories import histories
from weatherhead.areas.metering.intake import MeterHistory, MeterNotInstalled, ReadInFuture, spans_of
from weatherhead.areas.metering.reading_rules import reading_rules
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.service_orders.operations import OrderOpenAlready, open_order
from weatherhead.areas.service_orders.queries import OrderFacts
from weatherhead.areas.service_orders.queries import open_order as order_about
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

TITLES = {"re_read": gettext_noop("Re-read"), "investigate": gettext_noop("Investigation")}
_CONFIRM = {
    "re_read": gettext_noop("Request the re-read"),
    "investigate": gettext_noop("Request the investigation"),
}


class DueBeforeToday(Refusal):
    """Nobody can go there in the past."""

    template = gettext_noop("%(due_on)s has passed. Choose today or a later day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The meter, the day of the read in question, what is asked for, until when (empty: by the rule), and why."""

    meter: Serial
    read_on: Day
    order_kind: Literal["re_read", "investigate"] = "re_read"
    due_on: Annotated[Day | None, Blankable] = None
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The meter, whose service it is, what is open already, when it would be due by the rule, and today."""

    meter: MeterHistory
    service: MeteredService | None
    already: OrderFacts | None
    due_on: date
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order."""

    kind: str
    service_point_id: int
    meter_id: int
    account_id: int | None
    about_on: date
    opened_on: date
    due_on: date
    note: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account that takes service through the meter."""
    return account_served(inputs.meter, on=inputs.read_on)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the meter, its service and what is open about it."""
    found = require_meter(inputs.meter)
    days = reading_rules().orders.re_read_due_business_days
    return Facts(
        meter=histories([found.meter_id], since_on=inputs.read_on)[found.meter_id],
        service=service_of_meter(found.meter_id, on=inputs.read_on),
        already=order_about(found.meter_id, about_on=inputs.read_on),
        due_on=current_utility().business_days.add(moment.as_of, days),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Place the order.

    Raises:
        ReadInFuture, MeterNotInstalled, OrderOpenAlready, DueBeforeToday: as they say.
    """
    meter = facts.meter
    if inputs.read_on > facts.as_of:
        raise ReadInFuture(read_on=inputs.read_on)
    place = meter.installation_on(inputs.read_on)
    if place is None:
        raise MeterNotInstalled(serial=meter.serial, read_on=inputs.read_on, spans=spans_of(meter.installations))
    if facts.already is not None:
        already = facts.already
        raise OrderOpenAlready(
            serial=meter.serial, about_on=already.about_on, opened_on=already.opened_on, due_on=already.due_on
        )
    due_on = inputs.due_on or facts.due_on
    if due_on < facts.as_of:
        raise DueBeforeToday(due_on=due_on)
    title = Sentence(TITLES[inputs.order_kind])
    return Proposal(
        summary=Sentence(
            gettext_noop("%(title)s of meter %(serial)s requested for %(about)s, due %(due)s: %(why)s"),
            {"title": title, "serial": meter.serial, "about": inputs.read_on, "due": due_on, "why": inputs.reason},
        ),
        confirm=Sentence(_CONFIRM[inputs.order_kind]),
        plan=Plan(
            kind=inputs.order_kind,
            service_point_id=place.service_point_id,
            meter_id=meter.meter_id,
            account_id=facts.service.account_id if facts.service else None,
            about_on=inputs.read_on,
            opened_on=facts.as_of,
            due_on=due_on,
            note=inputs.reason,
        ),
        account_ids=(facts.service.account_id,) if facts.service else (),
        creates={"service_orders_serviceorder": 1},
        changes=(made(gettext_noop("Due"), due_on, code="due_on", unit=Unit.DATE),),
        rules=(house_rule("orders", "One open order a meter and day; it stands on the account until it is closed"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Open the order.

    Raises:
        OrderOpenAlready: someone was faster.
    """
    plan = proposal.plan
    number = open_order(
        kind=plan.kind,
        service_point_id=plan.service_point_id,
        meter_id=plan.meter_id,
        account_id=plan.account_id,
        about_on=plan.about_on,
        opened_on=plan.opened_on,
        due_on=plan.due_on,
        note=plan.note,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("service_order", number)


ACTION = registry.add(
    Action(
        name="request_reread",
        title=gettext_noop("Request a re-read"),
        duty=11,
        on="meter",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Sends someone to read a meter again, or to find out why it reads as it does."),
    )
)

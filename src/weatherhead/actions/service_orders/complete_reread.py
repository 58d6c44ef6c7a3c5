"""Complete a re-read: its reading checks the read in question, or takes its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.metering.one_meter import record_read
from weatherhead.actions.metering.read_inputs import Day, DemandKw, Reading
from weatherhead.actions.metering.record_check_read import check_plan
from weatherhead.areas.metering.fields import parse_demand_w
from weatherhead.areas.metering.histories import histories, use_bounds
from weatherhead.areas.metering.intake import MeterHistory, ReadPlan, decide_read
from weatherhead.areas.metering.operations import withdraw_read
from weatherhead.areas.metering.queries import ReadFacts, accepted_count, reads_of_meter
from weatherhead.areas.metering.usage import NewRead, UseBounds, format_reading
from weatherhead.areas.service_orders.operations import OrderNotOpen, close_order
from weatherhead.areas.service_orders.queries import OrderFacts, order
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ReadBeforeOrder(Refusal):
    """A re-read is taken after it was asked for."""

    template = gettext_noop("The re-read was asked for on %(opened_on)s; %(read_on)s is before that. Check the date.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The order, what was read when, and what the reading is for.

    ``check`` compares: it is recorded as a check read, and the read in question is decided by itself. ``replace`` sets
    the read in question aside, and the re-read is billed instead.
    """

    order_id: Number
    read_on: Day
    reading: Reading
    demand_kw: DemandKw = ""
    use_as: Literal["check", "replace"] = "check"
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The order, the read in question if one stands, the meter's history, the bounds and today."""

    order: OrderFacts
    doubted: ReadFacts | None
    meter: MeterHistory
    bounds: UseBounds
    accepted_before: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the order is closed with, the read that it brings, and the read that is set aside."""

    order_id: int
    closed_on: date
    result: str
    read: ReadPlan
    set_aside_id: int | None
    set_aside_state: Literal["accepted", "held"]
    accepted_before: int


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account of the order."""
    found = order(inputs.order_id)
    return () if found.account_id is None else (found.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the order and the meter's reads."""
    found = order(inputs.order_id)
    live = [item for item in reads_of_meter(found.meter_id) if item.state != "rejected"]
    return Facts(
        order=found,
        doubted=next((item for item in live if item.read_on == found.about_on), None),
        meter=histories([found.meter_id], since_on=min(inputs.read_on, found.about_on))[found.meter_id],
        bounds=use_bounds(),
        accepted_before=accepted_count([found.meter_id]),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Place the re-read among the meter's reads. A person stood before the dial, so bounds do not hold it.

    Raises:
        OrderNotOpen, ReadBeforeOrder, ReadInFuture, MeterNotInstalled, TooManyDigits, DemandNotMeasured, ReadExists,
        ReadOutOfSequence: as they say.
    """
    found = facts.order
    if found.state != "open":
        raise OrderNotOpen(serial=found.serial, state=found.state, closed_on=found.closed_on)
    if inputs.read_on < found.opened_on:
        raise ReadBeforeOrder(opened_on=found.opened_on, read_on=inputs.read_on)
    aside = facts.doubted if inputs.use_as == "replace" else None
    read, energy_wh = _read(facts, inputs=inputs, aside=aside)
    said = {
        "serial": found.serial,
        "reading": format_reading(inputs.reading),
        "on": inputs.read_on,
        "why": inputs.reason,
    }
    summary = (
        gettext_noop("Meter %(serial)s re-read on %(on)s: %(reading)s is billed instead. %(why)s")
        if inputs.use_as == "replace"
        else gettext_noop("Meter %(serial)s re-read on %(on)s: %(reading)s, as a check. %(why)s")
    )
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Complete with %(reading)s"), said),
        plan=Plan(
            order_id=found.order_id,
            closed_on=facts.as_of,
            result=inputs.reason,
            read=read,
            set_aside_id=aside.read_id if aside else None,
            set_aside_state="held" if aside and aside.state == "held" else "accepted",
            accepted_before=facts.accepted_before,
        ),
        account_ids=() if found.account_id is None else (found.account_id,),
        creates={"metering_read": 1},
        updates={"service_orders_serviceorder": 1} | ({"metering_read": 1} if aside else {}),
        changes=_changes(facts, reading=inputs.reading, energy_wh=energy_wh),
        rules=(house_rule("orders", "One open order a meter and day; it stands on the account until it is closed"),),
    )


def _read(facts: Facts, *, inputs: Inputs, aside: ReadFacts | None) -> tuple[ReadPlan, int | None]:
    """The read that the order brings, and the energy in Wh since the billed read before."""
    new = NewRead(
        read_on=inputs.read_on,
        kind="check" if inputs.use_as == "check" else "actual",
        dial_reading=inputs.reading,
        demand_w_max=parse_demand_w(inputs.demand_kw),
        note=inputs.reason,
    )
    meter = facts.meter
    if aside is not None:
        meter = replace(
            meter,
            reads=tuple(item for item in meter.reads if item.read_on != aside.read_on),
            held={on: reading for on, reading in meter.held.items() if on != aside.read_on},
        )
    if inputs.use_as == "check":
        return check_plan(new, meter=meter, as_of=facts.as_of, bounds=facts.bounds)
    decision = decide_read(new, meter=meter, as_of=facts.as_of, bounds=facts.bounds)
    return replace(decision.plan, state="accepted", exception="", sentence=None), decision.judgement.energy_wh


def _changes(facts: Facts, *, reading: int, energy_wh: int | None) -> tuple[Change, ...]:
    account_id = facts.order.account_id
    changes = [
        Change(
            code="meter_read",
            label=Sentence(gettext_noop("Meter read")),
            unit=Unit.COUNT,
            before=facts.doubted.dial_reading if facts.doubted else None,
            after=reading,
            account_id=account_id,
            note=Sentence(gettext_noop("before: the read in question")) if facts.doubted else None,
        )
    ]
    if energy_wh is not None:
        label = Sentence(gettext_noop("Use since the read before"))
        changes.append(
            Change(code="use", label=label, unit=Unit.ENERGY_WH, before=None, after=energy_wh, account_id=account_id)
        )
    return tuple(changes)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Set the read in question aside if it is replaced, record the re-read, close the order.

    Raises:
        ReadNotAccepted, MeterReadMeanwhile, OrderNotOpen: someone was faster.
    """
    plan = proposal.plan
    dropped = 0
    if plan.set_aside_id is not None:
        withdraw_read(
            read_id=plan.set_aside_id,
            decided_on=plan.closed_on,
            decision=plan.result,
            receipt_id=recording.receipt_id,
            state=plan.set_aside_state,
        )
        dropped = int(plan.set_aside_state == "accepted")
    number = record_read(plan.read, accepted_before=plan.accepted_before - dropped, recording=recording)
    close_order(
        order_id=plan.order_id,
        state="done",
        closed_on=plan.closed_on,
        result=plan.result,
        receipt_id=recording.receipt_id,
        read_id=number,
    )


ACTION = registry.add(
    Action(
        name="complete_reread",
        title=gettext_noop("Complete a re-read"),
        duty=11,
        on="order",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Enters what a re-read found, as a check or in place of the read in question, and closes the order."
        ),
    )
)

"""Cancel an open service order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.service_orders.request_reread import TITLES
from weatherhead.areas.service_orders.operations import OrderNotOpen, close_order
from weatherhead.areas.service_orders.queries import OrderFacts, order
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The order, and why nobody needs to go there."""

    order_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The order and today."""

    order: OrderFacts
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is cancelled, when and why."""

    order_id: int
    closed_on: date
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account of the order."""
    found = order(inputs.order_id)
    return () if found.account_id is None else (found.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the order."""
    return Facts(order=order(inputs.order_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Cancel it.

    Raises:
        OrderNotOpen: it was closed before.
    """
    found = facts.order
    if found.state != "open":
        raise OrderNotOpen(serial=found.serial, state=found.state, closed_on=found.closed_on)
    return Proposal(
        summary=Sentence(
            gettext_noop("%(title)s of meter %(serial)s cancelled: %(why)s"),
            {"title": Sentence(TITLES[found.kind]), "serial": found.serial, "why": inputs.reason},
        ),
        confirm=Sentence(gettext_noop("Cancel order")),
        plan=Plan(order_id=found.order_id, closed_on=facts.as_of, reason=inputs.reason),
        account_ids=() if found.account_id is None else (found.account_id,),
        updates={"service_orders_serviceorder": 1},
        changes=(
            Change(
                code="order_state",
                label=Sentence(gettext_noop("Order")),
                unit=Unit.TEXT,
                before="open",
                after="cancelled",
                account_id=found.account_id,
            ),
        ),
        rules=(house_rule("orders", "One open order a meter and day; it stands on the account until it is closed"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Close the order.

    Raises:
        OrderNotOpen: someone was faster.
    """
    plan = proposal.plan
    close_order(
        order_id=plan.order_id,
        state="cancelled",
        closed_on=plan.closed_on,
        result=plan.reason,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="cancel_order",
        title=gettext_noop("Cancel a service order"),
        duty=11,
        on="order",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Closes an order that is no longer needed, with the reason."),
    )
)

"""Open one's own drawer: its float is counted, and counter money goes into it until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import CountedCents
from weatherhead.areas.payments.drawers import DrawerFacts, open_drawer_of
from weatherhead.areas.payments.operations.drawers import DrawerOpenAlready, open_drawer
from weatherhead.core.values import Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The change that lies in it to begin with, counted. It is the utility's own and never posted."""

    float_cents: CountedCents


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A drawer of the actor's that is still open, and the day."""

    open: DrawerFacts | None
    employee_id: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Whose drawer, and its float."""

    employee_id: int
    float_cents: int
    opened_on: date


def gather(_: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Look for an open drawer of the actor's."""
    return Facts(open=open_drawer_of(actor.employee_id), employee_id=actor.employee_id, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Open it.

    Raises:
        DrawerOpenAlready: another one is.
    """
    if facts.open is not None:
        raise DrawerOpenAlready(drawer=facts.open.drawer_id, on=facts.open.opened_on)
    said = {"float": format_cents(inputs.float_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Drawer opened with a float of $%(float)s"), said),
        confirm=Sentence(gettext_noop("Open the drawer with $%(float)s"), said),
        plan=Plan(employee_id=facts.employee_id, float_cents=inputs.float_cents, opened_on=facts.as_of),
        creates={"payments_drawer": 1},
        changes=(made(gettext_noop("Float"), inputs.float_cents, code="float", unit=Unit.CENTS),),
        rules=(house_rule("drawers", "A drawer has one keeper, and is counted before it is told what it should hold"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Record the drawer.

    Raises:
        DrawerOpenAlready: it was opened meanwhile, in another window.
    """
    plan = proposal.plan
    drawer_id = open_drawer(
        employee_id=plan.employee_id,
        opened_by=recording.actor.name,
        opened_on=plan.opened_on,
        opened_at=recording.moment.at,
        float_cents=plan.float_cents,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("drawer", drawer_id)


ACTION = registry.add(
    Action(
        name="open_drawer",
        title=gettext_noop("Open my drawer"),
        duty=4,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Opens one's own drawer with a counted float; counter payments go into it from then on."),
    )
)

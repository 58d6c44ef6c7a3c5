"""Add a service point to a premise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Label, Number
from weatherhead.areas.premises.operations import create_service_point
from weatherhead.areas.premises.queries import PremiseFacts, premise
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Where, and what it is called there."""

    premise_id: Number
    label: Label = "Main"
    kind: Literal["metered", "unmetered"] = "metered"


def gather(inputs: Inputs, _: Moment, __: Actor) -> PremiseFacts:
    """Read the premise."""
    return premise(inputs.premise_id)


def propose(facts: PremiseFacts, inputs: Inputs) -> Proposal[Inputs]:
    """Say what will be added."""
    return Proposal(
        summary=Sentence(
            gettext_noop("Service point %(label)s at %(street)s"), {"label": inputs.label, "street": facts.street}
        ),
        confirm=Sentence(gettext_noop("Add service point")),
        plan=inputs,
        creates={"premises_servicepoint": 1},
        changes=(made(gettext_noop("Service point"), inputs.label, code="service_point"),),
    )


def record(proposal: Proposal[Inputs], recording: Recording) -> None:
    """Write the service point.

    Raises:
        ServicePointExists: the label is taken there.
    """
    plan = proposal.plan
    number = create_service_point(premise_id=plan.premise_id, label=plan.label, kind=plan.kind)
    recording.made_one("service_point", number)


ACTION = registry.add(
    Action(
        name="add_service_point",
        title=gettext_noop("Add a service point"),
        duty=2,
        on="premise",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Adds the place where a meter hangs, or an unmetered point such as a light."),
    )
)

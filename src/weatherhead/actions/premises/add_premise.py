"""Add a premise: a place that takes service."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import City, Name, UnitText
from weatherhead.areas.premises.address import check_address, postal_form
from weatherhead.areas.premises.operations import create_premise
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The address."""

    street: Name
    unit: UnitText = ""
    city: City
    state: Name
    postal_code: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The address, and the form in which it is known to be the same place."""

    inputs: Inputs
    search_text: str


def gather(inputs: Inputs, _: Moment, __: Actor) -> str:
    """The address as the post office writes it."""
    return postal_form(
        street=inputs.street, unit=inputs.unit, city=inputs.city, state=inputs.state, postal_code=inputs.postal_code
    )


def propose(search_text: str, inputs: Inputs) -> Proposal[Plan]:
    """Check the address.

    Raises:
        AddressIncomplete: saying which part is wrong.
    """
    check_address(street=inputs.street, city=inputs.city, state=inputs.state, postal_code=inputs.postal_code)
    address = f"{inputs.street}, {inputs.unit}" if inputs.unit else inputs.street
    return Proposal(
        summary=Sentence(gettext_noop("Premise %(address)s"), {"address": address}),
        confirm=Sentence(gettext_noop("Add premise")),
        plan=Plan(inputs=inputs, search_text=search_text),
        creates={"premises_premise": 1},
        changes=(made(gettext_noop("Premise"), address, code="premise"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the premise.

    Raises:
        PremiseExists: the address is on file, however abbreviated.
    """
    plan = proposal.plan
    premise_id = create_premise(
        street=plan.inputs.street,
        unit=plan.inputs.unit,
        city=plan.inputs.city,
        state=plan.inputs.state,
        postal_code=plan.inputs.postal_code,
        search_text=plan.search_text,
    )
    recording.made_one("premise", premise_id)


ACTION = registry.add(
    Action(
        name="add_premise",
        title=gettext_noop("Add a premise"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts an address on file once, however it is abbreviated."),
    )
)

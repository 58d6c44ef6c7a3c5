"""Link an employee to a customer, account or premise, so that they never act on it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Code, Number
from weatherhead.areas.customers.operations import link_employee
from weatherhead.areas.customers.queries import account, customer
from weatherhead.areas.premises.queries import premise
from weatherhead.areas.workforce.queries import EmployeeFacts, employee_by_username
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class LinkNamesOneThing(Refusal):
    """A link has one end."""

    template = gettext_noop("Name exactly one of customer, account and premise.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Who, how they are tied, and to what (exactly one)."""

    username: Code
    relation: Literal["own", "household", "family", "other"]
    customer_id: Annotated[Number | None, Blankable] = None
    account_id: Annotated[Number | None, Blankable] = None
    premise_id: Annotated[Number | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The link."""

    employee_id: int
    inputs: Inputs


def gather(inputs: Inputs, _: Moment, __: Actor) -> EmployeeFacts:
    """Read the employee, and see that the other end exists."""
    if inputs.customer_id is not None:
        customer(inputs.customer_id)
    if inputs.account_id is not None:
        account(inputs.account_id)
    if inputs.premise_id is not None:
        premise(inputs.premise_id)
    return employee_by_username(inputs.username)


def propose(facts: EmployeeFacts, inputs: Inputs) -> Proposal[Plan]:
    """Say what will be linked.

    Raises:
        LinkNamesOneThing: none or several ends.
    """
    ends = [item for item in (inputs.customer_id, inputs.account_id, inputs.premise_id) if item is not None]
    if len(ends) != 1:
        raise LinkNamesOneThing
    return Proposal(
        summary=Sentence(
            gettext_noop("%(name)s linked (%(relation)s)"), {"name": facts.name, "relation": inputs.relation}
        ),
        confirm=Sentence(gettext_noop("Link")),
        plan=Plan(employee_id=facts.employee_id, inputs=inputs),
        creates={"customers_employeelink": 1},
        changes=(made(gettext_noop("Tie"), inputs.relation, code="tie"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the link."""
    plan = proposal.plan
    number = link_employee(
        employee_id=plan.employee_id,
        relation=plan.inputs.relation,
        customer_id=plan.inputs.customer_id,
        account_id=plan.inputs.account_id,
        premise_id=plan.inputs.premise_id,
    )
    recording.made_one("employee_link", number)


ACTION = registry.add(
    Action(
        name="link_employee",
        title=gettext_noop("Link an employee"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Remembers that an account, customer or premise is an employee's own, or their family's."),
    )
)

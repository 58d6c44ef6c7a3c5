"""Create an account for a customer. Its number is given here, with a check digit, and never again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import City, Code, Name, Number, UnitText
from weatherhead.areas.customers.operations import create_account
from weatherhead.areas.customers.queries import CustomerFacts, customer
from weatherhead.areas.premises.address import check_address
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import revenue_account
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry


class RevenueClassUnknown(Refusal):
    """The books have no such class."""

    template = gettext_noop("The books have no revenue class %(name)s. Use one of: %(names)s.")


class OpenedInFuture(Refusal):
    """An account is opened today or before."""

    template = gettext_noop("An account cannot be opened on %(on)s, which is still to come.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Whose account, where its bills go, which cycle bills it, and its class."""

    customer_id: Number
    mail_street: Name = field(metadata=SENSITIVE)
    mail_unit: UnitText = field(default="", metadata=SENSITIVE)
    mail_city: City
    mail_state: Name
    mail_postal_code: Name = field(metadata=SENSITIVE)
    cycle: Annotated[int, Field(ge=1, le=31)]
    revenue_class: Code
    opened_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The customer, the classes of the books, and the day."""

    customer: CustomerFacts
    classes: tuple[str, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The account to be."""

    inputs: Inputs
    opened_on: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the customer and the classes of the books."""
    codes = current_utility().ledger_accounts
    prefix = revenue_account("x")[:-1]
    classes = tuple(code.removeprefix(prefix) for code in codes if code.startswith(prefix))
    return Facts(customer=customer(inputs.customer_id), classes=classes, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check the address and class.

    Raises:
        AddressIncomplete, RevenueClassUnknown, OpenedInFuture: as they say.
    """
    check_address(
        street=inputs.mail_street,
        city=inputs.mail_city,
        state=inputs.mail_state,
        postal_code=inputs.mail_postal_code,
    )
    if inputs.revenue_class not in facts.classes:
        raise RevenueClassUnknown(name=inputs.revenue_class, names=", ".join(facts.classes))
    opened_on = inputs.opened_on or facts.as_of
    if opened_on > facts.as_of:
        raise OpenedInFuture(on=opened_on)
    return Proposal(
        summary=Sentence(gettext_noop("Account for %(name)s"), {"name": facts.customer.name}),
        confirm=Sentence(gettext_noop("Create account")),
        plan=Plan(inputs=inputs, opened_on=opened_on),
        creates={"customers_account": 1},
        changes=(made(gettext_noop("Account"), facts.customer.name, code="account"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the account with the next number."""
    plan = proposal.plan
    account_id = create_account(
        customer_id=plan.inputs.customer_id,
        mail_street=plan.inputs.mail_street,
        mail_unit=plan.inputs.mail_unit,
        mail_city=plan.inputs.mail_city,
        mail_state=plan.inputs.mail_state,
        mail_postal_code=plan.inputs.mail_postal_code,
        cycle=plan.inputs.cycle,
        revenue_class=plan.inputs.revenue_class,
        opened_on=plan.opened_on,
    )
    recording.made_one("account", account_id)


ACTION = registry.add(
    Action(
        name="create_account",
        title=gettext_noop("Create an account"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Opens an account with a new number that has a check digit and is never reused."),
    )
)

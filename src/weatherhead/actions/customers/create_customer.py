"""Create a customer: a person or business that we serve."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Name
from weatherhead.areas.customers.contacts import email_address, phone_number
from weatherhead.areas.customers.operations import create_customer, keep_identifier
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

_SHAPES = {
    "ssn": re.compile(r"\d{9}"),
    "ein": re.compile(r"\d{9}"),
    "driver_license": re.compile(r"[A-Z0-9]{5,16}"),
}


class IdentifierMalformed(Refusal):
    """An identifier of the wrong shape."""

    template = gettext_noop("That is no %(kind)s: check its digits. Leave it out when the customer does not give one.")


class IdentifierIncomplete(Refusal):
    """Kind and value come together."""

    template = gettext_noop("Give both the kind of identifier and its number, or neither.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Who the customer is. Phone, e-mail and identifier are optional: service never depends on giving one."""

    kind: Literal["person", "business"]
    name: Name = field(metadata=SENSITIVE)
    phone: Annotated[str | None, Blankable] = field(default=None, metadata=SENSITIVE)
    email: Annotated[str | None, Blankable] = field(default=None, metadata=SENSITIVE)
    language: Literal["en", "es"] = "en"
    identifier_kind: Annotated[Literal["ssn", "ein", "driver_license"] | None, Blankable] = None
    identifier: Annotated[str | None, Blankable] = field(default=None, metadata=SENSITIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The customer, with contacts in one form."""

    kind: str
    name: str
    language: str
    phone: str | None
    email: str | None
    identifier_kind: str | None
    identifier: str | None
    created_on: date


def gather(_: Inputs, moment: Moment, __: Actor) -> date:
    """The day of creation."""
    return moment.as_of


def propose(as_of: date, inputs: Inputs) -> Proposal[Plan]:
    """Check the contacts and the identifier's shape.

    Raises:
        PhoneNotUnderstood, EmailNotUnderstood, IdentifierMalformed, IdentifierIncomplete: as they say.
    """
    plan = Plan(
        kind=inputs.kind,
        name=inputs.name,
        language=inputs.language,
        phone=phone_number(inputs.phone) if inputs.phone else None,
        email=email_address(inputs.email) if inputs.email else None,
        identifier_kind=inputs.identifier_kind,
        identifier=_identifier(inputs),
        created_on=as_of,
    )
    creates = {"customers_customer": 1, "customers_contactpoint": sum(1 for item in (plan.phone, plan.email) if item)}
    if plan.identifier:
        creates["customers_identifier"] = 1
    return Proposal(
        summary=Sentence(gettext_noop("Customer %(name)s"), {"name": plan.name}),
        confirm=Sentence(gettext_noop("Create customer")),
        plan=plan,
        creates={table: count for table, count in creates.items() if count},
        changes=(made(gettext_noop("Customer"), plan.name, code="customer"),),
    )


def _identifier(inputs: Inputs) -> str | None:
    if (inputs.identifier is None) != (inputs.identifier_kind is None):
        raise IdentifierIncomplete
    if inputs.identifier is None or inputs.identifier_kind is None:
        return None
    value = re.sub(r"[\s-]", "", inputs.identifier).upper()
    if not _SHAPES[inputs.identifier_kind].fullmatch(value):
        raise IdentifierMalformed(kind=inputs.identifier_kind)
    return value


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the customer.

    Raises:
        IdentifierTaken: another customer has the identifier.
    """
    plan = proposal.plan
    customer_id = create_customer(
        kind=plan.kind,
        name=plan.name,
        language=plan.language,
        created_on=plan.created_on,
        phone=plan.phone,
        email=plan.email,
    )
    if plan.identifier and plan.identifier_kind:
        keep_identifier(customer_id=customer_id, kind=plan.identifier_kind, value=plan.identifier)
    recording.made_one("customer", customer_id)


ACTION = registry.add(
    Action(
        name="create_customer",
        title=gettext_noop("Create a customer"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts a person or business on file, with phone, e-mail and a sealed identifier."),
    )
)

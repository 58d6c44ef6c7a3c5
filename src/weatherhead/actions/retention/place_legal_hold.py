"""Place a legal hold: nothing of a customer is disposed of until it is released."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.customers.queries import CustomerFacts, accounts_of_customer, customer
from weatherhead.areas.retention.operations import place_hold
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The customer, and why: the court, the case, who asked."""

    customer_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The customer and their accounts."""

    customer: CustomerFacts
    account_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is held, and why."""

    customer_id: int
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The customer's accounts."""
    return tuple(item.account_id for item in accounts_of_customer(inputs.customer_id))


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> Facts:
    """Read the customer."""
    return Facts(customer=customer(inputs.customer_id), account_ids=locks(inputs))


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say whose records will be held."""
    return Proposal(
        summary=Sentence(
            gettext_noop("Legal hold on customer %(customer)s: %(reason)s"),
            {"customer": facts.customer.customer_id, "reason": inputs.reason},
        ),
        confirm=Sentence(gettext_noop("Hold everything of this customer")),
        plan=Plan(customer_id=facts.customer.customer_id, reason=inputs.reason),
        account_ids=facts.account_ids,
        creates={"retention_legalhold": 1},
        changes=(made(gettext_noop("Disposal"), "stopped", code="disposal"),),
        rules=(house_rule("legal holds", "What a court may ask for is not disposed of"),),
        when_tied="allow",  # it keeps things, and gains nobody anything
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Place it.

    Raises:
        AlreadyOnHold: one stands.
    """
    number = place_hold(
        customer_id=proposal.plan.customer_id,
        reason=proposal.plan.reason,
        placed_on=recording.moment.as_of,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("legal_hold", number)


ACTION = registry.add(
    Action(
        name="place_legal_hold",
        title=gettext_noop("Place a legal hold"),
        duty=11,
        on="utility",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Stops every disposal of a customer's records until it is released."),
    )
)

"""Hold the bills of a service until a person releases them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.agreements.queries import AgreementFacts, agreement
from weatherhead.areas.billing.operations import ExceptionPlan, raise_exceptions
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The service agreement, and why its bills must wait."""

    agreement_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The agreement and the day."""

    agreement: AgreementFacts
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The agreement's account."""
    return (agreement(inputs.agreement_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the agreement."""
    return Facts(agreement=agreement(inputs.agreement_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[ExceptionPlan]:
    """Say what will be held."""
    reason = inputs.reason.replace("%", "%%")
    plan = ExceptionPlan(
        agreement_id=facts.agreement.agreement_id,
        start_on=facts.agreement.start_on,
        end_on=None,
        kind="person",
        text=Sentence(reason),
    )
    return Proposal(
        summary=Sentence(gettext_noop("Billing held: %(reason)s"), {"reason": inputs.reason}),
        confirm=Sentence(gettext_noop("Hold billing")),
        plan=plan,
        account_ids=(facts.agreement.account_id,),
        creates={"billing_billexception": 1},
        changes=(made(gettext_noop("Billing"), "held", code="billing"),),
        rules=(house_rule("billing holds", "A held service is not billed until it is released"),),
    )


def record(proposal: Proposal[ExceptionPlan], recording: Recording) -> None:
    """Raise the exception.

    Raises:
        AlreadyHeld: a person holds it already.
    """
    (number,) = raise_exceptions([proposal.plan], raised_on=recording.moment.as_of, receipt_id=recording.receipt_id)
    recording.made_one("exception", number)


ACTION = registry.add(
    Action(
        name="hold_billing",
        title=gettext_noop("Hold billing"),
        duty=9,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Keeps a service from being billed until someone releases it."),
    )
)

"""Release a billing exception: let the held period be billed, for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.agreements.queries import agreement
from weatherhead.areas.billing.facts import ExceptionFacts
from weatherhead.areas.billing.operations import ExceptionAlreadyReleased, release_exception
from weatherhead.areas.billing.queries import exception
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The exception, and why it may pass."""

    exception_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The exception, whose account it is, and the day."""

    exception: ExceptionFacts
    account_id: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is released, when and why."""

    exception_id: int
    released_on: date
    reason: str


def _account_of(exception_id: int) -> int:
    return agreement(exception(exception_id).agreement_id).account_id


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (_account_of(inputs.exception_id),)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the exception."""
    found = exception(inputs.exception_id)
    return Facts(exception=found, account_id=_account_of(inputs.exception_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what will be released.

    Raises:
        ExceptionAlreadyReleased: it was.
    """
    found = facts.exception
    if found.state != "held":
        raise ExceptionAlreadyReleased(on=found.released_on or "")
    change = Change(
        code="exception",
        label=Sentence(gettext_noop("Billing")),
        unit=Unit.TEXT,
        before="held",
        after="released",
        account_id=facts.account_id,
    )
    return Proposal(
        summary=Sentence(gettext_noop("Billing released: %(reason)s"), {"reason": inputs.reason}),
        confirm=Sentence(gettext_noop("Release")),
        plan=Plan(exception_id=found.exception_id, released_on=facts.as_of, reason=inputs.reason),
        account_ids=(facts.account_id,),
        updates={"billing_billexception": 1},
        changes=(change,),
        rules=(house_rule("billing bounds", "A bill outside the bounds waits until a person releases it"),),
    )


def record(proposal: Proposal[Plan], _: Recording) -> None:
    """Release it.

    Raises:
        ExceptionAlreadyReleased: someone did meanwhile.
    """
    plan = proposal.plan
    release_exception(exception_id=plan.exception_id, released_on=plan.released_on, reason=plan.reason)


ACTION = registry.add(
    Action(
        name="release_exception",
        title=gettext_noop("Release a held bill"),
        duty=9,
        on="exception",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Lets a held period be billed, with the reason kept on the bill."),
    )
)

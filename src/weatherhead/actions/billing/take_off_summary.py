"""Take an account off its customer's summary bill: its bills are mailed by themselves again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Number
from weatherhead.areas.billing.operations.summaries import NotOnSummary, end_enrollment
from weatherhead.areas.billing.summaries import Enrollment, enrollments_of
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class EndsTooEarly(Refusal):
    """What was mailed on a summary stays on it."""

    template = gettext_noop(
        "It can end on %(first)s at the earliest: bills before that day were meant for the summary."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and the first day whose bills are mailed by themselves again; today when left out."""

    account_id: Number
    ends_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account and what stands."""

    account: AccountFacts
    standing: Enrollment | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What ends when."""

    enrollment_id: int
    ends_on: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account and its enrollment."""
    known = enrollments_of([inputs.account_id]).get(inputs.account_id, ())
    return Facts(
        account=account(inputs.account_id),
        standing=next((item for item in known if item.ends_on is None), None),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """End it on a day.

    Raises:
        NotOnSummary, EndsTooEarly: as they say.
    """
    if facts.standing is None:
        raise NotOnSummary
    earliest = max(facts.as_of, facts.standing.starts_on)
    ends_on = inputs.ends_on or earliest
    if ends_on < earliest:
        raise EndsTooEarly(first=earliest)
    return Proposal(
        summary=Sentence(gettext_noop("Off the summary bill from %(on)s"), {"on": ends_on}),
        confirm=Sentence(gettext_noop("Take off the summary bill")),
        plan=Plan(enrollment_id=facts.standing.enrollment_id, ends_on=ends_on),
        account_ids=(facts.account.account_id,),
        updates={"billing_summaryenrollment": 1},
        changes=(made(gettext_noop("Mailed by itself from"), ends_on, code="ends_on", unit=Unit.DATE),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the end."""
    plan = proposal.plan
    end_enrollment(enrollment_id=plan.enrollment_id, ends_on=plan.ends_on, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="take_off_summary",
        title=gettext_noop("Take off the summary bill"),
        duty=6,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("From a day on, the account's bills are mailed by themselves again."),
    )
)

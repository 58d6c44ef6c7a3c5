"""Put an account on its customer's summary bill: one document and one amount for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Number
from weatherhead.areas.billing.operations.summaries import EnrolledAlready, enroll
from weatherhead.areas.billing.summaries import Enrollment, enrollments_of
from weatherhead.areas.customers.mailing import mail_lines
from weatherhead.areas.customers.queries import AccountFacts, accounts_beside
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

ACCOUNTS_MAX = 200
"""As many as fit into a print file with room to spare, and on a document that a person still reads."""


class AccountHasEnded(Refusal):
    """A closed account gets no more bills."""

    template = gettext_noop("Account %(number)s was closed on %(on)s and gets no more bills. Choose an open account.")


class BeginsInPast(Refusal):
    """Bills of the past went out alone."""

    template = gettext_noop("Bills before today went out by themselves. Let it begin today, %(today)s, or later.")


class MailGoesElsewhere(Refusal):
    """What is in one envelope goes to one address."""

    template = gettext_noop(
        "The mail of account %(number)s goes to another address than that of account %(other)s, which is on the "
        "summary bill. Change the mailing address first; one summary goes to one address."
    )


class SummaryFull(Refusal):
    """More accounts than one document holds."""

    template = gettext_noop("This customer has %(most)s accounts on the summary bill already, the most that it holds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and the first day whose bills go onto the summary; today when left out."""

    account_id: Number
    starts_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, the customer's others that are on the summary on that day, and what was agreed before."""

    account: AccountFacts
    beside: tuple[AccountFacts, ...]
    enrollments: tuple[Enrollment, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What begins when."""

    account_id: int
    starts_on: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """All of the customer's accounts: two that join at once see each other."""
    return tuple(item.account_id for item in accounts_beside(inputs.account_id))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the customer's accounts and which are on the summary."""
    accounts = accounts_beside(inputs.account_id)
    known = enrollments_of(item.account_id for item in accounts)
    on = inputs.starts_on or moment.as_of
    return Facts(
        account=next(item for item in accounts if item.account_id == inputs.account_id),
        beside=tuple(
            item
            for item in accounts
            if item.account_id != inputs.account_id and any(one.covers(on) for one in known.get(item.account_id, ()))
        ),
        enrollments=known.get(inputs.account_id, ()),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Put it on the summary from a day on.

    Raises:
        AccountHasEnded, BeginsInPast, EnrolledAlready, MailGoesElsewhere, SummaryFull: as they say.
    """
    holder, starts_on = facts.account, inputs.starts_on or facts.as_of
    if holder.closed_on is not None:
        raise AccountHasEnded(number=holder.number_grouped, on=holder.closed_on)
    if starts_on < facts.as_of:
        raise BeginsInPast(today=facts.as_of)
    for item in facts.enrollments:
        if item.ends_on is None or starts_on < item.ends_on:
            raise EnrolledAlready(since=item.starts_on)
    if len(facts.beside) >= ACCOUNTS_MAX:
        raise SummaryFull(most=ACCOUNTS_MAX)
    other = next((item for item in facts.beside if mail_lines(item) != mail_lines(holder)), None)
    if other is not None:
        raise MailGoesElsewhere(number=holder.number_grouped, other=other.number_grouped)
    return Proposal(
        summary=Sentence(gettext_noop("On the summary bill from %(on)s"), {"on": starts_on}),
        confirm=Sentence(gettext_noop("Put on the summary bill")),
        plan=Plan(account_id=holder.account_id, starts_on=starts_on),
        account_ids=(holder.account_id,),
        creates={"billing_summaryenrollment": 1},
        changes=(
            made(gettext_noop("On the summary bill from"), starts_on, code="starts_on", unit=Unit.DATE),
            Change(
                code="accounts",
                label=Sentence(gettext_noop("Accounts on the summary bill")),
                unit=Unit.COUNT,
                before=len(facts.beside),
                after=len(facts.beside) + 1,
                note=Sentence(gettext_noop("A summary is made of two bills or more; one alone is mailed by itself."))
                if not facts.beside
                else None,
            ),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the enrollment."""
    plan = proposal.plan
    kept = enroll(account_id=plan.account_id, starts_on=plan.starts_on, receipt_id=recording.receipt_id)
    recording.made_one("summary_enrollment", kept)


ACTION = registry.add(
    Action(
        name="put_on_summary",
        title=gettext_noop("Put on the summary bill"),
        duty=6,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "From a day on, the account's bills are mailed on one summary with the customer's others."
        ),
    )
)

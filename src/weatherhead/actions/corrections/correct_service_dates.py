"""Correct when service began or ended: the days that an account is responsible for, as they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE, correction_of, days_json
from weatherhead.actions.inputs import Blankable, NeededNote, Number
from weatherhead.areas.agreements.operations import ServicePointTaken, correct_dates
from weatherhead.areas.agreements.queries import AgreementFacts, agreement, agreements_at, former_periods
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SameDates(Refusal):
    """Nothing would change."""

    template = gettext_noop("Service has those days already. Give the day that is wrong.")


class DatesBackwards(Refusal):
    """Service ends after it begins."""

    template = gettext_noop("Service cannot end on %(end)s when it begins on %(start)s. Check both days.")


class DatesBeforeAccount(Refusal):
    """The account came later."""

    template = gettext_noop("Account %(number)s was opened on %(opened)s; service cannot begin before.")


class DatesInFuture(Refusal):
    """What is still to come is no mistake."""

    template = gettext_noop("%(on)s is still to come. Start or end service that day instead.")


class BilledByOtherSystem(Refusal):
    """What an old system billed is not billed again."""

    template = gettext_noop("An old system billed this service up to %(on)s; its beginning cannot be changed here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The service, and the day on which it began or (exclusive) ended; what is left out stays."""

    agreement_id: Number
    started_on: Annotated[date | None, Blankable] = None
    ended_on: Annotated[date | None, Blankable] = None
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The agreement, its account, and the others at the place."""

    agreement: AgreementFacts
    account: AccountFacts
    others: tuple[AgreementFacts, ...]
    former_through: date | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The agreement at the version that was looked at, and its days as they were and are."""

    agreement_id: int
    version: int
    before: tuple[date, date | None]
    start_on: date
    end_on: date | None
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (agreement(inputs.agreement_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the agreement and who else took service there."""
    found = agreement(inputs.agreement_id)
    former = former_periods([found.agreement_id]).get(found.agreement_id, ())
    return Facts(
        agreement=found,
        account=account(found.account_id),
        others=tuple(
            item for item in agreements_at([found.service_point_id]) if item.agreement_id != found.agreement_id
        ),
        former_through=former[-1].end_on if former else None,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check that nobody else has those days.

    Raises:
        SameDates, DatesBackwards, DatesBeforeAccount, DatesInFuture, BilledByOtherSystem, ServicePointTaken: as they
            say.
    """
    found = facts.agreement
    start_on = inputs.started_on or found.start_on
    end_on = inputs.ended_on or found.end_on
    _require_days(facts, start_on=start_on, end_on=end_on)
    plan = Plan(
        agreement_id=found.agreement_id,
        version=found.version,
        before=(found.start_on, found.end_on),
        start_on=start_on,
        end_on=end_on,
        reason=inputs.reason,
    )
    said = {"start": start_on, "end": end_on or ""}
    summary = (
        gettext_noop("Service ran from %(start)s to %(end)s, as it should have been on file")
        if end_on
        else gettext_noop("Service runs from %(start)s, as it should have been on file")
    )
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Correct the days")),
        plan=plan,
        account_ids=(found.account_id,),
        creates={"agreements_agreementcorrection": 1},
        updates={"agreements_serviceagreement": 1},
        changes=tuple(
            Change(code=code, label=Sentence(label), unit=Unit.DATE, before=was, after=now, account_id=found.account_id)
            for code, label, was, now in (
                ("service_started", gettext_noop("Service began"), found.start_on, start_on),
                ("service_ended", gettext_noop("Service ended"), found.end_on, end_on),
            )
            if was != now
        ),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def _require_days(facts: Facts, *, start_on: date, end_on: date | None) -> None:
    found = facts.agreement
    if (start_on, end_on) == (found.start_on, found.end_on):
        raise SameDates
    if end_on is not None and end_on <= start_on:
        raise DatesBackwards(start=start_on, end=end_on)
    if start_on < facts.account.opened_on:
        raise DatesBeforeAccount(number=facts.account.number_grouped, opened=facts.account.opened_on)
    if facts.former_through is not None and start_on != found.start_on:
        raise BilledByOtherSystem(on=facts.former_through)
    for day, was in ((start_on, found.start_on), (end_on, found.end_on)):
        if day is not None and day != was and day > facts.as_of:
            raise DatesInFuture(on=day)
    for other in facts.others:
        if (end_on is None or other.start_on < end_on) and (other.end_on is None or start_on < other.end_on):
            raise ServicePointTaken(account=other.account_id)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the days, and keep those that were on file.

    Raises:
        AgreementChanged, ServicePointTaken: someone was faster.
    """
    plan = proposal.plan
    correct_dates(
        agreement_id=plan.agreement_id,
        version=plan.version,
        start_on=plan.start_on,
        end_on=plan.end_on,
        correction=correction_of(
            "dates",
            before=days_json(start_on=plan.before[0], end_on=plan.before[1]),
            after=days_json(start_on=plan.start_on, end_on=plan.end_on),
            reason=plan.reason,
            recording=recording,
        ),
    )


ACTION = registry.add(
    Action(
        name="correct_service_dates",
        title=gettext_noop("Correct the days of a service"),
        duty=9,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts right when a service began or ended; then correct the bills."),
    )
)

"""Correct the terms of a service: its rate schedule and the choices that go with it, as they should have been."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated

from weatherhead.actions.corrections.agreement_facts import KEPT_RULE, REBILL_RULE, correction_of, terms_json
from weatherhead.actions.inputs import Blankable, Code, NeededNote, Number
from weatherhead.actions.premises.start_service import ScheduleNotInForce, check_options
from weatherhead.areas.agreements.operations import correct_terms
from weatherhead.areas.agreements.queries import AgreementFacts, TermsFacts, agreement, terms_of
from weatherhead.areas.tariffs.queries import ScheduleFacts, schedule_facts
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class SameTerms(Refusal):
    """Nothing would change."""

    template = gettext_noop("The service is on %(schedule)s with these choices in those days already.")


class DaysOutsideService(Refusal):
    """Terms are those of days that are served."""

    template = gettext_noop("Service there runs from %(start)s. Choose days in their order, after that.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The service, the right schedule and choices, and for which days: all of them when left out.

    A billed period goes by the terms of its first day. `to_on` is exclusive; without it they hold from then on.
    """

    agreement_id: Number
    schedule: Code
    options: Mapping[str, str] = field(default_factory=dict)
    from_on: Annotated[date | None, Blankable] = None
    to_on: Annotated[date | None, Blankable] = None
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The agreement, its terms by day, and the schedule that is right."""

    agreement: AgreementFacts
    terms: tuple[TermsFacts, ...]
    schedule: ScheduleFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The agreement at the version that was looked at, its terms as they were and as they are to be."""

    agreement_id: int
    version: int
    before: tuple[TermsFacts, ...]
    terms: tuple[TermsFacts, ...]
    reason: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (agreement(inputs.agreement_id).account_id,)


def gather(inputs: Inputs, _moment: Moment, _: Actor) -> Facts:
    """Read agreement, terms and schedule."""
    found = agreement(inputs.agreement_id)
    return Facts(
        agreement=found,
        terms=terms_of([found])[found.agreement_id],
        schedule=schedule_facts(inputs.schedule),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Lay the right terms over the days that they are for.

    Raises:
        DaysOutsideService, ScheduleNotInForce, OptionsWrong, SameTerms: as they say.
    """
    found = facts.agreement
    from_on = max(inputs.from_on or found.start_on, found.start_on)
    outside = found.end_on is not None and from_on >= found.end_on
    if outside or (inputs.to_on is not None and inputs.to_on <= from_on):
        raise DaysOutsideService(start=found.start_on)
    first = facts.schedule.schedule.versions[0].effective
    if from_on < first:
        raise ScheduleNotInForce(code=inputs.schedule, on=from_on, first=first)
    check_options(facts.schedule, code=inputs.schedule, options=inputs.options)
    terms = overlaid(
        facts.terms,
        right=TermsFacts(start_on=from_on, end_on=inputs.to_on, schedule=inputs.schedule, options=inputs.options),
        start_on=found.start_on,
    )
    if [(item.start_on, item.schedule, item.options) for item in terms] == [
        (item.start_on, item.schedule, item.options) for item in facts.terms
    ]:
        raise SameTerms(schedule=inputs.schedule)
    said = {"schedule": facts.schedule.schedule.name, "from": from_on}
    return Proposal(
        summary=Sentence(gettext_noop("Service is on %(schedule)s from %(from)s on, as it should have been"), said)
        if inputs.to_on is None
        else Sentence(
            gettext_noop("Service was on %(schedule)s from %(from)s to %(to)s, as it should have been"),
            {**said, "to": inputs.to_on},
        ),
        confirm=Sentence(gettext_noop("Correct the terms")),
        plan=Plan(
            agreement_id=found.agreement_id,
            version=found.version,
            before=facts.terms,
            terms=terms,
            reason=inputs.reason,
        ),
        account_ids=(found.account_id,),
        creates={
            table: count
            for table, count in (("agreements_agreementterms", len(terms) - 1), ("agreements_agreementcorrection", 1))
            if count
        },
        updates={"agreements_serviceagreement": 1}
        | ({"agreements_agreementterms": len(facts.terms) - 1} if len(facts.terms) > 1 else {}),
        changes=_changes(facts, terms=terms),
        rules=(KEPT_RULE, REBILL_RULE),
    )


def overlaid(terms: tuple[TermsFacts, ...], *, right: TermsFacts, start_on: date) -> tuple[TermsFacts, ...]:
    """Dated terms with others laid over some of their days; neighbours that are the same are one. Pure."""
    laid: list[TermsFacts] = []
    begins = [start_on, *(item.start_on for item in terms[1:])]
    ends: list[date | None] = [*(item.start_on for item in terms[1:]), None]
    for item, begin, end in zip(terms, begins, ends, strict=True):
        if begin < right.start_on:
            laid.append(replace(item, start_on=begin))
        if right.end_on is not None and (end is None or end > right.end_on):
            laid.append(replace(item, start_on=max(begin, right.end_on)))
    laid = sorted([*laid, right], key=lambda item: item.start_on)
    kept: list[TermsFacts] = []
    for item in laid:
        if not kept or (kept[-1].schedule, kept[-1].options) != (item.schedule, item.options):
            kept.append(item)
    closes: list[date | None] = [*(item.start_on for item in kept[1:]), None]
    return tuple(replace(item, end_on=end) for item, end in zip(kept, closes, strict=True))


def _changes(facts: Facts, *, terms: tuple[TermsFacts, ...]) -> tuple[Change, ...]:
    """Terms by day, as people read them."""
    account_id = facts.agreement.account_id
    return (
        Change(
            code="terms",
            label=Sentence(gettext_noop("Terms")),
            unit=Unit.TEXT,
            before=_told(facts.terms),
            after=_told(terms),
            account_id=account_id,
        ),
    )


def _told(terms: tuple[TermsFacts, ...]) -> str:
    """Schedules with the days from which they hold, and the choices."""
    told = []
    for item in terms:
        choices = ", ".join(f"{name} {value}".replace("_", " ") for name, value in sorted(item.options.items()))
        text = f"{item.schedule} ({choices})" if choices else item.schedule
        told.append(text if len(terms) == 1 else f"{item.start_on.isoformat()} {text}")
    return "; ".join(told)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the terms, and keep those that they replace.

    Raises:
        AgreementChanged: someone changed it meanwhile.
    """
    plan = proposal.plan
    correct_terms(
        agreement_id=plan.agreement_id,
        version=plan.version,
        terms=plan.terms,
        correction=correction_of(
            "terms",
            before=terms_json(plan.before),
            after=terms_json(plan.terms),
            reason=plan.reason,
            recording=recording,
        ),
    )


ACTION = registry.add(
    Action(
        name="correct_terms",
        title=gettext_noop("Correct rate, class or tax"),
        duty=9,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Gives a service the rate schedule and choices that it should have had, for the days that they are right "
            "for; then correct the bills."
        ),
    )
)

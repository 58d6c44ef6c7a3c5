"""Close the books through a day: sum what stands on the days, and refuse postings on them from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Note
from weatherhead.areas.ledger.books import ONE_DAY, DayFacts, closed_through, days, first_entry_on
from weatherhead.areas.ledger.operations.closing import Hands, close_through
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry
from weatherhead.overviews.books.ready import Obstacle, obstacles


class DayNotOver(Refusal):
    """Postings still come on today."""

    template = gettext_noop(
        "%(on)s is not over: payments and bills are still posted on it. Close through a day before."
    )


class ClosedAlready(Refusal):
    """The day is closed."""

    template = gettext_noop("The books are closed through %(closed)s already. Choose a later day.")


class NothingToClose(Refusal):
    """Nothing was ever posted."""

    template = gettext_noop("Nothing was posted through %(on)s, so there is nothing to close.")


class NotReadyToClose(Refusal):
    """Something has to be done first."""

    template = gettext_noop("The books cannot be closed yet: %(listing)s. Finish it, then close.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The last day to close; every open day before it is closed with it. A word to whoever decides."""

    last_on: date
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Through which day the books are closed, what stands on the days to close, what is not done, and who asks."""

    closed_on: date | None
    days: tuple[DayFacts, ...]
    obstacles: tuple[Obstacle, ...]
    asked_by: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The days, and what they come to: who decides sees the same figures as who asked."""

    through_on: date
    former_on: date | None
    asked_by: str
    days: int
    postings: int
    debits_cents: int


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read how the books stand."""
    closed_on = closed_through()
    since = first_entry_on() if closed_on is None else closed_on + ONE_DAY
    found = () if since is None else days(first_on=since, last_on=inputs.last_on)
    return Facts(
        closed_on=closed_on,
        days=found,
        obstacles=obstacles(through_on=inputs.last_on, at=moment.at),
        asked_by=actor.name,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what will be closed. A second person always decides it.

    Raises:
        DayNotOver, ClosedAlready, NothingToClose, NotReadyToClose: as they say.
    """
    if inputs.last_on >= facts.as_of:
        raise DayNotOver(on=inputs.last_on)
    if facts.closed_on is not None and inputs.last_on <= facts.closed_on:
        raise ClosedAlready(closed=facts.closed_on)
    if facts.closed_on is None and not facts.days:
        raise NothingToClose(on=inputs.last_on)
    if blocking := [item for item in facts.obstacles if item.blocks]:
        raise NotReadyToClose(listing="; ".join(str(item.said) for item in blocking))
    plan = Plan(
        through_on=inputs.last_on,
        former_on=facts.closed_on,
        asked_by=facts.asked_by,
        days=len(facts.days),
        postings=sum(day.postings for day in facts.days),
        debits_cents=sum(day.debits_cents for day in facts.days),
    )
    params = {"through": inputs.last_on, "amount": format_cents(plan.debits_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("Books closed through %(through)s; $%(amount)s moved on these days"), params),
        confirm=Sentence(gettext_noop("Close the books through %(through)s"), params),
        plan=plan,
        creates={"ledger_bookclose": 1, "ledger_daytotal": sum(day.ledger_accounts for day in facts.days)},
        changes=_changes(facts, plan=plan),
        rules=(house_rule("closing", "One person asks to close, another decides; closed days refuse postings"),),
        needs_approval=Sentence(gettext_noop("A second person decides that the books are closed.")),
    )


def _changes(facts: Facts, *, plan: Plan) -> tuple[Change, ...]:
    closed = Change(
        code="closed_through",
        label=Sentence(gettext_noop("Closed through")),
        unit=Unit.DATE,
        before=plan.former_on,
        after=plan.through_on,
    )
    figures = (
        ("days", gettext_noop("Days with postings"), Unit.COUNT, plan.days),
        ("postings", gettext_noop("Postings"), Unit.COUNT, plan.postings),
        ("debits", gettext_noop("Debits, and credits"), Unit.CENTS, plan.debits_cents),
    )
    left = tuple(
        Change(
            code=f"left.{item.code}",
            label=Sentence(gettext_noop("Left open")),
            unit=Unit.TEXT,
            before=None,
            after=str(item.said),
        )
        for item in facts.obstacles
    )
    return (
        closed,
        *(
            Change(code=code, label=Sentence(label), unit=unit, before=None, after=value)
            for code, label, unit, value in figures
        ),
        *left,
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Close them.

    Raises:
        ClosedMeanwhile: they were closed or reopened meanwhile.
    """
    plan = proposal.plan
    close_through(plan.through_on, former_on=plan.former_on, hands=hands_of(recording, asked_by=plan.asked_by))


def hands_of(recording: Recording, *, asked_by: str) -> Hands:
    """Who asked and who decides, for the closing log."""
    return Hands(
        asked_by=asked_by,
        decided_by=recording.actor.name,
        decided_by_employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="close_period",
        title=gettext_noop("Close the books"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Closes every open day through one: nothing is posted on them any more. A second person decides it."
        ),
    )
)

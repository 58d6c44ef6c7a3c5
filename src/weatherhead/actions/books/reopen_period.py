"""Reopen closed days: rarely, with a reason, decided by a second person, and never what the general ledger has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.books.close_period import hands_of
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote
from weatherhead.areas.ledger.books import ONE_DAY, DayFacts, closed_through, days, exported_through, first_entry_on
from weatherhead.areas.ledger.operations.closing import reopen_from
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class DayIsOpen(Refusal):
    """The day is open."""

    template = gettext_noop("%(on)s is open already. Post on it as on any other day.")


class DayExported(Refusal):
    """The general ledger has it."""

    template = gettext_noop(
        "The general ledger was given every day through %(exported)s, so %(on)s stays closed. Correct it on an open "
        "day; the next journal carries the correction."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The first day to reopen; every closed day after it is reopened with it. And why."""

    from_on: date
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """How the books stand, what stands on the days, and who asks."""

    closed_on: date | None
    begun_on: date | None
    exported_on: date | None
    days: tuple[DayFacts, ...]
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The days and the reason."""

    from_on: date
    former_on: date
    reason: str
    asked_by: str


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Read how the books stand."""
    closed_on = closed_through()
    found = () if closed_on is None else days(first_on=inputs.from_on, last_on=closed_on)
    return Facts(
        closed_on=closed_on,
        begun_on=first_entry_on(),
        exported_on=exported_through(),
        days=found,
        asked_by=actor.name,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say which days will be open again. A second person always decides it.

    Raises:
        DayIsOpen, DayExported: as they say.
    """
    if facts.closed_on is None or inputs.from_on > facts.closed_on:
        raise DayIsOpen(on=inputs.from_on)
    if facts.exported_on is not None and inputs.from_on <= facts.exported_on:
        raise DayExported(exported=facts.exported_on, on=inputs.from_on)
    params = {"from": inputs.from_on, "through": facts.closed_on}
    some_stay = facts.begun_on is not None and facts.begun_on < inputs.from_on
    return Proposal(
        summary=Sentence(gettext_noop("Books reopened from %(from)s through %(through)s"), params),
        confirm=Sentence(gettext_noop("Reopen the books from %(from)s"), params),
        plan=Plan(from_on=inputs.from_on, former_on=facts.closed_on, reason=inputs.reason, asked_by=facts.asked_by),
        creates={"ledger_bookclose": 1},
        changes=(
            Change(
                code="closed_through",
                label=Sentence(gettext_noop("Closed through")),
                unit=Unit.DATE,
                before=facts.closed_on,
                after=inputs.from_on - ONE_DAY if some_stay else None,
            ),
            Change(
                code="days",
                label=Sentence(gettext_noop("Days with postings")),
                unit=Unit.COUNT,
                before=None,
                after=len(facts.days),
            ),
        ),
        rules=(house_rule("closing", "What the general ledger was given is never reopened"),),
        needs_approval=Sentence(gettext_noop("A second person decides that closed days are opened again.")),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Reopen them.

    Raises:
        ClosedMeanwhile: they were closed, reopened or exported meanwhile.
    """
    plan = proposal.plan
    reopen_from(
        plan.from_on,
        former_on=plan.former_on,
        reason=plan.reason,
        hands=hands_of(recording, asked_by=plan.asked_by),
    )


ACTION = registry.add(
    Action(
        name="reopen_period",
        title=gettext_noop("Reopen closed days"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Opens closed days again, as long as the general ledger was not given them. A second person decides it."
        ),
    )
)

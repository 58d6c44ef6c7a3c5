"""Move one cycle's day of a month: a storm, a holiday of the town, readers who are ill."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field

from weatherhead.actions.inputs import Blankable, NeededNote
from weatherhead.actions.metering.read_inputs import Day
from weatherhead.areas.metering.calendar import CalendarBounds, CycleDayPlan, planned_day, require_days
from weatherhead.areas.metering.operations import move_cycle_day
from weatherhead.areas.metering.reading_rules import CYCLE_MAX, CalendarRule, reading_rules
from weatherhead.areas.metering.routes import CycleDayFacts, calendar_bounds, cycle_day, days_of_cycle
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import BusinessDays, Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


def parse_month(value: object) -> object:
    """A month written 2026-12 as its first day; what is no such text is left to the type."""
    found = _MONTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None:
        try:
            return date(int(found[1]), int(found[2]), 1)
        except ValueError as error:
            raise ValueError(gettext_noop("write the month as 2026-12")) from error
    if isinstance(value, date):
        return value.replace(day=1)
    if isinstance(value, str):
        raise ValueError(gettext_noop("write the month as 2026-12"))
    return value


Month = Annotated[date, BeforeValidator(parse_month)]
Cycle = Annotated[int, Field(ge=1, le=CYCLE_MAX)]


class DayUnchanged(Refusal):
    """The same days as before."""

    template = gettext_noop("Cycle %(cycle)s is read on %(read_on)s and billed on %(bill_on)s already.")


class CycleReadAlready(Refusal):
    """The day has passed."""

    template = gettext_noop(
        "Cycle %(cycle)s was to be read on %(read_on)s, which has passed. Its reads stay as they are."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Cycle and month, the new read day, perhaps another bill day, and why."""

    cycle: Cycle
    month: Month
    read_on: Day
    bill_on: Annotated[Day | None, Blankable] = None
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The day as planned, the read days of the months around it, the rule, bounds, business days and today."""

    day: CycleDayFacts
    before: date | None
    after: date | None
    rule: CalendarRule
    bounds: CalendarBounds
    clock: BusinessDays
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The day as it will be, of which version, and why."""

    day: CycleDayPlan
    version: int
    reason: str


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the calendar of the cycle."""
    rule = reading_rules().calendar
    day = cycle_day(inputs.cycle, month=inputs.month)
    others = [item for item in days_of_cycle(inputs.cycle) if item.month != day.month]
    return Facts(
        day=day,
        before=max((item.read_on for item in others if item.month < day.month), default=None),
        after=min((item.read_on for item in others if item.month > day.month), default=None),
        rule=rule,
        bounds=calendar_bounds(rule),
        clock=current_utility().business_days,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check the new day against business days and the bounds of the periods on both sides.

    Raises:
        CycleReadAlready, DayUnchanged, DayClosed, DaysOutOfOrder, PeriodOutOfBounds: as they say.
    """
    day = facts.day
    if day.read_on < facts.as_of:
        raise CycleReadAlready(cycle=day.cycle, read_on=day.read_on)
    moved = planned_day(day.cycle, month=day.month, read_on=inputs.read_on, bounds=facts.bounds, clock=facts.clock)
    if inputs.bill_on is not None:
        due_on = inputs.bill_on + (moved.due_on - moved.bill_on)
        moved = CycleDayPlan(
            cycle=day.cycle, month=day.month, read_on=inputs.read_on, bill_on=inputs.bill_on, due_on=due_on
        )
    if (moved.read_on, moved.bill_on, moved.due_on) == (day.read_on, day.bill_on, day.due_on):
        raise DayUnchanged(cycle=day.cycle, read_on=day.read_on, bill_on=day.bill_on)
    require_days(moved, before=facts.before, after=facts.after, bounds=facts.bounds, clock=facts.clock)
    said = {"cycle": day.cycle, "was": day.read_on, "now": moved.read_on}
    return Proposal(
        summary=Sentence(gettext_noop("Cycle %(cycle)s is read on %(now)s instead of %(was)s"), said),
        confirm=Sentence(gettext_noop("Move to %(now)s"), said),
        plan=Plan(day=moved, version=day.version, reason=inputs.reason),
        updates={"metering_cycleday": 1},
        changes=tuple(
            Change(code=code, label=Sentence(label), unit=Unit.DATE, before=before, after=after)
            for code, label, before, after in (
                ("read_on", gettext_noop("Read on"), day.read_on, moved.read_on),
                ("bill_on", gettext_noop("Billed on"), day.bill_on, moved.bill_on),
                ("due_on", gettext_noop("Due on"), day.due_on, moved.due_on),
            )
        ),
        rules=(facts.rule.rule,),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Move the day.

    Raises:
        CycleDayChanged: someone was faster.
    """
    plan = proposal.plan
    move_cycle_day(plan.day, version=plan.version, reason=plan.reason, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="change_calendar_day",
        title=gettext_noop("Change a day of the reading calendar"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Moves one cycle's read and bill day of a month, with the reason; periods stay within bounds."
        ),
    )
)

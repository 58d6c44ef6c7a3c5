"""Plan the reading calendar of a year: for every cycle and month the day of reading, billing and payment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.figures import made
from weatherhead.areas.metering.calendar import CalendarBounds, CycleDayPlan, plan_year
from weatherhead.areas.metering.operations import CalendarPlanned, record_calendar
from weatherhead.areas.metering.reading_rules import CalendarRule, reading_rules
from weatherhead.areas.metering.routes import calendar_bounds, cycle_days, last_read_days
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import BusinessDays, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

YEAR_MIN, YEAR_MAX = 2000, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The year to plan."""

    year: Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The rule, the bounds of a period, the business days, the last read day of each cycle before, what is planned."""

    rule: CalendarRule
    bounds: CalendarBounds
    clock: BusinessDays
    before: Mapping[int, date]
    planned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The days to record."""

    days: tuple[CycleDayPlan, ...]


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read the rule and the calendar so far."""
    rule = reading_rules().calendar
    return Facts(
        rule=rule,
        bounds=calendar_bounds(rule),
        clock=current_utility().business_days,
        before=last_read_days(before=date(inputs.year, 1, 1)),
        planned=len(cycle_days(year=inputs.year)),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Spread the cycles over the business days.

    Raises:
        CalendarPlanned: the year has a calendar.
        CalendarImpossible: a period would be out of bounds whatever the day.
    """
    if facts.planned:
        raise CalendarPlanned(year=inputs.year)
    days = plan_year(inputs.year, cycles=facts.rule.cycles, bounds=facts.bounds, clock=facts.clock, before=facts.before)
    return Proposal(
        summary=Sentence(
            gettext_noop("Reading calendar of %(year)s planned: %(cycles)s cycles a month"),
            {"year": str(inputs.year), "cycles": facts.rule.cycles},
        ),
        confirm=Sentence(gettext_noop("Plan %(year)s"), {"year": str(inputs.year)}),
        plan=Plan(days=days),
        creates={"metering_cycleday": len(days)},
        changes=(
            made(gettext_noop("First read day"), days[0].read_on, code="first_read_on", unit=Unit.DATE),
            made(gettext_noop("Last read day"), days[-1].read_on, code="last_read_on", unit=Unit.DATE),
            made(gettext_noop("Days planned"), len(days), code="days", unit=Unit.COUNT),
        ),
        rules=(facts.rule.rule,),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the calendar.

    Raises:
        CalendarPlanned: someone was faster.
    """
    for number in record_calendar(proposal.plan.days, receipt_id=recording.receipt_id):
        recording.made_one("cycle_day", number)


ACTION = registry.add(
    Action(
        name="plan_calendar",
        title=gettext_noop("Plan the reading calendar"),
        duty=2,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Sets for a year when each cycle is read, billed and due, on business days within the bounds."
        ),
    )
)

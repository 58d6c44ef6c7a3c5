"""Start service: an account takes service at a service point on a rate schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from weatherhead.actions.adjustments.adjustment import record_planned
from weatherhead.actions.adjustments.connect_fee import ConnectFee, connect_fee, connect_fee_change
from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Blankable, Code, Number
from weatherhead.actions.metering.one_meter import JudgedRead
from weatherhead.actions.metering.read_inputs import DemandKw, Reading
from weatherhead.actions.premises.point_reads import (
    PointFacts,
    plan_point_read,
    point_facts,
    read_changes,
    record_point_reads,
)
from weatherhead.areas.agreements.operations import ServicePointTaken, start_agreement
from weatherhead.areas.agreements.queries import AgreementFacts, agreements_at
from weatherhead.areas.billing.decide import FACILITIES_LEVEL
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.tariffs.queries import ScheduleFacts, schedule_facts
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.rating.schedule import CountOption, FacilitiesLevel, Version
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NoMeterThere(Refusal):
    """Metered service without a meter."""

    template = gettext_noop("No meter hangs at %(address)s on %(on)s. Add the meter first.")


class AccountClosed(Refusal):
    """A closed account takes no service."""

    template = gettext_noop("Account %(number)s is closed. Create a new account.")


class ServiceBeforeAccount(Refusal):
    """Service cannot begin before the account."""

    template = gettext_noop("Account %(number)s was opened on %(opened)s; service cannot start before.")


class ScheduleNotInForce(Refusal):
    """The schedule begins later."""

    template = gettext_noop("Schedule %(code)s is not in force on %(on)s; its first version begins on %(first)s.")


class OptionsWrong(Refusal):
    """The schedule needs a choice, or does not know one."""

    template = gettext_noop("%(problem)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Account, service point, schedule and the choices that the schedule asks for, and what the meter read then.

    Without a reading the meter's own read of that day counts, entered before or still to come.
    """

    account_id: Number
    service_point_id: Number
    schedule: Code
    start_on: date
    options: Mapping[str, str] = field(default_factory=dict)
    reading: Annotated[Reading | None, Blankable] = None
    demand_kw: DemandKw = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts:
    """What starting service depends on. `there` are the agreements at the service point, latest first."""

    account: AccountFacts
    place: PointFacts
    there: tuple[AgreementFacts, ...]
    holder_number: str  # of the account that took service there last
    schedule: ScheduleFacts
    connect: ConnectFee | None  # what the rule charges for starting
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlan:
    """The agreement to write, and the move-in read unless there is one."""

    account_id: int
    service_point_id: int
    schedule: str
    options: Mapping[str, str]
    start_on: date
    read: JudgedRead | None
    connect: ConnectFee | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What is asked for: service of an account at a service point on a schedule from a day on."""

    schedule: str
    start_on: date
    options: Mapping[str, str]
    reading: int | None
    demand_kw: str
    read_needed: bool  # whether service may begin before its read is in


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> StartFacts:
    """Read account, service point, meter and schedule."""
    return start_facts(
        account_id=inputs.account_id,
        service_point_id=inputs.service_point_id,
        schedule=inputs.schedule,
        on=inputs.start_on,
        as_of=moment.as_of,
    )


def start_facts(*, account_id: int, service_point_id: int, schedule: str, on: date, as_of: date) -> StartFacts:
    """Everything that service beginning somewhere on a day depends on."""
    there = agreements_at([service_point_id])
    return StartFacts(
        account=account(account_id),
        place=point_facts(service_point_id, on=on),
        there=there,
        holder_number=account(there[0].account_id).number_grouped if there else "",
        schedule=schedule_facts(schedule),
        connect=connect_fee(account_id, start_on=on, as_of=as_of),
        as_of=as_of,
    )


def propose(facts: StartFacts, inputs: Inputs) -> Proposal[StartPlan]:
    """Check that service can start there, then.

    Raises:
        AccountClosed, ServiceBeforeAccount, ServicePointTaken, NoMeterThere, ScheduleNotInForce, OptionsWrong, and the
        refusals of a read: as they say.
    """
    wanted = Start(
        schedule=inputs.schedule,
        start_on=inputs.start_on,
        options=inputs.options,
        reading=inputs.reading,
        demand_kw=inputs.demand_kw,
        read_needed=False,
    )
    plan = plan_start(facts, wanted=wanted)
    return Proposal(
        summary=Sentence(
            gettext_noop("Service started at %(address)s on %(schedule)s"),
            {"address": facts.place.point.address, "schedule": facts.schedule.schedule.name},
        ),
        confirm=Sentence(gettext_noop("Start service")),
        plan=plan,
        account_ids=(plan.account_id,),
        entries=start_entries(plan),
        creates=start_counts(plan),
        changes=start_changes(facts, plan=plan),
        rules=start_rules(facts, plan=plan),
    )


def plan_start(facts: StartFacts, *, wanted: Start) -> StartPlan:
    """Decide whether service can begin. Shared with moving service.

    Raises:
        AccountClosed, ServiceBeforeAccount, ServicePointTaken, NoMeterThere, ScheduleNotInForce, OptionsWrong, and the
        refusals of a read: as they say.
    """
    if facts.account.closed_on is not None:
        raise AccountClosed(number=facts.account.number_grouped)
    if wanted.start_on < facts.account.opened_on:
        raise ServiceBeforeAccount(number=facts.account.number_grouped, opened=facts.account.opened_on)
    if any(item.end_on is None or item.end_on > wanted.start_on for item in facts.there[:1]):
        raise ServicePointTaken(account=facts.holder_number)
    if facts.place.point.kind == "metered" and facts.place.meter is None:
        raise NoMeterThere(address=facts.place.point.address, on=wanted.start_on)
    first = facts.schedule.schedule.versions[0].effective
    if wanted.start_on < first:
        raise ScheduleNotInForce(code=wanted.schedule, on=wanted.start_on, first=first)
    check_options(facts.schedule, code=wanted.schedule, options=wanted.options)
    read = plan_point_read(
        facts.place,
        on=wanted.start_on,
        kind="move_in",
        reading=wanted.reading,
        demand_kw=wanted.demand_kw,
        as_of=facts.as_of,
        needed=wanted.read_needed,
    )
    return StartPlan(
        account_id=facts.account.account_id,
        service_point_id=facts.place.point.service_point_id,
        schedule=wanted.schedule,
        options=dict(wanted.options),
        start_on=wanted.start_on,
        read=read,
        connect=facts.connect,
    )


def start_entries(plan: StartPlan) -> tuple[EntryDraft, ...]:
    """What a start posts: the fee, where the rule charges one."""
    return (plan.connect.plan.entry,) if plan.connect is not None else ()


def start_counts(plan: StartPlan) -> dict[str, int]:
    """The rows that a start writes, by table."""
    counts = {"agreements_serviceagreement": 1, "metering_read": int(plan.read is not None)}
    counts["billing_adjustment"] = int(plan.connect is not None)
    return {table: count for table, count in counts.items() if count}


def start_changes(facts: StartFacts, *, plan: StartPlan) -> tuple[Change, ...]:
    """What is new: where, on which rate, from when, with which read."""
    address = Change(
        code="service",
        label=Sentence(gettext_noop("Service at")),
        unit=Unit.TEXT,
        before=None,
        after=facts.place.point.address,
        account_id=plan.account_id,
    )
    return (
        address,
        made(gettext_noop("Rate"), facts.schedule.schedule.name, code="schedule"),
        made(gettext_noop("From"), plan.start_on, code="start", unit=Unit.DATE),
        *read_changes(plan.read, label=gettext_noop("Move-in read"), account_id=plan.account_id),
        *((connect_fee_change(plan.connect),) if plan.connect is not None else ()),
    )


def start_rules(facts: StartFacts, *, plan: StartPlan) -> tuple[Rule, ...]:
    """The tariff version in force on the day, and the rules that charge for connecting."""
    schedule = facts.schedule.schedule
    version = next(item for item in reversed(schedule.versions) if item.effective <= plan.start_on)
    rate = Rule(code=schedule.code, title=schedule.name, citation=version.citation, status=version.status.value)
    return (rate, *(plan.connect.rules if plan.connect is not None else ()))


def check_options(facts: ScheduleFacts, *, code: str, options: Mapping[str, str]) -> None:
    """Refuse options that the schedule does not have; what it needs is refused by rating, in its own words."""
    known = facts.schedule.options
    for name, value in options.items():
        option = known.get(name)
        if name == FACILITIES_LEVEL:
            levels = [str(level.level) for version in facts.schedule.versions for level in _levels(version)]
            if value not in levels:
                raise OptionsWrong(problem=f"Schedule {code} has no facilities level {value}.")
        elif option is None:
            raise OptionsWrong(problem=f"Schedule {code} has no option {name}.")
        elif isinstance(option, CountOption):
            if not (value.isascii() and value.isdigit()):
                raise OptionsWrong(problem=f"{option.label} must be a whole number, not {value!r}.")
        elif value not in option.values:
            raise OptionsWrong(problem=f"{option.label} must be one of {', '.join(option.values)}, not {value!r}.")
    missing = [
        option.label
        for name, option in known.items()
        if name not in options and (isinstance(option, CountOption) or option.default is None)
    ]
    if missing:
        raise OptionsWrong(problem=f"Schedule {code} asks for: {', '.join(missing)}.")


def _levels(version: Version) -> tuple[FacilitiesLevel, ...]:
    return version.facilities.levels if version.facilities else ()


def record(proposal: Proposal[StartPlan], recording: Recording) -> None:
    """Write the agreement and its first read.

    Raises:
        ServicePointTaken: someone takes service there.
        MeterReadMeanwhile: other reads of the meter came since.
    """
    write_start(proposal.plan, recording=recording)
    record_point_reads([proposal.plan.read], recording=recording)


def write_start(plan: StartPlan, *, recording: Recording) -> None:
    """Write the agreement, and charge what starting costs.

    Raises:
        ServicePointTaken: someone takes service there.
    """
    number = start_agreement(
        account_id=plan.account_id,
        service_point_id=plan.service_point_id,
        schedule=plan.schedule,
        options=plan.options,
        start_on=plan.start_on,
    )
    recording.made_one("agreement", number)
    if plan.connect is not None:
        record_planned(plan.connect.plan, recording)


ACTION = registry.add(
    Action(
        name="start_service",
        title=gettext_noop("Start service"),
        duty=2,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="S",
        summary=gettext_noop("Makes usage billable: account, service point, rate schedule and day."),
    )
)

"""Start service: an account takes service at a service point on a rate schedule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from weatherhead.actions.figures import made
from weatherhead.actions.inputs import Code, Number
from weatherhead.areas.agreements.operations import start_agreement
from weatherhead.areas.billing.decide import FACILITIES_LEVEL
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.metering.queries import InstallationFacts, installation_at
from weatherhead.areas.premises.queries import ServicePointFacts, service_point
from weatherhead.areas.tariffs.queries import ScheduleFacts, schedule_facts
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
    """Account, service point, schedule and the choices that the schedule asks for."""

    account_id: Number
    service_point_id: Number
    schedule: Code
    start_on: date
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What starting service depends on."""

    account: AccountFacts
    point: ServicePointFacts
    installation: InstallationFacts | None
    schedule: ScheduleFacts


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read account, service point, meter and schedule."""
    return Facts(
        account=account(inputs.account_id),
        point=service_point(inputs.service_point_id),
        installation=installation_at(inputs.service_point_id, on=inputs.start_on),
        schedule=schedule_facts(inputs.schedule),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Inputs]:
    """Check that service can start there, then.

    Raises:
        AccountClosed, ServiceBeforeAccount, NoMeterThere, ScheduleNotInForce, OptionsWrong: as they say.
    """
    if facts.account.closed_on is not None:
        raise AccountClosed(number=facts.account.number_grouped)
    if inputs.start_on < facts.account.opened_on:
        raise ServiceBeforeAccount(number=facts.account.number_grouped, opened=facts.account.opened_on)
    if facts.point.kind == "metered" and facts.installation is None:
        raise NoMeterThere(address=facts.point.address, on=inputs.start_on)
    first = facts.schedule.schedule.versions[0].effective
    if inputs.start_on < first:
        raise ScheduleNotInForce(code=inputs.schedule, on=inputs.start_on, first=first)
    _check_options(facts.schedule, inputs=inputs)
    address = Change(
        code="service",
        label=Sentence(gettext_noop("Service at")),
        unit=Unit.TEXT,
        before=None,
        after=facts.point.address,
        account_id=facts.account.account_id,
    )
    schedule = facts.schedule.schedule
    version = next(item for item in reversed(schedule.versions) if item.effective <= inputs.start_on)
    return Proposal(
        summary=Sentence(
            gettext_noop("Service started at %(address)s on %(schedule)s"),
            {"address": facts.point.address, "schedule": schedule.name},
        ),
        confirm=Sentence(gettext_noop("Start service")),
        plan=inputs,
        account_ids=(facts.account.account_id,),
        creates={"agreements_serviceagreement": 1},
        changes=(
            address,
            made(gettext_noop("Rate"), schedule.name, code="schedule"),
            made(gettext_noop("From"), inputs.start_on, code="start", unit=Unit.DATE),
        ),
        rules=(Rule(code=schedule.code, title=schedule.name, citation=version.citation, status=version.status.value),),
    )


def _check_options(facts: ScheduleFacts, *, inputs: Inputs) -> None:
    """Refuse options that the schedule does not have; what it needs is refused by rating, in its own words."""
    known = facts.schedule.options
    for name, value in inputs.options.items():
        option = known.get(name)
        if name == FACILITIES_LEVEL:
            levels = [str(level.level) for version in facts.schedule.versions for level in _levels(version)]
            if value not in levels:
                raise OptionsWrong(problem=f"Schedule {inputs.schedule} has no facilities level {value}.")
        elif option is None:
            raise OptionsWrong(problem=f"Schedule {inputs.schedule} has no option {name}.")
        elif isinstance(option, CountOption):
            if not (value.isascii() and value.isdigit()):
                raise OptionsWrong(problem=f"{option.label} must be a whole number, not {value!r}.")
        elif value not in option.values:
            raise OptionsWrong(problem=f"{option.label} must be one of {', '.join(option.values)}, not {value!r}.")
    missing = [
        option.label
        for name, option in known.items()
        if name not in inputs.options and (isinstance(option, CountOption) or option.default is None)
    ]
    if missing:
        raise OptionsWrong(problem=f"Schedule {inputs.schedule} asks for: {', '.join(missing)}.")


def _levels(version: Version) -> tuple[FacilitiesLevel, ...]:
    return version.facilities.levels if version.facilities else ()


def record(proposal: Proposal[Inputs], recording: Recording) -> None:
    """Write the agreement.

    Raises:
        ServicePointTaken: someone takes service there.
    """
    plan = proposal.plan
    number = start_agreement(
        account_id=plan.account_id,
        service_point_id=plan.service_point_id,
        schedule=plan.schedule,
        options=plan.options,
        start_on=plan.start_on,
    )
    recording.made_one("agreement", number)


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

"""Move service: the same account ends it here and starts it there, with a read at both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from weatherhead.actions.inputs import Blankable, Code, Number, OptionalCity, ShortText, UnitText
from weatherhead.actions.metering.read_inputs import Day, DemandKw, Reading
from weatherhead.actions.premises.end_service import (
    EndFacts,
    EndPlan,
    end_changes,
    end_counts,
    end_facts,
    end_rule,
    plan_end,
    write_end,
)
from weatherhead.actions.premises.forwarding import MailAddress, MailPlan, mail_changes, plan_mail, write_mail
from weatherhead.actions.premises.point_reads import record_point_reads
from weatherhead.actions.premises.start_service import (
    Start,
    StartFacts,
    StartPlan,
    plan_start,
    start_changes,
    start_counts,
    start_entries,
    start_facts,
    start_rules,
    write_start,
)
from weatherhead.areas.agreements.queries import agreement
from weatherhead.areas.premises.queries import ServicePointFacts
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry


class MovedNowhere(Refusal):
    """Here and there are the same service point."""

    template = gettext_noop("%(address)s is where service is taken already. Choose where the customer moves to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which service ends when, with which read; where it starts, when, on which rate, with which read.

    Without `start_on` it starts on the day on which the other ends. Mail goes to the new place, unless another address
    is given or the account's mail goes elsewhere already.
    """

    agreement_id: Number
    end_on: Day
    reading: Annotated[Reading | None, Blankable] = None
    demand_kw: DemandKw = ""
    service_point_id: Number
    schedule: Code
    options: Mapping[str, str] = field(default_factory=dict)
    start_on: Annotated[Day | None, Blankable] = None
    start_reading: Annotated[Reading | None, Blankable] = None
    start_demand_kw: DemandKw = ""
    mail_street: ShortText = field(default="", metadata=SENSITIVE)
    mail_unit: UnitText = field(default="", metadata=SENSITIVE)
    mail_city: OptionalCity = ""
    mail_state: ShortText = ""
    mail_postal_code: ShortText = field(default="", metadata=SENSITIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the end and the start depend on."""

    end: EndFacts
    start: StartFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The end, the start, and where mail goes."""

    end: EndPlan
    start: StartPlan
    mail: MailPlan | None


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The agreement's account."""
    return (agreement(inputs.agreement_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read both places."""
    end = end_facts(inputs.agreement_id, on=inputs.end_on, as_of=moment.as_of)
    start = start_facts(
        account_id=end.account.account_id,
        service_point_id=inputs.service_point_id,
        schedule=inputs.schedule,
        on=inputs.start_on or inputs.end_on,
        as_of=moment.as_of,
    )
    return Facts(end=end, start=start)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Check that service can end here and start there.

    Raises:
        MovedNowhere, and the refusals of ending and of starting service: as they say.
    """
    here, there = facts.end.place.point, facts.start.place.point
    if here.service_point_id == there.service_point_id:
        raise MovedNowhere(address=here.address)
    end = plan_end(facts.end, end_on=inputs.end_on, reading=inputs.reading, demand_kw=inputs.demand_kw)
    wanted = Start(
        schedule=inputs.schedule,
        start_on=inputs.start_on or inputs.end_on,
        options=inputs.options,
        reading=inputs.start_reading,
        demand_kw=inputs.start_demand_kw,
        read_needed=True,
    )
    start = plan_start(facts.start, wanted=wanted)
    mail = plan_mail(facts.end.account, given=_mail(facts, inputs=inputs))
    counts = end_counts(end), start_counts(start)
    creates = {table: sum(of.get(table, 0) for of in counts) for table in sorted({*counts[0], *counts[1]})}
    return Proposal(
        summary=Sentence(
            gettext_noop("Service moved from %(before)s to %(after)s"),
            {"before": here.address, "after": there.address},
        ),
        confirm=Sentence(gettext_noop("Move service")),
        plan=Plan(end=end, start=start, mail=mail),
        account_ids=(start.account_id,),
        entries=start_entries(start),
        creates=creates,
        updates={"agreements_serviceagreement": 1} | ({"customers_account": 1} if mail else {}),
        changes=(
            *end_changes(facts.end, plan=end),
            *start_changes(facts.start, plan=start),
            *mail_changes(mail),
        ),
        rules=(end_rule(), *start_rules(facts.start, plan=start)),
    )


def _mail(facts: Facts, *, inputs: Inputs) -> MailAddress:
    """Where mail goes: what was given; else it moves along when it went to the place that is left."""
    given = MailAddress(
        street=inputs.mail_street,
        unit=inputs.mail_unit,
        city=inputs.mail_city,
        state=inputs.mail_state,
        postal_code=inputs.mail_postal_code,
    )
    if given.street or given.unit or given.city or given.postal_code:
        return given
    account, here = facts.end.account, facts.end.place.point
    mailed_here = (account.mail_street, account.mail_unit, account.mail_postal_code) == (
        here.street,
        here.unit,
        here.postal_code,
    )
    return _address_of(facts.start.place.point) if mailed_here else _NO_ADDRESS


def _address_of(point: ServicePointFacts) -> MailAddress:
    return MailAddress(
        street=point.street, unit=point.unit, city=point.city, state=point.state, postal_code=point.postal_code
    )


_NO_ADDRESS = MailAddress(street="", unit="", city="", state="", postal_code="")


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write both agreements, both reads and the address.

    Raises:
        AgreementEnded, AgreementChanged, ServicePointTaken, MeterReadMeanwhile, StaleAccount: someone was faster.
    """
    plan = proposal.plan
    write_end(plan.end)
    write_start(plan.start, recording=recording)
    record_point_reads([plan.end.read, plan.start.read], recording=recording)
    write_mail(plan.mail)


ACTION = registry.add(
    Action(
        name="move_service",
        title=gettext_noop("Move service"),
        duty=2,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="V",
        summary=gettext_noop("Ends service at one place and starts it at another for the same account, in one go."),
    )
)

"""End service: the last read is taken, the agreement ends, the service point stays with its meter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Blankable, Note, Number, ShortText
from weatherhead.actions.metering.one_meter import JudgedRead
from weatherhead.actions.metering.read_inputs import Day, DemandKw, Reading
from weatherhead.actions.premises.forwarding import MailAddress, MailPlan, mail_changes, plan_mail, write_mail
from weatherhead.actions.premises.point_reads import (
    PointFacts,
    plan_point_read,
    point_facts,
    read_changes,
    record_point_reads,
)
from weatherhead.areas.agreements.operations import AgreementEnded, end_agreement
from weatherhead.areas.agreements.queries import AgreementFacts, agreement, agreements_of_accounts
from weatherhead.areas.billing.periods import billed_through
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry


class EndsInFuture(Refusal):
    """Service ends with a read, which is still to come."""

    template = gettext_noop("%(on)s is still to come. Service ends with its last read: end it on that day.")


class EndsBeforeStart(Refusal):
    """Service of no day."""

    template = gettext_noop("Service at %(address)s started on %(start)s. Choose a later day.")


class BilledBeyondEnd(Refusal):
    """Days after the end are billed already."""

    template = gettext_noop(
        "Service at %(address)s is billed through %(through)s already. End it on %(through)s or later, or put that "
        "bill right first."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which service, the day of the last read, what it was, and where mail goes from now on, if elsewhere.

    `end_on` is the first day that is no longer billed: whoever comes next may start on it, with the same read.
    """

    agreement_id: Number
    end_on: Day
    reading: Annotated[Reading | None, Blankable] = None
    demand_kw: DemandKw = ""
    mail_street: ShortText = field(default="", metadata=SENSITIVE)
    mail_unit: ShortText = field(default="", metadata=SENSITIVE)
    mail_city: ShortText = ""
    mail_state: ShortText = ""
    mail_postal_code: ShortText = field(default="", metadata=SENSITIVE)
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """What ending service depends on. `others_open` counts the account's other services in force."""

    account: AccountFacts
    agreement: AgreementFacts
    others_open: int
    place: PointFacts
    billed_through_on: date | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPlan:
    """The end to write, and the move-out read unless there is one."""

    agreement_id: int
    version: int
    end_on: date
    read: JudgedRead | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The end of service and the forwarding address."""

    end: EndPlan
    mail: MailPlan | None
    note: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The agreement's account."""
    return (agreement(inputs.agreement_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> EndFacts:
    """Read account, agreement, meter and what is billed."""
    return end_facts(inputs.agreement_id, on=inputs.end_on, as_of=moment.as_of)


def end_facts(agreement_id: int, *, on: date, as_of: date) -> EndFacts:
    """Everything that the end of an agreement on a day depends on.

    Raises:
        NoSuchAgreement: for an unknown number.
    """
    found = agreement(agreement_id)
    others = agreements_of_accounts([found.account_id])
    return EndFacts(
        account=account(found.account_id),
        agreement=found,
        others_open=sum(item.end_on is None and item.agreement_id != agreement_id for item in others),
        place=point_facts(found.service_point_id, on=on),
        billed_through_on=billed_through([agreement_id]).get(agreement_id),
        as_of=as_of,
    )


def propose(facts: EndFacts, inputs: Inputs) -> Proposal[Plan]:
    """Check that service can end there, then.

    Raises:
        AgreementEnded, EndsInFuture, EndsBeforeStart, BilledBeyondEnd, AddressIncomplete, and the refusals of a read:
            as they say.
    """
    end = plan_end(facts, end_on=inputs.end_on, reading=inputs.reading, demand_kw=inputs.demand_kw)
    given = MailAddress(
        street=inputs.mail_street,
        unit=inputs.mail_unit,
        city=inputs.mail_city,
        state=inputs.mail_state,
        postal_code=inputs.mail_postal_code,
    )
    mail = plan_mail(facts.account, given=given)
    template = gettext_noop("Service ended at %(address)s on %(on)s")
    if not facts.others_open:
        template = gettext_noop("Service ended at %(address)s on %(on)s; the next bill is the final one")
    return Proposal(
        summary=Sentence(template, {"address": facts.place.point.address, "on": inputs.end_on}),
        confirm=Sentence(gettext_noop("End service")),
        plan=Plan(end=end, mail=mail, note=inputs.note),
        account_ids=(facts.account.account_id,),
        creates=end_counts(end),
        updates={"agreements_serviceagreement": 1} | ({"customers_account": 1} if mail else {}),
        changes=(*end_changes(facts, plan=end), *mail_changes(mail)),
        rules=(end_rule(),),
    )


def plan_end(facts: EndFacts, *, end_on: date, reading: int | None, demand_kw: str) -> EndPlan:
    """Decide whether service can end. Shared with moving service.

    Raises:
        AgreementEnded, EndsInFuture, EndsBeforeStart, BilledBeyondEnd, and the refusals of a read: as they say.
    """
    found, address = facts.agreement, facts.place.point.address
    if found.end_on is not None:
        raise AgreementEnded(on=found.end_on)
    if end_on > facts.as_of:
        raise EndsInFuture(on=end_on)
    if end_on <= found.start_on:
        raise EndsBeforeStart(address=address, start=found.start_on)
    if facts.billed_through_on is not None and end_on < facts.billed_through_on:
        raise BilledBeyondEnd(address=address, through=facts.billed_through_on)
    read = plan_point_read(
        facts.place,
        on=end_on,
        kind="move_out",
        reading=reading,
        demand_kw=demand_kw,
        as_of=facts.as_of,
        needed=True,
    )
    return EndPlan(agreement_id=found.agreement_id, version=found.version, end_on=end_on, read=read)


def end_counts(plan: EndPlan) -> dict[str, int]:
    """The rows that an end writes, by table."""
    return {"metering_read": 1} if plan.read else {}


def end_changes(facts: EndFacts, *, plan: EndPlan) -> tuple[Change, ...]:
    """What ends: where, when, with which read."""
    account_id = facts.account.account_id
    until = Change(
        code="end",
        label=Sentence(gettext_noop("Service at %(address)s, until"), {"address": facts.place.point.address}),
        unit=Unit.DATE,
        before=None,
        after=plan.end_on,
        account_id=account_id,
    )
    return (
        until,
        *read_changes(plan.read, label=gettext_noop("Move-out read"), account_id=account_id),
    )


def end_rule() -> Rule:
    """Why use is billed up to the read and no further."""
    return house_rule("service spans", "Service is billed from its first read to its last, the last day excluded")


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the end, the read and the address.

    Raises:
        AgreementEnded, AgreementChanged, MeterReadMeanwhile, StaleAccount: someone was faster.
    """
    plan = proposal.plan
    write_end(plan.end)
    record_point_reads([plan.end.read], recording=recording)
    write_mail(plan.mail)


def write_end(plan: EndPlan) -> None:
    """Write the agreement's end.

    Raises:
        AgreementEnded, AgreementChanged: someone was faster.
    """
    end_agreement(agreement_id=plan.agreement_id, version=plan.version, end_on=plan.end_on)


ACTION = registry.add(
    Action(
        name="end_service",
        title=gettext_noop("End service"),
        duty=2,
        on="agreement",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="E",
        summary=gettext_noop("Ends service with a last read; the meter stays, and the next bill is the final one."),
    )
)

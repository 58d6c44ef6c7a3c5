"""Bill an account: price what was used since the last bill, check it, and issue the bill or hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from weatherhead.actions.billing.composing import BillingFacts, Kept, compose_bill, kept_for, row_counts, rules_of
from weatherhead.actions.figures import money_changes, standing_of
from weatherhead.actions.inputs import Blankable, Number
from weatherhead.areas.billing.decide import SegmentPlan, next_period, plan_segment
from weatherhead.areas.billing.operations import BillPlan, ExceptionPlan, issue_bill, raise_exceptions
from weatherhead.areas.billing.queries import billing_of_account
from weatherhead.areas.billing.refusals import BillingHeld, MigrationNotSignedOff, NoService, NothingToBill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.frames import bill_frame, made_frame
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.ledger.queries import waiting_credit_of
from weatherhead.areas.migration.queries import migration_open
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.operations import keep_texts
from weatherhead.areas.tariffs.queries import rate_book, schedule_facts
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class ThroughFuture(Refusal):
    """Only what was used can be billed."""

    template = gettext_noop("Use cannot be billed through %(on)s, which is still to come.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The account, and the last day of use to bill (exclusive); today when left out."""

    account_id: Number
    through_on: Annotated[date | None, Blankable] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the bill depends on, and which rate texts, prices and frames are kept already."""

    billing: BillingFacts
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Either a bill, or the exceptions that hold it."""

    bill: BillPlan | None
    exceptions: tuple[ExceptionPlan, ...]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather_billing(account_id: int, *, as_of: date) -> BillingFacts:
    """Everything that a bill of an account depends on."""
    utility = current_utility()
    agreements, latest = billing_of_account(account_id)
    return BillingFacts(
        account=account(account_id),
        agreements=agreements,
        standing=standing_of(account_id),
        waits_cents=waiting_credit_of([account_id])[account_id],
        latest=latest,
        utility=utility,
        frame=bill_frame(utility, rate_book=rate_book()),
        as_of=as_of,
    )


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read account, agreements, reads, segments, exceptions, schedules and balance.

    Raises:
        MigrationNotSignedOff: what was loaded from an old system waits for its sign-off.
    """
    if migration_open():
        raise MigrationNotSignedOff
    billing = gather_billing(inputs.account_id, as_of=moment.as_of)
    return Facts(billing=billing, kept=kept_for(billing))


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Price and check every agreement that has something to bill.

    Raises:
        NoService, NothingToBill, BillingHeld, ThroughFuture, StartReadMissing, UsageNotRatable: as they say.
    """
    billing = facts.billing
    through_on = inputs.through_on or billing.as_of
    if through_on > billing.as_of:
        raise ThroughFuture(on=through_on)
    if not billing.agreements:
        raise NoService(number=billing.account.number_grouped)
    segments = plan_segments(billing, through_on=through_on)
    held = tuple(_exceptions(segments))
    if held:
        _refuse_when_held(billing, plans=held)
        return _hold(billing, plans=held)
    kind = "final" if all(item.agreement.end_on for item in billing.agreements) else "regular"
    plan = compose_bill(billing, segments=segments, kind=kind)
    return Proposal(
        summary=Sentence(
            gettext_noop("Bill of $%(amount)s, due %(due)s"),
            {"amount": format_cents(plan.total_cents), "due": plan.due_on},
        ),
        confirm=Sentence(gettext_noop("Issue bill of $%(amount)s"), {"amount": format_cents(plan.total_cents)}),
        plan=Plan(bill=plan, exceptions=()),
        account_ids=(inputs.account_id,),
        entries=plan.entries,
        creates=row_counts(plan, kept=facts.kept),
        changes=(
            *money_changes(billing.standing, entries=plan.entries, as_of=billing.as_of),
            _energy(segments, account_id=inputs.account_id),
        ),
        rules=rules_of(billing.agreements, on=through_on),
    )


def plan_segments(billing: BillingFacts, *, through_on: date) -> tuple[SegmentPlan, ...]:
    """A segment for every agreement that has something to bill.

    Raises:
        NothingToBill: none has.
        BillingHeld: a person holds one.
    """
    segments: list[SegmentPlan] = []
    nothing: NothingToBill | None = None
    for item in billing.agreements:
        try:
            period = next_period(item, through_on=through_on)
        except NothingToBill as refusal:
            nothing = refusal
            continue
        segments.append(plan_segment(item, period=period, bounds=billing.utility.billing.bounds))
    if not segments:
        raise nothing or NoService(number=billing.account.number_grouped)
    return tuple(segments)


def _exceptions(segments: tuple[SegmentPlan, ...]) -> list[ExceptionPlan]:
    return [
        ExceptionPlan(
            agreement_id=segment.agreement_id,
            start_on=segment.start_on,
            end_on=segment.end_on,
            kind=check.code,
            text=check.text,
        )
        for segment in segments
        for check in segment.failed
    ]


def _refuse_when_held(billing: BillingFacts, *, plans: tuple[ExceptionPlan, ...]) -> None:
    """What is held already is not held twice: a person has to look first."""
    held = {
        (item.agreement_id, item.start_on, item.kind)
        for agreement in billing.agreements
        for item in agreement.exceptions
        if item.state == "held"
    }
    again = [plan for plan in plans if (plan.agreement_id, plan.start_on, plan.kind) in held]
    if again:
        raise BillingHeld(why=" ".join(str(plan.text) for plan in again))


def _hold(billing: BillingFacts, *, plans: tuple[ExceptionPlan, ...]) -> Proposal[Plan]:
    why = " ".join(str(plan.text) for plan in plans)
    return Proposal(
        summary=Sentence(gettext_noop("Bill held, not issued: %(why)s"), {"why": why}),
        confirm=Sentence(gettext_noop("Hold the bill")),
        plan=Plan(bill=None, exceptions=plans),
        account_ids=(billing.account.account_id,),
        creates={"billing_billexception": len(plans)},
        changes=money_changes(billing.standing, entries=(), as_of=billing.as_of),
        rules=rules_of(billing.agreements, on=billing.as_of),
    )


def _energy(segments: tuple[SegmentPlan, ...], *, account_id: int) -> Change:
    return Change(
        code="energy",
        label=Sentence(gettext_noop("Energy billed")),
        unit=Unit.ENERGY_WH,
        before=None,
        after=sum(segment.energy_wh for segment in segments),
        account_id=account_id,
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Issue the bill and post it, or hold it.

    Raises:
        PeriodAlreadyBilled: someone billed the days meanwhile.
    """
    plan = proposal.plan
    if plan.bill is None:
        for number in raise_exceptions(
            plan.exceptions, raised_on=recording.moment.as_of, receipt_id=recording.receipt_id
        ):
            recording.made_one("exception", number)
        return
    keep_texts(schedule_facts(segment.schedule) for segment in plan.bill.segments)
    keep_frame(made_frame(plan.bill.payload["frame_sha256"]))
    bill_id, entry_ids = issue_bill(plan.bill, at=recording.moment.at, receipt_id=recording.receipt_id)
    recording.made_one("bill", bill_id)
    recording.entry_ids.extend(entry_ids)


ACTION = registry.add(
    Action(
        name="bill_account",
        title=gettext_noop("Bill the account"),
        duty=3,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="B",
        summary=gettext_noop("Prices what was used since the last bill and issues the bill, or holds it for a person."),
    )
)

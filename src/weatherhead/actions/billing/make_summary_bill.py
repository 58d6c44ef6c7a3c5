"""Make a customer's summary bill of a day: the bills of that day, one amount, one stub. It posts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.actions.billing.waiting_bills import WaitingBills, waiting_bills
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.operations.summaries import SummaryPlan, keep_summaries
from weatherhead.areas.customers.queries import accounts_of_customer, customer
from weatherhead.areas.documents.frames import bill_frame, made_frame
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.documents.queries import kept_frames
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.statements import BillDocument, Frame, summary_accounts, summary_due_on, summary_payload
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NothingToSummarize(Refusal):
    """A summary is of several bills."""

    template = gettext_noop(
        "On %(on)s no two bills of this customer wait for a summary to one address. Bills that are alone, or in a "
        "print file already, are mailed by themselves."
    )


class BalancesMoved(Refusal):
    """A summary made now would ask again for what was paid, or for less than is owed."""

    template = gettext_noop(
        "Since bill %(bills)s of %(on)s the balance has moved: a summary would ask for the wrong amount, and too few "
        "other bills are left for one. They are mailed by themselves."
    )


class RunStillIssuing(Refusal):
    """Bills of the day are still to come."""

    template = gettext_noop("Bill run %(run)s is still issuing bills of %(on)s. Make the summary when it is done.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The customer, and the day on which the bills were issued."""

    customer_id: Number
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What waits, and the frame that a summary of today is read with."""

    waiting: WaitingBills
    frame: Frame
    frame_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The summaries: one for each address that the bills go to."""

    summaries: tuple[SummaryPlan, ...]
    frame_sha256: str


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The customer's accounts."""
    return tuple(item.account_id for item in accounts_of_customer(inputs.customer_id))


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read the bills of the day that are on no summary and in no print file.

    Raises:
        NoSuchCustomer: for an unknown one.
        DocumentChanged: a bill is not what was issued.
    """
    customer(inputs.customer_id)
    frame = bill_frame(current_utility(), rate_book=rate_book())
    return Facts(
        waiting=waiting_bills(customer_id=inputs.customer_id, issued_on=inputs.issued_on),
        frame=frame,
        frame_kept=bool(kept_frames([frame.sha256])),
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """A summary of the bills to each address; what is alone there, or says what is no longer owed, stays alone.

    Raises:
        RunStillIssuing, BalancesMoved, NothingToSummarize: as they say.
    """
    waiting = facts.waiting
    if waiting.running is not None:
        raise RunStillIssuing(run=waiting.running, on=inputs.issued_on)
    together, alone = waiting.together, ", ".join(waiting.left_alone)
    if not together:
        raise BalancesMoved(bills=alone, on=inputs.issued_on) if alone else NothingToSummarize(on=inputs.issued_on)
    billed = {bill.account_number for bill in waiting.bills.values()} - waiting.moved
    left = [
        item.number
        for item in waiting.accounts
        if item.account_id in waiting.enrolled and item.closed_on is None and item.number not in billed
    ]
    plans = tuple(_plan(bills, left=left, facts=facts, inputs=inputs) for bills in together)
    on_them = {bill.account_number for bills in together for bill in bills.values()}
    counts = {
        "billing_summarybill": len(plans),
        "billing_summarymember": sum(len(plan.bill_ids) for plan in plans),
        "documents_documentframe": 0 if facts.frame_kept else 1,
    }
    return Proposal(
        summary=_said(on=inputs.issued_on, count=len(on_them), alone=alone),
        confirm=Sentence(gettext_noop("Make the summary bill")),
        plan=Plan(summaries=plans, frame_sha256=facts.frame.sha256),
        account_ids=tuple(item.account_id for item in waiting.accounts if item.number in on_them),
        creates={table: count for table, count in counts.items() if count},
        when_tied="allow",
        changes=(
            _cents("charges", gettext_noop("Charges of its bills"), sum(plan.charges_cents for plan in plans)),
            _cents("amount_due", gettext_noop("Amount due on it"), sum(plan.amount_due_cents for plan in plans)),
        ),
    )


def _said(*, on: date, count: int, alone: str) -> Sentence:
    if not alone:
        return Sentence(gettext_noop("Summary bill of %(on)s for %(count)s accounts"), {"on": on, "count": count})
    template = gettext_noop(
        "Summary bill of %(on)s for %(count)s accounts, without bill %(alone)s: since then the balance has moved, so "
        "that is mailed by itself"
    )
    return Sentence(template, {"on": on, "count": count, "alone": alone})


def _cents(code: str, label: str, after: int) -> Change:
    return Change(code=code, label=Sentence(label), unit=Unit.CENTS, before=None, after=after)


def _plan(bills: Mapping[int, BillDocument], *, left: Sequence[str], facts: Facts, inputs: Inputs) -> SummaryPlan:
    accounts = summary_accounts(bills.values())
    in_order = [bill.number for item in accounts for bill in item.bills]
    return SummaryPlan(
        customer_id=inputs.customer_id,
        issued_on=inputs.issued_on,
        due_on=summary_due_on(accounts),
        charges_cents=sum(item.charges_cents for item in accounts),
        amount_due_cents=sum(max(item.balance_cents, 0) for item in accounts),
        bill_ids=tuple(sorted(bills, key=lambda bill_id: in_order.index(bills[bill_id].number))),
        payload=summary_payload(tuple(bills.values()), issued_on=inputs.issued_on, left_out=left, frame=facts.frame),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Keep the summaries, and the frame that they are read with."""
    keep_frame(made_frame(proposal.plan.frame_sha256))
    for kept in keep_summaries(proposal.plan.summaries, at=recording.moment.at, receipt_id=recording.receipt_id):
        recording.made_one("summary_bill", kept)


ACTION = registry.add(
    Action(
        name="make_summary_bill",
        title=gettext_noop("Make a summary bill"),
        duty=6,
        on="document",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Puts a customer's bills of a day on one document with one amount due; posts nothing."),
    )
)

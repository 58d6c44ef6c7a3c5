"""Enter a returned payment: the bank sent a check back. The tender is cancelled; that it was received stays on record.

Not to be confused with reversing a payment, which puts right what was posted wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, fee_entry, record_planned
from weatherhead.actions.credit.brought_about import BroughtAbout, Undone, brought_about, plan_undone, record_undone
from weatherhead.actions.figures import Standing, house_rule, made, money_changes, standing_of
from weatherhead.actions.inputs import Blankable, Note, Number
from weatherhead.actions.payments.receiving import charged_back_entry, suspense_back_entry, tender_of
from weatherhead.areas.billing.fees import Fee, NoPastDue, NoSuchFee, compute_fee, fee
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.ledger.queries import entries as entries_of
from weatherhead.areas.payments.file_queries import SuspenseFacts, waiting_of_tender
from weatherhead.areas.payments.operations import (
    PaymentAlreadyReversed,
    TenderAlreadyReturned,
    cancel_tender,
)
from weatherhead.areas.payments.operations.suspense import Resolution, return_item
from weatherhead.areas.payments.queries import (
    MOVED,
    PaymentFacts,
    Whereabouts,
    payment,
    payments_of_tender,
    where_tender_is,
)
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import Entry, EntryDraft, reversal
from weatherhead.core.values import Change, Refusal, Rule, RuleNotInForce, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

FEE = "returned_payment_fee"
FEE_REASON = "returned_payment"

_REASONS = {
    "insufficient_funds": gettext_noop("insufficient funds"),
    "account_closed": gettext_noop("account closed"),
    "stop_payment": gettext_noop("payment stopped"),
    "refer_to_maker": gettext_noop("refer to maker"),
    "bank_error": gettext_noop("the bank's error"),
}
_WITHOUT_FEE = frozenset({"bank_error"})


class CashDoesNotReturn(Refusal):
    """No bank sends cash back."""

    template = gettext_noop("Cash does not come back from a bank. To take back a cash payment, reverse it.")


class ReturnedInFuture(Refusal):
    """A return that has not happened."""

    template = gettext_noop("%(on)s is still to come. Enter the day on which the bank returned it.")


class ReturnedBeforePaid(Refusal):
    """It cannot come back before it came."""

    template = gettext_noop("It was received on %(paid)s and cannot have been returned on %(on)s. Check the day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A payment of the tender that came back, why, and when; today when no day is given."""

    payment_id: Number
    reason: Literal["insufficient_funds", "account_closed", "stop_payment", "refer_to_maker", "bank_error"]
    returned_on: Annotated[date | None, Blankable] = None
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The payment chosen, every payment of its tender with its entry, what of the tender waits in suspense, where the
    tender is, the accounts' receivables, and the fee's rule."""

    chosen: PaymentFacts
    payments: tuple[PaymentFacts, ...]
    entries: Mapping[int, Entry]  # by payment
    brought_about: BroughtAbout
    waiting: tuple[tuple[SuspenseFacts, Entry], ...]
    where: Whereabouts
    standings: tuple[Standing, ...]  # by account, the chosen payment's first
    fee: Fee | None
    due_days: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tender to cancel, the reversing entry of each of its payments, what the bank takes back of the deposit that
    it was in, and the fee, if one is due."""

    tender_id: int
    where: Whereabouts
    reason: str
    note: str
    returned_on: date
    entries: Mapping[int, EntryDraft]
    undone: Undone  # what else they had brought about
    waiting: tuple[tuple[int, EntryDraft], ...]  # by item in suspense, what takes it out
    charged_back: EntryDraft | None
    fee: AdjustmentPlan | None


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that the tender paid."""
    tender_id = payment(inputs.payment_id).tender_id
    return tuple(sorted({item.account_id for item in payments_of_tender(tender_id)}))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the tender's payments, their entries, the receivables and the fee's rule."""
    chosen = payment(inputs.payment_id)
    found = payments_of_tender(chosen.tender_id)
    standing = [item for item in found if item.reversed_on is None]
    chosen = _where_it_is(chosen, found=found)
    stored = {item.entry_id: item for item in entries_of([item.entry_id for item in standing])}
    others = sorted({item.account_id for item in standing} - {chosen.account_id})
    return Facts(
        chosen=chosen,
        payments=found,
        entries={item.payment_id: stored[item.entry_id] for item in standing},
        brought_about=brought_about(standing, posted=stored.values()),
        waiting=_waiting(chosen.tender_id),
        where=where_tender_is(chosen.tender_id),
        standings=tuple(standing_of(account_id) for account_id in (chosen.account_id, *others)),
        fee=_fee_rule(),
        due_days=current_utility().billing.due_days,
        as_of=moment.as_of,
    )


def _waiting(tender_id: int) -> tuple[tuple[SuspenseFacts, Entry], ...]:
    """The parts of the tender in suspense, each with the entry that put it there."""
    items = waiting_of_tender(tender_id)
    stored = {item.entry_id: item for item in entries_of([item.entry_id for item in items])} if items else {}
    return tuple((item, stored[item.entry_id]) for item in items)


def _where_it_is(chosen: PaymentFacts, *, found: tuple[PaymentFacts, ...]) -> PaymentFacts:
    """The payment itself, or what it went on as: a return follows the money to where it was moved."""
    while chosen.reversal_reason == MOVED:
        went_on = [item for item in found if item.moved_from_id == chosen.payment_id]
        chosen = next((item for item in went_on if item.reversed_on is None), went_on[0])
    return chosen


def _fee_rule() -> Fee | None:
    """The rule of the fee; a utility's regulations may have none."""
    try:
        return fee(FEE)
    except NoSuchFee:
        return None


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Undo what the tender paid, as of the day of its return, and charge the fee that the rule computes.

    Raises:
        CashDoesNotReturn, TenderAlreadyReturned, PaymentAlreadyReversed, ReturnedInFuture, ReturnedBeforePaid: as they
            say.
    """
    chosen = facts.chosen
    returned_on = _require_returnable(facts, returned_on=inputs.returned_on or facts.as_of)
    why = f"{inputs.reason}: {inputs.note}" if inputs.note else inputs.reason
    undone = {
        payment_id: reversal(entry, effective_on=returned_on, reason=why) for payment_id, entry in facts.entries.items()
    }
    charged = None if inputs.reason in _WITHOUT_FEE else _fee_of(facts, undone=undone, returned_on=returned_on)
    with_them = plan_undone(facts.brought_about, on=returned_on, reason=why)
    waiting = tuple(_out_of_suspense(facts, returned_on=returned_on, reason=why))
    back = _charged_back(facts, returned_on=returned_on, reason=inputs.reason)
    posted = (
        *undone.values(),
        *with_them.entries,
        *(draft for _, draft in waiting),
        *((back,) if back else ()),
        *((charged.entry,) if charged else ()),
    )
    said = {
        "what": tender_of(chosen.tender_kind, amount_cents=chosen.tender_cents),
        "amount": format_cents(chosen.tender_cents),
        "on": chosen.paid_on,
        "why": Sentence(_REASONS[inputs.reason]),
    }
    return Proposal(
        summary=Sentence(gettext_noop("%(what)s of %(on)s returned by the bank: %(why)s"), said),
        confirm=Sentence(gettext_noop("Enter the return of $%(amount)s"), said),
        plan=Plan(
            tender_id=chosen.tender_id,
            where=facts.where,
            reason=inputs.reason,
            note=inputs.note,
            returned_on=returned_on,
            entries=undone,
            undone=with_them,
            waiting=waiting,
            charged_back=back,
            fee=charged,
        ),
        account_ids=tuple(standing.account_id for standing in facts.standings),
        entries=posted,
        creates=({"billing_adjustment": 1} if charged else {}) | with_them.creates,
        updates={
            "payments_tender": 1,
            "payments_payment": len(undone),
            **({"payments_suspenseitem": len(waiting)} if waiting else {}),
            **with_them.updates,
        },
        changes=(*_changes(facts, posted=posted), *with_them.changes),
        rules=_rules(facts, charged=charged),
    )


def _require_returnable(facts: Facts, *, returned_on: date) -> date:
    chosen = facts.chosen
    if chosen.tender_kind == "cash":
        raise CashDoesNotReturn
    if chosen.returned_on is not None:
        raise TenderAlreadyReturned(what=chosen.tender_kind, on=chosen.returned_on)
    if chosen.reversed_on is not None:
        raise PaymentAlreadyReversed(payment=chosen.payment_id, on=chosen.reversed_on)
    if returned_on > facts.as_of:
        raise ReturnedInFuture(on=returned_on)
    if returned_on < chosen.paid_on:
        raise ReturnedBeforePaid(paid=chosen.paid_on, on=returned_on)
    return returned_on


def _out_of_suspense(facts: Facts, *, returned_on: date, reason: str) -> Iterator[tuple[int, EntryDraft]]:
    """What waits of the tender goes back with it: the bank takes it, or what put it there is undone."""
    for item, entry in facts.waiting:
        on = max(returned_on, entry.draft.effective_on)
        if facts.where is Whereabouts.AT_BANK:
            yield item.item_id, suspense_back_entry(amount_cents=item.amount_cents, on=on, reason=reason)
        else:
            yield item.item_id, reversal(entry, effective_on=on, reason=reason)


def _charged_back(facts: Facts, *, returned_on: date, reason: str) -> EntryDraft | None:
    """What the bank takes back; None while the tender was not with it, or was never anything but the bank's."""
    if facts.where is not Whereabouts.AT_BANK:
        return None
    amount_cents = sum(item.amount_cents for item in facts.payments if item.reversed_on is None)
    return charged_back_entry(tender=facts.chosen.tender_kind, amount_cents=amount_cents, on=returned_on, reason=reason)


def _fee_of(facts: Facts, *, undone: Mapping[int, EntryDraft], returned_on: date) -> AdjustmentPlan | None:
    """What the rule in force on the day of the return charges: the amount is that day's, the charge is today's.

    A percentage is of what is past due on that day without the payment; of nothing it charges nothing.
    """
    if facts.fee is None:
        return None
    past_due_cents = facts.standings[0].past_due_cents(as_of=returned_on, entries=tuple(undone.values()))
    try:
        computed = compute_fee(facts.fee, as_of=returned_on, past_due_cents=past_due_cents)
    except (RuleNotInForce, NoPastDue):
        return None
    if not computed.amount_cents:
        return None
    account_id = facts.chosen.account_id
    return AdjustmentPlan(
        account_id=account_id,
        kind="fee",
        charge=FEE,
        amount_cents=computed.amount_cents,
        reason=FEE_REASON,
        note=computed.arithmetic,
        rule=facts.fee.rule.code,
        entry=fee_entry(
            account_id=account_id,
            charge=FEE,
            amount_cents=computed.amount_cents,
            reason=FEE_REASON,
            effective_on=facts.as_of,
            due_days=facts.due_days,
        ),
    )


def _changes(facts: Facts, *, posted: tuple[EntryDraft, ...]) -> tuple[Change, ...]:
    waited_cents = sum(item.amount_cents for item, _ in facts.waiting)
    label = gettext_noop("Goes back out of suspense")
    return (
        *(
            change
            for standing in facts.standings
            for change in money_changes(standing, entries=posted, as_of=facts.as_of)
        ),
        *((made(label, waited_cents, code="suspense_returned", unit=Unit.CENTS),) if waited_cents else ()),
    )


def _rules(facts: Facts, *, charged: AdjustmentPlan | None) -> tuple[Rule, ...]:
    cancelled = house_rule("returned tender", "A returned tender is cancelled on its return's day; debts age as before")
    return (cancelled, facts.fee.rule) if charged and facts.fee else (cancelled,)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Cancel the tender, undo its payments and charge the fee.

    Raises:
        TenderAlreadyReturned, PaymentAlreadyReversed: someone did meanwhile.
        TenderMoved: it went to the bank meanwhile.
        SuspenseResolvedAlready: what waited of it in suspense was posted or sent back meanwhile.
    """
    plan = proposal.plan
    recording.entry_ids += cancel_tender(
        tender_id=plan.tender_id,
        where=plan.where,
        entries=plan.entries,
        cancelled_on=plan.returned_on,
        reason=plan.reason,
        note=plan.note,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    record_undone(plan.undone, recording)
    for item_id, draft in plan.waiting:
        recording.entry_ids += return_item(
            Resolution(item_id=item_id, entry=draft, on=plan.returned_on, by=recording.actor.name, note=plan.reason),
            way="bank",
            at=recording.moment.at,
            receipt_id=recording.receipt_id,
        )
    if plan.charged_back is not None:
        back = post([plan.charged_back], inserted_at=recording.moment.at, receipt_id=recording.receipt_id)
        recording.entry_ids += back
    if plan.fee is not None:
        record_planned(plan.fee, recording)


ACTION = registry.add(
    Action(
        name="return_payment",
        title=gettext_noop("Enter a returned payment"),
        duty=4,
        on="payment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Takes back a check that the bank returned, from that day on, and charges the fee."),
    )
)

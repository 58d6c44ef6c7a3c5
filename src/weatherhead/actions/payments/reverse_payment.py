"""Reverse a payment that was posted wrong. The entry is negated and linked, never edited.

While its tender is in hand, the money is taken back with it: out of the drawer, the batch or the mail. Once it was
closed with its drawer, deposited, or was never in anybody's hand, the money stays, and waits in suspense for its
account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from weatherhead.actions.credit.brought_about import BroughtAbout, Undone, brought_about, plan_undone, record_undone
from weatherhead.actions.figures import Standing, house_rule, money_changes, standing_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.payments.receiving import kept_entry
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.operations import PaymentAlreadyReversed, record_reversal
from weatherhead.areas.payments.operations.suspense import suspend_payment
from weatherhead.areas.payments.queries import PaymentFacts, Whereabouts, payment, where_tender_is
from weatherhead.core.ledger import Entry, EntryDraft, reversal
from weatherhead.core.values import Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The payment, what was wrong, and the evidence in words."""

    payment_id: Number
    reason: Literal["wrong_account", "wrong_amount", "duplicate"]
    note: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The payment, its entry, what else it brought about, where its money is, the account's receivable, and the day."""

    payment: PaymentFacts
    entry: Entry
    brought_about: BroughtAbout
    where: Whereabouts
    standing: Standing
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The reversal, that of what else the payment brought about, and the entry that keeps money no longer in hand."""

    payment_id: int
    reason: str
    reversed_on: date
    entry: EntryDraft
    undone: Undone
    kept: EntryDraft | None


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The payment's account."""
    return (payment(inputs.payment_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read payment, entry and receivable."""
    found = payment(inputs.payment_id)
    posted = entry(found.entry_id)
    return Facts(
        payment=found,
        entry=posted,
        brought_about=brought_about([found], posted=[posted]),
        where=where_tender_is(found.tender_id),
        standing=standing_of(found.account_id),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Negate the payment's entry; keep the money in suspense when it is no longer in hand.

    Raises:
        PaymentAlreadyReversed: it was.
    """
    found = facts.payment
    if found.reversed_on is not None:
        raise PaymentAlreadyReversed(payment=found.payment_id, on=found.reversed_on)
    why = f"{inputs.reason}: {inputs.note}"
    draft = reversal(facts.entry, effective_on=facts.as_of, reason=why)
    undone = plan_undone(facts.brought_about, on=facts.as_of, reason=why)
    kept = None
    if facts.where is not Whereabouts.IN_HAND:
        kept = kept_entry(
            tender=found.tender_kind, amount_cents=found.amount_cents, on=facts.as_of, reason=inputs.reason
        )
    posted = (draft, *undone.entries, *((kept,) if kept else ()))
    updates = {"payments_payment": 1} | ({} if kept else {"payments_tender": 1}) | undone.updates
    creates = ({"payments_suspenseitem": 1} if kept else {}) | undone.creates
    amount = {"amount": format_cents(found.amount_cents), "on": found.paid_on}
    return Proposal(
        summary=Sentence(gettext_noop("Payment of $%(amount)s of %(on)s reversed"), amount),
        confirm=Sentence(gettext_noop("Reverse $%(amount)s"), amount),
        plan=Plan(
            payment_id=found.payment_id,
            reason=inputs.reason,
            reversed_on=facts.as_of,
            entry=draft,
            undone=undone,
            kept=kept,
        ),
        account_ids=(found.account_id,),
        entries=posted,
        creates=creates,
        updates=updates,
        changes=(*money_changes(facts.standing, entries=posted, as_of=facts.as_of), *undone.changes),
        rules=(house_rule("corrections", "A correction is a linked reversal; nothing posted is edited"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post the reversal.

    Raises:
        PaymentAlreadyReversed: someone did meanwhile.
        TenderMoved: its drawer was closed, or it went to the bank, meanwhile.
    """
    plan = proposal.plan
    entry_id = record_reversal(
        payment_id=plan.payment_id,
        entry=plan.entry,
        reversed_on=plan.reversed_on,
        reason=plan.reason,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
        taken_back=plan.kept is None,
    )
    recording.entry_ids.append(entry_id)
    record_undone(plan.undone, recording)
    if plan.kept is not None:
        (kept_id,) = post([plan.kept], inserted_at=recording.moment.at, receipt_id=recording.receipt_id)
        recording.entry_ids.append(kept_id)
        suspended = suspend_payment(
            payment_id=plan.payment_id, entry_id=kept_id, on=plan.reversed_on, receipt_id=recording.receipt_id
        )
        recording.made_one("suspense_item", suspended)


ACTION = registry.add(
    Action(
        name="reverse_payment",
        title=gettext_noop("Reverse a payment"),
        duty=4,
        on="payment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Takes back a payment posted to the wrong account, in the wrong amount or twice."),
    )
)

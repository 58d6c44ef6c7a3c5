"""Send money in suspense back: a refund to who paid it, or by the bank that brought it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.actions.payments.receiving import LEDGER_ACCOUNT_OF
from weatherhead.actions.payments.suspending import require_open
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.file_queries import SuspenseFacts, suspense_item
from weatherhead.areas.payments.operations.suspense import Resolution, return_item
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, Posting, reversal
from weatherhead.core.values import Change, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The item; a refund, or back through the bank; and why it is nobody's here."""

    suspense_item_id: Number
    way: Literal["refund", "bank"]
    note: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The item, the entry that put it into suspense, and the day."""

    item: SuspenseFacts
    entry: Entry
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The entry that takes it out of suspense."""

    item_id: int
    way: Literal["refund", "bank"]
    note: str
    entry: EntryDraft
    on: date


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the item.

    Raises:
        NoSuchSuspenseItem: for an unknown number.
    """
    item = suspense_item(inputs.suspense_item_id)
    return Facts(item=item, entry=entry(item.entry_id), as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Owe it as a refund, or undo the receipt.

    Raises:
        SuspenseResolvedAlready: it was posted or returned.
    """
    item = facts.item
    require_open(item)
    said = {"amount": format_cents(item.amount_cents), "on": item.received_on}
    summary = gettext_noop("$%(amount)s received on %(on)s goes back to who paid it, as a refund")
    if inputs.way == "bank":
        summary = gettext_noop("$%(amount)s received on %(on)s went back through the bank")
    draft = _draft(facts, way=inputs.way)
    target = LedgerAccount.REFUNDS_PAYABLE.value if inputs.way == "refund" else LEDGER_ACCOUNT_OF[item.tender_kind]
    return Proposal(
        summary=Sentence(summary, said),
        confirm=Sentence(gettext_noop("Return $%(amount)s"), said),
        plan=Plan(item_id=item.item_id, way=inputs.way, note=inputs.note, entry=draft, on=facts.as_of),
        entries=(draft,),
        updates={"payments_suspenseitem": 1},
        changes=(
            Change(
                code="suspense",
                label=Sentence(gettext_noop("In suspense")),
                unit=Unit.CENTS,
                before=item.amount_cents,
                after=0,
            ),
            Change(
                code="booked_to",
                label=Sentence(gettext_noop("Booked to")),
                unit=Unit.TEXT,
                before=LedgerAccount.SUSPENSE.value,
                after=str(target),
            ),
        ),
        rules=_rules(item),
    )


def _rules(item: SuspenseFacts) -> tuple[Rule, ...]:
    back = house_rule("suspense", "Money that nobody can be found for goes back to who paid it")
    if item.return_by is None:
        return (back,)
    return (back, house_rule("agency funds", "Agency money that is not accepted goes back within 5 working days"))


def _draft(facts: Facts, *, way: Literal["refund", "bank"]) -> EntryDraft:
    """A refund is owed from today on. What went back through the bank undoes the entry that brought it."""
    if way == "bank":
        return reversal(facts.entry, effective_on=facts.as_of, reason="returned through the bank")
    amount_cents = facts.item.amount_cents
    return EntryDraft(
        kind="suspense_refund",
        effective_on=facts.as_of,
        reason="nobody's money here",
        postings=(
            Posting(ledger_account=LedgerAccount.SUSPENSE, amount_cents=amount_cents, charge="refund"),
            Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=-amount_cents, charge="refund"),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post the return.

    Raises:
        SuspenseResolvedAlready: somebody was faster.
    """
    plan = proposal.plan
    recording.entry_ids += return_item(
        Resolution(item_id=plan.item_id, entry=plan.entry, on=plan.on, by=recording.actor.name, note=plan.note),
        way=plan.way,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="return_suspense_item",
        title=gettext_noop("Return money in suspense"),
        duty=4,
        on="suspense_item",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Sends money that is nobody's here back, as a refund or through the bank."),
    )
)

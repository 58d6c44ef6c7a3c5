"""Take back a refund that no check pays yet: the money is the account's again, or waits in suspense again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.figures import Standing, house_rule, made, money_changes, standing_of
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.credit.operations.refunds import cancel_refund
from weatherhead.areas.credit.refunds import RefundFacts, refund
from weatherhead.areas.ledger.queries import entry
from weatherhead.areas.payments.operations.suspense import reopen_item
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, Posting, reversal
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class RefundOnItsWay(Refusal):
    """A check pays it, or it is over."""

    template = gettext_noop(
        "Refund %(refund)s is %(state)s. Only one that is not on its way can be cancelled: void its check first."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The refund, and why it is not paid."""

    refund_id: Number
    reason: NeededNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The refund, its entry, the account's receivable if it has an account, and the day."""

    refund: RefundFacts
    entry: Entry
    standing: Standing | None
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The refund, the entry that gives the money back to the account, and the item that is in suspense again."""

    refund_id: int
    suspense_item_id: int | None
    entry: EntryDraft


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The refund's account."""
    account_id = refund(inputs.refund_id).account_id
    return () if account_id is None else (account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read refund, entry and receivable."""
    found = refund(inputs.refund_id)
    standing = standing_of(found.account_id) if found.account_id is not None else None
    return Facts(refund=found, entry=entry(found.entry_id), standing=standing, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Reverse the refund of a credit or of suspense; what came out of a deposit becomes a credit.

    Raises:
        RefundOnItsWay: it is issued, paid or cancelled.
    """
    found = facts.refund
    if found.state != "payable":
        raise RefundOnItsWay(refund=found.refund_id, state=Sentence(_STATES[found.state]))
    draft = (
        reversal(facts.entry, effective_on=facts.as_of, reason=inputs.reason)
        if found.deposit_id is None
        else _to_credit(found, on=facts.as_of, reason=inputs.reason)
    )
    said = {"amount": format_cents(found.amount_cents), "refund": found.refund_id}
    return Proposal(
        summary=Sentence(gettext_noop("Refund %(refund)s of $%(amount)s cancelled"), said),
        confirm=Sentence(gettext_noop("Cancel the refund of $%(amount)s"), said),
        plan=Plan(refund_id=found.refund_id, suspense_item_id=found.suspense_item_id, entry=draft),
        account_ids=(found.account_id,) if found.account_id is not None else (),
        entries=(draft,),
        updates={"credit_refund": 1} | ({"payments_suspenseitem": 1} if found.suspense_item_id is not None else {}),
        changes=_changes(facts, draft=draft),
        rules=(house_rule("corrections", "A correction is a linked reversal; nothing posted is edited"),),
    )


_STATES = {
    "issued": gettext_noop("on its way"),
    "paid": gettext_noop("paid"),
    "cancelled": gettext_noop("cancelled already"),
}


def _changes(facts: Facts, *, draft: EntryDraft) -> tuple[Change, ...]:
    if facts.standing is None:
        label = gettext_noop("In suspense again")
        return (made(label, facts.refund.amount_cents, code="suspense", unit=Unit.CENTS),)
    return money_changes(facts.standing, entries=(draft,), as_of=facts.as_of)


def _to_credit(found: RefundFacts, *, on: date, reason: str) -> EntryDraft:
    """A deposit that went out of the books with its interest stays out: its money is a credit on the account now."""
    return EntryDraft(
        kind="refund_cancelled",
        effective_on=on,
        reason=reason,
        postings=(
            Posting(ledger_account=LedgerAccount.REFUNDS_PAYABLE, amount_cents=found.amount_cents, charge="refund"),
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=-found.amount_cents,
                charge="refund",
                account_id=found.account_id,
            ),
        ),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post it and mark the refund cancelled.

    Raises:
        RefundChangedMeanwhile: it was issued or cancelled meanwhile.
        SuspenseNotRefunded: the item that it came from does not go back.
    """
    entry_id = cancel_refund(
        refund_id=proposal.plan.refund_id,
        entry=proposal.plan.entry,
        on=recording.moment.as_of,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.entry_ids.append(entry_id)
    if proposal.plan.suspense_item_id is not None:
        reopen_item(proposal.plan.suspense_item_id)


ACTION = registry.add(
    Action(
        name="cancel_refund",
        title=gettext_noop("Cancel a refund"),
        duty=5,
        on="refund",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Puts the money of a refund that is not on its way back onto the account, or into suspense."
        ),
    )
)

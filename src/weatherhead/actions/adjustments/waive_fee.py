"""Waive a fee, wholly or in part. Consumes authority: the amount waived, unless the courtesy policy waives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, basis_of, record_planned
from weatherhead.actions.adjustments.courtesy import offer_on
from weatherhead.actions.figures import Standing, money_changes, standing_of
from weatherhead.actions.inputs import Code, Note, Number, OptionalCents, ShortText
from weatherhead.areas.billing.adjustment_types import ledger_account_of
from weatherhead.areas.billing.courtesy import Offer
from weatherhead.areas.billing.facts import AdjustmentFacts
from weatherhead.areas.billing.fees import FeeBook, fee, fee_book, require_evidence, require_reason
from weatherhead.areas.billing.queries import adjustment
from weatherhead.areas.ledger.queries import entry
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Change, Refusal, Rule, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class NotAFee(Refusal):
    """Only fees can be waived."""

    template = gettext_noop(
        "That is no fee. Choose the fee on the account's timeline, or reverse what was made in error."
    )


class NothingLeftToWaive(Refusal):
    """All of it was waived."""

    template = gettext_noop("All of this fee was waived already.")


class WaivedBeforeCharged(Refusal):
    """It was not there yet."""

    template = gettext_noop("This fee was charged on %(on)s. It cannot be waived on an earlier day.")


class MoreThanTheFee(Refusal):
    """More than is left of the fee."""

    template = gettext_noop("Only $%(left)s of this fee is left to waive. Enter at most that.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The fee and why; without an amount, all that is left of it."""

    adjustment_id: Number
    reason: Code
    amount_cents: OptionalCents = None
    evidence: ShortText = ""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The fee, its entry, the account's receivable, the reasons, what the courtesy policy offers, and the day."""

    fee: AdjustmentFacts
    title: str
    rule: Rule
    entry: Entry
    standing: Standing
    book: FeeBook
    offer: Offer | None
    against: str
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The fee's account."""
    return (adjustment(inputs.adjustment_id).account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the fee, its entry and the account's receivable.

    Raises:
        NotAFee: it is another adjustment.
    """
    found = adjustment(inputs.adjustment_id)
    if found.kind != "fee":
        raise NotAFee
    rule = fee(found.charge)
    return Facts(
        fee=found,
        title=rule.title,
        rule=rule.rule,
        entry=entry(found.entry_id),
        standing=standing_of(found.account_id),
        book=fee_book(),
        offer=offer_on(found, as_of=moment.as_of),
        against=ledger_account_of("waive_fee", on=moment.as_of, otherwise=LedgerAccount.ADJUSTMENTS_EXPENSE),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[AdjustmentPlan]:
    """Credit the receivable against the fee's own posting.

    Raises:
        NothingLeftToWaive, WaivedBeforeCharged, MoreThanTheFee, ReasonUnknown, EvidenceNeeded: as they say.
    """
    found = facts.fee
    if found.left_cents <= 0:
        raise NothingLeftToWaive
    if facts.as_of < found.adjusted_on:
        raise WaivedBeforeCharged(on=found.adjusted_on)
    reason = require_reason(inputs.reason, among=facts.book.waiver_reasons)
    require_evidence(reason, given=bool(inputs.evidence))
    amount_cents = inputs.amount_cents if inputs.amount_cents is not None else found.left_cents
    if amount_cents > found.left_cents:
        raise MoreThanTheFee(left=format_cents(found.left_cents))
    draft = _entry(facts, amount_cents=amount_cents, reason=reason.code)
    offer = facts.offer
    by_policy = offer is not None and offer.entitled and offer.reason == reason.code
    said = {"title": facts.title, "amount": format_cents(amount_cents), "reason": reason.title}
    left = Change(
        code="fee",
        label=Sentence(facts.title.replace("%", "%%")),
        unit=Unit.CENTS,
        before=found.left_cents,
        after=found.left_cents - amount_cents,
    )
    return Proposal(
        summary=Sentence(gettext_noop("%(title)s waived, $%(amount)s: %(reason)s"), said),
        confirm=Sentence(gettext_noop("Waive $%(amount)s"), said),
        plan=AdjustmentPlan(
            account_id=found.account_id,
            kind="waiver",
            charge=found.charge,
            amount_cents=-amount_cents,
            reason=reason.code,
            note=inputs.note,
            rule=offer.rule.code if offer is not None and by_policy else facts.rule.code,
            entry=draft,
            waives_id=found.adjustment_id,
            basis="computed" if by_policy else basis_of(inputs.evidence),
            evidence=inputs.evidence,
        ),
        account_ids=(found.account_id,),
        entries=(draft,),
        creates={"billing_adjustment": 1},
        changes=(*money_changes(facts.standing, entries=(draft,), as_of=facts.as_of), left, *_courtesy(offer)),
        rules=(facts.rule,) if offer is None else (facts.rule, offer.rule),
        authority_cents=0 if by_policy else amount_cents,
        authority_account_id=None if by_policy else found.account_id,
    )


def _courtesy(offer: Offer | None) -> tuple[Change, ...]:
    """What the policy says, beside the figures: whether this consumes authority, and why."""
    if offer is None:
        return ()
    said = gettext_noop("Entitled") if offer.entitled else gettext_noop("Not entitled")
    label = Sentence(gettext_noop("Courtesy policy"))
    return (Change(code="courtesy", label=label, unit=Unit.TEXT, before=None, after=said, note=offer.why),)


def _entry(facts: Facts, *, amount_cents: int, reason: str) -> EntryDraft:
    """The waiver is linked to the fee's receivable posting, so that ageing sets the two off first."""
    ref = next(ref for ref, posting in facts.entry.referenced() if posting.ledger_account == LedgerAccount.RECEIVABLE)
    return EntryDraft(
        kind="waiver",
        effective_on=facts.as_of,
        reason=reason,
        postings=(
            Posting(ledger_account=facts.against, amount_cents=amount_cents, charge=facts.fee.charge),
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=-amount_cents,
                charge=facts.fee.charge,
                account_id=facts.fee.account_id,
                matches=ref,
            ),
        ),
    )


def record(proposal: Proposal[AdjustmentPlan], recording: Recording) -> None:
    """Record the waiver and post it."""
    record_planned(proposal.plan, recording)


ACTION = registry.add(
    Action(
        name="waive_fee",
        title=gettext_noop("Waive a fee"),
        duty=5,
        on="adjustment",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="W",
        summary=gettext_noop(
            "Takes a fee back, wholly or in part, within one's authority; above it, asks for approval."
        ),
    )
)

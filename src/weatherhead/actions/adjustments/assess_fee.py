"""Assess a fee. What a rule computes consumes no authority; any other amount consumes all of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.adjustments.adjustment import AdjustmentPlan, basis_of, fee_entry, record_planned
from weatherhead.actions.figures import Standing, money_changes, standing_of
from weatherhead.actions.inputs import Code, Note, Number, OptionalCents, ShortText
from weatherhead.areas.billing.adjustment_types import ledger_account_of
from weatherhead.areas.billing.fees import (
    ComputedFee,
    Fee,
    FeeBook,
    NoPastDue,
    compute_fee,
    fee,
    fee_book,
    require_evidence,
    require_reason,
)
from weatherhead.areas.customers.queries import AccountFacts, account
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Sentence, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Which fee, on which account, why; without an amount the rule computes it."""

    account_id: Number
    charge: Code
    reason: Code
    amount_cents: OptionalCents = None
    evidence: ShortText = ""
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The account, its receivable, the fee's rule, the reasons, and the days until it is due."""

    account: AccountFacts
    standing: Standing
    fee: Fee
    book: FeeBook
    due_days: int
    against: str
    as_of: date


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The account."""
    return (inputs.account_id,)


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the account, its receivable and the fee's rule."""
    return Facts(
        account=account(inputs.account_id),
        standing=standing_of(inputs.account_id),
        fee=fee(inputs.charge),
        book=fee_book(),
        due_days=current_utility().billing.due_days,
        against=ledger_account_of("assess_fee", on=moment.as_of, otherwise=LedgerAccount.FEE_REVENUE),
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[AdjustmentPlan]:
    """Compute the fee and debit the receivable.

    Raises:
        ReasonUnknown, EvidenceNeeded, RuleNotInForce, NoPastDue: as they say.
    """
    require_evidence(require_reason(inputs.reason, among=facts.book.fee_reasons), given=bool(inputs.evidence))
    computed = _computed(facts, inputs=inputs)
    by_rule_cents = computed.amount_cents if computed else 0
    amount_cents = by_rule_cents if inputs.amount_cents is None else inputs.amount_cents
    by_rule = computed is not None and amount_cents == by_rule_cents
    entry = fee_entry(
        account_id=inputs.account_id,
        charge=inputs.charge,
        amount_cents=amount_cents,
        reason=inputs.reason,
        effective_on=facts.as_of,
        due_days=facts.due_days,
        against=facts.against,
    )
    said = {"title": facts.fee.title, "amount": format_cents(amount_cents)}
    return Proposal(
        summary=Sentence(gettext_noop("%(title)s of $%(amount)s"), said),
        confirm=Sentence(gettext_noop("Charge $%(amount)s"), said),
        plan=AdjustmentPlan(
            account_id=inputs.account_id,
            kind="fee",
            charge=inputs.charge,
            amount_cents=amount_cents,
            reason=inputs.reason,
            note=inputs.note or (computed.arithmetic if by_rule and computed else ""),
            rule=facts.fee.rule.code,
            entry=entry,
            basis="computed" if by_rule else basis_of(inputs.evidence),
            evidence=inputs.evidence,
        ),
        account_ids=(inputs.account_id,),
        entries=(entry,),
        creates={"billing_adjustment": 1},
        changes=money_changes(facts.standing, entries=(entry,), as_of=facts.as_of),
        rules=(facts.fee.rule,),
        authority_cents=0 if by_rule else amount_cents,
        authority_account_id=None if by_rule else inputs.account_id,
    )


def _computed(facts: Facts, *, inputs: Inputs) -> ComputedFee | None:
    """What the rule computes; None when it computes nothing here and a person gave the amount."""
    past_due_cents = facts.standing.past_due_cents(as_of=facts.as_of)
    try:
        return compute_fee(facts.fee, as_of=facts.as_of, past_due_cents=past_due_cents)
    except NoPastDue:
        if inputs.amount_cents is None:
            raise
        return None


def record(proposal: Proposal[AdjustmentPlan], recording: Recording) -> None:
    """Record the fee and post it."""
    record_planned(proposal.plan, recording)


ACTION = registry.add(
    Action(
        name="assess_fee",
        title=gettext_noop("Charge a fee"),
        duty=5,
        on="account",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        key="F",
        summary=gettext_noop("Charges a fee of the fee book; an amount of one's own uses one's authority."),
    )
)

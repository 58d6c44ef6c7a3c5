"""What adjustments have in common: the entry of a fee, and what is recorded of one on an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.billing.operations.adjustments import record_adjustment
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.door.registry import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentPlan:
    """An adjustment and its entry. `amount_cents` is what the balance changes by: below zero for a waiver."""

    account_id: int
    kind: str  # fee, waiver, credit, debit, reversal
    charge: str
    amount_cents: int
    reason: str
    note: str
    rule: str
    entry: EntryDraft
    waives_id: int | None = None
    reverses_id: int | None = None
    basis: str = "computed"  # by a rule; or attached evidence, or stated by a person
    evidence: str = ""
    attachment_id: int | None = None


def basis_of(evidence: str, *, attachment_id: int | None = None) -> str:
    """What stands behind an adjustment that no rule computed."""
    return "attached" if evidence or attachment_id is not None else "stated"


def fee_entry(
    *,
    account_id: int,
    charge: str,
    amount_cents: int,
    reason: str,
    effective_on: date,
    due_days: int,
    against: str = LedgerAccount.FEE_REVENUE,
) -> EntryDraft:
    """A fee in the books: owed by the account so many days after it takes effect, against revenue."""
    return EntryDraft(
        kind="fee",
        effective_on=effective_on,
        reason=reason,
        postings=(
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=amount_cents,
                charge=charge,
                account_id=account_id,
                due_on=effective_on + timedelta(days=due_days),
            ),
            Posting(ledger_account=against, amount_cents=-amount_cents, charge=charge),
        ),
    )


def record_planned(plan: AdjustmentPlan, recording: Recording) -> None:
    """Record an adjustment of today and post it."""
    number, entry_id = record_adjustment(
        account_id=plan.account_id,
        kind=plan.kind,
        charge=plan.charge,
        amount_cents=plan.amount_cents,
        adjusted_on=recording.moment.as_of,
        reason=plan.reason,
        note=plan.note,
        basis=plan.basis,
        evidence=plan.evidence,
        attachment_id=plan.attachment_id,
        waives_id=plan.waives_id,
        reverses_id=plan.reverses_id,
        rule=plan.rule,
        entry=plan.entry,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    recording.made_one("adjustment", number)
    recording.entry_ids.append(entry_id)

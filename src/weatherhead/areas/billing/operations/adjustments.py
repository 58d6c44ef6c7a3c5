"""Writes of adjustments and late charges, each with its entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from weatherhead.areas.billing.late_charges import LATE_CHARGE, LateCharge
from weatherhead.areas.billing.models import Adjustment, LateChargeDay, LateChargeRun
from weatherhead.areas.ledger.operations import post
from weatherhead.core.ledger import EntryDraft


def record_adjustment(
    *,
    account_id: int,
    kind: str,
    charge: str,
    amount_cents: int,
    adjusted_on: date,
    reason: str,
    note: str,
    basis: str,
    evidence: str,
    attachment_id: int | None,
    waives_id: int | None,
    reverses_id: int | None,
    rule: str,
    entry: EntryDraft,
    at: datetime,
    receipt_id: int,
) -> tuple[int, int]:
    """Record an adjustment and post its entry. Returns the adjustment's and the entry's numbers."""
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    row = Adjustment.objects.create(
        account_id=account_id,
        kind=kind,
        charge=charge,
        amount_cents=amount_cents,
        adjusted_on=adjusted_on,
        reason=reason,
        note=note,
        basis=basis,
        evidence=evidence,
        attachment_id=attachment_id,
        waives_id=waives_id,
        reverses_id=reverses_id,
        rule=rule,
        entry_id=entry_id,
        receipt_id=receipt_id,
    )
    return row.pk, entry_id


def record_late_charge_run(*, cycle: int, from_account: int, to_account: int, ran_on: date, receipt_id: int) -> None:
    """Remember that the rule was applied to a range of accounts on a day."""
    LateChargeRun.objects.create(
        cycle=cycle, from_account=from_account, to_account=to_account, ran_on=ran_on, receipt_id=receipt_id
    )


def record_late_charge_days(days: Sequence[tuple[date, bool]], *, account_id: int, receipt_id: int) -> None:
    """Remember which days count as such of a late charge from now on, or no longer, although nothing is posted."""
    LateChargeDay.objects.bulk_create(
        LateChargeDay(account_id=account_id, charged_on=on, counts=counts, receipt_id=receipt_id) for on, counts in days
    )


def record_late_charges(
    charges: Sequence[LateCharge],
    *,
    entries: Sequence[EntryDraft],
    charged_on: date,
    reason: str,
    rule: str,
    at: datetime,
    receipt_id: int,
) -> tuple[int, ...]:
    """Record late charges and post their entries, one for each in the same order. Returns the entries' numbers."""
    entry_ids = post(entries, inserted_at=at, receipt_id=receipt_id)
    Adjustment.objects.bulk_create(
        Adjustment(
            account_id=charge.account_id,
            kind="fee",
            charge=LATE_CHARGE,
            amount_cents=charge.amount_cents,
            adjusted_on=charged_on,
            reason=reason,
            note=charge.arithmetic,
            basis="computed",
            rule=rule,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for charge, entry_id in zip(charges, entry_ids, strict=True)
    )
    return entry_ids

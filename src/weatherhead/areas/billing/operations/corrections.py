"""Writes of corrections: bills in the place of others, or others cancelled, and what was put right of each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.billing.models import CorrectedPeriod
from weatherhead.areas.billing.operations import BillPlan, deactivate, write_bills
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.canonical import Json
from weatherhead.core.ledger import EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPlan:
    """Bills whose days should never have been billed: their entries are reversed, and nothing takes their place.

    `told` is what the customer is told instead of a bill.
    """

    account_id: int
    entries: tuple[EntryDraft, ...]
    cancels: tuple[int, ...]
    told: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedRow:
    """A billed period that is put right, as `CorrectedPeriod` keeps it."""

    account_id: int
    agreement_id: int
    replaces_id: int
    was_start_on: date
    was_end_on: date
    start_on: date | None
    end_on: date | None
    before_cents: int
    after_cents: int
    due_on: date
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedPlan:
    """The correction of an account: a bill in the place of others, or those cancelled, and a row for each period."""

    bill: BillPlan | None
    cancel: CancelPlan | None
    rows: tuple[CorrectedRow, ...]

    @property
    def entries(self) -> tuple[EntryDraft, ...]:
        """The entries that it posts."""
        return self.bill.entries if self.bill else self.cancel.entries if self.cancel else ()

    @property
    def cancels(self) -> tuple[int, ...]:
        """The segments that no longer stand."""
        return self.bill.cancels if self.bill else self.cancel.cancels if self.cancel else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCorrections:
    """What was written: bills by account, and the entries."""

    bills: Mapping[int, int]
    entry_ids: tuple[int, ...]


def issue_corrections(
    plans: Sequence[CorrectedPlan], *, at: datetime, receipt_id: int, run_id: int | None = None
) -> IssuedCorrections:
    """Issue the corrected bills of some accounts, post their entries, and write down what was put right.

    Raises:
        PeriodAlreadyBilled, BillAlreadyCorrected: someone was faster.
    """
    entries = [entry for plan in plans for entry in plan.entries]
    entry_ids = post(entries, inserted_at=at, receipt_id=receipt_id) if entries else ()
    bills, charged, place = [], [], 0
    for plan in plans:
        place += len(plan.entries)
        if plan.bill is not None:
            bills.append(plan.bill)
            charged.append(entry_ids[place - 1] if plan.bill.has_charge_entry else None)
    deactivate([number for plan in plans if plan.bill is None for number in plan.cancels])
    made = write_bills(bills, charge_entries=charged, run_id=run_id, receipt_id=receipt_id) if bills else []
    numbers = {plan.account_id: number for plan, number in zip(bills, made, strict=True)}
    CorrectedPeriod.objects.bulk_create(
        CorrectedPeriod(
            account_id=row.account_id,
            agreement_id=row.agreement_id,
            replaces_id=row.replaces_id,
            bill_id=numbers.get(row.account_id) if row.start_on is not None else None,
            was_start_on=row.was_start_on,
            was_end_on=row.was_end_on,
            start_on=row.start_on,
            end_on=row.end_on,
            before_cents=row.before_cents,
            after_cents=row.after_cents,
            due_on=row.due_on,
            cause=row.cause,
            receipt_id=receipt_id,
        )
        for plan in plans
        for row in plan.rows
    )
    return IssuedCorrections(bills=numbers, entry_ids=entry_ids)

"""Writes of debts given up, of what came back of them, and of what is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from weatherhead.areas.credit.models import Provision, Recovery, WriteOff
from weatherhead.areas.ledger.operations import post
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class ProvidedAlready(Refusal):
    """A month is provided for once."""

    template = gettext_noop("Something was set aside for %(month)s already. Nothing more is needed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """A debt about to be written off."""

    account_id: int
    amount_cents: int
    entry: EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A part of a write-off that was paid after all."""

    write_off_id: int
    amount_cents: int
    entry: EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecovered:
    """A recovery about to be undone: the payment that it came of was taken back."""

    recovery_id: int
    undone_on: date
    entry: EntryDraft


def record_write_offs(
    plans: Sequence[GiveUp], *, kind: str, on: date, at: datetime, receipt_id: int
) -> tuple[int, ...]:
    """Record write-offs and post their entries, as sets; returns the entries' numbers in the order of the plans."""
    entry_ids = post([plan.entry for plan in plans], inserted_at=at, receipt_id=receipt_id)
    WriteOff.objects.bulk_create(
        WriteOff(
            account_id=plan.account_id,
            kind=kind,
            amount_cents=plan.amount_cents,
            written_on=on,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for plan, entry_id in zip(plans, entry_ids, strict=True)
    )
    return entry_ids


def record_recoveries(plans: Sequence[Recovered], *, on: date, at: datetime, receipt_id: int) -> tuple[int, ...]:
    """Record recoveries and post their entries, as sets; returns the entries' numbers in the order of the plans."""
    entry_ids = post([plan.entry for plan in plans], inserted_at=at, receipt_id=receipt_id)
    Recovery.objects.bulk_create(
        Recovery(
            write_off_id=plan.write_off_id,
            amount_cents=plan.amount_cents,
            recovered_on=on,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for plan, entry_id in zip(plans, entry_ids, strict=True)
    )
    return entry_ids


def undo_recoveries(plans: Sequence[Unrecovered], *, at: datetime, receipt_id: int) -> tuple[int, ...]:
    """Undo recoveries and post their reversals; returns the entries' numbers in the order of the plans."""
    entry_ids = post([plan.entry for plan in plans], inserted_at=at, receipt_id=receipt_id)
    for plan, entry_id in zip(plans, entry_ids, strict=True):
        standing = Recovery.objects.filter(pk=plan.recovery_id, undone_on__isnull=True)
        standing.update(undone_on=plan.undone_on, undo_entry_id=entry_id)
    return entry_ids


def record_provision(
    *,
    month_on: date,
    revenue_cents: int,
    percent: Decimal,
    amount_cents: int,
    entry: EntryDraft,
    at: datetime,
    receipt_id: int,
) -> int:
    """Record what is set aside for a month, once, and post it; returns the entry's number.

    Raises:
        ProvidedAlready: somebody did.
    """
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    try:
        with transaction.atomic():
            Provision.objects.create(
                month_on=month_on,
                revenue_cents=revenue_cents,
                percent=percent,
                amount_cents=amount_cents,
                entry_id=entry_id,
                receipt_id=receipt_id,
            )
    except IntegrityError as error:
        raise ProvidedAlready(month=f"{month_on:%Y-%m}") from error
    return entry_id

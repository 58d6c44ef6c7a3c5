"""Writes of money in. Every payment posts its entry here, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from weatherhead.areas.ledger.operations import post
from weatherhead.areas.payments.models import Payment, PaymentBatch, PaymentEvent, Tender
from weatherhead.areas.records.canonical import Json
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class PaymentAlreadyReversed(Refusal):
    """It was reversed before."""

    template = gettext_noop("Payment %(payment)s was reversed on %(on)s already. Nothing more is needed.")


class TenderAlreadyReturned(Refusal):
    """It came back before."""

    template = gettext_noop("This %(what)s was returned on %(on)s already. Nothing more is needed.")


class BatchNameTaken(Refusal):
    """A batch of that name was posted."""

    template = gettext_noop(
        "A batch called %(name)s was posted on %(on)s: %(rows)s payments, receipt %(receipt)s. Give this one a name of "
        "its own, or leave it: it may be the same."
    )


TENDER_RETURNED = "tender_returned"
"""Why a payment is reversed whose tender came back: nobody posted it wrong."""


def record_payment(
    *,
    account_id: int,
    amount_cents: int,
    kind: str,
    check_number: str,
    channel: str,
    paid_on: date,
    received_at: datetime,
    received_by: str,
    entry: EntryDraft,
    receipt_id: int,
) -> tuple[int, int]:
    """Record event, tender and payment, and post the entry. Returns the payment's and the entry's numbers."""
    event = PaymentEvent.objects.create(
        received_at=received_at,
        received_on=paid_on,
        channel=channel,
        received_by=received_by,
        receipt_id=receipt_id,
    )
    tender = Tender.objects.create(event=event, kind=kind, amount_cents=amount_cents, check_number=check_number)
    (entry_id,) = post([entry], inserted_at=received_at, receipt_id=receipt_id)
    payment = Payment.objects.create(
        event=event,
        tender=tender,
        account_id=account_id,
        amount_cents=amount_cents,
        paid_on=paid_on,
        entry_id=entry_id,
    )
    return payment.pk, entry_id


def record_reversal(
    *, payment_id: int, entry: EntryDraft, reversed_on: date, reason: str, at: datetime, receipt_id: int
) -> int:
    """Post the reversing entry and mark the payment reversed, once. Returns the entry's number.

    Raises:
        PaymentAlreadyReversed: it was.
    """
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    held = Payment.objects.filter(pk=payment_id, reversed_on__isnull=True)
    if held.update(reversed_on=reversed_on, reversal_entry_id=entry_id, reversal_reason=reason) != 1:
        on = Payment.objects.values_list("reversed_on", flat=True).get(pk=payment_id)
        raise PaymentAlreadyReversed(payment=payment_id, on=on or "")
    return entry_id


def cancel_tender(
    *,
    tender_id: int,
    entries: Mapping[int, EntryDraft],
    cancelled_on: date,
    reason: str,
    note: str,
    at: datetime,
    receipt_id: int,
) -> tuple[int, ...]:
    """Cancel a tender that came back: the event that received it stays, each of its payments is undone by an entry.

    `entries` are the reversing entries by payment, of those payments that still stand. Returns the entries' numbers, in
    that order.

    Raises:
        TenderAlreadyReturned: it came back before.
        PaymentAlreadyReversed: one of its payments was reversed meanwhile.
    """
    held = Tender.objects.filter(pk=tender_id, cancelled_on__isnull=True)
    changed = held.update(
        cancelled_on=cancelled_on, cancel_reason=reason, cancel_note=note, cancel_receipt_id=receipt_id
    )
    if changed != 1:
        row = Tender.objects.get(pk=tender_id)
        raise TenderAlreadyReturned(what=row.kind, on=row.cancelled_on or "")
    return tuple(
        record_reversal(
            payment_id=payment_id,
            entry=entry,
            reversed_on=cancelled_on,
            reason=TENDER_RETURNED,
            at=at,
            receipt_id=receipt_id,
        )
        for payment_id, entry in entries.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPlan:
    """A payment of a batch ready to be recorded: one event, one tender, one account."""

    account_id: int
    amount_cents: int
    kind: str
    check_number: str
    entry: EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """A batch ready to be recorded. `total_cents` is of all its rows, posted or not; `report` tells of those not."""

    name: str
    channel: str
    received_on: date
    rows: int
    total_cents: int
    payments: tuple[PaymentPlan, ...]
    report: tuple[Mapping[str, Json], ...]


def record_batch(
    plan: BatchPlan, *, received_at: datetime, received_by: str, receipt_id: int
) -> tuple[int, tuple[int, ...]]:
    """Record a batch with its events, tenders and payments, and post their entries, as sets.

    Returns the batch's number and the entries' numbers, in the order of the payments.

    Raises:
        BatchNameTaken: a batch of that name was posted before.
    """
    batch_id = _write_batch(plan, receipt_id=receipt_id)
    entry_ids = post([item.entry for item in plan.payments], inserted_at=received_at, receipt_id=receipt_id)
    events = PaymentEvent.objects.bulk_create(
        PaymentEvent(
            batch_id=batch_id,
            received_at=received_at,
            received_on=plan.received_on,
            channel=plan.channel,
            received_by=received_by,
            receipt_id=receipt_id,
        )
        for _ in plan.payments
    )
    tenders = Tender.objects.bulk_create(
        Tender(event=event, kind=item.kind, amount_cents=item.amount_cents, check_number=item.check_number)
        for event, item in zip(events, plan.payments, strict=True)
    )
    Payment.objects.bulk_create(
        Payment(
            event=event,
            tender=tender,
            account_id=item.account_id,
            amount_cents=item.amount_cents,
            paid_on=plan.received_on,
            entry_id=entry_id,
        )
        for event, tender, item, entry_id in zip(events, tenders, plan.payments, entry_ids, strict=True)
    )
    return batch_id, entry_ids


def _write_batch(plan: BatchPlan, *, receipt_id: int) -> int:
    try:
        with transaction.atomic():
            return PaymentBatch.objects.create(
                name=plan.name,
                channel=plan.channel,
                received_on=plan.received_on,
                rows=plan.rows,
                total_cents=plan.total_cents,
                posted_rows=len(plan.payments),
                posted_cents=sum(item.amount_cents for item in plan.payments),
                report=list(plan.report),
                receipt_id=receipt_id,
            ).pk
    except IntegrityError as error:
        first = PaymentBatch.objects.filter(name=plan.name).first()
        if first is None:
            raise
        raise BatchNameTaken(
            name=first.name, on=first.received_on, rows=first.posted_rows, receipt=first.receipt_id
        ) from error

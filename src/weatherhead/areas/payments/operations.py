"""Writes of money in. Every payment posts its entry here, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from weatherhead.areas.ledger.operations import post
from weatherhead.areas.payments.models import Payment, PaymentEvent, Tender
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class PaymentAlreadyReversed(Refusal):
    """It was reversed before."""

    template = gettext_noop("Payment %(payment)s was reversed on %(on)s already. Nothing more is needed.")


class TenderAlreadyReturned(Refusal):
    """It came back before."""

    template = gettext_noop("This %(what)s was returned on %(on)s already. Nothing more is needed.")


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

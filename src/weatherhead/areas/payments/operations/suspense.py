"""Writes of money in suspense: each item is put there by an entry, and taken out of it by one, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from weatherhead.areas.ledger.operations import post
from weatherhead.areas.payments.models import Payment, SuspenseItem, Tender
from weatherhead.areas.records.database import lock_rows
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class SuspenseResolvedAlready(Refusal):
    """It was posted or returned before."""

    template = gettext_noop(
        "Suspense item %(item)s was %(state)s on %(on)s by %(by)s already. Open the list again to see what is left."
    )


class SuspenseNotRefunded(Refusal):
    """It does not go back as a refund."""

    template = gettext_noop("Suspense item %(item)s does not go back as a refund. Open the list of suspense again.")


def suspend_payment(*, payment_id: int, entry_id: int, on: date, receipt_id: int) -> int:
    """Give the money of a payment that was reversed, and that stays here, a row; `entry_id` put it into suspense."""
    row = Payment.objects.select_related("tender", "event", "account").get(pk=payment_id)
    return SuspenseItem.objects.create(
        tender_id=row.tender_id,
        payment=row,
        amount_cents=row.amount_cents,
        received_on=row.paid_on,
        suspended_on=on,
        why="payment_reversed",
        account_text=row.account.number,
        payer=row.tender.payer,
        entry_id=entry_id,
        receipt_id=receipt_id,
    ).pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How an item leaves suspense: `entry` undoes what put it there, or sends it back."""

    item_id: int
    entry: EntryDraft
    on: date
    by: str
    note: str


def post_item(
    resolution: Resolution, *, account_id: int, payment: EntryDraft, at: datetime, receipt_id: int
) -> tuple[int, tuple[int, ...]]:
    """Take an item out of suspense and pay an account with it, as of the day on which it was received.

    The payment is another part of the same tender: if that comes back, it is undone with the rest. Returns the
    payment's number and the entries'.

    Raises:
        SuspenseResolvedAlready: somebody was faster.
    """
    row = _take(resolution.item_id)
    out_id, paid_id = post([resolution.entry, payment], inserted_at=at, receipt_id=receipt_id)
    made = Payment.objects.create(
        event_id=row.tender.event_id,
        tender_id=row.tender_id,
        account_id=account_id,
        amount_cents=row.amount_cents,
        paid_on=row.received_on,
        entry_id=paid_id,
    )
    _resolve(row, resolution, state="posted", entry_id=out_id, receipt_id=receipt_id, payment_id=made.pk)
    return made.pk, (out_id, paid_id)


def return_item(
    resolution: Resolution, *, way: Literal["refund", "bank"], at: datetime, receipt_id: int
) -> tuple[int, ...]:
    """Send an item back to who paid it. Returns the entry's number.

    Raises:
        SuspenseResolvedAlready: somebody was faster.
    """
    row = _take(resolution.item_id)
    (entry_id,) = post([resolution.entry], inserted_at=at, receipt_id=receipt_id)
    _resolve(row, resolution, state="returned", entry_id=entry_id, receipt_id=receipt_id, way=way)
    return (entry_id,)


def reopen_item(item_id: int) -> None:
    """Let an item whose refund was cancelled wait again; the entry that put it there stands, its own undoing is undone.

    Raises:
        SuspenseNotRefunded: it is no refund's.
    """
    refunded = SuspenseItem.objects.filter(pk=item_id, state="returned", returned_by="refund")
    reopened = refunded.update(
        state="open",
        resolved_on=None,
        resolved_by="",
        resolve_note="",
        resolve_entry_id=None,
        resolve_receipt_id=None,
        returned_by="",
    )
    if reopened != 1:
        raise SuspenseNotRefunded(item=item_id)


def _take(item_id: int) -> SuspenseItem:
    """Hold an item, after its tender, until the transaction ends."""
    tender_id = SuspenseItem.objects.values_list("tender_id", flat=True).get(pk=item_id)
    lock_rows(Tender, [tender_id])
    lock_rows(SuspenseItem, [item_id])
    row = SuspenseItem.objects.select_related("tender").get(pk=item_id)
    if row.state != "open":
        raise SuspenseResolvedAlready(item=item_id, state=row.state, on=row.resolved_on or "", by=row.resolved_by)
    return row


def _resolve(
    row: SuspenseItem,
    resolution: Resolution,
    *,
    state: str,
    entry_id: int,
    receipt_id: int,
    payment_id: int | None = None,
    way: str = "",
) -> None:
    SuspenseItem.objects.filter(pk=row.pk).update(
        state=state,
        resolved_on=resolution.on,
        resolved_by=resolution.by,
        resolve_note=resolution.note,
        resolve_entry_id=entry_id,
        resolve_receipt_id=receipt_id,
        posted_payment_id=payment_id,
        returned_by=way,
    )

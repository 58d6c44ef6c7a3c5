"""Writes of money in. Every payment posts its entry here, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, models, transaction

from weatherhead.areas.ledger.operations import post
from weatherhead.areas.payments.models import Drawer, Payment, PaymentBatch, PaymentEvent, Tender
from weatherhead.areas.payments.operations.drawers import require_open
from weatherhead.areas.payments.queries import Whereabouts, where_tender_is
from weatherhead.areas.records.arrays import take_row_ids
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import bulk_insert, lock_rows
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class PaymentAlreadyReversed(Refusal):
    """It was reversed before."""

    template = gettext_noop("Payment %(payment)s was reversed on %(on)s already. Nothing more is needed.")


class TenderAlreadyReturned(Refusal):
    """It came back before."""

    template = gettext_noop("This %(what)s was returned on %(on)s already. Nothing more is needed.")


class TenderMoved(Refusal):
    """Its drawer was closed, or it went to the bank."""

    template = gettext_noop(
        "The money was just closed with its drawer or taken to the bank. Check the figures below and confirm again."
    )


class BatchNameTaken(Refusal):
    """A batch of that name was posted."""

    template = gettext_noop(
        "A batch called %(name)s was posted on %(on)s: %(rows)s payments, receipt %(receipt)s. Give this one a name of "
        "its own, or leave it: it may be the same."
    )


_TENDER_COLUMNS = ("kind", "amount_cents", "change_cents", "check_number", "reference", "payer", "card_last4")
_EVENT_COLUMNS = ("id", "batch_id", "received_at", "received_on", "channel", "received_by", "receipt_id")
_PAYMENT_COLUMNS = ("event_id", "tender_id", "account_id", "amount_cents", "paid_on", "entry_id", "reversal_reason")

TENDER_RETURNED = "tender_returned"
"""Why a payment is reversed whose tender came back: nobody posted it wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderPlan:
    """Something that was handed over. `amount_cents` is what is kept of it."""

    kind: str  # cash, check, money_order, bank, agency, card
    amount_cents: int
    change_cents: int = 0
    check_number: str = ""
    reference: str = ""
    payer: str = ""
    card_last4: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPlan:
    """The part of a tender, named by its place from 0, that goes to an account."""

    tender: int
    account_id: int
    amount_cents: int
    entry: EntryDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlan:
    """Money that was received at once: tenders, and their parts for accounts, which come to each tender's amount."""

    channel: str
    received_on: date
    tenders: tuple[TenderPlan, ...]
    payments: tuple[AppliedPlan, ...]
    drawer_id: int | None = None

    def __post_init__(self) -> None:
        """Not a cent of a tender is left, and none is used twice."""
        left = [tender.amount_cents for tender in self.tenders]
        for item in self.payments:
            left[item.tender] -= item.amount_cents
        if any(left):
            raise ValueError(f"tenders and payments differ by {left}")


def record_event(
    plan: EventPlan, *, received_at: datetime, received_by: str, receipt_id: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Record an event with its tenders and payments, and post the entries. Returns the numbers of both, in order.

    Raises:
        DrawerClosed: the drawer was closed meanwhile.
    """
    if plan.drawer_id is not None:
        require_open(plan.drawer_id)
    event = PaymentEvent.objects.create(
        drawer_id=plan.drawer_id,
        received_at=received_at,
        received_on=plan.received_on,
        channel=plan.channel,
        received_by=received_by,
        receipt_id=receipt_id,
    )
    tenders = [Tender.objects.create(event=event, **_tender_values(item)) for item in plan.tenders]
    entry_ids = post([item.entry for item in plan.payments], inserted_at=received_at, receipt_id=receipt_id)
    payments = [
        Payment.objects.create(
            event=event,
            tender=tenders[item.tender],
            account_id=item.account_id,
            amount_cents=item.amount_cents,
            paid_on=plan.received_on,
            entry_id=entry_id,
        )
        for item, entry_id in zip(plan.payments, entry_ids, strict=True)
    ]
    return tuple(item.pk for item in payments), entry_ids


def _tender_values(item: TenderPlan) -> dict[str, str | int]:
    return {name: getattr(item, name) for name in _TENDER_COLUMNS}


def record_reversal(
    *,
    payment_id: int,
    entry: EntryDraft,
    reversed_on: date,
    reason: str,
    at: datetime,
    receipt_id: int,
    taken_back: bool = False,
) -> int:
    """Post the reversing entry and mark the payment reversed, once. Returns the entry's number.

    `taken_back` says that its tender is still in hand and holds so much less from now on: see `where_tender_is`.

    Raises:
        PaymentAlreadyReversed: it was.
        TenderMoved: its tender was in hand when the reversal was proposed, and is no longer.
    """
    if taken_back:
        _take_back(payment_id)
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    held = Payment.objects.filter(pk=payment_id, reversed_on__isnull=True)
    if held.update(reversed_on=reversed_on, reversal_entry_id=entry_id, reversal_reason=reason) != 1:
        on = Payment.objects.values_list("reversed_on", flat=True).get(pk=payment_id)
        raise PaymentAlreadyReversed(payment=payment_id, on=on or "")
    return entry_id


def _take_back(payment_id: int) -> None:
    """Take a payment out of what its tender is worth to its drawer, batch or deposit."""
    row = Payment.objects.get(pk=payment_id)
    _require_there(row.tender_id, where=Whereabouts.IN_HAND)
    held = Tender.objects.filter(pk=row.tender_id)
    held.update(taken_back_cents=models.F("taken_back_cents") + row.amount_cents)


def _require_there(tender_id: int, *, where: Whereabouts) -> None:
    """Hold what a tender lies in until the transaction ends, and see that the tender is where it was thought to be.

    Raises:
        TenderMoved: it is not.
    """
    row = Tender.objects.select_related("event").get(pk=tender_id)
    if row.event.drawer_id is not None:
        lock_rows(Drawer, [row.event.drawer_id])
    elif row.event.batch_id is not None:
        lock_rows(PaymentBatch, [row.event.batch_id])
    else:
        lock_rows(Tender, [tender_id])
    if where_tender_is(tender_id) is not where:
        raise TenderMoved


def cancel_tender(
    *,
    tender_id: int,
    where: Whereabouts,
    entries: Mapping[int, EntryDraft],
    cancelled_on: date,
    reason: str,
    note: str,
    at: datetime,
    receipt_id: int,
) -> tuple[int, ...]:
    """Cancel a tender that came back: the event that received it stays, each of its payments is undone by an entry.

    `where` is where the tender was when its return was proposed: its entries depend on it. `entries` are the reversing
    entries by payment, of those payments that still stand. Returns the entries' numbers, in
    that order.

    Raises:
        TenderAlreadyReturned: it came back before.
        PaymentAlreadyReversed: one of its payments was reversed meanwhile.
        TenderMoved: it went to the bank meanwhile.
    """
    _require_there(tender_id, where=where)
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
    reference: str = ""
    payer: str = ""


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
    _write_payments(
        plan,
        batch_id=batch_id,
        entry_ids=entry_ids,
        received_at=received_at,
        received_by=received_by,
        receipt_id=receipt_id,
    )
    return batch_id, entry_ids


def _write_payments(
    plan: BatchPlan,
    *,
    batch_id: int,
    entry_ids: Sequence[int],
    received_at: datetime,
    received_by: str,
    receipt_id: int,
) -> None:
    """An event, a tender and a payment for each of a batch: three statements, whatever their number."""
    count, on = len(plan.payments), plan.received_on
    if not count:
        return
    events = take_row_ids("payments_paymentevent", count=count).tolist()
    tenders = take_row_ids("payments_tender", count=count).tolist()
    bulk_insert(
        table="payments_paymentevent",
        columns=_EVENT_COLUMNS,
        rows=((number, batch_id, received_at, on, plan.channel, received_by, receipt_id) for number in events),
    )
    bulk_insert(
        table="payments_tender",
        columns=("id", "event_id", *_TENDER_COLUMNS, "taken_back_cents", "cancel_reason", "cancel_note"),
        rows=(
            (
                tender,
                event,
                item.kind,
                item.amount_cents,
                0,
                item.check_number,
                item.reference,
                item.payer,
                "",
                0,
                "",
                "",
            )
            for tender, event, item in zip(tenders, events, plan.payments, strict=True)
        ),
    )
    bulk_insert(
        table="payments_payment",
        columns=_PAYMENT_COLUMNS,
        rows=(
            (event, tender, item.account_id, item.amount_cents, on, entry_id, "")
            for event, tender, item, entry_id in zip(events, tenders, plan.payments, entry_ids, strict=True)
        ),
    )


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

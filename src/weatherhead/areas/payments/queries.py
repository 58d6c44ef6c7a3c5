"""Payments as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Max

from weatherhead.areas.payments.file_models import SuspenseItem
from weatherhead.areas.payments.models import Payment, PaymentBatch, PaymentEvent, Tender
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import chunks
from weatherhead.core.values import Refusal, gettext_noop

Likeness = tuple[int, str, str, int]
"""Account, kind of tender, its number as it is compared, and its amount in cents."""
PHYSICAL = frozenset({"cash", "check", "money_order"})
"""Kinds of tender that lie in a drawer until they go to the bank."""
TENDER_RETURNED = "tender_returned"
"""Why a payment is reversed whose tender came back: nobody posted it wrong."""
MOVED = "moved"
"""Why a payment is reversed that went on to the account it was meant for: its tender stays where it is."""


class Whereabouts(StrEnum):
    """Where the money of a tender is."""

    IN_HAND = "in_hand"
    """In an open drawer, in a batch or by itself, and not yet on its way to the bank: it can still be taken back."""
    CLOSED = "closed"
    """Counted and closed with its drawer."""
    AT_BANK = "at_bank"
    """Deposited."""
    ELECTRONIC = "electronic"
    """Never in anybody's hand."""


class NoSuchPayment(Refusal):
    """No payment has that number."""

    template = gettext_noop("There is no payment %(payment)s. Open the account's timeline again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """A payment on an account. `amount_cents` is positive.

    `returned_on` is its tender's, wherever its money was by then; `came_back_on` is what concerns this account.
    """

    payment_id: int
    account_id: int
    amount_cents: int
    paid_on: date
    tender_kind: str  # cash, check, money_order, bank, agency, card
    check_number: str
    channel: str
    entry_id: int
    reversed_on: date | None
    reversal_entry_id: int | None
    reversal_reason: str
    receipt_id: int
    event_id: int
    tender_id: int
    tender_cents: int  # of the whole tender, which may have paid several accounts
    reference: str
    payer: str
    drawer_id: int | None
    batch_id: int | None
    returned_on: date | None
    return_reason: str
    moved_from_id: int | None

    @property
    def came_back_on(self) -> date | None:
        """When the bank's return took it off this account; None where it stands, or was moved or reversed before."""
        return self.returned_on if self.reversal_reason == TENDER_RETURNED else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentBatchFacts:
    """Payments that were posted together. `report` holds each row that was not: row, account, amount_cents, what."""

    batch_id: int
    name: str
    channel: str
    received_on: date
    rows: int
    total_cents: int
    posted_rows: int
    posted_cents: int
    report: tuple[Mapping[str, Json], ...]
    receipt_id: int


def payment_batch_called(name: str) -> PaymentBatchFacts | None:
    """The batch of that name, if one was posted."""
    row = PaymentBatch.objects.filter(name=name).first()
    if row is None:
        return None
    return PaymentBatchFacts(
        batch_id=row.pk,
        name=row.name,
        channel=row.channel,
        received_on=row.received_on,
        rows=row.rows,
        total_cents=row.total_cents,
        posted_rows=row.posted_rows,
        posted_cents=row.posted_cents,
        report=tuple(row.report),
        receipt_id=row.receipt_id,
    )


def payment(payment_id: int) -> PaymentFacts:
    """One payment.

    Raises:
        NoSuchPayment: for an unknown number.
    """
    row = Payment.objects.select_related("tender", "event").filter(pk=payment_id).first()
    if row is None:
        raise NoSuchPayment(payment=payment_id)
    return _facts(row)


def payments_numbered(payment_ids: Iterable[int]) -> tuple[PaymentFacts, ...]:
    """The payments of some numbers, in their order; a number that none has is left out."""
    rows = Payment.objects.select_related("tender", "event").filter(pk__in=list(payment_ids))
    return tuple(_facts(row) for row in rows.order_by("pk"))


def payments_of_tender(tender_id: int) -> tuple[PaymentFacts, ...]:
    """Every payment that a tender made, in their order, reversed ones among them."""
    rows = Payment.objects.select_related("tender", "event").filter(tender_id=tender_id)
    return tuple(_facts(row) for row in rows.order_by("pk"))


def moved_to(payment_id: int) -> tuple[PaymentFacts, ...]:
    """The payments that a moved one went on as, in their order."""
    rows = Payment.objects.select_related("tender", "event").filter(moved_from_id=payment_id)
    return tuple(_facts(row) for row in rows.order_by("pk"))


def where_tender_is(tender_id: int) -> Whereabouts:
    """Where the money of a tender is; what decides on it is read under the lock of its drawer or batch."""
    row = Tender.objects.select_related("event__drawer", "event__batch").get(pk=tender_id)
    drawer, batch = row.event.drawer, row.event.batch
    if row.kind not in PHYSICAL:
        return Whereabouts.ELECTRONIC
    deposits = (row.deposit_id, drawer.deposit_id if drawer else None, batch.deposit_id if batch else None)
    if any(number is not None for number in deposits):
        return Whereabouts.AT_BANK
    if drawer is not None and drawer.closed_on is not None:
        return Whereabouts.CLOSED
    return Whereabouts.IN_HAND


@dataclass(frozen=True, slots=True, kw_only=True)
class LikePayment:
    """A payment that stands, by what a second one like it would say again."""

    payment_id: int
    account_id: int
    kind: str
    number: str
    amount_cents: int  # of the whole tender
    paid_on: date
    receipt_id: int


def likeness(*, account_id: int, kind: str, number: str, amount_cents: int) -> Likeness | None:
    """By what a tender's payment on an account is known again; None when it has no number, as cash.

    A check is one whether it comes over the counter or by a lockbox: see `kind_known`.
    """
    said = number.replace(" ", "").lstrip("0").lower()
    return (account_id, kind, said, amount_cents) if said else None


def kind_known(kind: str, *, check_number: str) -> str:
    """As what a tender is known again: money of the bank with a check's number is that check, out of a lockbox."""
    return "check" if kind == "bank" and check_number else kind


def payments_like(account_ids: Iterable[int], *, since: date) -> dict[Likeness, LikePayment]:
    """The payments of accounts since a day that a second one would be known by, the first of each; reversed ones none.

    Read in sets: a batch of thousands costs as few statements as one payment.
    """
    found: dict[Likeness, LikePayment] = {}
    fields = ("pk", "account_id", "paid_on", "event__receipt_id", "tender__kind", "tender__amount_cents")
    for chunk in chunks(sorted(set(account_ids))):
        rows = Payment.objects.filter(account_id__in=chunk, paid_on__gte=since, reversed_on__isnull=True)
        numbered = rows.exclude(tender__check_number="", tender__reference="").order_by("pk")
        for pk, account, on, receipt, kind, cents, check, reference in numbered.values_list(
            *fields, "tender__check_number", "tender__reference"
        ):
            known_as = kind_known(kind, check_number=check)
            known_by = likeness(account_id=account, kind=known_as, number=check or reference, amount_cents=cents)
            if known_by is not None:
                found.setdefault(
                    known_by,
                    LikePayment(
                        payment_id=pk,
                        account_id=account,
                        kind=kind,
                        number=check or reference,
                        amount_cents=cents,
                        paid_on=on,
                        receipt_id=receipt,
                    ),
                )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderFacts:
    """Something that was handed over. `amount_cents` is what was kept of it."""

    kind: str
    amount_cents: int
    change_cents: int
    number: str
    payer: str
    card_last4: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """Money that was received at once. `paid_cents` is what went to each account, of payments that still stand."""

    event_id: int
    received_at: datetime
    received_on: date
    channel: str
    received_by: str
    tenders: tuple[TenderFacts, ...]
    paid_cents: Mapping[int, int]
    reversed_cents: Mapping[int, int]


def event_of_receipt(receipt_id: int) -> EventFacts | None:
    """The event that a receipt tells of; None when it tells of none, or of a whole batch."""
    found = PaymentEvent.objects.filter(receipt_id=receipt_id, batch__isnull=True).first()
    return _event(found) if found is not None else None


def event(event_id: int) -> EventFacts:
    """Money that was received at once; it must be of a payment."""
    return _event(PaymentEvent.objects.get(pk=event_id))


def _event(row: PaymentEvent) -> EventFacts:
    paid: dict[int, int] = {}
    undone: dict[int, int] = {}
    for part in Payment.objects.filter(event=row).order_by("pk"):
        paid.setdefault(part.account_id, 0)
        kept = paid if part.reversed_on is None else undone
        kept[part.account_id] = kept.get(part.account_id, 0) + part.amount_cents
    return EventFacts(
        event_id=row.pk,
        received_at=row.received_at,
        received_on=row.received_on,
        channel=row.channel,
        received_by=row.received_by,
        tenders=tuple(
            TenderFacts(
                kind=tender.kind,
                amount_cents=tender.amount_cents,
                change_cents=tender.change_cents,
                number=tender.check_number or tender.reference,
                payer=tender.payer,
                card_last4=tender.card_last4,
            )
            for tender in Tender.objects.filter(event=row).order_by("pk")
        ),
        paid_cents=paid,
        reversed_cents=undone,
    )


def payments_of_account(account_id: int, *, limit: int) -> tuple[PaymentFacts, ...]:
    """The latest payments of an account, latest first."""
    rows = Payment.objects.select_related("tender", "event").filter(account_id=account_id)
    return tuple(_facts(row) for row in rows.order_by("-paid_on", "-pk")[:limit])


def same_money(payment_ids: Iterable[int]) -> frozenset[int]:
    """The payments that had the money of some payments before: moved, or reversed into suspense and posted from it."""
    found: set[int] = set()
    later = set(payment_ids)
    while later:
        before: set[int] = set()
        for chunk in chunks(sorted(later)):
            moved = Payment.objects.filter(pk__in=chunk, moved_from__isnull=False)
            before.update(moved.values_list("moved_from_id", flat=True))
            waited = SuspenseItem.objects.filter(posted_payment__in=chunk, payment__isnull=False)
            before.update(waited.values_list("payment_id", flat=True))
        later = before - found
        found |= before
    return frozenset(found)


def returned_payments(account_ids: Iterable[int]) -> tuple[PaymentFacts, ...]:
    """The payments of some accounts whose tenders the bank returned."""
    rows = Payment.objects.select_related("tender", "event").filter(
        account_id__in=sorted(set(account_ids)), tender__cancelled_on__isnull=False
    )
    return tuple(_facts(row) for row in rows.order_by("pk"))


def last_taken_back(account_ids: Iterable[int]) -> dict[int, date]:
    """The last day on which a payment of an account was reversed, moved or came back; none for one without."""
    found: dict[int, date] = {}
    for chunk in chunks(sorted(set(account_ids))):
        rows = Payment.objects.filter(account_id__in=chunk, reversed_on__isnull=False).values_list("account_id")
        found.update(rows.annotate(last=Max("reversed_on")))
    return found


def _facts(row: Payment) -> PaymentFacts:
    return PaymentFacts(
        payment_id=row.pk,
        account_id=row.account_id,
        amount_cents=row.amount_cents,
        paid_on=row.paid_on,
        tender_kind=row.tender.kind,
        check_number=row.tender.check_number,
        channel=row.event.channel,
        entry_id=row.entry_id,
        reversed_on=row.reversed_on,
        reversal_entry_id=row.reversal_entry_id,
        reversal_reason=row.reversal_reason,
        receipt_id=row.event.receipt_id,
        event_id=row.event_id,
        tender_id=row.tender_id,
        tender_cents=row.tender.amount_cents,
        reference=row.tender.reference,
        payer=row.tender.payer,
        drawer_id=row.event.drawer_id,
        batch_id=row.event.batch_id,
        returned_on=row.tender.cancelled_on,
        return_reason=row.tender.cancel_reason,
        moved_from_id=row.moved_from_id,
    )

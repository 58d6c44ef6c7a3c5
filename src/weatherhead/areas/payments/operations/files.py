"""Writes of payment files: a file with its shards, and what became of a shard's items, as sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import IntegrityError, transaction

from weatherhead.areas.ledger.operations import ChargeColumns, digest_of_digests, post, post_charges
from weatherhead.areas.ledger.queries import digests_of
from weatherhead.areas.payments.models import PaymentFile, PaymentFileShard
from weatherhead.areas.records.arrays import MISSING, ColumnType, Values, insert_columns, take_row_ids
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import violated_constraint
from weatherhead.core.ledger import EntryDraft, LedgerAccount
from weatherhead.core.values import Int64Array, Refusal, gettext_noop

CHANNEL = "electronic"


class PaymentFileAlreadyImported(Refusal):
    """The same bytes, from the same source."""

    template = gettext_noop(
        "This file was imported on %(on)s as %(name)s by %(by)s, receipt %(receipt)s; payments in it: %(items)s. "
        "Nothing more is needed."
    )


class PaymentFileUnfinished(PaymentFileAlreadyImported):
    """They are here, and not all posted."""

    template = gettext_noop(
        "This file was imported on %(on)s as %(name)s by %(by)s, receipt %(receipt)s; payments in it: %(items)s. Not "
        "all of them are posted yet; pieces left: %(left)s. The workers post them. Where they gave up, weatherhead "
        "payments import goes on with the same file."
    )


class ShardPostedAlready(Refusal):
    """It is done once."""

    template = gettext_noop("Shard %(shard)s of this file was posted already. Nothing more is needed.")


class ItemsTakenMeanwhile(Refusal):
    """Another file with the same items was posted at the same time."""

    template = gettext_noop("Another file posted some of these payments at this moment. Post the shard again.")
    retried = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardContent:
    """Items of a file for one commit, as JSON."""

    items: int
    cents: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlan:
    """A file ready to be recorded."""

    name: str
    sha256: str
    source: str
    kind: str
    size_bytes: int
    items: int
    items_cents: int
    bad: int
    bad_cents: int
    passed_over: int
    totals: tuple[Json, ...]
    problems: tuple[Json, ...]
    shards: tuple[ShardContent, ...]


def record_file(
    plan: FilePlan, *, on: date, at: datetime, by: str, employee_id: int, receipt_id: int
) -> tuple[int, tuple[int, ...]]:
    """Record a file and its shards; returns their numbers.

    Raises:
        PaymentFileAlreadyImported: somebody was faster.
    """
    fields = ("name", "sha256", "source", "kind", "size_bytes", "items", "items_cents", "bad", "bad_cents")
    try:
        with transaction.atomic():
            file = PaymentFile.objects.create(
                **{name: getattr(plan, name) for name in fields},
                passed_over=plan.passed_over,
                totals=list(plan.totals),
                problems=list(plan.problems),
                imported_on=on,
                imported_at=at,
                imported_by=by,
                employee_id=employee_id,
                receipt_id=receipt_id,
            )
    except IntegrityError:
        refuse_imported(sha256=plan.sha256, source=plan.source)
        raise
    shards = [
        PaymentFileShard.objects.create(
            file=file, number=number, items=shard.items, cents=shard.cents, content=shard.content
        ).pk
        for number, shard in enumerate(plan.shards, 1)
    ]
    return file.pk, tuple(shards)


def refuse_imported(*, sha256: str, source: str) -> None:
    """Say when the same bytes were imported before.

    Raises:
        PaymentFileAlreadyImported, PaymentFileUnfinished: they were.
    """
    row = PaymentFile.objects.filter(sha256=sha256, source=source).first()
    if row is None:
        return
    said = {"on": row.imported_on, "name": row.name, "by": row.imported_by, "items": row.items}
    left = PaymentFileShard.objects.filter(file=row, done_at__isnull=True).count()
    if left:
        raise PaymentFileUnfinished(receipt=row.receipt_id, left=left, **said)
    raise PaymentFileAlreadyImported(receipt=row.receipt_id, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderColumns:
    """The tenders of a shard, n of them; days are ordinals."""

    references: list[str]
    amounts_cents: Int64Array
    days: Int64Array
    check_numbers: list[str]
    payers: list[str]
    lines: Int64Array
    bank_marks: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartColumns:
    """Parts of tenders: `tenders` are places in `TenderColumns`. Without account, `account_ids` is empty."""

    tenders: Int64Array
    amounts_cents: Int64Array
    account_ids: Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendedColumns:
    """Parts that go into suspense, and why."""

    parts: PartColumns
    lines: Int64Array
    whys: list[str]
    account_texts: list[str]
    return_by: Int64Array  # ordinals; MISSING for what is not an agency's


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """A shard ready to be posted.

    What came on a day of books that are closed takes effect on `first_open_on`, an ordinal; MISSING where none are.
    `directed` are the entries of what is posted, in that order, where a rule says what the money settles; else empty.
    """

    shard_id: int
    number: int
    file_id: int
    source: str
    tender: str
    debits: str
    tenders: TenderColumns
    posted: PartColumns
    suspended: SuspendedColumns
    directed: tuple[EntryDraft, ...]
    first_open_on: int
    known: int
    known_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPosted:
    """The entries' count, and a hash over all of them."""

    entries: int
    digest: str


def record_shard(plan: ShardPlan, *, received_by: str, on: date, at: datetime, receipt_id: int) -> ShardPosted:
    """Post a shard: an event and a tender for each item, payments and suspense with their entries, the done-marker.

    Raises:
        ShardPostedAlready: it was.
        ItemsTakenMeanwhile: an item of it came by another file just now.
    """
    _finish(plan, at=at, receipt_id=receipt_id)
    count = len(plan.tenders.references)
    if not count:
        return ShardPosted(entries=0, digest="")
    events = take_row_ids("payments_paymentevent", count=count)
    tenders = take_row_ids("payments_tender", count=count)
    _write_tenders(plan, events=events, tenders=tenders, received_by=received_by, at=at, receipt_id=receipt_id)
    if plan.directed:
        numbers = post(plan.directed, inserted_at=at, receipt_id=receipt_id)
        stored = digests_of(numbers)
        paid, digests = np.array(numbers, dtype=np.int64), [stored[number] for number in numbers]
    else:
        paid, digests = _post(plan, plan.posted, ledger_accounts=(plan.debits,), at=at, receipt_id=receipt_id)
    both = tuple(sorted((plan.debits, LedgerAccount.SUSPENSE.value)))
    kept, more = _post(plan, plan.suspended.parts, ledger_accounts=both, at=at, receipt_id=receipt_id)
    digests += more
    _write_payments(plan, events=events, tenders=tenders, entry_ids=paid)
    _write_suspense(plan, tenders=tenders, entry_ids=kept, on=on, receipt_id=receipt_id)
    return ShardPosted(entries=len(digests), digest=digest_of_digests(digests))


def _finish(plan: ShardPlan, *, at: datetime, receipt_id: int) -> None:
    posted, suspended = plan.posted.amounts_cents, plan.suspended.parts.amounts_cents
    changed = PaymentFileShard.objects.filter(pk=plan.shard_id, done_at__isnull=True).update(
        content="",
        posted=len(posted),
        posted_cents=int(posted.sum()),
        suspended=len(suspended),
        suspended_cents=int(suspended.sum()),
        known=plan.known,
        known_cents=plan.known_cents,
        done_at=at,
        receipt_id=receipt_id,
    )
    if changed != 1:
        raise ShardPostedAlready(shard=plan.number)


_EVENT_TYPES: Mapping[str, ColumnType] = {
    "id": "bigint",
    "batch_id": "bigint",
    "drawer_id": "bigint",
    "received_at": "timestamptz",
    "received_on": "date",
    "channel": "text",
    "received_by": "text",
    "receipt_id": "bigint",
}
_TENDER_TYPES: Mapping[str, ColumnType] = {
    "id": "bigint",
    "event_id": "bigint",
    "kind": "text",
    "amount_cents": "bigint",
    "change_cents": "bigint",
    "card_last4": "text",
    "taken_back_cents": "bigint",
    "cancel_reason": "text",
    "cancel_note": "text",
    "check_number": "text",
    "reference": "text",
    "payer": "text",
}
_ITEM_TYPES: Mapping[str, ColumnType] = {
    "file_id": "bigint",
    "source": "text",
    "line": "integer",
    "tender_id": "bigint",
    "reference": "text",
    "bank_mark": "text",
}
_PAYMENT_TYPES: Mapping[str, ColumnType] = {
    "event_id": "bigint",
    "tender_id": "bigint",
    "account_id": "bigint",
    "amount_cents": "bigint",
    "paid_on": "date",
    "entry_id": "bigint",
    "reversal_reason": "text",
}
_SUSPENSE_TYPES: Mapping[str, ColumnType] = {
    "tender_id": "bigint",
    "payment_id": "bigint",
    "file_id": "bigint",
    "line": "integer",
    "amount_cents": "bigint",
    "received_on": "date",
    "suspended_on": "date",
    "return_by": "date",
    "entry_id": "bigint",
    "receipt_id": "bigint",
    "state": "text",
    "resolved_by": "text",
    "resolve_note": "text",
    "returned_by": "text",
    "why": "text",
    "account_text": "text",
    "payer": "text",
    "bank_mark": "text",
}


def _write_tenders(
    plan: ShardPlan, *, events: Int64Array, tenders: Int64Array, received_by: str, at: datetime, receipt_id: int
) -> None:
    given = plan.tenders
    event: dict[str, Values] = {
        "id": events,
        "batch_id": None,
        "drawer_id": None,
        "received_at": at,
        "received_on": given.days,
        "channel": CHANNEL,
        "received_by": received_by,
        "receipt_id": receipt_id,
    }
    insert_columns(table="payments_paymentevent", types=_EVENT_TYPES, groups=[event])
    tender: dict[str, Values] = {
        "id": tenders,
        "event_id": events,
        "kind": plan.tender,
        "amount_cents": given.amounts_cents,
        "change_cents": 0,
        "card_last4": "",
        "taken_back_cents": 0,
        "cancel_reason": "",
        "cancel_note": "",
        "check_number": given.check_numbers,
        "reference": given.references,
        "payer": given.payers,
    }
    insert_columns(table="payments_tender", types=_TENDER_TYPES, groups=[tender])
    item: dict[str, Values] = {
        "file_id": plan.file_id,
        "source": plan.source,
        "line": given.lines,
        "tender_id": tenders,
        "reference": given.references,
        "bank_mark": given.bank_marks,
    }
    try:
        insert_columns(table="payments_importeditem", types=_ITEM_TYPES, groups=[item])
    except IntegrityError as error:
        if violated_constraint(error) in (
            "imported_item_once",
            "payments_importeditem.source, payments_importeditem.reference",
        ):
            raise ItemsTakenMeanwhile from error
        raise


def _post(
    plan: ShardPlan, parts: PartColumns, *, ledger_accounts: tuple[str, ...], at: datetime, receipt_id: int
) -> tuple[Int64Array, list[str]]:
    """The entries' numbers in the order of the parts, and their digests in the order of their numbers."""
    days = np.maximum(plan.tenders.days[parts.tenders], plan.first_open_on)
    entry_ids = np.full(len(days), MISSING, dtype=np.int64)
    found: list[str] = []
    suspended = LedgerAccount.SUSPENSE.value in ledger_accounts
    for day in np.unique(days).tolist():
        rows = np.flatnonzero(days == day)
        amounts = parts.amounts_cents[rows]
        credits_cents = np.stack(
            [-amounts if code == LedgerAccount.SUSPENSE else amounts for code in ledger_accounts], axis=1
        )
        posted = post_charges(
            ChargeColumns(
                kind="suspense" if suspended else "payment",
                charge="payment",
                effective_on=date.fromordinal(day),
                account_ids=np.zeros(len(rows), dtype=np.int64) if suspended else parts.account_ids[rows],
                due=np.full(len(rows), MISSING, dtype=np.int64),
                ledger_accounts=ledger_accounts,
                credits_cents=credits_cents,
            ),
            inserted_at=at,
            receipt_id=receipt_id,
        )
        entry_ids[rows] = posted.entry_ids
        found += posted.digests
    return entry_ids, found


def _write_payments(plan: ShardPlan, *, events: Int64Array, tenders: Int64Array, entry_ids: Int64Array) -> None:
    parts = plan.posted
    if not len(parts.tenders):
        return
    payment: dict[str, Values] = {
        "event_id": events[parts.tenders],
        "tender_id": tenders[parts.tenders],
        "account_id": parts.account_ids,
        "amount_cents": parts.amounts_cents,
        "paid_on": plan.tenders.days[parts.tenders],
        "entry_id": entry_ids,
        "reversal_reason": "",
    }
    insert_columns(table="payments_payment", types=_PAYMENT_TYPES, groups=[payment])


def _write_suspense(plan: ShardPlan, *, tenders: Int64Array, entry_ids: Int64Array, on: date, receipt_id: int) -> None:
    given = plan.suspended
    places = given.parts.tenders
    if not len(places):
        return
    suspended: dict[str, Values] = {
        "tender_id": tenders[places],
        "payment_id": None,
        "file_id": plan.file_id,
        "line": given.lines,
        "amount_cents": given.parts.amounts_cents,
        "received_on": plan.tenders.days[places],
        "suspended_on": on.toordinal(),
        "return_by": given.return_by,
        "entry_id": entry_ids,
        "receipt_id": receipt_id,
        "state": "open",
        "resolved_by": "",
        "resolve_note": "",
        "returned_by": "",
        "why": given.whys,
        "account_text": given.account_texts,
        "payer": _picked(plan.tenders.payers, places),
        "bank_mark": _picked(plan.tenders.bank_marks, places),
    }
    insert_columns(table="payments_suspenseitem", types=_SUSPENSE_TYPES, groups=[suspended])


def _picked(texts: Sequence[str], places: Int64Array) -> list[str]:
    return [texts[place] for place in places.tolist()]

"""Payment files, their shards, and money in suspense, as frozen values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

import numpy as np
from django.db.models import Count, Q, Sum

from weatherhead.areas.payments.models import ImportedItem, Payment, PaymentFile, PaymentFileShard, SuspenseItem
from weatherhead.areas.records.database import rows_with
from weatherhead.core.values import Int64Array, Refusal, gettext_noop


class NoSuchPaymentFile(Refusal):
    """No file has that number."""

    template = gettext_noop("There is no payment file %(file)s. Open the list of files again.")


class NoSuchPaymentFileShard(Refusal):
    """No shard has that number."""

    template = gettext_noop("There is no shard %(shard)s of a payment file.")


class NoSuchSuspenseItem(Refusal):
    """No item has that number."""

    template = gettext_noop("There is no suspense item %(item)s. Open the list again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFileFacts:
    """A file, and what its shards have come to so far."""

    file_id: int
    name: str
    sha256: str
    source: str
    kind: str
    imported_at: datetime
    imported_on: date
    imported_by: str
    items: int
    items_cents: int
    bad: int
    bad_cents: int
    passed_over: int
    totals: tuple[Mapping[str, Any], ...]
    problems: tuple[Mapping[str, Any], ...]
    receipt_id: int
    shards: int
    shards_done: int
    items_done: int
    posted: int
    posted_cents: int
    suspended: int
    suspended_cents: int
    known: int
    known_cents: int
    last_done_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether every shard is posted."""
        return self.shards_done == self.shards

    @property
    def differing(self) -> tuple[Mapping[str, Any], ...]:
        """The totals that are not what was found."""
        return tuple(total for total in self.totals if total["said"] != total["found"])


_SUMS = {
    "shards": Count("pk"),
    "shards_done": Count("pk", filter=Q(done_at__isnull=False)),
    "items_done": Sum("items", filter=Q(done_at__isnull=False), default=0),
    **{
        name: Sum(name, default=0)
        for name in ("posted", "posted_cents", "suspended", "suspended_cents", "known", "known_cents")
    },
}
_FIELDS = (
    "name", "sha256", "source", "kind", "imported_at", "imported_on", "imported_by", "items", "items_cents", "bad",
    "bad_cents", "passed_over", "receipt_id",
)  # fmt: skip


def payment_file(file_id: int) -> PaymentFileFacts:
    """One file.

    Raises:
        NoSuchPaymentFile: for an unknown number.
    """
    found = _files(PaymentFile.objects.filter(pk=file_id))
    if not found:
        raise NoSuchPaymentFile(file=file_id)
    return found[0]


def payment_files(*, limit: int) -> tuple[PaymentFileFacts, ...]:
    """The latest files, latest first."""
    return _files(PaymentFile.objects.order_by("-pk")[:limit])


def payment_file_of(*, sha256: str, source: str) -> PaymentFileFacts | None:
    """The file of some content, if it was imported."""
    found = _files(PaymentFile.objects.filter(sha256=sha256, source=source))
    return found[0] if found else None


def _files(rows: Iterable[PaymentFile]) -> tuple[PaymentFileFacts, ...]:
    files = list(rows)
    shards = PaymentFileShard.objects.filter(file_id__in=[row.pk for row in files]).values("file_id")
    sums: dict[int, Any] = {row["file_id"]: row for row in shards.annotate(**_SUMS).order_by("file_id")}
    done = PaymentFileShard.objects.filter(file_id__in=list(sums), done_at__isnull=False).order_by("done_at")
    last = dict(done.values_list("file_id", "done_at"))
    return tuple(
        PaymentFileFacts(
            file_id=row.pk,
            **cast("Any", {name: getattr(row, name) for name in _FIELDS}),
            totals=tuple(row.totals),
            problems=tuple(row.problems),
            **cast("Any", {name: sums[row.pk][name] if row.pk in sums else 0 for name in _SUMS}),
            last_done_at=last.get(row.pk),
        )
        for row in files
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemColumns:
    """The items of a shard: parts of tenders, those of one tender one after the other, `parts` counting from 0."""

    lines: Int64Array
    cents: Int64Array
    days: Int64Array
    parts: Int64Array
    references: list[str]
    accounts: list[str]
    payers: list[str]
    bank_marks: list[str]
    check_numbers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """A shard and its items; none once it is posted."""

    shard_id: int
    number: int
    file_id: int
    source: str
    done: bool
    items: ItemColumns


def payment_file_shard(shard_id: int) -> ShardFacts:
    """One shard with its items.

    Raises:
        NoSuchPaymentFileShard: for an unknown number.
    """
    row = PaymentFileShard.objects.select_related("file").filter(pk=shard_id).first()
    if row is None:
        raise NoSuchPaymentFileShard(shard=shard_id)
    return ShardFacts(
        shard_id=row.pk,
        number=row.number,
        file_id=row.file_id,
        source=row.file.source,
        done=row.done_at is not None,
        items=_columns(row.content),
    )


_NUMBERS = ("lines", "cents", "days", "parts")
_TEXTS = ("references", "accounts", "payers", "bank_marks", "check_numbers")


def content_of(columns: Mapping[str, Sequence[int] | Sequence[str]]) -> str:
    """Items as a shard keeps them until it is posted."""
    return json.dumps([list(columns[name]) for name in (*_NUMBERS, *_TEXTS)], separators=(",", ":"))


@lru_cache(maxsize=2)
def _columns(content: str) -> ItemColumns:
    columns = json.loads(content) if content else [[] for _ in (*_NUMBERS, *_TEXTS)]
    numbers: dict[str, Any] = {
        name: np.array(column, dtype=np.int64) for name, column in zip(_NUMBERS, columns, strict=False)
    }
    texts: dict[str, Any] = dict(zip(_TEXTS, columns[len(_NUMBERS) :], strict=True))
    return ItemColumns(**cast("Any", numbers | texts))


def shard_ids_of(file_id: int, *, undone: bool = False) -> tuple[int, ...]:
    """The shards of a file, in order."""
    rows = PaymentFileShard.objects.filter(file_id=file_id)
    if undone:
        rows = rows.filter(done_at__isnull=True)
    return tuple(rows.order_by("number").values_list("pk", flat=True))


def references_known(references: Iterable[str], *, source: str) -> frozenset[str]:
    """Which of some items came from a source before."""
    rows = rows_with(
        table="payments_importeditem",
        columns=("reference",),
        column="reference",
        values=list(references),
        source=source,
    )
    return frozenset(reference for (reference,) in rows)


# ------------------------------------------------------------------------------------------------------------ suspense


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseFacts:
    """Money in suspense. `why` is a code."""

    item_id: int
    tender_id: int
    tender_kind: str
    reference: str
    check_number: str
    payment_id: int | None
    file_id: int | None
    file_name: str
    line: int | None
    amount_cents: int
    received_on: date
    suspended_on: date
    why: str
    account_text: str
    payer: str
    bank_mark: str
    return_by: date | None
    entry_id: int
    state: str
    resolved_on: date | None
    resolved_by: str
    returned_by: str
    posted_payment_id: int | None
    tender_returned_on: date | None
    receipt_id: int


def suspense_item(item_id: int) -> SuspenseFacts:
    """One item.

    Raises:
        NoSuchSuspenseItem: for an unknown number.
    """
    row = SuspenseItem.objects.select_related("tender", "file").filter(pk=item_id).first()
    if row is None:
        raise NoSuchSuspenseItem(item=item_id)
    return _item(row)


def suspense_items(
    *, state: str = "open", file_id: int | None = None, limit: int | None = None
) -> tuple[SuspenseFacts, ...]:
    """Items of a state, oldest first."""
    rows = SuspenseItem.objects.select_related("tender", "file").filter(state=state)
    if file_id is not None:
        rows = rows.filter(file_id=file_id)
    rows = rows.order_by("received_on", "pk")
    return tuple(_item(row) for row in (rows if limit is None else rows[:limit]))


def waiting_of_tender(tender_id: int) -> tuple[SuspenseFacts, ...]:
    """The parts of a tender that wait in suspense, oldest first."""
    rows = SuspenseItem.objects.select_related("tender", "file").filter(tender_id=tender_id, state="open")
    return tuple(_item(row) for row in rows.order_by("pk"))


def items_of_file(file_id: int, *, limit: int) -> tuple[SuspenseFacts, ...]:
    """What a file put into suspense, whatever became of it, by line."""
    rows = SuspenseItem.objects.select_related("tender", "file").filter(file_id=file_id)
    return tuple(_item(row) for row in rows.order_by("line", "pk")[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseAge:
    """How many items have waited for so long, and what they come to."""

    through: date | None  # received from the day before the last row's through this one; None: before all of them
    items: int
    cents: int


def suspense_ages(*, bounds: Sequence[date]) -> tuple[SuspenseAge, ...]:
    """Open items by when they were received: on or after each of some days, latest first, and the rest."""
    found: list[SuspenseAge] = []
    before: date | None = None
    for bound in (*bounds, None):
        rows = SuspenseItem.objects.filter(state="open")
        if bound is not None:
            rows = rows.filter(received_on__gte=bound)
        if before is not None:
            rows = rows.filter(received_on__lt=before)
        sums = rows.aggregate(items=Count("pk"), cents=Sum("amount_cents", default=0))
        found.append(SuspenseAge(through=bound, items=sums["items"], cents=sums["cents"]))
        before = bound
    return tuple(found)


def suspense_totals() -> tuple[int, int]:
    """Open items, and what they come to."""
    sums = SuspenseItem.objects.filter(state="open").aggregate(n=Count("pk"), cents=Sum("amount_cents", default=0))
    return int(sums["n"]), int(sums["cents"])


def accounts_paid_from(bank_mark: str, *, limit: int) -> tuple[int, ...]:
    """Accounts that were paid from the same bank account before, latest first."""
    if not bank_mark:
        return ()
    tenders = ImportedItem.objects.filter(bank_mark=bank_mark).values("tender_id")
    rows = Payment.objects.filter(tender_id__in=tenders, reversed_on__isnull=True)
    return tuple(dict.fromkeys(rows.order_by("-pk").values_list("account_id", flat=True)[: limit * 5]))[:limit]


def _item(row: SuspenseItem) -> SuspenseFacts:
    tender = row.tender
    return SuspenseFacts(
        item_id=row.pk,
        tender_id=row.tender_id,
        tender_kind=tender.kind,
        reference=tender.reference,
        check_number=tender.check_number,
        payment_id=row.payment_id,
        file_id=row.file_id,
        file_name=row.file.name if row.file else "",
        line=row.line,
        amount_cents=row.amount_cents,
        received_on=row.received_on,
        suspended_on=row.suspended_on,
        why=row.why,
        account_text=row.account_text,
        payer=row.payer,
        bank_mark=row.bank_mark,
        return_by=row.return_by,
        entry_id=row.entry_id,
        state=row.state,
        resolved_on=row.resolved_on,
        resolved_by=row.resolved_by,
        returned_by=row.returned_by,
        posted_payment_id=row.posted_payment_id,
        tender_returned_on=tender.cancelled_on,
        receipt_id=row.receipt_id,
    )

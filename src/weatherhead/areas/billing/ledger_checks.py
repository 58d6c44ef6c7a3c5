"""What billing wants proved with the books: bills equal their lines, their entries and what was frozen at issue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from django.db.models import F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from weatherhead.areas.billing.models import Adjustment, Bill, BillLine, BillSegment
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.ledger.queries import entries
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import gettext_noop

_CHUNK = 2_000


def _sum_of(rows: object, *, of: str) -> Coalesce:
    summed = rows.order_by().values(of).annotate(total=Sum("amount_cents")).values("total")  # type: ignore[attr-defined]
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)


def _segments_unlike_lines() -> Iterator[Finding]:
    lines = BillLine.objects.filter(segment_id=OuterRef("pk"))
    rows = BillSegment.objects.annotate(of_lines=_sum_of(lines, of="segment_id")).exclude(amount_cents=F("of_lines"))
    for row in rows.iterator(chunk_size=_CHUNK):
        yield Finding(
            code="segment_not_its_lines",
            template=gettext_noop(
                "Segment %(segment)s of bill %(bill)s says %(says)s cents; its lines sum to %(lines)s."
            ),
            values={"segment": row.pk, "bill": row.bill_id, "says": row.amount_cents, "lines": row.of_lines},
        )


def _bills_unlike_segments() -> Iterator[Finding]:
    segments = BillSegment.objects.filter(bill_id=OuterRef("pk"))
    rows = Bill.objects.annotate(of_segments=_sum_of(segments, of="bill_id")).exclude(total_cents=F("of_segments"))
    for row in rows.iterator(chunk_size=_CHUNK):
        yield Finding(
            code="bill_not_its_lines",
            template=gettext_noop("Bill %(bill)s says %(says)s cents; its segments sum to %(segments)s."),
            values={"bill": row.number, "says": row.total_cents, "segments": row.of_segments},
            account_id=row.account_id,
        )


def _bills_unlike_entries() -> Iterator[Finding]:
    """Each bill's entry holds its total on the account, and each ledger account what the lines post to it."""
    numbers = list(Bill.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(numbers), _CHUNK):
        yield from _chunk_unlike_entries(numbers[start : start + _CHUNK])


def _chunk_unlike_entries(numbers: list[int]) -> Iterator[Finding]:
    bills = list(Bill.objects.filter(pk__in=numbers))
    posted = {item.entry_id: item for item in entries([row.entry_id for row in bills if row.entry_id is not None])}
    expected: dict[int, dict[str, int]] = {row.pk: {} for row in bills}
    rows = BillLine.objects.filter(segment__bill_id__in=numbers).order_by()
    sums = rows.values_list("segment__bill_id", "ledger_account").annotate(total=Sum("amount_cents"))
    for bill_id, code, total in sums:
        if total:
            expected[bill_id][code] = -int(total)
    for row in bills:
        wanted = expected[row.pk]
        if row.total_cents:
            wanted[LedgerAccount.RECEIVABLE.value] = row.total_cents
        found: dict[str, int] = {}
        entry = posted.get(row.entry_id) if row.entry_id is not None else None
        for posting in entry.draft.postings if entry else ():
            found[posting.ledger_account] = found.get(posting.ledger_account, 0) + posting.amount_cents
        if found != wanted:
            yield Finding(
                code="bill_not_its_entry",
                template=gettext_noop("Bill %(bill)s of %(says)s cents is not what entry %(entry)s posted."),
                values={"bill": row.number, "says": row.total_cents, "entry": row.entry_id},
                entry_id=row.entry_id,
                account_id=row.account_id,
            )


def _changed_documents() -> Iterator[Finding]:
    for row in Bill.objects.order_by("pk").iterator(chunk_size=_CHUNK):
        if '"disposed":' in row.payload and "disposed" in json.loads(row.payload):
            continue  # retention proves these: by what its purge left, and that a purge did it
        frozen = hashlib.sha256(row.payload.encode()).hexdigest() == row.payload_sha256
        if frozen and json.loads(row.payload)["charges_cents"] == row.total_cents:
            continue
        yield Finding(
            code="bill_document_changed",
            template=gettext_noop("The document of bill %(bill)s is not what was frozen at issue."),
            values={"bill": row.number},
            account_id=row.account_id,
        )


def _adjustments_unlike_entries() -> Iterator[Finding]:
    numbers = list(Adjustment.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(numbers), _CHUNK):
        rows = list(Adjustment.objects.filter(pk__in=numbers[start : start + _CHUNK]))
        posted = {item.entry_id: item for item in entries([row.entry_id for row in rows])}
        for row in rows:
            entry = posted.get(row.entry_id)
            found = sum(
                posting.amount_cents
                for posting in (entry.draft.postings if entry else ())
                if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == row.account_id
            )
            if found != row.amount_cents:
                yield Finding(
                    code="adjustment_not_its_entry",
                    template=gettext_noop(
                        "Adjustment %(number)s of %(says)s cents posted %(found)s in entry %(entry)s."
                    ),
                    values={"number": row.pk, "says": row.amount_cents, "found": found, "entry": row.entry_id},
                    entry_id=row.entry_id,
                    account_id=row.account_id,
                )


CHECKERS = (
    Checker(
        code="segments_are_their_lines",
        title=gettext_noop("Every bill segment is the sum of its lines"),
        unit=gettext_noop("segments"),
        count=BillSegment.objects.count,
        find=_segments_unlike_lines,
    ),
    Checker(
        code="bills_are_their_lines",
        title=gettext_noop("Every bill is the sum of its segments"),
        unit=gettext_noop("bills"),
        count=Bill.objects.count,
        find=_bills_unlike_segments,
    ),
    Checker(
        code="bills_are_their_entries",
        title=gettext_noop("Every bill is what its ledger entry posted"),
        unit=gettext_noop("bills"),
        count=Bill.objects.count,
        find=_bills_unlike_entries,
    ),
    Checker(
        code="documents_are_frozen",
        title=gettext_noop("Every bill's document is what was issued"),
        unit=gettext_noop("bills"),
        count=Bill.objects.count,
        find=_changed_documents,
    ),
    Checker(
        code="adjustments_are_their_entries",
        title=gettext_noop("Every fee and waiver is what its ledger entry posted"),
        unit=gettext_noop("adjustments"),
        count=Adjustment.objects.count,
        find=_adjustments_unlike_entries,
    ),
)

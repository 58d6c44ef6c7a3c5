"""What billing wants proved with the books: bills equal their lines, their entries and what was frozen at issue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

import numpy as np
from django.db.models import F, IntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from weatherhead.areas.billing.determinants import usage_of
from weatherhead.areas.billing.lines import PricePoint, lines_of_group
from weatherhead.areas.billing.models import (
    Adjustment,
    Bill,
    BillLine,
    BillSegment,
    LinePrice,
    SummaryBill,
    SummaryMember,
)
from weatherhead.areas.billing.price_many import PricedGroup
from weatherhead.areas.ledger.check import Checker, Finding, receivable_cents
from weatherhead.areas.ledger.queries import entries
from weatherhead.areas.records.database import chunks
from weatherhead.areas.tariffs.queries import ScheduleFacts, kept_facts
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.rating import rate_many, usage_arrays
from weatherhead.core.values import Span, gettext_noop

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
    for numbers in chunks(list(Bill.objects.order_by("pk").values_list("pk", flat=True)), most=_CHUNK):
        yield from _chunk_unlike_entries(numbers)


def _chunk_unlike_entries(numbers: list[int]) -> Iterator[Finding]:
    bills = list(Bill.objects.filter(pk__in=numbers))
    posted = {item.entry_id: item for item in entries([row.entry_id for row in bills if row.entry_id is not None])}
    expected: dict[int, dict[str, int]] = {row.pk: {} for row in bills}
    rows = BillLine.objects.filter(segment__bill_id__in=numbers).order_by()
    sums = rows.values_list("segment__bill_id", "price__ledger_account").annotate(total=Sum("amount_cents"))
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


def _lines_unlike_proof() -> Iterator[Finding]:
    """Each segment rated again, on the text that it was priced on, gives its lines to the last digit."""
    numbers = list(BillSegment.objects.order_by("schedule_sha256", "pk").values_list("pk", "schedule_sha256"))
    for sha256, group in groupby(numbers, key=itemgetter(1)):
        for chosen in chunks((number for number, _ in group), most=_CHUNK):
            yield from _chunk_unlike_proof(chosen, sha256=sha256)


def _chunk_unlike_proof(numbers: list[int], *, sha256: str) -> Iterator[Finding]:
    segments = list(BillSegment.objects.filter(pk__in=numbers).order_by("pk"))
    kept: dict[int, list[tuple[object, ...]]] = {number: [] for number in numbers}
    rows = BillLine.objects.filter(segment_id__in=numbers).order_by("segment_id", "sequence")
    for segment_id, key, *rest in rows.values_list("segment_id", "price_id", *_LINE_FIGURES):
        kept[segment_id].append((key, *rest))
    facts = kept_facts(sha256)
    prices = {row.pk: row for row in LinePrice.objects.filter(schedule_sha256=sha256)}
    expected = _rated_again(segments, facts=facts) if facts else {}
    for row in segments:
        found = [(_price_of(prices.get(int(str(number)))), *figures) for number, *figures in kept[row.pk]]
        if found != expected.get(row.pk):
            yield Finding(
                code="lines_not_their_proof",
                template=gettext_noop("Segment %(segment)s of bill %(bill)s, rated again, does not give its lines."),
                values={"segment": row.pk, "bill": row.bill_id},
            )


_LINE_FIGURES = ("start_on", "end_on", "quantity", "numerator", "denominator", "amount_cents")


def _price_of(row: LinePrice | None) -> PricePoint | None:
    if row is None:
        return None
    return PricePoint(
        key=row.key,
        schedule_sha256=row.schedule_sha256,
        code=row.code,
        label=row.label,
        ledger_account=row.ledger_account,
        content=row.content,
    )


def _rated_again(segments: list[BillSegment], *, facts: ScheduleFacts) -> dict[int, list[tuple[object, ...]]]:
    schedule = facts.schedule
    usages = [
        usage_of(json.loads(row.determinants), span=Span(start=row.start_on, end=row.end_on), schedule=schedule)
        for row in segments
    ]
    rated = rate_many(schedule, usage_arrays(schedule=schedule, usages=usages))
    group = PricedGroup(members=np.arange(len(segments), dtype=np.int64), rated=rated)
    found: dict[int, list[tuple[object, ...]]] = {
        row.pk: [] for place, row in enumerate(segments) if place not in rated.refused
    }
    for item in lines_of_group(group, facts=facts):
        columns = (item.starts, item.ends, item.quantities, item.numerators, item.denominators, item.amounts_cents)
        for place, start, end, *figures in zip(item.members.tolist(), *(c.tolist() for c in columns), strict=True):
            line = (item.price, date.fromordinal(start), date.fromordinal(end), *figures)
            found[segments[place].pk].append(line)
    return found


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


def _summaries_unlike_bills() -> Iterator[Finding]:
    """Each summary is what was frozen, names its bills with their hashes, and charges what they do."""
    for row in SummaryBill.objects.order_by("pk").iterator(chunk_size=_CHUNK):
        said = json.loads(row.payload)
        members = SummaryMember.objects.filter(summary=row).order_by("sequence")
        of_bills = list(members.values_list("bill__number", "bill__payload_sha256"))
        named = [tuple(bill) for item in said["accounts"] for bill in item["bills"]]
        charges = sum(item["charges_cents"] for item in said["accounts"])
        due = sum(max(item["balance_cents"], 0) for item in said["accounts"])
        frozen = hashlib.sha256(row.payload.encode()).hexdigest() == row.payload_sha256
        if frozen and of_bills == named and (charges, due) == (row.charges_cents, row.amount_due_cents):
            continue
        yield Finding(
            code="summary_not_its_bills",
            template=gettext_noop("Summary bill %(summary)s is not what was frozen, or not its bills."),
            values={"summary": row.number},
        )


def _adjustments_unlike_entries() -> Iterator[Finding]:
    for numbers in chunks(list(Adjustment.objects.order_by("pk").values_list("pk", flat=True)), most=_CHUNK):
        rows = list(Adjustment.objects.filter(pk__in=numbers))
        posted = {item.entry_id: item for item in entries([row.entry_id for row in rows])}
        for row in rows:
            found = receivable_cents(posted.get(row.entry_id), account_id=row.account_id)
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
        code="lines_are_their_proof",
        title=gettext_noop("Every bill segment, rated again on its tariff's text, gives its lines"),
        unit=gettext_noop("segments"),
        count=BillSegment.objects.count,
        find=_lines_unlike_proof,
    ),
    Checker(
        code="documents_are_frozen",
        title=gettext_noop("Every bill's document is what was issued"),
        unit=gettext_noop("bills"),
        count=Bill.objects.count,
        find=_changed_documents,
    ),
    Checker(
        code="summaries_are_their_bills",
        title=gettext_noop("Every summary bill is what was made of its bills"),
        unit=gettext_noop("summary bills"),
        count=SummaryBill.objects.count,
        find=_summaries_unlike_bills,
    ),
    Checker(
        code="adjustments_are_their_entries",
        title=gettext_noop("Every adjustment is what its ledger entry posted"),
        unit=gettext_noop("adjustments"),
        count=Adjustment.objects.count,
        find=_adjustments_unlike_entries,
    ),
)

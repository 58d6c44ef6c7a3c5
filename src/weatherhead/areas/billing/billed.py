"""What was billed on some accounts and still stands, with all that prices it again: a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from weatherhead.areas.agreements.queries import TermsFacts, terms_of
from weatherhead.areas.billing.correcting import Billed, BilledBill, StoredCharge
from weatherhead.areas.billing.decide import LinePlan, SegmentPlan
from weatherhead.areas.billing.determinants import usage_of
from weatherhead.areas.billing.facts import AgreementBilling, BillHead, SegmentFacts
from weatherhead.areas.billing.former import NO_BILL
from weatherhead.areas.billing.lines import PricePoint, hows_of
from weatherhead.areas.billing.models import BillLine, CorrectedPeriod
from weatherhead.areas.billing.queries import ProofLost, billing_with_bills
from weatherhead.areas.ledger.queries import movements_and_entries
from weatherhead.areas.metering.meter_tests import with_accuracy
from weatherhead.areas.records.database import chunks
from weatherhead.areas.tariffs.queries import ScheduleFacts, kept_schedules, schedule_facts
from weatherhead.core.ledger import Entry, ReceivableMovement
from weatherhead.core.rating import Schedule, rate_many, usage_arrays
from weatherhead.core.values import Span


def billed_on(
    revenue_classes: Mapping[int, str],
) -> tuple[dict[int, Billed], dict[int, tuple[ReceivableMovement, ...]], dict[int, int]]:
    """What stands billed on some accounts, which are given with their revenue classes, their whole receivable, and what
    waits beside it as unapplied credit (cents; of those for which any does).

    None for an account without service.
    """
    found, heads = billing_with_bills(revenue_classes)
    found = _as_tested(found)
    agreements = [item for items in found.values() for item in items]
    terms = terms_of(item.agreement for item in agreements)
    schedules = _schedules(terms)
    segments = [segment for item in agreements for segment in item.segments if segment.bill_id != NO_BILL]
    charged = (head.entry_id for head in heads.values() if head.entry_id is not None)
    moved, waits, posted = movements_and_entries(found, entry_ids=charged)
    bills = {number: _bill(head, posted=posted) for number, head in heads.items()}
    charges = charges_of_segments(segment.segment_id for segment in segments)
    first_due = _first_due(segment for segment in segments if bills[segment.bill_id].kind == "corrected")
    as_billed = _as_billed(agreements)
    billed = {
        account_id: Billed(
            agreements=items,
            terms={item.agreement.agreement_id: terms[item.agreement.agreement_id] for item in items},
            schedules=schedules,
            bills={
                segment.bill_id: bills[segment.bill_id]
                for item in items
                for segment in item.segments
                if segment.bill_id != NO_BILL
            },
            charges=charges,
            first_due=first_due,
            as_billed=as_billed,
            revenue_class=revenue_classes[account_id],
        )
        for account_id, items in found.items()
    }
    return billed, moved, waits


def _as_tested(found: dict[int, tuple[AgreementBilling, ...]]) -> dict[int, tuple[AgreementBilling, ...]]:
    """With what tests of meters found: what passed through them is not what they registered."""
    right = with_accuracy(read for items in found.values() for facts in items for read in facts.reads)
    if not right:
        return found
    return {
        account_id: tuple(
            replace(facts, reads=tuple(right.get(read.read_id, read) for read in facts.reads)) for facts in items
        )
        for account_id, items in found.items()
    }


def _schedules(terms: Mapping[int, tuple[TermsFacts, ...]]) -> dict[str, ScheduleFacts]:
    codes = {item.schedule for items in terms.values() for item in items}
    return {code: schedule_facts(code) for code in sorted(codes)}


def _bill(head: BillHead, *, posted: Mapping[int, Entry]) -> BilledBill:
    entry = posted[head.entry_id] if head.entry_id is not None else None
    return BilledBill(**head._asdict(), entry=entry)


def charges_of_segments(segment_ids: Iterable[int]) -> dict[int, tuple[StoredCharge, ...]]:
    """What some segments charged, line by line."""
    found: dict[int, list[StoredCharge]] = {}
    for chunk in chunks(sorted(segment_ids)):
        rows = BillLine.objects.filter(segment_id__in=chunk).order_by("segment_id", "sequence")
        for segment_id, code, label, cents, ledger_account in rows.values_list(
            "segment_id", "price__code", "price__label", "amount_cents", "price__ledger_account"
        ):
            found.setdefault(segment_id, []).append(StoredCharge(code, label, cents, ledger_account))
    return {number: tuple(lines) for number, lines in found.items()}


def _first_due(segments: Iterable[SegmentFacts]) -> dict[int, date]:
    """When the days of segments that were corrected before were due at first."""
    places: dict[tuple[int, int, date | None], int] = {
        (item.bill_id, item.agreement_id, item.start_on): item.segment_id for item in segments
    }
    found: dict[int, date] = {}
    for chunk in chunks(sorted({bill_id for bill_id, _, _ in places})):
        rows = CorrectedPeriod.objects.filter(bill_id__in=chunk).order_by("pk")
        for row in rows.values_list("bill_id", "agreement_id", "start_on", "due_on", named=True):
            number = places.get((row.bill_id, row.agreement_id, row.start_on))
            if number is not None:
                found[number] = row.due_on
    return found


def _as_billed(agreements: Iterable[AgreementBilling]) -> dict[int, SegmentPlan]:
    """The segments of bills with more than one as plans: such a bill may be replaced in part.

    Raises:
        ProofLost: rating one again does not give its lines.
    """
    placed = [(item, segment) for item in agreements for segment in item.segments if segment.bill_id != NO_BILL]
    counts = Counter(segment.bill_id for _, segment in placed)
    wanted = {segment.segment_id: (item, segment) for item, segment in placed if counts[segment.bill_id] > 1}
    rows: dict[int, list[BillLine]] = {number: [] for number in wanted}
    for chunk in chunks(sorted(wanted)):
        for row in BillLine.objects.select_related("price").filter(segment_id__in=chunk).order_by("sequence"):
            rows[row.segment_id].append(row)
    amounts_cents = {number: [row.amount_cents for row in items] for number, items in rows.items()}
    hows = _hows_again([segment for _, segment in wanted.values()], amounts_cents=amounts_cents)
    return {
        number: _as_plan(item, segment, rows=rows[number], hows=hows[number])
        for number, (item, segment) in wanted.items()
    }


def _hows_again(
    segments: Iterable[SegmentFacts], *, amounts_cents: Mapping[int, Sequence[int]]
) -> dict[int, list[str]]:
    """The short arithmetic of segments' lines, rated together on the texts that they were priced on.

    Raises:
        ProofLost: they do not come to the amounts that were billed, or a text is not kept.
    """
    by_text: dict[str, list[SegmentFacts]] = {}
    for segment in segments:
        by_text.setdefault(segment.schedule_sha256, []).append(segment)
    schedules = kept_schedules(by_text) if by_text else {}
    found: dict[int, list[str]] = {}
    for sha256, items in by_text.items():
        if sha256 not in schedules:
            raise ProofLost(segment=items[0].segment_id)
        for item, lines in zip(items, _rated_together(items, schedule=schedules[sha256]), strict=True):
            if [cents for cents, _ in lines] != list(amounts_cents[item.segment_id]):
                raise ProofLost(segment=item.segment_id)
            found[item.segment_id] = [how for _, how in lines]
    return found


def _rated_together(segments: Sequence[SegmentFacts], *, schedule: Schedule) -> list[list[tuple[int, str]]]:
    """Cents and short arithmetic of each line of segments of one schedule."""
    usages = usage_arrays(
        schedule=schedule,
        usages=[
            usage_of(item.determinants, span=Span(start=item.start_on, end=item.end_on), schedule=schedule)
            for item in segments
        ],
    )
    rated = rate_many(schedule, usages)
    for refusal in rated.refused.values():
        raise refusal
    lines: list[list[tuple[int, str]]] = [[] for _ in segments]
    for column in rated.columns:
        hows = hows_of(column, schedule=schedule, usages=usages)
        for place, cents, how in zip(column.piece.accounts.tolist(), column.cents.tolist(), hows, strict=True):
            lines[place].append((cents, how))
    return lines


def _as_plan(
    facts: AgreementBilling, segment: SegmentFacts, *, rows: list[BillLine], hows: Sequence[str]
) -> SegmentPlan:
    """A segment as it was billed, ready to be billed so again."""
    reads = segment.determinants["reads"]
    return SegmentPlan(
        agreement_id=segment.agreement_id,
        start_on=segment.start_on,
        end_on=segment.end_on,
        schedule=segment.schedule,
        schedule_sha256=segment.schedule_sha256,
        energy_wh=segment.energy_wh,
        demand_w_max=segment.demand_w_max,
        estimated=segment.estimated,
        determinants=segment.determinants,
        lines=tuple(
            LinePlan(
                price=PricePoint(
                    key=row.price.key,
                    schedule_sha256=row.price.schedule_sha256,
                    code=row.price.code,
                    label=row.price.label,
                    ledger_account=row.price.ledger_account,
                    content=row.price.content,
                ),
                start_on=row.start_on,
                end_on=row.end_on,
                quantity=row.quantity,
                numerator=row.numerator,
                denominator=row.denominator,
                amount_cents=row.amount_cents,
                how=how,
            )
            for row, how in zip(rows, hows, strict=True)
        ),
        checks=(),
        service={
            "address": facts.point.address,
            "city_line": facts.point.city_line,
            "service_point": facts.point.service_point_id,
            "schedule_name": facts.schedule.schedule.name,
            "meter": reads[-1]["meter"] if reads else "",
        },
    )

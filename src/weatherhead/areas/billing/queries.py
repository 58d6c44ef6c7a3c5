"""Bills, segments, exceptions and adjustments as frozen values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from django.db.models import Count, F, IntegerField, Max, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast

from weatherhead.areas.agreements.queries import agreements_by_start, former_bills, former_periods
from weatherhead.areas.billing.determinants import usage_of
from weatherhead.areas.billing.facts import (
    AdjustmentFacts,
    AgreementBilling,
    BillFacts,
    BillHead,
    BillOfHistory,
    ChargeFacts,
    ChargeSum,
    ExceptionFacts,
    LatestBill,
    LineFacts,
    SegmentFacts,
)
from weatherhead.areas.billing.former import NO_BILL, segments_of_former
from weatherhead.areas.billing.models import Adjustment, Bill, BillException, BillLine, BillSegment, LinePrice
from weatherhead.areas.metering.queries import billable_reads
from weatherhead.areas.records.arrays import among, fetch_columns, rows_among
from weatherhead.areas.records.canonical import digest
from weatherhead.areas.records.database import chunks
from weatherhead.areas.tariffs.queries import kept_schedule, schedule_facts
from weatherhead.core.rating import RatedLine, rate
from weatherhead.core.values import Int64Array, Refusal, Span, gettext_noop


class NoSuchBill(Refusal):
    """No bill has that number."""

    template = gettext_noop("There is no bill %(bill)s. Open the account's timeline again.")


class ProofLost(Refusal):
    """A bill's lines are not what its determinants and its tariff give."""

    template = gettext_noop(
        "The proof of bill segment %(segment)s does not give its lines any more. Run: weatherhead ledger check"
    )


class NoSuchAdjustment(Refusal):
    """No adjustment has that number."""

    template = gettext_noop("There is no adjustment %(adjustment)s. Open the account's timeline again.")


class NoSuchException(Refusal):
    """No billing exception has that number."""

    template = gettext_noop("There is no billing exception %(exception)s. Open the account again.")


def billing_facts(account_ids: Iterable[int]) -> dict[int, tuple[AgreementBilling, ...]]:
    """Everything that decides the next bills of some accounts, in a fixed number of queries."""
    return billing_with_bills(account_ids)[0]


def billing_of_account(account_id: int) -> tuple[tuple[AgreementBilling, ...], LatestBill | None]:
    """The same for one account, and the last bill that it got."""
    found, bills = billing_with_bills([account_id])
    # A bill that was cancelled is followed by the one after it.
    last = max(bills.values(), key=lambda item: (item.issued_on, item.bill_id), default=None)
    latest = last and LatestBill(
        bill_id=last.bill_id, number=last.number, issued_on=last.issued_on, entry_id=last.entry_id
    )
    return found.get(account_id, ()), latest


def billing_with_bills(
    account_ids: Iterable[int],
) -> tuple[dict[int, tuple[AgreementBilling, ...]], dict[int, BillHead]]:
    """What decides the next bills by account, and the bills of the active segments by number, in as many queries."""
    served = agreements_by_start(account_ids)
    agreements = [item.agreement for item in served]
    points = {item.point.service_point_id: item.point for item in served}
    reads = billable_reads(points)
    segments, bills = _segments_by_agreement(item.agreement_id for item in agreements)
    former = former_periods(item.agreement.agreement_id for item in served if item.has_former)
    exceptions = _exceptions_by_agreement(item.agreement_id for item in agreements)
    schedules = {code: schedule_facts(code) for code in {item.schedule for item in agreements}}
    found: dict[int, list[AgreementBilling]] = {}
    for item in agreements:
        facts = AgreementBilling(
            agreement=item,
            point=points[item.service_point_id],
            schedule=schedules[item.schedule],
            reads=reads.get(item.service_point_id, ()),
            segments=(
                *segments_of_former(former.get(item.agreement_id, ()), schedule=item.schedule),
                *segments.get(item.agreement_id, ()),
            ),
            exceptions=exceptions.get(item.agreement_id, ()),
        )
        found.setdefault(item.account_id, []).append(facts)
    return {account_id: tuple(items) for account_id, items in found.items()}, bills


def _segments_by_agreement(
    agreement_ids: Iterable[int],
) -> tuple[dict[int, tuple[SegmentFacts, ...]], dict[int, BillHead]]:
    """The active segments of each agreement, oldest first, and their bills."""
    rows = BillSegment.objects.filter(agreement_id__in=list(agreement_ids), active=True)
    named = rows.annotate(**{f"bill_{name}": F(f"bill__{name}") for name in BillHead._fields[1:]})
    found: dict[int, list[SegmentFacts]] = {}
    bills: dict[int, BillHead] = {}
    row: Any
    for row in named.order_by("start_on"):
        found.setdefault(row.agreement_id, []).append(_segment(row))
        if row.bill_id not in bills:
            bills[row.bill_id] = BillHead(row.bill_id, *(getattr(row, f"bill_{name}") for name in BillHead._fields[1:]))
    return {key: tuple(items) for key, items in found.items()}, bills


def exceptions_by_agreement(agreement_ids: Int64Array) -> dict[int, tuple[ExceptionFacts, ...]]:
    """The exceptions of many agreements, oldest first, in one question however many there are."""
    numbers = fetch_columns(
        f"SELECT found.id FROM {among('id')} JOIN billing_billexception AS found"  # noqa: S608
        " ON found.agreement_id = wanted.id",
        rows_among(agreement_ids),
        width=1,
    )[0]
    found: dict[int, list[ExceptionFacts]] = {}
    for chunk in chunks(np.sort(numbers).tolist()):
        for row in BillException.objects.filter(pk__in=chunk).order_by("pk"):
            found.setdefault(row.agreement_id, []).append(_exception(row))
    return {key: tuple(items) for key, items in found.items()}


def _exceptions_by_agreement(agreement_ids: Iterable[int]) -> dict[int, tuple[ExceptionFacts, ...]]:
    rows = BillException.objects.filter(agreement_id__in=list(agreement_ids)).order_by("pk")
    found: dict[int, list[ExceptionFacts]] = {}
    for row in rows:
        found.setdefault(row.agreement_id, []).append(_exception(row))
    return {key: tuple(items) for key, items in found.items()}


def bill(bill_id: int) -> BillFacts:
    """One bill.

    Raises:
        NoSuchBill: for an unknown number.
    """
    # One bill may replace several: each of their segments says which.
    later = BillSegment.objects.filter(bill_id=OuterRef("pk"), cancelled_by__isnull=False).values("cancelled_by_id")[:1]
    row = Bill.objects.filter(pk=bill_id).annotate(corrected_by=Subquery(later)).first()
    if row is None:
        raise NoSuchBill(bill=bill_id)
    payload = json.loads(row.payload)
    return BillFacts(
        bill_id=row.pk,
        number=row.number,
        account_id=row.account_id,
        kind=row.kind,
        issued_on=row.issued_on,
        due_on=row.due_on,
        total_cents=row.total_cents,
        corrects_id=row.corrects_id,
        corrected_by_id=row.corrected_by,
        entry_id=row.entry_id,
        payload=payload,
        payload_sha256=row.payload_sha256,
        # One that retention disposed of is whole as that left it; the books' proof compares.
        payload_intact="disposed" in payload or digest(payload) == row.payload_sha256,
        receipt_id=row.receipt_id,
    )


def bills_of_account(account_id: int, *, limit: int) -> tuple[BillOfHistory, ...]:
    """The latest bills of an account, latest first, in one query over their segments."""
    rows = _bills(account_id).order_by("-bill__issued_on", "-bill_id")[:limit]
    return tuple(map(_of_history, rows))


def billed_periods(account_id: int, *, limit: int) -> tuple[tuple[BillOfHistory, ...], tuple[BillOfHistory, ...]]:
    """The latest bills of an account and what another system billed before, each latest first, in one query.

    Of the latter `bill_id` is `NO_BILL`; periods that end together are one.
    """
    rows = _bills(account_id).union(former_bills(account_id), all=True)
    found = sorted(map(_of_history, rows), key=lambda item: (item.issued_on, item.bill_id), reverse=True)
    former: dict[date, BillOfHistory] = {}
    for item in found:
        if item.bill_id == NO_BILL:
            beside = former.get(item.end_on)
            former[item.end_on] = item if beside is None else _together(beside, item)
    return tuple([item for item in found if item.bill_id != NO_BILL][:limit]), tuple(former.values())


def periods_of(bills: Iterable[BillOfHistory]) -> tuple[BillOfHistory, ...]:
    """The bills that stand by the periods that they are for, latest first: one that replaced several has as many.

    Asks only about bills that corrected others.
    """
    standing = [item for item in bills if item.active]
    corrected = {item.bill_id: item for item in standing if item.corrects_id is not None}
    found = [item for item in standing if item.bill_id not in corrected]
    if corrected:
        rows = BillSegment.objects.filter(bill_id__in=corrected, active=True).values("bill_id", "end_on")
        sums = rows.annotate(
            start=Min("start_on"),
            energy=Sum("energy_wh"),
            cents=Sum("amount_cents"),
            guessed=Max(Cast("estimated", IntegerField())),
        )
        found += [
            replace(
                corrected[row["bill_id"]],
                start_on=row["start"],
                end_on=row["end_on"],
                energy_wh=row["energy"],
                total_cents=row["cents"],
                estimated=bool(row["guessed"]),
            )
            for row in sums
        ]
    return tuple(sorted(found, key=lambda item: (item.end_on, item.bill_id), reverse=True))


def _together(one: BillOfHistory, other: BillOfHistory) -> BillOfHistory:
    return replace(
        one,
        start_on=min(one.start_on, other.start_on),
        energy_wh=one.energy_wh + other.energy_wh,
        total_cents=one.total_cents + other.total_cents,
        estimated=one.estimated or other.estimated,
    )


def _bills(account_id: int) -> QuerySet[BillSegment, Any]:
    """A row a bill, over its segments; the names are those of `former_bills`."""
    rows: QuerySet[BillSegment, Any] = (
        BillSegment.objects.filter(bill__account_id=account_id)
        .values(
            "bill_id",
            number=F("bill__number"),
            sort=F("bill__kind"),
            issued=F("bill__issued_on"),
            due=F("bill__due_on"),
            total=F("bill__total_cents"),
            corrected=F("bill__corrects_id"),
            entry=F("bill__entry_id"),
        )
        .annotate(
            start=Min("start_on"),
            end=Max("end_on"),
            energy=Sum("energy_wh"),
            guessed=Max(Cast("estimated", IntegerField())),
            holds=Max(Cast("active", IntegerField())),
        )
    )
    return rows


def _of_history(row: Mapping[str, Any]) -> BillOfHistory:
    return BillOfHistory(
        bill_id=row["bill_id"] or NO_BILL,
        number=row["number"],
        kind=row["sort"],
        issued_on=row["issued"],
        due_on=row["due"],
        total_cents=row["total"],
        corrects_id=row["corrected"],
        entry_id=row["entry"],
        start_on=row["start"],
        end_on=row["end"],
        energy_wh=row["energy"],
        estimated=bool(row["guessed"]),
        active=bool(row["holds"]),
    )


def segments_of_bill(bill_id: int) -> tuple[SegmentFacts, ...]:
    """A bill's segments, in their order."""
    return tuple(_segment(row) for row in BillSegment.objects.filter(bill_id=bill_id).order_by("pk"))


def lines_of_bill(bill_id: int) -> tuple[LineFacts, ...]:
    """A bill's lines, in their order, with their proofs: the segment is rated again on the text it was priced on.

    Raises:
        ProofLost: rating it again does not give the lines that were issued.
    """
    return lines_of_segments(segments_of_bill(bill_id))


def charges_of_bill(bill_id: int) -> tuple[ChargeFacts, ...]:
    """What a bill charged, line by line, without the proofs."""
    rows = BillLine.objects.filter(segment__bill_id=bill_id).order_by("segment_id", "sequence")
    return tuple(ChargeFacts(*row) for row in rows.values_list("price__code", "price__label", "amount_cents"))


def sums_of_bills(bill_ids: Iterable[int]) -> dict[int, tuple[ChargeSum, ...]]:
    """What each bill charged, summed by ledger account and code, in the order of its lines."""
    found: dict[int, list[ChargeSum]] = {}
    for chunk in chunks(sorted(set(bill_ids))):
        rows = (
            BillLine.objects.filter(segment__bill_id__in=chunk)
            .values("segment__bill_id", "price__ledger_account", "price__code")
            .annotate(
                label=Min("price__label"),
                labels=Count("price__label", distinct=True),
                amount=Sum("amount_cents"),
                place=Min("sequence"),
            )
        )
        for row in rows.order_by("segment__bill_id", "place", "price__code"):
            code = row["price__code"]
            found.setdefault(row["segment__bill_id"], []).append(
                ChargeSum(
                    ledger_account=row["price__ledger_account"],
                    code=code,
                    label=row["label"] if row["labels"] == 1 else code.replace("_", " ").capitalize(),
                    amount_cents=int(row["amount"]),
                )
            )
    return {bill_id: tuple(items) for bill_id, items in found.items()}


def demand_of_periods(bill_ids: Iterable[int]) -> dict[tuple[int, date], int]:
    """The highest demand (W) on each bill by the end of its periods; those of services without demand are left out."""
    found: dict[tuple[int, date], int] = {}
    for chunk in chunks(sorted(set(bill_ids))):
        rows = BillSegment.objects.filter(bill_id__in=chunk, demand_w_max__isnull=False)
        for bill_id, end_on, most in rows.values_list("bill_id", "end_on").annotate(most=Max("demand_w_max")):
            found[bill_id, end_on] = most
    return found


def lines_of_segments(segments: Sequence[SegmentFacts]) -> tuple[LineFacts, ...]:
    """The same for segments that were read already."""
    rows = BillLine.objects.select_related("price").filter(segment_id__in=[item.segment_id for item in segments])
    kept: dict[int, list[BillLine]] = {}
    for row in rows.order_by("segment_id", "sequence"):
        kept.setdefault(row.segment_id, []).append(row)
    found: list[LineFacts] = []
    for segment in segments:
        lines = kept.get(segment.segment_id, [])
        rated = rated_again(segment, amounts_cents=[line.amount_cents for line in lines])
        found += [_line(row, rated=line) for row, line in zip(lines, rated, strict=True)]
    return tuple(found)


def rated_again(segment: SegmentFacts, *, amounts_cents: Sequence[int]) -> tuple[RatedLine, ...]:
    """A segment's lines, rated on the text that it was priced on, which have to come to its amounts.

    Raises:
        ProofLost: they do not, or the text is not kept.
    """
    schedule = kept_schedule(segment.schedule_sha256)
    if schedule is not None:
        span = Span(start=segment.start_on, end=segment.end_on)
        lines = rate(schedule, usage_of(segment.determinants, span=span, schedule=schedule)).lines
        if [line.amount_cents for line in lines] == list(amounts_cents):
            return lines
    raise ProofLost(segment=segment.segment_id)


def _line(row: BillLine, *, rated: RatedLine) -> LineFacts:
    return LineFacts(
        segment_id=row.segment_id,
        sequence=row.sequence,
        code=row.price.code,
        label=row.price.label,
        amount_cents=row.amount_cents,
        ledger_account=row.price.ledger_account,
        rated=rated,
    )


def kept_prices(schedule_sha256s: Iterable[str]) -> frozenset[str]:
    """The keys of the prices of some schedule texts that bills have named."""
    rows = LinePrice.objects.filter(schedule_sha256__in=list(schedule_sha256s))
    return frozenset(rows.values_list("key", flat=True))


def exception(exception_id: int) -> ExceptionFacts:
    """One billing exception.

    Raises:
        NoSuchException: for an unknown number.
    """
    row = BillException.objects.filter(pk=exception_id).first()
    if row is None:
        raise NoSuchException(exception=exception_id)
    return _exception(row)


def held_exceptions_of_account(account_id: int) -> tuple[ExceptionFacts, ...]:
    """What holds an account's bills back."""
    rows = BillException.objects.filter(agreement__account_id=account_id, state="held").order_by("pk")
    return tuple(_exception(row) for row in rows)


def adjustment(adjustment_id: int) -> AdjustmentFacts:
    """One adjustment.

    Raises:
        NoSuchAdjustment: for an unknown number.
    """
    account_id = Adjustment.objects.filter(pk=adjustment_id).values_list("account_id", flat=True).first()
    if account_id is None:
        raise NoSuchAdjustment(adjustment=adjustment_id)
    return next(item for item in adjustments_of_account(account_id) if item.adjustment_id == adjustment_id)


def adjustments_of_account(account_id: int) -> tuple[AdjustmentFacts, ...]:
    """The adjustments of an account, latest first, in one query."""
    rows = list(Adjustment.objects.filter(account_id=account_id).order_by("-adjusted_on", "-pk"))
    reversed_by = {row.reverses_id: row.pk for row in rows if row.reverses_id is not None}
    waived: dict[int, int] = {}
    for row in rows:
        if row.waives_id is not None and row.pk not in reversed_by:
            waived[row.waives_id] = waived.get(row.waives_id, 0) - row.amount_cents
    return tuple(
        _adjustment(row, waived_cents=waived.get(row.pk, 0), reversed_by_id=reversed_by.get(row.pk)) for row in rows
    )


def fees_to_waive(account_id: int) -> tuple[AdjustmentFacts, ...]:
    """Fees of which something is left to waive, latest first."""
    return tuple(item for item in adjustments_of_account(account_id) if item.kind == "fee" and item.left_cents > 0)


def latest_adjustment(account_id: int) -> int:
    """The number of an account's last adjustment; 0 when it has none."""
    return Adjustment.objects.filter(account_id=account_id).aggregate(last=Max("pk"))["last"] or 0


def adjustments_to_reverse(account_id: int) -> tuple[AdjustmentFacts, ...]:
    """What may be reversed, latest first: no reversal, not reversed yet, and of a fee nothing waived."""
    return tuple(
        item
        for item in adjustments_of_account(account_id)
        if item.kind != "reversal" and item.reversed_by_id is None and not item.waived_cents
    )


def _adjustment(row: Adjustment, *, waived_cents: int, reversed_by_id: int | None) -> AdjustmentFacts:
    return AdjustmentFacts(
        adjustment_id=row.pk,
        account_id=row.account_id,
        kind=row.kind,
        charge=row.charge,
        amount_cents=row.amount_cents,
        waived_cents=waived_cents,
        adjusted_on=row.adjusted_on,
        reason=row.reason,
        note=row.note,
        basis=row.basis,
        evidence=row.evidence,
        waives_id=row.waives_id,
        reverses_id=row.reverses_id,
        reversed_by_id=reversed_by_id,
        rule=row.rule,
        entry_id=row.entry_id,
        receipt_id=row.receipt_id,
    )


def _segment(row: BillSegment) -> SegmentFacts:
    return SegmentFacts(
        segment_id=row.pk,
        bill_id=row.bill_id,
        agreement_id=row.agreement_id,
        start_on=row.start_on,
        end_on=row.end_on,
        active=row.active,
        schedule=row.schedule,
        schedule_sha256=row.schedule_sha256,
        energy_wh=row.energy_wh,
        demand_w_max=row.demand_w_max,
        estimated=row.estimated,
        determinants=json.loads(row.determinants),
        amount_cents=row.amount_cents,
    )


def _exception(row: BillException) -> ExceptionFacts:
    return ExceptionFacts(
        exception_id=row.pk,
        agreement_id=row.agreement_id,
        start_on=row.start_on,
        end_on=row.end_on,
        kind=row.kind,
        detail=row.detail,
        state=row.state,
        raised_on=row.raised_on,
        released_on=row.released_on,
        reason=row.reason,
    )


def accounts_of_bill_number(digits: str) -> tuple[int, ...]:
    """The account of the bill that has a number (digits, zeros before it do not count)."""
    rows = Bill.objects.filter(number__in=[digits, digits.lstrip("0")])
    return tuple(rows.values_list("account_id", flat=True))

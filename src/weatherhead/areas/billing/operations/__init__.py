"""Writes of billing. A bill posts its entry here, in the same transaction: nothing is ever issued unposted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

import numpy as np
from django.db import IntegrityError

from weatherhead.areas.billing.decide import LinePlan, SegmentPlan
from weatherhead.areas.billing.lines import LineColumn, PricePoint
from weatherhead.areas.billing.models import BillException, BillSegment, LinePrice
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.arrays import ColumnType, Values, days_of, insert_columns, numbers_of, take_row_ids
from weatherhead.areas.records.canonical import Json, canonical, to_json
from weatherhead.areas.records.database import chunks, next_ids, update_rows, violated_constraint
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.statements import numbered, payload_text
from weatherhead.core.values import Int64Array, Refusal, Sentence, gettext_noop

_BILL_NUMBER_DIGITS = 8
_LINE_TYPES: Mapping[str, ColumnType] = {
    "segment_id": "bigint",
    "sequence": "smallint",
    "price_id": "bigint",
    "start_on": "date",
    "end_on": "date",
    "quantity": "bigint",
    "numerator": "bigint",
    "denominator": "bigint",
    "amount_cents": "bigint",
}


class PeriodAlreadyBilled(Refusal):
    """Active segments of an agreement may not overlap."""

    template = gettext_noop(
        "Some of these days are billed already. Open the account again; to correct a bill, cancel and rebill it."
    )


class BillAlreadyCorrected(Refusal):
    """Its segments are no longer active."""

    template = gettext_noop("Bill %(bill)s was corrected already. Correct the bill that replaced it.")


class ExceptionAlreadyReleased(Refusal):
    """It no longer holds anything."""

    template = gettext_noop("This exception was released on %(on)s already. Bill the account.")


class AlreadyHeld(Refusal):
    """The agreement is held."""

    template = gettext_noop("Billing of this service is held already, since %(since)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPlan:
    """A bill ready to be issued. `cancels` are the segments that it replaces; `entries` are posted in their order.

    `payload` is the document without its number, which is given at issue. The last entry, if any, carries the charges.
    """

    account_id: int
    kind: str
    issued_on: date
    due_on: date
    total_cents: int
    segments: tuple[SegmentPlan, ...]
    entries: tuple[EntryDraft, ...]
    has_charge_entry: bool
    corrects_id: int | None
    cancels: tuple[int, ...]
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionPlan:
    """An exception ready to be raised."""

    agreement_id: int
    start_on: date
    end_on: date | None
    kind: str
    text: Sentence


def issue_bill(plan: BillPlan, *, at: datetime, receipt_id: int) -> tuple[int, tuple[int, ...]]:
    """Issue a bill and post its entries. Returns the bill's number in the database and the entries' numbers.

    Raises:
        PeriodAlreadyBilled: an active segment covers some of the days.
        BillAlreadyCorrected: a segment to cancel is no longer active.
    """
    entry_ids = post(list(plan.entries), inserted_at=at, receipt_id=receipt_id) if plan.entries else ()
    charged = [entry_ids[-1] if plan.has_charge_entry else None]
    [bill_id] = write_bills([plan], charge_entries=charged, run_id=None, receipt_id=receipt_id)
    return bill_id, entry_ids


def deactivate(segment_ids: Sequence[int]) -> None:
    """Let segments make room before those come that take their place.

    Raises:
        BillAlreadyCorrected: one is no longer active.
    """
    for chunk in chunks(sorted(segment_ids)):
        held = BillSegment.objects.filter(pk__in=chunk, active=True)
        if held.update(active=False) != len(chunk):
            gone = BillSegment.objects.filter(pk__in=chunk).exclude(cancelled_by__isnull=True).first()
            raise BillAlreadyCorrected(bill=gone.bill_id if gone else "")


def write_bills(
    plans: Sequence[BillPlan], *, charge_entries: Sequence[int | None], run_id: int | None, receipt_id: int
) -> list[int]:
    """Write bills of one day whose entries are posted; segments that they cancel make room first."""
    count = len(plans)
    bill_ids = take_row_ids("billing_bill", count=count)
    made: list[int] = bill_ids.tolist()
    numbers = bill_numbers(count=count)
    [issued_on] = {plan.issued_on for plan in plans}
    bills = BillRows(
        bill_ids=bill_ids,
        numbers=numbers,
        account_ids=numbers_of(plan.account_id for plan in plans),
        kinds=[plan.kind for plan in plans],
        issued_on=issued_on,
        due_on=days_of(plan.due_on for plan in plans),
        totals_cents=numbers_of(plan.total_cents for plan in plans),
        corrects_id=numbers_of(plan.corrects_id for plan in plans),
        entry_ids=numbers_of(charge_entries),
        payloads=[
            payload_text(numbered(plan.payload, number=number)) for plan, number in zip(plans, numbers, strict=True)
        ],
        run_id=run_id,
    )
    deactivate([number for plan in plans for number in plan.cancels])
    record_bills(bills, segments=_segment_rows(plans), lines=_line_columns(plans), receipt_id=receipt_id)
    cancelled = [(number, str(bill_id)) for plan, bill_id in zip(plans, made, strict=True) for number in plan.cancels]
    update_rows(table="billing_billsegment", column="cancelled_by_id", rows=cancelled, kind="bigint")
    return made


def bill_numbers(*, count: int) -> list[str]:
    """Numbers for bills, rising, never given before. A rolled-back bill's number stays unused on PostgreSQL."""
    return [str(number).zfill(_BILL_NUMBER_DIGITS) for number in next_ids("billing_bill_number", count=count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRows:
    """b bills as columns. `payloads` are canonical JSON texts with the number in them; `entry_ids` may be MISSING."""

    bill_ids: Int64Array
    numbers: list[str]
    account_ids: Int64Array
    kinds: list[str]
    issued_on: date
    due_on: date | Int64Array  # the same for all, or ordinals
    totals_cents: Int64Array
    corrects_id: Int64Array | None
    entry_ids: Int64Array
    payloads: list[str]
    run_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRows:
    """s segments as columns. `bills` are indexes into the bills, days ordinals, `estimated` 0 or 1.

    `demand_w_max` may be MISSING. `determinants` are canonical JSON texts.
    """

    bills: Int64Array
    agreement_ids: Int64Array
    starts: Int64Array
    ends: Int64Array
    schedules: list[str]
    schedule_sha256s: list[str]
    energy_wh: Int64Array
    demand_w_max: Int64Array
    estimated: Int64Array
    determinants: list[str]
    amounts_cents: Int64Array


_BILL_TYPES: Mapping[str, ColumnType] = {
    "id": "bigint",
    "number": "text",
    "account_id": "bigint",
    "kind": "text",
    "issued_on": "date",
    "due_on": "date",
    "total_cents": "bigint",
    "corrects_id": "bigint",
    "entry_id": "bigint",
    "payload": "text",
    "payload_sha256": "text",
    "receipt_id": "bigint",
    "run_id": "bigint",
}
_SEGMENT_TYPES: Mapping[str, ColumnType] = {
    "id": "bigint",
    "bill_id": "bigint",
    "agreement_id": "bigint",
    "start_on": "date",
    "end_on": "date",
    "active": "boolean",
    "cancelled_by_id": "bigint",
    "schedule": "text",
    "schedule_sha256": "text",
    "energy_wh": "bigint",
    "demand_w_max": "bigint",
    "estimated": "boolean",
    "determinants": "text",
    "amount_cents": "bigint",
}


def record_bills(bills: BillRows, *, segments: SegmentRows, lines: Sequence[LineColumn], receipt_id: int) -> None:
    """Write bills, their segments and their lines, whose members are indexes into the segments.

    As many statements for a shard of thousands as for one bill. Their entries are posted already.

    Raises:
        PeriodAlreadyBilled: an active segment covers some of the days.
    """
    price_ids = keep_prices({item.price.key: item.price for item in lines}.values())
    segment_ids = take_row_ids("billing_billsegment", count=len(segments.bills))
    rows: dict[str, Values] = {
        "id": bills.bill_ids,
        "number": bills.numbers,
        "account_id": bills.account_ids,
        "kind": bills.kinds,
        "issued_on": bills.issued_on.toordinal(),
        "due_on": bills.due_on.toordinal() if isinstance(bills.due_on, date) else bills.due_on,
        "total_cents": bills.totals_cents,
        "corrects_id": bills.corrects_id,
        "entry_id": bills.entry_ids,
        "payload": bills.payloads,
        "payload_sha256": [sha256(payload.encode()).hexdigest() for payload in bills.payloads],
        "receipt_id": receipt_id,
        "run_id": bills.run_id,
    }
    insert_columns(table="billing_bill", types=_BILL_TYPES, groups=[rows])
    _write_segments(segments, segment_ids=segment_ids, bill_ids=bills.bill_ids)
    sequence = np.zeros(len(segments.bills), dtype=np.int64)
    groups: list[Mapping[str, Values]] = []
    for item in lines:
        sequence[item.members] += 1
        groups.append(
            {
                "segment_id": segment_ids[item.members],
                "sequence": sequence[item.members],
                "price_id": price_ids[item.price.key],
                "start_on": item.starts,
                "end_on": item.ends,
                "quantity": item.quantities,
                "numerator": item.numerators,
                "denominator": item.denominators,
                "amount_cents": item.amounts_cents,
            }
        )
    insert_columns(table="billing_billline", types=_LINE_TYPES, groups=groups)


def _write_segments(segments: SegmentRows, *, segment_ids: Int64Array, bill_ids: Int64Array) -> None:
    rows: dict[str, Values] = {
        "id": segment_ids,
        "bill_id": bill_ids[segments.bills],
        "agreement_id": segments.agreement_ids,
        "start_on": segments.starts,
        "end_on": segments.ends,
        "active": 1,
        "cancelled_by_id": None,
        "schedule": segments.schedules,
        "schedule_sha256": segments.schedule_sha256s,
        "energy_wh": segments.energy_wh,
        "demand_w_max": segments.demand_w_max,
        "estimated": segments.estimated,
        "determinants": segments.determinants,
        "amount_cents": segments.amounts_cents,
    }
    # No savepoint: whoever writes a bill does not go on after a refusal, and SQLite pays for one with every page.
    try:
        insert_columns(table="billing_billsegment", types=_SEGMENT_TYPES, groups=[rows])
    except IntegrityError as error:
        if violated_constraint(error) == "segment_billed_once":
            raise PeriodAlreadyBilled from error
        raise


def keep_prices(points: Iterable[PricePoint]) -> dict[str, int]:
    """Keep prices that bills name; returns their numbers by key. Keeping one twice is the same as once.

    A bill run keeps those of its schedules before its shards begin, so that no shard waits for another's commit.
    """
    wanted = {point.key: point for point in points}
    found = dict(LinePrice.objects.filter(key__in=wanted).values_list("key", "pk"))
    missing = [point for key, point in wanted.items() if key not in found]
    if missing:
        LinePrice.objects.bulk_create(
            [
                LinePrice(
                    key=point.key,
                    schedule_sha256=point.schedule_sha256,
                    code=point.code,
                    label=point.label,
                    ledger_account=point.ledger_account,
                    content=dict(point.content),
                )
                for point in missing
            ],
            ignore_conflicts=True,
        )
        kept = LinePrice.objects.filter(key__in=[point.key for point in missing])
        found |= dict(kept.values_list("key", "pk"))
    return found


def _segment_rows(plans: Sequence[BillPlan]) -> SegmentRows:
    segments = [item for plan in plans for item in plan.segments]
    return SegmentRows(
        bills=numbers_of(place for place, plan in enumerate(plans) for _ in plan.segments),
        agreement_ids=numbers_of(item.agreement_id for item in segments),
        starts=days_of(item.start_on for item in segments),
        ends=days_of(item.end_on for item in segments),
        schedules=[item.schedule for item in segments],
        schedule_sha256s=[item.schedule_sha256 for item in segments],
        energy_wh=numbers_of(item.energy_wh for item in segments),
        demand_w_max=numbers_of(item.demand_w_max for item in segments),
        estimated=numbers_of(int(item.estimated) for item in segments),
        determinants=[canonical(item.determinants) for item in segments],
        amounts_cents=numbers_of(item.amount_cents for item in segments),
    )


def _line_columns(plans: Sequence[BillPlan]) -> list[LineColumn]:
    """A column for the lines that stand at the same place of their segments and have one price."""
    columns: dict[tuple[int, str], list[tuple[int, LinePlan]]] = {}
    for place, segment in enumerate(item for plan in plans for item in plan.segments):
        for position, line in enumerate(segment.lines):
            columns.setdefault((position, line.price.key), []).append((place, line))
    return [
        LineColumn(
            price=rows[0][1].price,
            members=numbers_of(place for place, _ in rows),
            starts=days_of(line.start_on for _, line in rows),
            ends=days_of(line.end_on for _, line in rows),
            quantities=numbers_of(line.quantity for _, line in rows),
            numerators=numbers_of(line.numerator for _, line in rows),
            denominators=numbers_of(line.denominator for _, line in rows),
            amounts_cents=numbers_of(line.amount_cents for _, line in rows),
        )
        for _, rows in sorted(columns.items(), key=lambda item: item[0][0])
    ]


def raise_exceptions(plans: Sequence[ExceptionPlan], *, raised_on: date, receipt_id: int) -> tuple[int, ...]:
    """Hold periods back. An exception that is held already stays as it is. Returns the numbers of new ones.

    Raises:
        AlreadyHeld: a person holds an agreement that a person holds already.
    """
    made: list[int] = []
    for plan in plans:
        held = BillException.objects.filter(
            agreement_id=plan.agreement_id, start_on=plan.start_on, kind=plan.kind, state="held"
        ).first()
        if held is not None:
            raise AlreadyHeld(since=held.raised_on)
        row = BillException.objects.create(
            agreement_id=plan.agreement_id,
            start_on=plan.start_on,
            end_on=plan.end_on,
            kind=plan.kind,
            detail=to_json(plan.text),
            state="held",
            raised_on=raised_on,
            receipt_id=receipt_id,
        )
        made.append(row.pk)
    return tuple(made)


def release_exception(*, exception_id: int, released_on: date, reason: str) -> None:
    """Let a held period be billed.

    Raises:
        ExceptionAlreadyReleased: it was.
    """
    held = BillException.objects.filter(pk=exception_id, state="held")
    if held.update(state="released", released_on=released_on, reason=reason) != 1:
        on = BillException.objects.values_list("released_on", flat=True).get(pk=exception_id)
        raise ExceptionAlreadyReleased(on=on or "")

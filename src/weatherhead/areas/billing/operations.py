"""Writes of billing. A bill posts its entry here, in the same transaction: nothing is ever issued unposted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from weatherhead.areas.billing.decide import SegmentPlan
from weatherhead.areas.billing.late_charges import LATE_CHARGE, LateCharge
from weatherhead.areas.billing.models import Adjustment, Bill, BillException, BillLine, BillSegment
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.canonical import Json, canonical, digest, to_json
from weatherhead.areas.records.operations.counters import next_number
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, Sentence, gettext_noop

_BILL_NUMBER_DIGITS = 8


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
    number = str(next_number("bill")).zfill(_BILL_NUMBER_DIGITS)
    payload = to_json({**plan.payload, "number": number})
    entry_ids = post(list(plan.entries), inserted_at=at, receipt_id=receipt_id) if plan.entries else ()
    bill = Bill.objects.create(
        number=number,
        account_id=plan.account_id,
        kind=plan.kind,
        issued_on=plan.issued_on,
        due_on=plan.due_on,
        total_cents=plan.total_cents,
        corrects_id=plan.corrects_id,
        entry_id=entry_ids[-1] if plan.has_charge_entry else None,
        payload=canonical(payload),
        payload_sha256=digest(payload),
        receipt_id=receipt_id,
    )
    if plan.cancels:
        held = BillSegment.objects.filter(pk__in=plan.cancels, active=True)
        if held.update(active=False, cancelled_by_id=bill.pk) != len(plan.cancels):
            raise BillAlreadyCorrected(bill=plan.corrects_id)
    for segment in plan.segments:
        _write_segment(segment, bill_id=bill.pk)
    return bill.pk, entry_ids


def _write_segment(plan: SegmentPlan, *, bill_id: int) -> None:
    try:
        with transaction.atomic():
            segment = BillSegment.objects.create(
                bill_id=bill_id,
                agreement_id=plan.agreement_id,
                start_on=plan.start_on,
                end_on=plan.end_on,
                schedule=plan.schedule,
                schedule_sha256=plan.schedule_sha256,
                energy_wh=plan.energy_wh,
                demand_w_max=plan.demand_w_max,
                estimated=plan.estimated,
                determinants=plan.determinants,
                amount_cents=plan.amount_cents,
            )
    except IntegrityError as error:
        raise PeriodAlreadyBilled from error
    BillLine.objects.bulk_create(
        BillLine(
            segment=segment,
            sequence=sequence,
            code=line.code,
            label=line.label,
            amount_cents=line.amount_cents,
            ledger_account=line.ledger_account,
            proof=line.proof,
        )
        for sequence, line in enumerate(plan.lines, 1)
    )


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


def record_adjustment(
    *,
    account_id: int,
    kind: str,
    charge: str,
    amount_cents: int,
    adjusted_on: date,
    reason: str,
    note: str,
    waives_id: int | None,
    rule: str,
    entry: EntryDraft,
    at: datetime,
    receipt_id: int,
) -> tuple[int, int]:
    """Record a fee or waiver and post its entry. Returns the adjustment's and the entry's numbers."""
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    row = Adjustment.objects.create(
        account_id=account_id,
        kind=kind,
        charge=charge,
        amount_cents=amount_cents,
        adjusted_on=adjusted_on,
        reason=reason,
        note=note,
        waives_id=waives_id,
        rule=rule,
        entry_id=entry_id,
        receipt_id=receipt_id,
    )
    return row.pk, entry_id


def record_late_charges(
    charges: Sequence[LateCharge],
    *,
    entries: Sequence[EntryDraft],
    charged_on: date,
    reason: str,
    rule: str,
    at: datetime,
    receipt_id: int,
) -> tuple[int, ...]:
    """Record late charges and post their entries, one for each in the same order. Returns the entries' numbers."""
    entry_ids = post(entries, inserted_at=at, receipt_id=receipt_id)
    Adjustment.objects.bulk_create(
        Adjustment(
            account_id=charge.account_id,
            kind="fee",
            charge=LATE_CHARGE,
            amount_cents=charge.amount_cents,
            adjusted_on=charged_on,
            reason=reason,
            note=charge.arithmetic,
            rule=rule,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for charge, entry_id in zip(charges, entry_ids, strict=True)
    )
    return entry_ids

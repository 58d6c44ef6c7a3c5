"""Writes of refunds. Approved ones are posted here; checks are numbered and issued once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from weatherhead.areas.credit.models import Refund, RefundCheck, RefundRun
from weatherhead.areas.credit.operations import MovePlan, note_moves
from weatherhead.areas.credit.refund_files import PaidBack, files_of_run, manifest_of
from weatherhead.areas.credit.refunds import (
    CANCELLED,
    ISSUED,
    PAID,
    PAYABLE,
    CheckFacts,
    RefundFacts,
    checks_of_run,
    mark_of,
)
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.operations.counters import next_number, next_numbers
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class RefundChangedMeanwhile(Refusal):
    """Somebody was faster."""

    template = gettext_noop(
        "Someone issued, cancelled or released refund %(refund)s meanwhile. Look at the list again."
    )
    retried = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPlan:
    """A refund about to be recorded, and its entry. `move` is what leaves the deposit that it pays back.

    It is of an account, or of an item in suspense.
    """

    account_id: int | None
    deposit_id: int | None
    amount_cents: int
    method: str
    tender_payment_id: int | None
    payee_name: str
    payee_lines: tuple[str, ...]
    reason: str
    refunded_on: date
    hold_until_on: date | None
    hold_reasons: tuple[Mapping[str, Any], ...]
    entry: EntryDraft
    move: MovePlan | None = None
    suspense_item_id: int | None = None


def record_refund(plan: RefundPlan, *, at: datetime, receipt_id: int) -> tuple[int, int]:
    """Record a refund and post its entry. Returns the numbers of both.

    Raises:
        DepositMovedMeanwhile: the deposit that it pays back was closed meanwhile.
    """
    (entry_id,) = post([plan.entry], inserted_at=at, receipt_id=receipt_id)
    if plan.move is not None:
        note_moves([plan.move], entry_ids=[entry_id], receipt_id=receipt_id)
    return note_refund(plan, entry_id=entry_id, receipt_id=receipt_id), entry_id


def note_refund(plan: RefundPlan, *, entry_id: int, receipt_id: int) -> int:
    """Record a refund whose entry is posted. Returns its number."""
    return Refund.objects.create(
        account_id=plan.account_id,
        suspense_item_id=plan.suspense_item_id,
        deposit_id=plan.deposit_id,
        amount_cents=plan.amount_cents,
        method=plan.method,
        tender_payment_id=plan.tender_payment_id,
        payee_name=plan.payee_name,
        payee_lines=list(plan.payee_lines),
        payee_mark=mark_of([plan.payee_name]),
        address_mark=mark_of(plan.payee_lines),
        reason=plan.reason,
        refunded_on=plan.refunded_on,
        entry_id=entry_id,
        receipt_id=receipt_id,
        state=PAYABLE,
        hold_until_on=plan.hold_until_on,
        hold_reasons=[dict(item) for item in plan.hold_reasons],
    ).pk


def release_refund(*, refund_id: int, by: str, receipt_id: int) -> None:
    """Say that a refund which looks like another is none.

    Raises:
        RefundChangedMeanwhile: it was released or cancelled before.
    """
    held = Refund.objects.filter(pk=refund_id, state=PAYABLE, released_by="")
    if held.update(released_by=by, released_receipt_id=receipt_id) != 1:
        raise RefundChangedMeanwhile(refund=refund_id)


def cancel_refund(*, refund_id: int, entry: EntryDraft, on: date, at: datetime, receipt_id: int) -> int:
    """Take back a refund that no living check pays; returns the entry's number.

    Raises:
        RefundChangedMeanwhile: it was issued, paid or cancelled meanwhile.
    """
    (entry_id,) = post([entry], inserted_at=at, receipt_id=receipt_id)
    payable = Refund.objects.filter(pk=refund_id, state=PAYABLE)
    if payable.update(state=CANCELLED, ended_on=on, ended_entry_id=entry_id) != 1:
        raise RefundChangedMeanwhile(refund=refund_id)
    return entry_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """A run about to be made: refunds by check, voids to tell the bank, refunds to tenders with their entries."""

    checks: tuple[RefundFacts, ...]
    voids: tuple[CheckFacts, ...]
    tenders: tuple[PaidBack, ...]
    entries: tuple[EntryDraft, ...]
    bank_account: str
    first_number: int


def record_run(
    plan: RunPlan, *, made_on: date, made_at: datetime, made_by: str, receipt_id: int
) -> tuple[int, tuple[int, ...]]:
    """Number the checks, mark what they pay, and keep the manifest. Returns the run's and the entries' numbers.

    Raises:
        RefundChangedMeanwhile: one of them was issued, cancelled or told meanwhile.
    """
    run = RefundRun.objects.create(
        number=f"R{next_number('refund_run'):06}",
        made_on=made_on,
        made_at=made_at,
        made_by=made_by,
        bank_account=plan.bank_account,
        checks=len(plan.checks),
        checks_cents=sum(item.amount_cents for item in plan.checks),
        voids=len(plan.voids),
        voids_cents=sum(item.amount_cents for item in plan.voids),
        tenders=len(plan.tenders),
        tenders_cents=sum(item.refund.amount_cents for item in plan.tenders),
        manifest={},
        receipt_id=receipt_id,
    )
    _issue_checks(plan, run=run, on=made_on)
    _tell_voids(plan.voids, run=run)
    entry_ids = _send_tenders(plan, run=run, on=made_on, at=made_at, receipt_id=receipt_id)
    issued, ended = checks_of_run(run.pk)
    files = files_of_run(bank_account=plan.bank_account, issued=issued, ended=ended, tenders=plan.tenders)
    run.manifest = manifest_of(run.number, issued=issued, ended=ended, tenders=plan.tenders, files=files)
    RefundRun.objects.filter(pk=run.pk).update(manifest=run.manifest)
    return run.pk, entry_ids


def _issue_checks(plan: RunPlan, *, run: RefundRun, on: date) -> None:
    if not plan.checks:
        return
    _change(plan.checks, before=PAYABLE, state=ISSUED)
    numbers = next_numbers("refund_check", count=len(plan.checks))
    RefundCheck.objects.bulk_create(
        RefundCheck(
            refund_id=item.refund_id,
            run=run,
            number=plan.first_number - 1 + number,
            amount_cents=item.amount_cents,
            payee_name=item.payee_name,
            payee_lines=list(item.payee_lines),
            issued_on=on,
            state="issued",
        )
        for item, number in zip(plan.checks, numbers, strict=True)
    )


def _tell_voids(voids: Sequence[CheckFacts], *, run: RefundRun) -> None:
    untold = RefundCheck.objects.filter(pk__in=[item.check_id for item in voids], void_run__isnull=True)
    if untold.update(void_run=run) != len(voids):
        raise RefundChangedMeanwhile(refund=voids[0].refund_id)


def _send_tenders(plan: RunPlan, *, run: RefundRun, on: date, at: datetime, receipt_id: int) -> tuple[int, ...]:
    entry_ids = post(plan.entries, inserted_at=at, receipt_id=receipt_id)
    for item, entry_id in zip(plan.tenders, entry_ids, strict=True):
        _change([item.refund], before=PAYABLE, state=PAID, run=run, ended_on=on, ended_entry_id=entry_id)
    return entry_ids


def _change(refunds: Sequence[RefundFacts], *, before: str, **values: object) -> None:
    found = Refund.objects.filter(pk__in=[item.refund_id for item in refunds], state=before)
    if found.update(**values) != len(refunds):
        raise RefundChangedMeanwhile(refund=", ".join(str(item.refund_id) for item in refunds[:5]))


def void_check(
    *,
    check: CheckFacts,
    state: str,
    note: str,
    on: date,
    payee_name: str,
    payee_lines: tuple[str, ...],
    hold_until_on: date | None,
    hold_reasons: Sequence[Mapping[str, Any]],
    receipt_id: int,
) -> None:
    """End a check that was not paid; its refund is payable again, to the payee and address as they are now. Where there
    is something new to look at it waits for a person, whoever looked before.

    Raises:
        RefundChangedMeanwhile: it was paid, voided or stopped meanwhile.
    """
    living = RefundCheck.objects.filter(pk=check.check_id, state="issued")
    if living.update(state=state, ended_on=on, ended_note=note[:200], ended_receipt_id=receipt_id) != 1:
        raise RefundChangedMeanwhile(refund=check.refund_id)
    refund = Refund.objects.filter(pk=check.refund_id, state=ISSUED)
    if hold_reasons:
        known = refund.values_list("hold_reasons", flat=True).first() or []
        refund.update(hold_reasons=[*known, *(dict(item) for item in hold_reasons)], released_by="")
    changed = refund.update(
        state=PAYABLE,
        payee_name=payee_name,
        payee_lines=list(payee_lines),
        payee_mark=mark_of([payee_name]),
        address_mark=mark_of(payee_lines),
        hold_until_on=hold_until_on,
    )
    if changed != 1:
        raise RefundChangedMeanwhile(refund=check.refund_id)


def clear_checks(
    checks: Sequence[CheckFacts],
    *,
    entries: Sequence[EntryDraft],
    cleared_on: date,
    at: datetime,
    receipt_id: int,
) -> tuple[int, ...]:
    """Note that the bank paid some checks, and post it; one entry a check, in the same order.

    Raises:
        RefundChangedMeanwhile: one was cleared, voided or stopped meanwhile.
    """
    entry_ids = post(entries, inserted_at=at, receipt_id=receipt_id)
    living = RefundCheck.objects.filter(pk__in=[item.check_id for item in checks], state="issued")
    if living.update(state="cleared", ended_on=cleared_on, ended_receipt_id=receipt_id) != len(checks):
        raise RefundChangedMeanwhile(refund=checks[0].refund_id)
    for item, entry_id in zip(checks, entry_ids, strict=True):
        paid = Refund.objects.filter(pk=item.refund_id, state=ISSUED)
        if paid.update(state=PAID, ended_on=cleared_on, ended_entry_id=entry_id) != 1:
            raise RefundChangedMeanwhile(refund=item.refund_id)
    return entry_ids

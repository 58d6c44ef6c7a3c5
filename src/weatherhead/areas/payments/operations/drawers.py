"""Writes of drawers and deposits: what was counted, what was over or short, what went to the bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from weatherhead.areas.ledger.operations import post
from weatherhead.areas.payments.models import Deposit, Drawer, DrawerCount, PaymentBatch, Tender
from weatherhead.areas.records.database import lock_rows, violated_constraint
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class DrawerClosed(Refusal):
    """Nothing more goes into it."""

    template = gettext_noop("Drawer %(drawer)s is closed. Open a drawer first.")


class DrawerOpenAlready(Refusal):
    """A person has one open drawer."""

    template = gettext_noop("Your drawer %(drawer)s of %(on)s is still open. Count and close it first.")


class SlipTaken(Refusal):
    """A deposit slip goes to the bank once."""

    template = gettext_noop(
        "Slip %(slip)s went to the bank on %(on)s already, receipt %(receipt)s. Check the number of the slip."
    )


class DepositedMeanwhile(Refusal):
    """Part of it went to the bank with another deposit."""

    template = gettext_noop("Some of this went to the bank with another deposit. Open the list again.")


def open_drawer(
    *, employee_id: int, opened_by: str, opened_on: date, opened_at: datetime, float_cents: int, receipt_id: int
) -> int:
    """Open a person's drawer; returns its number.

    Raises:
        DrawerOpenAlready: another one of theirs is open.
    """
    try:
        with transaction.atomic():
            return Drawer.objects.create(
                employee_id=employee_id,
                opened_by=opened_by,
                opened_on=opened_on,
                opened_at=opened_at,
                float_cents=float_cents,
                open_receipt_id=receipt_id,
            ).pk
    except IntegrityError as error:
        if violated_constraint(error) not in ("drawer_one_open_a_person", "payments_drawer.employee_id"):
            raise
        held = Drawer.objects.get(employee_id=employee_id, closed_on__isnull=True)
        raise DrawerOpenAlready(drawer=held.pk, on=held.opened_on) from error


def require_open(drawer_id: int) -> None:
    """Lock a drawer that is open, until the transaction ends.

    Raises:
        DrawerClosed: it is not, or no longer.
    """
    lock_rows(Drawer, [drawer_id])
    if not Drawer.objects.filter(pk=drawer_id, closed_on__isnull=True).exists():
        raise DrawerClosed(drawer=drawer_id)


def hold_drawer(drawer_id: int) -> None:
    """Lock a drawer, so that nothing comes into it or leaves it until the transaction ends."""
    lock_rows(Drawer, [drawer_id])


def hold_for_deposit(*, drawer_ids: Sequence[int], batch_ids: Sequence[int], tender_ids: Sequence[int]) -> None:
    """Lock what is to go to the bank, until the transaction ends."""
    lock_rows(Drawer, drawer_ids)
    lock_rows(PaymentBatch, batch_ids)
    lock_rows(Tender, tender_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlan:
    """A count, and what the drawer's payments came to at that moment."""

    drawer_id: int
    pieces: Mapping[str, int]
    cash_cents: int
    checks: int
    checks_cents: int
    expected_cash_cents: int
    expected_checks: int
    expected_checks_cents: int


def record_count(plan: CountPlan, *, counted_at: datetime, counted_by: str, receipt_id: int) -> int:
    """Keep a count of a drawer; returns its number.

    Raises:
        DrawerClosed: it was closed meanwhile.
    """
    require_open(plan.drawer_id)
    return DrawerCount.objects.create(
        drawer_id=plan.drawer_id,
        counted_at=counted_at,
        counted_by=counted_by,
        pieces=dict(plan.pieces),
        cash_cents=plan.cash_cents,
        checks=plan.checks,
        checks_cents=plan.checks_cents,
        expected_cash_cents=plan.expected_cash_cents,
        expected_checks=plan.expected_checks,
        expected_checks_cents=plan.expected_checks_cents,
        receipt_id=receipt_id,
    ).pk


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePlan:
    """A drawer to close: what goes to the bank of it, and the entry of what was over or short."""

    drawer_id: int
    cash_cents: int
    checks: int
    checks_cents: int
    over_short_cents: int
    closed_on: date
    entry: EntryDraft | None


def close_drawer(plan: ClosePlan, *, closed_at: datetime, closed_by: str, receipt_id: int) -> tuple[int, ...]:
    """Close a drawer and post what was over or short. Returns the entry's number, if there is one.

    Raises:
        DrawerClosed: it was closed meanwhile.
    """
    require_open(plan.drawer_id)
    entry_ids = post([plan.entry] if plan.entry else [], inserted_at=closed_at, receipt_id=receipt_id)
    Drawer.objects.filter(pk=plan.drawer_id).update(
        closed_on=plan.closed_on,
        closed_at=closed_at,
        closed_by=closed_by,
        cash_cents=plan.cash_cents,
        checks=plan.checks,
        checks_cents=plan.checks_cents,
        over_short_cents=plan.over_short_cents,
        entry_id=entry_ids[0] if entry_ids else None,
        close_receipt_id=receipt_id,
    )
    return entry_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositPlan:
    """What goes to the bank: whose numbers, how much, and the entry."""

    slip: str
    deposited_on: date
    drawer_ids: tuple[int, ...]
    batch_ids: tuple[int, ...]
    tender_ids: tuple[int, ...]
    cash_cents: int
    checks: int
    checks_cents: int
    entry: EntryDraft


def record_deposit(plan: DepositPlan, *, at: datetime, deposited_by: str, receipt_id: int) -> tuple[int, int]:
    """Record a deposit, mark what it holds, and post it. Returns the deposit's and the entry's numbers.

    Raises:
        SlipTaken: the slip was used before.
        DepositedMeanwhile: part of it went with another deposit.
    """
    (entry_id,) = post([plan.entry], inserted_at=at, receipt_id=receipt_id)
    try:
        with transaction.atomic():
            deposit_id = Deposit.objects.create(
                slip=plan.slip,
                deposited_on=plan.deposited_on,
                deposited_by=deposited_by,
                cash_cents=plan.cash_cents,
                checks=plan.checks,
                checks_cents=plan.checks_cents,
                entry_id=entry_id,
                receipt_id=receipt_id,
            ).pk
    except IntegrityError as error:
        first = Deposit.objects.filter(slip=plan.slip).first()
        if first is None:
            raise
        raise SlipTaken(slip=plan.slip, on=first.deposited_on, receipt=first.receipt_id) from error
    marked = (
        Drawer.objects.filter(pk__in=plan.drawer_ids, deposit__isnull=True).update(deposit_id=deposit_id),
        PaymentBatch.objects.filter(pk__in=plan.batch_ids, deposit__isnull=True).update(deposit_id=deposit_id),
        Tender.objects.filter(pk__in=plan.tender_ids, deposit__isnull=True).update(deposit_id=deposit_id),
    )
    if marked != (len(plan.drawer_ids), len(plan.batch_ids), len(plan.tender_ids)):
        raise DepositedMeanwhile
    return deposit_id, entry_id

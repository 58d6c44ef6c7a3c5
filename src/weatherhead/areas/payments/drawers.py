"""Drawers and what waits for the bank, as frozen values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np
from django.db.models import Count, F

from weatherhead.areas.payments.models import Deposit, Drawer, DrawerCount, Payment, PaymentBatch, Tender
from weatherhead.areas.payments.queries import PHYSICAL
from weatherhead.areas.records.arrays import among, fetch_rows, rows_among
from weatherhead.core.values import Refusal, gettext_noop

_CHECKS = ("check", "money_order")


class NoSuchDrawer(Refusal):
    """No drawer has that number."""

    template = gettext_noop("There is no drawer %(drawer)s. Look for it under Money.")


class NoDrawerOpen(Refusal):
    """Counter money goes into a drawer."""

    template = gettext_noop("You have no open drawer. Count your float and open one; then take the payment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerFacts:
    """A drawer. The figures of its end are None while it is open; `cash_cents` is without the float."""

    drawer_id: int
    employee_id: int
    opened_by: str
    opened_on: date
    opened_at: datetime
    float_cents: int
    closed_on: date | None
    closed_by: str
    cash_cents: int | None
    checks: int | None
    checks_cents: int | None
    over_short_cents: int | None
    deposit_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What tenders come to: cash, and checks and money orders."""

    cash_cents: int = 0
    checks: int = 0
    checks_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CountFacts:
    """A count, and what was expected at that moment. Cash with the float."""

    count_id: int
    counted_at: datetime
    cash_cents: int
    checks: int
    checks_cents: int
    expected: Holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeposited:
    """Something that waits for the bank. `number` is the drawer's or the batch's."""

    number: int
    name: str
    on: date
    holds: Holdings


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseTender:
    """A tender that came by itself: no drawer, no batch."""

    tender_id: int
    kind: str
    on: date
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """A payment in a drawer. `number` is the check's or the reference."""

    payment_id: int
    account_id: int
    receipt_id: int
    at: datetime
    kind: str
    number: str
    amount_cents: int
    reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """What went to the bank together."""

    deposit_id: int
    slip: str
    deposited_on: date
    deposited_by: str
    holds: Holdings
    receipt_id: int

    @property
    def total_cents(self) -> int:
        """Cash and checks together."""
        return self.holds.cash_cents + self.holds.checks_cents


def drawer(drawer_id: int) -> DrawerFacts:
    """One drawer.

    Raises:
        NoSuchDrawer: for an unknown number.
    """
    row = Drawer.objects.filter(pk=drawer_id).first()
    if row is None:
        raise NoSuchDrawer(drawer=drawer_id)
    return _facts(row)


def open_drawer_of(employee_id: int) -> DrawerFacts | None:
    """A person's open drawer, if there is one."""
    row = Drawer.objects.filter(employee_id=employee_id, closed_on__isnull=True).first()
    return _facts(row) if row else None


def drawers_open_since(on: date) -> tuple[DrawerFacts, ...]:
    """The drawers that were opened on a day or before it and are not closed yet."""
    return tuple(_facts(row) for row in Drawer.objects.filter(opened_on__lte=on, closed_on__isnull=True).order_by("pk"))


def drawers_of_day(on: date) -> tuple[DrawerFacts, ...]:
    """The drawers that were open at some time of a day."""
    rows = Drawer.objects.filter(opened_on__lte=on).exclude(closed_on__lt=on)
    return tuple(_facts(row) for row in rows.order_by("pk"))


def latest_drawers(*, limit: int, of: int | None = None) -> tuple[DrawerFacts, ...]:
    """The latest drawers of everybody, or of one employee, latest first."""
    rows = Drawer.objects.order_by("-pk")
    return tuple(_facts(row) for row in (rows if of is None else rows.filter(employee_id=of))[:limit])


def takings(drawer_id: int, *, limit: int) -> tuple[Taking, ...]:
    """The latest payments in a drawer, latest first."""
    rows = Payment.objects.select_related("tender", "event").filter(event__drawer_id=drawer_id).order_by("-pk")
    return tuple(
        Taking(
            payment_id=row.pk,
            account_id=row.account_id,
            receipt_id=row.event.receipt_id,
            at=row.event.received_at,
            kind=row.tender.kind,
            number=row.tender.check_number or row.tender.reference,
            amount_cents=row.amount_cents,
            reversed=row.reversed_on is not None,
        )
        for row in rows[:limit]
    )


def tenders_by_kind(drawer_id: int) -> dict[str, int]:
    """How many tenders of each kind were taken with a drawer, those taken back left out."""
    rows = Tender.objects.filter(event__drawer_id=drawer_id, amount_cents__gt=F("taken_back_cents"))
    return dict(rows.values_list("kind").annotate(count=Count("pk")).order_by("kind"))


def latest_deposits(*, limit: int) -> tuple[DepositFacts, ...]:
    """The latest deposits, latest first."""
    return tuple(map(_deposit, Deposit.objects.order_by("-pk")[:limit]))


def deposits_of_day(on: date) -> tuple[DepositFacts, ...]:
    """The deposits of a day, in their order."""
    return tuple(map(_deposit, Deposit.objects.filter(deposited_on=on).order_by("pk")))


def _deposit(row: Deposit, /) -> DepositFacts:
    return DepositFacts(
        deposit_id=row.pk,
        slip=row.slip,
        deposited_on=row.deposited_on,
        deposited_by=row.deposited_by,
        holds=Holdings(cash_cents=row.cash_cents, checks=row.checks, checks_cents=row.checks_cents),
        receipt_id=row.receipt_id,
    )


def _facts(row: Drawer) -> DrawerFacts:
    return DrawerFacts(
        drawer_id=row.pk,
        employee_id=row.employee_id,
        opened_by=row.opened_by,
        opened_on=row.opened_on,
        opened_at=row.opened_at,
        float_cents=row.float_cents,
        closed_on=row.closed_on,
        closed_by=row.closed_by,
        cash_cents=row.cash_cents,
        checks=row.checks,
        checks_cents=row.checks_cents,
        over_short_cents=row.over_short_cents,
        deposit_id=row.deposit_id,
    )


def holdings_of_drawers(drawer_ids: Sequence[int]) -> dict[int, Holdings]:
    """What the tenders of drawers come to, without the float; what was taken back or returned is left out."""
    return _holdings("drawer_id", drawer_ids)


def holdings_of_batches(batch_ids: Sequence[int]) -> dict[int, Holdings]:
    """What the tenders of batches come to, that go to the bank."""
    return _holdings("batch_id", batch_ids)


def _holdings(control: Literal["drawer_id", "batch_id"], numbers: Sequence[int]) -> dict[int, Holdings]:
    places = ", ".join(["%s"] * len(_CHECKS))
    rows = fetch_rows(
        f"""
        SELECT wanted.control,
            coalesce(SUM(CASE WHEN tender.kind = %s THEN amount_cents - taken_back_cents END), 0),
            COUNT(CASE WHEN tender.kind IN ({places}) AND amount_cents > taken_back_cents THEN 1 END),
            coalesce(SUM(CASE WHEN tender.kind IN ({places}) THEN amount_cents - taken_back_cents END), 0)
        FROM {among("control")}
        JOIN payments_paymentevent AS event ON event.{control} = wanted.control
        JOIN payments_tender AS tender ON tender.event_id = event.id
        WHERE tender.cancelled_on IS NULL
        GROUP BY wanted.control
        """,  # noqa: S608 - names of this module
        ["cash", *_CHECKS, *_CHECKS, *rows_among(np.array(numbers, dtype=np.int64))],
    )
    found = {
        number: Holdings(cash_cents=int(cash), checks=checks, checks_cents=int(cents))
        for number, cash, checks, cents in rows
    }
    return {number: found.get(number, Holdings()) for number in numbers}


def counts_of(drawer_id: int) -> tuple[CountFacts, ...]:
    """The counts of a drawer, in their order."""
    return tuple(
        CountFacts(
            count_id=row.pk,
            counted_at=row.counted_at,
            cash_cents=row.cash_cents,
            checks=row.checks,
            checks_cents=row.checks_cents,
            expected=Holdings(
                cash_cents=row.expected_cash_cents,
                checks=row.expected_checks,
                checks_cents=row.expected_checks_cents,
            ),
        )
        for row in DrawerCount.objects.filter(drawer_id=drawer_id).order_by("pk")
    )


def closed_drawers_waiting() -> tuple[Undeposited, ...]:
    """Closed drawers that did not go to the bank: the cash that was counted, the checks that are still good."""
    rows = list(Drawer.objects.filter(closed_on__isnull=False, deposit__isnull=True).order_by("pk"))
    held = holdings_of_drawers([row.pk for row in rows])
    return tuple(
        Undeposited(
            number=row.pk,
            name=row.opened_by,
            on=row.closed_on or row.opened_on,
            holds=Holdings(
                cash_cents=row.cash_cents or 0, checks=held[row.pk].checks, checks_cents=held[row.pk].checks_cents
            ),
        )
        for row in rows
    )


def batches_waiting() -> tuple[Undeposited, ...]:
    """Batches with cash or checks that did not go to the bank."""
    rows = list(PaymentBatch.objects.filter(deposit__isnull=True).order_by("pk"))
    held = holdings_of_batches([row.pk for row in rows])
    return tuple(
        Undeposited(number=row.pk, name=row.name, on=row.received_on, holds=held[row.pk])
        for row in rows
        if held[row.pk] != Holdings()
    )


def loose_tenders(*, through: date) -> tuple[LooseTender, ...]:
    """Cash and checks that came by themselves by a day and did not go to the bank."""
    rows = Tender.objects.filter(
        event__drawer__isnull=True,
        event__batch__isnull=True,
        event__received_on__lte=through,
        deposit__isnull=True,
        cancelled_on__isnull=True,
        kind__in=PHYSICAL,
        amount_cents__gt=F("taken_back_cents"),
    ).order_by("pk")
    return tuple(
        LooseTender(tender_id=number, kind=kind, on=on, cents=cents)
        for number, kind, on, cents in rows.values_list(
            "pk", "kind", "event__received_on", F("amount_cents") - F("taken_back_cents")
        )
    )

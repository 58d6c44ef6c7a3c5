"""Deposits as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import QuerySet

from weatherhead.areas.credit.models import (
    AdverseActionNotice,
    Deposit,
    DepositMovement,
)
from weatherhead.areas.records.database import any_of, as_day, chunks
from weatherhead.core.credit import PrincipalStep
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchDeposit(Refusal):
    """No deposit has that number."""

    template = gettext_noop("There is no deposit %(deposit)s. Open the account again.")


class NoSuchNotice(Refusal):
    """No adverse-action notice has that number."""

    template = gettext_noop("There is no adverse-action notice %(notice)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentFacts:
    """A part of a deposit, and when it is due."""

    number: int
    due_on: date
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFacts:
    """Principal that came (above zero) or went."""

    movement_id: int
    deposit_id: int
    kind: str
    amount_cents: int
    moved_on: date
    payment_id: int | None
    undoes_id: int | None
    entry_id: int
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFacts:
    """A deposit that is asked for or held, in cents."""

    deposit_id: int
    account_id: int
    amount_cents: int
    opening_cents: int
    held_since_on: date | None
    interest_from_on: date | None
    entry_id: int | None
    receipt_id: int
    asked_on: date | None
    reason: str
    rule: str
    arithmetic: str
    closed_on: date | None
    closed_reason: str
    installments: tuple[InstallmentFacts, ...]
    movements: tuple[MovementFacts, ...]
    interest_given_cents: int

    @property
    def held_cents(self) -> int:
        """What is held now."""
        return self.opening_cents + sum(item.amount_cents for item in self.movements)

    @property
    def paid_cents(self) -> int:
        """What came in for it and stayed, whatever went back since."""
        return self.opening_cents + sum(item.amount_cents for item in self.movements if item.kind in {"paid", "undone"})

    @property
    def left_cents(self) -> int:
        """What is still asked for."""
        return 0 if self.closed_on is not None else max(self.amount_cents - self.paid_cents, 0)

    @property
    def steps(self) -> tuple[PrincipalStep, ...]:
        """How the principal went; an opening counts from the first day whose interest is ours."""
        came = [PrincipalStep(on=item.moved_on, cents=item.amount_cents) for item in self.movements]
        if self.opening_cents and self.held_since_on is not None:
            came.insert(0, PrincipalStep(on=self.held_since_on, cents=self.opening_cents))
        return tuple(came)

    def due_cents(self, *, as_of: date) -> int:
        """What of it is due and not paid by a day; without installments nothing is."""
        due = sum(item.amount_cents for item in self.installments if item.due_on <= as_of)
        return 0 if self.closed_on is not None else max(due - self.paid_cents, 0)

    @property
    def next_due(self) -> InstallmentFacts | None:
        """The first installment that is not wholly paid."""
        if self.closed_on is not None:
            return None
        paid = self.paid_cents
        for item in self.installments:
            if paid < item.amount_cents:
                return item
            paid -= item.amount_cents
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """An adverse-action notice."""

    notice_id: int
    deposit_id: int
    account_id: int
    amount_cents: int
    agency_name: str
    agency_address: str
    agency_phone: str
    score: str
    score_range: str
    score_on: date | None
    factors: tuple[str, ...]
    prepared_on: date
    mail_by_on: date


def deposits_of_account(account_id: int) -> tuple[DepositFacts, ...]:
    """The deposits of an account, oldest first, closed ones too."""
    return _facts(Deposit.objects.filter(account_id=account_id))


def deposit(deposit_id: int) -> DepositFacts:
    """One deposit.

    Raises:
        NoSuchDeposit: for an unknown number.
    """
    for found in _facts(Deposit.objects.filter(pk=deposit_id)):
        return found
    raise NoSuchDeposit(deposit=deposit_id)


def open_deposits(*, from_account: int, to_account: int) -> tuple[DepositFacts, ...]:
    """The deposits of a range of accounts that money was paid for and that are not closed, oldest first."""
    rows = Deposit.objects.filter(account_id__gte=from_account, account_id__lte=to_account)
    return tuple(
        item for item in _facts(rows.filter(closed_on__isnull=True, held_since_on__isnull=False)) if item.held_cents > 0
    )


def accounts_with_deposits(*, from_account: int, to_account: int) -> tuple[int, ...]:
    """The accounts of a range that have a deposit which is not closed and that money was paid for."""
    rows = Deposit.objects.filter(account_id__gte=from_account, account_id__lte=to_account)
    rows = rows.filter(closed_on__isnull=True, held_since_on__isnull=False)
    return tuple(rows.order_by("account_id").values_list("account_id", flat=True).distinct())


def deposits_due(*, as_of: date) -> tuple[DepositFacts, ...]:
    """The deposits that are asked for and of which something is due and not paid, the oldest first."""
    asked = Deposit.objects.filter(closed_on__isnull=True, asked_on__isnull=False)
    return tuple(item for item in _facts(asked) if item.due_cents(as_of=as_of) > 0)


def moved_of_payments(payment_ids: Iterable[int]) -> tuple[MovementFacts, ...]:
    """What of some payments was put on deposits and still stands there, oldest first."""
    rows = DepositMovement.objects.filter(payment_id__in=list(payment_ids), kind="paid")
    undone = DepositMovement.objects.filter(undoes__isnull=False).values("undoes_id")
    return tuple(_movement(row) for row in rows.exclude(pk__in=undone).order_by("pk"))


def letter_path(notice_id: int) -> str:
    """Where a notice's letter waits for the mail, under the storage's root."""
    return f"letters/adverse-action-{notice_id}.txt"


def notice(notice_id: int) -> NoticeFacts:
    """One adverse-action notice.

    Raises:
        NoSuchNotice: for an unknown number.
    """
    row = AdverseActionNotice.objects.select_related("deposit").filter(pk=notice_id).first()
    if row is None:
        raise NoSuchNotice(notice=notice_id)
    return _notice(row)


def notices(*, prepared_from: date) -> tuple[NoticeFacts, ...]:
    """The notices prepared from a day on, oldest first."""
    rows = AdverseActionNotice.objects.select_related("deposit").filter(prepared_on__gte=prepared_from)
    return tuple(_notice(row) for row in rows.order_by("pk"))


def _notice(row: AdverseActionNotice) -> NoticeFacts:
    return NoticeFacts(
        notice_id=row.pk,
        deposit_id=row.deposit_id,
        account_id=row.deposit.account_id,
        amount_cents=row.deposit.amount_cents,
        agency_name=row.agency_name,
        agency_address=row.agency_address,
        agency_phone=row.agency_phone,
        score=row.score,
        score_range=row.score_range,
        score_on=row.score_on,
        factors=tuple(line for line in row.factors.split("\n") if line),
        prepared_on=row.prepared_on,
        mail_by_on=row.mail_by_on,
    )


_BELONGINGS = """
    SELECT 'moved', deposit_id, id, kind, amount_cents, moved_on, payment_id, undoes_id, entry_id, receipt_id
      FROM credit_depositmovement WHERE {}
     UNION ALL
    SELECT 'due', deposit_id, number, '', amount_cents, due_on, NULL, NULL, 0, 0
      FROM credit_depositinstallment WHERE {}
     UNION ALL
    SELECT 'given', deposit_id, id, '', amount_cents, through_on, NULL, NULL, entry_id, receipt_id
      FROM credit_depositinterest WHERE {}
     ORDER BY 6, 3
"""


def _facts(rows: QuerySet[Deposit]) -> tuple[DepositFacts, ...]:
    """Deposits with all that belongs to them, in two queries for some thousands; in one where there is none."""
    found = list(rows.order_by("account_id", "held_since_on", "pk"))
    movements: dict[int, list[MovementFacts]] = {row.pk: [] for row in found}
    installments: dict[int, list[InstallmentFacts]] = {row.pk: [] for row in found}
    given: dict[int, int] = dict.fromkeys(movements, 0)
    for chunk in chunks(movements):
        condition, wanted = any_of("deposit_id", chunk)
        with connection.cursor() as cursor:
            cursor.execute(_BELONGINGS.format(condition, condition, condition), [wanted] * 3)
            belongings = cursor.fetchall()
        for what, deposit_id, number, kind, cents, on, payment_id, undoes_id, entry_id, receipt_id in belongings:
            if what == "given":
                given[deposit_id] += cents
            elif what == "due":
                item = InstallmentFacts(number=number, due_on=as_day(on), amount_cents=cents)
                installments[deposit_id].append(item)
            else:
                movements[deposit_id].append(
                    MovementFacts(
                        movement_id=number,
                        deposit_id=deposit_id,
                        kind=kind,
                        amount_cents=cents,
                        moved_on=as_day(on),
                        payment_id=payment_id,
                        undoes_id=undoes_id,
                        entry_id=entry_id,
                        receipt_id=receipt_id,
                    )
                )
    return tuple(
        DepositFacts(
            deposit_id=row.pk,
            account_id=row.account_id,
            amount_cents=row.amount_cents,
            opening_cents=row.opening_cents,
            held_since_on=row.held_since_on,
            interest_from_on=row.interest_from_on,
            entry_id=row.entry_id,
            receipt_id=row.receipt_id,
            asked_on=row.asked_on,
            reason=row.reason,
            rule=row.rule,
            arithmetic=row.arithmetic,
            closed_on=row.closed_on,
            closed_reason=row.closed_reason,
            installments=tuple(installments[row.pk]),
            movements=tuple(movements[row.pk]),
            interest_given_cents=given[row.pk],
        )
        for row in found
    )


def _movement(row: DepositMovement) -> MovementFacts:
    return MovementFacts(
        movement_id=row.pk,
        deposit_id=row.deposit_id,
        kind=row.kind,
        amount_cents=row.amount_cents,
        moved_on=row.moved_on,
        payment_id=row.payment_id,
        undoes_id=row.undoes_id,
        entry_id=row.entry_id,
        receipt_id=row.receipt_id,
    )

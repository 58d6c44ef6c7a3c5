"""Writes of deposits. Money that moves is posted here, in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, OuterRef, Subquery, Sum

from weatherhead.areas.credit.models import (
    AdverseActionNotice,
    Deposit,
    DepositInstallment,
    DepositInterest,
    DepositMovement,
)
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.records.database import bulk_insert, chunks
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class DepositMovedMeanwhile(Refusal):
    """Somebody was faster."""

    template = gettext_noop("Someone changed deposit %(deposit)s meanwhile. Look at it again, then repeat this.")


def load_deposits(rows: Iterable[tuple[int, int, str, int, int]], *, interest_from_on: date) -> None:
    """Record many deposits that another system held: account, cents, held since (ISO date), ledger entry, receipt.

    That system gave interest for the days before `interest_from_on`.
    """
    columns = (
        "account_id",
        "amount_cents",
        "opening_cents",
        "held_since_on",
        "interest_from_on",
        "entry_id",
        "receipt_id",
        "reason",
        "rule",
        "arithmetic",
        "closed_reason",
    )
    first = interest_from_on.isoformat()
    bulk_insert(
        table="credit_deposit",
        columns=columns,
        rows=(
            (account_id, cents, cents, since, max(first, since), entry_id, receipt_id, "", "", "", "")
            for account_id, cents, since, entry_id, receipt_id in rows
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentPlan:
    """A part of a deposit, and when it is due."""

    due_on: date
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePlan:
    """What an adverse-action notice says of the consumer report."""

    agency_name: str
    agency_address: str
    agency_phone: str
    score: str
    score_range: str
    score_on: date | None
    factors: tuple[str, ...]
    mail_by_on: date


def record_deposit(
    *,
    account_id: int,
    amount_cents: int,
    reason: str,
    rule: str,
    arithmetic: str,
    installments: Sequence[InstallmentPlan],
    notice: NoticePlan | None,
    asked_on: date,
    receipt_id: int,
) -> tuple[int, int | None]:
    """Record what is asked for. Returns the numbers of the deposit, and of its notice."""
    row = Deposit.objects.create(
        account_id=account_id,
        amount_cents=amount_cents,
        reason=reason,
        rule=rule,
        arithmetic=arithmetic,
        asked_on=asked_on,
        receipt_id=receipt_id,
    )
    DepositInstallment.objects.bulk_create(
        DepositInstallment(deposit=row, number=number, due_on=item.due_on, amount_cents=item.amount_cents)
        for number, item in enumerate(installments, 1)
    )
    if notice is None:
        return row.pk, None
    told = AdverseActionNotice.objects.create(
        deposit=row,
        agency_name=notice.agency_name,
        agency_address=notice.agency_address,
        agency_phone=notice.agency_phone,
        score=notice.score,
        score_range=notice.score_range,
        score_on=notice.score_on,
        factors="\n".join(notice.factors),
        prepared_on=asked_on,
        mail_by_on=notice.mail_by_on,
        receipt_id=receipt_id,
    )
    return row.pk, told.pk


def withdraw_deposit(*, deposit_id: int, on: date) -> None:
    """Ask for a deposit no longer.

    Raises:
        DepositMovedMeanwhile: money came, or somebody else closed it.
    """
    free = Deposit.objects.filter(pk=deposit_id, closed_on__isnull=True, held_since_on__isnull=True)
    if free.update(closed_on=on, closed_reason="withdrawn") != 1:
        raise DepositMovedMeanwhile(deposit=deposit_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """Principal that comes or goes, and the entry that posts it.

    `closes` is why nothing more is asked or held afterwards; `interest` is given by the same entry.
    """

    deposit_id: int
    kind: str
    amount_cents: int  # 0: the entry gives interest alone
    moved_on: date
    entry: EntryDraft
    payment_id: int | None = None
    undoes_id: int | None = None
    closes: str = ""
    interest: InterestPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestPlan:
    """Interest of a span `[from_on, through_on)`; of 0 cents only the span is kept."""

    from_on: date
    through_on: date
    amount_cents: int
    arithmetic: str


def move_deposits(plans: Sequence[MovePlan], *, at: datetime, receipt_id: int) -> tuple[int, ...]:
    """Post what moves, as a set, one entry a plan in the same order, and note it. Returns the entries' numbers.

    Raises:
        DepositMovedMeanwhile: a deposit was closed, or its interest given, meanwhile.
    """
    entry_ids = post([plan.entry for plan in plans], inserted_at=at, receipt_id=receipt_id)
    note_moves(plans, entry_ids=entry_ids, receipt_id=receipt_id)
    return entry_ids


def note_moves(plans: Sequence[MovePlan], *, entry_ids: Sequence[int], receipt_id: int) -> None:
    """Note what entries that are posted moved.

    Raises:
        DepositMovedMeanwhile: a deposit was closed, or its interest given, meanwhile.
    """
    pairs = list(zip(plans, entry_ids, strict=True))
    DepositMovement.objects.bulk_create(
        DepositMovement(
            deposit_id=plan.deposit_id,
            kind=plan.kind,
            amount_cents=plan.amount_cents,
            moved_on=plan.moved_on,
            payment_id=plan.payment_id,
            undoes_id=plan.undoes_id,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for plan, entry_id in pairs
        if plan.amount_cents
    )
    DepositInterest.objects.bulk_create(
        DepositInterest(
            deposit_id=plan.deposit_id,
            from_on=plan.interest.from_on,
            through_on=plan.interest.through_on,
            amount_cents=plan.interest.amount_cents,
            arithmetic=plan.interest.arithmetic,
            entry_id=entry_id,
            receipt_id=receipt_id,
        )
        for plan, entry_id in pairs
        if plan.interest is not None and plan.interest.amount_cents
    )
    _keep_states(plans)
    _begin_anew([plan.deposit_id for plan in plans if plan.kind == "undone"])


def _begin_anew(deposit_ids: Sequence[int]) -> None:
    """Of deposits whose money was taken back, those that hold nothing any more are as if none had come."""
    if not deposit_ids:
        return
    moved = DepositMovement.objects.filter(deposit_id=OuterRef("pk")).values("deposit_id")
    emptied = Deposit.objects.filter(pk__in=deposit_ids, closed_on__isnull=True).annotate(
        held_cents=F("opening_cents") + Subquery(moved.annotate(total=Sum("amount_cents")).values("total"))
    )
    emptied.filter(held_cents=0).update(held_since_on=None, interest_from_on=None)


def _keep_states(plans: Sequence[MovePlan]) -> None:
    """Change the deposits' own rows, all that change alike in one statement."""
    came = [plan for plan in plans if plan.kind == "paid"]
    for on in {plan.moved_on for plan in came}:
        first = Deposit.objects.filter(pk__in=[plan.deposit_id for plan in came if plan.moved_on == on])
        first.filter(held_since_on__isnull=True).update(held_since_on=on, interest_from_on=on)
    alike: dict[tuple[date | None, date | None, str, date], list[int]] = {}
    for plan in plans:
        if plan.interest is not None or plan.closes:
            span = (plan.interest.from_on, plan.interest.through_on) if plan.interest is not None else (None, None)
            alike.setdefault((*span, plan.closes, plan.moved_on), []).append(plan.deposit_id)
    for (from_on, through_on, closes, on), ids in alike.items():
        changes: dict[str, object] = {"closed_on": on, "closed_reason": closes} if closes else {}
        for chunk in chunks(ids):
            held = Deposit.objects.filter(pk__in=chunk, closed_on__isnull=True)
            if through_on is not None:
                held = held.filter(interest_from_on=from_on)
                changes |= {"interest_from_on": through_on}
            if held.update(**changes) != len(chunk):
                raise DepositMovedMeanwhile(deposit=", ".join(str(number) for number in chunk[:5]))

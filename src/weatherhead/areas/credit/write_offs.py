"""Debts that are given up: who is a candidate, what was written off, what of it came back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, Max, OuterRef, QuerySet, Sum

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.credit.models import Deposit, Provision, Recovery, WriteOff
from weatherhead.areas.credit.write_off_rules import WriteOffVersion
from weatherhead.areas.ledger.models import LedgerPosting, RunningBalance
from weatherhead.areas.ledger.queries import ageing_of
from weatherhead.areas.records.database import chunks
from weatherhead.core.ledger import EntryState, LedgerAccount

UNCOLLECTIBLE, SMALL_BALANCE = "uncollectible", "small_balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account without service that owes something: since when service ended, and when it paid last."""

    account_id: int
    owed_cents: int
    ended_on: date
    paid_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffFacts:
    """A debt given up, and what of it is not paid after all."""

    write_off_id: int
    account_id: int
    kind: str
    amount_cents: int
    left_cents: int
    written_on: date
    entry_id: int
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFacts:
    """A part of a write-off that was paid after all, and whose it is."""

    recovery_id: int
    account_id: int
    recovered_on: date
    entry_id: int
    receipt_id: int


def recoveries_of_receipts(receipt_ids: Iterable[int]) -> tuple[RecoveryFacts, ...]:
    """What some receipts recovered and was not undone since, in its order."""
    rows = Recovery.objects.filter(receipt_id__in=list(receipt_ids), undone_on__isnull=True).select_related("write_off")
    return tuple(
        RecoveryFacts(
            recovery_id=row.pk,
            account_id=row.write_off.account_id,
            recovered_on=row.recovered_on,
            entry_id=row.entry_id,
            receipt_id=row.receipt_id,
        )
        for row in rows.order_by("pk")
    )


def former_debtors(*, from_account: int, to_account: int, ended_before: date) -> tuple[Candidate, ...]:
    """The accounts of a range whose last service ended before a day and that owe something, by number.

    One that a deposit is held for is none, nor one for which credit waits: those are applied first.
    """
    open_here = ServiceAgreement.objects.filter(account_id=OuterRef("account_id"), end_on__isnull=True)
    held = Deposit.objects.filter(
        account_id=OuterRef("account_id"), closed_on__isnull=True, held_since_on__isnull=False
    )
    waiting = RunningBalance.objects.filter(
        account_id=OuterRef("account_id"),
        ledger_account=LedgerAccount.UNAPPLIED_CREDIT.value,
        balance_cents__lt=0,
    )
    owing = RunningBalance.objects.filter(
        ~Exists(open_here),
        ~Exists(held),
        ~Exists(waiting),
        account_id__gte=from_account,
        account_id__lte=to_account,
        ledger_account=LedgerAccount.RECEIVABLE.value,
        balance_cents__gt=0,
    )
    owed = dict(owing.order_by("account_id").values_list("account_id", "balance_cents"))
    ended = _last_days(owed, ended_before=ended_before)
    paid = _last_payments(ended)
    return tuple(
        Candidate(account_id=item, owed_cents=owed[item], ended_on=ended[item], paid_on=paid.get(item))
        for item in sorted(ended)
    )


def _last_days(account_ids: Iterable[int], *, ended_before: date) -> dict[int, date]:
    found: dict[int, date] = {}
    for chunk in chunks(account_ids):
        rows = ServiceAgreement.objects.filter(account_id__in=chunk).values("account_id")
        found.update(rows.annotate(on=Max("end_on")).values_list("account_id", "on"))
    return {account_id: on for account_id, on in found.items() if on < ended_before}


def _last_payments(account_ids: Iterable[int]) -> dict[int, date]:
    found: dict[int, date] = {}
    for chunk in chunks(account_ids):
        rows = LedgerPosting.objects.filter(
            account_id__in=chunk,
            ledger_account=LedgerAccount.RECEIVABLE.value,
            entry__kind="payment",
            entry__state=EntryState.POSTED.value,
        ).values("account_id")
        found.update(rows.annotate(on=Max("entry__effective_on")).values_list("account_id", "on"))
    return found


def candidates(
    kind: str, *, version: WriteOffVersion, from_account: int, to_account: int, as_of: date
) -> tuple[Candidate, ...]:
    """The accounts of a range that the rule writes off in a batch, and (uncollectible) those above its amount.

    None of which something is due later: a final bill of yesterday, or a back-bill in installments.
    """
    small_cents = int(version.small_balance * 100)
    days = version.small_balance_days if kind == SMALL_BALANCE else version.ended_days
    found = former_debtors(
        from_account=from_account, to_account=to_account, ended_before=as_of - timedelta(days=days - 1)
    )
    if kind == SMALL_BALANCE:
        chosen = [item for item in found if item.owed_cents <= small_cents]
    else:
        quiet_since = as_of - timedelta(days=version.unpaid_days)
        chosen = [item for item in found if item.paid_on is None or item.paid_on <= quiet_since]
    later = _due_later((item.account_id for item in chosen), as_of=as_of)
    return tuple(item for item in chosen if item.account_id not in later)


def _due_later(account_ids: Iterable[int], *, as_of: date) -> frozenset[int]:
    """Those of some accounts that owe something which is not due yet."""
    asked: set[int] = set()
    for chunk in chunks(account_ids):
        rows = RunningBalance.objects.filter(
            Exists(
                LedgerPosting.objects.filter(
                    account_id=OuterRef("account_id"),
                    ledger_account=LedgerAccount.RECEIVABLE.value,
                    amount_cents__gt=0,
                    due_on__gte=as_of,
                )
            ),
            account_id__in=chunk,
            ledger_account=LedgerAccount.RECEIVABLE.value,
        )
        asked.update(rows.values_list("account_id", flat=True))
    found = ageing_of(asked, as_of=as_of) if asked else {}
    return frozenset(number for number, aged in found.items() if aged.not_yet_due_cents)


def write_offs_of(account_ids: Iterable[int]) -> dict[int, tuple[WriteOffFacts, ...]]:
    """The write-offs of some accounts, oldest first; none for an account without."""
    found: dict[int, tuple[WriteOffFacts, ...]] = {}
    for chunk in chunks(account_ids):
        for item in _facts(WriteOff.objects.filter(account_id__in=chunk)):
            found[item.account_id] = (*found.get(item.account_id, ()), item)
    return found


def given_up_of(account_id: int) -> int:
    """What of an account's debt was written off and not recovered: its credit up to that is no credit, in cents."""
    return given_up_of_each([account_id]).get(account_id, 0)


def given_up_of_each(account_ids: Iterable[int]) -> dict[int, int]:
    """The same of many accounts; none for an account without a write-off."""
    return {number: sum(item.left_cents for item in items) for number, items in write_offs_of(account_ids).items()}


def written_off_in_credit(*, from_account: int, to_account: int) -> tuple[int, ...]:
    """The accounts of a range that have a write-off and are in credit: they paid after all."""
    in_credit = RunningBalance.objects.filter(
        account_id=OuterRef("account_id"), ledger_account=LedgerAccount.RECEIVABLE.value, balance_cents__lt=0
    )
    rows = WriteOff.objects.filter(Exists(in_credit), account_id__gte=from_account, account_id__lte=to_account)
    return tuple(rows.order_by("account_id").values_list("account_id", flat=True).distinct())


def revenue_of(*, start: date, end: date) -> int:
    """The revenue that was posted to take effect in `[start, end)`, in cents."""
    rows = LedgerPosting.objects.filter(
        ledger_account__startswith="revenue.",
        entry__state=EntryState.POSTED.value,
        entry__effective_on__gte=start,
        entry__effective_on__lt=end,
    )
    return -int(rows.aggregate(total=Sum("amount_cents"))["total"] or 0)


def provision_exists(month_on: date) -> bool:
    """Whether something was set aside for a month."""
    return Provision.objects.filter(month_on=month_on).exists()


def _facts(rows: QuerySet[WriteOff]) -> tuple[WriteOffFacts, ...]:
    found = list(rows.order_by("account_id", "pk"))
    standing = Recovery.objects.filter(write_off_id__in=[row.pk for row in found], undone_on__isnull=True)
    recovered = standing.values("write_off_id")
    back = dict(recovered.annotate(total=Sum("amount_cents")).values_list("write_off_id", "total")) if found else {}
    return tuple(
        WriteOffFacts(
            write_off_id=row.pk,
            account_id=row.account_id,
            kind=row.kind,
            amount_cents=row.amount_cents,
            left_cents=row.amount_cents - back.get(row.pk, 0),
            written_on=row.written_on,
            entry_id=row.entry_id,
            receipt_id=row.receipt_id,
        )
        for row in found
    )

"""Receipts and consumed authority as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet, Sum

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.models import AuthorityUse, Receipt, ReceiptAccount
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchReceipt(Refusal):
    """No receipt has that number."""

    template = gettext_noop("There is no receipt %(receipt)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """What an action answered. `body` holds summary, changes, rules, entries and created records."""

    receipt_id: int
    action: str
    title: str
    outcome: str
    actor: str
    approver: str
    at: datetime
    as_of: date
    account_ids: tuple[int, ...]
    body: Mapping[str, Json]


def receipt(receipt_id: int) -> ReceiptFacts:
    """One receipt.

    Raises:
        NoSuchReceipt: for an unknown number.
    """
    row = Receipt.objects.filter(pk=receipt_id).first()
    if row is None:
        raise NoSuchReceipt(receipt=receipt_id)
    accounts = ReceiptAccount.objects.filter(receipt_id=row.pk).order_by("account_id")
    return ReceiptFacts(
        receipt_id=row.pk,
        action=row.action,
        title=row.title,
        outcome=row.outcome,
        actor=row.actor,
        approver=row.approver,
        at=row.at,
        as_of=row.as_of,
        account_ids=tuple(accounts.values_list("account_id", flat=True)),
        body=row.body,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A receipt as one row of an account's history."""

    receipt_id: int
    action: str
    title: str
    outcome: str
    actor: str
    at: datetime
    as_of: date
    body: Mapping[str, Json]


def receipts_of_account(account_id: int, *, but_not: Iterable[str], limit: int) -> tuple[ReceiptLine, ...]:
    """The latest receipts of an account but those of some actions, latest first. Requests stand elsewhere."""
    ids = ReceiptAccount.objects.filter(account_id=account_id).values("receipt_id")
    rows = (
        Receipt.objects.filter(pk__in=ids, outcome="done")
        .exclude(action__in=list(but_not))
        .order_by("-at", "-id")[:limit]
    )
    return tuple(
        ReceiptLine(
            receipt_id=row.pk,
            action=row.action,
            title=row.title,
            outcome=row.outcome,
            actor=row.actor,
            at=row.at,
            as_of=row.as_of,
            body=row.body,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityUsed:
    """Authority consumed on one account since a day, in absolute cents; approved uses are the approver's."""

    by_employee_cents: int
    by_everyone_cents: int


def authority_used(*, account_id: int, employee_id: int, cap_cents: int, since_on: date) -> AuthorityUsed:
    """What one employee, and everyone of their level or below, consumed on an account since a day (inclusive).

    A level is the cap for everyone: a supervisor's doings do not use up what representatives have together.
    """
    uses = AuthorityUse.objects.filter(account_id=account_id, used_on__gte=since_on, approved=False)
    return _summed(uses, own=Q(employee_id=employee_id), cap_cents=cap_cents)


def approver_used(*, account_id: int, employee_id: int, cap_cents: int, since_on: date) -> AuthorityUsed:
    """What one approver spent on an account, by approving and alone, and what everyone of their level or below did.

    What a request splits among approvals is split no less than what one hand does twice.
    """
    uses = AuthorityUse.objects.filter(account_id=account_id, used_on__gte=since_on)
    own = Q(approver_employee_id=employee_id) | Q(employee_id=employee_id, approved=False)
    return _summed(uses, own=own, cap_cents=cap_cents)


def _summed(uses: QuerySet[AuthorityUse], *, own: Q, cap_cents: int) -> AuthorityUsed:
    sums = uses.aggregate(
        own=Sum("amount_cents", filter=own), everyone=Sum("amount_cents", filter=Q(cap_cents__lte=cap_cents))
    )
    return AuthorityUsed(by_employee_cents=int(sums["own"] or 0), by_everyone_cents=int(sums["everyone"] or 0))


def last_update_of(account_id: int, *, table: str, since: date) -> date | None:
    """The last day, from one on, on which an action changed rows of a table for an account; None where none did."""
    ids = ReceiptAccount.objects.filter(account_id=account_id).values("receipt_id")
    rows = Receipt.objects.filter(pk__in=ids, outcome="done", as_of__gte=since).order_by("-as_of", "-id")
    return next((on for on, body in rows.values_list("as_of", "body") if table in body.get("updates", {})), None)


def maker_of(receipt_id: int) -> int | None:
    """The employee whose doing a receipt is; of an approved request the one who asked."""
    return Receipt.objects.filter(pk=receipt_id).values_list("employee_id", flat=True).first()

"""Summary billing as frozen values: which accounts are on it, and the summary bills that were made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from weatherhead.areas.billing.frozen import FrozenBill, frozen_bills
from weatherhead.areas.billing.models import Bill, BillRun, SummaryBill, SummaryEnrollment, SummaryMember
from weatherhead.areas.records.database import chunks
from weatherhead.core.statements import payload_sha256
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchSummary(Refusal):
    """No summary bill has that number."""

    template = gettext_noop("There is no summary bill %(summary)s. Open the account again.")


class SummaryChanged(Refusal):
    """What is stored is not what was frozen when it was made."""

    template = gettext_noop(
        "Summary bill %(summary)s is not what was made; it is not shown or printed. Tell the administrator, who finds "
        "the fault with: weatherhead ledger check"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """The days whose bills go onto the summary: `[starts_on, ends_on)`; None is until further notice."""

    enrollment_id: int
    account_id: int
    starts_on: date
    ends_on: date | None

    def covers(self, on: date, /) -> bool:
        """Whether a bill of that day goes onto the summary."""
        return self.starts_on <= on and (self.ends_on is None or on < self.ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryRow:
    """A summary bill in a list."""

    summary_id: int
    number: str
    customer_id: int
    issued_on: date
    due_on: date
    charges_cents: int
    amount_due_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenSummary:
    """A summary bill whose payload is what was frozen, with the bills on it, each as it was frozen itself."""

    summary_id: int
    number: str
    customer_id: int
    issued_on: date
    amount_due_cents: int
    payload: Mapping[str, Any]
    payload_sha256: str
    bills: tuple[FrozenBill, ...]

    @property
    def account_ids(self) -> tuple[int, ...]:
        """The accounts on it, each once."""
        return tuple(dict.fromkeys(bill.account_id for bill in self.bills))


def enrollments_of(account_ids: Iterable[int]) -> dict[int, tuple[Enrollment, ...]]:
    """The enrollments of some accounts, oldest first."""
    found: dict[int, tuple[Enrollment, ...]] = {}
    for row in SummaryEnrollment.objects.filter(account_id__in=list(account_ids)).order_by("starts_on", "pk"):
        item = Enrollment(enrollment_id=row.pk, account_id=row.account_id, starts_on=row.starts_on, ends_on=row.ends_on)
        found[row.account_id] = (*found.get(row.account_id, ()), item)
    return found


def _for_summaries(bills: QuerySet[Bill]) -> QuerySet[Bill]:
    """Those that go onto a summary by their account's enrollment, and are on none yet."""
    covered = SummaryEnrollment.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")))
    enrolled = bills.filter(account_id__in=covered.values("account_id"))
    return enrolled.exclude(pk__in=SummaryMember.objects.values("bill_id"))


def bills_for_summary(*, customer_id: int, issued_on: date) -> tuple[int, ...]:
    """The bills of a day that wait for a customer's summary, in the order of their issue."""
    rows = _for_summaries(Bill.objects.filter(account__customer_id=customer_id, issued_on=issued_on))
    found = list(rows.order_by("pk").values_list("pk", "account_id"))
    known = enrollments_of({account_id for _, account_id in found})
    return tuple(bill_id for bill_id, account_id in found if any(item.covers(issued_on) for item in known[account_id]))


def days_for_summaries(*, from_on: date, to_on: date) -> tuple[tuple[int, date, int], ...]:
    """The customers and days between two days, both included, of which bills wait for a summary, and the first bill."""
    rows = _for_summaries(Bill.objects.filter(issued_on__range=(from_on, to_on)))
    found = list(rows.order_by("-pk").values_list("pk", "account_id", "issued_on", "account__customer_id"))
    known = enrollments_of({account_id for _, account_id, _, _ in found})
    waiting = {
        (on, customer_id): bill_id
        for bill_id, account_id, on, customer_id in found
        if any(item.covers(on) for item in known[account_id])
    }
    return tuple((customer_id, on, bill_id) for (on, customer_id), bill_id in sorted(waiting.items()))


def days_of_bills(bill_ids: Iterable[int]) -> tuple[tuple[int, date], ...]:
    """The customers and days of some bills that wait for a summary."""
    found: set[tuple[int, date]] = set()
    for chunk in chunks(bill_ids):
        rows = _for_summaries(Bill.objects.filter(pk__in=chunk))
        found.update(rows.values_list("account__customer_id", "issued_on"))
    return tuple(sorted(found))


def runs_issuing_on(issued_on: date) -> tuple[tuple[int, int | None], ...]:
    """The runs whose bills of a day are still being issued: their number and cycle."""
    rows = BillRun.objects.filter(state="released", issued_on=issued_on).order_by("pk")
    return tuple(rows.values_list("pk", "cycle"))


def summary_of_bill(bill_id: int) -> SummaryRow | None:
    """The summary that a bill is on."""
    row = SummaryBill.objects.filter(pk__in=SummaryMember.objects.filter(bill_id=bill_id).values("summary_id")).first()
    return _row(row) if row else None


def summaries_of_account(account_id: int, *, limit: int) -> tuple[SummaryRow, ...]:
    """The latest summaries that an account's bills are on, latest first."""
    members = SummaryMember.objects.filter(bill__account_id=account_id).values("summary_id")
    rows = SummaryBill.objects.filter(pk__in=members).order_by("-issued_on", "-pk")[:limit]
    return tuple(_row(row) for row in rows)


def _row(row: SummaryBill) -> SummaryRow:
    return SummaryRow(
        summary_id=row.pk,
        number=row.number,
        customer_id=row.customer_id,
        issued_on=row.issued_on,
        due_on=row.due_on,
        charges_cents=row.charges_cents,
        amount_due_cents=row.amount_due_cents,
    )


def summaries_of_bills(bill_ids: Iterable[int]) -> dict[int, int]:
    """The summary of each bill that is on one."""
    found: dict[int, int] = {}
    for chunk in chunks(bill_ids):
        found.update(SummaryMember.objects.filter(bill_id__in=chunk).values_list("bill_id", "summary_id"))
    return found


def frozen_summary(summary_id: int) -> FrozenSummary:
    """One summary bill with its bills.

    Raises:
        NoSuchSummary: for an unknown number.
        SummaryChanged, DocumentChanged: it or a bill on it is not what was frozen.
    """
    found = frozen_summaries([summary_id])
    if summary_id not in found:
        raise NoSuchSummary(summary=summary_id)
    return found[summary_id]


def frozen_summaries(summary_ids: Iterable[int]) -> dict[int, FrozenSummary]:
    """Summary bills by their number in the database. Those that do not exist are left out.

    Raises:
        SummaryChanged, DocumentChanged: one or a bill on it is not what was frozen.
    """
    wanted = list(summary_ids)
    members: dict[int, list[int]] = {}
    rows = SummaryMember.objects.filter(summary_id__in=wanted).order_by("summary_id", "sequence")
    for summary_id, bill_id in rows.values_list("summary_id", "bill_id"):
        members.setdefault(summary_id, []).append(bill_id)
    bills = frozen_bills(bill_id for numbers in members.values() for bill_id in numbers)
    found: dict[int, FrozenSummary] = {}
    for row in SummaryBill.objects.filter(pk__in=wanted).order_by("pk"):
        if payload_sha256(row.payload) != row.payload_sha256:
            raise SummaryChanged(summary=row.number)
        found[row.pk] = FrozenSummary(
            summary_id=row.pk,
            number=row.number,
            customer_id=row.customer_id,
            issued_on=row.issued_on,
            amount_due_cents=row.amount_due_cents,
            payload=json.loads(row.payload),
            payload_sha256=row.payload_sha256,
            bills=tuple(bills[bill_id] for bill_id in members.get(row.pk, ())),
        )
    return found

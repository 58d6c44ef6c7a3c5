"""Writes of summary billing. Nothing here posts: the bills on a summary did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from weatherhead.areas.billing.models import SummaryBill, SummaryEnrollment, SummaryMember
from weatherhead.areas.billing.operations import bill_numbers
from weatherhead.areas.records.canonical import Json
from weatherhead.core.statements import numbered, payload_sha256, payload_text
from weatherhead.core.values import Refusal, gettext_noop


class EnrolledAlready(Refusal):
    """An account is on one summary."""

    template = gettext_noop("This account is on the summary bill already, since %(since)s. Nothing more is needed.")


class NotOnSummary(Refusal):
    """It cannot be taken off."""

    template = gettext_noop("This account is not on a summary bill. There is nothing to end.")


class SummarizedAlready(Refusal):
    """A bill is on one summary."""

    template = gettext_noop("Some of these bills are on a summary bill already. Open the account again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryPlan:
    """A summary bill ready to be made. `payload` is the document without its number."""

    customer_id: int
    issued_on: date
    due_on: date
    charges_cents: int
    amount_due_cents: int
    bill_ids: tuple[int, ...]
    payload: Mapping[str, Json]


def enroll(*, account_id: int, starts_on: date, receipt_id: int) -> int:
    """Put an account on its customer's summary bill.

    Raises:
        EnrolledAlready: it is on it.
    """
    standing = SummaryEnrollment.objects.filter(account_id=account_id, ends_on__isnull=True).first()
    if standing is not None:
        raise EnrolledAlready(since=standing.starts_on)
    row = SummaryEnrollment.objects.create(account_id=account_id, starts_on=starts_on, receipt_id=receipt_id)
    return row.pk


def end_enrollment(*, enrollment_id: int, ends_on: date, receipt_id: int) -> None:
    """Take an account off the summary bill.

    Raises:
        NotOnSummary: it was ended meanwhile.
    """
    standing = SummaryEnrollment.objects.filter(pk=enrollment_id, ends_on__isnull=True)
    if standing.update(ends_on=ends_on, ending_receipt_id=receipt_id) != 1:
        raise NotOnSummary


def keep_summaries(plans: Sequence[SummaryPlan], *, at: datetime, receipt_id: int) -> tuple[int, ...]:
    """Keep summary bills and what is on them. Returns their numbers in the database.

    Raises:
        SummarizedAlready: a bill is on another.
    """
    made: list[int] = []
    for plan, number in zip(plans, bill_numbers(count=len(plans)), strict=True):
        text = payload_text(numbered(plan.payload, number=number))
        row = SummaryBill.objects.create(
            number=number,
            customer_id=plan.customer_id,
            issued_on=plan.issued_on,
            due_on=plan.due_on,
            charges_cents=plan.charges_cents,
            amount_due_cents=plan.amount_due_cents,
            payload=text,
            payload_sha256=payload_sha256(text),
            made_at=at,
            receipt_id=receipt_id,
        )
        try:
            with transaction.atomic():
                SummaryMember.objects.bulk_create(
                    SummaryMember(summary=row, sequence=sequence, bill_id=bill_id)
                    for sequence, bill_id in enumerate(plan.bill_ids, 1)
                )
        except IntegrityError as error:
            raise SummarizedAlready from error
        made.append(row.pk)
    return tuple(made)

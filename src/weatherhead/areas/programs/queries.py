"""Enrollments as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.programs.models import Enrollment


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentFacts:
    """An account in a program; `monthly_cents` is the level amount of budget billing."""

    account_id: int
    program: str
    since_on: date
    monthly_cents: int | None


def enrollments_of(account_ids: Iterable[int]) -> tuple[EnrollmentFacts, ...]:
    """What some accounts are enrolled in now, in the order of account and program."""
    rows = Enrollment.objects.filter(account_id__in=list(account_ids), until_on__isnull=True)
    return tuple(
        EnrollmentFacts(
            account_id=row.account_id, program=row.program, since_on=row.since_on, monthly_cents=row.monthly_cents
        )
        for row in rows.order_by("account_id", "program")
    )

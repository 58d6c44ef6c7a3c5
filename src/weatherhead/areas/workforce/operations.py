"""Writes of the workforce."""

from __future__ import annotations

from datetime import date

from django.db import IntegrityError, transaction

from weatherhead.areas.workforce.models import Employee, JobAssignment, User
from weatherhead.core.values import Refusal, gettext_noop


class UsernameTaken(Refusal):
    """Another employee signs in with that name."""

    template = gettext_noop("The sign-in name %(username)s is taken. Choose another.")


class JobAlreadyAssigned(Refusal):
    """The same assignment stands already."""

    template = gettext_noop("%(name)s already has the job %(job)s from %(starts_on)s.")


def create_employee(*, username: str, password: str, email: str, name: str, started_on: date) -> int:
    """Create a sign-in and its employee.

    Raises:
        UsernameTaken: the name is in use.
    """
    if User.objects.filter(username=username).exists():
        raise UsernameTaken(username=username)
    user = User(username=username, email=email)
    user.set_password(password)
    user.save()
    initials = "".join(word[0] for word in name.split() if word)[:2].upper()
    return Employee.objects.create(user=user, name=name, initials=initials, started_on=started_on).pk


def assign_job(
    *, employee_id: int, name: str, job: str, starts_on: date, ends_on: date | None, approved_by: str
) -> int:
    """Assign a job for a span.

    Raises:
        JobAlreadyAssigned: the same job from the same day.
    """
    try:
        with transaction.atomic():
            row = JobAssignment.objects.create(
                employee_id=employee_id, job=job, starts_on=starts_on, ends_on=ends_on, approved_by=approved_by
            )
    except IntegrityError as error:
        raise JobAlreadyAssigned(name=name, job=job, starts_on=starts_on) from error
    return row.pk

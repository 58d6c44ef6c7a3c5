"""Employees and their jobs as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from weatherhead.areas.workforce.models import Employee, JobAssignment
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchEmployee(Refusal):
    """Nobody here has that sign-in."""

    template = gettext_noop("No employee signs in as %(username)s. See: weatherhead employees list")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeFacts:
    """An employee. `username` is the sign-in."""

    employee_id: int
    user_id: int
    username: str
    name: str
    initials: str
    started_on: date
    ended_on: date | None


def employee_of_user(user_id: int) -> EmployeeFacts | None:
    """The employee behind a sign-in, if any."""
    row = Employee.objects.select_related("user").filter(user_id=user_id).first()
    return _facts(row) if row else None


def employee_by_username(username: str) -> EmployeeFacts:
    """An employee by sign-in name.

    Raises:
        NoSuchEmployee: for an unknown one.
    """
    row = Employee.objects.select_related("user").filter(user__username=username).first()
    if row is None:
        raise NoSuchEmployee(username=username)
    return _facts(row)


def employee(employee_id: int) -> EmployeeFacts | None:
    """An employee by number."""
    row = Employee.objects.select_related("user").filter(pk=employee_id).first()
    return _facts(row) if row else None


def employees() -> tuple[EmployeeFacts, ...]:
    """All employees by name."""
    return tuple(_facts(row) for row in Employee.objects.select_related("user").order_by("name"))


def anyone_employed() -> bool:
    """Whether there is an employee at all."""
    return Employee.objects.exists()


def jobs_of(employee_id: int, *, as_of: date) -> tuple[str, ...]:
    """The jobs in force on a day; none before the employee started or once they left."""
    rows = JobAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=as_of),
        Q(employee__ended_on__isnull=True) | Q(employee__ended_on__gt=as_of),
        employee_id=employee_id,
        employee__user__is_active=True,
        starts_on__lte=as_of,
    )
    return tuple(rows.order_by("job").values_list("job", flat=True))


def _facts(row: Employee) -> EmployeeFacts:
    return EmployeeFacts(
        employee_id=row.pk,
        user_id=row.user_id,
        username=row.user.username,
        name=row.name,
        initials=row.initials,
        started_on=row.started_on,
        ended_on=row.ended_on,
    )

"""Employees and their jobs as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from weatherhead.areas.records.database import as_day
from weatherhead.areas.workforce.models import Employee, JobAssignment
from weatherhead.core.values import Refusal, gettext_noop

# Asked for every page and every action.
_AT_THE_DESK = """
SELECT e.id, e.user_id, u.username, e.name, e.initials, e.started_on, e.ended_on, j.job
  FROM workforce_employee e
  JOIN workforce_user u ON u.id = e.user_id
  LEFT JOIN workforce_jobassignment j
    ON j.employee_id = e.id AND j.starts_on <= %s AND (j.ends_on IS NULL OR j.ends_on > %s)
   AND (e.ended_on IS NULL OR e.ended_on > %s) AND u.is_active
 WHERE e.user_id = %s
 ORDER BY j.job
"""
_JOBS_IN_FORCE = """
SELECT j.job FROM workforce_jobassignment j
  JOIN workforce_employee e ON e.id = j.employee_id
  JOIN workforce_user u ON u.id = e.user_id
 WHERE j.employee_id = %s AND j.starts_on <= %s AND (j.ends_on IS NULL OR j.ends_on > %s)
   AND (e.ended_on IS NULL OR e.ended_on > %s) AND u.is_active
 ORDER BY j.job
"""


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


def employee_with_jobs(user_id: int, *, as_of: date) -> tuple[EmployeeFacts, tuple[str, ...]] | None:
    """The employee behind a sign-in, if any, and the jobs in force on a day, as `jobs_of` says, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(_AT_THE_DESK, (as_of, as_of, as_of, user_id))
        rows = cursor.fetchall()
    if not rows:
        return None
    (employee_id, user_id, username, name, initials, started_on, ended_on, _), *_others = rows
    facts = EmployeeFacts(
        employee_id=employee_id,
        user_id=user_id,
        username=username,
        name=name,
        initials=initials,
        started_on=as_day(started_on),
        ended_on=None if ended_on is None else as_day(ended_on),
    )
    return facts, tuple(row[-1] for row in rows if row[-1] is not None)


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


def employees_with_jobs(*, as_of: date) -> tuple[tuple[EmployeeFacts, tuple[str, ...]], ...]:
    """All employees by name, each with the jobs in force on a day, as `jobs_of` says, in two queries."""
    held: dict[int, list[str]] = {}
    rows = JobAssignment.objects.filter(starts_on__lte=as_of, employee__user__is_active=True).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=as_of),
        Q(employee__ended_on__isnull=True) | Q(employee__ended_on__gt=as_of),
    )
    for employee_id, job in rows.order_by("job").values_list("employee_id", "job"):
        held.setdefault(employee_id, []).append(job)
    return tuple((item, tuple(held.get(item.employee_id, ()))) for item in employees())


def anyone_employed() -> bool:
    """Whether there is an employee at all."""
    return Employee.objects.exists()


def jobs_of(employee_id: int, *, as_of: date) -> tuple[str, ...]:
    """The jobs in force on a day; none before the employee started or once they left."""
    with connection.cursor() as cursor:
        cursor.execute(_JOBS_IN_FORCE, (employee_id, as_of, as_of, as_of))
        return tuple(job for (job,) in cursor.fetchall())


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

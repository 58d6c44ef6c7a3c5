"""The first employee of an installation: the one write without an actor, possible only while there is nobody."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from weatherhead.areas.records.audit_chain import UTILITY_STREAM, AuditEvent
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.workforce.operations import assign_job, create_employee
from weatherhead.areas.workforce.queries import anyone_employed
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.context import Moment

FIRST_JOB = "administrator"


class AlreadyStaffed(Refusal):
    """Someone works here; new employees come through the door."""

    template = gettext_noop("There are employees already. Sign in as an administrator to add another.")


def add_first_administrator(*, username: str, password: str, name: str, started_on: date, moment: Moment) -> int:
    """Create the first administrator, remembered in the audit log. Returns the employee's number.

    Raises:
        AlreadyStaffed: there is an employee.
    """
    with transaction.atomic():
        if anyone_employed():
            raise AlreadyStaffed
        employee_id = create_employee(username=username, password=password, email="", name=name, started_on=started_on)
        assign_job(
            employee_id=employee_id,
            name=name,
            job=FIRST_JOB,
            starts_on=started_on,
            ends_on=None,
            approved_by="installation",
        )
        event = AuditEvent(
            at=moment.at,
            actor="installation",
            employee_id=None,
            kind="performed",
            action="add_first_administrator",
            subject=f"employee:{employee_id}",
            detail=canonical({"username": username}),
        )
        append_audit(event, streams=[UTILITY_STREAM])
    return employee_id

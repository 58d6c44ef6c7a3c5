"""What every page of the desk shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from weatherhead.areas.records.utility import current_utility
from weatherhead.overviews.bill_run import may_follow_runs
from weatherhead.overviews.payment_files import may_import_files
from weatherhead.overviews.reads import DECISIONS
from weatherhead.overviews.suspense import may_work_suspense


def desk(request: HttpRequest) -> dict[str, Any]:
    """The shell: utility, person, job, how much waits, and the day."""
    utility = current_utility()
    here = getattr(request, "desk", None)
    employee = here.employee if here else None
    grant = here.grant if here else None
    return {
        "desk": {
            "utility_name": utility.name,
            "is_fictional": utility.fictional,
            "employee_name": employee.name if employee else "",
            "initials": employee.initials if employee else "",
            "job_title": ", ".join(grant.titles) if grant else "",
            "todo_count": lambda: here.waiting if here else 0,  # counted where the whole page is shown
            "follows_runs": grant is not None and may_follow_runs(grant),
            "imports_files": grant is not None and may_import_files(grant),
            "works_suspense": grant is not None and may_work_suspense(grant),
            "decides_reads": grant is not None and bool(DECISIONS & set(grant.actions)),
            "as_of": here.moment.as_of if here else None,
            "demo_sign_ins": settings.DEMO_SIGN_INS if utility.fictional and not employee else [],
            "demo_password": settings.DEMO_PASSWORD if utility.fictional and not employee else "",
        }
    }

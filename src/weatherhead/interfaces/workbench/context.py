"""What every page of the desk shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from weatherhead.areas.records.utility import current_utility
from weatherhead.door.jobs import Grant
from weatherhead.interfaces.workbench.reports_views import STAFF_REPORTS
from weatherhead.overviews.bill_run import may_follow_runs
from weatherhead.overviews.books.standing import may_read_books
from weatherhead.overviews.money import may_see_money
from weatherhead.overviews.payment_files import may_import_files
from weatherhead.overviews.reads import DECISIONS
from weatherhead.overviews.refunds import may_follow_refunds
from weatherhead.overviews.statement.page import LOOK
from weatherhead.overviews.suspense import may_work_suspense

# The pages of money and who may open them; the first that a job opens is where the top bar's link leads.
_MONEY: Mapping[str, tuple[str, Callable[[Grant], bool]]] = {
    "takes_money": ("workbench:money", may_see_money),
    "works_suspense": ("workbench:suspense", may_work_suspense),
    "imports_files": ("workbench:payment_files", may_import_files),
    "follows_refunds": ("workbench:refunds", may_follow_refunds),
}


def desk(request: HttpRequest) -> dict[str, Any]:
    """The shell: utility, person, job, how much waits, and the day."""
    utility = current_utility()
    here = getattr(request, "desk", None)
    employee = here.employee if here else None
    grant = here.grant if here else None
    money = {name: grant is not None and may(grant) for name, (_, may) in _MONEY.items()}
    return {
        "desk": {
            **money,
            "utility_name": utility.name,
            "is_fictional": utility.fictional,
            "employee_name": employee.name if employee else "",
            "initials": employee.initials if employee else "",
            "job_title": ", ".join(grant.titles) if grant else "",
            "todo_count": lambda: here.waiting if here else 0,  # counted where the whole page is shown
            "follows_runs": grant is not None and may_follow_runs(grant),
            "reads_books": grant is not None and may_read_books(grant),
            "money_page": next((_MONEY[name][0] for name, may in money.items() if may), ""),
            "decides_reads": grant is not None and bool(DECISIONS & set(grant.actions)),
            "sees_reports": grant is not None and STAFF_REPORTS in grant.looks,
            "sees_summaries": grant is not None and LOOK in grant.looks,
            "as_of": here.moment.as_of if here else None,
            "demo_sign_ins": settings.DEMO_SIGN_INS if utility.fictional and not employee else [],
            "demo_password": settings.DEMO_PASSWORD if utility.fictional and not employee else "",
        }
    }

"""Who is at the desk, and when: read once a request."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from weatherhead.areas.records.queries.approvals import waiting_count
from weatherhead.areas.workforce.queries import EmployeeFacts, employee_with_jobs
from weatherhead.door.context import Actor, Moment
from weatherhead.door.jobs import Grant, grant_of
from weatherhead.interfaces.workbench.clock import present


class Desk:
    """The request's person and moment. `employee` is None for someone who is not signed in or works here no longer."""

    def __init__(self, *, user: Any, moment: Moment) -> None:  # noqa: ANN401 - whatever authentication says
        """Keep both; the rest is read when it is asked for."""
        self.user = user
        self.moment = moment

    @cached_property
    def _behind(self) -> tuple[EmployeeFacts, tuple[str, ...]] | None:
        if not self.user.is_authenticated:
            return None
        return employee_with_jobs(self.user.pk, as_of=self.moment.as_of)

    @cached_property
    def employee(self) -> EmployeeFacts | None:
        """The employee behind the sign-in."""
        return self._behind[0] if self._behind else None

    @cached_property
    def actor(self) -> Actor | None:
        """The employee as the door knows them."""
        found = self.employee
        return Actor(name=found.name, employee_id=found.employee_id, channel="workbench") if found else None

    @cached_property
    def grant(self) -> Grant | None:
        """What their jobs grant today."""
        return grant_of(self._behind[1]) if self._behind else None

    @cached_property
    def waiting(self) -> int:
        """How many requests wait, for those who may decide them. A page that has listed them says so itself."""
        if self.grant is None or "approve_request" not in self.grant.actions:
            return 0
        return waiting_count(as_of=self.moment.as_of)


_NUL = "\x00"


def _readable(asked: QueryDict) -> QueryDict:
    """An address's question without NULs, which nobody types and PostgreSQL cannot be asked for."""
    if not any(_NUL in text for name, texts in asked.lists() for text in (name, *texts)):
        return asked
    made = QueryDict(mutable=True)
    for name, texts in asked.lists():
        made.setlist(name.replace(_NUL, ""), [text.replace(_NUL, "") for text in texts])
    return made


class DeskMiddleware:
    """Gives every request its desk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next in line."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Read the clock once."""
        request.GET = _readable(request.GET)  # type: ignore[assignment]
        request.desk = Desk(user=request.user, moment=present())  # type: ignore[attr-defined]
        return self.get_response(request)

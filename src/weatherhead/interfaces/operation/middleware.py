"""The outermost layer: a number for every request, one line of log, two figures."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from weatherhead.interfaces.operation.metrics import count_request

log = structlog.get_logger("weatherhead.request")
# A proxy's number is taken when it can be nothing else: 32 hexadecimal digits, as nginx and Caddy make them.
_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUIET = frozenset({"operation:live", "operation:ready", "operation:metrics"})


class OperationMiddleware:
    """Numbers, times, counts and logs every request by its view. Never by its address: that may hold a name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next in line."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then tell."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            seconds = time.perf_counter() - began
            view = view_name(request)
            method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
            count_request(view=view, method=method, status=response.status_code, seconds=seconds)
            if view not in _QUIET:
                log.info(
                    "request",
                    view=view,
                    method=method,
                    status=response.status_code,
                    duration_ms=round(seconds * 1000, 1),
                    employee_id=_employee_id(request),
                )
        response["X-Request-ID"] = request_id
        return response


def view_name(request: HttpRequest) -> str:
    """The name of the view, which is one of a few; ``none`` where no address matched, ``static`` for files."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path.startswith("/static/") else "none"


def _employee_id(request: HttpRequest) -> int | None:
    """Who asked, if some view has looked that up already; nothing is read for a log line."""
    desk = getattr(request, "desk", None)
    employee = vars(desk).get("employee") if desk is not None else None
    return employee.employee_id if employee is not None else None

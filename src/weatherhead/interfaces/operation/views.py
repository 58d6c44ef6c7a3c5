"""Alive, ready, and the figures; asked by machines, answered without personal data."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from weatherhead.interfaces.operation.clock import present
from weatherhead.interfaces.operation.metrics import CONTENT_TYPE, exposition
from weatherhead.overviews.installation import readiness

_LOOPBACK = frozenset({"127.0.0.1", "::1", ""})  # "" is a UNIX socket
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


def _may_look(request: HttpRequest) -> bool:
    """Whoever has the token, where there is one; else whoever sits on this machine and is no proxy of somebody else."""
    token: str = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    forwarded = any(name in request.META for name in _FORWARDED)
    return request.META.get("REMOTE_ADDR", "") in _LOOPBACK and not forwarded


def guarded(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer machines that may look; for all others the address does not exist."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        return view(request) if _may_look(request) else HttpResponse(status=404, content_type="text/plain")

    return answer


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing: a database that is down is no reason to restart the server."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
@guarded
def ready(request: HttpRequest) -> HttpResponse:
    """Whether requests should come here: 200, or 503 with the checks that failed."""
    found = readiness(moment=present())
    body = {
        "ready": found.ready,
        "checks": [
            {"name": check.name, "ok": check.ok, "said": check.said, "figure": check.figure} for check in found.checks
        ],
    }
    return JsonResponse(body, status=200 if found.ready else 503)


@never_cache
@require_safe
@guarded
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything that is counted, in Prometheus's text format."""
    return HttpResponse(exposition(moment=present()), content_type=CONTENT_TYPE)

"""Pages for what went wrong: each says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve, reverse

_PREVIEWING = frozenset(
    {
        "action",
        "utility_action",
        "money_action",
        "drawer_action",
        "refund_action",
        "suspense_action",
        "book_action",
        "run_action",
        "decide_read",
    }
)
"""Addresses of forms that only look, and change nothing, when what is sent says ``step=preview``."""
_NOT_SENT_AGAIN = frozenset({"csrfmiddlewaretoken", "step", "password"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from here, or is older than the sign-in.

    What somebody typed into an action's form is not lost for that: the form is there again, with what it would do. That
    only looks, and happens only if their browser says that a page from here sent it.
    """
    del reason  # for developers; the person needs the way back
    match = _previewing(request)
    if match is not None and request.user.is_authenticated and _is_from_here(request):
        sent = request.POST.copy()
        sent["step"] = "preview"
        request.POST = sent  # type: ignore[assignment]
        request.is_stale_form = True  # type: ignore[attr-defined]
        answer: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return answer
    return render(request, "403_csrf.html", status=403)


def is_stale(request: HttpRequest) -> bool:
    """Whether the form that was sent is older than the sign-in, so that it is only looked at."""
    return bool(getattr(request, "is_stale_form", False))


def session_ended(request: HttpRequest) -> HttpResponse:
    """Something was sent after the session had ended: nothing was done, and what was typed is kept in this window."""
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/parts/session_ended.html", status=401)
    kept = tuple(_kept(request.POST)) if _previewing(request) is not None else ()
    again = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    return render(request, "401.html", {"kept": kept, "again": again}, status=401)


def _kept(sent: QueryDict) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, values in sent.lists() if name not in _NOT_SENT_AGAIN for value in values)


def _previewing(request: HttpRequest) -> ResolverMatch | None:
    """The view of an action's form, when one was sent."""
    if request.method != "POST":
        return None
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None
    if match.namespace != "workbench" or match.url_name not in _PREVIEWING:
        return None
    return match


def _is_from_here(request: HttpRequest) -> bool:
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"

"""Pages for what went wrong: each says what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from here, or whose session ended."""
    del reason  # for developers; the person needs the way back
    return render(request, "403_csrf.html", status=403)

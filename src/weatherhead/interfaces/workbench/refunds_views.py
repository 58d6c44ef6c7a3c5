"""The desk's page of refunds: the list, the chosen one, and what may be done with it or with all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.door.authority import NotPermitted
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import OpenAction, act
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.refunds import ACTIONS, may_follow_refunds, refund_done_view, refunds_overview


@require_GET
@at_desk
def refunds(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The refunds that are not paid yet, and the chosen one."""
    require_follower(seat)
    return render(request, "workbench/refunds.html", _context(request, seat))


@require_http_methods(["GET", "POST"])
@at_desk
def refund_action(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """An action open in place: form, preview, confirmation."""
    action = registry.get(name)
    if name not in ACTIONS or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    row = {"chosen": request.GET.get("refund", "")}
    back = f"{reverse('workbench:refunds')}?{urlencode(row)}"
    chosen = {"refund_id": row["chosen"]} if name in {"release_refund", "cancel_refund"} else {}
    if name == "void_refund_check":
        chosen = {"check_number": request.GET.get("check_number", "")}
    opened, done = act(request, seat, action, shown=None, close_url=back, chosen=chosen)
    if done is not None:
        return HttpResponseRedirect(f"{back}&done={done}")
    if request.htmx:  # type: ignore[attr-defined]
        template = "action_preview" if request.method == "POST" else "action_open"
        return render(request, f"workbench/{template}.html", {"account": None, "open_action": opened})
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/refunds.html", _context(request, seat, opened=opened), status=status)


def require_follower(seat: Seat) -> None:
    """Refunds are shown to those whose job has to do with them.

    Raises:
        NotPermitted: the job grants no action of refunds.
    """
    if not may_follow_refunds(seat.grant):
        raise NotPermitted(action=registry.get("issue_refunds").title)


def _context(request: HttpRequest, seat: Seat, *, opened: OpenAction | None = None) -> dict[str, Any]:
    chosen = number_in(request.GET.get("chosen", "") or request.GET.get("refund", ""))
    done = number_in(request.GET.get("done", ""))
    work = refunds_overview(shown=request.GET.get("show", ""), chosen=chosen, grant=seat.grant, as_of=seat.moment.as_of)
    return {
        "here": "money", "work": work, "as_of": seat.moment.as_of, "open_action": opened,
        "receipt": refund_done_view(done) if done is not None else None,
    }  # fmt: skip

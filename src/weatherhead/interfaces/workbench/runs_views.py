"""The desk's pages of bill runs: the list, a run as it goes, and what may be done with it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.actions.billing.release_bill_run import OwnRun
from weatherhead.door.authority import NotPermitted
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import OpenAction, act
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.bill_run import (
    BillRunOverview,
    bill_run_overview,
    bill_run_progress,
    bill_runs,
    may_follow_runs,
    run_done_view,
)

RUN_ACTIONS = frozenset({"release_bill_run", "cancel_bill_run"})
_TOLD_PERCENT = 25
"""How often a screen reader is told how far a run is: each quarter, and when it is done."""


@require_GET
@at_desk
def runs(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The latest bill runs."""
    require_follower(seat)
    context = {
        "here": "runs",
        "rows": bill_runs(at=seat.moment.at),
        "can_start": "start_bill_run" in seat.grant.actions,
        "can_correct": "start_correction_run" in seat.grant.actions,
        "as_of": seat.moment.as_of,
    }
    return render(request, "workbench/runs.html", context)


@require_GET
@at_desk
def run_page(request: HttpRequest, seat: Seat, run_id: int) -> HttpResponse:
    """One run; after an action, with its receipt."""
    require_follower(seat)
    done = number_in(request.GET.get("done", ""))
    receipt = run_done_view(done, run_id=run_id) if done is not None else None
    return render(request, "workbench/run.html", _context(seat, run_id) | {"receipt": receipt, "open_action": None})


@require_GET
@at_desk
def run_progress(request: HttpRequest, seat: Seat, run_id: int) -> HttpResponse:
    """The part of a run's page that moves, asked for again and again while workers are at it.

    It says `state`, the one it shows: when that is another now, the rest of the page is told to look again. A run that
    waits for its release asks seldom, and is answered with nothing while it waits.
    """
    require_follower(seat)
    shown = bill_run_progress(run_id, at=seat.moment.at)
    known = request.GET.get("state", "")
    if known == shown.run.state and not shown.is_running:
        return HttpResponse(status=204)
    told = _told(shown.progress.percent, running=shown.is_running)
    context = {"part": shown, "told": told, "is_news": str(told) != request.GET.get("told", "")}
    answer = render(request, "workbench/run_progress.html", context | {"as_of": seat.moment.as_of})
    if not shown.is_running or known not in {"", shown.run.state}:
        answer["HX-Trigger"] = "run-moved"
    return answer


@require_http_methods(["GET", "POST"])
@at_desk
def run_action(request: HttpRequest, seat: Seat, run_id: int, name: str) -> HttpResponse:
    """An action open in place on a run: form, preview, confirmation."""
    action = registry.get(name)
    if name not in RUN_ACTIONS or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    here = reverse("workbench:run", args=[run_id])
    shown = _overview(seat, run_id)
    opened, done = act(request, seat, action, shown=None, close_url=here, chosen={"run_id": str(run_id)})
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    if request.htmx:  # type: ignore[attr-defined]
        template = "action_preview" if request.method == "POST" else "action_open"
        return render(request, f"workbench/{template}.html", {"account": None, "open_action": opened})
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/run.html", _context(seat, run_id, shown=shown, opened=opened), status=status)


def require_follower(seat: Seat) -> None:
    """Bill runs are shown to those whose job has to do with them.

    Raises:
        NotPermitted: the job grants no action of a bill run.
    """
    if not may_follow_runs(seat.grant):
        raise NotPermitted(action=registry.get("start_bill_run").title)


def _overview(seat: Seat, run_id: int) -> BillRunOverview:
    return bill_run_overview(run_id, at=seat.moment.at, grant=seat.grant, employee_id=seat.actor.employee_id)


def _context(
    seat: Seat, run_id: int, *, shown: BillRunOverview | None = None, opened: OpenAction | None = None
) -> dict[str, Any]:
    found = shown or _overview(seat, run_id)
    told = _told(found.progress.percent, running=found.is_running)
    return {
        "here": "runs", "run": found, "part": found, "told": told, "as_of": seat.moment.as_of, "open_action": opened,
        "receipt": None, "own_run": OwnRun(),
    }  # fmt: skip


def _told(percent: int, *, running: bool) -> int:
    """The percentage that was last worth saying aloud."""
    return percent // _TOLD_PERCENT * _TOLD_PERCENT if running else 100

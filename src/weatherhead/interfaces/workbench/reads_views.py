"""The desk's pages of reading: reads to decide, and the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.areas.service_orders.worklist import KINDS, Filters, Place
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.authority import NotPermitted
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import act
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.composing import receipt_view
from weatherhead.overviews.reading_calendar import calendar_overview
from weatherhead.overviews.reads import DECISIONS, OLD_DAYS, ReadsOverview, old_until, reads_overview

_KEPT = ("kind", "cycle", "route", "age", "after")
"""What the address of the list says, and every link from it keeps."""

_CHOSEN = ("read_id", "order_id", "meter", "account_id")
_CHOSEN_DAY = frozenset({"estimate_read", "request_reread"})
_CYCLE_DIGITS_MAX = 2
_YEAR_DIGITS = 4


@require_GET
@at_desk
def reads(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The list of reads to decide, and the chosen one."""
    require_reader(seat)
    shown = _overview(request, seat)
    done = number_in(request.GET.get("done", ""))
    receipt = receipt_view(done) if done is not None else None
    return render(request, "workbench/reads.html", _context(request, shown) | {"receipt": receipt})


@require_http_methods(["GET", "POST"])
@at_desk
def decide_read(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """A decision open in place: form, preview, confirmation."""
    action = registry.get(name)
    if name not in DECISIONS or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    chosen = {key: request.GET[key] for key in _CHOSEN if key in request.GET}
    if "read_on" in request.GET and name in _CHOSEN_DAY:
        chosen["read_on"] = request.GET["read_on"]
    back = f"{reverse('workbench:reads')}?{_query(request)}"
    row = urlencode({"chosen": request.GET.get("chosen", "")})
    opened, done = act(request, seat, action, shown=None, close_url=f"{back}&{row}", chosen=chosen)
    if done is not None:
        return redirect(f"{back}&{row}&done={done}")
    if "read_on" in request.GET and "read_on" not in chosen and request.method == "GET":
        opened.form.initial["read_on"] = request.GET["read_on"]
    context: dict[str, Any] = {"open_action": opened, "account": None, "as_of": seat.moment.as_of}
    if request.htmx and request.method == "POST":  # type: ignore[attr-defined]
        return render(request, "workbench/action_preview.html", context)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "workbench/action_open.html", context)
    shown = _overview(request, seat)
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/reads.html", _context(request, shown) | context, status=status)


@require_GET
@at_desk
def calendar(request: HttpRequest, seat: Seat) -> HttpResponse:
    """When each cycle of a year is read, billed and due."""
    require_reader(seat)
    text = request.GET.get("year", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == _YEAR_DIGITS else seat.moment.as_of.year
    shown = calendar_overview(year, as_of=seat.moment.as_of, grant=seat.grant)
    return render(request, "workbench/reads_calendar.html", {"calendar": shown})


def require_reader(seat: Seat) -> None:
    """The list is for those who may decide anything on it.

    Raises:
        NotPermitted: they may not.
    """
    if not DECISIONS & set(seat.grant.actions):
        raise NotPermitted(action=str(Sentence(gettext_noop("Reads to decide"))))


def _overview(request: HttpRequest, seat: Seat) -> ReadsOverview:
    return reads_overview(
        _filters(request.GET, as_of=seat.moment.as_of),
        grant=seat.grant,
        as_of=seat.moment.as_of,
        after=Place.read(request.GET.get("after", "")),
        chosen=request.GET.get("chosen", ""),
    )


def _filters(given: Mapping[str, str], *, as_of: date) -> Filters:
    kind, cycle = given.get("kind", ""), given.get("cycle", "")
    return Filters(
        kind=kind if kind in KINDS else "",
        cycle=int(cycle) if cycle.isascii() and cycle.isdigit() and len(cycle) <= _CYCLE_DIGITS_MAX else None,
        route=given.get("route", "")[:20],
        until=old_until(as_of) if given.get("age") == "old" else None,
    )


def _query(request: HttpRequest) -> str:
    """What the address of the list says."""
    return urlencode([(name, request.GET[name]) for name in _KEPT if request.GET.get(name)])


def _context(request: HttpRequest, shown: ReadsOverview) -> dict[str, Any]:
    """The overview, and the addresses that its links are made of."""
    return {
        "work": shown,
        "as_of": shown.as_of,
        "here": "reads",
        "open_action": None,
        "account": None,
        "age": request.GET.get("age", ""),
        "old_days": OLD_DAYS,
        "query": _query(request),
        "query_but_kind": _without(request, "kind"),
        "query_but_age": _without(request, "age"),
        "query_but_cycle": _without(request, "cycle", "route"),
        "query_from_start": _without(request),
    }


def _without(request: HttpRequest, *names: str) -> str:
    """The address of a first page without some filters."""
    kept = [name for name in _KEPT if name not in {*names, "after"} and request.GET.get(name)]
    return urlencode([(name, request.GET[name]) for name in kept])

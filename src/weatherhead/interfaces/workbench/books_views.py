"""The desk's pages of the books: how they stand, a day, balances, ageing, revenue, the chart, and the journals."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weatherhead.areas.ledger.books import export, export_content
from weatherhead.areas.ledger.journal_file import manifest
from weatherhead.areas.metering.reading_rules import CYCLE_MAX
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import YEARS
from weatherhead.door.authority import NotPermitted
from weatherhead.door.looks import LookNotPermitted, look
from weatherhead.door.registry import registry
from weatherhead.interfaces.workbench.acting import OpenAction, act
from weatherhead.interfaces.workbench.charts_aged import aged_chart
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.overviews.books.aged import BUCKET_TITLES, aged_accounts, aged_overview
from weatherhead.overviews.books.balancing import day_balanced, day_to_balance
from weatherhead.overviews.books.chart import chart_of_accounts
from weatherhead.overviews.books.revenue import revenue_overview
from weatherhead.overviews.books.standing import ACTIONS, LOOK, BooksStanding, books_standing, may_read_books
from weatherhead.overviews.books.tables import (
    Table,
    aged_accounts_table,
    aged_table,
    chart_table,
    csv_text,
    revenue_table,
    trial_table,
)
from weatherhead.overviews.books.trial import trial_balance
from weatherhead.overviews.composing import receipt_view


@require_GET
@at_desk
def books(request: HttpRequest, seat: Seat) -> HttpResponse:
    """How the books stand, and what may be done about it; after an action, with its receipt."""
    _require_reader(seat)
    done = number_in(request.GET.get("done", ""))
    receipt = receipt_view(done) if done is not None else None
    return render(request, "workbench/books.html", _standing_context(seat) | {"receipt": receipt})


@require_http_methods(["GET", "POST"])
@at_desk
def book_action(request: HttpRequest, seat: Seat, name: str) -> HttpResponse:
    """Closing, reopening, posting what is unbilled or making a journal, open in place."""
    action = registry.get(name)
    if name not in ACTIONS or name not in seat.grant.actions:
        raise NotPermitted(action=action.title)
    here = reverse("workbench:books")
    opened, done = act(request, seat, action, shown=None, close_url=here)
    if done is not None:
        return HttpResponseRedirect(f"{here}?done={done}")
    if request.method == "GET":
        opened.form.initial = {**opened.form.initial, **_likely(seat.moment.as_of)}
    if request.htmx:  # type: ignore[attr-defined]
        template = "action_preview" if request.method == "POST" else "action_open"
        return render(request, f"workbench/{template}.html", {"account": None, "open_action": opened})
    status = 409 if opened.refusal and opened.tried else 200
    return render(request, "workbench/books.html", _standing_context(seat, opened=opened), status=status)


def _likely(as_of: date) -> dict[str, date]:
    """What is mostly asked for: through yesterday, and the month before."""
    return {"last_on": as_of - timedelta(days=1), "month_end_on": as_of.replace(day=1) - timedelta(days=1)}


@require_GET
@at_desk
def day(request: HttpRequest, seat: Seat) -> HttpResponse:
    """A day balanced: the one asked for, else the latest that has postings."""
    _require_reader(seat)
    on = _day(request, "on", seat.moment.as_of) if "on" in request.GET else day_to_balance(as_of=seat.moment.as_of)
    found = day_balanced(on)
    nearby = {"before": on - timedelta(days=1), "after": on + timedelta(days=1)}
    return render(request, "workbench/books_day.html", _context(seat, "day") | {"day": found} | nearby)


@require_GET
@at_desk
def trial(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The trial balance over a span of days."""
    _require_reader(seat)
    first_on, last_on = _span(request, seat)
    by_gl = request.GET.get("by") == "gl"
    found = trial_balance(first_on=first_on, last_on=last_on)
    if _wants_file(request):
        return _file(trial_table(found, by_gl=by_gl), name=f"trial-balance-{first_on}-{last_on}")
    context = {"balance": found, "by_gl": by_gl, "rows": found.by_gl if by_gl else found.rows}
    return render(request, "workbench/books_trial.html", _context(seat, "trial") | context | _asked(request))


@require_GET
@at_desk
def aged(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Aged receivables, by class and by cycle, with a picture."""
    _require_reader(seat)
    found = aged_overview(as_of=_day(request, "on", seat.moment.as_of))
    if _wants_file(request):
        return _file(aged_table(found), name=f"aged-receivables-{found.as_of}")
    context = {"aged": found, "chart": aged_chart(found.total), "titles": BUCKET_TITLES}
    return render(request, "workbench/books_aged.html", _context(seat, "aged") | context | _asked(request))


@require_GET
@at_desk
def aged_list(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The accounts behind a figure of aged receivables."""
    _require_reader(seat)
    given = request.GET
    cycle, bucket, page = (number_in(given.get(name, "")) for name in ("cycle", "bucket", "page"))
    asked: dict[str, Any] = {
        "as_of": _day(request, "on", seat.moment.as_of),
        "revenue_class": given.get("class", "")[:40],
        "cycle": cycle if cycle is not None and cycle <= CYCLE_MAX else None,
        "bucket": bucket if bucket is not None and bucket < len(BUCKET_TITLES) else None,
    }
    if _wants_file(request):
        # A list of customers and what they owe leaves the desk: who took it is remembered.
        chosen = ", ".join(f"{name} {value}" for name, value in asked.items() if value not in ("", None))
        look(LOOK, account_id=None, actor=seat.actor, moment=seat.moment, reason=f"CSV of aged accounts: {chosen}")
        return _file(aged_accounts_table(aged_accounts(**asked, a_page=None)), name=f"accounts-{asked['as_of']}")
    found = aged_accounts(**asked, page=page or 1)
    context = {
        "found": found,
        "asked": asked,
        "titles": BUCKET_TITLES,
        "before": found.page - 1,
        "after": found.page + 1,
        "bucket_title": BUCKET_TITLES[asked["bucket"]] if asked["bucket"] is not None else "",
    }
    return render(request, "workbench/books_accounts.html", _context(seat, "aged") | context | _asked(request))


@require_GET
@at_desk
def revenue(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Revenue by class and charge over a span of days."""
    _require_reader(seat)
    first_on, last_on = _span(request, seat)
    found = revenue_overview(first_on=first_on, last_on=last_on)
    if _wants_file(request):
        return _file(revenue_table(found), name=f"revenue-{first_on}-{last_on}")
    return render(
        request, "workbench/books_revenue.html", _context(seat, "revenue") | {"found": found} | _asked(request)
    )


@require_GET
@at_desk
def chart(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The chart of accounts."""
    _require_reader(seat)
    rows = chart_of_accounts()
    if _wants_file(request):
        return _file(chart_table(rows), name="chart-of-accounts")
    return render(request, "workbench/books_chart.html", _context(seat, "chart") | {"rows": rows} | _asked(request))


@require_GET
@at_desk
def journal(request: HttpRequest, seat: Seat, number: int) -> HttpResponse:
    """A journal as it was handed over, or its manifest."""
    _require_reader(seat)
    facts = export(number)
    if request.GET.get("file") == "manifest":
        said = json.dumps(manifest(facts, utility=current_utility().code), indent=2, ensure_ascii=False) + "\n"
        return _attachment(said, kind="application/json", name=facts.file_name.replace(".csv", ".json"))
    return _attachment(export_content(number), kind="text/csv; charset=utf-8", name=facts.file_name)


def _require_reader(seat: Seat) -> None:
    """The books are shown to those whose job grants the look.

    Raises:
        LookNotPermitted: it does not.
    """
    if not may_read_books(seat.grant):
        raise LookNotPermitted(what="the books")


def _context(seat: Seat, tab: str) -> dict[str, Any]:
    return {"here": "books", "tab": tab, "as_of": seat.moment.as_of}


def _standing_context(seat: Seat, *, opened: OpenAction | None = None) -> dict[str, Any]:
    standing: BooksStanding = books_standing(moment=seat.moment, grant=seat.grant)
    return _context(seat, "standing") | {"standing": standing, "open_action": opened, "receipt": None, "account": None}


def _asked(request: HttpRequest) -> dict[str, str]:
    """The address of the same as a file, and of its other pages."""
    kept = [(name, value) for name, value in request.GET.items() if name not in {"page", "as"} and value]
    return {"file_query": urlencode([*kept, ("as", "csv")]), "query": "".join(f"&{urlencode([pair])}" for pair in kept)}


def _day(request: HttpRequest, name: str, otherwise: date) -> date:
    """A day of the address; another one when it says none that can be."""
    try:
        found = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return otherwise
    return found if found.year in YEARS else otherwise


def _span(request: HttpRequest, seat: Seat) -> tuple[date, date]:
    """First and last day of the address; this month when it says none."""
    last_on = _day(request, "last", seat.moment.as_of)
    first_on = _day(request, "first", last_on.replace(day=1))
    return min(first_on, last_on), last_on


def _wants_file(request: HttpRequest) -> bool:
    return request.GET.get("as") == "csv"


def _file(table: Table, *, name: str) -> HttpResponse:
    return _attachment(csv_text(table), kind="text/csv; charset=utf-8", name=f"{name}.csv")


def _attachment(content: str, *, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

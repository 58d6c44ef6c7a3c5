"""The desk's pages of billing summaries: to look at, prepared ones, and their files."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.looks import LookNotPermitted, look
from weatherhead.interfaces.workbench.seat import Seat, at_desk, number_in
from weatherhead.interfaces.workbench.views import CONTACT_DETAILS, revealed_until
from weatherhead.overviews.statement.page import (
    LOOK,
    Asked,
    PreparedFile,
    SummaryOverview,
    asked_of,
    prepared_csv,
    prepared_overview,
    prepared_pdf,
    summary_csv,
    summary_overview,
)
from weatherhead.overviews.statement.spans import (
    DAYS,
    LAST_12_MONTHS,
    LAST_YEAR,
    SINCE_OPENED,
    THIS_YEAR,
    SpanBackwards,
    SpanDaysMissing,
    SpanNotOver,
    YearTooLong,
)

KINDS = (
    ("statement", gettext_noop("Statement")),
    ("payment_history", gettext_noop("Payment history")),
    ("yearly", gettext_noop("Yearly summary")),
    ("usage", gettext_noop("Usage summary")),
    ("accounts", gettext_noop("All accounts")),
)
SPANS = (
    (LAST_12_MONTHS, gettext_noop("Last 12 months")),
    (THIS_YEAR, gettext_noop("This year")),
    (LAST_YEAR, gettext_noop("Last year")),
    (SINCE_OPENED, gettext_noop("Since opened")),
)
_DAYS_WRONG = (SpanBackwards, SpanDaysMissing, SpanNotOver, YearTooLong)
FIXED = frozenset({"payment_history", "usage"})
"""Kinds that are always of the last 24 months."""


@require_GET
@at_desk
def summary_page(request: HttpRequest, seat: Seat, account_id: int) -> HttpResponse:
    """A billing summary of an account, of the days asked for."""
    _require_look(seat)
    asked = asked_of(request.GET.dict())
    page = number_in(request.GET.get("page", "")) or 1
    wrong: Refusal | None = None
    try:
        shown = summary_overview(account_id, asked=asked, as_of=seat.moment.as_of, page=page)
    except _DAYS_WRONG as refusal:
        wrong = refusal
        usual = Asked(kind=asked.kind)
        shown = summary_overview(account_id, asked=usual, as_of=seat.moment.as_of)
    context = _context(shown, seat=seat) | {"wrong": wrong, "typed": asked if wrong else shown.asked}
    return render(request, "workbench/statement.html", context, status=422 if wrong else 200)


def _context(shown: SummaryOverview, *, seat: Seat) -> dict[str, object]:
    asked = shown.asked
    days = {"from": asked.from_on, "to": asked.to_on} if asked.span == DAYS else {}
    query = urlencode({"kind": asked.kind, "span": asked.span, **days})
    prefilled = {"kind": asked.kind, "span": asked.span}
    prefilled |= {"from_on": str(asked.from_on), "to_on": str(asked.to_on)} if asked.span == DAYS else {}
    return {
        "shown": shown,
        "said": shown.said,
        "kinds": KINDS,
        "spans": () if asked.kind in FIXED else SPANS,
        "query": query,
        "prefilled": urlencode(prefilled),
        "may_prepare": "prepare_statement" in seat.grant.actions,
        "may_consent": "record_consent" in seat.grant.actions,
        "page_before": shown.page - 1,
        "page_after": shown.page + 1 if shown.page < shown.pages else 0,
    }


@require_GET
@at_desk
def summary_csv_file(request: HttpRequest, seat: Seat, account_id: int) -> HttpResponse:
    """The same as CSV. A file leaves the desk, so each is a look that is remembered."""
    _require_look(seat)
    asked = asked_of(request.GET.dict())
    content = summary_csv(account_id, asked=asked, as_of=seat.moment.as_of)
    _remember(seat, account_id=account_id, reason=f"CSV of {asked.kind.replace('_', ' ')}, {asked.span}")
    return _csv(content, name=f"{asked.kind.replace('_', '-')}-{account_id}")


@require_GET
@at_desk
def prepared_page(request: HttpRequest, seat: Seat, statement_id: int) -> HttpResponse:
    """What was prepared, word for word; the customer's mailing address only while the details are shown."""
    _require_look(seat)
    shown = prepared_overview(statement_id)
    until = revealed_until(request, account_id=shown.account_id, moment=seat.moment)
    if until is not None:
        shown = prepared_overview(statement_id, revealed=frozenset({shown.account_id}))
    context = {
        "bill": shown,  # as the parts of documents call what they show
        "said": shown.said,
        "until": until or bool(shown.party),
        "may_look": CONTACT_DETAILS in seat.grant.looks,
    }
    return render(request, "workbench/statement_document.html", context)


@require_GET
@at_desk
def prepared_pdf_file(request: HttpRequest, seat: Seat, statement_id: int) -> HttpResponse:
    """The kept PDF. One for the customer names their mailing address, so each opening is a look at that."""
    _require_look(seat)
    file = prepared_pdf(statement_id)
    if not file.for_party and revealed_until(request, account_id=file.account_id, moment=seat.moment) is None:
        return redirect("workbench:prepared", statement_id)
    _remember_file(seat, file=file, form="PDF")
    answer = HttpResponse(file.content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{file.number}.pdf"'
    return answer


@require_GET
@at_desk
def prepared_csv_file(request: HttpRequest, seat: Seat, statement_id: int) -> HttpResponse:
    """The figures of what was prepared as CSV; a look that is remembered."""
    del request
    _require_look(seat)
    file = prepared_csv(statement_id)
    _remember(seat, account_id=file.account_id, reason=f"CSV of {file.number}")
    return _csv(file.content, name=file.number)


def _remember_file(seat: Seat, *, file: PreparedFile, form: str) -> None:
    what = LOOK if file.for_party else CONTACT_DETAILS
    reason = f"{form} of {file.number}"
    look(what, account_id=file.account_id, actor=seat.actor, moment=seat.moment, reason=reason)


def _remember(seat: Seat, *, account_id: int, reason: str) -> None:
    look(LOOK, account_id=account_id, actor=seat.actor, moment=seat.moment, reason=reason)


def _require_look(seat: Seat) -> None:
    if LOOK not in seat.grant.looks:
        raise LookNotPermitted(what=LOOK.replace("_", " "))


def _csv(content: bytes, *, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer

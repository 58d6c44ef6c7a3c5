"""Reports on how adjustments are made: for whom the job profile lets look, and each look is remembered."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from weatherhead.core.values import format_cents
from weatherhead.door.looks import look
from weatherhead.interfaces.workbench.seat import Seat, at_desk
from weatherhead.overviews.conduct import (
    DAYS,
    DAYS_USUAL,
    ConductReport,
    FairnessReport,
    conduct_report,
    fairness_report,
)

STAFF_REPORTS = "staff_reports"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_GET
@at_desk
def adjustments(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Adjustments by representative, as a page or as CSV."""
    days = _days(request)
    _look(seat, f"Adjustments by representative, {days} days")
    report = conduct_report(as_of=seat.moment.as_of, days=days)
    if request.GET.get("format") == "csv":
        return _csv(f"adjustments-{report.as_of.isoformat()}-{days}-days", _conduct_rows(report))
    context = {"report": report, "choices": DAYS, "here": "reports", "tab": "adjustments"}
    return render(request, "workbench/reports_adjustments.html", context)


@require_GET
@at_desk
def fairness(request: HttpRequest, seat: Seat) -> HttpResponse:
    """Waiver rates by representative and area, as a page or as CSV."""
    days = _days(request)
    _look(seat, f"Fairness of waivers, {days} days")
    report = fairness_report(as_of=seat.moment.as_of, days=days)
    if request.GET.get("format") == "csv":
        return _csv(f"fairness-{report.as_of.isoformat()}-{days}-days", _fairness_rows(report))
    context = {"report": report, "choices": DAYS, "here": "reports", "tab": "fairness"}
    return render(request, "workbench/reports_fairness.html", context)


def _look(seat: Seat, what: str) -> None:
    look(STAFF_REPORTS, account_id=None, actor=seat.actor, moment=seat.moment, reason=what)


def _days(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    return next((days for days in DAYS if text == str(days)), DAYS_USUAL)


def _conduct_rows(report: ConductReport) -> Iterable[list[str]]:
    head = [gettext("Representative")]
    for measure in report.rows[0].measures if report.rows else ():
        title = gettext(measure.title.template)
        head += [title, gettext("%(title)s, $") % {"title": title}, gettext("%(title)s, score") % {"title": title}]
    yield [*head, gettext("By policy"), gettext("Without evidence"), gettext("Approved"), gettext("Approved, $"),
           gettext("To review")]  # fmt: skip
    for row in report.rows:
        figures = [
            cell
            for item in row.measures
            for cell in (str(item.count), format_cents(item.cents), "" if item.score is None else str(item.score))
        ]
        yield [row.name, *figures, str(row.by_policy), str(row.stated), str(row.approved),
               format_cents(row.approved_cents), gettext("yes") if row.review else gettext("no")]  # fmt: skip


def _fairness_rows(report: FairnessReport) -> Iterable[list[str]]:
    yield [gettext("Table"), gettext("Group"), gettext("Fees"), gettext("Waived"), gettext("Rate"), gettext("Ratio"),
           gettext("To review")]  # fmt: skip
    for table in report.tables:
        for row in table.rows:
            yield [
                gettext(table.title.template),
                row.name,
                str(row.fees),
                str(row.waived),
                "" if row.rate is None else str(row.rate),
                "" if row.ratio is None else str(row.ratio),
                gettext("yes") if row.review else gettext("no"),
            ]


def _csv(name: str, rows: Iterable[list[str]]) -> HttpResponse:
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(answer)
    for row in rows:
        writer.writerow([_cell(text) for text in row])
    return answer


def _cell(text: str) -> str:
    """A name that a spreadsheet would take for a formula stays text; figures are figures."""
    is_figure = text.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not is_figure else text

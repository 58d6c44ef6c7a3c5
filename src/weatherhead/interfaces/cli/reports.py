"""``weatherhead reports``: how adjustments are made, by whom and how evenly. Each look is remembered."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext
from rich.console import Console
from rich.table import Table

from weatherhead.core.values import Sentence, format_cents
from weatherhead.door.looks import look
from weatherhead.interfaces.cli.setting import actor_for, present_moment
from weatherhead.overviews.conduct import (
    DAYS,
    DAYS_USUAL,
    ConductReport,
    FairnessReport,
    conduct_report,
    fairness_report,
)

_LOOK = "staff_reports"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``reports`` to the command line."""
    reports = subparsers.add_parser("reports", help=gettext("how adjustments are made, by whom and how evenly"))
    commands = reports.add_subparsers(dest="report", required=True)
    for name, about in (
        ("adjustments", gettext("waivers, credits, charges and reversals by representative")),
        ("fairness", gettext("waiver rates by representative and area")),
    ):
        report = commands.add_parser(name, help=about, description=about)
        report.add_argument("--days", type=int, choices=DAYS, default=DAYS_USUAL, help=gettext("how far back (90)"))
        report.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who looks"))
        report.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    reports.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``reports`` command; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    look(_LOOK, account_id=None, actor=actor, moment=moment, reason=f"Report {args.report}, {args.days} days")
    adjusted = args.report == "adjustments"
    report = (conduct_report if adjusted else fairness_report)(as_of=moment.as_of, days=args.days)
    if args.json:
        json.dump(_plain(report), sys.stdout, indent=2, ensure_ascii=False)
        print()
        return 0
    console = Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False)
    if isinstance(report, ConductReport):
        console.print(_conduct(report))
    elif isinstance(report, FairnessReport):
        for table in _fairness(report):
            console.print(table)
    return 0


def _conduct(report: ConductReport) -> Table:
    table = Table(title=gettext("Adjustments by representative, %(days)s days") % {"days": report.days})
    table.add_column(gettext("Representative"))
    for item in report.medians:
        table.add_column(str(item.title), justify="right")
    for title in (gettext("By policy"), gettext("No evidence"), gettext("Approved")):
        table.add_column(title, justify="right")
    for row in report.rows:
        said = [
            f"{item.count}, ${format_cents(item.cents)}" + (f" ({item.score})" if item.score is not None else "")
            for item in row.measures
        ]
        name = f"{row.name} !" if row.review else row.name
        table.add_row(name, *said, str(row.by_policy), str(row.stated), f"{row.approved}")
    return table


def _fairness(report: FairnessReport) -> list[Table]:
    made = []
    for found in report.tables:
        table = Table(str(found.title), title=str(found.note))
        for title in (gettext("Fees"), gettext("Waived"), gettext("Rate"), gettext("Ratio"), ""):
            table.add_column(title, justify="right")
        for row in found.rows:
            mark = gettext("review") if row.review else ("" if row.enough else gettext("few"))
            rate, ratio = ("–" if value is None else str(value) for value in (row.rate, row.ratio))
            table.add_row(row.name, str(row.fees), str(row.waived), rate, ratio, mark)
        made.append(table)
    return made


def _plain(value: object) -> object:
    """The report as JSON: a price or rate as text, a sentence as it reads."""
    if isinstance(value, Sentence | Decimal | date):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value

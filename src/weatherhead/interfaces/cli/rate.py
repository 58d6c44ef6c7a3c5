"""``weatherhead rate``: rate the usages of a CSV file on a tariff file, without an installation."""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext
from rich.console import Console
from rich.table import Table
from rich.text import Text

from weatherhead.core.rating import (
    RatedBill,
    Schedule,
    Usage,
    load_schedule,
    rate_many,
    usage_arrays,
)
from weatherhead.core.rating.schedule import CountOption
from weatherhead.core.values import Refusal, Span, SpanIsEmpty, format_cents, gettext_noop

ALL_GOOD, SOME_NOT = 0, 1
FILE_BYTES_MAX = 64 * 2**20
_PER_KILO = 1_000
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

COLUMNS = gettext_noop(
    """columns of DETERMINANTS.csv (UTF-8, first line the names, in any order; an empty field is unknown):
  account            how the row is called in the answer (optional)
  start, end         dates like 2026-01-15; the end is the day of the next read and not part of the period
  kwh                energy, at most three decimals; needed unless every kwh.PERIOD is given
  kwh.PERIOD         energy of a time-of-use period of the tariff, as kwh.on_peak
  kw, kw.PERIOD      maximum demand of the period, of a time-of-use period
  kva                maximum apparent demand
  average_kwh        average monthly energy over the trailing twelve periods
  level              a facilities level assigned to the account
  option.NAME        an option of the tariff, as option.phase"""
)


class FileNotReadable(Refusal):
    """The operating system does not give it, or it is no text."""

    template = gettext_noop("%(name)s cannot be read: %(why)s.")


class ColumnsNotUnderstood(Refusal):
    """The header is not what `rate` reads."""

    template = gettext_noop("%(name)s: %(why)s. See weatherhead rate --help for the columns.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """Why a row was not rated. `line` counts from 1; `column` is "" when the row as a whole does not fit."""

    line: int
    column: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that was understood."""

    line: int
    account: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rated rows and problems, each in the order of the file."""

    schedule: Schedule
    rated: tuple[tuple[Row, RatedBill], ...]
    problems: tuple[RowProblem, ...]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``rate`` to the command line."""
    rating = subparsers.add_parser(
        "rate",
        help=gettext("rate usages on a tariff file"),
        description=gettext(
            "Rate each row of DETERMINANTS.csv on TARIFF.yaml and show the lines of its bill. Rows that cannot be "
            "rated are reported by line and column, the others are rated. Exits with 0 when every row was rated, 1 "
            "when some were not, 2 when a file cannot be used."
        ),
        epilog=gettext(COLUMNS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    rating.add_argument("tariff", metavar="TARIFF.yaml", help=gettext("a tariff file"))
    rating.add_argument(
        "determinants", metavar="DETERMINANTS.csv", help=gettext("usages, one a row; - for standard input")
    )
    rating.add_argument("--steps", action="store_true", help=gettext("show how each amount came about"))
    rating.add_argument("--json", action="store_true", help=gettext("print lines with their proofs as JSON"))
    rating.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``rate`` command; returns the exit code.

    Raises:
        DataFileInvalid, FileNotReadable, ColumnsNotUnderstood: a file cannot be used.
    """
    schedule = load_schedule(_text(args.tariff), name=args.tariff)
    name = gettext("standard input") if args.determinants == "-" else args.determinants
    answer = rate_rows(schedule, text=_text(args.determinants), name=name)
    if args.json:
        json.dump(_as_json(answer), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        _print(answer, name=name, steps=args.steps)
    return SOME_NOT if answer.problems else ALL_GOOD


def rate_rows(schedule: Schedule, *, text: str, name: str) -> Answer:
    """Rate every row of a CSV text that can be rated.

    Raises:
        ColumnsNotUnderstood: the header lacks a column, repeats one, or names one that the tariff does not know.
    """
    rows: list[Row] = []
    problems: list[RowProblem] = []
    for found in _rows(schedule, text=text, name=name):
        if isinstance(found, Row):
            rows.append(found)
        else:
            problems += found
    rated = rate_many(schedule, usage_arrays(schedule=schedule, usages=[row.usage for row in rows]))
    problems += [
        RowProblem(line=rows[index].line, column="", text=_say(refusal)) for index, refusal in rated.refused.items()
    ]
    bills = tuple((row, rated.bill(index)) for index, row in enumerate(rows) if index not in rated.refused)
    problems.sort(key=lambda problem: problem.line)
    return Answer(schedule=schedule, rated=bills, problems=tuple(problems))


def _say(refusal: Refusal) -> str:
    return gettext(refusal.template) % refusal.params


def _text(path: str) -> str:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise FileNotReadable(name=path, why=error.strerror or str(error)) from error
    if len(content) > FILE_BYTES_MAX:
        raise FileNotReadable(name=path, why=gettext("it is larger than 64 MiB; split it"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileNotReadable(name=path, why=gettext("line %(line)s is not UTF-8 text") % {"line": line}) from error


def _rows(schedule: Schedule, *, text: str, name: str) -> Iterator[Row | list[RowProblem]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = [column.strip() for column in next(reader, [])]
        _check_header(header, schedule=schedule, name=name)
        line = reader.line_num + 1
        for fields in reader:
            if any(field.strip() for field in fields):
                yield _row(fields, header=header, line=line, schedule=schedule)
            line = reader.line_num + 1
    except csv.Error as error:
        # what follows a broken quote cannot be told apart from it
        yield [RowProblem(line=line, column="", text=gettext("not valid CSV from here on: %(why)s") % {"why": error})]


def _check_header(header: Sequence[str], *, schedule: Schedule, name: str) -> None:
    periods = dict.fromkeys(period.code for version in schedule.versions for period in version.periods)
    known = ["account", "start", "end", "kwh", "kw", "kva", "average_kwh", "level"]
    known += [f"{unit}.{period}" for unit in ("kwh", "kw") for period in periods]
    known += [f"option.{option}" for option in schedule.options]
    for column in header:
        if column not in known:
            why = gettext("“%(column)s” is not a column; there are %(known)s")
            raise ColumnsNotUnderstood(name=name, why=why % {"column": column, "known": ", ".join(known)})
        if header.count(column) > 1:
            raise ColumnsNotUnderstood(
                name=name, why=gettext("the column “%(column)s” stands twice") % {"column": column}
            )
    by_period = bool(periods) and all(f"kwh.{period}" in header for period in periods)
    needed = ("start", "end") if by_period else ("start", "end", "kwh")
    if missing := [column for column in needed if column not in header]:
        raise ColumnsNotUnderstood(name=name, why=gettext("it lacks %(columns)s") % {"columns": ", ".join(missing)})


class _Fields:
    """The fields of one row; reading one that does not fit notes a problem and gives None."""

    def __init__(self, fields: Mapping[str, str], *, line: int) -> None:
        self.fields = fields
        self.line = line
        self.problems: list[RowProblem] = []

    def note(self, *, column: str, text: str) -> None:
        self.problems.append(RowProblem(line=self.line, column=column, text=text))

    def given(self, prefix: str) -> dict[str, str]:
        """Columns below a prefix that are not empty, by what follows it."""
        return {
            column.removeprefix(prefix): column
            for column in self.fields
            if column.startswith(prefix) and self.fields[column]
        }

    def day(self, column: str) -> date | None:
        value = self.fields[column]
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass  # like 2026-02-30: told below
        self.note(column=column, text=gettext("“%(value)s” is not a date like 2026-01-15") % {"value": value})
        return None

    def thousandths(self, column: str) -> int | None:
        """KWh as Wh, kW as W, kVA as VA; None when empty."""
        value = self.fields.get(column, "")
        if not value:
            return None
        if _AMOUNT.fullmatch(value):
            return int(Decimal(value) * _PER_KILO)
        text = gettext("“%(value)s” is not a number like 1397 or 1397.25 (at most three decimals, no commas)")
        self.note(column=column, text=text % {"value": value})
        return None

    def whole(self, column: str) -> int | None:
        value = self.fields.get(column, "")
        if not value:
            return None
        if _WHOLE.fullmatch(value):
            return int(value)
        self.note(column=column, text=gettext("“%(value)s” is not a whole number") % {"value": value})
        return None


def _row(fields: Sequence[str], *, header: Sequence[str], line: int, schedule: Schedule) -> Row | list[RowProblem]:
    if len(fields) != len(header):
        text = gettext("has %(given)s fields; the first line names %(named)s")
        return [RowProblem(line=line, column="", text=text % {"given": len(fields), "named": len(header)})]
    read = _Fields({column: field.strip() for column, field in zip(header, fields, strict=True)}, line=line)
    span = _span(read)
    by_period = {period: read.thousandths(column) or 0 for period, column in read.given("kwh.").items()}
    energy_wh = read.thousandths("kwh")
    if energy_wh is None and not read.fields.get("kwh"):
        if not by_period:
            read.note(column="kwh", text=gettext("is empty; enter 0 where there was no use"))
        energy_wh = sum(by_period.values())
    demand_w, demand_va = read.thousandths("kw"), read.thousandths("kva")
    average_wh, level = read.thousandths("average_kwh"), read.whole("level")
    demand_by_period = {period: read.thousandths(column) or 0 for period, column in read.given("kw.").items()}
    options = _options(read, schedule=schedule)
    if read.problems or span is None or energy_wh is None:
        return read.problems
    usage = Usage(
        span=span,
        energy_wh=energy_wh,
        energy_by_period_wh=by_period,
        demand_w_max=demand_w,
        demand_by_period_w_max=demand_by_period,
        demand_va_max=demand_va,
        trailing_average_wh=average_wh,
        facilities_level=level,
        options=options,
    )
    return Row(line=line, account=read.fields.get("account", ""), usage=usage)


def _span(read: _Fields) -> Span | None:
    start, end = read.day("start"), read.day("end")
    if start is None or end is None:
        return None
    try:
        return Span(start=start, end=end)
    except SpanIsEmpty as refusal:
        read.note(column="end", text=_say(refusal))
        return None


def _options(read: _Fields, *, schedule: Schedule) -> dict[str, str | int]:
    options: dict[str, str | int] = {}
    for name, column in read.given("option.").items():
        option = schedule.options[name]
        if isinstance(option, CountOption):
            count = read.whole(column)
            if count is not None:
                options[name] = count
        elif read.fields[column] not in option.values:
            text = gettext("“%(value)s” is none of %(values)s")
            read.note(column=column, text=text % {"value": read.fields[column], "values": ", ".join(option.values)})
        else:
            options[name] = read.fields[column]
    return options


def _as_json(answer: Answer) -> dict[str, object]:
    return {
        "utility": answer.schedule.utility,
        "schedule": answer.schedule.code,
        "bills": [{"line": row.line, "account": row.account} | bill.to_dict() for row, bill in answer.rated],
        "problems": [
            {"line": problem.line, "column": problem.column, "text": problem.text} for problem in answer.problems
        ],
    }


def _print(answer: Answer, *, name: str, steps: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for row, bill in answer.rated:
        console.print(_table(row, bill=bill))
        for line in bill.lines if steps else ():
            console.print(Text(f"\n{line.label}: {format_cents(line.amount_cents)}", style="bold"))
            for step in line.steps:
                console.print(Text(f"  {step}"))
        console.print()
    told = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in answer.problems:
        where = ":".join(part for part in (name, str(problem.line), problem.column) if part)
        told.print(Text.assemble((where, "bold"), ": ", problem.text))
    counts = {"rated": len(answer.rated), "not_rated": len({problem.line for problem in answer.problems})}
    console.print(gettext("Rows rated: %(rated)s, not rated: %(not_rated)s.") % counts)


def _table(row: Row, *, bill: RatedBill) -> Table:
    called = row.account or gettext("line %(line)s") % {"line": row.line}
    title = f"{called} · {bill.schedule} · {bill.span.start} – {bill.span.end}"
    table = Table(title=Text(title, style="bold"), title_justify="left", box=None, pad_edge=False)
    table.add_column(gettext("charge"))
    table.add_column(gettext("quantity"), justify="right")
    table.add_column(gettext("price"), justify="right")
    table.add_column(gettext("exact"), justify="right")
    table.add_column(gettext("amount"), justify="right")
    for line in bill.lines:
        quantity = f"{line.quantity:,f} {line.quantity_unit}"
        price = f"{line.price:f} {line.price_unit}"
        table.add_row(Text(line.label), quantity, price, line.unrounded, format_cents(line.amount_cents))
    table.add_row(Text(gettext("total"), style="bold"), "", "", "", Text(format_cents(bill.total_cents), style="bold"))
    return table

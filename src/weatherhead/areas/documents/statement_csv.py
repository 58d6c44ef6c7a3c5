"""Billing summaries as CSV: exact figures with a point, ISO days, headers that docs/statements.md lists.

A cell of text that a spreadsheet would take for a formula is given an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from weatherhead.areas.documents.showing_statement import statement_view
from weatherhead.core.statements import PreparedDocument
from weatherhead.core.values import format_cents

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "−", "＝", "＋", "－", "＠")
HEADERS: dict[str, tuple[str, ...]] = {
    "statement": (
        "line", "day", "kind", "description", "charge", "charge_amount", "amount", "balance", "takes_back_line",
    ),
    "payment_history": ("bill", "issued", "due", "amount", "paid", "days_late", "mark", "returned", "return_reason"),
    "yearly": ("month", "kwh", "charges", "taxes", "fees_other", "payments", "balance"),
    "usage": ("start", "last_day", "days", "kwh", "demand_kw", "estimated", "charges"),
    "accounts": ("account", "service_at", "balance_before", "bills", "payments", "fees_other", "balance_after"),
}  # fmt: skip
"""The columns of each kind. An empty cell: there is none, or the customer's consent does not cover it."""


def csv_of(document: PreparedDocument) -> bytes:
    """A summary as UTF-8 CSV with its header, lines ended as RFC 4180 asks."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADERS[document.kind])
    for row in _ROWS[document.kind](document):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8")


def _cell(value: str | int | None) -> str:
    """Text that begins like a formula is made plain; figures, which we wrote ourselves, keep their minus."""
    if value is None:
        return ""
    if isinstance(value, _Figure | int):
        return str(value)
    return f"'{value}" if value.startswith(_STARTS_FORMULA) else value


class _Figure(str):
    """A number as we write it."""

    __slots__ = ()


def _dollars(cents: int | None) -> _Figure | None:
    return None if cents is None else _Figure(format_cents(cents, ascii_only=True).replace(",", ""))


def _kilo(value: int | None) -> _Figure | None:
    """Watt-hours or watts in thousands, exactly."""
    if value is None:
        return None
    whole, rest = divmod(abs(value), 1000)
    return _Figure(("-" if value < 0 else "") + str(whole) + (f".{rest:03d}".rstrip("0") if rest else ""))


Rows = Iterable[Sequence[str | int | None]]


def _statement(document: PreparedDocument) -> Rows:
    """A row a line; the parts of a bill follow it, each a row of its own without amount and balance."""
    body = document.payload["body"]
    [table] = statement_view(document)["tables"]
    opening, closing = document.start_on.isoformat(), document.last_on.isoformat()
    yield [None, opening, "opening", None, None, None, None, _dollars(body["opening_cents"]), None]
    for line, shown in zip(body["lines"], table["rows"], strict=True):
        kind, said = line["what"][0], shown["cells"][2]
        back = line["undoes"] or None
        figures = (_dollars(line["cents"]), _dollars(line["balance_cents"]))
        yield [line["number"], line["on"], kind, said, None, None, *figures, back]
        for label, cents in line["groups"]:
            yield [line["number"], line["on"], "part", None, label, _dollars(cents), None, None, None]
    yield [None, closing, "closing", None, None, None, None, _dollars(body["closing_cents"]), None]


def _history(document: PreparedDocument) -> Rows:
    body = document.payload["body"]
    for item in body["bills"]:
        figures = (_dollars(item["cents"]), item["paid_on"], item["days_late"], item["mark"])
        yield [item["number"], item["issued_on"], item["due_on"], *figures, None, None]
    for paid_on, returned_on, why, cents in body["returned"]:
        yield [None, None, None, _dollars(cents), paid_on, None, "returned", returned_on, why]


def _yearly(document: PreparedDocument) -> Rows:
    for item in document.payload["body"]["months"]:
        names = ("charges_cents", "taxes_cents", "other_cents", "paid_cents", "balance_cents")
        yield [item["month"][:7], _kilo(item["energy_wh"]), *(_dollars(item[name]) for name in names)]


def _usage(document: PreparedDocument) -> Rows:
    for item in document.payload["body"]["periods"]:
        yield [item["start_on"], _day_before(item), item["days"], *_used(item), _dollars(item["cents"])]


def _day_before(item: Mapping[str, Any], /) -> str:
    return (date.fromisoformat(item["end_on"]) - timedelta(days=1)).isoformat()


def _used(item: Mapping[str, Any], /) -> tuple[_Figure | None, _Figure | None, str]:
    return _kilo(item["energy_wh"]), _kilo(item["demand_w"]), "yes" if item["estimated"] else "no"


def _accounts(document: PreparedDocument) -> Rows:
    names = ("opening_cents", "charged_cents", "paid_cents", "other_cents", "closing_cents")
    for item in document.payload["body"]["accounts"]:
        yield [item["number"], item["place"], *(_dollars(item[name]) for name in names)]


_ROWS = {
    "statement": _statement,
    "payment_history": _history,
    "yearly": _yearly,
    "usage": _usage,
    "accounts": _accounts,
}

"""What a billing summary shows, as texts: one composition for page, paper and screen, in the language of its frame.

Every kind is a head, sums, and tables, so that one template each sets them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from weatherhead.areas.customers.numbers import group_number
from weatherhead.areas.documents.showing import View, Words, kwh, money, window_view
from weatherhead.core.statements import PreparedDocument, Sums

START, END, WIDE = "start", "end", "wide"
"""How a column stands: at its start, at its end (figures), or taking the room that is left."""
_PERMILLE = 1000
_TENTHS = 100
HIDDEN = "not_covered"

Cell = str
Row = dict[str, Any]


def statement_view(document: PreparedDocument, *, lines: slice | None = None) -> View:
    """Everything that a summary shows, in reading order. Values are texts; bars are in thousandths of the longest.

    Args:
        document: what was composed or prepared.
        lines: which lines of an account statement, where a page shows a part of them.
    """
    frame, account = document.frame, document.payload["account"]
    say = Words(frame["words"], language=frame["language"])
    title = say[f"title_{document.kind}"]
    span = say["span"] % {"start": say.medium_day(document.start_on), "last": say.medium_day(document.last_on)}
    number = group_number(account["number"], groups=frame["account_groups"])
    consent = document.payload["consent"]
    shown = _KINDS[document.kind](document, say=say, lines=lines)
    return {
        "language": frame["language"],
        "words": frame["words"],
        "utility": frame["utility"],
        "paragraphs": frame["paragraphs"],
        "language_line": frame["language_line"],
        "title": title,
        "span": span,
        "document_title": say["document_title"] % {"title": title, "span": span, "utility": frame["utility"]["name"]},
        "mail": list(account["mail"]),
        "window": window_view(account["mail"] or [consent["party"]]) if account["mail"] or consent else None,
        "head": _head(document, say=say, number=number, span=span),
        "consent": _consent(consent, name=account["name"], say=say) if consent else "",
        "summary": shown["summary"],
        "due": shown["due"],
        "mark": shown.get("mark"),
        "chart": shown.get("chart"),
        "tables": shown["tables"],
        "notes": shown["notes"],
        "running_head": say["page_header"] % {"title": f"{title}, {span}", "account": number},
    }


def _head(document: PreparedDocument, *, say: Words, number: str, span: str) -> list[list[str]]:
    account, consent = document.payload["account"], document.payload["consent"]
    rows = [[say["customer"], account["name"]], [say["account"], number]]
    if consent:
        rows.insert(0, [say["prepared_for"], consent["party"]])
    if account["places"]:
        rows.append([say["service_at"], "; ".join(account["places"])])
    rows.append([say["period"], span])
    prepared = say.day(document.prepared_on)
    rows.append([say["prepared"], prepared])
    if document.number:
        rows.append([say["statement_number"], document.number])
    return rows


def _consent(consent: Mapping[str, Any], *, name: str, say: Words) -> str:
    return say["consent_text"] % {
        "name": name,
        "how": say[f"how_{consent['how']}"],
        "party": consent["party"],
        "covers": ", ".join(say[f"covers_{name}"] for name in consent["covers"]),
        "starts": say.day(date.fromisoformat(consent["starts_on"])),
        "last": say.day(date.fromisoformat(consent["last_on"])),
    }


def _statement(document: PreparedDocument, *, say: Words, lines: slice | None) -> View:
    body = document.payload["body"]
    shown = body["lines"][lines] if lines is not None else body["lines"]
    rows = [_line(line, say=say) for line in shown]
    if shown and shown[0]["number"] > 1:
        before_cents = shown[0]["balance_cents"] - shown[0]["cents"]
        rows.insert(0, _row(["", "", say["carried"], "", money(before_cents)]))
    columns = [
        [say["number"], END],
        [say["day"], START],
        [say["what"], WIDE],
        [say["amount"], END],
        [say["balance"], END],
    ]
    sums = Sums(charged_cents=body["charged_cents"], paid_cents=body["paid_cents"], other_cents=body["other_cents"])
    return {
        "summary": _moved(body, sums=sums, document=document, say=say),
        "due": _owed(body["closing_cents"], on=document.last_on, say=say),
        "tables": [
            {
                "title": say["lines_title"],
                "empty": say["lines_none"],
                "columns": columns,
                "rows": rows,
                "foot": [],
            }
        ],
        "notes": [say["foots"]],
    }


def _moved(body: Mapping[str, Any], *, sums: Sums, document: PreparedDocument, say: Words) -> list[list[str]]:
    return [
        [say["opening"] % {"on": say.day(document.start_on)}, money(body["opening_cents"])],
        [say["charged"], money(sums.charged_cents)],
        [say["paid"], money(sums.paid_cents)],
        [say["other"], money(sums.other_cents)],
        *_held(body, say=say),
    ]


def _held(body: Mapping[str, Any], *, say: Words) -> list[list[str]]:
    """What we hold beside the balance; a ledger account that the frame does not know is told by its code."""
    return [[say.words.get(f"held_{name}") or _words(name), money(cents)] for name, cents in body["held"]]


def _owed(cents: int, *, on: date, say: Words) -> View:
    note = say["end_of"] % {"on": say.day(on)}
    if cents < 0:
        return {"label": say["in_credit"], "amount": money(-cents), "note": note}
    return {"label": say["owed" if cents else "owed_nothing"], "amount": money(cents), "note": note}


def _line(line: Mapping[str, Any], *, say: Words) -> Row:
    parts = [f"{label} {money(cents)}" for label, cents in line["groups"]]
    notes = [" · ".join(parts)] if parts else []
    code = line["what"][0]
    if line["undoes"]:
        notes.append(say["undoes"] % {"number": line["undoes"]})
    elif code in _TAKEN_BACK:
        notes.append(say["undoes_before"])
    if line["undone_by"]:
        notes.append(say["undone_by"] % {"number": line["undone_by"]})
    day = say.medium_day(date.fromisoformat(line["on"]))
    cells = [
        str(line["number"]),
        day,
        _what(*line["what"], say=say),
        money(line["cents"]),
        money(line["balance_cents"]),
    ]
    return _row(cells, notes=notes, number=line["number"], see=line["undoes"] or line["undone_by"])


_TAKEN_BACK = frozenset({"bill_back", "payment_back", "payment_returned", "undone"})


def _what(code: str, params: Mapping[str, str], *, say: Words) -> str:
    """What happened, in words: days as days, charges and reasons by their names."""
    shown = {
        name: say.medium_day(date.fromisoformat(value)) if name.endswith("_on") else value
        for name, value in params.items()
    }
    if code == "bill":
        return say[f"bill_{params['sort']}"] % shown
    if code == "payment":
        name = f"payment_{params['tender']}"
        if name in say.words and (params["check"] or params["tender"] != "check"):
            return say[name] % shown
        return say["payment_by"] % {"tender": params["tender"].replace("_", " ")}
    if code in ("payment_back", "payment_returned"):
        name = "payment_back" if code == "payment_back" else "payment_came_back"
        why = say.words.get(f"why_{params['reason']}", "")
        return say[f"{name}_why" if why else name] % (shown | {"why": why})
    if "charge" in params:
        shown["charge"] = say.words.get(f"charge_{params['charge']}") or _words(params["charge"])
    return say[code] % shown


def _words(code: str, /) -> str:
    """A name that nobody gave a word, told by its code."""
    return code.replace("_", " ").capitalize()


def _row(cells: Sequence[str], *, notes: Sequence[str] = (), number: int = 0, see: int = 0) -> Row:
    return {"cells": list(cells), "notes": list(notes), "number": number, "see": see}


def _history(document: PreparedDocument, *, say: Words, lines: slice | None) -> View:
    del lines
    body, hidden = document.payload["body"], say[HIDDEN]
    counts: Mapping[str, int] = body["counts"]
    summary = [[say[f"count_{name}"], str(counts[name])] for name in _COUNTED]
    summary.append([say["count_returned"], str(len(body["returned"]))])
    past_due = body["past_due_cents"]
    summary.append([say["past_due"], hidden if past_due is None else money(past_due)])
    columns = [
        [say["bill"], START],
        [say["issued"], START],
        [say["due"], START],
        [say["amount"], END],
        [say["paid_on"], START],
        [say["days_late"], END],
        [say["mark"], WIDE],
    ]
    rows = [_row(_asked(item, say=say)) for item in body["bills"]]
    tables = [
        {"title": say["history_title"], "empty": say["history_none"], "columns": columns, "rows": rows, "foot": []}
    ]
    if body["returned"]:
        tables.append(_returned(body["returned"], say=say))
    balance = body["balance_cents"]
    return {
        "summary": summary,
        "due": _owed(balance, on=document.last_on, say=say)
        if balance is not None
        else {"label": say["balance"], "amount": hidden, "note": ""},
        "tables": tables,
        "mark": _reference(body["reference"], say=say),
        "notes": [say["how_marked"]],
    }


_COUNTED = ("on_time", "late_1_30", "late_31_60", "late_over_60", "open")
"""In the order in which they are said: a kept payload's keys are sorted."""


def _asked(item: Mapping[str, Any], *, say: Words) -> list[str]:
    def day(name: str) -> str:
        return say.medium_day(date.fromisoformat(item[name])) if item[name] else ""

    return [
        item["number"],
        day("issued_on"),
        day("due_on"),
        say[HIDDEN] if item["cents"] is None else money(item["cents"]),
        day("paid_on") or "—",
        str(item["days_late"]),
        say[f"mark_{item['mark']}"],
    ]


def _returned(returned: Iterable[Sequence[Any]], *, say: Words) -> View:
    columns = [[say["paid_on"], START], [say["returned_on"], START], [say["amount"], END], [say["why"], WIDE]]
    rows = [
        _row(
            [
                say.medium_day(date.fromisoformat(paid_on)),
                say.medium_day(date.fromisoformat(returned_on)),
                say[HIDDEN] if cents is None else money(cents),
                say.words.get(f"why_{why}") or _words(why),
            ]
        )
        for paid_on, returned_on, why, cents in returned
    ]
    return {"title": say["returned_title"], "empty": "", "columns": columns, "rows": rows, "foot": []}


def _reference(said: Sequence[Any] | None, *, say: Words) -> list[str] | None:
    """The reference by the utility's rule: a title in words, and why; None where it has no such rule."""
    if said is None:
        return None
    judged, months, late, returned, bills = said
    figures = {"months": months, "late": late, "returned": returned, "bills": bills}
    rule = say["reference_rule" if returned else "reference_rule_none"]
    return [say[f"reference_{judged}"], rule % figures]


def _yearly(document: PreparedDocument, *, say: Words, lines: slice | None) -> View:
    del lines
    body = document.payload["body"]
    months = body["months"]
    names = ("charges_cents", "taxes_cents", "other_cents", "paid_cents")
    sums = {name: sum(month[name] for month in months) for name in names}
    energies = [month["energy_wh"] for month in months]
    columns = [[say["month"], WIDE], ["kWh", END], [say["charges"], END], [say["taxes"], END]]
    columns += [[say["fees_other"], END], [say["paid"], END], [say["balance"], END]]
    rows = [
        _row(
            [
                say.month_of_year(date.fromisoformat(month["month"])),
                _energy(month["energy_wh"], say=say),
                *(money(month[name]) for name in names),
                money(month["balance_cents"]),
            ]
        )
        for month in months
    ]
    total = None if None in energies else sum(energies)
    foot = [say["sum"], _energy(total, say=say), *(money(sums[name]) for name in names), money(body["closing_cents"])]
    table = {"title": say["months_title"], "empty": "", "columns": columns, "rows": rows, "foot": foot}
    return {
        "summary": [
            [say["opening"] % {"on": say.day(document.start_on)}, money(body["opening_cents"])],
            [say["charges"], money(sums["charges_cents"])],
            [say["taxes"], money(sums["taxes_cents"])],
            [say["other"], money(sums["other_cents"])],
            [say["paid"], money(sums["paid_cents"])],
        ],
        "due": _owed(body["closing_cents"], on=document.last_on, say=say),
        "tables": [table],
        "notes": [say["months_note"], say["foots"]],
    }


def _energy(energy_wh: int | None, *, say: Words) -> str:
    return say[HIDDEN] if energy_wh is None else kwh(energy_wh)


def _usage(document: PreparedDocument, *, say: Words, lines: slice | None) -> View:
    del lines
    body = document.payload["body"]
    periods, demand = body["periods"], body["has_demand"]
    columns = [[say["period"], WIDE], [say["days"], END], ["kWh", END], [say["energy_a_day"], END]]
    columns += [[say["demand_kw"], END]] if demand else []
    columns += [[say["charges"], END]]
    total_wh, days = sum(item["energy_wh"] for item in periods), sum(item["days"] for item in periods)
    cents = [item["cents"] for item in periods]
    told = None not in cents
    foot = [say["all_periods"], str(days), kwh(total_wh), _a_day(total_wh, days=days)]
    foot += [""] if demand else []
    foot += [money(sum(cents)) if told else say[HIDDEN]]
    rows = [_row(_period(item, demand=demand, say=say)) for item in periods]
    table = {
        "title": say["usage_title"],
        "empty": say["usage_none"],
        "columns": columns,
        "rows": rows,
        "foot": foot if periods else [],
    }
    return {
        "summary": [],
        "due": {"label": say["used_in_all"], "amount": f"{kwh(total_wh)} kWh", "note": ""},
        "chart": _chart(periods, say=say),
        "tables": [table],
        "notes": [],
    }


def _period(item: Mapping[str, Any], *, demand: bool, say: Words) -> list[str]:
    start, end = date.fromisoformat(item["start_on"]), date.fromisoformat(item["end_on"])
    named = say["span"] % {"start": say.medium_day(start), "last": say.medium_day(end - timedelta(days=1))}
    cells = [
        f"{named}, {say['estimated']}" if item["estimated"] else named,
        str(item["days"]),
        kwh(item["energy_wh"]),
        _a_day(item["energy_wh"], days=item["days"]),
    ]
    if demand:
        cells.append("—" if item["demand_w"] is None else kwh(item["demand_w"]))
    cells.append(say[HIDDEN] if item["cents"] is None else money(item["cents"]))
    return cells


def _a_day(energy_wh: int, *, days: int) -> str:
    """kWh a day to the tenth, half away from zero."""
    if not days:
        return ""
    tenths = (2 * abs(energy_wh) + _TENTHS * days) // (2 * _TENTHS * days)
    return f"{'−' if energy_wh < 0 and tenths else ''}{tenths // 10:,}.{tenths % 10}"


def _chart(periods: Sequence[Mapping[str, Any]], *, say: Words) -> View | None:
    """A bar a period, oldest first. None where no energy was used."""
    most = max((item["energy_wh"] for item in periods), default=0)
    if most <= 0:
        return None
    bars, told = [], []
    for place, item in enumerate(periods):
        last = date.fromisoformat(item["end_on"]) - timedelta(days=1)
        year = place == 0 or last.month == 1
        height = max(item["energy_wh"], 0) * _PERMILLE // most
        bars.append(
            [say.month(last, year=year), kwh(item["energy_wh"]), height, str(item["days"]), bool(item["estimated"])]
        )
        row = say["usage_row_estimated" if item["estimated"] else "usage_row"]
        told.append(row % {"month": say.month(last, year=True), "energy": kwh(item["energy_wh"])})
    return {"alt": say["usage_alt"] % {"rows": "; ".join(told)}, "bars": bars, "most": kwh(most)}


def _accounts(document: PreparedDocument, *, say: Words, lines: slice | None) -> View:
    body, groups = document.payload["body"], document.frame["account_groups"]
    names = ("opening_cents", "charged_cents", "paid_cents", "other_cents", "closing_cents")
    sums = {name: sum(item[name] for item in body["accounts"]) for name in names}
    columns = [[say["account"], START], [say["service_at"], WIDE], [say["opening_short"], END], [say["charged"], END]]
    columns += [[say["paid"], END], [say["fees_other"], END], [say["closing_short"], END]]
    shown = body["accounts"][lines] if lines is not None else body["accounts"]
    rows = [
        _row(
            [group_number(item["number"], groups=groups), item["place"], *(money(item[name]) for name in names)],
        )
        for item in shown
    ]
    foot = [say["sum_accounts"], "", *(money(sums[name]) for name in names)]
    totals = Sums(charged_cents=sums["charged_cents"], paid_cents=sums["paid_cents"], other_cents=sums["other_cents"])
    return {
        "summary": _moved(body | {"opening_cents": sums["opening_cents"]}, sums=totals, document=document, say=say),
        "due": _owed(sums["closing_cents"], on=document.last_on, say=say),
        "tables": [{"title": say["all_accounts_title"], "empty": "", "columns": columns, "rows": rows, "foot": foot}],
        "notes": [say["foots"]],
    }


_KINDS = {
    "statement": _statement,
    "payment_history": _history,
    "yearly": _yearly,
    "usage": _usage,
    "accounts": _accounts,
}

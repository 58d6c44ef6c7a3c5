"""``weatherhead books``: the chart of accounts, balances, ageing, revenue, closing days, the journal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

from django.utils.translation import gettext

from weatherhead.areas.ledger.books import export, export_content, exports
from weatherhead.areas.ledger.journal_file import manifest, plain_dollars
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.jobs import grant_of
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, present_moment
from weatherhead.overviews.books.aged import aged_accounts, aged_overview
from weatherhead.overviews.books.balancing import day_balanced
from weatherhead.overviews.books.chart import chart_of_accounts
from weatherhead.overviews.books.revenue import revenue_overview
from weatherhead.overviews.books.standing import books_standing
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
from weatherhead.overviews.statement.spans import SpanBackwards


class FileDiffers(Refusal):
    """Another file of that name is there."""

    template = gettext_noop("%(path)s is there already and says something else. Move it away, then export again.")


class CannotWriteJournal(Refusal):
    """The files cannot be written where it was asked for."""

    template = gettext_noop("%(path)s cannot be written: %(why)s. Choose another directory with --to.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``books`` to the command line."""
    books = subparsers.add_parser(
        "books",
        help=gettext("balances, ageing, revenue, closing, the journal"),
        description=gettext(
            "The utility's books: what they say, closing days, and the journal that the general ledger is given."
        ),
    )
    verbs = books.add_subparsers(title="verbs", dest="verb", required=True, metavar="VERB")
    reads = {
        "status": gettext("what is closed, what waits, what was handed over"),
        "chart": gettext("the chart of accounts: GL and FERC accounts, and what each is for"),
        "trial": gettext("the trial balance of a day or a span of days"),
        "aged": gettext("what customers owe, by how long it is due"),
        "accounts": gettext("the accounts behind a figure of aged receivables"),
        "revenue": gettext("revenue by class and charge over a span of days"),
        "day": gettext("a day balanced: what posted on it, and what it comes to"),
        "exports": gettext("the journals that the general ledger was given"),
    }
    made = {name: verbs.add_parser(name, help=said) for name, said in reads.items()}
    for name in ("trial", "revenue"):
        made[name].add_argument("--from", dest="first_on", type=calendar_day, metavar="DATE", help=gettext("first day"))
        made[name].add_argument(
            "--through", dest="last_on", type=calendar_day, metavar="DATE", help=gettext("last day")
        )
    made["trial"].add_argument("--gl", action="store_true", help=gettext("by GL account"))
    for name in ("aged", "accounts", "day"):
        made[name].add_argument("--on", type=calendar_day, metavar="DATE", help=gettext("the day; today when left out"))
    made["accounts"].add_argument(
        "--class", dest="revenue_class", default="", metavar="CLASS", help=gettext("a revenue class")
    )
    made["accounts"].add_argument("--cycle", type=int, metavar="N", help=gettext("a bill cycle"))
    made["accounts"].add_argument("--bucket", type=int, choices=range(5), help=gettext("0 not due, 4 over 90 days"))
    for parser in made.values():
        parser.add_argument("--json", action="store_true", help=gettext("print as JSON"))
    for name in ("chart", "trial", "aged", "accounts", "revenue"):
        made[name].add_argument("--csv", action="store_true", help=gettext("print as CSV"))
    _add_deeds(verbs)
    books.set_defaults(run=run)


def _add_deeds(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What writes: each names who does it."""
    close = verbs.add_parser("close", help=gettext("ask that the books are closed through a day"))
    close.add_argument(
        "--through", dest="last_on", type=calendar_day, metavar="DATE", required=True, help=gettext("last day")
    )
    close.add_argument("--note", default="", help=gettext("a word to whoever decides"))
    reopen = verbs.add_parser("reopen", help=gettext("ask that closed days are opened again"))
    reopen.add_argument(
        "--from", dest="first_on", type=calendar_day, metavar="DATE", required=True, help=gettext("first day")
    )
    reopen.add_argument("--reason", required=True, help=gettext("why"))
    unbilled = verbs.add_parser("unbilled", help=gettext("ask that unbilled revenue is posted for a month's end"))
    unbilled.add_argument(
        "--month-end", dest="on", type=calendar_day, metavar="DATE", required=True, help=gettext("its last day")
    )
    handed = verbs.add_parser("export", help=gettext("make the next journal, and write its file and manifest"))
    handed.add_argument(
        "--through",
        dest="last_on",
        type=calendar_day,
        metavar="DATE",
        help=gettext("last day; every closed day when left out"),
    )
    handed.add_argument(
        "--by", choices=("day", "source"), default="day", help=gettext("lines by day, or by what posted them too")
    )
    for verb in (close, reopen, unbilled, handed):
        verb.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who does it"))
        verb.add_argument("--key", help=gettext("the same key again gives the first receipt"))
        verb.add_argument("--json", action="store_true", help=gettext("print the receipt as JSON"))
    again = verbs.add_parser("reprint", help=gettext("write the file and manifest of a journal again, unchanged"))
    again.add_argument("number", type=int, metavar="NUMBER", help=gettext("the journal's number"))
    again.add_argument("--json", action="store_true", help=gettext("print the manifest"))
    for verb in (handed, again):
        verb.add_argument("--to", type=Path, metavar="DIRECTORY", required=True, help=gettext("where the files go"))


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``books`` command; returns the exit code."""
    match args.verb:
        case "close":
            return _do("close_period", inputs={"last_on": args.last_on, "note": args.note}, args=args)
        case "reopen":
            return _do("reopen_period", inputs={"from_on": args.first_on, "reason": args.reason}, args=args)
        case "unbilled":
            return _do("post_unbilled", inputs={"month_end_on": args.on}, args=args)
        case "export":
            return _do("export_journal", inputs={"last_on": args.last_on, "grouped_by": args.by}, args=args)
        case "reprint":
            return _write(args.number, to=args.to, as_json=args.json)
        case "status":
            return _status(as_json=args.json)
        case "exports":
            return _exports(as_json=args.json)
        case "day":
            return _day(args)
        case _:
            return _table(args)


def _table(args: argparse.Namespace) -> int:
    """What is a table: as people, programs or spreadsheets read it."""
    said, table = _composed(args)
    if args.json:
        _print_json(said)
    elif args.csv:
        sys.stdout.write(csv_text(table))
    else:
        _print_table(table)
    return 0


def _composed(args: argparse.Namespace) -> tuple[object, Table]:
    today = present_moment().as_of
    match args.verb:
        case "chart":
            rows = chart_of_accounts()
            return [asdict(row) | {"purpose": str(row.purpose)} for row in rows], chart_table(rows)
        case "trial":
            last_on = args.last_on or today
            balance = trial_balance(first_on=_first(args, otherwise=last_on, last_on=last_on), last_on=last_on)
            said = asdict(balance) | {"is_balanced": balance.is_balanced, "is_closed": balance.is_closed}
            return said, trial_table(balance, by_gl=args.gl)
        case "aged":
            aged = aged_overview(as_of=args.on or today)
            return asdict(aged) | {"foots": aged.foots}, aged_table(aged)
        case "accounts":
            found = aged_accounts(
                as_of=args.on or today,
                revenue_class=args.revenue_class,
                cycle=args.cycle,
                bucket=args.bucket,
                a_page=None,
            )
            return asdict(found), aged_accounts_table(found)
        case _:
            last_on = args.last_on or today
            first_on = _first(args, otherwise=last_on.replace(day=1), last_on=last_on)
            revenue = revenue_overview(first_on=first_on, last_on=last_on)
            return asdict(revenue), revenue_table(revenue)


def _first(args: argparse.Namespace, *, otherwise: date, last_on: date) -> date:
    """The first day that was asked for.

    Raises:
        SpanBackwards: it lies after the last.
    """
    first_on: date = args.first_on or otherwise
    if first_on > last_on:
        raise SpanBackwards(first=first_on, last=last_on)
    return first_on


def _day(args: argparse.Namespace) -> int:
    found = day_balanced(args.on or present_moment().as_of - timedelta(days=1))
    if args.json:
        _print_json(asdict(found) | {"agrees": found.agrees, "is_tied": found.is_tied})
        return 0
    state = gettext("closed") if found.is_closed else gettext("open")
    print(gettext("%(on)s: %(state)s") % {"on": found.on, "state": state})
    rows: list[Sequence[str]] = [
        (kind.kind, f"{kind.entries:,}", plain_dollars(kind.debits_cents), plain_dollars(kind.credits_cents))
        for kind in found.kinds
    ]
    rows.append(
        (
            "total",
            f"{sum(kind.entries for kind in found.kinds):,}",
            plain_dollars(found.debits_cents),
            plain_dollars(found.credits_cents),
        )
    )
    _print_table((("kind", "entries", "debits", "credits"), rows))
    _print_table(trial_table(found.trial, by_gl=False))
    print(gettext("Entries, ledger accounts and GL accounts agree.") if found.agrees else gettext("THEY DO NOT AGREE."))
    for tie in found.ties:
        what = gettext("Deposit slips") if tie.code == "slips" else gettext("Drawers over or short")
        said = gettext("%(what)s: $%(counted)s; the ledger has $%(ledger)s.")
        counted, ledger = plain_dollars(tie.counted_cents), plain_dollars(tie.ledger_cents)
        print(said % {"what": what, "counted": counted, "ledger": ledger})
    return 0 if found.agrees and found.is_tied else 1


def _status(*, as_json: bool) -> int:
    # What is shown is the same for everyone; who may do what is decided when it is done.
    found = books_standing(moment=present_moment(), grant=grant_of(()))
    if as_json:
        said = asdict(found)
        said["obstacles"] = [
            {"code": item.code, "said": str(item.said), "blocks": item.blocks} for item in found.obstacles
        ]
        said["may"] = sorted(found.may)
        _print_json(said)
        return 0
    print(gettext("Closed through: %(on)s") % {"on": found.closed_on or gettext("nothing is closed")})
    print(gettext("Given to the general ledger through: %(on)s") % {"on": found.exported_on or gettext("nothing yet")})
    for item in found.obstacles:
        mark = gettext("FIRST") if item.blocks else gettext("note")
        print(f"{mark:<6} {item.said}")
    return 0


def _exports(*, as_json: bool) -> int:
    found = exports()
    utility = current_utility().code
    if as_json:
        _print_json([manifest(item, utility=utility) for item in found])
        return 0
    for item in found:
        print(
            f"{item.number:>6}  {item.first_on} – {item.last_on}  {item.lines:>7,}  {item.entries:>9,}"
            f"  {plain_dollars(item.debits_cents):>16}  {item.made_by}"
        )
    if not found:
        print(gettext("No journal yet. Make one: weatherhead books export --to DIRECTORY --as USERNAME"))
    return 0


def _do(name: str, *, inputs: Mapping[str, object], args: argparse.Namespace) -> int:
    if args.verb == "export":
        _make(args.to)
    receipt = perform(
        name, actor=actor_for(args.username), key=args.key or str(uuid4()), moment=present_moment(), inputs=inputs
    )
    if args.json:
        _print_json({"receipt": receipt.receipt_id, "outcome": receipt.outcome, "body": receipt.body})
    else:
        print(_told(receipt))
    if args.verb == "export":
        [number] = receipt.body["made"]["journal_export"]
        return _write(int(number), to=args.to, as_json=False)
    return 0


def _told(receipt: ReceiptFacts) -> str:
    summary = receipt.body["summary"]
    said = str(summary["template"] % summary["params"])
    if receipt.outcome == "approval_requested":
        told = gettext("%(said)s: request %(request)s waits for a colleague to decide it.")
        return told % {"said": said, "request": receipt.body["request"]}
    return f"{said}."


def _write(number: int, *, to: Path, as_json: bool) -> int:
    """Write a journal and its manifest.

    Raises:
        NoSuchExport: for an unknown number.
        FileDiffers: a file of that name says something else.
        CannotWriteJournal: as it says.
    """
    facts, content = export(number), export_content(number)
    said = json.dumps(manifest(facts, utility=current_utility().code), indent=2, ensure_ascii=False) + "\n"
    _make(to)
    for path, text in ((to / facts.file_name, content), ((to / facts.file_name).with_suffix(".json"), said)):
        _keep(path, text)
        if not as_json:
            print(path)
    if as_json:
        sys.stdout.write(said)
    return 0


def _make(directory: Path) -> None:
    """See that files can go there, before anything is made."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWriteJournal(path=str(directory), why=error.strerror) from error


def _keep(path: Path, text: str) -> None:
    data = text.encode()
    try:
        if path.exists():
            if path.read_bytes() != data:
                raise FileDiffers(path=str(path))
            return
        draft = path.with_name(f".{path.name}.part")
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        raise CannotWriteJournal(path=str(path), why=error.strerror) from error


def _print_json(said: object) -> None:
    json.dump(said, sys.stdout, indent=2, ensure_ascii=False, default=str)
    print()


def _print_table(table: Table) -> None:
    """Columns as wide as they must be; what is a figure stands to the right."""
    header, rows = table
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    figures = [bool(rows) and all(_is_figure(cell) for cell in column[1:]) for column in columns]
    for row in (header, *rows):
        cells = (
            cell.rjust(width) if figure else cell.ljust(width)
            for cell, width, figure in zip(row, widths, figures, strict=True)
        )
        print("  ".join(cells).rstrip())


def _is_figure(text: str) -> bool:
    return text.lstrip("-").replace(".", "").replace(",", "").isdigit() or not text

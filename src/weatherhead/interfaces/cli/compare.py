"""``weatherhead compare``: a parallel run, our bills beside the old system's, differences grouped by cause."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from django.utils.translation import gettext
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from weatherhead.areas.migration.problems import Problem
from weatherhead.areas.records.utility import read_text
from weatherhead.core.values import Refusal, Sentence, format_cents, gettext_noop
from weatherhead.overviews.old_bills import read_old_bills
from weatherhead.overviews.parallel_run import CAUSES, Comparison, Difference, compare_bills

EQUAL, DIFFERENT = 0, 1
_COLUMNS = ("cause", "account", "agreement", "start_on", "end_on", "line", "ours", "theirs", "difference", "why")


class NamesNotUnderstood(Refusal):
    """A file of names that is none."""

    template = gettext_noop("%(file)s is no list of names. Write one a line: THEIR NAME: our_code")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``compare`` to the command line."""
    comparing = subparsers.add_parser(
        "compare",
        help=gettext("compare our bills with the old system's"),
        description=gettext(
            "Price every period of OLD_BILLS.csv as we would bill it, issue nothing, and compare line by line "
            "(docs/migration.md). Exits with 0 when all lines are equal, 1 when some differ, 2 when the file cannot be "
            "used."
        ),
    )
    comparing.add_argument(
        "bills", metavar="OLD_BILLS.csv", help=gettext("the old system's bills, a row for each line")
    )
    comparing.add_argument("--lines", metavar="NAMES.yaml", help=gettext("their names of lines, and our codes"))
    comparing.add_argument("--csv", metavar="OUT", help=gettext("write every difference to this file"))
    comparing.add_argument("--examples", type=int, default=3, metavar="N", help=gettext("examples of each cause"))
    comparing.add_argument("--json", action="store_true", help=gettext("print the comparison as JSON"))
    comparing.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``compare`` command; returns the exit code.

    Raises:
        Refusal: a file cannot be used.
    """
    names = _names(Path(args.lines)) if args.lines else {}
    bills = read_old_bills(Path(args.bills), names=names)
    shown = not args.json and sys.stderr.isatty()
    with_progress = iter(
        track(range(len(bills.segments)), gettext("Comparing"), console=Console(stderr=True), transient=True)
        if shown
        else range(len(bills.segments))
    )

    def told(count: int) -> None:
        for _ in range(count):
            next(with_progress, None)

    found = compare_bills(bills.segments, told=told)
    if args.csv:
        _write_csv(found, path=Path(args.csv))
    if args.json:
        _print_json(found, problems=bills.problems, examples=args.examples)
    else:
        _print(found, problems=bills.problems, examples=args.examples)
    return DIFFERENT if found.differences or bills.problems else EQUAL


def _names(path: Path) -> Mapping[str, str]:
    try:
        found = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise NamesNotUnderstood(file=path) from error
    if not isinstance(found, dict) or not all(isinstance(part, str) for pair in found.items() for part in pair):
        raise NamesNotUnderstood(file=path)
    return found


def _groups(found: Comparison) -> dict[str, list[Difference]]:
    """Differences by cause, in the order of the causes; the largest of each first."""
    groups: dict[str, list[Difference]] = {cause: [] for cause in CAUSES}
    for difference in found.differences:
        groups[difference.cause].append(difference)
    return {
        cause: sorted(items, key=lambda item: (-abs(item.difference_cents), item.account, item.start_on, item.line))
        for cause, items in groups.items()
        if items
    }


def _print(found: Comparison, *, problems: Sequence[Problem], examples: int) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for problem in problems:
        where = f"{problem.file}:{problem.line}:{problem.column}".rstrip(":")
        console.print(Text.assemble((where, "bold"), " ", (gettext(problem.outcome), "red"), ": ", _say(problem.what)))
    table = Table(box=None, pad_edge=False)
    for place, name in enumerate(("cause", "lines", "ours", "theirs", "difference")):
        table.add_column(gettext(name), justify="right" if place else "left")
    for cause, items in _groups(found).items():
        ours = sum(item.ours_cents or 0 for item in items)
        theirs = sum(item.theirs_cents or 0 for item in items)
        table.add_row(gettext(CAUSES[cause]), f"{len(items):,}", *map(format_cents, (ours, theirs, ours - theirs)))
        for item in items[:examples]:
            table.add_row(Text(f"  {_where(item)} {_say(item.why)}", style="dim"), "", *_cells(item), style="dim")
    console.print(table)
    console.print(
        gettext(
            "%(periods)s periods, %(equal)s of them equal; %(lines)s lines, %(lines_equal)s of them equal. "
            "Ours %(ours)s, theirs %(theirs)s."
        )
        % {
            "periods": f"{found.periods:,}",
            "equal": f"{found.periods_equal:,}",
            "lines": f"{found.lines:,}",
            "lines_equal": f"{found.lines_equal:,}",
            "ours": format_cents(found.ours_cents),
            "theirs": format_cents(found.theirs_cents),
        }
    )


def _where(item: Difference) -> str:
    return " ".join(part for part in (item.account, f"{item.start_on} – {item.end_on}", item.line) if part)


def _cells(item: Difference) -> tuple[str, str, str]:
    ours, theirs = ("–" if cents is None else format_cents(cents) for cents in (item.ours_cents, item.theirs_cents))
    return ours, theirs, format_cents(item.difference_cents)


def _say(sentence: Sentence) -> str:
    translated = gettext(sentence.template)
    return translated % sentence.params if sentence.params else translated


def _row(item: Difference) -> dict[str, str]:
    cents = (item.ours_cents, item.theirs_cents, item.difference_cents)
    ours, theirs, difference = ("" if value is None else format_cents(value, ascii_only=True) for value in cents)
    values = (
        item.cause, item.account, str(item.agreement_id or ""), item.start_on.isoformat(), item.end_on.isoformat(),
        item.line, ours.replace(",", ""), theirs.replace(",", ""), difference.replace(",", ""), _say(item.why),
    )  # fmt: skip
    return dict(zip(_COLUMNS, values, strict=True))


def _write_csv(found: Comparison, *, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        for items in _groups(found).values():
            writer.writerows(_row(item) for item in items)


def _print_json(found: Comparison, *, problems: Sequence[Problem], examples: int) -> None:
    report = {
        "periods": found.periods,
        "periods_equal": found.periods_equal,
        "lines": found.lines,
        "lines_equal": found.lines_equal,
        "ours_cents": found.ours_cents,
        "theirs_cents": found.theirs_cents,
        "causes": {
            cause: {
                "lines": len(items),
                "difference_cents": sum(item.difference_cents for item in items),
                "examples": [_row(item) for item in items[:examples]],
            }
            for cause, items in _groups(found).items()
        },
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "what": _say(problem.what),
            }
            for problem in problems
        ],
    }
    json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
    print()

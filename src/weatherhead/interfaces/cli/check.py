"""``weatherhead check``: say everything that keeps this installation from running, before it does not run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from weatherhead.areas.records.environment import Fault, environment_faults
from weatherhead.core.values import gettext_noop
from weatherhead.door.context import Moment
from weatherhead.interfaces.cli.setting import set_up

FAULTY = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``check`` to the command line. Django may not be able to start, so its sentences are marked only."""
    check = subparsers.add_parser(
        "check",
        help=gettext_noop("say everything that keeps this installation from running"),
        description=gettext_noop(
            "Looks at the environment, utility.yaml and the rules, the database and its role, migrations, keys, clock, "
            "disk and style sheets, and says every fault at once with what to do. Exits with 2 when server and worker "
            "would refuse to start, else with 0. Changes nothing."
        ),
    )
    check.add_argument("--json", action="store_true", help=gettext_noop("print the faults as JSON"))
    check.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``check`` command; returns the exit code."""
    found = list(environment_faults(os.environ))
    looked_further = not any(fault.grave for fault in found)
    if looked_further:
        found += _further_faults()
    grave = any(fault.grave for fault in found)
    if args.json:
        body = {"ok": not grave, "complete": looked_further, "faults": [asdict(fault) for fault in found]}
        json.dump(body, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        _print(found, looked_further=looked_further)
    return FAULTY if grave else 0


def _further_faults() -> tuple[Fault, ...]:
    set_up()
    from weatherhead.areas.records.utility import current_utility  # noqa: PLC0415 - models need set_up() first
    from weatherhead.overviews.installation import serving_faults  # noqa: PLC0415

    moment = Moment.read(datetime.now(UTC), zone=current_utility().zone, today=None)
    return serving_faults(moment=moment, with_static_files=True)


def _print(found: list[Fault], *, looked_further: bool) -> None:
    if not found:
        print("Everything is right: server and worker will start.")
        return
    table = Table("", "setting", "what is wrong", "what to do", "for example", show_lines=True)
    for column in table.columns:
        column.overflow = "fold"
    for fault in found:
        mark = "stops" if fault.grave else "note"
        table.add_row(mark, fault.setting, fault.problem, fault.remedy, fault.example)
    # Wide enough for a whole path where nobody looks at it: a file, a pipe.
    Console(width=None if sys.stdout.isatty() else 160, markup=False, highlight=False).print(table)
    grave = sum(fault.grave for fault in found)
    if grave:
        print(f"{grave} of these keep{'s' if grave == 1 else ''} Weatherhead from starting.")
    else:
        print("Server and worker will start.")
    if not looked_further:
        print("The database and the rules were not looked at; put the environment right first, then check again.")

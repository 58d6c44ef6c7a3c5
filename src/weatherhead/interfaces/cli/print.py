"""``weatherhead print``: put issued bills into files for the printer, list the files, and export them."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from pathlib import Path

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, track

from weatherhead.actions.documents.print_run import (
    bills_to_print,
    documents_missing,
    files_of,
    make_file,
    make_summaries,
    queue_rendering,
)
from weatherhead.areas.billing.frozen import bills_issued
from weatherhead.areas.documents.printing import archive, sha256_of
from weatherhead.areas.documents.queries import (
    PrintFileFacts,
    content_of,
    documents_of_print_file,
    print_file,
    print_files,
)
from weatherhead.core.values import Refusal, format_cents, gettext_noop
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.private_files import write_private
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, present_moment

FILES_LISTED = 50


class CannotExport(Refusal):
    """The file cannot be written where it was asked for."""

    template = gettext_noop("%(path)s cannot be written: %(why)s. Choose another directory with --to.")


class ArchiveChanged(Refusal):
    """The archive is not the one that was made."""

    template = gettext_noop("Print file %(number)s is not what was made; nothing was written. Restore from the backup.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``print`` and its commands to the command line."""
    printing = subparsers.add_parser("print", help=gettext("bills on paper: make, list and export print files"))
    commands = printing.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser(
        "make",
        help=gettext("put bills that are in no file yet into print files of 500"),
        description=gettext(
            "Makes the summary bills of these days, renders what is not rendered yet, helped by every worker that "
            "runs, then makes the files. A bill is printed in one file, alone or on a summary: running it again makes "
            "files of new bills only. Where a summary cannot be made yet, its customer's bills wait for the next time. "
            "Exits with 1 when a file was refused or bills wait."
        ),
    )
    make.add_argument("--from", dest="from_on", type=calendar_day, required=True, metavar="DATE")
    make.add_argument("--to", dest="to_on", type=calendar_day, metavar="DATE", help=gettext("today if left out"))
    make.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who prints"))
    make.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    make.set_defaults(run=run_make)
    listing = commands.add_parser("list", help=gettext("the latest print files"))
    listing.add_argument("--json", action="store_true", help=gettext("print the list as JSON"))
    listing.set_defaults(run=run_list)
    export = commands.add_parser(
        "export",
        help=gettext("write a print file: the same bytes every time"),
        description=gettext("Writes NUMBER.zip with the manifest and each document, and NUMBER.json, the manifest."),
    )
    export.add_argument("number", metavar="NUMBER", help=gettext("the print file's number"))
    export.add_argument("--to", dest="directory", type=Path, default=Path(), metavar="DIRECTORY")
    export.set_defaults(run=run_export)


def run_make(args: argparse.Namespace) -> int:
    """Render, then make the files; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    to_on = args.to_on or moment.as_of
    summaries = make_summaries(from_on=args.from_on, to_on=to_on, actor=actor, moment=moment)
    issued = bills_issued(from_on=args.from_on, to_on=to_on)
    unprinted = bills_to_print(issued)
    wanted = tuple(bill_id for bill_id in unprinted if bill_id not in summaries.waiting)
    console = Console(stderr=True)
    queue_rendering(wanted, moment=moment)
    _render(wanted, console=console, quiet=args.json)
    made: list[PrintFileFacts] = []
    refused = [*summaries.refused]
    files = files_of(wanted)
    before = {item.number for item in print_files(limit=FILES_LISTED)}
    for bills in track(files, description=gettext("Files"), console=console, disable=args.json, transient=True):
        try:
            make_file(bills, actor=actor, moment=present_moment())
        except Refusal as refusal:
            refused.append(str(refusal))
    made = [item for item in print_files(limit=len(files) + 1) if item.number not in before]
    _report(made, as_json=args.json)
    for said in (*summaries.alone, *refused):
        print(said, file=sys.stderr)
    if not args.json:
        if summaries.made:
            print(gettext("%(count)s customers got a summary bill.") % {"count": f"{summaries.made:,}"})
        if waiting := len(unprinted) - len(wanted):
            print(gettext("%(count)s bills wait for a summary bill.") % {"count": f"{waiting:,}"})
        already = len(issued) - len(unprinted)
        print(gettext("%(count)s bills were in a print file already.") % {"count": f"{already:,}"})
    return 1 if refused else 0


def _render(wanted: tuple[int, ...], *, console: Console, quiet: bool) -> None:
    """Work on the queue until everything to mail has its document, or nothing moves any more."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet, transient=True) as progress:
        missing = sum(map(len, documents_missing(wanted)))
        task = progress.add_task(gettext("Rendering"), total=missing)
        name = f"print:{socket.gethostname()}:{os.getpid()}"
        while (left := sum(map(len, documents_missing(wanted)))) > 0:
            progress.update(task, completed=missing - left)
            if work_once(worker=name, clock=present_moment) is None:
                break  # what is left, another worker holds or could not render: making the file renders it or says why
        progress.update(task, completed=missing)


def run_list(args: argparse.Namespace) -> int:
    """List print files; returns the exit code."""
    _report(list(print_files(limit=FILES_LISTED)), as_json=args.json)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write a print file and its manifest, proved by the hash of the day when it was made; returns the exit code."""
    facts = print_file(args.number)
    manifest = dict(facts.manifest)
    documents = documents_of_print_file(args.number)
    content = archive(manifest, contents=((name, content_of(document)) for name, document in documents))
    if sha256_of(content) != facts.sha256:
        raise ArchiveChanged(number=args.number)
    path = args.directory / f"{facts.number}.zip"
    try:
        write_private(path, content)
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        write_private(path.with_suffix(".json"), text.encode())
    except OSError as error:
        raise CannotExport(path=path, why=error.strerror) from error
    print(gettext("%(path)s: %(bills)s bills, SHA-256 %(sha256)s") % _said(facts, path=path))
    return 0


def _said(facts: PrintFileFacts, *, path: Path) -> dict[str, object]:
    return {"path": path, "bills": facts.bills, "sha256": facts.sha256}


def _report(files: list[PrintFileFacts], *, as_json: bool) -> None:
    rows = [
        {
            "number": item.number,
            "bills": item.bills,
            "pages": item.pages,
            "charges_cents": item.charges_cents,
            "amount_due_cents": item.amount_due_cents,
            "bytes": item.size_bytes,
            "sha256": item.sha256,
        }
        for item in files
    ]
    if as_json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return
    for item in files:
        print(
            gettext("%(number)s  %(bills)s bills, %(pages)s pages, charges $%(charges)s, due $%(due)s  %(sha256)s")
            % {
                "number": item.number,
                "bills": f"{item.bills:,}",
                "pages": f"{item.pages:,}",
                "charges": format_cents(item.charges_cents, ascii_only=True),
                "due": format_cents(item.amount_due_cents, ascii_only=True),
                "sha256": item.sha256[:12],
            }
        )
    print(gettext("%(count)s print files.") % {"count": len(files)})

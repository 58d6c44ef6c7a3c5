"""``weatherhead refunds``: what is approved, issuing its checks, the files of a run, what the bank paid."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from django.utils.translation import gettext, ngettext

from weatherhead.areas.credit.refunds import open_refunds, refund_run, refund_runs
from weatherhead.areas.customers.queries import accounts
from weatherhead.core.values import Refusal, format_cents, gettext_noop
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.private_files import write_private
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, present_moment
from weatherhead.overviews.refunds import files_of_refund_run, tenders_gone, uncovered

RUNS_LISTED = 50
REFUNDS_LISTED = 10_000


class CannotExportRun(Refusal):
    """The files cannot be written where it was asked for."""

    template = gettext_noop("%(path)s cannot be written: %(why)s. Choose another directory with --to.")


class ListUnreadable(Refusal):
    """The bank's list cannot be read."""

    template = gettext_noop("%(path)s cannot be read: %(why)s.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``refunds`` and its commands to the command line."""
    refunds = subparsers.add_parser("refunds", help=gettext("refunds: list, issue checks, export, clear"))
    commands = refunds.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help=gettext("the approved refunds that are not paid yet"))
    listing.add_argument("--json", action="store_true", help=gettext("print them as JSON"))
    listing.set_defaults(run=run_list)
    issue = commands.add_parser(
        "issue",
        help=gettext("number the checks of all refunds that may be paid"),
        description=gettext("A refund is issued once: running it again takes only what was approved or voided since."),
    )
    issue.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who issues"))
    issue.set_defaults(run=run_issue)
    runs = commands.add_parser("runs", help=gettext("the latest runs"))
    runs.add_argument("--json", action="store_true", help=gettext("print the list as JSON"))
    runs.set_defaults(run=run_runs)
    export = commands.add_parser(
        "export",
        help=gettext("write a run's files: the same bytes every time"),
        description=gettext(
            "Writes NUMBER/checks.csv for the printer, positive-pay.csv for the bank, tenders.csv and manifest.json."
        ),
    )
    export.add_argument("number", metavar="NUMBER", help=gettext("the run's number"))
    export.add_argument("--to", dest="directory", type=Path, default=Path(), metavar="DIRECTORY")
    export.set_defaults(run=run_export)
    clear = commands.add_parser("clear", help=gettext("post the checks that the bank paid, from its list"))
    clear.add_argument("file", type=Path, metavar="FILE", help=gettext("lines of check number and amount"))
    clear.add_argument("--on", type=calendar_day, metavar="DATE", help=gettext("today if left out"))
    clear.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who clears"))
    clear.set_defaults(run=run_clear)


def run_list(args: argparse.Namespace) -> int:
    """List refunds; returns the exit code."""
    as_of = present_moment().as_of
    found = open_refunds(limit=REFUNDS_LISTED)
    known = accounts({item.account_id for item in found if item.account_id is not None})
    owed = tenders_gone(found).union(uncovered(found))
    rows = [
        {
            "refund": item.refund_id,
            "account": known[item.account_id].number_grouped if item.account_id is not None else None,
            "suspense_item": item.suspense_item_id,
            "amount_cents": item.amount_cents,
            "state": "waits" if item.waits(as_of=as_of) or item.refund_id in owed else item.state,
            "check": item.check_number,
        }
        for item in found
    ]
    if args.json:
        json.dump(rows, sys.stdout)
        print()
        return 0
    for row, item in zip(rows, found, strict=True):
        check = row["check"] or ""
        whose = row["account"] or gettext("suspense %(item)s") % {"item": item.suspense_item_id}
        print(f"{row['refund']:>6}  {whose}  {format_cents(item.amount_cents):>12}  {row['state']}  {check}")
    total = format_cents(sum(item.amount_cents for item in found))
    said = ngettext(
        "One refund of $%(total)s is not paid yet.", "%(count)s refunds of $%(total)s are not paid yet.", len(found)
    )
    print(said % {"count": f"{len(found):,}", "total": total})
    return 0


def run_issue(args: argparse.Namespace) -> int:
    """Issue what may be paid; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    key = f"refunds {moment.at.isoformat()}"
    done = perform("issue_refunds", actor=actor, key=key, moment=moment, inputs={})
    if done.outcome != "done":
        print(gettext("Request %(request)s waits for a second person.") % {"request": done.body["request"]})
        return 0
    [run_id] = done.body["made"]["refund_run"]
    made = next(item for item in refund_runs(limit=RUNS_LISTED) if item.run_id == run_id)
    said = {
        "number": made.number,
        "checks": made.checks,
        "total": format_cents(made.checks_cents),
        "tenders": made.tenders,
        "voids": made.voids,
    }
    print(
        gettext("%(number)s: checks %(checks)s, $%(total)s; to tenders %(tenders)s; voids %(voids)s. Export it next.")
        % said
    )
    return 0


def run_runs(args: argparse.Namespace) -> int:
    """List runs; returns the exit code."""
    found = refund_runs(limit=RUNS_LISTED)
    if args.json:
        json.dump([dict(item.manifest) for item in found], sys.stdout)
        print()
        return 0
    for item in found:
        print(f"{item.number}  {item.made_on}  {item.checks:>5}  {format_cents(item.checks_cents):>12}  {item.made_by}")
    print(ngettext("One run.", "%(count)s runs.", len(found)) % {"count": len(found)})
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write a run's files for their owner alone, proved by the hashes of its day; returns the exit code."""
    found = refund_run(args.number)
    files = files_of_refund_run(found)
    where = args.directory / found.number
    manifest = json.dumps(found.manifest, indent=2, ensure_ascii=False) + "\n"
    try:
        for name, content in {**files, "manifest.json": manifest.encode()}.items():
            write_private(where / name, content)
    except OSError as error:
        raise CannotExportRun(path=where, why=error.strerror) from error
    said = ngettext("%(path)s: one check of $%(total)s", "%(path)s: %(checks)s checks of $%(total)s", found.checks)
    print(said % {"path": where, "checks": found.checks, "total": format_cents(found.checks_cents)})
    return 0


def run_clear(args: argparse.Namespace) -> int:
    """Post what the bank paid; returns 1 when a line was not good."""
    actor, moment = actor_for(args.username), present_moment()
    try:
        text = args.file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ListUnreadable(path=args.file, why=error) from error
    on = args.on or moment.as_of
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    inputs = {"cleared_on": on.isoformat(), "lines": text}
    done = perform(
        "clear_refund_checks", actor=actor, key=f"clear {digest} {on.isoformat()}", moment=moment, inputs=inputs
    )
    figures = {item["code"]: item["after"] for item in done.body["changes"]}
    problems = [value for code, value in figures.items() if code.startswith("problem_")]
    for problem in problems:
        print(problem, file=sys.stderr)
    said = ngettext("One check of $%(total)s cleared.", "%(count)s checks of $%(total)s cleared.", figures["count"])
    print(said % {"count": figures["count"], "total": format_cents(figures["total"])})
    return 1 if problems else 0

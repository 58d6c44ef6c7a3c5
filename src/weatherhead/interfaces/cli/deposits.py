"""``weatherhead deposits``: what is held and asked for, settling it by the rules, adverse-action letters."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from django.utils.translation import gettext, ngettext
from rich.console import Console
from rich.progress import track

from weatherhead.areas.credit.letters import adverse_action_letter
from weatherhead.areas.credit.queries import deposits_due, notices, open_deposits
from weatherhead.areas.customers.queries import account, accounts
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, format_cents, gettext_noop
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.private_files import write_private
from weatherhead.interfaces.cli.ranges import account_ranges
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, present_moment

KINDS = ("final_bill", "good_history", "interest")
"""In this order: what goes back takes its interest with it."""
_ALL = 2**53


class CannotWriteLetters(Refusal):
    """The letters cannot be written where it was asked for."""

    template = gettext_noop("%(path)s cannot be written: %(why)s. Choose another directory with --to.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``deposits`` and its commands to the command line."""
    deposits = subparsers.add_parser("deposits", help=gettext("security deposits: list, settle by the rules, letters"))
    commands = deposits.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help=gettext("the deposits that are held"))
    listing.add_argument("--json", action="store_true", help=gettext("print them as JSON"))
    listing.set_defaults(run=run_list)
    due = commands.add_parser("due", help=gettext("the deposits of which an installment is due and not paid"))
    due.add_argument("--json", action="store_true", help=gettext("print them as JSON"))
    due.set_defaults(run=run_due)
    settle = commands.add_parser(
        "settle",
        help=gettext("apply deposits to final bills, give them back after good history, credit interest"),
        description=gettext(
            "Does what the dated rules say of every deposit that is held, a commit for every few thousand accounts. "
            "Running it again on the same day moves nothing twice."
        ),
    )
    settle.add_argument("--kind", choices=KINDS, action="append", help=gettext("only this; all three when left out"))
    settle.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who settles"))
    settle.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    settle.set_defaults(run=run_settle)
    letters = commands.add_parser("letters", help=gettext("write the adverse-action letters of deposits"))
    letters.add_argument("--from", dest="from_on", type=calendar_day, required=True, metavar="DATE")
    letters.add_argument("--to", dest="directory", type=Path, default=Path(), metavar="DIRECTORY")
    letters.set_defaults(run=run_letters)


def run_list(args: argparse.Namespace) -> int:
    """List what is held; returns the exit code."""
    held = open_deposits(from_account=1, to_account=_ALL)
    numbers = {key: item.number_grouped for key, item in accounts({item.account_id for item in held}).items()}
    rows = [
        {
            "account": numbers[item.account_id],
            "held_cents": item.held_cents,
            "since": item.held_since_on.isoformat() if item.held_since_on else None,
            "interest_given_cents": item.interest_given_cents,
        }
        for item in held
    ]
    total = sum(item.held_cents for item in held)
    if args.json:
        json.dump({"deposits": rows, "total_cents": total}, sys.stdout)
        print()
        return 0
    for row, item in zip(rows, held, strict=True):
        print(f"{row['account']}  {format_cents(item.held_cents):>12}  {row['since']}")
    said = ngettext("One deposit, $%(total)s held.", "%(count)s deposits, $%(total)s held.", len(held))
    print(said % {"count": f"{len(held):,}", "total": format_cents(total)})
    return 0


def run_due(args: argparse.Namespace) -> int:
    """List what is due and not paid; returns the exit code."""
    as_of = present_moment().as_of
    late = deposits_due(as_of=as_of)
    numbers = {key: item.number_grouped for key, item in accounts({item.account_id for item in late}).items()}
    rows = [{"account": numbers[item.account_id], "due_cents": item.due_cents(as_of=as_of)} for item in late]
    if args.json:
        json.dump(rows, sys.stdout)
        print()
        return 0
    for row, item in zip(rows, late, strict=True):
        print(f"{row['account']}  {format_cents(item.due_cents(as_of=as_of)):>12}")
    said = ngettext("One deposit is due and not paid.", "%(count)s deposits are due and not paid.", len(late))
    print(said % {"count": f"{len(late):,}"})
    return 0


def run_settle(args: argparse.Namespace) -> int:
    """Settle, kind by kind; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    console = Console(stderr=True)
    sums: dict[str, Counter[str]] = {}
    for kind in (kind for kind in KINDS if not args.kind or kind in args.kind):
        sums[kind] = Counter(count=0, moved=0, interest=0)
        ranges = list(account_ranges())
        for first, last in track(ranges, description=kind, console=console, disable=args.json, transient=True):
            done = perform(
                "settle_deposits",
                actor=actor,
                key=f"deposits {kind} {moment.as_of.isoformat()} {first} {moment.at.isoformat()}",
                moment=moment,
                inputs={"kind": kind, "from_account": first, "to_account": last},
            )
            for item in done.body["changes"]:
                sums[kind][item["code"]] += item["after"]
    if args.json:
        json.dump({kind: dict(found) for kind, found in sums.items()}, sys.stdout)
        print()
        return 0
    for kind, found in sums.items():
        said = ngettext(
            "%(kind)s: one deposit, $%(moved)s moved, $%(interest)s interest.",
            "%(kind)s: %(count)s deposits, $%(moved)s moved, $%(interest)s interest.",
            found["count"],
        )
        params = {
            "kind": kind,
            "count": f"{found['count']:,}",
            "moved": format_cents(found["moved"]),
            "interest": format_cents(found["interest"]),
        }
        print(said % params)
    return 0


def run_letters(args: argparse.Namespace) -> int:
    """Write the letters of the notices prepared from a day on; returns the exit code."""
    found = notices(prepared_from=args.from_on)
    for item in found:
        path = args.directory / f"adverse-action-{item.notice_id}.txt"
        text = adverse_action_letter(item, account=account(item.account_id), utility=current_utility())
        try:
            write_private(path, text.encode())
        except OSError as error:
            raise CannotWriteLetters(path=path, why=error.strerror) from error
        print(gettext("%(path)s: mail by %(on)s") % {"path": path, "on": item.mail_by_on})
    print(ngettext("One letter.", "%(count)s letters.", len(found)) % {"count": f"{len(found):,}"})
    return 0

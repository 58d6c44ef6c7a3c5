"""``weatherhead write-offs``: debts that the rule gives up, what came back of them, and what is set aside."""

from __future__ import annotations

import argparse
import json
import sys

from django.utils.translation import gettext, ngettext
from rich.console import Console
from rich.progress import track

from weatherhead.areas.credit.write_off_rules import write_off_rule
from weatherhead.areas.credit.write_offs import UNCOLLECTIBLE, candidates
from weatherhead.areas.customers.queries import accounts
from weatherhead.core.values import format_cents
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.ranges import account_ranges, on_all_accounts
from weatherhead.interfaces.cli.setting import actor_for, present_moment

KINDS = ("uncollectible", "small_balance")
_ALL = 2**53


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``write-offs`` and its commands to the command line."""
    offs = subparsers.add_parser("write-offs", help=gettext("debts given up: list, write off, recover, set aside"))
    commands = offs.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help=gettext("what the rule would write off today; changes nothing"))
    listing.add_argument("--kind", choices=KINDS, default=UNCOLLECTIBLE)
    listing.add_argument("--json", action="store_true", help=gettext("print the list as JSON"))
    listing.set_defaults(run=run_list)
    write = commands.add_parser(
        "run",
        help=gettext("write off what the rule gives up"),
        description=gettext(
            "Small balances are written off at once; uncollectible debts become one request for every few thousand "
            "accounts, which a second person approves. Running it again writes nothing off twice."
        ),
    )
    write.add_argument("--kind", choices=KINDS, default=UNCOLLECTIBLE)
    write.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who writes off"))
    write.set_defaults(run=run_write_off)
    recover = commands.add_parser("recover", help=gettext("take back the write-offs of whoever paid after all"))
    recover.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who recovers"))
    recover.set_defaults(run=run_recover)
    provide = commands.add_parser("provide", help=gettext("set aside for a month's bad debts"))
    provide.add_argument("month", metavar="MONTH", help=gettext("as 2026-01"))
    provide.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who sets aside"))
    provide.set_defaults(run=run_provide)


def run_list(args: argparse.Namespace) -> int:
    """List the candidates; returns the exit code."""
    as_of = present_moment().as_of
    _, version = write_off_rule(on=as_of)
    found = candidates(args.kind, version=version, from_account=1, to_account=_ALL, as_of=as_of)
    most = int(version.account_at_most * 100)
    numbers = {key: item.number_grouped for key, item in accounts({item.account_id for item in found}).items()}
    rows = [
        {
            "account": numbers[item.account_id],
            "owed_cents": item.owed_cents,
            "ended_on": item.ended_on.isoformat(),
            "paid_on": item.paid_on.isoformat() if item.paid_on else None,
            "above": args.kind == UNCOLLECTIBLE and item.owed_cents > most,
        }
        for item in found
    ]
    if args.json:
        json.dump(rows, sys.stdout)
        print()
        return 0
    for row, item in zip(rows, found, strict=True):
        above = gettext("above the rule's amount") if row["above"] else ""
        print(f"{row['account']}  {format_cents(item.owed_cents):>12}  {row['ended_on']}  {above}".rstrip())
    within = [item.owed_cents for item, row in zip(found, rows, strict=True) if not row["above"]]
    said = {"count": f"{len(within):,}", "total": format_cents(sum(within)), "above": len(found) - len(within)}
    print(gettext("Debts: %(count)s, $%(total)s. Above the rule's amount, left to a person: %(above)s.") % said)
    return 0


def run_write_off(args: argparse.Namespace) -> int:
    """Write off, range by range; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    console, nothing = Console(stderr=True), True
    for first, last in track(list(account_ranges()), description=args.kind, console=console, transient=True):
        done = perform(
            "write_off_accounts",
            actor=actor,
            key=f"write off {args.kind} {first} {moment.at.isoformat()}",
            moment=moment,
            inputs={"kind": args.kind, "from_account": first, "to_account": last},
        )
        figures = {item["code"]: item["after"] for item in done.body["changes"]}
        if not figures["count"]:
            continue
        nothing = False
        said = {"count": figures["count"], "total": format_cents(figures["total"]), "request": done.body.get("request")}
        if done.outcome == "done":
            told = ngettext(
                "One debt of $%(total)s written off.", "%(count)s debts of $%(total)s written off.", figures["count"]
            )
        else:
            told = ngettext(
                "Request %(request)s for one debt of $%(total)s waits for a second person.",
                "Request %(request)s for %(count)s debts of $%(total)s waits for a second person.",
                figures["count"],
            )
        print(told % said)
    if nothing:
        print(gettext("The rule writes nothing off today."))
    return 0


def run_recover(args: argparse.Namespace) -> int:
    """Recover, range by range; returns the exit code."""
    count, total = on_all_accounts("recover_write_offs", username=args.username)
    said = {"count": f"{count:,}", "total": format_cents(total)}
    print(ngettext("One recovery of $%(total)s.", "%(count)s recoveries of $%(total)s.", count) % said)
    return 0


def run_provide(args: argparse.Namespace) -> int:
    """Set aside for a month; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    done = perform(
        "provide_for_bad_debt", actor=actor, key=f"provide {args.month}", moment=moment, inputs={"month": args.month}
    )
    figures = {item["code"]: item["after"] for item in done.body["changes"]}
    said = {"amount": format_cents(figures["amount"]), "month": args.month}
    print(gettext("$%(amount)s set aside for %(month)s.") % said)
    return 0

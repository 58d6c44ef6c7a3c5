"""``weatherhead late-charges``: the late charges of a bill cycle, a commit for every few thousand accounts."""

from __future__ import annotations

import argparse
import json
import sys

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import track

from weatherhead.areas.customers.queries import accounts_of_cycle
from weatherhead.core.values import format_cents
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, cycle, present_moment

ACCOUNTS_EACH = 2_000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``late-charges`` to the command line."""
    late = subparsers.add_parser(
        "late-charges",
        help=gettext("add the late charges of a bill cycle"),
        description=gettext(
            "Adds a late charge to every account of a cycle on which the utility's dated rule puts one. Running it "
            "again charges nobody twice."
        ),
    )
    late.add_argument("--cycle", type=cycle, metavar="N", required=True, help=gettext("the bill cycle"))
    late.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who charges"))
    late.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    late.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``late-charges`` command; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    ids = accounts_of_cycle(args.cycle)
    shards = [ids[start : start + ACCOUNTS_EACH] for start in range(0, len(ids), ACCOUNTS_EACH)]
    charges = total_cents = 0
    console = Console(stderr=True)
    for shard in track(shards, description=gettext("Charging"), console=console, disable=args.json, transient=True):
        done = perform(
            "assess_late_charges",
            actor=actor,
            key=f"late charges {args.cycle} {moment.as_of.isoformat()} from {shard[0]}",
            moment=moment,
            inputs={"cycle": args.cycle, "from_account": shard[0], "to_account": shard[-1]},
        )
        figures = {item["code"]: item["after"] for item in done.body["changes"]}
        charges, total_cents = charges + figures["count"], total_cents + figures["total"]
    if args.json:
        json.dump({"accounts": len(ids), "charges": charges, "total_cents": total_cents}, sys.stdout)
        print()
    else:
        said = {"accounts": f"{len(ids):,}", "charges": f"{charges:,}", "total": format_cents(total_cents)}
        print(gettext("Accounts: %(accounts)s. Late charges: %(charges)s, $%(total)s.") % said)
    return 0

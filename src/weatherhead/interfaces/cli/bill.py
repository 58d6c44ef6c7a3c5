"""``weatherhead bill``: bill an account, or every account of a small cycle one by one; ``runs`` bills large ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import track

from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import account_by_number, accounts, accounts_of_cycle
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, cycle, present_moment


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``bill`` to the command line."""
    bill = subparsers.add_parser(
        "bill",
        help=gettext("bill accounts"),
        description=gettext(
            "Bills what was used since the last bill. An account whose bill is out of bounds is held, one without a "
            "new read is skipped; both are reported. Exits with 1 when some were not billed. Running it again bills "
            "nothing twice."
        ),
    )
    which = bill.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--account", action="append", metavar="NUMBER", help=gettext("an account number; may be repeated")
    )
    which.add_argument("--cycle", type=cycle, metavar="N", help=gettext("every open account of a bill cycle"))
    bill.add_argument("--through", type=calendar_day, metavar="DATE", help=gettext("bill use up to this day"))
    bill.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who bills"))
    bill.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    bill.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``bill`` command; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    through_on = args.through or moment.as_of
    form = current_utility().account_number
    if args.cycle is not None:
        ids: Sequence[int] = accounts_of_cycle(args.cycle)
    else:
        ids = [account_by_number(check_account_number(number, form=form)).account_id for number in args.account]
    report: list[dict[str, str]] = []
    known = accounts(ids)
    console = Console(stderr=True)
    for account_id in track(ids, description=gettext("Billing"), console=console, disable=args.json, transient=True):
        outcome, said = "billed", ""
        try:
            done = perform(
                "bill_account",
                actor=actor,
                key=f"bill {account_id} through {through_on.isoformat()}",
                moment=moment,
                inputs={"account_id": account_id, "through_on": through_on},
            )
            outcome = "billed" if done.body["made"].get("bill") else "held"
            said = done.body["summary"]["template"] % done.body["summary"]["params"]
        except Refusal as refusal:
            outcome, said = "refused", str(refusal)
        report.append({"account": known[account_id].number_grouped, "outcome": outcome, "said": said})
    _print(report, as_json=args.json)
    return 0 if all(row["outcome"] == "billed" for row in report) else 1


def _print(report: Sequence[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        json.dump(report, sys.stdout, indent=2, ensure_ascii=False)
        print()
        return
    for row in report:
        if row["outcome"] != "billed":
            print(f"{row['account']}  {row['outcome']}: {row['said']}")
    counts = Counter(row["outcome"] for row in report)
    print(", ".join(f"{counts[name]:,} {name}" for name in ("billed", "held", "refused")))

"""``weatherhead retention``: the rules, what they would dispose of, and disposing of it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.utils.translation import gettext
from rich.console import Console
from rich.table import Table

from weatherhead.areas.retention.queries import expired, legal_holds
from weatherhead.areas.retention.rules import retention_book, rule_in_force
from weatherhead.core.values import RuleNotInForce
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, present_moment

_ALL = 10**9


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``retention`` to the command line."""
    retention = subparsers.add_parser("retention", help=gettext("what is kept how long, and disposing of the rest"))
    commands = retention.add_subparsers(dest="retention_command", required=True)
    listing = commands.add_parser("list", help=gettext("the rules and the legal holds"))
    listing.add_argument("--json", action="store_true", help=gettext("print them as JSON"))
    planning = commands.add_parser("plan", help=gettext("what each rule would dispose of today; changes nothing"))
    planning.add_argument("--json", action="store_true", help=gettext("print it as JSON"))
    purging = commands.add_parser(
        "purge",
        help=gettext("dispose of what a rule no longer keeps"),
        description=gettext(
            "Asks for approval; what a second person has approved is gone for good. At most 1,000 customers, "
            "documents, messages, refunds or files at a time: run it again for the rest."
        ),
    )
    purging.add_argument("rule", metavar="RULE", help=gettext("the rule's code"))
    purging.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who asks"))
    purging.add_argument("--at-most", type=int, default=1_000, metavar="N", help=gettext("how many (1,000)"))
    retention.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``retention`` command; returns the exit code."""
    if args.retention_command == "purge":
        return _purge(args)
    rows = _rules(planned=args.retention_command == "plan")
    if args.json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return 0
    Console().print(_table(rows, planned=args.retention_command == "plan"))
    if args.retention_command == "list":
        for kept in retention_book().kept:
            print(f"{kept.what}: {kept.term} ({kept.citation}; {kept.status})")
        for hold in legal_holds():
            said = {"hold": hold.hold_id, "customer": hold.customer_id, "on": hold.placed_on, "reason": hold.reason}
            print(gettext("Legal hold %(hold)s on customer %(customer)s since %(on)s: %(reason)s") % said)
    return 0


def _rules(*, planned: bool) -> list[dict[str, Any]]:
    as_of = present_moment().as_of
    rows: list[dict[str, Any]] = []
    for rule in retention_book().rules:
        row: dict[str, Any] = {"rule": rule.code, "title": rule.title, "citation": rule.citation, "status": rule.status}
        try:
            found = rule_in_force(rule.code, as_of=as_of)
        except RuleNotInForce as refusal:
            rows.append(row | {"keeps": str(refusal), "before": None, "disposes": 0, "held_back": 0})
            continue
        row |= {"keeps": str(found.version), "before": found.cutoff_on.isoformat()}
        if planned:
            what = expired(found, at_most=_ALL)
            row |= {"disposes": len(what.ids) or what.removes, "held_back": what.held_back}
        rows.append(row)
    return rows


def _table(rows: list[dict[str, Any]], *, planned: bool) -> Table:
    columns = ("rule", "keeps", "before", *(("disposes", "held_back") if planned else ("title", "citation", "status")))
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*(str(row[column] if row[column] is not None else "") for column in columns))
    return table


def _purge(args: argparse.Namespace) -> int:
    moment = present_moment()
    done = perform(
        "purge_expired",
        actor=actor_for(args.username),
        key=f"purge {args.rule} {args.at_most} {moment.at.isoformat()}",
        moment=moment,
        inputs={"rule": args.rule, "at_most": args.at_most},
    )
    summary = done.body["summary"]
    if done.outcome == "approval_requested":
        said = {"request": done.body.get("request")}
        print(gettext("Request %(request)s waits for a second person: nothing has been disposed of yet.") % said)
        return 0
    print(gettext("Done: receipt %(receipt)s (%(template)s).") % {
        "receipt": done.receipt_id, "template": summary["template"] % {**summary["params"], "what": args.rule}
    })  # fmt: skip
    return 0

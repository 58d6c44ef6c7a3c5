"""``weatherhead correct``: correct the bills of an account, or of everyone on a schedule as a run."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext

from weatherhead.areas.billing.correcting import CAUSES
from weatherhead.areas.customers.numbers import check_account_number
from weatherhead.areas.customers.queries import account_by_number
from weatherhead.areas.records.canonical import to_json
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Comparison, format_cents, number_of
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.door.stored import stored_sentence
from weatherhead.interfaces.cli.runs import do
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, present_moment


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``correct`` to the command line."""
    correct = subparsers.add_parser(
        "correct",
        help=gettext("correct bills: of an account, or of everyone on a schedule"),
        description=gettext(
            "Bills periods again on what is known now and bills the difference, as far back as the rules reach. Put "
            "right first what was wrong: the read, the meter, the rate. A run is tried first; a second person releases "
            "it: weatherhead runs release."
        ),
    )
    verbs = correct.add_subparsers(title="verbs", dest="verb", required=True, metavar="VERB")
    account = verbs.add_parser("account", help=gettext("the bills of one account; without --confirm a preview"))
    account.add_argument("number", metavar="NUMBER", help=gettext("the account number"))
    account.add_argument("--cause", required=True, choices=sorted(CAUSES), help=gettext("what was wrong"))
    account.add_argument("--at-once", action="store_true", help=gettext("no installments"))
    account.add_argument("--confirm", action="store_true", help=gettext("correct the bills"))
    account.add_argument("--json", action="store_true", help=gettext("print as JSON"))
    everyone = verbs.add_parser("run", help=gettext("everyone who was billed on a schedule: tried, nothing is issued"))
    everyone.add_argument("--schedule", required=True, metavar="CODE", help=gettext("the rate schedule"))
    everyone.add_argument(
        "--cause", default="price", choices=["price", "rate", "class", "tax"], help=gettext("what was wrong")
    )
    everyone.add_argument("--shard-accounts", type=int, metavar="N", help=gettext("accounts a piece"))
    everyone.add_argument("--watch", action="store_true", help=gettext("follow the run until it is tried"))
    test = verbs.add_parser("meter-test", help=gettext("record what a test of a meter found"))
    test.add_argument("meter", metavar="METER", help=gettext("its number"))
    test.add_argument("--on", dest="tested_on", required=True, type=calendar_day, metavar="DATE")
    test.add_argument("--full-load", required=True, metavar="PERCENT", help=gettext("registered at full load"))
    test.add_argument("--light-load", required=True, metavar="PERCENT", help=gettext("registered at light load"))
    test.add_argument("--by", dest="tested_by", required=True, metavar="WHO", help=gettext("who tested it"))
    test.add_argument("--wrong-since", dest="wrong_since_on", type=calendar_day, metavar="DATE")
    test.add_argument("--note", required=True, help=gettext("why it was tested"))
    _add_who(test)
    for verb in (account, everyone):
        verb.add_argument(
            "--from", dest="from_on", type=calendar_day, metavar="DATE", required=verb is everyone,
            help=gettext("the first day that was wrong"),
        )  # fmt: skip
        verb.add_argument(
            "--to", dest="to_on", type=calendar_day, metavar="DATE", help=gettext("the first day that is right")
        )
        verb.add_argument(
            "--beginning-unknown", action="store_true", help=gettext("nobody knows since when it was wrong")
        )
        verb.add_argument("--refunds-only", action="store_true", help=gettext("bill nothing that was too little"))
        verb.add_argument("--reason", required=True, help=gettext("how it is known"))
        _add_who(verb)
    correct.set_defaults(run=run)


def _add_who(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who corrects"))
    verb.add_argument("--key", help=gettext("the same key again gives the first receipt"))


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``correct`` command; returns the exit code."""
    if args.verb == "meter-test":
        return _meter_test(args)
    inputs: dict[str, Any] = {
        "cause": args.cause,
        "from_on": args.from_on,
        "to_on": args.to_on,
        "begin_known": not args.beginning_unknown,
        "back_bill": not args.refunds_only,
        "reason": args.reason,
    }
    if args.verb == "run":
        inputs["schedule"] = args.schedule
        if args.shard_accounts is not None:
            inputs["shard_accounts"] = args.shard_accounts
        return do("start_correction_run", inputs=inputs, args=args)
    number = check_account_number(args.number, form=current_utility().account_number)
    inputs |= {"account_id": account_by_number(number).account_id, "at_once": args.at_once}
    return _account(args, inputs=inputs)


def _meter_test(args: argparse.Namespace) -> int:
    names = ("meter", "tested_on", "full_load", "light_load", "tested_by", "wrong_since_on", "note")
    done = perform(
        "record_meter_test",
        actor=actor_for(args.username),
        key=args.key or str(uuid4()),
        moment=present_moment(),
        inputs={name: getattr(args, name) for name in names},
    )
    print(stored_sentence(done.body["summary"]))
    for rule in done.body["rules"]:
        print(gettext("Rule: %(title)s, %(citation)s") % {"title": rule["title"], "citation": rule["citation"]})
    return 0


def _account(args: argparse.Namespace, *, inputs: dict[str, Any]) -> int:
    actor, moment = actor_for(args.username), present_moment()
    found = preview("correct_bills", actor=actor, moment=moment, inputs=inputs)
    proposal = found.proposal
    if args.json:
        told = {"summary": str(proposal.summary), "comparisons": to_json(proposal.comparisons)}
        json.dump(told | {"rules": to_json(proposal.rules)}, sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        for item in proposal.comparisons:
            print(_told(item))
        print(proposal.summary)
        for rule in proposal.rules[: 2 if any(item.code == "accuracy" for item in proposal.changes) else 1]:
            print(gettext("Rule: %(title)s, %(citation)s") % {"title": rule.title, "citation": rule.citation})
    if not args.confirm:
        return 0
    done = perform(
        "correct_bills", actor=actor, key=args.key or str(uuid4()), moment=moment, inputs=inputs, seen=found.substance
    )
    if not args.json:
        said = {"receipt": done.receipt_id, "outcome": done.outcome.replace("_", " ")}
        print(gettext("Receipt %(receipt)s: %(outcome)s") % said)
    return 0


def _told(item: Comparison) -> str:
    """A period with what it was, is, and by how much that differs."""
    figures = [number_of(item.total.before), number_of(item.total.after), item.difference]
    note = f"  {item.total.note}" if item.total.note else ""
    return f"{item.title!s:<28}" + "".join(f" {format_cents(cents):>12}" for cents in figures) + note

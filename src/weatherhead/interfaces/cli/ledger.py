"""``weatherhead ledger check``: prove that the books are right, or say where they are not."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext, ngettext

from weatherhead.areas.ledger.check import Checker, CheckReport, check

EXTRA_CHECKS_MODULE = "ledger_checks"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``ledger`` to the command line."""
    ledger = subparsers.add_parser("ledger", help=gettext("the books"), description=gettext("The books."))
    commands = ledger.add_subparsers(dest="ledger_command", required=True)
    checking = commands.add_parser(
        "check",
        help=gettext("prove the books from what is stored"),
        description=gettext(
            "Prove the books from what is stored: entries, reversals, running balances, documents and guards. "
            "Exits with 1 when anything is wrong. Takes no locks; may run at any time."
        ),
    )
    checking.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    ledger.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``ledger`` command; returns the exit code: 0 when all is right, 1 with findings."""
    report = check(extra=extra_checkers())
    if args.json:
        json.dump(_as_json(report), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        _print(report)
    return 1 if report.found else 0


def extra_checkers() -> tuple[Checker, ...]:
    """What the areas above the ledger want proved with it: `CHECKERS` of each area's module ``ledger_checks``."""
    found: list[Checker] = []
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, EXTRA_CHECKS_MODULE):
            found += import_module(f"{config.name}.{EXTRA_CHECKS_MODULE}").CHECKERS
    return tuple(found)


def _print(report: CheckReport) -> None:
    for result in report.results:
        mark = gettext("ok") if not result.found else gettext("WRONG")
        print(f"{mark:<6} {gettext(result.title)} ({result.counted:,} {gettext(result.unit)})")
        for finding in result.findings:
            print(f"       {finding.code}: {finding.sentence}")
        if result.found > len(result.findings):
            print("       " + gettext("… and %(more)s more") % {"more": f"{result.found - len(result.findings):,}"})
    if not report.found:
        print(gettext("The books are right."))
    else:
        wrong = ngettext(
            "%(found)s finding: the books are not right.", "%(found)s findings: the books are not right.", report.found
        )
        print(wrong % {"found": f"{report.found:,}"})


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "ok": not report.found,
        "found": report.found,
        "checks": [
            {
                "code": result.code,
                "title": gettext(result.title),
                "counted": result.counted,
                "found": result.found,
                "findings": [
                    {
                        "code": finding.code,
                        "sentence": finding.sentence,
                        "entry_id": finding.entry_id,
                        "account_id": finding.account_id,
                    }
                    for finding in result.findings
                ],
            }
            for result in report.results
        ],
    }

"""``weatherhead audit``: verify the audit log, and sign its roots."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from weatherhead.areas.records.queries.audit import AuditReport, verify_audit
from weatherhead.areas.records.queries.audit_roots import sign_root
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.interfaces.cli.setting import present_moment


class NoRootsThere(Refusal):
    """A mistyped directory would prove nothing and seem to prove all."""

    template = gettext_noop("%(directory)s holds no signed roots. Name the directory that they were copied to.")


def roots_directory() -> Path:
    """Where signed roots stand; copy it to a place that the database's owner cannot write."""
    return Path(settings.VAR_DIR) / "audit-roots"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``audit`` to the command line."""
    audit = subparsers.add_parser("audit", help=gettext("the audit log: verify and sign it"))
    commands = audit.add_subparsers(dest="audit_command", required=True)
    verifying = commands.add_parser(
        "verify",
        help=gettext("verify every entry, head and signed root"),
        description=gettext(
            "Finds edited, deleted, reordered and cut-off entries. Exits with 1 when anything is wrong."
        ),
    )
    verifying.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    verifying.add_argument("--roots", type=Path, help=gettext("directory of the signed roots, if not the usual one"))
    commands.add_parser("sign", help=gettext("sign a root of everything appended since the last one"))
    audit.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``audit`` command; returns the exit code."""
    if args.audit_command == "sign":
        path = sign_root(roots=roots_directory(), at=present_moment().at)
        print(
            gettext("Signed %(path)s.") % {"path": path}
            if path
            else gettext("Nothing was appended since the last root.")
        )
        return 0
    if args.roots is not None and not any(args.roots.glob("*.json")):
        raise NoRootsThere(directory=args.roots)
    report = verify_audit(roots=args.roots or roots_directory())
    if args.json:
        json.dump(_as_json(report), sys.stdout, indent=2)
        print()
    else:
        _print(report)
    return 1 if report.findings else 0


def _print(report: AuditReport) -> None:
    counts = {"entries": f"{report.entries:,}", "streams": f"{report.streams:,}", "roots": f"{report.roots:,}"}
    print(gettext("%(entries)s entries in %(streams)s streams, %(roots)s signed roots.") % counts)
    for finding in report.findings:
        print(f"  {finding.code}: {finding.sentence}")
    print(
        gettext("Nothing is wrong.")
        if not report.findings
        else gettext("%(n)s findings.") % {"n": len(report.findings)}
    )


def _as_json(report: AuditReport) -> dict[str, object]:
    return {
        "entries": report.entries,
        "streams": report.streams,
        "roots": report.roots,
        "findings": [
            {"code": item.code, "stream": item.stream, "sequence": item.sequence, "sentence": str(item.sentence)}
            for item in report.findings
        ],
    }

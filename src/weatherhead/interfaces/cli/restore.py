"""``weatherhead restore``: bring a backup back, and prove that it is right."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils.translation import gettext

from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.roles import restricted_role_statements
from weatherhead.areas.records.backup.bring import bring_back, look_at_backup, require_fitting
from weatherhead.areas.records.backup.manifest import Manifest
from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.queries.audit import verify_audit
from weatherhead.areas.records.queries.installation import migration_facts
from weatherhead.interfaces.cli.audit import roots_directory
from weatherhead.interfaces.cli.database import RolesOnPostgresqlOnly, require_answer
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.interfaces.cli.telling import progress

NOT_RIGHT = 1
_SHOWN = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``restore`` to the command line."""
    restore = subparsers.add_parser(
        "restore",
        help=gettext("bring a backup back, and prove it"),
        description=gettext(
            "Checks every file of the backup against its manifest, puts it in place, migrates it when it is older than "
            "this version, then proves the books and the audit log. Run as the database's owner, with server and "
            "workers stopped. Exits with 0 when all is right, with 1 when the proof finds something, with 2 when it "
            "refuses, which leaves the database as it was. What was in work when it was taken goes on by itself."
        ),
    )
    restore.add_argument("source", type=Path, metavar="SOURCE", help=gettext("the backup's directory"))
    restore.add_argument("--replace", action="store_true", help=gettext("in the place of what stands there"))
    restore.add_argument("--check", action="store_true", help=gettext("look at the backup only, and change nothing"))
    restore.add_argument("--role", metavar="NAME", help=gettext("give the application's PostgreSQL role its rights"))
    restore.add_argument("--json", action="store_true", help=gettext("print the verdict as JSON"))
    restore.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``restore`` command; returns the exit code."""
    if args.role and not is_postgresql(connection):
        raise RolesOnPostgresqlOnly
    with progress() as tell:
        manifest = look_at_backup(args.source, tell=tell)
        require_fitting(manifest)
        if not args.check:
            if is_postgresql(connection):
                require_answer()
            bring_back(args.source, manifest, replace=args.replace, tell=tell)
    if args.check:
        print(_about(manifest))
        print(gettext("The backup is whole and fits this installation. Nothing was changed."))
        return 0
    migrated = _finish(role=args.role)
    verdict = _verdict(manifest, migrated=migrated)
    if args.json:
        json.dump(verdict, sys.stdout, indent=2)
        print()
    else:
        _print(manifest, verdict)
    return 0 if verdict["right"] else NOT_RIGHT


def _about(manifest: Manifest) -> str:
    said = {
        "utility": manifest.utility,
        "at": f"{manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC",
        "version": manifest.weatherhead,
        "rows": f"{sum(manifest.counts.values()):,}",
        "files": f"{len(manifest.files):,}",
    }
    return gettext("Backup of %(utility)s at %(at)s by Weatherhead %(version)s: %(rows)s rows, %(files)s files.") % said


def _finish(*, role: str | None) -> list[str]:
    """Migrate what an older version kept, and give the application's role its rights. Returns the migrations."""
    pending = list(migration_facts().pending)
    if pending:
        call_command("migrate", interactive=False, verbosity=0)
    if role:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in restricted_role_statements(role):
                cursor.execute(statement)
    return pending


def _verdict(manifest: Manifest, *, migrated: list[str]) -> dict[str, Any]:
    books = check(extra=extra_checkers())
    audit = verify_audit(roots=roots_directory())
    findings = [finding.sentence for result in books.results for finding in result.findings]
    return {
        "right": not books.found and not audit.findings,
        "taken_at": manifest.taken_at.isoformat(),
        "books": {"found": books.found, "findings": [str(sentence) for sentence in findings]},
        "audit": {
            "entries": audit.entries,
            "roots": audit.roots,
            "found": len(audit.findings),
            "findings": [str(finding.sentence) for finding in audit.findings],
        },
        "migrated": migrated,
        "queue": dict(manifest.queue),
        "attachments_missing": list(manifest.attachments_missing),
    }


def _print(manifest: Manifest, verdict: dict[str, Any]) -> None:
    print(_about(manifest))
    for name in verdict["migrated"]:
        print(gettext("Migrated: %(name)s.") % {"name": name})
    for sentence in [*verdict["books"]["findings"], *verdict["audit"]["findings"]][:_SHOWN]:
        print(f"WRONG  {sentence}")
    waiting = manifest.queue.get("ready", 0) + manifest.queue.get("leased", 0)
    if waiting:
        sentence = gettext("%(count)s work items were not done when it was taken; workers go on with them.")
        print(sentence % {"count": f"{waiting:,}"})
    for sha256 in manifest.attachments_missing:
        print(gettext("An attachment was missing when it was taken: %(sha256)s.") % {"sha256": sha256})
    if verdict["right"]:
        print(gettext("Restored. The books are right, and the audit log is whole."))
    else:
        counts = {"books": verdict["books"]["found"], "audit": verdict["audit"]["found"]}
        print(gettext("Restored, but NOT right: %(books)s findings in the books, %(audit)s in the audit log.") % counts)

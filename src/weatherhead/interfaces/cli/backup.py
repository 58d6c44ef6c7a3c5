"""``weatherhead backup``: keep everything in one directory, while others work."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.utils.translation import gettext, ngettext

from weatherhead.areas.records.backup.take import remove_older, take_backup
from weatherhead.interfaces.cli.telling import progress

INCOMPLETE = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``backup`` to the command line."""
    backup = subparsers.add_parser(
        "backup",
        help=gettext("keep everything in one directory, while others work"),
        description=gettext(
            "Makes a directory below DESTINATION that holds the database as of one instant, attachments, documents and "
            "the audit log's signed roots, and a manifest with the hash of each. It appears whole or not at all. Keys "
            "are not in it: keep those apart. Exits with 1 when an attachment is missing, which the manifest names."
        ),
    )
    backup.add_argument("destination", type=Path, metavar="DESTINATION", help=gettext("a directory on another disk"))
    backup.add_argument(
        "--keep", type=int, default=0, metavar="N", help=gettext("afterwards keep the newest N backups only (all)")
    )
    backup.add_argument("--json", action="store_true", help=gettext("print what was kept as JSON"))
    backup.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``backup`` command; returns the exit code."""
    # Never a demo's fixed day: backups are told apart by when they were taken.
    at = datetime.now(UTC)
    with progress() as tell:
        path, manifest = take_backup(args.destination, at=at, tell=tell)
    removed = remove_older(args.destination, keep=args.keep)
    missing = manifest.attachments_missing
    if args.json:
        body = {
            "path": str(path),
            "taken_at": manifest.taken_at.isoformat(),
            "size_bytes": manifest.size_bytes,
            "rows": sum(manifest.counts.values()),
            "files": len(manifest.files),
            "keys": list(manifest.keys),
            "attachments_missing": list(missing),
            "removed": [str(old) for old in removed],
        }
        json.dump(body, sys.stdout, indent=2)
        print()
        return INCOMPLETE if missing else 0
    said = {
        "path": path,
        "rows": f"{sum(manifest.counts.values()):,}",
        "files": f"{len(manifest.files):,}",
        "size": f"{manifest.size_bytes / 1_000_000:,.1f}",
    }
    print(gettext("Kept %(rows)s rows and %(files)s files, %(size)s MB, in %(path)s.") % said)
    if manifest.keys:
        print(gettext("To bring it back, these keys are needed: %(keys)s.") % {"keys": ", ".join(manifest.keys)})
    for old in removed:
        print(gettext("Removed %(path)s.") % {"path": old})
    if missing:
        sentence = ngettext(
            "%(count)s attachment is not in WEATHERHEAD_VAR/files, so not in the backup; the manifest names it.",
            "%(count)s attachments are not in WEATHERHEAD_VAR/files, so not in the backup; the manifest names them.",
            len(missing),
        )
        print(sentence % {"count": len(missing)}, file=sys.stderr)
        return INCOMPLETE
    return 0

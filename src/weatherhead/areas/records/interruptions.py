"""What a database says when it stops a piece of work through no fault of the work, in words that say what to do.

A full disk is told apart from the rest, because a person must make room; nothing else about it differs: the
transaction is rolled back, and the work is done again later.
"""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from django.db import Error, InterfaceError, OperationalError, connection

from weatherhead.areas.records.database import is_postgresql
from weatherhead.core.values import Refusal, gettext_noop

INTERRUPTIONS = (OperationalError, InterfaceError)
"""What Django raises when the database, not the work, is at fault."""

_SQLSTATE_DISK_FULL = "53100"
# SQLite says that a disk is full, or that it could not write there when it strikes in the middle of a file's growth.
_SQLITE_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_TRUNCATE, sqlite3.SQLITE_IOERR_SHMSIZE}
)


class DatabaseDiskFull(Refusal):
    """No room where the database is."""

    template = gettext_noop(
        "The database's disk is full: %(where)s (%(said)s). Nothing half-written was kept. Free space there or enlarge "
        "the disk; work goes on by itself."
    )


class DatabaseInterrupts(Refusal):
    """Any other reason of the database's own: a lost connection, a timeout, a lock that was not given."""

    template = gettext_noop(
        "The database stopped the work: %(where)s (%(said)s). Nothing half-written was kept; it is tried again by "
        "itself."
    )


def interruption_of(error: Error) -> DatabaseDiskFull | DatabaseInterrupts:
    """Say in a sentence what stopped the work, and where. Values of rows are left out of what the database said."""
    kind = DatabaseDiskFull if _is_disk_full(error) else DatabaseInterrupts
    return kind(where=_where(), said=_said(error))


def _is_disk_full(error: Error) -> bool:
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) == _SQLSTATE_DISK_FULL:
        return True
    return getattr(cause, "sqlite_errorcode", None) in _SQLITE_FULL


def _where() -> str:
    named = connection.settings_dict
    if is_postgresql(connection):
        return f"PostgreSQL at {named['HOST'] or 'this machine'}:{named['PORT'] or 5432}, database {named['NAME']}"
    name = str(named["NAME"])
    directory = Path(name).absolute().parent
    if name.startswith((":memory:", "file:")) or not directory.is_dir():
        return f"SQLite, {name}"
    return f"SQLite in {directory}, {shutil.disk_usage(directory).free / 1_000_000:,.1f} MB free"


def _said(error: Error) -> str:
    """The database's own words, without the details and contexts in which PostgreSQL quotes rows."""
    primary = getattr(getattr(error.__cause__, "diag", None), "message_primary", None)
    return str(primary or str(error).partition("\n")[0] or type(error).__name__).strip()

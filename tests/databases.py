"""The database of a test run: migrated once, and copied for every other worker of the run."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from weatherhead.areas.records.database import is_postgresql


@contextmanager
def database_of_a_worker(shared: Path | None) -> Iterator[None]:
    """Make the test database and drop it at the end; `shared` is a directory of all workers, None where there is one.

    The first worker to come runs the migrations and leaves a copy; the others wait for it and copy that.
    """
    if shared is None:
        made = setup_databases(verbosity=0, interactive=False)
        yield
        teardown_databases(made, verbosity=0)
        return
    mark, template = shared / "migrated", _template(shared)
    with _locked(shared):
        first = not mark.exists()
        if first:
            made = setup_databases(verbosity=0, interactive=False)
            _copy(source=str(connection.settings_dict["NAME"]), target=template)
            mark.touch()
        else:
            made = [(connection, str(connection.settings_dict["NAME"]), True)]
            name = connection.creation._get_test_db_name()
            _copy(source=template, target=name)
            connection.settings_dict["NAME"] = name
    yield
    teardown_databases(made, verbosity=0)
    if first:
        with _locked(shared):
            mark.unlink()
            _drop(template)


@contextmanager
def _locked(shared: Path) -> Iterator[None]:
    with (shared / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _template(shared: Path) -> str:
    """The name of the copy: of a file, or of a database whose name nobody else's run has."""
    if is_postgresql(connection):
        return f"test_template_{shared.name.replace('-', '_')}"
    return str(shared / "migrated.sqlite3")


def _copy(*, source: str, target: str) -> None:
    connection.close()  # a database that somebody is connected to is not copied
    if not is_postgresql(connection):
        shutil.copyfile(source, target)
        return
    quote = connection.ops.quote_name
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quote(target)} TEMPLATE {quote(source)}")


def _drop(name: str) -> None:
    if not is_postgresql(connection):
        Path(name).unlink()
        return
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)}")

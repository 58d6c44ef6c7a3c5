"""Bringing a backup back: looked at whole before anything is touched, then put in place in one step."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from weatherhead.areas.records.backup.files import (
    Telling,
    copy_file,
    disk_full,
    force_directory,
    full_disk_said,
    measure,
)
from weatherhead.areas.records.backup.manifest import Manifest, read_manifest
from weatherhead.areas.records.backup.tools import ToolFailed, find_tool, run_tool
from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.queries.installation import known_migrations, row_counts, server_facts
from weatherhead.areas.records.secrets import key_ring
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop

_TREES = ("files", "audit-roots")
_LOCK_SECONDS = 10
_SHOWN = 3


class BackupDamaged(Refusal):
    """Files of the backup are not what its manifest says."""

    template = gettext_noop("%(path)s is damaged: %(problem)s. Nothing was changed. Choose another backup.")


class OtherUtility(Refusal):
    """The backup is somebody else's."""

    template = gettext_noop(
        "The backup is of %(theirs)s and this installation is %(ours)s. Name the right backup, or the right "
        "utility.yaml in WEATHERHEAD_UTILITY."
    )


class OtherDatabase(Refusal):
    """A dump of one kind of database cannot become the other."""

    template = gettext_noop("The backup is of %(theirs)s and DATABASE_URL names %(ours)s. Name a %(theirs)s database.")


class NewerBackup(Refusal):
    """A newer version made it."""

    template = gettext_noop(
        "The backup was made by a newer Weatherhead (%(version)s): this one does not know %(unknown)s. Install that "
        "version, then restore."
    )


class KeysMissing(Refusal):
    """Its secrets could not be read."""

    template = gettext_noop(
        "The backup needs the keys %(keys)s, which WEATHERHEAD_KEYS does not hold. Add them behind the newest key; "
        "they are kept apart from backups."
    )


class NotEmpty(Refusal):
    """Something stands where the backup would go."""

    template = gettext_noop(
        "%(where)s is not empty. To put the backup in the place of what stands there: weatherhead restore --replace."
    )


class InUse(Refusal):
    """Somebody works with the database."""

    template = gettext_noop("%(where)s is in use. Stop the server and every worker, then restore.")


class CountsDiffer(Refusal):
    """What was brought back is not what was kept."""

    template = gettext_noop(
        "After restoring, %(table)s has %(found)s rows and the manifest says %(said)s. Do not start; choose another "
        "backup."
    )


def look_at_backup(backup: Path, *, tell: Telling) -> Manifest:
    """Read a backup whole, without touching anything: its manifest, and the hash of every file.

    Raises:
        NotABackup: no manifest that can be used.
        BackupDamaged: a file is missing, cut short or changed.
    """
    manifest = read_manifest(backup)
    for number, file in enumerate(manifest.files, 1):
        path = backup / file.path
        if not path.is_file():
            raise BackupDamaged(path=backup, problem=f"{file.path} is missing")
        size, sha256 = measure(path)
        if size != file.size_bytes:
            raise BackupDamaged(path=backup, problem=f"{file.path} has {size:,} bytes, not {file.size_bytes:,}")
        if sha256 != file.sha256:
            raise BackupDamaged(path=backup, problem=f"{file.path} was changed after it was written")
        tell("checking hashes", number, len(manifest.files))
    return manifest


def require_fitting(manifest: Manifest) -> None:
    """See that a backup belongs here: utility, kind of database, version, keys.

    Raises:
        OtherUtility, OtherDatabase, NewerBackup, KeysMissing: as they say.
    """
    if manifest.utility != current_utility().code:
        raise OtherUtility(theirs=manifest.utility, ours=current_utility().code)
    ours = "postgresql" if is_postgresql(connection) else "sqlite"
    if manifest.database != ours:
        raise OtherDatabase(theirs=manifest.database, ours=ours)
    known = known_migrations()
    labels = {name.partition(".")[0] for name in known}
    unknown = [name for name in manifest.migrations if name not in known and name.partition(".")[0] in labels]
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise NewerBackup(version=manifest.weatherhead, unknown=", ".join(unknown[:_SHOWN]) + more)
    held = {key.key_id for key in key_ring()}
    if missing := [key for key in manifest.keys if key not in held]:
        raise KeysMissing(keys=", ".join(missing))


def bring_back(backup: Path, manifest: Manifest, *, replace: bool, tell: Telling) -> None:
    """Put a backup in place: files first, which harm nothing, then the database in one step, then the signed roots.

    Raises:
        NotEmpty: something stands there and `replace` was not said.
        InUse, DiskFull, CannotWrite, ToolMissing, ToolFailed: the database is as it was.
        CountsDiffer: it was brought back, and is not what was kept.
    """
    var = Path(settings.VAR_DIR)
    with full_disk_said(var):
        var.mkdir(parents=True, exist_ok=True)
        if not replace:
            _require_empty(var)
        if shutil.disk_usage(var).free < manifest.size_bytes:
            raise disk_full(var)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=var) as made:
            stage = Path(made)
            for tree in _TREES:
                _stage_tree(backup, manifest, tree=tree, stage=stage, tell=tell)
            _add_files(stage / "files", to=var / "files")
            tell("database", 0, 0)
            place = _place_postgresql if is_postgresql(connection) else _place_sqlite
            place(backup / manifest.database_file, stage=stage)
            _swap(stage / "audit-roots", to=var / "audit-roots", old=stage / "old-roots")
            force_directory(var)
    connections.close_all()
    tell("counting", 0, 0)
    _require_counts(manifest)


def _require_empty(var: Path) -> None:
    for tree in _TREES:
        if any(path.is_file() for path in (var / tree).rglob("*")):
            raise NotEmpty(where=var / tree)
    if is_postgresql(connection):
        _, tables = _schema_and_tables()
        if tables:
            raise NotEmpty(where=f"The database {connection.settings_dict['NAME']}")
        return
    target = _sqlite_path()
    if target.exists() and _has_tables(target):
        raise NotEmpty(where=target)


def _stage_tree(backup: Path, manifest: Manifest, *, tree: str, stage: Path, tell: Telling) -> None:
    """Copy a tree of the backup beside its place, each file hashed once more on its way."""
    (stage / tree).mkdir()
    wanted = [file for file in manifest.files if file.path.startswith(f"{tree}/")]
    for number, file in enumerate(wanted, 1):
        _, sha256 = copy_file(backup / file.path, target=stage / file.path)
        if sha256 != file.sha256:
            raise BackupDamaged(path=backup, problem=f"{file.path} changed while it was read")
        tell(tree, number, len(wanted))


def _add_files(source: Path, *, to: Path) -> None:
    """Files stand under the hash of their content: one that is there already is the same."""
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _swap(source: Path, *, to: Path, old: Path) -> None:
    """Roots that were signed after the backup speak of entries that it does not hold: they go."""
    if to.exists():
        to.rename(old)
    source.rename(to)


def _sqlite_path() -> Path:
    return Path(str(connection.settings_dict["NAME"])).absolute()


def _place_sqlite(source: Path, *, stage: Path) -> None:
    """Copy beside the database, on the same disk, and rename over it."""
    del stage
    target = _sqlite_path()
    connections.close_all()
    if target.exists():
        require_unused(target)
    fresh = target.with_name(f".{target.name}.restoring")
    fresh.unlink(missing_ok=True)
    try:
        with full_disk_said(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_file(source, target=fresh)
        with closing(sqlite3.connect(fresh)) as restored:
            [[intact]] = restored.execute("PRAGMA integrity_check(1)").fetchall()
        if intact != "ok":
            raise BackupDamaged(path=source, problem=str(intact))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    force_directory(target.parent)


def _has_tables(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as found:
        [[count]] = found.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return bool(count)


def require_unused(path: Path) -> None:
    """Leave WAL mode, which SQLite allows only to the last connection; it takes the log beside the file away too.

    Raises:
        InUse: another process has the database open.
    """
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as mine:
        try:
            [[mode]] = mine.execute("PRAGMA journal_mode=DELETE").fetchall()
            mine.execute("BEGIN EXCLUSIVE")
            mine.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise InUse(where=path) from error
        except sqlite3.DatabaseError:
            return  # what stands there is no database; it is replaced
    if mode != "delete":
        raise InUse(where=path)


def _schema_and_tables() -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_schema(), count(*) FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S')"
        )
        schema, tables = cursor.fetchone()
    return str(schema), int(tables)


def _place_postgresql(source: Path, *, stage: Path) -> None:
    """One transaction: everything that stood there goes and everything that was kept comes, or nothing happens."""
    server = server_facts().version
    schema, tables = _schema_and_tables()
    quoted = connection.ops.quote_name(schema)
    restoring = find_tool("pg_restore", server=server)
    what = ["--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    connections.close_all()
    if not tables:
        into = f"--dbname={connection.settings_dict['NAME']}"
        run_tool(restoring, [*what, "--single-transaction", into, str(source)], writes=stage)
        return
    # The script is written whole before it is run: one that broke off in the middle would be carried out to there.
    script = stage / "restore.sql"
    run_tool(restoring, [*what, f"--file={script}", str(source)], writes=stage)
    first = stage / "first.sql"
    first.write_text(f"DROP SCHEMA {quoted} CASCADE;\nCREATE SCHEMA {quoted};\n", encoding="utf-8")
    psql = find_tool("psql", server=server)
    arguments = ["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--file={first}", f"--file={script}"]
    try:
        run_tool(psql, arguments, writes=stage, options=f"-c lock_timeout={_LOCK_SECONDS}s")
    except ToolFailed as refusal:
        if "lock timeout" in str(refusal):
            raise InUse(where=f"The database {connection.settings_dict['NAME']}") from refusal
        raise


def _require_counts(manifest: Manifest) -> None:
    found = row_counts()
    for table, said in sorted(manifest.counts.items()):
        if table in found and found[table] != said:
            raise CountsDiffer(table=table, found=f"{found[table]:,}", said=f"{said:,}")

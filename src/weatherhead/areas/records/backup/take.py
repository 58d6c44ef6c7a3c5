"""Taking a backup while others work: one instant of the database, and every file that it speaks of."""

from __future__ import annotations

import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from weatherhead import __version__
from weatherhead.areas.records.backup.files import (
    Telling,
    copy_file,
    force_directory,
    force_tree,
    full_disk_said,
    kept,
    write_through,
)
from weatherhead.areas.records.backup.manifest import (
    NAME,
    POSTGRESQL_FILE,
    SQLITE_FILE,
    KeptFile,
    Manifest,
    NotABackup,
    manifest_text,
    read_manifest,
)
from weatherhead.areas.records.backup.tools import find_tool, run_tool
from weatherhead.areas.records.database import is_postgresql, snapshot
from weatherhead.areas.records.queries.installation import our_tables, server_facts
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Refusal, gettext_noop

BACKUP_MARK = "last-backup.json"
_PAGES_A_STEP = 2_000
_ABANDONED_AFTER = timedelta(days=1)
_ATTACHMENTS = "SELECT sha256 FROM records_attachment WHERE name <> '' ORDER BY sha256"
"""A content without a name was disposed of."""
_TOKENS = (("customers_identifier", "ciphertext"), ("records_approvalrequest", "inputs"))
"""Columns of sealed secrets; each token begins with the id of its key and a colon."""


class NoDirectory(Refusal):
    """The destination is no directory."""

    template = gettext_noop("%(path)s is not a directory. Make it first, on another disk than the database's.")


class InMemory(Refusal):
    """There is nothing on disk to keep."""

    template = gettext_noop("DATABASE_URL names a database in memory: there is nothing to keep.")


_Run = Callable[[str], list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the copied database says of itself, all as of the copied instant."""

    migrations: tuple[str, ...]
    counts: Mapping[str, int]
    keys: tuple[str, ...]
    attachments: tuple[str, ...]
    queue: Mapping[str, int]


def take_backup(destination: Path, *, at: datetime, tell: Telling) -> tuple[Path, Manifest]:
    """Keep everything in a new directory below `destination`. Takes no locks that writers would notice.

    The audit log's signed roots are copied before the database, so that none speaks of an entry that is not there yet;
    attachments after it, since a file is always written before the row that names it.

    Returns:
        The backup's directory and its manifest.

    Raises:
        NoDirectory, DiskFull, CannotWrite, ToolMissing, ToolFailed: no backup was made, and nothing of it was left.
    """
    if not destination.is_dir():
        raise NoDirectory(path=destination)
    with full_disk_said(destination), _whole_or_absent(destination, at=at) as part:
        roots = list(_copy_tree("audit-roots", part=part, tell=tell))
        said = _keep_postgresql(part, tell=tell) if is_postgresql(connection) else _keep_sqlite(part, tell=tell)
        paths = [*roots, *sorted(part.glob("database.*")), *_copy_tree("files", part=part, tell=tell)]
        files = [kept(path, below=part) for path in paths]
        manifest = _manifest(said, files=files, signed_by=_signers(roots), at=at)
        write_through(part / NAME, manifest_text(manifest))
        tell("forcing to disk", 0, 0)
        force_tree(part)
    path = destination / backup_name(at)
    _remember(path, manifest)
    return path, manifest


def backup_name(at: datetime) -> str:
    """The name of the backup of an instant; names sort as they were taken."""
    return f"{current_utility().code}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@contextmanager
def _whole_or_absent(destination: Path, *, at: datetime) -> Iterator[Path]:
    """A directory under another name, renamed when all went well, taken away when not."""
    final = destination / backup_name(at)
    if final.exists():
        raise NoDirectory(path=f"{final} exists already: it")
    for abandoned in destination.glob(f".{current_utility().code}-*.part"):
        if at - datetime.fromtimestamp(abandoned.stat().st_mtime, UTC) > _ABANDONED_AFTER:
            shutil.rmtree(abandoned)
    part = destination / f".{final.name}-{secrets.token_hex(4)}.part"
    part.mkdir(mode=0o700)
    try:
        yield part
        part.rename(final)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    force_directory(destination)


def _keep_sqlite(part: Path, *, tell: Telling) -> _Said:
    """SQLite's online backup. A read transaction held open fixes the instant: writers go on, nothing starts over."""
    name = str(connection.settings_dict["NAME"])
    if name.startswith((":memory:", "file:")):
        raise InMemory

    def step(_status: int, remaining: int, total: int) -> None:
        tell("database", total - remaining, total)

    target_path = part / SQLITE_FILE
    address = f"file:{quote(str(Path(name).absolute()))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)) as source,
        closing(sqlite3.connect(target_path, isolation_level=None)) as target,
    ):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=_PAGES_A_STEP, progress=step)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        tell("reading it back", 0, 0)
        [[intact]] = target.execute("PRAGMA integrity_check(1)").fetchall()
        if intact != "ok":
            raise NotABackup(path=name, problem=f"the database itself is damaged: {intact}")
        return _ask(lambda statement: target.execute(statement).fetchall())


def _keep_postgresql(part: Path, *, tell: Telling) -> _Said:
    """pg_dump of the very snapshot that is counted here."""
    tool = find_tool("pg_dump", server=server_facts().version)
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        [instant] = cursor.fetchone()

        def ask(statement: str) -> list[tuple[object, ...]]:
            cursor.execute(statement)
            return list(cursor.fetchall())

        said = _ask(ask)
        tell("database", 0, 0)
        target = part / POSTGRESQL_FILE
        # Who owns it and who may what is the business of where it is brought back.
        what = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
        run_tool(tool, [*what, f"--snapshot={instant}", f"--file={target}"], writes=part)
    return said


def _ask(run: _Run) -> _Said:
    counts = {table: _int(run(f'SELECT count(*) FROM "{table}"')[0][0]) for table in our_tables()}  # noqa: S608
    keys: set[str] = set()
    for table, column in _TOKENS:
        head = f"substr({column}, 1, 40)"
        rows = run(f"SELECT DISTINCT {head} FROM {table} WHERE {column} LIKE '%:%'")  # noqa: S608
        keys |= {str(token).partition(":")[0] for (token,) in rows}
    migrations = run("SELECT app, name FROM django_migrations")
    states = run("SELECT state, count(*) FROM records_workitem GROUP BY state")
    return _Said(
        migrations=tuple(sorted(f"{label}.{name}" for label, name in migrations)),
        counts=counts,
        keys=tuple(sorted(keys)),
        attachments=tuple(str(sha256) for (sha256,) in run(_ATTACHMENTS)),
        queue={str(state): _int(count) for state, count in states},
    )


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no count")
    return value


def _copy_tree(name: str, *, part: Path, tell: Telling) -> Iterator[Path]:
    """Copy what stands below a directory of ours. What appears meanwhile belongs to a later instant and may come along;
    a file that is half-written has a name of its own and does not.
    """
    top = Path(settings.VAR_DIR) / name
    found = sorted(path for path in top.rglob("*") if path.is_file() and path.suffix != ".part")
    for number, path in enumerate(found, 1):
        target = part / name / path.relative_to(top)
        copy_file(path, target=target)
        tell(name, number, len(found))
        yield target


def _manifest(said: _Said, *, files: list[KeptFile], signed_by: frozenset[str], at: datetime) -> Manifest:
    have = {file.sha256 for file in files if file.path.startswith("files/attachments/")}
    return Manifest(
        weatherhead=__version__,
        utility=current_utility().code,
        taken_at=at,
        database="postgresql" if is_postgresql(connection) else "sqlite",
        database_version=server_facts().version,
        migrations=said.migrations,
        counts=dict(said.counts),
        keys=tuple(sorted({*said.keys, *signed_by})),
        files=tuple(files),
        attachments=len(said.attachments),
        attachments_missing=tuple(sha256 for sha256 in said.attachments if sha256 not in have),
        audit_roots=sum(file.path.startswith("audit-roots/") for file in files),
        queue=dict(said.queue),
    )


def _signers(roots: list[Path]) -> frozenset[str]:
    """The keys that signed the roots: who verifies them needs those keys."""
    return frozenset(str(json.loads(path.read_text(encoding="utf-8"))["said"]["key"]) for path in roots)


def _remember(path: Path, manifest: Manifest) -> None:
    """Leave a mark for monitoring. The backup is whole; a mark that cannot be written is told by the next alarm."""
    mark = Path(settings.VAR_DIR) / BACKUP_MARK
    with full_disk_said(mark):
        mark.parent.mkdir(parents=True, exist_ok=True)
        fresh = mark.with_suffix(".part")
        said = {"taken_at": manifest.taken_at.isoformat(), "path": str(path), "size_bytes": manifest.size_bytes}
        write_through(fresh, json.dumps(said) + "\n")
        fresh.replace(mark)


def remove_older(destination: Path, *, keep: int) -> tuple[Path, ...]:
    """Remove all but the newest `keep` whole backups of this utility; returns those removed. Touches nothing else."""
    mine: list[Path] = []
    for path in sorted(destination.glob(f"{current_utility().code}-*")):
        try:
            found = read_manifest(path)
        except NotABackup:
            continue  # somebody else's directory, or a damaged backup that a person must look at
        if found.utility == current_utility().code:
            mine.append(path)
    removed = tuple(mine[:-keep]) if keep > 0 else ()
    for path in removed:
        shutil.rmtree(path)
    return removed

"""An installation as a whole: what keeps it from starting, whether it is ready, and the figures of its operation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from weatherhead.areas.billing.counts import bills_issued, exceptions_held
from weatherhead.areas.billing.fees import fee_book
from weatherhead.areas.customers.sealed import keys_of_identifiers
from weatherhead.areas.records.backup.take import BACKUP_MARK
from weatherhead.areas.records.environment import Fault
from weatherhead.areas.records.queries.approvals import waiting_count
from weatherhead.areas.records.queries.installation import (
    DatabaseUnreachable,
    MigrationFacts,
    RoleFacts,
    ServerFacts,
    migration_facts,
    newest_remembered_at,
    role_facts,
    server_facts,
)
from weatherhead.areas.records.queries.queue import QueueFigure, queue_figures
from weatherhead.areas.records.queries.sealed import keys_of_requests
from weatherhead.areas.records.secrets import key_ring
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.areas.workforce.queries import anyone_employed
from weatherhead.core.values import DataFileInvalid
from weatherhead.door.context import Moment
from weatherhead.door.jobs import load_jobs
from weatherhead.door.registry import registry

CLOCKS_APART_MAX = timedelta(seconds=30)
BEHIND_THE_LOG_MAX = timedelta(minutes=10)
QUEUE_WAITS_MAX = timedelta(minutes=15)
_SHOWN = 4
_MIGRATE = "weatherhead database migrate --role weatherhead_app"


def database_faults() -> tuple[Fault, ...]:
    """What keeps any command from working with the database: out of reach, too old, or not of this version."""
    try:
        server = server_facts()
    except DatabaseUnreachable as error:
        remedy = "See that the server runs, and that host, port, user, password and name are right."
        return (Fault(setting="DATABASE_URL", problem=f"the database does not answer: {error}", remedy=remedy),)
    found = [*_of_server(server)]
    if not found:
        found += _of_migrations(migration_facts())
    return tuple(found)


def serving_faults(*, moment: Moment, with_static_files: bool) -> tuple[Fault, ...]:
    """Everything that keeps server and workers from running, or that an operator should know. All of it at once."""
    # The clocks first: reading the rules takes a while on a busy machine, and `moment` would be old.
    of_database = database_faults()
    of_clock = [] if of_database else [*_of_clock(server_facts(), moment=moment)]
    found = [*_of_rules(), *_of_disk()]
    if with_static_files:
        found += _of_static_files()
    found += of_database
    if not of_database:
        found += _of_role(role_facts())
        found += of_clock
        found += _of_keys()
        if not anyone_employed():
            remedy = "Add an administrator."
            example = "weatherhead employees add-first --username kl --name 'K. Larsen'"
            problem = "nobody works here yet, so nobody can sign in."
            found.append(_noted("employees", problem, remedy, example))
    return tuple(found)


def _grave(setting: str, problem: str, remedy: str, example: str = "") -> Fault:
    return Fault(setting=setting, problem=problem, remedy=remedy, example=example)


def _noted(setting: str, problem: str, remedy: str, example: str = "") -> Fault:
    return Fault(setting=setting, problem=problem, remedy=remedy, example=example, grave=False)


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _of_server(server: ServerFacts) -> Iterator[Fault]:
    if not server.new_enough:
        problem = f"the database is {server.vendor} {server.version}; {server.needed} or newer is needed."
        yield _grave("DATABASE_URL", problem, "Upgrade the server, or name another.")
    if server.encoding != "UTF8":
        problem = f"the database keeps text as {server.encoding}; names need UTF8."
        yield _grave("DATABASE_URL", problem, "Make the database anew.", "CREATE DATABASE weatherhead ENCODING 'UTF8'")


def _of_migrations(found: MigrationFacts) -> Iterator[Fault]:
    if found.unknown:
        problem = f"the database was migrated by a newer Weatherhead: {_few(found.unknown)}."
        yield _grave("migrations", problem, "Install that version here, or restore a backup of this one's.")
    if found.pending:
        count = len(found.pending)
        problem = f"{count} migration{'s' if count > 1 else ''} not applied: {_few(found.pending)}."
        yield _grave("migrations", problem, "Migrate as the database's owner, then start.", _MIGRATE)


def _of_role(role: RoleFacts | None) -> Iterator[Fault]:
    if role is None:
        return
    # A developer's own server has one role for everything; there it is told only.
    tell = _noted if settings.DEBUG else _grave
    remedy = "Serve as a role that owns nothing, and give it its rights as the owner."
    if role.is_superuser:
        yield tell(
            "DATABASE_URL", f"the role {role.name} is a superuser: no guard of the books binds it.", remedy, _MIGRATE
        )
    elif role.owns:
        yield tell(
            "DATABASE_URL",
            f"the role {role.name} owns {_few(role.owns)}: it could take the guards away.",
            remedy,
            _MIGRATE,
        )
    elif role.makes_roles:
        yield tell(
            "DATABASE_URL", f"the role {role.name} may make roles.", remedy, f"ALTER ROLE {role.name} NOCREATEROLE"
        )
    elif role.may_change:
        problem = f"the role {role.name} may change {_few(role.may_change)}, which are only ever appended to."
        yield tell("DATABASE_URL", problem, "Give the rights anew, as the owner.", _MIGRATE)
    if role.lacks:
        problem = f"the role {role.name} may not read and write {_few(role.lacks)}."
        yield _grave("DATABASE_URL", problem, "Give the rights anew, as the owner, after every migration.", _MIGRATE)


def _of_clock(server: ServerFacts, *, moment: Moment) -> Iterator[Fault]:
    remedy = "Set the clock, and keep it with chrony or systemd-timesyncd."
    if server.clock is not None and abs(server.clock - moment.at) > CLOCKS_APART_MAX:
        apart = round(abs((server.clock - moment.at).total_seconds()))
        yield _grave("clock", f"this machine and the database's are {apart} seconds apart.", remedy)
    newest = newest_remembered_at()
    if newest is not None and newest - moment.at > BEHIND_THE_LOG_MAX and settings.TODAY is None:
        here, there = f"{moment.at:%Y-%m-%d %H:%M}", f"{newest:%Y-%m-%d %H:%M}"
        problem = f"it is {here} UTC here, before the newest entry of the audit log, {there} UTC."
        yield _grave("clock", problem, remedy)


def _of_keys() -> Iterator[Fault]:
    held = {key.key_id for key in key_ring()} if settings.KEY_RING else set()
    if missing := sorted((keys_of_identifiers() | keys_of_requests()) - held):
        problem = f"secrets in the database are sealed with {_few(tuple(missing))}, which the ring does not hold."
        yield _grave("WEATHERHEAD_KEYS", problem, "Put the key back at the end of the ring, from where keys are kept.")


def _of_rules() -> Iterator[Fault]:
    utility = current_utility()
    loads: tuple[Callable[[], object], ...] = (
        lambda: load_jobs(utility.path(utility.jobs), known_actions=[action.name for action in registry]),
        fee_book,
        rate_book,
    )
    for load in loads:
        try:
            load()
        except DataFileInvalid as refusal:
            for problem in refusal.problems:
                yield _grave("WEATHERHEAD_UTILITY", str(problem), "Correct the line.")


def _of_disk() -> Iterator[Fault]:
    least = settings.DISK_FREE_MIN_MB
    for place in _places():
        free = shutil.disk_usage(place).free // 1_000_000
        if free < least:
            problem = f"{place} has {free:,} MB free, less than {least:,}."
            remedy = "Free space or move it to a larger disk; what is written next may not fit."
            yield _grave("disk", problem, remedy, "WEATHERHEAD_DISK_FREE_MIN_MB=200 sets another limit")


def _places() -> tuple[Path, ...]:
    """The directories that are written to, or what exists of them: files, and SQLite's."""
    wanted = [Path(settings.VAR_DIR)]
    database: Mapping[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3") and not str(database["NAME"]).startswith((":memory:", "file:")):
        wanted.append(Path(database["NAME"]).absolute().parent)
    found: dict[int, Path] = {}
    for path in wanted:
        near = path
        while not near.exists():
            near = near.parent
        found.setdefault(near.stat().st_dev, near)
    return tuple(found.values())


def _of_static_files() -> Iterator[Fault]:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    storages: Mapping[str, Any] = settings.STORAGES
    if "Manifest" in storages["staticfiles"]["BACKEND"] and not manifest.is_file():
        problem = f"{manifest.parent} holds no style sheets and scripts: every page would fail."
        yield _grave("WEATHERHEAD_VAR", problem, "Collect them.", "weatherhead static")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCheck:
    """One thing that must be right to take requests."""

    name: str
    ok: bool
    said: str
    figure: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether this process can serve. A queue that is late is told, and does not turn requests away."""

    ready: bool
    checks: tuple[ReadyCheck, ...]


def readiness(*, moment: Moment) -> Readiness:
    """Look at database, migrations, disk, clock and queue. Never raises for what it looks at."""
    checks = [_disk_ready()]
    try:
        server = server_facts()
    except DatabaseUnreachable:
        checks.append(ReadyCheck(name="database", ok=False, said="does not answer"))
        return Readiness(ready=False, checks=tuple(checks))
    checks.append(ReadyCheck(name="database", ok=server.new_enough, said=f"{server.vendor} {server.version}"))
    migrations = migration_facts()
    behind = len(migrations.pending) + len(migrations.unknown)
    said = "all applied" if not behind else f"{len(migrations.pending)} pending, {len(migrations.unknown)} unknown"
    checks.append(ReadyCheck(name="migrations", ok=not behind, said=said, figure=behind))
    if server.clock is not None:
        apart = abs((server.clock - moment.at).total_seconds())
        ok = apart <= CLOCKS_APART_MAX.total_seconds()
        checks.append(ReadyCheck(name="clock", ok=ok, said="seconds from the database's", figure=round(apart, 3)))
    needed = tuple(checks)
    if not behind:
        checks += _of_queue(moment.at)
    return Readiness(ready=all(check.ok for check in needed), checks=tuple(checks))


def _disk_ready() -> ReadyCheck:
    free = min(shutil.disk_usage(place).free for place in _places()) // 1_000_000
    return ReadyCheck(name="disk", ok=free >= settings.DISK_FREE_MIN_MB, said="MB free", figure=free)


def _of_queue(at: datetime) -> tuple[ReadyCheck, ReadyCheck]:
    figures = queue_figures(at=at)
    oldest = max((item.oldest_seconds or 0.0 for item in figures), default=0.0)
    on_time = oldest <= QUEUE_WAITS_MAX.total_seconds()
    put_off = sum(item.put_off for item in figures)
    return (
        ReadyCheck(name="queue", ok=on_time, said="seconds since the oldest item could run", figure=round(oldest)),
        ReadyCheck(name="put_off", ok=not put_off, said="items that the database stopped", figure=put_off),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFigures:
    """What monitoring counts. `backup_seconds` is None where there has been no backup."""

    queue: tuple[QueueFigure, ...]
    failed: int
    bills: int
    exceptions: int
    approvals: int
    disk_free_bytes: int
    backup_seconds: float | None


def operation_figures(*, moment: Moment) -> OperationFigures | None:
    """Read the figures; None when the database does not answer."""
    try:
        queue = queue_figures(at=moment.at)
        return OperationFigures(
            queue=queue,
            failed=sum(item.count for item in queue if item.state == "failed"),
            bills=bills_issued(),
            exceptions=exceptions_held(),
            approvals=waiting_count(as_of=moment.as_of),
            disk_free_bytes=min(shutil.disk_usage(place).free for place in _places()),
            backup_seconds=_backup_age(moment.at),
        )
    except DatabaseError:
        return None


def _backup_age(at: datetime) -> float | None:
    path = Path(settings.VAR_DIR) / BACKUP_MARK
    if not path.is_file():
        return None
    taken: datetime = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["taken_at"])
    return max(0.0, (at - taken).total_seconds())

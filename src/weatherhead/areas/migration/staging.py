"""The staging file: a set's rows, parsed, in a SQLite file of its own, so that a set of any size is checked as sets.

It holds what the files hold, for as long as they are loaded; nobody but its owner may read it. The rows of a file have
their physical line as key; `bad` marks the rejected ones, whose values are kept as far as they were understood, so that
what depends on them can be told so.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings

from weatherhead.areas.migration.layout import FILES, FileLayout
from weatherhead.areas.migration.problems import REJECTED, Problem, problem_of
from weatherhead.areas.records.canonical import Json, canonical
from weatherhead.core.values import Refusal, Sentence, gettext_noop

EXTRA_COLUMNS = {"premises": ("search_text",), "reads": ("turns",), "opening_balances": ("bucket",)}
"""What the check adds to a file's columns."""

KNOWN_TABLES = {
    "known_meters": ("meter", "service_point", "installed_on", "removed_on", "dials", "has_demand"),
    "known_agreements": ("agreement", "account", "service_point", "start_on", "end_on"),
    "known_reads": ("meter", "read_on", "kind", "reading", "turns"),
    "known_history": ("agreement", "start_on", "end_on"),
}
"""What is on file of things that an earlier set loaded and that this one refers to."""

_INDEXED = {
    "accounts": ("customer",),
    "service_points": ("premise",),
    "meters": ("service_point",),
    "agreements": ("account", "service_point"),
    "opening_balances": ("account",),
    "deposits": ("account",),
    "premises": ("search_text",),
}
_INSERT_ROWS = 20_000
_CACHE_KIB = 65_536


class StagingMissing(Refusal):
    """The set is not checked on this machine, or was checked otherwise."""

    template = gettext_noop(
        "The set is not staged here as it was when it was begun. Run weatherhead import again with the same files, on "
        "the machine that has them."
    )


def staging_path(sha256: str) -> Path:
    """Where the staging file of a set stands while it is checked and loaded."""
    return Path(settings.VAR_DIR) / "staging" / f"{sha256}.sqlite3"


def open_staging(sha256: str, *, plan_sha256: str | None = None) -> Staging:
    """The staging file of a set that was checked whole.

    Raises:
        StagingMissing: there is none, its check was not finished, or it came to another plan.
    """
    path = staging_path(sha256)
    if not path.exists():
        raise StagingMissing
    staging = Staging(path)
    found = staging.noted("plan_sha256") if staging.has_table("about") else None
    if found is None or (plan_sha256 is not None and found != plan_sha256):
        staging.close()
        raise StagingMissing
    return staging


class Staging:
    """A staging file: rows, problems, and what is noted about the set."""

    def __init__(self, path: Path) -> None:
        """Open the file; `create` fills it with empty tables."""
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{_CACHE_KIB}"):
            self.connection.execute(f"PRAGMA {pragma}")
        self._pending: list[tuple[Any, ...]] = []

    @classmethod
    def create(cls, path: Path) -> Staging:
        """A new, empty file in the place of whatever was there, for its owner's eyes only."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        staging = cls(path)
        for layout in FILES:
            columns = ", ".join(f'"{name}"' for name in columns_of(layout))
            staging.execute(f'CREATE TABLE "{layout.name}" (line INTEGER PRIMARY KEY, bad, {columns})')
        for table, names in KNOWN_TABLES.items():
            staging.execute(f"CREATE TABLE {table} ({', '.join(names)})")
            staging.execute(f"CREATE INDEX {table}_by_{names[0]} ON {table} ({names[0]})")
        staging.execute("CREATE TABLE moved (kind, key, row_id, PRIMARY KEY (kind, key)) WITHOUT ROWID")
        staging.execute("CREATE TABLE turned (line INTEGER PRIMARY KEY, turns)")
        staging.execute("CREATE TABLE about (name PRIMARY KEY, value) WITHOUT ROWID")
        staging.execute(
            "CREATE TABLE problems (id INTEGER PRIMARY KEY, file, line, col, code, outcome, template, params)"
        )
        return staging

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement of the program's own."""
        return self.connection.execute(statement, parameters)

    def number(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """The one whole number that a statement answers; 0 for none."""
        [found] = self.execute(statement, parameters).fetchone()
        return int(found or 0)

    def note(self, name: str, value: Json) -> None:
        """Keep something about the set as a whole."""
        self.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", [name, canonical(value)])

    def noted(self, name: str) -> Json:
        """What was noted under a name; None for nothing."""
        found = self.execute("SELECT value FROM about WHERE name = ?", [name]).fetchone()
        return None if found is None else json.loads(found[0])

    def insert(self, table: str, rows: Iterable[Sequence[Any]], *, width: int) -> None:
        """Add rows to a table, in its columns' order."""
        places = ", ".join("?" * width)
        self.execute("BEGIN")
        self.connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
        self.execute("COMMIT")

    def add_rows(self, layout: FileLayout, rows: Iterator[Sequence[Any]]) -> None:
        """Add a file's rows and whatever problems were reported meanwhile, then make its indexes."""
        width = 2 + len(columns_of(layout))
        while chunk := list(_take(rows)):
            self.insert(layout.name, chunk, width=width)
            self.flush()
        self.flush()
        for columns in chain([layout.unique], ((name,) for name in _INDEXED.get(layout.name, ()))):
            named = ", ".join(f'"{name}"' for name in columns)
            self.execute(f'CREATE INDEX "{layout.name}_by_{"_".join(columns)}" ON "{layout.name}" ({named})')

    def report(self, problem: Problem) -> None:
        """Keep a problem; it stands in the file after `flush`."""
        what = problem.what
        self._pending.append(
            (None, problem.file, problem.line, problem.column, problem.code, problem.outcome, what.template,
             json.dumps(dict(what.params), ensure_ascii=False))
        )  # fmt: skip
        if len(self._pending) >= _INSERT_ROWS and not self.connection.in_transaction:
            self.flush()

    def flush(self) -> None:
        """Write the problems that were reported."""
        if self._pending:
            pending, self._pending = self._pending, []
            self.insert("problems", pending, width=8)

    def reject(self, layout: FileLayout, rows: Iterable[tuple[int, str, Refusal]]) -> None:
        """Reject rows: line, column and why. Taken one by one and marked at the end, however many there are."""
        self.flush()
        before = self.number("SELECT MAX(id) FROM problems")
        file = f"{layout.name}.csv"
        for line, column, refusal in rows:
            self.report(problem_of(refusal, file=file, line=line, column=column))
        self.flush()
        self.execute(
            f'UPDATE "{layout.name}" SET bad = 1 WHERE line IN'
            " (SELECT line FROM problems WHERE id > ? AND file = ? AND outcome = ?)",
            [before, file, REJECTED],
        )

    def problems(self, *, limit: int | None = None) -> Iterator[Problem]:
        """The problems: file by file, line by line."""
        order = " ".join(f"WHEN '{layout.name}.csv' THEN {place}" for place, layout in enumerate(FILES))
        cursor = self.execute(
            f"SELECT file, line, col, code, outcome, template, params FROM problems"
            f" ORDER BY CASE file {order} ELSE -1 END, line, id LIMIT ?",
            [-1 if limit is None else limit],
        )
        for file, line, column, code, outcome, template, params in cursor:
            what = Sentence(template=template, params=json.loads(params))
            yield Problem(file=file, line=line, column=column, code=code, outcome=outcome, what=what)

    def count_problems(self) -> dict[str, int]:
        """How many problems there are by outcome."""
        return dict(self.execute("SELECT outcome, COUNT(*) FROM problems GROUP BY outcome").fetchall())

    def rejected_lines(self, name: str) -> Iterator[int]:
        """The lines of a file's rejected rows, in order."""
        for (line,) in self.execute(f'SELECT line FROM "{name}" WHERE bad = 1 ORDER BY line'):
            yield line

    def has_table(self, name: str) -> bool:
        """Whether a table was made."""
        return self.number("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?", [name]) == 1


def columns_of(layout: FileLayout) -> tuple[str, ...]:
    """The columns of a file's table."""
    return (*layout.names, *EXTRA_COLUMNS.get(layout.name, ()))


def _take(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for _, row in zip(range(_INSERT_ROWS), rows, strict=False):
        yield row

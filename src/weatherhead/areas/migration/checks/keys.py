"""What every file is checked for: keys that repeat, keys that point nowhere, keys that were loaded before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from weatherhead.areas.migration.layout import BY_NAME, Column, FileLayout
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, gettext_noop

KINDS = {
    "customers": "customer",
    "accounts": "account",
    "premises": "premise",
    "service_points": "service_point",
    "meters": "meter",
    "agreements": "agreement",
    "opening_balances": "open_item",
    "deposits": "deposit",
}
"""What a key of each file is called where keys are kept."""

ASKED_AT_ONCE = 10_000

Rejection = tuple[int, str, Refusal]


class Repeated(Refusal):
    """The same row again."""

    template = gettext_noop("Repeats line %(other)s. Take one of them out, and check the row count.")


class DuplicateKey(Refusal):
    """Two different rows of one key."""

    template = gettext_noop("%(key)s stands on line %(other)s too, with other values. Find out which is right.")


class NotFound(Refusal):
    """A key that no row has."""

    template = gettext_noop("There is no %(key)s in %(file)s.csv. Add it there, or correct it here.")


class DependsOnRejected(Refusal):
    """A key whose row was rejected."""

    template = gettext_noop(
        "%(key)s was rejected: %(file)s.csv, line %(line)s. Correct that row, and send this one with it."
    )


class LoadedBefore(Refusal):
    """A key that an earlier set loaded."""

    template = gettext_noop("%(key)s was loaded with an earlier set. Send only what was not.")


class Known(Protocol):
    """What the database already knows of a source's keys."""

    def keys(self, kind: str, keys: Sequence[str]) -> Mapping[str, int]:
        """Which of some keys earlier sets loaded, with the numbers of their rows."""

    def addresses(self, texts: Sequence[str]) -> Mapping[str, int]:
        """Which of some addresses are on file, with their premises."""

    def serials(self, serials: Sequence[str]) -> frozenset[str]:
        """Which of some meters are on file."""

    def numbers(self, numbers: Sequence[str]) -> frozenset[str]:
        """Which of some account numbers are given."""

    def rows_of(self, table: str, kind: str, ids: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
        """What is on file of things of a kind: the rows of a `KNOWN_TABLES` table, for row numbers and their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChecks:
    """The checks of one file's keys."""

    staging: Staging
    known: Known

    def check(self, layout: FileLayout) -> None:
        """Reject rows that repeat, that point at no good row, or that came with an earlier set."""
        self._duplicates(layout)
        for column in layout.references:
            self._reference(layout, column)
        if layout.name in KINDS and layout.name != "meters":
            self._loaded_before(layout)

    def _duplicates(self, layout: FileLayout) -> None:
        """The same row again is rejected; of two different rows of one key both are: nobody knows which is right."""
        unique = ", ".join(f'"{name}"' for name in layout.unique)
        given = " AND ".join(f'"{name}" IS NOT NULL' for name in layout.unique)
        groups = self.staging.execute(
            f'SELECT {unique} FROM "{layout.name}" WHERE {given} GROUP BY {unique} HAVING COUNT(*) > 1'
        )
        self.staging.reject(layout, self._of_groups(layout, groups.fetchall()))

    def _of_groups(self, layout: FileLayout, groups: Iterable[tuple[object, ...]]) -> Iterator[Rejection]:
        columns = ", ".join(f'"{name}"' for name in layout.names)
        same = " AND ".join(f'"{name}" = ?' for name in layout.unique)
        for key in groups:
            select = f'SELECT line, {columns} FROM "{layout.name}" WHERE {same} ORDER BY line'
            first, *others = self.staging.execute(select, key).fetchall()
            column = layout.unique[0]
            if all(row[1:] == first[1:] for row in others):
                yield from ((row[0], column, Repeated(other=first[0])) for row in others)
                continue
            said = " ".join(str(part) for part in key)
            yield first[0], column, DuplicateKey(key=said, other=others[0][0])
            yield from ((row[0], column, DuplicateKey(key=said, other=first[0])) for row in others)

    def _reference(self, layout: FileLayout, column: Column) -> None:
        """Every row's key must be a good row of the other file, or have come with an earlier set."""
        target = BY_NAME[column.refers]
        missing = (
            f'SELECT r.line AS line, r."{column.name}" AS key, (SELECT MIN(t.line) FROM "{target.name}" t'
            f' WHERE t."{target.key}" = r."{column.name}") AS rejected FROM "{layout.name}" r WHERE r.bad = 0'
            f' AND r."{column.name}" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "{target.name}" t'
            f' WHERE t."{target.key}" = r."{column.name}" AND t.bad = 0)'
        )
        unknown = self.staging.execute(f"SELECT DISTINCT key FROM ({missing}) WHERE rejected IS NULL ORDER BY key")
        loaded: set[str] = set()
        while keys := unknown.fetchmany(ASKED_AT_ONCE):
            loaded |= self._moved(KINDS[target.name], [key for (key,) in keys])
        rows = self.staging.execute(f"SELECT line, key, rejected FROM ({missing}) ORDER BY line")
        self.staging.reject(layout, self._not_found(rows, loaded=loaded, column=column))

    def _not_found(
        self, missing: Iterable[tuple[int, str, int | None]], *, loaded: Set[str], column: Column
    ) -> Iterator[Rejection]:
        for line, key, rejected_line in missing:
            if rejected_line is not None:
                yield line, column.name, DependsOnRejected(key=key, file=column.refers, line=rejected_line)
            elif key not in loaded:
                yield line, column.name, NotFound(key=key, file=column.refers)

    def _moved(self, kind: str, keys: Sequence[str]) -> frozenset[str]:
        """Which keys earlier sets loaded; they are remembered with what is on file of them."""
        found = self.known.keys(kind, keys)
        new = {
            key: row_id
            for key, row_id in found.items()
            if not self.staging.number("SELECT COUNT(*) FROM moved WHERE kind = ? AND key = ?", [kind, key])
        }
        self.staging.insert("moved", [(kind, key, row_id) for key, row_id in new.items()], width=3)
        tables = {
            "service_point": ("known_meters", "known_agreements"),
            "meter": ("known_meters", "known_reads"),
            "agreement": ("known_history",),
        }
        for table in tables.get(kind, ()):
            rows = list(self.known.rows_of(table, kind, {row_id: key for key, row_id in new.items()}))
            if rows:
                self.staging.insert(table, rows, width=len(rows[0]))
        return frozenset(found)

    def _loaded_before(self, layout: FileLayout) -> None:
        kind = KINDS[layout.name]

        def found(keys: Sequence[str]) -> Iterable[str]:
            return self.known.keys(kind, keys)

        reject_known(self.staging, layout, column=layout.key, ask=found, refuse=lambda key: LoadedBefore(key=key))


def reject_known(
    staging: Staging,
    layout: FileLayout,
    *,
    column: str,
    ask: Callable[[Sequence[str]], Iterable[str]],
    refuse: Callable[[str], Refusal],
    named: str = "",
) -> None:
    """Reject the rows whose value of a column the database answers for, under the name of that column or another."""
    rows = staging.execute(f'SELECT line, "{column}" FROM "{layout.name}" WHERE bad = 0 ORDER BY line')

    def wrong() -> Iterator[Rejection]:
        while chunk := rows.fetchmany(ASKED_AT_ONCE):
            found = set(ask([value for _, value in chunk]))
            yield from ((line, named or column, refuse(value)) for line, value in chunk if value in found)

    staging.reject(layout, wrong())

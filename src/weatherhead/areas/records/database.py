"""The module that knows how PostgreSQL and SQLite differ, with `migration_steps`; everything else is written once.

PostgreSQL is production: COPY, sequences, row locks, snapshots. SQLite is the embedded default: one writer at a time,
whose IMMEDIATE transaction stands in for every lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)")
_SQLITE_NAMED = re.compile(r"(?:CHECK constraint failed: )?(?P<name>[a-z][a-z0-9_]*)(?::|$)")
_CHUNK_ROWS = 10_000
_PARAMETERS_MAX = 999
"""As many as SQLite binds in its older builds."""
_CHUNK_ROWS_SQLITE = 900


def is_postgresql(database: BaseDatabaseWrapper) -> bool:
    """Tell whether a connection leads to PostgreSQL; otherwise it leads to SQLite."""
    return database.vendor == "postgresql"


def one_writer() -> bool:
    """Whether one transaction writes at a time: on SQLite."""
    return not is_postgresql(connection)


@contextmanager
def writing_in_turn() -> Iterator[None]:
    """Wait in line to begin a transaction that writes, where many may want to at once: SQLite alone has no line.

    It has those who wait look again after ever longer sleeps, so that whoever just came overtakes them until their
    patience ends ("database is locked"). Here they sleep on a lock of the operating system, on a file beside the
    database, and are woken. Nothing on PostgreSQL, within a transaction, or for a database in memory.
    """
    name = str(connection.settings_dict["NAME"])
    if is_postgresql(connection) or connection.in_atomic_block or name.startswith((":memory:", "file:")):
        yield
        return
    turn = os.open(f"{name}-turn", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)  # a process that was forked meanwhile may hold the file open
        os.close(turn)


def transactions_over() -> int:
    """Every transaction with a lower number than this has ended, and what it committed is seen by the next statement.

    0 on SQLite, where transactions have no numbers: one writes at a time.
    """
    return _transaction_number("pg_snapshot_xmin(pg_current_snapshot())")


def transactions_begun() -> int:
    """A number above that of every transaction which has written anything so far; 0 on SQLite."""
    return _transaction_number("pg_current_xact_id()")


def _transaction_number(expression: str) -> int:
    if one_writer():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {expression}::text::bigint")
        [number] = cursor.fetchone()
    return int(number)


def require_transaction(what: str) -> None:
    """Raise TransactionManagementError unless a transaction is open: only the door opens one."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{what} inside a transaction")


def bulk_insert(*, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert many rows in one statement: COPY on PostgreSQL, prepared statements of many rows on SQLite.

    Values are None, int, str, bytes, bool, date or aware datetime; JSON goes as text. `table` and `columns` come from
    the program, never from a person.

    Raises:
        IntegrityError: a constraint or trigger refused; see `violated_constraint`.
    """
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            statement = f"COPY {quote(table)} ({names}) FROM STDIN"
            # Django wraps the errors of execute only.
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
            return
    insert_rows(f"INSERT INTO {quote(table)} ({names})", [as_stored(row) for row in rows])


def as_stored(row: Sequence[object]) -> tuple[Any, ...]:
    """Parameters as the ORM stores them: an instant is naive UTC text on SQLite."""
    return tuple(
        connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value for value in row
    )


def as_day(value: date | str) -> date:
    """A date column as a statement of our own returns it: SQLite keeps days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def insert_rows(statement: str, rows: Sequence[Sequence[object]], *, conflict: str = "") -> None:
    """Insert rows, many with each run of a statement: to begin and end one costs as much as its rows.

    For SQLite, and for a few rows on PostgreSQL; see `bulk_insert` for thousands there.

    `statement` is ``INSERT INTO table (columns)`` and `conflict` what follows the values, both from the program.
    """
    if not rows:
        return
    width = len(rows[0])
    place = f"({', '.join(['%s'] * width)})"
    many = max(_PARAMETERS_MAX // width, 1)
    whole = len(rows) - len(rows) % many
    with connection.cursor() as cursor:
        if whole:
            runs: list[Any] = [
                tuple(chain.from_iterable(rows[first : first + many])) for first in range(0, whole, many)
            ]
            cursor.executemany(f"{statement} VALUES {', '.join([place] * many)} {conflict}", runs)
        if left := rows[whole:]:
            values: Any = tuple(chain.from_iterable(left))
            cursor.execute(f"{statement} VALUES {', '.join([place] * len(left))} {conflict}", values)


def insert_one(*, table: str, values: Mapping[str, object], returning: str = "id") -> int:
    """Insert one row and return its number, for what every action writes: the ORM thinks longer than a database works.

    Values as for `bulk_insert`; `table` and the columns come from the program.
    """
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING {returning}"  # noqa: S608
        cursor.execute(statement, as_stored(tuple(values.values())))
        [number] = cursor.fetchone()
    return int(number)


def update_rows(*, table: str, column: str, rows: Sequence[tuple[int, str]], kind: str = "text") -> None:
    """Write one column of many rows, by their numbers, in one statement: an array on PostgreSQL, prepared on SQLite.

    A row is its number and the text of its new value; `kind` is the column's type, jsonb for JSON. A number that no row
    has changes nothing. `table`, `column` and `kind` come from the program.
    """
    if not rows:
        return
    quote = connection.ops.quote_name
    change = f"UPDATE {quote(table)} SET {quote(column)} ="  # noqa: S608
    with connection.cursor() as cursor:
        if one_writer():
            cursor.executemany(f"{change} %s WHERE id = %s", [(value, number) for number, value in rows])
            return
        numbers, values = zip(*rows, strict=True)
        cursor.execute(
            f"{change} given.value::{kind} FROM unnest(%s::bigint[], %s::text[]) AS given (id, value)"
            f" WHERE {quote(table)}.id = given.id",
            [list(numbers), list(values)],
        )


def bulk_add(*, table: str, keys: Sequence[str], amount: str, rows: Iterable[Sequence[str | int]]) -> None:
    """Add to the column `amount` of the rows named by `keys`, making those that are missing, in one statement.

    A row holds its keys and then the amount. Rows are taken in the order of their keys, so that two transactions never
    wait for each other in a circle; a key comes once.
    """
    ordered = sorted(rows, key=lambda row: tuple(row[:-1]))
    if not ordered:
        return
    quote = connection.ops.quote_name
    target = quote(table)
    names = ", ".join(quote(column) for column in (*keys, amount))
    update = (
        f"ON CONFLICT ({', '.join(quote(key) for key in keys)}) DO UPDATE"
        f" SET {quote(amount)} = {target}.{quote(amount)} + excluded.{quote(amount)}"
    )
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            types = ["bigint" if isinstance(value, int) else "text" for value in ordered[0]]
            arrays = ", ".join(f"%s::{kind}[]" for kind in types)
            statement = f"INSERT INTO {target} ({names}) SELECT * FROM unnest({arrays}) {update}"  # noqa: S608
            cursor.execute(statement, [_array_text(column) for column in zip(*ordered, strict=True)])
            return
    insert_rows(f"INSERT INTO {target} ({names})", ordered, conflict=update)


def _array_text(column: Sequence[str | int]) -> list[str] | str:
    """A column as a parameter: numbers as PostgreSQL writes an array of them, which is made faster than adapted."""
    if all(type(value) is int for value in column):
        return "{" + ",".join(map(str, column)) + "}"
    return [str(value) for value in column]


def next_ids(sequence: str, *, count: int) -> list[int]:
    """Take `count` rising numbers that were never given before, from a sequence that `create_sequence` made.

    On PostgreSQL nobody waits, and the numbers of a rolled-back transaction stay unused: for identities, where a gap
    means nothing. On SQLite the write lock is held and a rollback gives the numbers back.
    """
    require_transaction("numbers are taken")
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count])
            return [int(number) for (number,) in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO records_counter (name, last_value) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET last_value = last_value + excluded.last_value RETURNING last_value",
            [sequence, count],
        )
        [last] = cursor.fetchone()
    return list(range(last - count + 1, last + 1))


def lock_rows(model: type[Model], ids: Iterable[int]) -> tuple[int, ...]:
    """Lock rows by primary key, in sorted order, until the transaction ends; return those that exist.

    Writers of the same row wait; inserts that refer to it do not. On SQLite the transaction holds the only lock.
    """
    require_transaction("rows are locked")
    wanted: list[int] | str = sorted(set(ids))
    if not wanted:
        return ()
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    chosen, lock = "= ANY(%s::bigint[])", "FOR NO KEY UPDATE"
    if one_writer():
        chosen, lock, wanted = "IN (SELECT value FROM json_each(%s))", "", json.dumps(wanted)
    statement = f"SELECT {key} FROM {table} WHERE {key} {chosen} ORDER BY {key} {lock}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [wanted])
        return tuple(number for (number,) in cursor.fetchall())


_ON_THOUSANDS = {
    "work_mem": "64MB",
    "join_collapse_limit": "1",  # joins in the order in which they are written: what is asked for comes first
    **dict.fromkeys(
        ["enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_material"], "off"
    ),
}


def work_on_thousands() -> None:
    """Set PostgreSQL to a shard's work until the transaction ends: thousands of rows out of millions, by their keys.

    Left alone, its planner reads whole tables to join them, once for every shard, or is led astray by the statistics
    of a table that was empty a minute ago; and with its default of 4 MB the triggers of a shard read their rows back
    from files.
    """
    require_transaction("a shard is worked on")
    if is_postgresql(connection):
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in _ON_THOUSANDS.items()))


def chunks(ids: Iterable[int], *, most: int = _CHUNK_ROWS) -> Iterator[list[int]]:
    """Cut numbers into lists that fit into one statement's IN (…), of at most so many."""
    size = min(most, _CHUNK_ROWS if is_postgresql(connection) else _CHUNK_ROWS_SQLITE)
    remaining = iter(ids)
    while chunk := list(islice(remaining, size)):
        yield chunk


def rows_with(
    *, table: str, columns: Sequence[str], column: str, values: Sequence[str | int], **equal: str | int
) -> list[tuple[Any, ...]]:
    """The rows of a table whose `column` has one of some values, in one statement with one parameter for them all.

    An IN list of thousands of places costs more to take apart than to answer. `equal` narrows further columns to one
    value each. Names come from the program, never from a person.
    """
    if not values:
        return []
    quote = connection.ops.quote_name
    named = ", ".join(quote(name) for name in columns)
    where = "".join(f" AND {quote(name)} = %s" for name in equal)
    chosen, given = any_of(quote(column), values)
    statement = f"SELECT {named} FROM {quote(table)} WHERE {chosen}{where}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [given, *equal.values()])
        return list(cursor.fetchall())


def any_of(column: str, values: Sequence[str | int]) -> tuple[str, list[Any] | str]:
    """A condition that a column has one of some values (at least one), and its one parameter."""
    if is_postgresql(connection):
        kind = "bigint" if isinstance(values[0], int) else "text"
        return f"{column} = ANY(%s::{kind}[])", list(values)
    return f"{column} IN (SELECT value FROM json_each(%s))", json.dumps(list(values))  # noqa: S608


def stream(statement: str, parameters: Sequence[str | int | date] = ()) -> Iterator[tuple[Any, ...]]:
    """Run a SELECT and yield its rows without holding them all: a server-side cursor on PostgreSQL."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, parameters)
        while rows := cursor.fetchmany(_CHUNK_ROWS):
            yield from rows


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything inside as of one instant, without stopping writers.

    Inside a transaction that is already open (a test's), its own isolation holds.
    """
    if connection.in_atomic_block:
        yield
    elif is_postgresql(connection):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # IMMEDIATE, the mode of every other transaction, would take the write lock for a mere read.
        database: Any = connection
        database.ensure_connection()  # a command's first query: the mode is known only once connected
        mode, database.transaction_mode = database.transaction_mode, "DEFERRED"
        try:
            with transaction.atomic():
                yield
        finally:
            database.transaction_mode = mode


def violated_constraint(error: IntegrityError) -> str:
    """Name the constraint or guard that refused a write; empty when the database does not say.

    PostgreSQL names every constraint. SQLite names checks and our triggers (whose messages begin with their name), and
    unique constraints only by ``table.column, …``, which is what is then returned.
    """
    cause = error.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if name:
        return str(name)
    text = str(error)
    if unique := _SQLITE_UNIQUE.fullmatch(text):
        return unique["columns"]
    named = _SQLITE_NAMED.match(text)
    return named["name"] if named else ""


def triggers_of(table: str) -> frozenset[str]:
    """The names of the triggers that stand on a table; a disabled one does not count."""
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            cursor.execute(
                "SELECT tgname FROM pg_trigger"
                " WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled IN ('O', 'A')",
                [connection.ops.quote_name(table)],
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        return frozenset(name for (name,) in cursor.fetchall())

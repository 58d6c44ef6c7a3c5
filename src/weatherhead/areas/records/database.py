"""The one module that knows how PostgreSQL and SQLite differ; everything else is written once.

PostgreSQL is production: COPY, sequences, row locks, snapshots. SQLite is the embedded default: one writer at a time,
whose IMMEDIATE transaction stands in for every lock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain, islice
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
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


class DatabaseStep(Operation):
    """A migration step on the database alone. It has no way back: guards are not taken away.

    Unlike for `RunPython`, no models of the past are made for it, which is most of what a fresh database waits for.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(self, run: Callable[[BaseDatabaseSchemaEditor], None]) -> None:
        """`run` is given the editor of the database."""
        self.run = run

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """No model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Run it."""
        self.run(schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Leave it."""

    def describe(self) -> str:
        """What `migrate --plan` says."""
        return "Statements of the database in use"


def vendor_sql(*, postgresql: Sequence[str], sqlite: Sequence[str]) -> DatabaseStep:
    """A migration step that runs other statements on each database.

    ``{schema}`` in a PostgreSQL statement becomes the quoted name of the schema that is migrated.
    """

    def run(editor: BaseDatabaseSchemaEditor) -> None:
        database = editor.connection
        if not is_postgresql(database):
            for statement in sqlite:
                editor.execute(statement, params=None)
            return
        with database.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
        for statement in postgresql:
            editor.execute(statement.replace("{schema}", database.ops.quote_name(schema)), params=None)

    return DatabaseStep(run)


def create_sequence(name: str) -> DatabaseStep:
    """A migration step that makes a sequence for `next_ids`. SQLite needs none: it counts in records_counter."""
    return vendor_sql(postgresql=[f"CREATE SEQUENCE {name} AS bigint"], sqlite=[])


def append_only(table: str, *, key: Sequence[str] = ("id",)) -> DatabaseStep:
    """A migration step whose triggers refuse every change of a table's rows: UPDATE, DELETE, and TRUNCATE or REPLACE.

    `key` is the primary key's columns. An empty table may be truncated: nothing is lost.
    """
    refusal = f"{table}_append_only: rows of {table} are appended, never changed or removed"
    sqlite = [
        f"CREATE TRIGGER {table}_refuse_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        for event in ("UPDATE", "DELETE")
    ]
    # INSERT OR REPLACE removes the old row without a DELETE trigger.
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    sqlite.append(
        f"CREATE TRIGGER {table}_refuse_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    )
    postgresql = [
        _REFUSE_CHANGE,
        _REFUSE_TRUNCATE,
        *(
            f"CREATE TRIGGER {table}_refuse_{name} BEFORE {events} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_{name}()"
            for name, events in (("change", "UPDATE OR DELETE"), ("truncate", "TRUNCATE"))
        ),
    ]
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


def references_known(table: str, *, references: Mapping[str, str], updated: Sequence[str] = ()) -> DatabaseStep:
    """A migration step whose triggers see that what a table's rows refer to exists, a whole statement at a time.

    Instead of foreign keys, whose check of every single row was the largest cost of a bill run. The referred rows must
    not be removable (`append_only`, `never_removed`), or the check would not hold later.

    Args:
        table: the referring table.
        references: its columns, and the table whose ``id`` each names; null refers to nothing.
        updated: those of the columns that may change later.
    """
    postgresql: list[str] = []
    for event, columns in (("insert", tuple(references)), ("update", tuple(updated))):
        if not columns:
            continue
        unknown = " OR ".join(
            f"EXISTS (SELECT FROM (SELECT DISTINCT {column} AS id FROM changed WHERE {column} IS NOT NULL) AS named"  # noqa: S608
            f" WHERE NOT EXISTS (SELECT FROM {references[column]} AS parent WHERE parent.id = named.id))"
            for column in columns
        )
        name = f"{table}_refers_{event}"
        postgresql += [
            f"""
            CREATE FUNCTION {name}() RETURNS trigger
            LANGUAGE plpgsql SET search_path = {{schema}}, pg_temp SET enable_seqscan = off AS $$
            BEGIN
                IF {unknown} THEN
                    RAISE EXCEPTION 'a row of {table} refers to a row that does not exist'
                        USING ERRCODE = 'foreign_key_violation', TABLE = '{table}', CONSTRAINT = '{table}_refers';
                END IF;
                RETURN NULL;
            END
            $$
            """,
            (
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING NEW TABLE AS changed"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            ),
        ]
    sqlite = []
    for event, columns in (("INSERT", tuple(references)), ("UPDATE", tuple(updated))):
        checks = "".join(_refuse_unknown(table, column=column, parent=references[column]) for column in columns)
        if checks:
            sqlite.append(f"CREATE TRIGGER {table}_refers_{event.lower()} BEFORE {event} ON {table} BEGIN{checks} END")
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


def _refuse_unknown(table: str, *, column: str, parent: str) -> str:
    said = f"{table}_refers: a row refers to a row of {parent} that does not exist"
    known = f"EXISTS (SELECT 1 FROM {parent} WHERE id = NEW.{column})"  # noqa: S608 - names of the program
    return f" SELECT RAISE(ABORT, '{said}') WHERE NEW.{column} IS NOT NULL AND NOT {known};"


def never_removed(table: str, *, tag: str = "kept") -> DatabaseStep:
    """A migration step whose triggers refuse to remove a table's rows; they may change, but not their ``id``."""
    refusal = f"{table}_{tag}: rows of {table} are never removed"
    sqlite = [
        f"CREATE TRIGGER {table}_{tag}_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
        (
            f"CREATE TRIGGER {table}_{tag}_id BEFORE UPDATE OF id ON {table} WHEN NEW.id <> OLD.id"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        ),
    ]
    postgresql = [
        f"""
        CREATE FUNCTION {table}_{tag}() RETURNS trigger LANGUAGE plpgsql SET search_path = {{schema}}, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'rows of {table} are never removed'
                USING ERRCODE = 'restrict_violation', TABLE = '{table}', CONSTRAINT = '{table}_{tag}';
        END
        $$
        """,
        f"CREATE TRIGGER {table}_{tag}_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{tag}()",
        (
            f"CREATE TRIGGER {table}_{tag}_id BEFORE UPDATE OF id ON {table}"
            f" FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION {table}_{tag}()"
        ),
    ]
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


# pg_temp comes last in every function's search path: a temporary table cannot pose as one of ours.
_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION records_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are appended, never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$
"""

_REFUSE_TRUNCATE = """
CREATE OR REPLACE FUNCTION records_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
    filled boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO filled;
    IF filled THEN
        RAISE EXCEPTION 'rows of % are appended, never changed or removed', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
    END IF;
    RETURN NULL;
END
$$
"""

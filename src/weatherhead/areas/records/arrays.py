"""Whole columns in and out of the database, for work on thousands of rows at once; the bulk room of `database`.

On PostgreSQL columns travel in its binary format, which numpy reads and writes without a Python object a value. On
SQLite they are rows of one prepared statement. Integers only, and what is as good as one: dates are proleptic ordinals
(`date.toordinal()`), booleans 0 and 1. `MISSING` stands for NULL.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, Literal

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import Cursor

from weatherhead.areas.records.database import is_postgresql, require_transaction
from weatherhead.core.values import Int64Array

MISSING = int(np.iinfo(np.int64).min)
"""Stands for NULL in a column of integers."""

ColumnType = Literal["bigint", "integer", "smallint", "date", "boolean", "text"]
Values = Int64Array | int | str | None
"""A column of a group of rows: an array, or one value for all of them."""

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_INTEGERS = {"bigint": ">i8", "integer": ">i4", "smallint": ">i2", "date": ">i4", "boolean": "u1"}
_EPOCH_ORDINAL = date(2000, 1, 1).toordinal()
_SPECIAL = re.compile(r"[\\\n\t\r]")


# ------------------------------------------------------------------------------------------------------------- reading
def day_sql(expression: str) -> str:
    """SQL for a date as an ordinal: `MISSING` when it is null. The expression comes from the program."""
    if is_postgresql(connection):
        return f"coalesce({expression} - DATE '0001-01-01' + 1, {MISSING})"
    return f"coalesce(CAST(julianday({expression}) - 1721424.5 AS INTEGER), {MISSING})"


def number_sql(expression: str) -> str:
    """SQL for a nullable integer: `MISSING` when it is null."""
    return f"coalesce({expression}, {MISSING})"


def fetch_columns(statement: str, parameters: Sequence[int | str | date] = (), *, width: int) -> tuple[Int64Array, ...]:
    """Run a SELECT of `width` integers, none of them null, and return its columns.

    The statement comes from the program (`day_sql`, `number_sql`); parameters from anywhere.
    """
    if is_postgresql(connection):
        return _fetch_postgresql(statement, parameters, width=width)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    table = np.array(rows, dtype=np.int64).reshape(len(rows), width)
    return tuple(np.ascontiguousarray(table[:, place]) for place in range(width))


def _fetch_postgresql(statement: str, parameters: Sequence[int | str | date], *, width: int) -> tuple[Int64Array, ...]:
    """One row with a column's numbers in each field, as PostgreSQL sends them: no Python object a value or a row."""
    names = [f"c{place}" for place in range(width)]
    packed = ", ".join(f"string_agg(int8send({name}::bigint), ''::bytea)" for name in names)
    wrapped = f"SELECT {packed} FROM ({statement}) AS found ({', '.join(names)})"  # noqa: S608
    connection.ensure_connection()
    # Django's own cursor binds on the client, which PostgreSQL answers in text.
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(wrapped, list(parameters), binary=True)
        row = cursor.fetchone() or ()
    return tuple(np.frombuffer(field or b"", dtype=">i8").astype(np.int64) for field in row)


def among(*columns: str) -> str:
    """SQL for a table ``wanted`` of rows given as one parameter (`rows_among`), to be joined with.

    ``FROM {among("id", "since")} JOIN …``: each column is an integer.
    """
    if is_postgresql(connection):
        places = ", ".join(["%s::bigint[]"] * len(columns))
        return f"unnest({places}) AS wanted ({', '.join(columns)})"
    if len(columns) == 1:
        return f"(SELECT value AS {columns[0]} FROM json_each(%s)) AS wanted"  # noqa: S608
    picked = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(columns))
    return f"(SELECT {picked} FROM json_each(%s)) AS wanted"  # noqa: S608


def rows_among(*columns: Int64Array) -> list[str]:
    """The parameters for `among`: equally long columns, none of them with MISSING."""
    if is_postgresql(connection):
        return ["{" + ",".join(map(str, column.tolist())) + "}" for column in columns]
    if len(columns) == 1:
        return ["[" + ",".join(map(str, columns[0].tolist())) + "]"]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return ["[" + ",".join("[" + ",".join(map(str, row)) + "]" for row in rows) + "]"]


def fetch_rows(statement: str, parameters: Sequence[int | str | date] = ()) -> list[tuple[Any, ...]]:
    """Run a SELECT and return its rows, texts among them. The statement comes from the program."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def text_sql(expression: str) -> str:
    """SQL for a JSON column as its text."""
    return f"{expression}::text" if is_postgresql(connection) else expression


def ordinal_sql(expression: str) -> str:
    """SQL for the date of an ordinal."""
    if is_postgresql(connection):
        return f"(DATE '0001-01-01' + ({expression} - 1)::integer)"
    return f"date({expression} + 1721424.5)"


# ------------------------------------------------------------------------------------------------------------- writing
def insert_columns(*, table: str, types: Mapping[str, ColumnType], groups: Iterable[Mapping[str, Values]]) -> None:
    """Insert rows given as columns, in one statement.

    Args:
        table: from the program.
        types: the columns in their order, with the database's type.
        groups: each a value or an array for every column; the arrays of a group are equally long, and at least one
            column is an array. In an array of a nullable column `MISSING` is NULL.

    Raises:
        IntegrityError: a constraint or trigger refused.
    """
    require_transaction("rows are written")
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in types)
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            statement = f"COPY {quote(table)} ({names}) FROM STDIN (FORMAT BINARY)"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                copy.write(_SIGNATURE)
                for group in groups:
                    for part in _binary(group, types=types):
                        copy.write(part)
                copy.write(_TRAILER)
            return
        places = ", ".join(["%s"] * len(types))
        statement = f"INSERT INTO {quote(table)} ({names}) VALUES ({places})"  # noqa: S608
        for group in groups:
            columns = [_for_sqlite(group[name], kind=kind) for name, kind in types.items()]
            cursor.executemany(statement, list(zip(*_equally_long(columns), strict=True)))


def _equally_long(columns: Sequence[list[Any] | tuple[Any]]) -> list[Iterable[Any]]:
    lengths = {len(column) for column in columns if isinstance(column, list)}
    if len(lengths) != 1:
        raise ValueError(f"the columns of a group are {sorted(lengths)} long")
    [length] = lengths
    return [column if isinstance(column, list) else repeat(column[0], length) for column in columns]


def _for_sqlite(values: Values, *, kind: ColumnType) -> list[Any] | tuple[Any]:
    """A list a row, or a tuple of the one value for all rows."""
    if not isinstance(values, np.ndarray):
        return (_day_text(values) if kind == "date" and isinstance(values, int) else values,)
    listed: list[Any] = values.tolist()
    if kind == "date":
        return [None if value == MISSING else _day_text(value) for value in listed]
    if values.size and int(values.min()) == MISSING:
        return [None if value == MISSING else value for value in listed]
    return listed


@lru_cache(maxsize=4096)
def _day_text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _binary(group: Mapping[str, Values], *, types: Mapping[str, ColumnType]) -> Iterator[bytes]:
    """The rows of a group in PostgreSQL's binary COPY format, those with the same nulls together."""
    arrays = {name: group[name] for name in types if isinstance(group[name], np.ndarray)}
    lengths = {len(values) for values in arrays.values()}  # type: ignore[arg-type]
    if len(lengths) != 1:
        raise ValueError(f"the columns of a group are {sorted(lengths)} long")
    [length] = lengths
    nullable = [name for name, values in arrays.items() if length and int(values.min()) == MISSING]  # type: ignore[union-attr]
    if not nullable:
        yield _pack(group, types=types, length=length, nulls=frozenset())
        return
    pattern = np.zeros(length, dtype=np.int64)
    for place, name in enumerate(nullable):
        pattern |= (arrays[name] == MISSING).astype(np.int64) << place  # type: ignore[union-attr]
    for code in np.unique(pattern).tolist():
        chosen = pattern == code
        nulls = frozenset(name for place, name in enumerate(nullable) if code >> place & 1)
        picked = {name: values[chosen] if isinstance(values, np.ndarray) else values for name, values in group.items()}
        yield _pack(picked, types=types, length=int(chosen.sum()), nulls=nulls)


def _pack(group: Mapping[str, Values], *, types: Mapping[str, ColumnType], length: int, nulls: frozenset[str]) -> bytes:
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    filled: dict[str, Any] = {"fields": len(types)}
    for name, kind in types.items():
        value = group[name]
        layout.append((f"{name} length", ">i4"))
        if value is None or name in nulls:
            filled[f"{name} length"] = -1
            continue
        if isinstance(value, str):
            encoded = value.encode()
            filled[f"{name} length"] = len(encoded)
            if encoded:
                layout.append((name, f"V{len(encoded)}"))
                filled[name] = np.void(encoded)
            continue
        dtype = np.dtype(_INTEGERS[kind])
        filled[f"{name} length"] = dtype.itemsize
        layout.append((name, dtype))
        filled[name] = _checked(value, dtype=dtype, name=name, shift=_EPOCH_ORDINAL if kind == "date" else 0)
    rows: NDArray[Any] = np.empty(length, dtype=np.dtype(layout))
    for name, value in filled.items():
        rows[name] = value
    return rows.tobytes()


def _checked(value: Int64Array | int, *, dtype: np.dtype[Any], name: str, shift: int) -> Int64Array | int:
    """The value as the column holds it; numpy would cut what does not fit."""
    shifted = value - shift
    low, high = (int(np.min(shifted)), int(np.max(shifted))) if np.size(shifted) else (0, 0)
    bounds = np.iinfo(dtype)
    if low < bounds.min or high > bounds.max:
        raise OverflowError(f"{name} does not fit its column: {low} to {high}")
    return shifted


Texts = Sequence[str] | Sequence[int] | Sequence[int | None] | str | int | None
"""A column of texts or numbers, one a row, or one value for all rows."""


def insert_texts(*, table: str, columns: Mapping[str, Texts], count: int) -> None:
    """Insert `count` rows whose values are mostly texts: text COPY made in one go on PostgreSQL, else `executemany`.

    Dates and instants go as the texts that the database reads, booleans as 0 and 1. A list is a column, anything else
    one value for every row.
    """
    require_transaction("rows are written")
    if not count:
        return
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns)
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            ready = [_copied(values, count=count) for values in columns.values()]
            with connection.wrap_database_errors, cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
                copy.write("\n".join(map("\t".join, zip(*ready, strict=True))) + "\n")
            return
        places = ", ".join(["%s"] * len(columns))
        rows = zip(
            *(values if isinstance(values, list) else repeat(values, count) for values in columns.values()), strict=True
        )
        cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({places})", list(rows))  # noqa: S608


def _copied(values: Texts, *, count: int) -> Iterable[str]:
    """A column as COPY reads it."""
    if not isinstance(values, list):
        return repeat(_escaped(values), count)  # type: ignore[arg-type]
    if all(type(value) is int for value in values):
        return map(str, values)
    if None not in values and not _SPECIAL.search("".join(values)):
        return values
    return map(_escaped, values)


def stored_instant(at: datetime) -> str:
    """An aware instant as `insert_texts` takes it: as the ORM stores it."""
    return str(connection.ops.adapt_datetimefield_value(at))


def _escaped(value: str | int | None) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, int):
        return str(value)
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


# ------------------------------------------------------------------------------------------------------------- numbers
def take_row_ids(table: str, *, count: int) -> Int64Array:
    """Numbers for the primary key ``id`` of rows that will be inserted with it, rising."""
    require_transaction("numbers are taken")
    if is_postgresql(connection):
        sequence = _sequence_of(table, connection.settings_dict["NAME"])
        [numbers] = fetch_columns(
            "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count], width=1
        )
        return numbers
    with connection.cursor() as cursor:
        # The write lock is held; SQLite's own sequence follows the largest number that was inserted.
        cursor.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = %s", [table])
        [last] = cursor.fetchone()
    return np.arange(last + 1, last + 1 + count, dtype=np.int64)


@lru_cache(maxsize=64)
def _sequence_of(table: str, _database: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [connection.ops.quote_name(table)])
        return str(cursor.fetchone()[0])

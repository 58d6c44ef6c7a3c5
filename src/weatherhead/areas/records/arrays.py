"""Whole columns in and out of the database, for work on thousands of rows at once; the bulk room of `database`.

On PostgreSQL columns travel in its binary format, which numpy reads and writes without a Python object a value. On
SQLite they are rows of a prepared statement. Arrays hold integers, and what is as good as one: dates are proleptic
ordinals (`date.toordinal()`), booleans 0 and 1. `MISSING` stands for NULL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Literal

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from weatherhead.areas.records.database import insert_rows, is_postgresql, require_transaction
from weatherhead.core.values import Int64Array

MISSING = int(np.iinfo(np.int64).min)
"""Stands for NULL in a column of integers."""

ColumnType = Literal["bigint", "integer", "smallint", "date", "timestamptz", "boolean", "text"]
Values = Int64Array | list[str] | int | str | datetime | None
"""A column of a group of rows: an array, a list of texts, or one value for all of them (an instant is aware)."""

_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_INTEGERS = {
    "bigint": ">i8",
    "integer": ">i4",
    "smallint": ">i2",
    "date": ">i4",
    "timestamptz": ">i8",
    "boolean": "u1",
}
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(2000, 1, 1).toordinal()


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
    from psycopg import Cursor  # noqa: PLC0415 - a tenth of a second, which an installation on SQLite is spared

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
        types: the columns, with the database's type.
        groups: each a value or a column for every name of `types`: an array of integers, a list of texts, or one value
            for all rows. The columns of a group are equally long, and there is at least one. In an array of a nullable
            column `MISSING` is NULL.

    Raises:
        IntegrityError: a constraint or trigger refused.
    """
    require_transaction("rows are written")
    given = list(groups)
    # What differs in length comes last, so that all before it is one block of memory.
    listed = {name for group in given for name in types if isinstance(group[name], list)}
    ordered = {name: types[name] for name in sorted(types, key=listed.__contains__)}
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in ordered)
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            statement = f"COPY {quote(table)} ({names}) FROM STDIN (FORMAT BINARY)"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                copy.write(_SIGNATURE)
                for group in given:
                    for part in _binary(group, types=ordered):
                        copy.write(part)
                copy.write(_TRAILER)
            return
        for group in given:
            length = _length_of(group)
            columns = [_for_sqlite(group[name], kind=kind, length=length) for name, kind in ordered.items()]
            insert_rows(f"INSERT INTO {quote(table)} ({names})", list(zip(*columns, strict=True)))


def _length_of(group: Mapping[str, Values]) -> int:
    lengths = {len(values) for values in group.values() if isinstance(values, np.ndarray | list)}
    if len(lengths) != 1:
        raise ValueError(f"the columns of a group are {sorted(lengths)} long")
    return lengths.pop()


def _for_sqlite(values: Values, *, kind: ColumnType, length: int) -> Iterable[Any]:
    if isinstance(values, list):
        return values
    if isinstance(values, datetime):
        return repeat(connection.ops.adapt_datetimefield_value(values), length)
    if not isinstance(values, np.ndarray):
        return repeat(_day_text(values) if kind == "date" and isinstance(values, int) else values, length)
    numbers: list[Any] = values.tolist()
    if kind == "date":
        return [None if value == MISSING else _day_text(value) for value in numbers]
    if values.size and int(values.min()) == MISSING:
        return [None if value == MISSING else value for value in numbers]
    return numbers


@lru_cache(maxsize=4096)
def _day_text(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _binary(group: Mapping[str, Values], *, types: Mapping[str, ColumnType]) -> Iterator[bytes]:
    """The rows of a group in PostgreSQL's binary COPY format, those with the same nulls together."""
    length = _length_of(group)
    if not length:
        return
    arrays = {name: values for name in types if isinstance(values := group[name], np.ndarray)}
    nullable = [name for name, values in arrays.items() if int(values.min()) == MISSING]
    if not nullable:
        yield _rows(group, types=types, length=length, nulls=frozenset())
        return
    pattern = np.zeros(length, dtype=np.int64)
    for place, name in enumerate(nullable):
        pattern |= (arrays[name] == MISSING).astype(np.int64) << place
    for code in np.unique(pattern).tolist():
        chosen = np.flatnonzero(pattern == code)
        nulls = frozenset(name for place, name in enumerate(nullable) if code >> place & 1)
        picked = {name: _picked(values, chosen=chosen) for name, values in group.items()}
        yield _rows(picked, types=types, length=len(chosen), nulls=nulls)


def _picked(values: Values, *, chosen: Int64Array) -> Values:
    if isinstance(values, list):
        return [values[place] for place in chosen.tolist()]
    return values[chosen] if isinstance(values, np.ndarray) else values


def _rows(group: Mapping[str, Values], *, types: Mapping[str, ColumnType], length: int, nulls: frozenset[str]) -> bytes:
    """Rows: a block for the columns before the first list, then each text with its length."""
    texts = [name for name in types if isinstance(group[name], list)]
    names = list(types)
    head = names if not texts else names[: names.index(texts[0])]
    block = _pack(group, types={name: types[name] for name in head}, width=len(types), length=length, nulls=nulls)
    if not texts:
        return block
    pieces: list[Sequence[bytes]] = [_cut(block, size=len(block) // length)]
    for name in names[len(head) :]:
        values = group[name]
        if not isinstance(values, list):
            raise TypeError(f"{name} is a list of texts in one group and not in another")
        encoded = [value.encode() for value in values]
        sizes = np.fromiter(map(len, encoded), dtype=">i4", count=length)
        pieces += [_cut(sizes.tobytes(), size=sizes.itemsize), encoded]
    return b"".join(chain.from_iterable(zip(*pieces, strict=True)))


def _cut(block: bytes, *, size: int) -> list[bytes]:
    return [block[place : place + size] for place in range(0, len(block), size)]


def _pack(
    group: Mapping[str, Values], *, types: Mapping[str, ColumnType], width: int, length: int, nulls: frozenset[str]
) -> bytes:
    """The number of a row's fields, `width`, and the columns of `types`, row after row."""
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    filled: dict[str, Any] = {"fields": width}
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
        if isinstance(value, datetime):
            value = (value - _EPOCH) // timedelta(microseconds=1)
        elif isinstance(value, list):
            raise TypeError(f"{name} is a list of texts among columns that are none")
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


def numbers_of(values: Iterable[int | None]) -> Int64Array:
    """Numbers as a column: `MISSING` for None."""
    return np.fromiter((MISSING if value is None else value for value in values), dtype=np.int64)


def days_of(values: Iterable[date]) -> Int64Array:
    """Dates as a column of ordinals."""
    return np.fromiter((value.toordinal() for value in values), dtype=np.int64)


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

"""From files to staging: every field understood or reported, row by row, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from weatherhead.areas.migration.files import FileReader, Record
from weatherhead.areas.migration.layout import FileLayout
from weatherhead.areas.migration.problems import REFUSED, problem_of
from weatherhead.areas.migration.rules import Frame, Values, age_of, apply_rules
from weatherhead.areas.migration.staging import EXTRA_COLUMNS, Staging
from weatherhead.areas.premises.address import postal_form
from weatherhead.core.values import Refusal

Told = Callable[[int], None]
"""Told how many bytes of the set were read since the last time."""

_TELL_EVERY = 5_000


def read_into(staging: Staging, *, directory: Path, layout: FileLayout, frame: Frame, told: Told) -> bool:
    """Read one file of a set into staging. Tells whether it could be read at all; if not, the set is refused."""
    try:
        reader = FileReader(directory / f"{layout.name}.csv", layout=layout)
    except Refusal as refusal:
        staging.report(problem_of(refusal, file=f"{layout.name}.csv", line=1, column="", outcome=REFUSED))
        staging.flush()
        return False
    try:
        staging.add_rows(layout, _rows(reader, staging=staging, layout=layout, frame=frame, told=told))
    finally:
        reader.close()
    return True


def _rows(
    reader: FileReader, *, staging: Staging, layout: FileLayout, frame: Frame, told: Told
) -> Iterator[tuple[Any, ...]]:
    file = f"{layout.name}.csv"
    extra = _EXTRA.get(layout.name)
    empty = (None,) * (len(layout.columns) + len(EXTRA_COLUMNS.get(layout.name, ())))
    places = [reader.order.index(name) for name in layout.names]
    done = 0
    for count, record in enumerate(reader, 1):
        if count % _TELL_EVERY == 0:
            done, before = reader.bytes_read, done
            told(done - before)
        if record.refusal is not None:
            staging.report(problem_of(record.refusal, file=file, line=record.line, column=record.column))
            yield (record.line, 1, *empty)
            continue
        values, wrong = _values(record, layout=layout, places=places)
        if not wrong:
            wrong = list(apply_rules(layout.name, values, frame))
        for column, refusal in wrong:
            staging.report(problem_of(refusal, file=file, line=record.line, column=column))
        added = extra(values, frame, bool(wrong)) if extra is not None else ()
        yield (record.line, 1 if wrong else 0, *values, *added)
    told(reader.bytes_read - done)


def _values(record: Record, *, layout: FileLayout, places: list[int]) -> tuple[Values, list[tuple[str, Refusal]]]:
    """The row's values in the layout's order, None for those that are not understood, and what is wrong with them."""
    values: Values = []
    wrong: list[tuple[str, Refusal]] = []
    given = record.fields
    for column, place in zip(layout.columns, places, strict=True):
        text = given[place]
        if not text and column.optional:
            values.append(column.default)
            continue
        try:
            values.append(column.parse(text))
        except Refusal as refusal:
            values.append(None)
            wrong.append((column.name, refusal))
    return values, wrong


def _search_text(values: Values, _: Frame, wrong: bool) -> tuple[str | None]:
    if wrong:
        return (None,)
    street, unit, city, state, postal_code = (str(value) for value in values[1:6])
    return (postal_form(street=street, unit=unit, city=city, state=state, postal_code=postal_code),)


def _no_turns(_: Values, __: Frame, ___: bool) -> tuple[int]:
    return (0,)


def _bucket(values: Values, frame: Frame, _: bool) -> tuple[str | None]:
    """The age of an open item at the cut-over, also of a rejected one as far as it is known."""
    due_on, amount = values[3], values[5]
    if not isinstance(amount, int):
        return (None,)
    if amount < 0:
        return ("credit",)
    return (age_of(str(due_on), cut_over_on=frame.cut_over_on) if due_on is not None else None,)


_EXTRA: dict[str, Callable[[Values, Frame, bool], tuple[str | int | None]]] = {
    "premises": _search_text,
    "reads": _no_turns,
    "opening_balances": _bucket,
}

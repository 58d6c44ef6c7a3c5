"""From files to staging: every field understood or reported, as a stream of some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from weatherhead.areas.migration.fields import Value
from weatherhead.areas.migration.files import FileReader, Record
from weatherhead.areas.migration.layout import Column, FileLayout
from weatherhead.areas.migration.problems import REFUSED, problem_of
from weatherhead.areas.migration.rules import Frame, Wrong, age_of, apply_rules
from weatherhead.areas.migration.staging import EXTRA_COLUMNS, Staging
from weatherhead.areas.premises.address import postal_form
from weatherhead.core.values import Refusal

Told = Callable[[int], None]
"""Told how many bytes of the set were read since the last time."""


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
    empty = (None,) * (len(layout.columns) + len(EXTRA_COLUMNS.get(layout.name, ())))
    places = [reader.order.index(name) for name in layout.names]
    done = 0
    for item in reader.runs():
        if isinstance(item, Record):
            assert item.refusal is not None
            staging.report(problem_of(item.refusal, file=file, line=item.line, column=item.column))
            yield (item.line, 1, *empty)
            continue
        run = _Run(layout=layout, texts=[item.columns[place] for place in places], frame=frame)
        for place, column, refusal in run.problems():
            staging.report(problem_of(refusal, file=file, line=item.lines[place], column=column))
        bad = [1 if place in run.wrong else 0 for place in range(run.count)] if run.wrong else [0] * run.count
        yield from zip(item.lines, bad, *run.columns, *run.added(), strict=True)
        done, before = reader.bytes_read, done
        told(done - before)
    told(reader.bytes_read - done)


class _Run:
    """Some thousand rows, understood column by column: a text that stands in many rows is understood once.

    `columns` are the values in the layout's order, None for those that are not understood; `wrong` maps the place of a
    row to what is wrong with it.
    """

    def __init__(self, *, layout: FileLayout, texts: Sequence[Sequence[str]], frame: Frame) -> None:
        self.layout, self.frame = layout, frame
        self.count = len(texts[0])
        self.wrong: dict[int, list[Wrong]] = {}
        self.columns = [self._parsed(column, given) for column, given in zip(layout.columns, texts, strict=True)]
        for place, wrong in apply_rules(layout.name, self.columns, frame, skipped=frozenset(self.wrong)):
            self.wrong.setdefault(place, []).append(wrong)

    def problems(self) -> Iterator[tuple[int, str, Refusal]]:
        """What is wrong, row by row: place, column, why."""
        for place in sorted(self.wrong):
            for column, refusal in self.wrong[place]:
                yield place, column, refusal

    def added(self) -> tuple[Sequence[Any], ...]:
        """What the check adds to the columns."""
        extra = _EXTRA.get(self.layout.name)
        return (extra(self),) if extra is not None else ()

    def _parsed(self, column: Column, texts: Sequence[str]) -> list[Value]:
        known: dict[str, Value] = {}
        refused: dict[str, Refusal] = {}
        parse, optional = column.parse, column.optional
        for text in set(texts):
            try:
                known[text] = column.default if optional and not text else parse(text)
            except Refusal as refusal:
                known[text] = None
                refused[text] = refusal
        if refused:
            for place, text in enumerate(texts):
                if text in refused:
                    self.wrong.setdefault(place, []).append((column.name, refused[text]))
        return [known[text] for text in texts]


def _search_texts(run: _Run) -> list[str | None]:
    rows = zip(*run.columns[1:6], strict=True)
    return [
        None if place in run.wrong
        else postal_form(street=str(street), unit=str(unit), city=str(city), state=str(state), postal_code=str(code))
        for place, (street, unit, city, state, code) in enumerate(rows)
    ]  # fmt: skip


def _no_turns(run: _Run) -> list[int]:
    return [0] * run.count


def _buckets(run: _Run) -> list[str | None]:
    """The age of each open item at the cut-over, also of a rejected one as far as it is known."""
    cut_over_on = run.frame.cut_over_on
    return [
        _bucket(due_on, amount=amount, cut_over_on=cut_over_on)
        for due_on, amount in zip(run.columns[3], run.columns[5], strict=True)
    ]


def _bucket(due_on: Value, *, amount: Value, cut_over_on: date) -> str | None:
    if not isinstance(amount, int):
        return None
    if amount < 0:
        return "credit"
    return age_of(str(due_on), cut_over_on=cut_over_on) if due_on is not None else None


_EXTRA: dict[str, Callable[[_Run], Sequence[Any]]] = {
    "premises": _search_texts,
    "reads": _no_turns,
    "opening_balances": _buckets,
}

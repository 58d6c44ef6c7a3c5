"""Form fields for short lists: a row of small fields for each entry, so that nobody has to know how to write a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

ROWS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A field of every row. With `choices` it is a select, whose answer alone makes no entry."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    money: bool = False
    whole: bool = False
    """Its numbers are counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A field of one row, as the template draws it."""

    column: Column
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnRow:
    """A row with its fields; `label` names a row that stands there from the beginning."""

    label: str
    cells: tuple[Cell, ...]


class RowsWidget(forms.Widget):
    """Drawn by the template of fields. `fixed` rows stand there from the beginning: a label and what they say."""

    def __init__(
        self, *, columns: Sequence[Column], spare: int = 2, fixed: Sequence[tuple[str, Mapping[str, str]]] = ()
    ) -> None:
        """Of some columns; `spare` rows are empty at first, and the page adds one when the last is begun."""
        super().__init__(attrs={})
        self.columns, self.spare, self.fixed = tuple(columns), spare, tuple(fixed)

    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> list[dict[str, str]]:
        """Every row that was sent, empty ones too."""
        del files
        found: list[dict[str, str]] = []
        for place in range(len(self.fixed) or ROWS_MAX):
            names = {column.name: f"{name}-{place}-{column.name}" for column in self.columns}
            if not any(sent in data for sent in names.values()):
                break
            found.append({column: str(data.get(sent, "")).strip() for column, sent in names.items()})
        return found

    def value_omitted_from_data(self, data: Mapping[str, Any], files: object, name: str) -> bool:
        """Whether no row was sent."""
        return not self.value_from_datadict(data, files, name)

    def begun(self, row: Mapping[str, str]) -> bool:
        """Whether somebody wrote into a row."""
        return any(row.get(column.name) for column in self.columns if not column.choices)

    def drawn(self, *, name: str, value: object) -> tuple[DrawnRow, ...]:
        """The rows as the template draws them."""
        given = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []
        if self.fixed:
            rows = [*given, *({} for _ in range(len(self.fixed) - len(given)))]
        else:
            begun = [row for row in given if self.begun(row)]
            rows = [*begun, *({} for _ in range(self.spare))][:ROWS_MAX]
        return tuple(
            DrawnRow(
                label=self.fixed[place][0] if self.fixed else "",
                cells=tuple(
                    Cell(column=column, name=f"{name}-{place}-{column.name}", value=str(row.get(column.name, "")))
                    for column in self.columns
                ),
            )
            for place, row in enumerate(rows)
        )


class RowsField(forms.Field):
    """The rows that somebody wrote into, each a mapping of text; the action says what is wrong with them."""

    widget: RowsWidget

    def __init__(self, *, widget: RowsWidget, **common: Any) -> None:  # noqa: ANN401 - what every field takes
        """With its widget."""
        super().__init__(widget=widget, **common)

    def clean(self, value: Any) -> list[dict[str, str]]:  # noqa: ANN401 - the widget's own
        """The rows that were begun, with what a fixed one says of itself."""
        fixed = self.widget.fixed
        return [
            {**row, **(fixed[place][1] if fixed else {})}
            for place, row in enumerate(value or ())
            if self.widget.begun(row)
        ]

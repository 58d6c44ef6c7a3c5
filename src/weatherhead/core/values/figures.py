"""A figure before and after an action, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from weatherhead.core.values.sentence import Sentence


class Unit(StrEnum):
    """What a figure is, so that an interface can write it."""

    CENTS = "cents"
    DATE = "date"
    COUNT = "count"
    TEXT = "text"
    ENERGY_WH = "energy_wh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure that an action changes. None means that there is none.

    `code` names the figure for machines ("balance"); `account_id` says whose it is.
    """

    code: str
    label: Sentence
    unit: Unit
    before: int | str | date | None
    after: int | str | date | None
    account_id: int | None = None
    note: Sentence | None = None

    @property
    def difference(self) -> int:
        """By how much a number changes; what is not there counts as 0."""
        return number_of(self.after) - number_of(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A part of what an action changes, such as a billed period: its total before and after, and what makes it up.

    `stands` says that it is shown and left as it is, for the reason in the total's note.
    """

    title: Sentence
    total: Change
    lines: tuple[Change, ...] = ()
    stands: bool = False

    @property
    def difference(self) -> int:
        """By how much the total changes."""
        return self.total.difference

    @property
    def changed(self) -> tuple[Change, ...]:
        """The lines that change."""
        return tuple(item for item in self.lines if item.before != item.after)


def number_of(value: int | str | date | None) -> int:
    """A figure as a number; what is not there, and what is no number, counts as 0."""
    return value if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule that allows an action or computes its amount."""

    code: str
    title: str
    citation: str
    status: str  # verified, secondary, illustrative, house

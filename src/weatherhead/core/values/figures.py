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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The rule that allows an action or computes its amount."""

    code: str
    title: str
    citation: str
    status: str  # verified, secondary, illustrative, house

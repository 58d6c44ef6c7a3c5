"""Cited rules with dates: each version of a rule holds from its effective day until the next one's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Generic, Self, TypeVar

from pydantic import Field, model_validator

from weatherhead.core.values.datafile import DataModel, Path, ProblemsAt
from weatherhead.core.values.figures import Rule
from weatherhead.core.values.refusals import Refusal, gettext_noop

RuleStatus = Annotated[str, Field(pattern="^(verified|secondary|illustrative)$")]
"""How far a citation can be trusted: read at its source, read elsewhere, or a plausible value without one."""


class CitedRule(DataModel):
    """A rule, the clause that people call it by, and who says so."""

    title: str
    clause: str
    citation: str
    status: RuleStatus

    def named(self, kind: str) -> Rule:
        """The rule for receipts: what kind of rule it is, and its clause."""
        return Rule(code=f"{kind} {self.clause}", title=self.title, citation=self.citation, status=self.status)


class RuleVersion(DataModel):
    """What a rule says from a day on."""

    effective: date


Version = TypeVar("Version", bound=RuleVersion)


class RuleNotInForce(Refusal):
    """The rule begins later."""

    template = gettext_noop("%(title)s is not in force on %(on)s; it begins on %(first)s.")


class DatedRule(CitedRule, Generic[Version]):
    """A cited rule that says something else from a day on: its versions, in the order of their days."""

    versions: Annotated[tuple[Version, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if problems := version_problems(self.versions):
            raise ProblemsAt(problems)
        return self

    def in_force(self, on: date) -> Version | None:
        """The version in force on a day; None before the first."""
        return version_in_force(self.versions, on=on)

    def version_on(self, on: date) -> Version:
        """The version in force on a day.

        Raises:
            RuleNotInForce: before the first.
        """
        found = self.in_force(on)
        if found is None:
            raise RuleNotInForce(title=self.title, on=on, first=self.versions[0].effective)
        return found


def version_in_force(versions: Sequence[Version], *, on: date) -> Version | None:
    """The version in force on a day; None before the first."""
    return next((version for version in reversed(versions) if version.effective <= on), None)


def version_problems(versions: Sequence[RuleVersion]) -> list[tuple[Path, str]]:
    """What is wrong with the order of a model's `versions`, for `ProblemsAt`."""
    if all(earlier.effective < later.effective for earlier, later in pairwise(versions)):
        return []
    return [(("versions",), "must be in the order of their effective dates, each date once")]

"""Cited rules with dates: each version of a rule holds from its effective day until the next one's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, TypeVar

from pydantic import Field

from weatherhead.core.values.datafile import DataModel, Path
from weatherhead.core.values.figures import Rule

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


def version_in_force(versions: Sequence[Version], *, on: date) -> Version | None:
    """The version in force on a day; None before the first."""
    return next((version for version in reversed(versions) if version.effective <= on), None)


def version_problems(versions: Sequence[RuleVersion]) -> list[tuple[Path, str]]:
    """What is wrong with the order of a model's `versions`, for `ProblemsAt`."""
    if all(earlier.effective < later.effective for earlier, later in pairwise(versions)):
        return []
    return [(("versions",), "must be in the order of their effective dates, each date once")]

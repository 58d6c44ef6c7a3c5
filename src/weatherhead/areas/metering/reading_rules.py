"""How a utility reads and estimates: ``reading.yaml`` and ``estimation.yaml`` of its regulations, validated whole."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from weatherhead.areas.records.utility import current_utility, read_text
from weatherhead.core.values import ProblemsAt, Refusal, Rule, gettext_noop, load_yaml

CYCLE_MAX = 31
Method = Literal["same_period_year_before", "own_daily_average", "class_average"]
DemandMethod = Literal["same_period_year_before", "highest_of_twelve"]
Status = Annotated[str, Field(pattern="^(verified|secondary|illustrative)$")]


class ReadingRulesMissing(Refusal):
    """The utility's regulations say nothing about it."""

    template = gettext_noop(
        "%(file)s is missing from the regulations. Write it before this is done; see docs/meter-reading.md."
    )


class EstimationNotInForce(Refusal):
    """No rule of estimation is in force that day."""

    template = gettext_noop("%(title)s: no rule is in force on %(on)s; the first begins on %(first)s.")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CalendarRule(_Model):
    """How many cycles a month has, spread over its business days, and when after the read a cycle is billed."""

    title: str
    clause: str
    citation: str
    status: Status
    cycles: Annotated[int, Field(ge=1, le=CYCLE_MAX)]
    bill_after_business_days: Annotated[int, Field(ge=0, le=10)]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return Rule(code=f"reading {self.clause}", title=self.title, citation=self.citation, status=self.status)


class WorklistRule(_Model):
    """What stands on the list of reads to decide, beyond what is held."""

    read_days_early: Annotated[int, Field(ge=0, le=15)]
    missing_after_days: Annotated[int, Field(ge=0, le=30)]
    missing_for_days: Annotated[int, Field(ge=1, le=120)]
    inactive_use_kwh: Annotated[int, Field(ge=0)]
    estimates_in_a_row: Annotated[int, Field(ge=1, le=12)]


class OrdersRule(_Model):
    """When work in the field is due."""

    re_read_due_business_days: Annotated[int, Field(ge=1, le=30)]


class ReadingRules(_Model):
    """``reading.yaml``."""

    calendar: CalendarRule
    worklist: WorklistRule
    orders: OrdersRule


class DemandEstimate(_Model):
    """Whether demand may be estimated, and from what."""

    allowed: bool
    method: DemandMethod


class EstimationVersion(_Model):
    """How reads are estimated from a day on."""

    effective: date
    methods: Annotated[tuple[Method, ...], Field(min_length=1)]
    scaling_services_min: Annotated[int, Field(ge=1)]
    trailing_periods: Annotated[int, Field(ge=1, le=12)]
    class_services_min: Annotated[int, Field(ge=1)]
    in_a_row_max: Annotated[int, Field(ge=1, le=24)]
    cycle_share_max_percent: Annotated[int, Field(ge=1, le=100)]
    demand: DemandEstimate

    @model_validator(mode="after")
    def _each_once(self) -> EstimationVersion:
        if len(set(self.methods)) < len(self.methods):
            raise ProblemsAt([(("methods",), "names a method twice")])
        return self


class Estimation(_Model):
    """The rule of estimation, by date."""

    title: str
    clause: str
    citation: str
    status: Status
    versions: Annotated[tuple[EstimationVersion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Estimation:
        days = [version.effective for version in self.versions]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise ProblemsAt([(("versions",), "must be in the order of their effective dates, each date once")])
        return self

    @property
    def rule(self) -> Rule:
        """The rule for receipts and proofs."""
        return Rule(code=f"estimation {self.clause}", title=self.title, citation=self.citation, status=self.status)

    def on(self, on: date) -> EstimationVersion:
        """The version in force on a day.

        Raises:
            EstimationNotInForce: before the first.
        """
        found = next((version for version in reversed(self.versions) if version.effective <= on), None)
        if found is None:
            raise EstimationNotInForce(title=self.title, on=on, first=self.versions[0].effective)
        return found


class _EstimationFile(_Model):
    estimation: Estimation


@lru_cache(maxsize=4)
def _reading(path: str, mark: int) -> ReadingRules:
    return load_yaml(read_text(Path(path)), name=path, model=ReadingRules)


@lru_cache(maxsize=4)
def _estimation(path: str, mark: int) -> Estimation:
    return load_yaml(read_text(Path(path)), name=path, model=_EstimationFile).estimation


def _marked(name: str) -> tuple[str, int]:
    """A file of the regulations, and when it changed last."""
    utility = current_utility()
    path = utility.path(utility.regulations) / name
    if not path.exists():
        raise ReadingRulesMissing(file=name)
    return str(path), path.stat().st_mtime_ns


def reading_rules() -> ReadingRules:
    """How this utility reads.

    Raises:
        ReadingRulesMissing: its regulations hold no reading.yaml.
        DataFileInvalid: naming file, line and key.
    """
    return _reading(*_marked("reading.yaml"))


def estimation() -> Estimation:
    """How this utility estimates.

    Raises:
        ReadingRulesMissing: its regulations hold no estimation.yaml.
        DataFileInvalid: naming file, line and key.
    """
    return _estimation(*_marked("estimation.yaml"))

"""How a utility reads and estimates: ``reading.yaml`` and ``estimation.yaml`` of its regulations, validated whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    CitedRule,
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

CYCLE_MAX = 31
Method = Literal["same_period_year_before", "own_daily_average", "class_average"]
DemandMethod = Literal["same_period_year_before", "highest_of_twelve"]


class ReadingRulesMissing(Refusal):
    """The utility's regulations say nothing about it."""

    template = gettext_noop(
        "%(file)s is missing from the regulations. Write it before this is done; see docs/meter-reading.md."
    )


class CalendarRule(CitedRule):
    """How many cycles a month has, spread over its business days, and when after the read a cycle is billed."""

    cycles: Annotated[int, Field(ge=1, le=CYCLE_MAX)]
    bill_after_business_days: Annotated[int, Field(ge=0, le=10)]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("reading")


class WorklistRule(DataModel):
    """What stands on the list of reads to decide, beyond what is held."""

    read_days_early: Annotated[int, Field(ge=0, le=15)]
    missing_after_days: Annotated[int, Field(ge=0, le=30)]
    missing_for_days: Annotated[int, Field(ge=1, le=120)]
    inactive_use_kwh: Annotated[int, Field(ge=0)]
    estimates_in_a_row: Annotated[int, Field(ge=1, le=12)]


class OrdersRule(DataModel):
    """When work in the field is due."""

    re_read_due_business_days: Annotated[int, Field(ge=1, le=30)]


class ReadingRules(DataModel):
    """``reading.yaml``."""

    calendar: CalendarRule
    worklist: WorklistRule
    orders: OrdersRule


class DemandEstimate(DataModel):
    """Whether demand may be estimated, and from what."""

    allowed: bool
    method: DemandMethod


class EstimationVersion(RuleVersion):
    """How reads are estimated from a day on."""

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


class Estimation(DatedRule[EstimationVersion]):
    """The rule of estimation, by date."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts and proofs."""
        return self.named("estimation")


class _EstimationFile(DataModel):
    estimation: Estimation


def _file(name: str) -> Path:
    path = regulation(name)
    if not path.exists():
        raise ReadingRulesMissing(file=name)
    return path


def reading_rules() -> ReadingRules:
    """How this utility reads.

    Raises:
        ReadingRulesMissing: its regulations hold no reading.yaml.
        DataFileInvalid: naming file, line and key.
    """
    return load_rules(_file("reading.yaml"), model=ReadingRules)


def estimation() -> Estimation:
    """How this utility estimates.

    Raises:
        ReadingRulesMissing: its regulations hold no estimation.yaml.
        DataFileInvalid: naming file, line and key.
    """
    return load_rules(_file("estimation.yaml"), model=_EstimationFile).estimation

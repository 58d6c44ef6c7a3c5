"""How long a request for approval waits: when it is due, brought to mind, and expired. Dated data."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import current_utility, load_rules, regulation
from weatherhead.core.values import (
    BusinessHours,
    DatedRule,
    ProblemsAt,
    Rule,
    RuleVersion,
)

_OPENS, _CLOSES = time(8), time(17)


class ApprovalVersion(RuleVersion):
    """From a day on: how long requests wait. Business hours are those between opening and closing on business days."""

    due_after_days: Annotated[int, Field(ge=0, le=90)]
    remind_after_business_hours: Annotated[int, Field(ge=1, le=400)]
    expires_after_days: Annotated[int, Field(ge=1, le=365)]
    opens: time = _OPENS
    closes: time = _CLOSES

    @model_validator(mode="after")
    def _in_order(self) -> ApprovalVersion:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        if self.opens >= self.closes:
            problems.append((("closes",), "must be later than opens"))
        if self.expires_after_days <= self.due_after_days:
            problems.append((("expires_after_days",), "must be more than due_after_days"))
        if problems:
            raise ProblemsAt(problems)
        return self


class ApprovalRules(DatedRule[ApprovalVersion]):
    """How long requests for approval wait."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("approvals")


_HOUSE = ApprovalRules(
    title="How long a request waits",
    clause="house",
    citation="docs/adjustments.md",
    status="illustrative",
    versions=(
        ApprovalVersion(
            effective=date(1900, 1, 1), due_after_days=3, remind_after_business_hours=8, expires_after_days=14
        ),
    ),
)
"""Of a utility whose regulations say nothing about it."""


def approval_rules() -> ApprovalRules:
    """This installation's rules, or the house's where its regulations have none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("approvals.yaml")
    return load_rules(path, model=ApprovalRules) if path.exists() else _HOUSE


def hours_waited(requested_at: datetime, *, at: datetime, version: ApprovalVersion) -> int:
    """How many whole business hours a request has waited at an instant."""
    utility = current_utility()
    hours = BusinessHours(days=utility.business_days, opens=version.opens, closes=version.closes)
    start, end = (moment.astimezone(utility.zone).replace(tzinfo=None) for moment in (requested_at, at))
    return hours.minutes_between(start, end) // 60

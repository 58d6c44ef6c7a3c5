"""How payments are taken, as a dated, cited rule."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    CitedRule,
    ProblemsAt,
    Rule,
    RuleVersion,
    version_in_force,
    version_problems,
)


class PaymentVersion(RuleVersion):
    """From a day on: how far a drawer may be over or short before a colleague with authority has to close it."""

    over_short_at_most: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=9)]


class PaymentRules(CitedRule):
    """The rule of the counter."""

    versions: Annotated[tuple[PaymentVersion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> PaymentRules:
        if problems := version_problems(self.versions):
            raise ProblemsAt(problems)
        return self

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("payments")


def payment_rules() -> PaymentRules | None:
    """This installation's rule; None where its regulations have none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("payments.yaml")
    return load_rules(path, model=PaymentRules) if path.exists() else None


def over_short_limit_cents(rules: PaymentRules | None, *, on: date) -> int:
    """How much a drawer may be over or short on a day; without a rule in force, nothing."""
    version = version_in_force(rules.versions, on=on) if rules else None
    return int(version.over_short_at_most * 100) if version else 0

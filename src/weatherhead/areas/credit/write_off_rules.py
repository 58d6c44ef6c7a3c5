"""Write-offs as a dated, cited rule."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    DatedRule,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

Dollars = Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=9)]


class NoWriteOffRule(Refusal):
    """The utility's regulations do not say what is written off, or not yet."""

    template = gettext_noop("No rule in force on %(on)s says what is written off: see write_offs.yaml.")


class WriteOffVersion(RuleVersion):
    """What is written off from a day on, and what is set aside for it."""

    ended_days: Annotated[int, Field(ge=1, le=3_650)]
    unpaid_days: Annotated[int, Field(ge=0, le=3_650)]
    account_at_most: Dollars
    small_balance: Dollars
    small_balance_days: Annotated[int, Field(ge=1, le=3_650)]
    provision_percent: Annotated[Decimal, Field(ge=0, le=20)]


class WriteOffRule(DatedRule[WriteOffVersion]):
    """What is written off."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("write-off")


def write_off_rule(*, on: date) -> tuple[WriteOffRule, WriteOffVersion]:
    """The rule and its version in force on a day.

    Raises:
        NoWriteOffRule: there is none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("write_offs.yaml")
    rule = load_rules(path, model=WriteOffRule) if path.exists() else None
    version = rule.in_force(on) if rule is not None else None
    if rule is None or version is None:
        raise NoWriteOffRule(on=on)
    return rule, version

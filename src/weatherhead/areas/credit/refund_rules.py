"""Refunds as dated, cited rules: to what they go, what makes one wait, and the checks that pay them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)


class NoRefundRules(Refusal):
    """The utility's regulations do not say how refunds are paid, or not yet."""

    template = gettext_noop("No rule in force on %(on)s says how refunds are paid: see refunds.yaml.")


class RefundVersion(RuleVersion):
    """What holds of refunds from a day on."""

    at_least: Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=6)]
    original_tenders: tuple[str, ...] = ()
    original_within_days: Annotated[int, Field(ge=1, le=730)] = 120
    address_hold_days: Annotated[int, Field(ge=0, le=90)]
    duplicate_days: Annotated[int, Field(ge=0, le=366)]
    checks_at_most: Annotated[int, Field(ge=1, le=500)] = 500


class Checks(DataModel):
    """The account that checks are drawn on, and the number of the first check."""

    bank_account: Annotated[str, Field(pattern="^[0-9]{4,17}$")]
    first_number: Annotated[int, Field(ge=1, le=9_999_999)]


class RefundRule(DatedRule[RefundVersion]):
    """How refunds are paid."""

    checks: Checks

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("refund")


def refund_rule(*, on: date) -> tuple[RefundRule, RefundVersion]:
    """The rule and its version in force on a day.

    Raises:
        NoRefundRules: there is none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("refunds.yaml")
    rule = load_rules(path, model=RefundRule) if path.exists() else None
    version = rule.in_force(on) if rule is not None else None
    if rule is None or version is None:
        raise NoRefundRules(on=on)
    return rule, version

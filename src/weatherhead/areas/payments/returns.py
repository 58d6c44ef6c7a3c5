"""Accounts that are on cash only, because payments for them kept coming back: a dated rule over what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.areas.payments.queries import TENDER_RETURNED, PaymentFacts, returned_payments
from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    DatedRule,
    Rule,
    RuleVersion,
)

BANK_ERROR = "bank_error"
"""Why a tender came back through no fault of who gave it: it does not count."""


class ReturnsVersion(RuleVersion):
    """From a day on: `returned` tenders that came back `within_days` make an account cash only for `cash_only_days`.

    The days count from the return that completed them. `not_taken` are the kinds of tender that are refused then.
    """

    returned: Annotated[int, Field(ge=1, le=20)]
    within_days: Annotated[int, Field(ge=1, le=1_100)]
    cash_only_days: Annotated[int, Field(ge=1, le=1_100)]
    not_taken: Annotated[tuple[Literal["check", "money_order", "bank", "card"], ...], Field(min_length=1)]


class ReturnsRules(DatedRule[ReturnsVersion]):
    """The rule of returned payments."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("returned payments")


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOnly:
    """That an account is on cash only: how many tenders came back, the last day of it, and what is not taken."""

    returned: int
    through_on: date
    not_taken: tuple[str, ...]


def returns_rules() -> ReturnsRules | None:
    """This installation's rule; None where its regulations have none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("returned_payments.yaml")
    return load_rules(path, model=ReturnsRules) if path.exists() else None


def cash_only(returned_on: Sequence[date], *, rules: ReturnsRules, as_of: date) -> CashOnly | None:
    """Whether returns on some days leave an account on cash only on a day. Pure.

    The version in force on the day of the return that completes the number decides.
    """
    days = sorted(on for on in returned_on if on <= as_of)
    found: CashOnly | None = None
    for place, on in enumerate(days):
        version = rules.in_force(on)
        if version is None:
            continue
        count = sum(1 for other in days[: place + 1] if (on - other).days < version.within_days)
        through_on = on + timedelta(days=version.cash_only_days)
        if count >= version.returned and through_on >= as_of:
            found = CashOnly(returned=count, through_on=through_on, not_taken=version.not_taken)
    return found


def returned_days(payments: Iterable[PaymentFacts]) -> tuple[date, ...]:
    """When tenders came back that had paid an account, each once, but through no fault of who gave them."""
    days = {
        item.tender_id: item.returned_on
        for item in payments
        if item.reversal_reason == TENDER_RETURNED and item.return_reason != BANK_ERROR and item.returned_on
    }
    return tuple(days.values())


def cash_only_of(account_ids: Iterable[int], *, as_of: date) -> Mapping[int, CashOnly]:
    """Which of some accounts are on cash only on a day. A tender counts once on each account that it had paid."""
    rules = returns_rules()
    if rules is None:
        return {}
    returned: dict[int, list[PaymentFacts]] = defaultdict(list)
    for item in returned_payments(account_ids):
        returned[item.account_id].append(item)
    found = {
        account_id: cash_only(returned_days(items), rules=rules, as_of=as_of) for account_id, items in returned.items()
    }
    return {account_id: item for account_id, item in found.items() if item is not None}

"""How payments are taken and what they settle, as dated, cited rules."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.ledger import PLAIN, Direction, LedgerAccount
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    Rule,
    RuleVersion,
)


class PaymentVersion(RuleVersion):
    """From a day on: how far a drawer may be over or short before a colleague with authority has to close it.

    Within `duplicate_days` a payment of the same amount by the same check or reference on the same account looks like
    the one before.
    """

    over_short_at_most: Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=9)]
    duplicate_days: Annotated[int, Field(ge=0, le=120)] = 0


class PaymentRules(DatedRule[PaymentVersion]):
    """The rule of the counter."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("payments")


TenderName = Literal["cash", "check", "money_order", "card", "bank", "agency"]


class Application(DataModel):
    """What money of some tenders settles. Without `settles`, any charge."""

    tenders: Annotated[
        tuple[Literal["cash", "check", "money_order", "card", "bank", "agency"], ...], Field(min_length=1)
    ]
    settles: tuple[Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")], ...] = ()
    rest: Literal["receivable", "unapplied_credit"] = "receivable"


class ApplicationVersion(RuleVersion):
    """From a day on: what the money of each tender settles; of one that is not named, whatever is due first."""

    applications: tuple[Application, ...] = ()

    @field_validator("applications")
    @classmethod
    def _each_once(cls, value: tuple[Application, ...]) -> tuple[Application, ...]:
        named = [tender for item in value for tender in item.tenders]
        if twice := sorted({tender for tender in named if named.count(tender) > 1}):
            raise ValueError(f"{', '.join(twice)}: named twice")
        return value


class ApplicationRules(DatedRule[ApplicationVersion]):
    """The rule of what payments settle."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("payment application")


def application_rules() -> ApplicationRules | None:
    """This installation's rule; None where its regulations have none: the oldest due charge is paid first.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("payment_application.yaml")
    return load_rules(path, model=ApplicationRules) if path.exists() else None


def direction_of(rules: ApplicationRules | None, *, tender: str, on: date) -> Direction:
    """Where a tender's money goes on a day."""
    version = rules.in_force(on) if rules else None
    for item in version.applications if version else ():
        if tender in item.tenders:
            return Direction(settles=item.settles, rest=LedgerAccount(item.rest))
    return PLAIN


def credit_settles(rules: ApplicationRules | None, *, on: date) -> tuple[str, ...] | None:
    """What unapplied credit may settle on a day: what every rule allows that keeps money there.

    Empty: any charge. None: nothing, as no charge is allowed by all of them.
    """
    version = rules.in_force(on) if rules else None
    kept = [item.settles for item in version.applications if item.rest == "unapplied_credit"] if version else []
    directed = [settles for settles in kept if settles]
    if not directed:
        return ()
    first, *others = directed
    return tuple(charge for charge in first if all(charge in other for other in others)) or None


def payment_rules() -> PaymentRules | None:
    """This installation's rule; None where its regulations have none.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("payments.yaml")
    return load_rules(path, model=PaymentRules) if path.exists() else None


def over_short_limit_cents(rules: PaymentRules | None, *, on: date) -> int:
    """How much a drawer may be over or short on a day; without a rule in force, nothing."""
    version = rules.in_force(on) if rules else None
    return int(version.over_short_at_most * 100) if version else 0


def duplicate_days(rules: PaymentRules | None, *, on: date) -> int:
    """For how many days a payment looks like one before; without a rule in force, for none."""
    version = rules.in_force(on) if rules else None
    return version.duplicate_days if version else 0

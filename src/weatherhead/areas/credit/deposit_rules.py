"""Security deposits as dated, cited rules: how much, in how many installments, at what interest, until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.credit import DatedRate
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    RoundingRule,
    Rule,
    RuleVersion,
    format_cents,
    gettext_noop,
    round_ratio,
)

Dollars = Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=9)]


class NoDepositRules(Refusal):
    """The utility's regulations say nothing of deposits."""

    template = gettext_noop("These regulations have no deposits.yaml, which says when and how much a deposit is.")


class NoDepositAmount(Refusal):
    """No rule gives an amount for the account's class on that day."""

    template = gettext_noop(
        "No deposit rule is in force on %(on)s for the class %(revenue_class)s. Ask no deposit, or enter the amount."
    )


class DepositReasonUnknown(Refusal):
    """Not a reason of the list."""

    template = gettext_noop("%(reason)s is not on the list of reasons: %(reasons)s.")


class NothingToComputeFrom(Refusal):
    """A deposit by what was billed, where nothing was, and the rule names no amount for that."""

    template = gettext_noop(
        "Nothing was billed here in the last %(months)s months, and the rule gives no amount for that. Enter one."
    )


class DepositReason(DataModel):
    """Why a deposit is asked for; whether that is an adverse action on a consumer report."""

    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
    title: str
    adverse_action: bool = False


class AmountVersion(RuleVersion):
    """How much a deposit is from a day on.

    `flat` is an amount; `highest_bill` and `average_bill` are so many `times` the highest or the average of the bills
    of the last `months`, and `without_bills` where there was none.
    """

    form: Literal["flat", "highest_bill", "average_bill"]
    amount: Dollars | None = None
    months: Annotated[int, Field(ge=1, le=36)] = 12
    times: Annotated[Decimal, Field(gt=0, le=6, decimal_places=2)] = Decimal(1)
    without_bills: Dollars | None = None
    at_least: Dollars | None = None
    at_most: Dollars | None = None

    @model_validator(mode="after")
    def _of_one_form(self) -> AmountVersion:
        if (self.form == "flat") != (self.amount is not None):
            raise ProblemsAt([(("amount",), "belongs to the form flat, which needs it")])
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ProblemsAt([(("at_most",), "is less than at_least")])
        return self


class DepositAmount(DatedRule[AmountVersion]):
    """How much a deposit is for some revenue classes."""

    classes: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("deposit")


class InstallmentVersion(RuleVersion):
    """From a day on: at most so many installments, the first due after some days, the others at intervals."""

    most: Annotated[int, Field(ge=1, le=24)]
    first_due_days: Annotated[int, Field(ge=0, le=90)]
    every_days: Annotated[int, Field(ge=7, le=90)]


class Installments(DatedRule[InstallmentVersion]):
    """In how many installments a deposit may be paid."""


class InterestVersion(RuleVersion):
    """Percent a year from a day on."""

    percent: Annotated[Decimal, Field(ge=0, le=25)]


class InterestRule(DatedRule[InterestVersion]):
    """Simple interest, and the days of the year on which it is credited."""

    year_days: Annotated[int, Field(ge=360, le=366)] = 365
    credited_on: Annotated[tuple[str, ...], Field(min_length=1)]

    @field_validator("credited_on")
    @classmethod
    def _days(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        for place, text in enumerate(value):
            try:
                date.fromisoformat(f"2001-{text}")
            except ValueError:
                problems.append(((place,), f"{text!r} is no day of every year; write it as 07-01"))
        if problems:
            raise ProblemsAt(problems)
        return value

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("deposit interest")

    @property
    def rates(self) -> tuple[DatedRate, ...]:
        """The rates, oldest first."""
        return tuple(DatedRate(effective=item.effective, percent=item.percent) for item in self.versions)

    def credited_through(self, as_of: date) -> date:
        """The last day of crediting up to a day."""
        days = [
            date.fromisoformat(f"{year}-{text}") for year in (as_of.year - 1, as_of.year) for text in self.credited_on
        ]
        return max(day for day in days if day <= as_of)


class GiveBackVersion(RuleVersion):
    """From a day on: after how many prompt months a deposit goes back, and how many late bills are forgiven."""

    prompt_months: Annotated[int, Field(ge=1, le=60)]
    bills_at_least: Annotated[int, Field(ge=1, le=60)]
    late_forgiven: Annotated[int, Field(ge=0, le=12)]
    grace_days: Annotated[int, Field(ge=0, le=30)]


class GiveBack(DatedRule[GiveBackVersion]):
    """When good history gives a deposit back."""

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("deposit")


class DepositBook(DataModel):
    """All rules of deposits."""

    reasons: Annotated[tuple[DepositReason, ...], Field(min_length=1)]
    amounts: tuple[DepositAmount, ...]
    installments: Installments
    interest: InterestRule
    give_back: GiveBack

    def reason(self, code: str) -> DepositReason:
        """A reason by its code.

        Raises:
            DepositReasonUnknown: it is not on the list.
        """
        found = next((item for item in self.reasons if item.code == code), None)
        if found is None:
            raise DepositReasonUnknown(reason=code, reasons=", ".join(item.code for item in self.reasons))
        return found

    def amount_for(self, revenue_class: str, *, on: date) -> tuple[DepositAmount, AmountVersion] | None:
        """The rule of a class and its version in force on a day; None where there is none."""
        rule = next((item for item in self.amounts if revenue_class in item.classes), None)
        version = rule.in_force(on) if rule is not None else None
        return None if rule is None or version is None else (rule, version)


def deposit_book() -> DepositBook:
    """This installation's rules of deposits.

    Raises:
        NoDepositRules: its regulations have none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("deposits.yaml")
    if not path.exists():
        raise NoDepositRules
    return load_rules(path, model=DepositBook)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedDeposit:
    """A deposit's amount in cents, and how it came about."""

    amount_cents: int
    arithmetic: str


def compute_deposit(version: AmountVersion, *, bills: Sequence[tuple[date, int]]) -> ComputedDeposit:
    """What the rule asks for. `bills` are the days and cents of what was billed in the version's months. Pure.

    Raises:
        NothingToComputeFrom: nothing was billed, and the rule has no amount for that.
    """
    if version.amount is not None:
        cents = int(version.amount * 100)
        return _bounded(version, cents=cents, said=f"${format_cents(cents)}")
    if not bills:
        if version.without_bills is None:
            raise NothingToComputeFrom(months=version.months)
        cents = int(version.without_bills * 100)
        return _bounded(version, cents=cents, said=f"${format_cents(cents)}, nothing billed yet")
    numerator, denominator = version.times.as_integer_ratio()
    if version.form == "highest_bill":
        on, base = max(bills, key=lambda item: (item[1], item[0]))
        day = f"{on:%b} {on.day}, {on.year}"
        said = f"{version.times} × ${format_cents(base)}, the highest bill of {version.months} months ({day})"
        share = (base * numerator, denominator)
    else:
        total = sum(cents for _, cents in bills)
        said = f"{version.times} × ${format_cents(total)} ÷ {len(bills)} bills of {version.months} months"
        share = (total * numerator, denominator * len(bills))
    cents = round_ratio(numerator=share[0], denominator=share[1], rule=RoundingRule.HALF_UP)
    return _bounded(version, cents=cents, said=f"{said} = ${format_cents(cents)}")


def _bounded(version: AmountVersion, *, cents: int, said: str) -> ComputedDeposit:
    least = int(version.at_least * 100) if version.at_least is not None else None
    most = int(version.at_most * 100) if version.at_most is not None else None
    if least is not None and cents < least:
        return ComputedDeposit(amount_cents=least, arithmetic=f"{said}, at least ${format_cents(least)}")
    if most is not None and cents > most:
        return ComputedDeposit(amount_cents=most, arithmetic=f"{said}, at most ${format_cents(most)}")
    return ComputedDeposit(amount_cents=cents, arithmetic=said)

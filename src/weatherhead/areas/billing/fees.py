"""Fees as dated, cited rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
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

Dollars = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=9)]


class FeeVersion(RuleVersion):
    """A fee from a day on: an amount, or a percentage of the past due with a least amount."""

    amount: Dollars | None = None
    percent_of_past_due: Annotated[Decimal, Field(gt=0, le=100)] | None = None
    at_least: Dollars = Decimal(0)

    @model_validator(mode="after")
    def _one_kind(self) -> FeeVersion:
        if (self.amount is None) == (self.percent_of_past_due is None):
            raise ProblemsAt([((), "give either amount or percent_of_past_due")])
        return self


class Fee(DatedRule[FeeVersion]):
    """A charge that a rule computes."""

    charge: Annotated[str, Field(pattern="^[a-z][a-z_]*$", max_length=40)]

    @property
    def rule(self) -> Rule:
        """The rule for receipts."""
        return self.named("fee")


class Reason(DataModel):
    """A reason people choose."""

    code: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=60)]
    title: str
    evidence: bool = False  # whether a reference or a file has to stand behind it


class EvidenceNeeded(Refusal):
    """The reason alone is not enough."""

    template = gettext_noop(
        "%(reason)s needs evidence: type a reference, such as a letter's date, a bill's number or a call, "
        "or name a file that is kept."
    )


class FeeBook(DataModel):
    """All fees and the reasons for charging or waiving them."""

    fees: tuple[Fee, ...]
    waiver_reasons: tuple[Reason, ...]
    fee_reasons: tuple[Reason, ...]

    @model_validator(mode="after")
    def _unique(self) -> FeeBook:
        seen: set[str] = set()
        for position, fee in enumerate(self.fees):
            if fee.charge in seen:
                raise ProblemsAt([(("fees", position, "charge"), f"{fee.charge} stands twice")])
            seen.add(fee.charge)
        return self


class NoSuchFee(Refusal):
    """The fee book has no such charge."""

    template = gettext_noop("There is no fee called %(charge)s. The fee book has: %(charges)s.")


class NoPastDue(Refusal):
    """A percentage of nothing."""

    template = gettext_noop("%(title)s is a percentage of the past due balance, and nothing is past due.")


class ReasonUnknown(Refusal):
    """Not a reason of the list."""

    template = gettext_noop("%(reason)s is not on the list of reasons: %(reasons)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedFee:
    """A fee's amount in cents, and how it came about."""

    amount_cents: int
    arithmetic: str


def fee_book() -> FeeBook:
    """The fee book of this installation.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    return load_rules(regulation("fees.yaml"), model=FeeBook)


def fee(charge: str) -> Fee:
    """One fee.

    Raises:
        NoSuchFee: for an unknown charge.
    """
    fees = {item.charge: item for item in fee_book().fees}
    if charge not in fees:
        raise NoSuchFee(charge=charge, charges=", ".join(fees))
    return fees[charge]


def require_reason(code: str, *, among: tuple[Reason, ...]) -> Reason:
    """A reason by its code.

    Raises:
        ReasonUnknown: it is not on the list.
    """
    found = next((reason for reason in among if reason.code == code), None)
    if found is None:
        raise ReasonUnknown(reason=code or "(none)", reasons=", ".join(reason.title for reason in among))
    return found


def require_evidence(reason: Reason, *, given: bool) -> None:
    """See that there is evidence where a reason needs some.

    Raises:
        EvidenceNeeded: there is none.
    """
    if reason.evidence and not given:
        raise EvidenceNeeded(reason=reason.title)


def compute_fee(item: Fee, *, as_of: date, past_due_cents: int) -> ComputedFee:
    """What a rule charges on a day.

    Raises:
        RuleNotInForce: before its first version.
        NoPastDue: a percentage with nothing past due.
    """
    version = item.version_on(as_of)
    if version.amount is not None:
        amount_cents = int(version.amount * 100)
        return ComputedFee(amount_cents=amount_cents, arithmetic=f"${format_cents(amount_cents)}")
    percent = version.percent_of_past_due
    if percent is None or past_due_cents <= 0:
        raise NoPastDue(title=item.title)
    numerator, denominator = (percent / 100).as_integer_ratio()
    share = round_ratio(numerator=past_due_cents * numerator, denominator=denominator, rule=RoundingRule.HALF_UP)
    least = int(version.at_least * 100)
    said = f"{percent}% of ${format_cents(past_due_cents)} = ${format_cents(share)}"
    if share < least:
        said += f", at least ${format_cents(least)}"
    return ComputedFee(amount_cents=max(share, least), arithmetic=said)

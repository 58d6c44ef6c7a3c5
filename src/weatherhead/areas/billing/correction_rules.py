"""How far back a wrong bill is put right, and how what was billed too little is paid: dated, cited rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Protocol, TypeVar

from pydantic import Field, model_validator

from weatherhead.areas.records.utility import load_rules, regulation
from weatherhead.core.values import (
    DataModel,
    DatedRule,
    ProblemsAt,
    Refusal,
    Rule,
    RuleVersion,
    gettext_noop,
)

Days = Annotated[int, Field(ge=1, le=36_500)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
EVERYONE = "everyone"
Version_co = TypeVar("Version_co", bound=RuleVersion, covariant=True)


class _Versioned(Protocol[Version_co]):
    """A rule with versions."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def versions(self) -> tuple[Version_co, ...]:
        """In the order of their days."""


class NoCorrectionRules(Refusal):
    """The utility's regulations do not say how far back a bill is corrected."""

    template = gettext_noop("These regulations have no corrections.yaml, which says how far back bills are corrected.")


class RefundVersion(RuleVersion):
    """From a day on: the whole of an overcharge whose beginning is known, else at most so many days of it."""

    whole_when_known: bool
    days_max: Days


class BackBillVersion(RuleVersion):
    """From a day on: at most so many days (no limit when left out), payable over as many months as it accrued."""

    days_max: Days | None = None
    equal_months: bool = True


class MeterTestVersion(RuleVersion):
    """From a day on: the average error that is let pass, and how full load weighs against light load."""

    tolerance_percent: Percent
    full_load_weight: Annotated[int, Field(ge=1, le=100)]
    light_load_weight: Annotated[int, Field(ge=1, le=100)]


class RefundRule(DatedRule[RefundVersion]):
    """An overcharge."""


class BackBillRule(DatedRule[BackBillVersion]):
    """What was billed too little: for a revenue class, or `everyone` that has no rule of their own."""

    revenue_class: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$", max_length=40)]


class MeterTestRule(DatedRule[MeterTestVersion]):
    """When a tested meter's bills are put right."""


class CorrectionBook(DataModel):
    """Every rule of corrections."""

    refund: RefundRule
    back_bill: Annotated[tuple[BackBillRule, ...], Field(min_length=1)]
    tampering: BackBillRule
    meter_test: MeterTestRule

    @model_validator(mode="after")
    def _everyone(self) -> CorrectionBook:
        classes = [rule.revenue_class for rule in self.back_bill]
        if EVERYONE not in classes:
            raise ProblemsAt([(("back_bill",), f"needs a rule for {EVERYONE}")])
        for place, name in enumerate(classes):
            if name in classes[:place]:
                raise ProblemsAt([(("back_bill", place, "revenue_class"), f"{name} stands twice")])
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """How far back a difference is billed or refunded: periods that began before `since_on` are left as they are."""

    rule: Rule
    since_on: date | None
    equal_months: bool

    def reaches(self, start_on: date) -> bool:
        """Whether a period that began on a day is put right."""
        return self.since_on is None or start_on >= self.since_on


def correction_book() -> CorrectionBook:
    """This installation's rules.

    Raises:
        NoCorrectionRules: its regulations have none.
        DataFileInvalid: naming file, line and key.
    """
    path = regulation("corrections.yaml")
    if not path.exists():
        raise NoCorrectionRules
    return load_rules(path, model=CorrectionBook)


def look_back(
    book: CorrectionBook, *, net_cents: int, revenue_class: str, begin_known: bool, tampering: bool, on: date
) -> LookBack:
    """The rule for a difference on a day. `net_cents` above 0 was billed too little, else too much.

    Raises:
        RuleNotInForce: before the rule's first version.
    """
    if net_cents <= 0:
        refund = book.refund.version_on(on)
        limited = not (begin_known and refund.whole_when_known)
        return LookBack(
            rule=book.refund.named("refund"),
            since_on=on - timedelta(days=refund.days_max) if limited else None,
            equal_months=False,
        )
    by_class = {rule.revenue_class: rule for rule in book.back_bill}
    rule = book.tampering if tampering else by_class.get(revenue_class, by_class[EVERYONE])
    back_bill = rule.version_on(on)
    return LookBack(
        rule=rule.named("back-bill"),
        since_on=on - timedelta(days=back_bill.days_max) if back_bill.days_max is not None else None,
        equal_months=back_bill.equal_months,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What a meter test comes to, in percent of what should have been registered. `off`: by more than is let pass."""

    accuracy_percent: Decimal
    tolerance_percent: Decimal
    off: bool
    rule: Rule
    arithmetic: str

    @property
    def error_percent(self) -> Decimal:
        """Above 0: it registered too much."""
        return self.accuracy_percent - 100


def weigh_test(book: CorrectionBook, *, full_load: Decimal, light_load: Decimal, on: date) -> Weighed:
    """The average accuracy of a tested meter, full and light load weighted, to a hundredth of a percent.

    Raises:
        RuleNotInForce: before the rule's first version.
    """
    version = book.meter_test.version_on(on)
    full, light = version.full_load_weight, version.light_load_weight
    exact = (full * full_load + light * light_load) / (full + light)
    average = exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Weighed(
        accuracy_percent=average,
        tolerance_percent=version.tolerance_percent,
        # The bare average is compared: rounding must not decide whom the rule reaches.
        off=abs(exact - 100) > version.tolerance_percent,
        rule=book.meter_test.named("meter test"),
        arithmetic=f"({full} × {full_load} % + {light} × {light_load} %) ÷ {full + light} = {average} %",
    )

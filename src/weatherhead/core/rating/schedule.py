"""A rate schedule as data: the model of a tariff file `tariffs/<utility>/<schedule>.yaml`.

A schedule has versions, each in force from its effective date until the next; a version has seasons, a proration rule,
a rounding rule and an ordered list of charges. Every price ends up with a clause, a citation and a status. The prose
description with worked tables is docs/algorithms/rating.md; the rules that no single field can check are in `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from weatherhead.core.rating import checks
from weatherhead.core.values import DataModel, MonthRule, RoundingRule, load_yaml

WH_PER_KWH = 1_000


class PriceStatus(StrEnum):
    """How far a price can be trusted to be the named utility's own."""

    VERIFIED = "verified"
    """Read in the utility's own publication."""
    SECONDARY = "secondary"
    """Read in somebody else's publication."""
    ILLUSTRATIVE = "illustrative"
    """A plausible value without a source; never to be shown as a real utility's price."""


class PostsTo(StrEnum):
    """Ledger class of a line's amount; the books map it to a ledger account."""

    REVENUE = "revenue"
    RIDERS = "riders"
    CITY_DIVIDEND = "city_dividend"
    SALES_TAX = "sales_tax"
    FRANCHISE_FEE = "franchise_fee"


class InForce(StrEnum):
    """Which date decides among the dated prices of a series."""

    BY_DAY = "by_day"
    """Each day has the price in force on it; the period is split where the price changes."""
    AT_END = "at_end"
    """The whole period has the price in force on its last day."""
    AT_START = "at_start"
    """The whole period has the price in force on its first day."""


_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}", re.ASCII)
_LEAP_YEAR = 2000


def _read_decimal(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise ValueError("must be text like '0.0792' (digits, at most nine decimals)")
    return Decimal(value)


class MonthDay(NamedTuple):
    """A day of any year."""

    month: int
    day: int

    def in_year(self, year: int) -> date:
        """The date in `year`; February 29 becomes March 1 where there is none."""
        if (self.month, self.day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
            return date(year, 3, 1)
        return date(year, self.month, self.day)


def _read_month_day(value: object) -> object:
    if isinstance(value, MonthDay):
        return value
    try:
        if not isinstance(value, str) or not _MONTH_DAY.fullmatch(value):
            raise ValueError
        month, day = int(value[:2]), int(value[3:])
        date(_LEAP_YEAR, month, day)
    except ValueError:
        raise ValueError("must be a day of the year like 06-01 (month, day)") from None
    return MonthDay(month, day)


ExactDecimal = Annotated[Decimal, BeforeValidator(_read_decimal)]
DayOfYear = Annotated[MonthDay, BeforeValidator(_read_month_day)]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class Season(DataModel):
    """A season: the days from `start` through `through`, both included, of every year; may wrap over the new year."""

    code: Code
    name: Text
    start: DayOfYear
    through: DayOfYear

    def contains(self, on: date) -> bool:
        """Whether the date is in the season."""
        day = MonthDay(on.month, on.day)
        if self.start <= self.through:
            return self.start <= day <= self.through
        return day >= self.start or day <= self.through

    def windows(self, *, first: date, last: date) -> Iterator[tuple[int, int]]:
        """Half-open windows, as proleptic ordinals, of the season's occurrences that touch first..last."""
        wraps = self.start > self.through
        for year in range(first.year - 1 if wraps else first.year, last.year + 1):
            start = self.start.in_year(year).toordinal() if year >= MINYEAR else date.min.toordinal()
            through_year = year + 1 if wraps else year
            if through_year > MAXYEAR:  # a date like 9999-12-31 must not stop a batch
                end = date.max.toordinal() + 1
            else:
                through_on = self.through.in_year(through_year)
                feb_29_missing = self.through == (2, 29) and through_on.month == 3
                end = through_on.toordinal() + (0 if feb_29_missing else 1)
            if start <= last.toordinal() and end > first.toordinal():
                yield start, end


class TimePeriod(DataModel):
    """A time-of-use period. `hours` describes it in words; metering sorts interval energy into it."""

    code: Code
    name: Text
    hours: str = ""


class FacilitiesLevel(DataModel):
    """A level of trailing average use. Exactly one bound is given, except for the last level, which has none."""

    level: int = Field(ge=1)
    below_kwh: ExactDecimal | None = None
    """Averages strictly below this bound (the bound itself belongs to the next level)."""
    through_kwh: ExactDecimal | None = None
    """Averages up to and including this bound."""

    @property
    def bound_wh(self) -> int | None:
        """The bound in watt-hours a month, or None for the last level."""
        bound = self.below_kwh if self.below_kwh is not None else self.through_kwh
        return None if bound is None else int(bound * WH_PER_KWH)


class FacilitiesRule(DataModel):
    """How the trailing average of monthly kWh chooses the facilities level."""

    levels: tuple[FacilitiesLevel, ...] = Field(min_length=1)
    unknown: int | None = None
    """Level of an account without history; None refuses to rate it."""
    clause: str = ""


class ProrationRule(DataModel):
    """Which lengths of period count as one whole month, and what other lengths are divided by."""

    whole_month_days_min: int = Field(default=26, ge=1)
    whole_month_days_max: int = Field(default=35, ge=1)
    days_per_month: int = Field(default=30, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> ProrationRule:
        if self.whole_month_days_min > self.whole_month_days_max:
            raise ValueError("whole_month_days_min must not be more than whole_month_days_max")
        return self

    @property
    def month_rule(self) -> MonthRule:
        """The rule as a value."""
        return MonthRule(
            whole_month_days_min=self.whole_month_days_min,
            whole_month_days_max=self.whole_month_days_max,
            days_per_month=self.days_per_month,
        )


class ChoiceOption(DataModel):
    """A property of the service that selects prices, one of several values ("under_200_amps")."""

    kind: Literal["choice"]
    label: Text
    values: tuple[Code, ...] = Field(min_length=1)
    default: Code | None = None
    """Value of an account that does not say; None refuses to rate it."""


class CountOption(DataModel):
    """A number of things charged for (lamps, poles)."""

    kind: Literal["count"]
    label: Text
    unit: Text
    """Singular name of the thing ("lamp")."""


Option = Annotated[ChoiceOption | CountOption, Field(discriminator="kind")]


class SeriesEntry(DataModel):
    """A value and the date from which it holds."""

    effective: date
    value: ExactDecimal
    citation: str | None = None
    status: PriceStatus | None = None


class _Charge(DataModel):
    """What every charge has. Charges that share a code are variants of one charge under different conditions."""

    code: Code
    label: Text
    posts_to: PostsTo
    clause: str = ""
    citation: str | None = None
    status: PriceStatus | None = None
    rounding: RoundingRule | None = None
    when: dict[str, str] = Field(default_factory=dict)
    """Choice options and the value that each must have."""
    partial: bool = False
    """Says that conditions under which no variant applies are meant to be free of this charge."""


class _SeasonalCharge(_Charge):
    season: Code | None = None


class FixedCharge(_SeasonalCharge):
    """A price a month, a day or a bill, times a count when `times` names a count option."""

    kind: Literal["fixed"]
    price: ExactDecimal
    per: Literal["month", "day", "bill"] = "month"
    times: str | None = None
    level: int | None = None


class Block(DataModel):
    """A block of energy up to a bound in kWh a month; the last block has no bound."""

    price: ExactDecimal
    up_to_kwh: ExactDecimal | None = None
    label: str | None = None
    clause: str | None = None
    status: PriceStatus | None = None

    @property
    def bound_wh(self) -> int | None:
        """The bound in watt-hours a month, or None."""
        return None if self.up_to_kwh is None else int(self.up_to_kwh * WH_PER_KWH)


class HoursBlock(DataModel):
    """Energy up to hours × billing demand, priced by inner blocks that count from where this block begins."""

    blocks: tuple[Block, ...] = Field(min_length=1)
    up_to_hours: ExactDecimal | None = None


Determinant = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A demand determinant: max, kva, or the code of a time-of-use period."""


class EnergyCharge(_SeasonalCharge):
    """A price a kWh: flat, in blocks, or in blocks of hours of demand; of all energy or of one time-of-use period."""

    kind: Literal["energy"]
    period: Code | None = None
    price: ExactDecimal | None = None
    blocks: tuple[Block, ...] = ()
    hours_blocks: tuple[HoursBlock, ...] = ()
    hours_of: Determinant = "max"

    @property
    def tiers(self) -> tuple[HoursBlock, ...]:
        """The three forms as one: hours blocks of blocks."""
        if self.hours_blocks:
            return self.hours_blocks
        if self.price is not None:
            return (HoursBlock(blocks=(Block(price=self.price),)),)
        return (HoursBlock(blocks=self.blocks),)


class RiderCharge(_SeasonalCharge):
    """A price a kWh on top of the energy charge, its own or a dated series'."""

    kind: Literal["rider"]
    period: Code | None = None
    price: ExactDecimal | None = None
    series: str | None = None
    in_force: InForce = InForce.BY_DAY


class FuelClause(_SeasonalCharge):
    """Per whole step by which the average cost of power exceeds a base, a price of one step a kWh.

    With base 0.0530, step 0.0001 and an average cost of 0.06127 there are 82 whole steps: $0.0082 a kWh.
    """

    kind: Literal["fuel_clause"]
    series: str
    base: ExactDecimal
    step: ExactDecimal = Field(gt=0)
    below_base: Literal["nothing", "credit"] = "nothing"
    in_force: InForce = InForce.BY_DAY
    period: Code | None = None


class BillingDemand(DataModel):
    """Which demand is billed: the determinant, not less than a minimum, in excess of an allowance.

    The place where ratchets and look-backs belong when they come: each is one more way to raise the demand.
    """

    determinant: Determinant = "max"
    minimum_kw: ExactDecimal = Field(default=Decimal(0), ge=0)
    in_excess_of_kw: ExactDecimal = Field(default=Decimal(0), ge=0)

    @property
    def unit(self) -> str:
        """kW, or kVA for apparent power."""
        return "kVA" if self.determinant == "kva" else "kW"


class DemandCharge(_SeasonalCharge):
    """A price a kW (or kVA) of billing demand a month."""

    kind: Literal["demand"]
    price: ExactDecimal
    demand: BillingDemand = BillingDemand()


class PercentageCharge(_Charge):
    """A percentage of the rounded amounts of charges that stand above it."""

    kind: Literal["percentage"]
    percent: ExactDecimal
    of: tuple[str, ...] = Field(min_length=1)


class MinimumCharge(_Charge):
    """The shortfall of charges that stand above it against a minimum a month, fixed and by demand."""

    kind: Literal["minimum"]
    price: ExactDecimal = Field(ge=0)
    price_per_kw: ExactDecimal = Field(default=Decimal(0), ge=0)
    demand: BillingDemand = BillingDemand()
    of: tuple[str, ...] = Field(min_length=1)


Charge = Annotated[
    FixedCharge | EnergyCharge | RiderCharge | FuelClause | DemandCharge | PercentageCharge | MinimumCharge,
    Field(discriminator="kind"),
]
SeasonalCharge = FixedCharge | EnergyCharge | RiderCharge | FuelClause | DemandCharge


class Version(DataModel):
    """The schedule as in force from `effective` until the next version."""

    effective: date
    number: int = Field(default=0, ge=0)
    citation: Text
    status: PriceStatus
    rounding: RoundingRule = RoundingRule.HALF_UP
    proration: ProrationRule = ProrationRule()
    seasons: tuple[Season, ...] = ()
    periods: tuple[TimePeriod, ...] = ()
    facilities: FacilitiesRule | None = None
    charges: tuple[Charge, ...] = Field(min_length=1)


class Schedule(DataModel):
    """A rate schedule with all its versions, oldest first."""

    utility: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    utility_name: Text
    code: Text
    name: Text
    revenue_class: Code
    """The class of customers whose revenue this is: residential, commercial, industrial, lighting…"""
    note: str = ""
    options: dict[str, Option] = Field(default_factory=dict)
    series: dict[str, tuple[SeriesEntry, ...]] = Field(default_factory=dict)
    versions: tuple[Version, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Schedule:
        checks.check_schedule(self)
        return self

    def windows(self) -> Iterator[tuple[Version, int, int]]:
        """Each version with the half-open window of proleptic ordinals in which it is in force."""
        starts = [version.effective.toordinal() for version in self.versions]
        yield from zip(self.versions, starts, [*starts[1:], date.max.toordinal()], strict=True)


def load_schedule(text: str, *, name: str) -> Schedule:
    """Read a tariff file.

    Args:
        text: the file's content.
        name: the file's name for messages.

    Raises:
        DataFileInvalid: listing every problem by file, line and key.
    """
    return load_yaml(text, name=name, model=Schedule)

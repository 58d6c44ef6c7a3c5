"""A slow rating of one account in exact fractions, written apart from the engine so that each can catch the other.

It thinks day by day: every day of the period has a version, a season and, for a dated price, an entry of its series.
Consecutive days that agree make a piece. It shares with the engine only the data: the schedule and the usage.

The rules, in the words of the tariff file's model:

1. A charge makes a line for each piece of the period. Pieces end where the version changes; for a charge with a
   season, where an occurrence of the season begins or ends; for a dated price by day, at each entry's date. A charge
   without a season is not cut by seasons.
2. A period of D days counts for M months by the version's month rule; a piece of d days counts for M × d ÷ D.
   Monthly prices, demand prices, minimums, bounds of blocks and hours of demand scale by that number.
3. Energy used before a day is energy × days before it ÷ D, half up to the watt-hour; a piece's energy is the
   difference of two such values. With split reads the same holds inside each read.
4. A scaled bound is rounded half up to the watt-hour. Energy below zero belongs to the first block.
5. A block of hours spans hours × demand; its inner blocks count from where it begins.
6. Billing demand is the determinant, raised to the minimum, less what it must exceed, never below zero.
7. A price per bill is charged once, by the version of the last day.
8. A price by `at_end` or `at_start` looks at the last or first day of the whole period.
9. The fuel clause counts whole steps between the average cost and its base; below the base, whole steps of a credit,
   or nothing.
10. Every line is rounded to the cent by its own rule. Percentages and minimums take the rounded amounts of the same
    version's lines above them.
11. A count that the account does not state is 0; a choice is its default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby

from weatherhead.core.rating.schedule import (
    BillingDemand,
    Block,
    DemandCharge,
    EnergyCharge,
    FixedCharge,
    FuelClause,
    MinimumCharge,
    PercentageCharge,
    RiderCharge,
    Schedule,
    SeriesEntry,
    Version,
)
from weatherhead.core.rating.usage import Usage

AnyCharge = FixedCharge | EnergyCharge | RiderCharge | FuelClause | DemandCharge | PercentageCharge | MinimumCharge

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleLine:
    """A line with its exact amount in dollars. `quantity` is in kWh, kW, months, days, bills or dollars."""

    code: str
    version: date
    start: date
    end: date
    quantity: Fraction
    price: Fraction
    dollars: Fraction
    amount_cents: int
    posts_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Days [start, end) of one version, and the share of a month that they count for."""

    start: date
    end: date
    months: Fraction


def to_integer(value: Fraction, rule: str) -> int:
    """Round by the name of a rule, from its definition."""
    low, rest = divmod(value.numerator, value.denominator)
    if not rest:
        return low
    high = low + 1
    toward_zero, from_zero = (low, high) if value.numerator >= 0 else (high, low)
    tie = {"half_up": from_zero, "half_down": toward_zero, "half_even": low if low % 2 == 0 else high}
    if rule in tie:
        if 2 * rest == value.denominator:
            return tie[rule]
        return high if 2 * rest > value.denominator else low
    return {"down": toward_zero, "up": from_zero, "floor": low, "ceiling": high}[rule]


def rate_slowly(schedule: Schedule, usage: Usage) -> tuple[OracleLine, ...]:
    """Rate one account. Lines of zero cents are kept; a usage that cannot be rated raises whatever it trips over."""
    lines: list[OracleLine] = []
    for version, days in groupby(_days(usage), key=lambda on: _version_on(schedule, on)):
        spent = list(days)
        lines += _Rating(schedule=schedule, version=version, usage=usage, days=spent).lines()
    return tuple(lines)


def _days(usage: Usage) -> Iterator[date]:
    on = usage.span.start
    while on < usage.span.end:
        yield on
        on += ONE_DAY


def _version_on(schedule: Schedule, on: date) -> Version:
    return [version for version in schedule.versions if version.effective <= on][-1]


def energy_before(usage: Usage, on: date, period: str | None) -> int:
    """Watt-hours used before the day, of a time-of-use period or of all."""
    total = 0
    reads = [(part.span, part.energy_wh, part.energy_by_period_wh) for part in usage.parts]
    for span, energy_wh, by_period in reads or [(usage.span, usage.energy_wh, usage.energy_by_period_wh)]:
        energy = energy_wh if period is None else by_period[period]
        passed = min(max((on - span.start).days, 0), (span.end - span.start).days)
        total += to_integer(Fraction(energy * passed, (span.end - span.start).days), "half_up")
    return total


class _Rating:
    """The lines of one version's days."""

    def __init__(self, *, schedule: Schedule, version: Version, usage: Usage, days: list[date]) -> None:
        self.schedule, self.version, self.usage, self.days = schedule, version, usage, days
        self.made: list[OracleLine] = []
        self.seasons: dict[date, tuple[str, int, int]] = {}

    def lines(self) -> list[OracleLine]:
        makers: dict[str, Callable[..., None]] = {
            "fixed": self._fixed,
            "energy": self._energy,
            "rider": self._rider,
            "fuel_clause": self._fuel,
            "demand": self._demand,
            "percentage": self._percentage,
            "minimum": self._minimum,
        }
        for charge in self.version.charges:
            if all(self._choice(name) == value for name, value in charge.when.items()):
                makers[charge.kind](charge)
        return self.made

    # pieces

    def _months(self, days: int) -> Fraction:
        rule, whole = self.version.proration, self.usage.span.days
        is_month = rule.whole_month_days_min <= whole <= rule.whole_month_days_max
        return (Fraction(1) if is_month else Fraction(whole, rule.days_per_month)) * Fraction(days, whole)

    def _pieces(self, season: str | None, mark: Callable[[date], object] = lambda _: None) -> Iterator[Piece]:
        def agree(on: date) -> object:
            return self._season_of(on) if season is not None else None, mark(on)

        for _, days in groupby(self.days, key=agree):
            run = list(days)
            if season is None or self._season_of(run[0])[0] == season:
                yield Piece(start=run[0], end=run[-1] + ONE_DAY, months=self._months(len(run)))

    def _season_of(self, on: date) -> tuple[str, int, int]:
        """The season's code, its place in the list, and the year in which this occurrence began."""
        if on not in self.seasons:
            self.seasons[on] = self._find_season(on)
        return self.seasons[on]

    def _find_season(self, on: date) -> tuple[str, int, int]:
        today = (on.month, on.day)
        for place, season in enumerate(self.version.seasons):
            first, last = tuple(season.start), tuple(season.through)
            if first <= last and first <= today <= last:
                return season.code, place, on.year
            if first > last and today >= first:
                return season.code, place, on.year
            if first > last and today <= last:
                return season.code, place, on.year - 1
        raise AssertionError(f"{on} is in no season")

    # determinants

    def _choice(self, name: str) -> object:
        option = self.schedule.options[name]
        assert option.kind == "choice"
        return self.usage.options.get(name, option.default)

    def _level(self) -> int:
        if self.usage.facilities_level is not None:
            return self.usage.facilities_level
        rule, average = self.version.facilities, self.usage.trailing_average_wh
        assert rule is not None
        if average is None:
            assert rule.unknown is not None
            return rule.unknown
        kwh = Fraction(average, 1000)
        for level in rule.levels:
            if level.below_kwh is not None and kwh < Fraction(level.below_kwh):
                return level.level
            if level.through_kwh is not None and kwh <= Fraction(level.through_kwh):
                return level.level
        return rule.levels[-1].level

    def _demand_watts(self, name: str) -> int:
        if name == "max":
            found = self.usage.demand_w_max
        elif name == "kva":
            found = self.usage.demand_va_max
        else:
            found = self.usage.demand_by_period_w_max[name]
        assert found is not None
        return found

    def _billed_kw(self, demand: BillingDemand) -> Fraction:
        metered = Fraction(self._demand_watts(demand.determinant), 1000)
        return max(max(metered, Fraction(demand.minimum_kw)) - Fraction(demand.in_excess_of_kw), Fraction(0))

    def _energy_of(self, piece: Piece, period: str | None) -> int:
        return energy_before(self.usage, piece.end, period) - energy_before(self.usage, piece.start, period)

    # charges

    def _add(self, charge: AnyCharge, piece: Piece, quantity: Fraction, price: Fraction) -> None:
        dollars = quantity * price
        rule = charge.rounding or self.version.rounding
        self.made.append(
            OracleLine(
                code=charge.code,
                version=self.version.effective,
                start=piece.start,
                end=piece.end,
                quantity=quantity,
                price=price,
                dollars=dollars,
                amount_cents=to_integer(dollars * 100, rule.value),
                posts_to=charge.posts_to.value,
            )
        )

    def _fixed(self, charge: FixedCharge) -> None:
        if charge.level is not None and charge.level != self._level():
            return
        count = Fraction(1)
        if charge.times is not None:
            stated = self.usage.options.get(charge.times, 0)
            assert isinstance(stated, int)
            count = Fraction(stated)
        if charge.per == "bill":
            if self.days[-1] == self.usage.span.end - ONE_DAY:
                whole = Piece(start=self.usage.span.start, end=self.usage.span.end, months=Fraction(1))
                self._add(charge, whole, count, Fraction(charge.price))
            return
        for piece in self._pieces(charge.season):
            times = Fraction((piece.end - piece.start).days) if charge.per == "day" else piece.months
            self._add(charge, piece, count * times, Fraction(charge.price))

    def _energy(self, charge: EnergyCharge) -> None:
        for piece in self._pieces(charge.season):
            left = self._energy_of(piece, charge.period)
            begins = 0
            for tier in charge.tiers:
                inside = left
                if tier.up_to_hours is not None:
                    watts = self._demand_watts(charge.hours_of)
                    ends = to_integer(Fraction(tier.up_to_hours) * watts * piece.months, "half_up")
                    inside = min(left, ends - begins)
                    begins = ends
                left -= inside
                if inside:
                    self._blocks(charge, piece, tier.blocks, inside)

    def _blocks(self, charge: EnergyCharge, piece: Piece, blocks: tuple[Block, ...], energy_wh: int) -> None:
        left, begins = energy_wh, 0
        for block in blocks:
            inside = left
            if block.up_to_kwh is not None:
                ends = to_integer(Fraction(block.up_to_kwh) * 1000 * piece.months, "half_up")
                inside = min(left, ends - begins)
                begins = ends
            left -= inside
            if inside:
                self._add(charge, piece, Fraction(inside, 1000), Fraction(block.price))

    def _entry(self, name: str, on: date) -> SeriesEntry:
        return [entry for entry in self.schedule.series[name] if entry.effective <= on][-1]

    def _series_pieces(self, charge: RiderCharge | FuelClause) -> Iterator[tuple[Piece, Fraction]]:
        name = charge.series
        assert name is not None
        if charge.in_force == "by_day":
            for piece in self._pieces(charge.season, lambda on: self._entry(name, on).effective):
                yield piece, Fraction(self._entry(name, piece.start).value)
            return
        span = self.usage.span
        on = span.start if charge.in_force == "at_start" else span.end - ONE_DAY
        for piece in self._pieces(charge.season):
            yield piece, Fraction(self._entry(name, on).value)

    def _rider(self, charge: RiderCharge) -> None:
        if charge.price is not None:
            priced = [(piece, Fraction(charge.price)) for piece in self._pieces(charge.season)]
        else:
            priced = list(self._series_pieces(charge))
        for piece, price in priced:
            self._add(charge, piece, Fraction(self._energy_of(piece, charge.period), 1000), price)

    def _fuel(self, charge: FuelClause) -> None:
        for piece, cost in self._series_pieces(charge):
            above = (cost - Fraction(charge.base)) / Fraction(charge.step)
            steps = to_integer(above, "down")
            if steps < 0 and charge.below_base == "nothing":
                steps = 0
            price = steps * Fraction(charge.step)
            self._add(charge, piece, Fraction(self._energy_of(piece, charge.period), 1000), price)

    def _demand(self, charge: DemandCharge) -> None:
        for piece in self._pieces(charge.season):
            self._add(charge, piece, self._billed_kw(charge.demand) * piece.months, Fraction(charge.price))

    def _base(self, codes: tuple[str, ...]) -> Fraction:
        return Fraction(sum(line.amount_cents for line in self.made if line.code in codes), 100)

    def _whole(self) -> Piece:
        return Piece(start=self.days[0], end=self.days[-1] + ONE_DAY, months=self._months(len(self.days)))

    def _percentage(self, charge: PercentageCharge) -> None:
        self._add(charge, self._whole(), self._base(charge.of), Fraction(charge.percent) / 100)

    def _minimum(self, charge: MinimumCharge) -> None:
        piece = self._whole()
        monthly = Fraction(charge.price)
        if charge.price_per_kw:
            monthly += Fraction(charge.price_per_kw) * self._billed_kw(charge.demand)
        short = monthly * piece.months - self._base(charge.of)
        if short > 0:
            self._add(charge, piece, Fraction(1), short)

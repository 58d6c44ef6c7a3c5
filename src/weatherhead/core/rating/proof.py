"""The proof of one line: its arithmetic in short sentences that a representative can read out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from weatherhead.core.rating.columns import (
    CENTS_PER_DOLLAR,
    PER_KILO,
    Column,
    billing_demand_w,
    scaled_bound_wh,
    scaled_hours_wh,
)
from weatherhead.core.rating.lines import RatedLine, RatedPrice
from weatherhead.core.rating.pieces import Piece
from weatherhead.core.rating.price import fuel_steps
from weatherhead.core.rating.schedule import (
    BillingDemand,
    Charge,
    CountOption,
    DemandCharge,
    EnergyCharge,
    FixedCharge,
    FuelClause,
    MinimumCharge,
    PercentageCharge,
    RiderCharge,
    Schedule,
)
from weatherhead.core.rating.usage import MISSING, UsageArrays
from weatherhead.core.values import RoundingRule, Span

_PLACES_SHOWN = 10

_ROUNDED: dict[RoundingRule, str] = {
    RoundingRule.HALF_UP: "rounded to the cent, a half away from zero",
    RoundingRule.HALF_EVEN: "rounded to the cent, a half to the even cent",
    RoundingRule.HALF_DOWN: "rounded to the cent, a half toward zero",
    RoundingRule.DOWN: "rounded toward zero to the cent",
    RoundingRule.UP: "rounded away from zero to the cent",
    RoundingRule.FLOOR: "rounded down to the cent",
    RoundingRule.CEILING: "rounded up to the cent",
}


def exact_text(value: Fraction) -> str:
    """A number as a decimal with at least two places; cut after ten, with "…", when it goes on."""
    unit = 10**_PLACES_SHOWN
    scaled, rest = divmod(abs(value.numerator) * unit, value.denominator)
    whole, decimals = divmod(scaled, unit)
    digits = f"{decimals:0{_PLACES_SHOWN}d}"
    shown = f"{digits}…" if rest else digits.rstrip("0").ljust(2, "0")
    return f"{'-' if value < 0 else ''}{whole}.{shown}"


def number(value: Decimal | Fraction | int) -> str:
    """A number for people: thousands apart, no needless zeros; a fraction that goes on is cut with "…"."""
    text = exact_text(Fraction(value))
    going_on = text.endswith("…")
    whole, _, digits = text.rstrip("…").partition(".")
    digits = digits if going_on else digits.rstrip("0")
    sign, whole = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(whole):,}{'.' + digits if digits else ''}{'…' if going_on else ''}"


def dollars(value: Decimal | Fraction) -> str:
    """An exact amount or price for people: two decimals or more."""
    text = exact_text(Fraction(value))
    whole, _, digits = text.partition(".")
    sign, whole = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}${int(whole):,}.{digits}"


def cents(amount: int) -> str:
    """Cents as dollars for people."""
    return dollars(Fraction(amount, CENTS_PER_DOLLAR))


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One line of a column, as scalars."""

    column: Column
    position: int
    schedule: Schedule
    usages: UsageArrays
    above: Sequence[RatedLine]

    @property
    def account(self) -> int:
        return int(self.column.piece.accounts[self.position])

    @property
    def quantity(self) -> int:
        return int(self.column.quantities[self.position])

    @property
    def days(self) -> int:
        piece = self.column.piece
        return int(piece.ends[self.position]) - int(piece.starts[self.position])

    @property
    def period_days(self) -> int:
        return int(self.usages.ends[self.account] - self.usages.starts[self.account])

    @property
    def divisor(self) -> int:
        return int(self.column.piece.divisors[self.position])

    @property
    def share(self) -> Fraction:
        """Months that the line's days count for."""
        return Fraction(self.days, self.divisor)

    @property
    def times_share(self) -> str:
        """The proration factor as people write it; nothing for a whole month."""
        return "" if self.share == 1 else f" × {self.days}/{self.divisor}"

    @property
    def span(self) -> Span:
        piece = self.column.piece
        start, end = int(piece.starts[self.position]), int(piece.ends[self.position])
        return Span(start=date.fromordinal(start), end=date.fromordinal(end))

    @property
    def exact_dollars(self) -> Fraction:
        below = self.column.denominators
        denominator = below if isinstance(below, int) else int(below[self.position])
        return Fraction(int(self.column.numerators[self.position]), denominator * CENTS_PER_DOLLAR)

    @property
    def piece(self) -> Piece:
        """The piece of this line alone, for formulas over arrays."""
        whole, here = self.column.piece, slice(self.position, self.position + 1)
        return Piece(
            accounts=whole.accounts[here],
            starts=whole.starts[here],
            ends=whole.ends[here],
            divisors=whole.divisors[here],
        )


def line_of(
    column: Column, *, position: int, schedule: Schedule, usages: UsageArrays, above: Sequence[RatedLine]
) -> RatedLine:
    """One line of a column with its proof; `above` are the same bill's lines before it."""
    one = _One(column=column, position=position, schedule=schedule, usages=usages, above=above)
    price = price_of(column, schedule=schedule)
    quantity, unit = _quantity(one)
    amount = int(column.cents[position])
    steps = [*_proration(one), *_arithmetic(one)]
    if one.exact_dollars * CENTS_PER_DOLLAR != amount:
        steps.append(f"{dollars(one.exact_dollars)} {_ROUNDED[column.rounding]}: {cents(amount)}")
    return RatedLine(
        code=price.code,
        label=price.label,
        quantity=quantity,
        quantity_unit=unit,
        price=price.price,
        price_unit=price.price_unit,
        unrounded=exact_text(one.exact_dollars),
        amount_cents=amount,
        span=one.span,
        posts_to=price.posts_to,
        version=price.version,
        clause=price.clause,
        citation=price.citation,
        status=price.status,
        rounding=price.rounding,
        steps=tuple(steps),
    )


def price_of(column: Column, *, schedule: Schedule) -> RatedPrice:
    """What all lines of a column have in common."""
    charge, entry, version = column.charge, column.entry, column.version
    block = column.tier.block if column.tier is not None else None
    return RatedPrice(
        code=charge.code,
        label=(block.label if block is not None else None) or charge.label,
        # A shortfall is made up in full.
        price=Decimal(100) if isinstance(charge, MinimumCharge) else column.price,
        price_unit=_price_unit(charge, schedule=schedule),
        posts_to=charge.posts_to.value,
        version=version.effective,
        clause=(block.clause if block is not None else None) or charge.clause,
        citation=(entry.citation if entry is not None else None) or charge.citation or version.citation,
        status=(
            (block.status if block is not None else None)
            or (entry.status if entry is not None else None)
            or charge.status
            or version.status
        ).value,
        rounding=column.rounding.value,
    )


def _kilo(value: int) -> Decimal:
    """Wh as kWh, W as kW: exact, never in exponent form."""
    whole, rest = divmod(abs(value), PER_KILO)
    text = f"{'-' if value < 0 else ''}{whole}.{rest:03d}".rstrip("0").rstrip(".")
    return Decimal(text)


def _quantity(one: _One) -> tuple[Decimal, str]:
    charge = one.column.charge
    match charge:
        case FixedCharge(times=None):
            share = {"month": one.share, "day": Fraction(one.days), "bill": Fraction(1)}[charge.per]
            unit = "days" if charge.per == "day" else charge.per
            return _terminating(share), unit
        case FixedCharge():
            return Decimal(one.quantity), _things(one)
        case EnergyCharge() | RiderCharge() | FuelClause():
            return _kilo(one.quantity), "kWh"
        case DemandCharge():
            return _kilo(one.quantity), charge.demand.unit
        case PercentageCharge():
            return _terminating(Fraction(one.quantity, CENTS_PER_DOLLAR)), "$"
        case MinimumCharge():
            return _terminating(one.exact_dollars), "$"


def _terminating(value: Fraction) -> Decimal:
    text = exact_text(value).rstrip("…")
    return Decimal(text.rstrip("0").rstrip("."))


def _thing(charge: FixedCharge, *, schedule: Schedule) -> str:
    assert charge.times is not None
    option = schedule.options[charge.times]
    assert isinstance(option, CountOption)
    return option.unit


def _things(one: _One) -> str:
    charge = one.column.charge
    assert isinstance(charge, FixedCharge)
    thing = _thing(charge, schedule=one.schedule)
    return thing if one.quantity == 1 else f"{thing}s"


def _price_unit(charge: Charge, *, schedule: Schedule) -> str:
    match charge:
        case FixedCharge():
            return f"$/{charge.per}" if charge.times is None else f"$/{_thing(charge, schedule=schedule)}"
        case EnergyCharge() | RiderCharge() | FuelClause():
            return "$/kWh"
        case DemandCharge():
            return f"$/{charge.demand.unit}"
        case PercentageCharge() | MinimumCharge():
            return "%"


def _proration(one: _One) -> Iterator[str]:
    """How the line's days came to be less than, or other than, one month."""
    if one.days != one.period_days:
        yield f"{one.days} of the period's {one.period_days} days: {one.span.start} through {one.span.last_on}"
    charge = one.column.charge
    monthly = isinstance(charge, DemandCharge | MinimumCharge) or (
        isinstance(charge, FixedCharge) and charge.per == "month"
    )
    bounded = isinstance(charge, EnergyCharge) and bool(charge.blocks or charge.hours_blocks)
    if (monthly or bounded) and one.share != 1:
        rule = one.column.version.proration
        whole = f"{rule.whole_month_days_min} to {rule.whole_month_days_max} days"
        if rule.whole_month_days_min <= one.period_days <= rule.whole_month_days_max:
            yield f"the period of {one.period_days} days counts as one month ({whole} do)"
        else:
            yield f"the period of {one.period_days} days is not a whole month ({whole}): days ÷ {one.divisor}"


def _arithmetic(one: _One) -> Iterator[str]:
    charge = one.column.charge
    amount = dollars(one.exact_dollars)
    match charge:
        case FixedCharge():
            yield from _fixed(one, charge=charge)
        case EnergyCharge():
            yield from _energy_share(one, period=charge.period)
            yield from _block(one, charge=charge)
            yield f"{number(_kilo(one.quantity))} kWh × {dollars(one.column.price)} = {amount}"
        case RiderCharge() | FuelClause():
            yield from _energy_share(one, period=charge.period)
            yield from _fuel(one)
            yield f"{number(_kilo(one.quantity))} kWh × {dollars(one.column.price)} = {amount}"
        case DemandCharge():
            yield from _billing_demand(one, demand=charge.demand)
            quantity = f"{number(_kilo(one.quantity))} {charge.demand.unit}"
            yield f"{quantity} × {dollars(one.column.price)}{one.times_share} = {amount}"
        case PercentageCharge():
            yield from _base(one, codes=charge.of)
            yield f"{cents(one.quantity)} × {number(one.column.price)}% = {amount}"
        case MinimumCharge():
            yield from _minimum(one, charge=charge)


def _fixed(one: _One, *, charge: FixedCharge) -> Iterator[str]:
    yield from _level(one, level=charge.level)
    count = "" if charge.times is None else f"{number(one.quantity)} {_things(one)} × "
    share = {"month": one.times_share, "day": f" × {one.days} days", "bill": ""}[charge.per]
    per = "" if charge.per == "bill" else f" a {charge.per}"
    yield f"{count}{dollars(one.column.price)}{per}{share} = {dollars(one.exact_dollars)}"


def _level(one: _One, *, level: int | None) -> Iterator[str]:
    if level is None:
        return
    average = int(one.usages.trailing_average_wh[one.account])
    if int(one.usages.facilities_level[one.account]) != MISSING:
        yield f"facilities level {level} is assigned to the account"
    elif average != MISSING:
        yield f"facilities level {level}: the trailing average is {number(_kilo(average))} kWh a month"
    else:
        yield f"facilities level {level}, for an account without a trailing average"


def _energy_share(one: _One, *, period: str | None) -> Iterator[str]:
    """What of the period's energy falls in the line's days."""
    if one.days == one.period_days:
        return
    whole = number(_kilo(int(one.usages.energy(period)[one.account])))
    piece = one.piece
    here = int(
        one.usages.energy_between(accounts=piece.accounts, starts=piece.starts, ends=piece.ends, period=period)[0]
    )
    said = number(_kilo(here))
    if one.usages.parts is not None and one.account in one.usages.parts.accounts:
        yield f"{said} of the period's {whole} kWh, by reads within the period"
    else:
        yield f"{whole} kWh × {one.days}/{one.period_days} days = {said} kWh, shared by days to the watt-hour"


def _block(one: _One, *, charge: EnergyCharge) -> Iterator[str]:
    """Where the block begins and ends, when it is one of several."""
    tier = one.column.tier
    assert tier is not None
    if charge.hours_blocks:
        demand_w = int(one.usages.demand(charge.hours_of)[one.account])
        for hours, word in ((tier.hours_from, "over"), (tier.hours_block.up_to_hours, "up to")):
            if hours:
                bound = scaled_hours_wh(
                    hours=hours,
                    demand_w=one.usages.demand(charge.hours_of)[one.piece.accounts],
                    piece=one.piece,
                )
                unit = "kVA" if charge.hours_of == "kva" else "kW"
                said = f"{number(hours)} hours × {number(_kilo(demand_w))} {unit}{one.times_share}"
                yield f"{word} {said} = {number(_kilo(int(bound[0])))} kWh"
    for kwh, word in ((tier.kwh_from, "over"), (tier.block.up_to_kwh, "up to")):
        if kwh:
            bound_wh = int(scaled_bound_wh(bound_kwh=kwh, piece=one.piece)[0])
            scaled = "" if one.share == 1 else f"{one.times_share} = {number(_kilo(bound_wh))} kWh"
            within = " of these hours" if charge.hours_blocks and len(charge.hours_blocks) > 1 else ""
            yield f"{word} {number(kwh)} kWh{scaled}{within}"


def _fuel(one: _One) -> Iterator[str]:
    charge, entry = one.column.charge, one.column.entry
    if entry is None:
        return
    since = entry.effective
    if isinstance(charge, FuelClause):
        steps = fuel_steps(charge, entry=entry)
        yield (
            f"average cost {dollars(entry.value)} since {since}, base {dollars(charge.base)}: "
            f"{number(steps)} whole steps of {dollars(charge.step)} = {dollars(one.column.price)} a kWh"
        )
    else:
        yield f"{dollars(entry.value)} a kWh is in force since {since}"


def _billing_demand(one: _One, *, demand: BillingDemand) -> Iterator[str]:
    metered_w = int(one.usages.demand(demand.determinant)[one.account])
    said = f"{number(_kilo(metered_w))} {demand.unit}"
    if demand.minimum_kw and metered_w < demand.minimum_kw * PER_KILO:
        yield f"metered {said}; at least {number(demand.minimum_kw)} {demand.unit} are billed"
        said = f"{number(demand.minimum_kw)} {demand.unit}"
    if demand.in_excess_of_kw:
        billed = int(
            billing_demand_w(demand=demand, metered_w=one.usages.demand(demand.determinant)[one.piece.accounts])[0]
        )
        yield f"{said} − {number(demand.in_excess_of_kw)} {demand.unit} = {number(_kilo(billed))} {demand.unit}"


def _base(one: _One, *, codes: Sequence[str]) -> Iterator[str]:
    """The lines above that a percentage or a minimum is taken of."""
    version = one.column.version.effective
    lines = [line for line in one.above if line.code in codes and line.version == version]
    if len(lines) > 1:
        sum_of = " + ".join(f"{line.label} {cents(line.amount_cents)}" for line in lines)
        yield f"{sum_of} = {cents(one.quantity)}"
    elif lines:
        yield f"of {lines[0].label}, {cents(one.quantity)}"


def _minimum(one: _One, *, charge: MinimumCharge) -> Iterator[str]:
    yield from _base(one, codes=charge.of)
    base = Fraction(one.quantity, CENTS_PER_DOLLAR)
    minimum = one.exact_dollars + base
    if charge.price_per_kw:
        yield from _billing_demand(one, demand=charge.demand)
        billed = billing_demand_w(
            demand=charge.demand, metered_w=one.usages.demand(charge.demand.determinant)[one.piece.accounts]
        )
        kilowatts = f"{number(_kilo(int(billed[0])))} {charge.demand.unit}"
        a_month = f"({dollars(charge.price)} + {kilowatts} × {dollars(charge.price_per_kw)})"
    else:
        a_month = dollars(charge.price)
    yield f"minimum {a_month} a month{one.times_share} = {dollars(minimum)}"
    yield f"{dollars(minimum)} − {dollars(base)} = {dollars(one.exact_dollars)}"

"""Exact amounts of one price over many accounts, in 64-bit fixed point that raises instead of overflowing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from weatherhead.core.rating.pieces import Mask, Piece
from weatherhead.core.rating.price import at_equal_places, fixed_point, times
from weatherhead.core.rating.schedule import BillingDemand, Block, Charge, HoursBlock, SeriesEntry, Version
from weatherhead.core.values import Int64Array, RoundingRule, add_exactly, multiply_exactly, round_ratios

CENTS_PER_DOLLAR = 100
PER_KILO = 1_000
"""Watt-hours a kWh, watts a kW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Where a block of energy begins and ends, before proration: hours of demand outside, kWh inside."""

    hours_block: HoursBlock
    hours_from: Decimal
    block: Block
    kwh_from: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The lines that one price makes for m accounts: a column of the batch.

    `quantities` is what the price multiplies: Wh for energy, W for demand, a count for fixed charges, cents for
    percentages and minimums. The exact amount is numerators ÷ denominators cents, `cents` that by the rounding rule.
    """

    version: Version
    charge: Charge
    price: Decimal
    piece: Piece
    quantities: Int64Array
    numerators: Int64Array
    denominators: int | Int64Array
    cents: Int64Array
    entry: SeriesEntry | None = None
    tier: Tier | None = None

    @property
    def rounding(self) -> RoundingRule:
        """The charge's own rule, or its version's."""
        return rounding_of(version=self.version, charge=self.charge)

    def only(self, mask: Mask) -> Column:
        """The lines for which the mask holds."""
        if bool(mask.all()):
            return self
        amounts = Amounts(quantities=self.quantities, numerators=self.numerators, denominators=self.denominators)
        kept = amounts.only(mask)
        return replace(
            self,
            piece=self.piece.only(mask),
            quantities=kept.quantities,
            numerators=kept.numerators,
            denominators=kept.denominators,
            cents=self.cents[mask],
        )


def rounding_of(*, version: Version, charge: Charge) -> RoundingRule:
    """The charge's own rule, or its version's."""
    return charge.rounding or version.rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Exact cents as ratios, and the quantities that they come from."""

    quantities: Int64Array
    numerators: Int64Array
    denominators: int | Int64Array

    def only(self, mask: Mask) -> Amounts:
        """The amounts for which the mask holds."""
        below = self.denominators
        return Amounts(
            quantities=self.quantities[mask],
            numerators=self.numerators[mask],
            denominators=below if isinstance(below, int) else below[mask],
        )


def energy_amounts(*, price: Decimal, energy_wh: Int64Array) -> Amounts:
    """Wh × $/kWh."""
    point = fixed_point(price)
    # dollars are Wh × units ÷ (scale × 1000), cents a hundred times that
    return Amounts(
        quantities=energy_wh,
        numerators=times(energy_wh, point.units),
        denominators=point.scale * PER_KILO // CENTS_PER_DOLLAR,
    )


def fixed_amounts(*, price: Decimal, per: str, counts: Int64Array, piece: Piece) -> Amounts:
    """Count × $ a month (× days ÷ divisor), a day (× days) or a bill."""
    point = fixed_point(price)
    numerators = times(counts, point.units * CENTS_PER_DOLLAR)
    denominators: int | Int64Array = point.scale
    if per != "bill":
        numerators = multiply_exactly(numerators, piece.days)
    if per == "month":
        denominators = times(piece.divisors, point.scale)
    return Amounts(quantities=counts, numerators=numerators, denominators=denominators)


def demand_amounts(*, price: Decimal, demand_w: Int64Array, piece: Piece) -> Amounts:
    """W × $/kW a month × days ÷ divisor."""
    point = fixed_point(price)
    return Amounts(
        quantities=demand_w,
        numerators=multiply_exactly(times(demand_w, point.units), piece.days),
        denominators=times(piece.divisors, point.scale * PER_KILO // CENTS_PER_DOLLAR),
    )


def percentage_amounts(*, percent: Decimal, base_cents: Int64Array) -> Amounts:
    """A percentage of rounded cents."""
    point = fixed_point(percent)
    return Amounts(
        quantities=base_cents, numerators=times(base_cents, point.units), denominators=point.scale * CENTS_PER_DOLLAR
    )


def shortfall_amounts(
    *, price: Decimal, price_per_kw: Decimal, demand_w: Int64Array, base_cents: Int64Array, piece: Piece
) -> Amounts:
    """(price + price_per_kw × kW) × days ÷ divisor − base, exactly; `quantities` are the base cents."""
    (fixed, per_kw), places = at_equal_places((price, price_per_kw))
    denominators = times(piece.divisors, 10**places * PER_KILO // CENTS_PER_DOLLAR)
    a_month = add_exactly(times(demand_w, per_kw), np.asarray(fixed * PER_KILO, dtype=np.int64))
    minimums = multiply_exactly(a_month, piece.days)
    return Amounts(
        quantities=base_cents,
        numerators=add_exactly(minimums, -multiply_exactly(base_cents, denominators)),
        denominators=denominators,
    )


def billing_demand_w(*, demand: BillingDemand, metered_w: Int64Array) -> Int64Array:
    """The metered demand, raised to the minimum, less the allowance, never below zero; W (VA for kVA)."""
    minimum, allowance = int(demand.minimum_kw * PER_KILO), int(demand.in_excess_of_kw * PER_KILO)
    raised = np.maximum(metered_w, minimum) - allowance
    billed: Int64Array = np.maximum(raised, 0)
    return billed


def scaled_bound_wh(*, bound_kwh: Decimal, piece: Piece) -> Int64Array:
    """A bound in kWh a month over the days of the piece, rounded half up to the watt-hour."""
    bound_wh = int(bound_kwh * PER_KILO)
    return round_ratios(numerators=times(piece.days, bound_wh), denominator=piece.divisors, rule=RoundingRule.HALF_UP)


def scaled_hours_wh(*, hours: Decimal, demand_w: Int64Array, piece: Piece) -> Int64Array:
    """Hours a month × W over the days of the piece, rounded half up to the watt-hour."""
    point = fixed_point(hours)
    return round_ratios(
        numerators=multiply_exactly(times(demand_w, point.units), piece.days),
        denominator=times(piece.divisors, point.scale),
        rule=RoundingRule.HALF_UP,
    )


def cut(*, energy_wh: Int64Array, lower: Int64Array | None, upper: Int64Array | None) -> Int64Array:
    """The energy between two bounds. The first block (no lower bound) also takes energy below zero."""
    top = energy_wh if upper is None else np.minimum(energy_wh, upper)
    inside: Int64Array = top if lower is None else np.maximum(top - lower, 0)
    return inside

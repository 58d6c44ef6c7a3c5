"""Prices in fixed point: a decimal from a tariff file as a whole number of units of its last place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from weatherhead.core.rating.schedule import FuelClause, RiderCharge, SeriesEntry
from weatherhead.core.values import Int64Array, multiply_exactly
from weatherhead.core.values.rounding import INT64_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPoint:
    """`units` ÷ 10^`places`, without trailing zeros: 0.0792 is 792 of 4 places."""

    units: int
    places: int

    @property
    def scale(self) -> int:
        """What the units are divided by."""
        return int(10**self.places)


def fixed_point(value: Decimal) -> FixedPoint:
    """The decimal exactly, with as few places as it needs."""
    ratio = Fraction(value)
    places = 0
    while ratio.denominator != 1:
        ratio *= 10
        places += 1
    return FixedPoint(units=ratio.numerator, places=places)


def at_equal_places(values: Sequence[Decimal]) -> tuple[tuple[int, ...], int]:
    """Several decimals as units of one number of places: (units of each, places)."""
    points = [fixed_point(value) for value in values]
    places = max(point.places for point in points)
    return tuple(int(point.units * 10 ** (places - point.places)) for point in points), places


def times(values: Int64Array, factor: int) -> Int64Array:
    """Multiply an array by an integer.

    Raises:
        OverflowError: instead of wrapping around.
    """
    if abs(factor) > INT64_MAX:
        raise OverflowError(f"{factor} is beyond the range of 64-bit fixed point")
    return multiply_exactly(values, np.asarray(factor, dtype=np.int64))


def fuel_steps(charge: FuelClause, *, entry: SeriesEntry) -> int:
    """Whole steps by which the average cost exceeds the base; negative below it when that is credited.

    What is left of a step counts for nothing, on either side of the base.
    """
    steps = int(Fraction(entry.value - charge.base) / Fraction(charge.step))  # int() cuts toward zero
    return max(steps, 0) if charge.below_base == "nothing" else steps


def price_per_kwh(charge: RiderCharge | FuelClause, *, entry: SeriesEntry | None) -> Decimal:
    """Dollars a kWh of a rider: its own, its series' value, or the steps of a fuel clause."""
    if isinstance(charge, FuelClause):
        assert entry is not None
        return charge.step * fuel_steps(charge, entry=entry)
    price = charge.price if entry is None else entry.value
    assert price is not None
    return price

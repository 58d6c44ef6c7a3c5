"""Exact division with a named rounding rule, for one number and for arrays of int64.

The rule is always named by data (a tariff, a regulation), never chosen by code. All rules are right for negative
amounts: *half up* moves ties away from zero, so a credit rounds as the mirror image of a charge.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]

INT64_MAX = 2**63 - 1


class RoundingRule(StrEnum):
    """How an exact quotient becomes an integer. Ties are exact halves; there is no tolerance."""

    HALF_UP = "half_up"
    """To nearest; a tie goes away from zero (2.5 → 3, −2.5 → −3)."""
    HALF_EVEN = "half_even"
    """To nearest; a tie goes to the even neighbor (2.5 → 2, 3.5 → 4)."""
    HALF_DOWN = "half_down"
    """To nearest; a tie goes toward zero (2.5 → 2, −2.5 → −2)."""
    DOWN = "down"
    """Toward zero (2.9 → 2, −2.9 → −2)."""
    UP = "up"
    """Away from zero (2.1 → 3, −2.1 → −3)."""
    FLOOR = "floor"
    """Toward minus infinity (−2.1 → −3)."""
    CEILING = "ceiling"
    """Toward plus infinity (−2.9 → −2)."""


def round_ratio(*, numerator: int, denominator: int, rule: RoundingRule) -> int:
    """Return numerator ÷ denominator as an integer by `rule`, exactly, for integers of any size and sign.

    Raises:
        ZeroDivisionError: when the denominator is 0.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(abs(numerator), denominator)
    negative = numerator < 0
    twice = 2 * remainder
    match rule:
        case RoundingRule.HALF_UP:
            away = twice >= denominator
        case RoundingRule.HALF_EVEN:
            away = twice > denominator or (twice == denominator and quotient % 2 == 1)
        case RoundingRule.HALF_DOWN:
            away = twice > denominator
        case RoundingRule.DOWN:
            away = False
        case RoundingRule.UP:
            away = remainder > 0
        case RoundingRule.FLOOR:
            away = negative and remainder > 0
        case RoundingRule.CEILING:
            away = not negative and remainder > 0
        case _:
            assert_never(rule)
    magnitude = quotient + 1 if away else quotient
    return -magnitude if negative else magnitude


def round_ratios(*, numerators: Int64Array, denominator: int | Int64Array, rule: RoundingRule) -> Int64Array:
    """Return `round_ratio` of each element, for int64 arrays; equal to the scalar function for every input.

    Args:
        numerators: int64, any shape.
        denominator: a positive integer, or a positive int64 array that broadcasts against the numerators.
        rule: the rounding rule.

    Raises:
        OverflowError: when a numerator is the smallest int64, whose magnitude int64 cannot hold.
        ValueError: when a denominator is not positive.
    """
    divisor = np.asarray(denominator, dtype=np.int64)
    if np.any(divisor <= 0):
        raise ValueError("round_ratios needs positive denominators")
    if numerators.size and int(numerators.min()) < -INT64_MAX:
        raise OverflowError("a numerator is beyond the range of 64-bit fixed point")
    quotient, remainder = np.divmod(np.abs(numerators), divisor)
    negative = numerators < 0
    opposite = divisor - remainder  # compare remainder with what is left instead of doubling it, which could overflow
    match rule:
        case RoundingRule.HALF_UP:
            away = remainder >= opposite
        case RoundingRule.HALF_EVEN:
            away = (remainder > opposite) | ((remainder == opposite) & (quotient % 2 == 1))
        case RoundingRule.HALF_DOWN:
            away = remainder > opposite
        case RoundingRule.DOWN:
            away = np.zeros_like(negative)
        case RoundingRule.UP:
            away = remainder > 0
        case RoundingRule.FLOOR:
            away = negative & (remainder > 0)
        case RoundingRule.CEILING:
            away = ~negative & (remainder > 0)
        case _:
            assert_never(rule)
    magnitude = quotient + away
    rounded: Int64Array = np.where(negative, -magnitude, magnitude).astype(np.int64, copy=False)
    return rounded


def _largest_magnitude(values: Int64Array) -> int:
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def multiply_exactly(left: Int64Array, right: Int64Array) -> Int64Array:
    """Multiply int64 arrays elementwise, raising OverflowError instead of wrapping around.

    The cheap bound (largest times largest) settles nearly every case; only when it fails are the elements compared.
    """
    if _largest_magnitude(left) * _largest_magnitude(right) > INT64_MAX:
        broadcast_left, broadcast_right = np.broadcast_arrays(left, right)
        for a, b in zip(broadcast_left.ravel().tolist(), broadcast_right.ravel().tolist(), strict=True):
            if abs(a * b) > INT64_MAX:
                raise OverflowError(f"{a} × {b} is beyond the range of 64-bit fixed point")
    return left * right


def add_exactly(left: Int64Array, right: Int64Array) -> Int64Array:
    """Add int64 arrays elementwise, raising OverflowError instead of wrapping around."""
    if _largest_magnitude(left) + _largest_magnitude(right) > INT64_MAX:
        broadcast_left, broadcast_right = np.broadcast_arrays(left, right)
        for a, b in zip(broadcast_left.ravel().tolist(), broadcast_right.ravel().tolist(), strict=True):
            if abs(a + b) > INT64_MAX:
                raise OverflowError(f"{a} + {b} is beyond the range of 64-bit fixed point")
    return left + right

"""Exact sharing of integers, and how many months a billing period counts for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from weatherhead.core.values.rounding import INT64_MAX, Int64Array


def apportion(*, total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share `total` over non-negative `weights` so that the parts sum to it exactly (largest remainder).

    Each part is its exact share rounded toward zero; the units left over go to the largest remainders, and among equal
    remainders to the earlier part. A negative total is the mirror image of the positive one.

    Raises:
        ValueError: when there are no weights, one is negative, or all are 0.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("apportioning needs non-negative weights, one of them positive")
    if total < 0:
        return tuple(-part for part in apportion(total=-total, weights=weights))
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    left_over = total - sum(parts)
    # sorted() is stable: among equal remainders the earlier part comes first
    for index in sorted(range(len(weights)), key=lambda i: -remainders[i])[:left_over]:
        parts[index] += 1
    return tuple(parts)


def apportion_rows(*, totals: Int64Array, weights: Int64Array) -> Int64Array:
    """`apportion` of many totals at once.

    Args:
        totals: int64 of shape (n,).
        weights: int64 of shape (n, k) or (1, k): non-negative, each row with a positive sum.

    Returns:
        int64 of shape (n, k); row i sums to totals[i] exactly and equals the scalar `apportion`.

    Raises:
        OverflowError: when a product would not fit 64 bits.
        ValueError: for weights that the scalar function refuses.
    """
    whole = weights.sum(axis=1, keepdims=True)
    if weights.size == 0 or int(weights.min()) < 0 or int(whole.min()) <= 0:
        raise ValueError("apportioning needs non-negative weights, one of them positive")
    largest = max(abs(int(totals.min())), abs(int(totals.max()))) if totals.size else 0
    if largest * int(weights.max()) > INT64_MAX:
        raise OverflowError("apportioning is beyond the range of 64-bit fixed point")
    magnitudes = np.abs(totals)[:, None]
    parts, remainders = np.divmod(magnitudes * weights, whole)
    left_over = magnitudes - parts.sum(axis=1, keepdims=True)
    order = np.argsort(-remainders, axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    parts += rank < left_over
    shared: Int64Array = np.where(totals[:, None] < 0, -parts, parts)
    return shared


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRule:
    """How many months a billing period of some days counts for.

    A period of `whole_month_days_min` to `whole_month_days_max` days (both included) is one whole month; any other
    counts days ÷ `days_per_month`. With 26, 35 and 30 a period of 33 days is 1 month and one of 12 days is 2/5.
    """

    whole_month_days_min: int = 26
    whole_month_days_max: int = 35
    days_per_month: int = 30

    def __post_init__(self) -> None:
        """Refuse bounds that no period could meet."""
        if not 1 <= self.whole_month_days_min <= self.whole_month_days_max or self.days_per_month < 1:
            raise ValueError("a month rule needs 1 <= min <= max and a positive number of days per month")

    def months(self, days: int) -> Fraction:
        """Months that a period of `days` days counts for, exactly."""
        if days < 1:
            raise ValueError("a period has at least one day")
        if self.whole_month_days_min <= days <= self.whole_month_days_max:
            return Fraction(1)
        return Fraction(days, self.days_per_month)

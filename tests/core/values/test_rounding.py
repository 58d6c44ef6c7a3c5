"""Rounding by named rules: against the rules' definitions, and the arrays against the scalar."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.core.values import RoundingRule, add_exactly, multiply_exactly, round_ratio, round_ratios
from weatherhead.core.values.rounding import INT64_MAX

IN_DECIMAL = {
    RoundingRule.HALF_UP: ROUND_HALF_UP,
    RoundingRule.HALF_EVEN: ROUND_HALF_EVEN,
    RoundingRule.HALF_DOWN: ROUND_HALF_DOWN,
    RoundingRule.DOWN: ROUND_DOWN,
    RoundingRule.UP: ROUND_UP,
    RoundingRule.FLOOR: ROUND_FLOOR,
    RoundingRule.CEILING: ROUND_CEILING,
}
RULES = st.sampled_from(RoundingRule)
TABLE = [  # as in docs/algorithms/rounding.md: 2.4, 2.5, 2.6, 3.5 and their negatives
    (RoundingRule.HALF_UP, [2, 3, 3, 4, -2, -3, -3, -4]),
    (RoundingRule.HALF_EVEN, [2, 2, 3, 4, -2, -2, -3, -4]),
    (RoundingRule.HALF_DOWN, [2, 2, 3, 3, -2, -2, -3, -3]),
    (RoundingRule.DOWN, [2, 2, 2, 3, -2, -2, -2, -3]),
    (RoundingRule.UP, [3, 3, 3, 4, -3, -3, -3, -4]),
    (RoundingRule.FLOOR, [2, 2, 2, 3, -3, -3, -3, -4]),
    (RoundingRule.CEILING, [3, 3, 3, 4, -2, -2, -2, -3]),
]


@pytest.mark.parametrize(("rule", "expected"), TABLE)
def test_each_rule_by_its_table(rule: RoundingRule, expected: list[int]) -> None:
    tenths = [24, 25, 26, 35, -24, -25, -26, -35]
    assert [round_ratio(numerator=tenth, denominator=10, rule=rule) for tenth in tenths] == expected
    rounded = round_ratios(numerators=np.array(tenths), denominator=10, rule=rule)
    assert rounded.tolist() == expected


@given(cents=st.integers(min_value=-(10**14), max_value=10**14), rule=RULES)
def test_equal_to_the_decimal_module(cents: int, rule: RoundingRule) -> None:
    exact = Decimal(cents).scaleb(-3, Context(prec=40))
    expected = int(exact.to_integral_value(rounding=IN_DECIMAL[rule]))
    assert round_ratio(numerator=cents, denominator=1000, rule=rule) == expected


@given(
    numerators=st.lists(st.integers(min_value=-INT64_MAX, max_value=INT64_MAX), max_size=20),
    denominator=st.integers(min_value=1, max_value=INT64_MAX),
    rule=RULES,
)
def test_arrays_equal_the_scalar(numerators: list[int], denominator: int, rule: RoundingRule) -> None:
    expected = [round_ratio(numerator=numerator, denominator=denominator, rule=rule) for numerator in numerators]
    array = np.array(numerators, dtype=np.int64)
    assert round_ratios(numerators=array, denominator=denominator, rule=rule).tolist() == expected
    denominators = np.full(len(numerators), denominator, dtype=np.int64)
    assert round_ratios(numerators=array, denominator=denominators, rule=rule).tolist() == expected


@given(
    halves=st.lists(st.integers(min_value=-(10**17), max_value=10**17), min_size=1, max_size=20),
    half=st.integers(min_value=1, max_value=40),
    rule=RULES,
)
def test_arrays_equal_the_scalar_on_ties(halves: list[int], half: int, rule: RoundingRule) -> None:
    numerators = [(2 * number + 1) * half for number in halves]
    expected = [round_ratio(numerator=numerator, denominator=2 * half, rule=rule) for numerator in numerators]
    array = np.array(numerators, dtype=np.int64)
    assert round_ratios(numerators=array, denominator=2 * half, rule=rule).tolist() == expected


@given(numerator=st.integers(), denominator=st.integers(min_value=1), rule=st.sampled_from([RoundingRule.HALF_UP]))
def test_half_up_mirrors_credits(numerator: int, denominator: int, rule: RoundingRule) -> None:
    charge = round_ratio(numerator=numerator, denominator=denominator, rule=rule)
    assert round_ratio(numerator=-numerator, denominator=denominator, rule=rule) == -charge
    assert round_ratio(numerator=numerator, denominator=-denominator, rule=rule) == -charge


def test_what_arrays_cannot_round_raises() -> None:
    with pytest.raises(OverflowError):
        round_ratios(numerators=np.array([-INT64_MAX - 1]), denominator=2, rule=RoundingRule.HALF_UP)
    with pytest.raises(ValueError, match="positive denominators"):
        round_ratios(numerators=np.array([1]), denominator=0, rule=RoundingRule.HALF_UP)
    with pytest.raises(ZeroDivisionError):
        round_ratio(numerator=1, denominator=0, rule=RoundingRule.HALF_UP)


WIDE = st.integers(min_value=-(2**40), max_value=2**40) | st.integers(min_value=-INT64_MAX, max_value=INT64_MAX)


@given(left=st.lists(WIDE, min_size=1, max_size=6), right=WIDE)
def test_products_and_sums_are_exact_or_raise(left: list[int], right: int) -> None:
    one, other = np.array(left, dtype=np.int64), np.array([right], dtype=np.int64)
    for function, expected in (
        (multiply_exactly, [number * right for number in left]),
        (add_exactly, [number + right for number in left]),
    ):
        if any(abs(number) > INT64_MAX for number in expected):
            with pytest.raises(OverflowError):
                function(one, other)
        else:
            assert function(one, other).tolist() == expected

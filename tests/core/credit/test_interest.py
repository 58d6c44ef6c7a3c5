"""Laws of interest on deposits, and figures worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.core.credit import DatedRate, PrincipalStep, months_before, simple_interest

DAY = date(2025, 1, 1)
RATES = (
    DatedRate(effective=date(2024, 1, 1), percent=Decimal("2.0")),
    DatedRate(effective=date(2026, 1, 1), percent=Decimal("2.5")),
)

days = st.integers(0, 900).map(lambda count: DAY + timedelta(days=count))
steps = st.lists(
    st.builds(lambda on, cents: PrincipalStep(on=on, cents=cents), days, st.integers(1, 90_000)), max_size=5
)


def interest(held: list[PrincipalStep], start: date, end: date, rates: tuple[DatedRate, ...] = RATES) -> Fraction:
    return simple_interest(held, rates=rates, start=start, end=end, year_days=365).exact_cents


@pytest.mark.parametrize(
    ("start", "end", "cents"),
    [
        # $250 for the whole of 2025 at 2 %: $5.00; the leap year's 366 days at 2 %: 25000 × 0.02 × 366/365 = 501.37.
        (date(2025, 1, 1), date(2026, 1, 1), 500),
        (date(2024, 1, 1), date(2025, 1, 1), 501),
        # Across the change: 31 days at 2 % and 31 at 2.5 %: 42.466 + 53.082 = 95.548.
        (date(2025, 12, 1), date(2026, 2, 1), 96),
        (date(2025, 12, 1), date(2025, 12, 1), 0),
        (date(2023, 1, 1), date(2024, 1, 1), 0),
    ],
)
def test_figures_by_hand(start: date, end: date, cents: int) -> None:
    held = [PrincipalStep(on=date(2020, 1, 1), cents=25_000)]
    assert simple_interest(held, rates=RATES, start=start, end=end, year_days=365).amount_cents == cents


def test_it_says_how_it_came_about() -> None:
    held = [PrincipalStep(on=DAY, cents=10_000), PrincipalStep(on=date(2025, 7, 1), cents=5_000)]
    found = simple_interest(held, rates=RATES, start=DAY, end=date(2026, 1, 31), year_days=365)
    assert found.arithmetic == "$100.00 × 2.0% × 181/365 + $150.00 × 2.0% × 184/365 + $150.00 × 2.5% × 30/365"


@given(held=steps, start=days, cut=days, end=days)
def test_spans_that_meet_add_up(held: list[PrincipalStep], start: date, cut: date, end: date) -> None:
    start, cut, end = sorted((start, cut, end))
    assert interest(held, start, cut) + interest(held, cut, end) == interest(held, start, end)


@given(held=steps, more=steps, start=days, end=days)
def test_deposits_earn_beside_each_other(
    held: list[PrincipalStep], more: list[PrincipalStep], start: date, end: date
) -> None:
    assert interest(held, start, end) + interest(more, start, end) == interest([*held, *more], start, end)


@given(held=steps, start=days, length=st.integers(0, 400))
def test_it_is_every_day_of_it(held: list[PrincipalStep], start: date, length: int) -> None:
    """Day by day, the plainest way there is."""
    end, total = start + timedelta(days=length), Fraction(0)
    for count in range(length):
        on = start + timedelta(days=count)
        principal = sum(step.cents for step in held if step.on <= on)
        percent = Decimal("2.5") if on >= date(2026, 1, 1) else Decimal("2.0")
        total += Fraction(principal) * Fraction(percent) / 100 / 365
    assert interest(held, start, end) == total


@given(on=days, months=st.integers(0, 40))
def test_months_back(on: date, months: int) -> None:
    found = months_before(on, months)
    assert (on.year - found.year) * 12 + on.month - found.month == months
    assert found.day <= on.day
    assert found.day == on.day or (found + timedelta(days=1)).day == 1

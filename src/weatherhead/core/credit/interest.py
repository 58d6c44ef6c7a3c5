"""Simple interest on a security deposit: each day's principal at that day's rate, rounded once at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from weatherhead.core.values import RoundingRule, format_cents, round_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalStep:
    """From a day on, the principal is higher or lower by so many cents."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRate:
    """Percent a year, from a day until the next one's."""

    effective: date
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Interest of a span in cents, rounded half up once, and how it came about. `exact_cents` is before rounding."""

    amount_cents: int
    exact_cents: Fraction
    arithmetic: str


def simple_interest(
    steps: Sequence[PrincipalStep], *, rates: Sequence[DatedRate], start: date, end: date, year_days: int
) -> Interest:
    """Interest of the days `[start, end)`: a day's principal is what was held on it, the day it came included.

    Money that goes back on a day earns nothing for it. Interest earns no interest, a day before the first rate earns
    none, and a year has `year_days` days, leap years too. The exact amounts of two spans that meet add up to that of
    both.
    """
    cuts = sorted(
        {start, end, *(step.on for step in steps), *(rate.effective for rate in rates)} if start < end else {start}
    )
    exact, said = Fraction(0), []
    for begins, ends in pairwise(cuts):
        if begins < start or ends > end:
            continue
        principal_cents = sum(step.cents for step in steps if step.on <= begins)
        percent = next((rate.percent for rate in reversed(rates) if rate.effective <= begins), Decimal(0))
        days = (ends - begins).days
        piece = Fraction(principal_cents) * Fraction(percent) / 100 * days / year_days
        if piece:
            exact += piece
            said.append(f"${format_cents(principal_cents)} × {percent}% × {days}/{year_days}")
    amount_cents = round_ratio(numerator=exact.numerator, denominator=exact.denominator, rule=RoundingRule.HALF_UP)
    return Interest(amount_cents=amount_cents, exact_cents=exact, arithmetic=" + ".join(said))

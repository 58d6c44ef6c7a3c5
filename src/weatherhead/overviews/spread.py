"""How far one figure stands from its peers': a robust measure that one outlier does not move. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

PEERS_MIN = 5
"""Fewer than these are no peers to measure by."""
REVIEW_AT = Fraction(7, 2)
"""A modified z-score from which a figure is looked at: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers,
ASQC 1993, page 11."""

_MAD_OF_NORMAL = Fraction(6745, 10_000)
_MEAN_OF_NORMAL = Fraction(1_253_314, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Of some figures: how many, the median, and the median absolute deviation from it."""

    count: int
    median: Fraction
    deviation: Fraction  # median absolute deviation
    mean_deviation: Fraction

    def score(self, figure: int) -> Fraction | None:
        """The modified z-score of one; None where there are too few peers, or all are alike.

        When more than half are the same, the median deviation is nothing, and the mean deviation measures instead.
        """
        if self.count < PEERS_MIN:
            return None
        away = figure - self.median
        if self.deviation:
            return _MAD_OF_NORMAL * away / self.deviation
        return away / (_MEAN_OF_NORMAL * self.mean_deviation) if self.mean_deviation else None

    def needs_review(self, figure: int) -> bool:
        """Whether a figure stands so far above its peers' that somebody looks at it."""
        score = self.score(figure)
        return score is not None and score >= REVIEW_AT


def spread_of(figures: Sequence[int]) -> Spread:
    """The spread of some figures; of none, nothing."""
    if not figures:
        return Spread(count=0, median=Fraction(0), deviation=Fraction(0), mean_deviation=Fraction(0))
    exact = [Fraction(figure) for figure in figures]
    middle = median(exact)
    away = [abs(figure - middle) for figure in exact]
    return Spread(
        count=len(exact), median=middle, deviation=median(away), mean_deviation=sum(away, Fraction(0)) / len(away)
    )

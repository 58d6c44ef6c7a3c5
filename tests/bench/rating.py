"""Rating in batches: many at once must be far cheaper than one by one, and cost no more each in a larger batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from tests.bench import Ratio, Work
from tests.core.rating.oracle import rate_slowly
from weatherhead.core.rating import MISSING, Usage, UsageArrays, load_schedule, rate_many, usage_arrays
from weatherhead.core.values import Span

TARIFF = Path(__file__).resolve().parents[2] / "tariffs" / "prairie-city" / "residential-r1.yaml"
FEW, MANY = 2_000, 200_000
SPAN = Span(start=date(2026, 2, 3), end=date(2026, 3, 5))


def _batch(count: int) -> UsageArrays:
    """Residential accounts of one cycle with uses of all sizes."""
    unknown = np.full(count, MISSING, dtype=np.int64)
    numbers = np.arange(count, dtype=np.int64)
    return UsageArrays(
        starts=np.full(count, SPAN.start.toordinal(), dtype=np.int64),
        ends=SPAN.end.toordinal() - numbers % 3,
        energy_wh=numbers * 7_919 % 3_000_000,
        demand_w_max=unknown,
        demand_va_max=unknown,
        trailing_average_wh=numbers * 104_729 % 2_000_000,
        facilities_level=unknown,
    )


def ratios() -> Iterator[Ratio]:
    """A bill run's batch against one account at a time, against a small batch, and against the slow rating."""
    schedule = load_schedule(TARIFF.read_text(encoding="utf-8"), name=TARIFF.name)
    usage = Usage(span=SPAN, energy_wh=1_397_000, trailing_average_wh=900_000)
    one = usage_arrays(schedule=schedule, usages=[usage])
    few, many = _batch(FEW), _batch(MANY)
    batch = Work(name=f"{MANY:,} at once", run=lambda: rate_many(schedule, many), units=MANY)
    yield Ratio(
        title="Rating many accounts at once against one by one",
        unit="account",
        baseline=Work(name="one by one", run=lambda: rate_many(schedule, one), units=1),
        subject=batch,
        least=200,
    )
    yield Ratio(
        title="Rating a bill run against a small batch",
        unit="account",
        baseline=Work(name=f"{FEW:,} at once", run=lambda: rate_many(schedule, few), units=FEW),
        subject=batch,
        least=0.5,
    )
    yield Ratio(
        title="Rating against exact fractions, day by day",
        unit="account",
        baseline=Work(name="slow rating", run=lambda: rate_slowly(schedule, usage), units=1),
        subject=batch,
        least=200,
    )

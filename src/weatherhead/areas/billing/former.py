"""What another system billed, as the segments that billing goes on from: the next period begins where they end."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.agreements.queries import FormerPeriodFacts
from weatherhead.areas.billing.facts import SegmentFacts

NO_BILL = 0
"""The number of the bill of a segment that another system billed."""


def segments_of_former(periods: Iterable[FormerPeriodFacts], *, schedule: str) -> tuple[SegmentFacts, ...]:
    """Periods that another system billed, as segments without a bill: for averages and what comes next."""
    return tuple(
        SegmentFacts(
            segment_id=-period.period_id,
            bill_id=NO_BILL,
            agreement_id=period.agreement_id,
            start_on=period.start_on,
            end_on=period.end_on,
            active=True,
            schedule=schedule,
            schedule_sha256="",
            energy_wh=period.energy_wh,
            demand_w_max=period.demand_w_max,
            estimated=period.estimated,
            determinants={},
            amount_cents=period.amount_cents,
        )
        for period in periods
    )

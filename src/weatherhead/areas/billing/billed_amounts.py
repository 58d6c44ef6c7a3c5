"""What was billed at a place, whoever took service there: the basis of a newcomer's deposit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from weatherhead.areas.billing.models import BillSegment


def billed_at(service_point_ids: Iterable[int], *, since: date) -> tuple[tuple[date, int], ...]:
    """The end (exclusive) and cents of each active segment at some places that ends after a day, oldest first."""
    rows = BillSegment.objects.filter(
        agreement__service_point_id__in=list(service_point_ids), active=True, end_on__gt=since
    )
    return tuple(rows.order_by("end_on", "pk").values_list("end_on", "amount_cents"))

"""The queue as figures: how much waits, of what kind, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from weatherhead.areas.records.models import WorkItem
from weatherhead.areas.records.queries.work_items import PUT_OFF


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigure:
    """Work items of one kind in one state. `oldest_seconds` is how long the oldest that could run has waited.

    `put_off` of them were stopped by the database, and are tried again by themselves after a growing delay.
    """

    kind: str
    state: str
    count: int
    put_off: int
    oldest_seconds: float | None


def queue_figures(*, at: datetime) -> tuple[QueueFigure, ...]:
    """Everything that is not done, by kind and state. A leased item whose lease ended waits again."""
    rows = WorkItem.objects.filter(state__in=["ready", "leased", "failed"]).order_by("kind", "state")
    found = rows.values("kind", "state").annotate(
        count=Count("pk"), put_off=Count("pk", filter=PUT_OFF), oldest=Min("available_at")
    )
    return tuple(
        QueueFigure(
            kind=row["kind"],
            state=row["state"],
            count=row["count"],
            put_off=row["put_off"],
            oldest_seconds=max(0.0, (at - row["oldest"]).total_seconds()) if row["state"] == "ready" else None,
        )
        for row in found
    )

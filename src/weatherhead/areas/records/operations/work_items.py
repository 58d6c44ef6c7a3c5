"""The one queue. An item is claimed by lease, and is done in the same commit as its work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.models import WorkItem

ATTEMPTS_MAX = 5
"""An item whose own work failed this often is left for a person to see."""

DEATHS_MAX = 50
"""So is one whose workers ended without a word this often: perhaps it is what ends them."""

PUT_OFF_MAX = timedelta(minutes=5)
"""The longest that an item is put off after the database stopped it; see `put_off_delay`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedItem:
    """A work item that this worker holds until its lease ends."""

    item_id: int
    kind: str
    payload: Mapping[str, Json]
    attempts: int  # with this one; those that a killed worker or a lost database ended do not count
    interruptions: int  # in a row before this one, by the database


class LeaseLost(Exception):
    """The lease ended and another worker may have the item: this worker's work must not commit."""


def enqueue(*, kind: str, payload: Mapping[str, Json], at: datetime, unique_key: str | None = None) -> None:
    """Put an item into the queue; with a `unique_key` that was used before, do nothing."""
    row = WorkItem(kind=kind, payload=payload, unique_key=unique_key, available_at=at, created_at=at)
    WorkItem.objects.bulk_create([row], ignore_conflicts=unique_key is not None)


def claim_item(*, worker: str, at: datetime, lease: timedelta) -> ClaimedItem | None:
    """Claim the oldest item that is ready or whose lease ended. Must run in a short transaction of its own."""
    items = WorkItem.objects.filter(state="ready", available_at__lte=at) | WorkItem.objects.filter(
        state="leased", leased_until__lte=at
    )
    skip_locked = connection.features.has_select_for_update_skip_locked
    row = items.select_for_update(skip_locked=skip_locked).order_by("available_at", "id").first()
    if row is None:
        return None
    deaths = row.deaths + (row.state == "leased")
    held = WorkItem.objects.filter(pk=row.pk)
    if deaths >= DEATHS_MAX:
        said = f"its worker ended without a word {deaths} times, the last was {row.leased_by}"
        held.update(state="failed", deaths=deaths, leased_until=None, last_error=said, finished_at=at)
        return claim_item(worker=worker, at=at, lease=lease)
    held.update(state="leased", leased_by=worker, leased_until=at + lease, deaths=deaths)
    return ClaimedItem(
        item_id=row.pk,
        kind=row.kind,
        payload=row.payload,
        attempts=row.attempts + 1,
        interruptions=row.interruptions,
    )


def keep_lease(*, item_id: int, worker: str, until: datetime) -> bool:
    """Heartbeat: lengthen a lease that is still ours."""
    held = WorkItem.objects.filter(pk=item_id, state="leased", leased_by=worker)
    return held.update(leased_until=until) == 1


def finish_item(*, item_id: int, worker: str, at: datetime, result: Json) -> None:
    """Mark an item done, in the transaction of its work.

    Raises:
        LeaseLost: the item is no longer ours; the transaction must roll back.
    """
    held = WorkItem.objects.filter(pk=item_id, state="leased", leased_by=worker)
    done = {
        "state": "done",
        "result": result,
        "finished_at": at,
        "leased_until": None,
        "interruptions": 0,
        "last_error": "",
    }
    if held.update(**done, attempts=F("attempts") + 1) != 1:
        raise LeaseLost(f"work item {item_id} is no longer held by {worker}")


def fail_item(*, item_id: int, worker: str, at: datetime, error: str, attempts: int, lasting: bool = False) -> None:
    """Put a failed item back with a growing delay; give it up after `ATTEMPTS_MAX` attempts, or at once (`lasting`)."""
    given_up = lasting or attempts >= ATTEMPTS_MAX
    WorkItem.objects.filter(pk=item_id, state="leased", leased_by=worker).update(
        state="failed" if given_up else "ready",
        available_at=at + timedelta(seconds=2**attempts),
        leased_until=None,
        attempts=attempts,
        interruptions=0,
        last_error=error[:2000],
        finished_at=at if given_up else None,
    )


def put_off_delay(interruptions: int) -> timedelta:
    """For how long an item is put off that the database stopped so many times in a row before: 1, 2, 4 … seconds."""
    doublings = min(interruptions, PUT_OFF_MAX.seconds.bit_length())
    return min(timedelta(seconds=1 << doublings), PUT_OFF_MAX)


def put_off_item(item: ClaimedItem, *, worker: str, until: datetime, why: str) -> None:
    """Put back an item that the database stopped, through no fault of the item: a full disk, a lost connection.

    It is no attempt of the item's own. When it may be taken again and why it waits stand in its row.
    """
    WorkItem.objects.filter(pk=item.item_id, state="leased", leased_by=worker).update(
        state="ready",
        available_at=until,
        leased_until=None,
        interruptions=item.interruptions + 1,
        last_error=why[:2000],
    )


def release_item(*, item_id: int, worker: str) -> None:
    """Put back an item that was claimed and not begun; it waits no longer than it did."""
    WorkItem.objects.filter(pk=item_id, state="leased", leased_by=worker).update(state="ready", leased_until=None)

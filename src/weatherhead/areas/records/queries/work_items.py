"""Work items as people ask about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from weatherhead.areas.records.models import WorkItem

PUT_OFF = Q(state="ready", interruptions__gt=0)
"""Items that the database stopped, and that are tried again by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """What of some work does not go on now: given up, which a person has to look at, or put off by the database.

    `why` is what was said about the item that is tried next, empty when none is put off.
    """

    given_up: int = 0
    put_off: int = 0
    next_at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """A work item that is not done. `why` is empty where nothing went wrong yet."""

    item_id: int
    kind: str
    state: str  # ready, put off, leased, failed
    available_at: datetime
    leased_by: str
    attempts: int
    deaths: int
    interruptions: int
    why: str


def stuck(unique_keys: Iterable[str]) -> Stuck:
    """What of the work with these keys does not go on."""
    rows = WorkItem.objects.filter(Q(state="failed") | PUT_OFF, unique_key__in=list(unique_keys))
    found = list(rows.order_by("available_at", "pk").values_list("state", "available_at", "last_error"))
    put_off = [(at, why) for state, at, why in found if state == "ready"]
    next_at, why = put_off[0] if put_off else (None, "")
    return Stuck(given_up=len(found) - len(put_off), put_off=len(put_off), next_at=next_at, why=why)


def open_items(*, limit: int) -> tuple[OpenItem, ...]:
    """What is not done, first what will run first; what was given up comes before all."""
    rows = WorkItem.objects.filter(state__in=["ready", "leased", "failed"])
    # "failed" sorts before "leased" and "ready".
    return tuple(
        OpenItem(
            item_id=row.pk,
            kind=row.kind,
            state="put off" if row.state == "ready" and row.interruptions else row.state,
            available_at=row.available_at,
            leased_by=row.leased_by if row.state == "leased" else "",
            attempts=row.attempts,
            deaths=row.deaths,
            interruptions=row.interruptions,
            why=row.last_error,
        )
        for row in rows.order_by("state", "available_at", "pk")[:limit]
    )

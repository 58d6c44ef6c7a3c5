"""Work items as people ask about them."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.records.models import WorkItem


def given_up(unique_keys: Iterable[str]) -> int:
    """How many of some work items the queue has given up: a person has to look at their errors."""
    return WorkItem.objects.filter(unique_key__in=list(unique_keys), state="failed").count()

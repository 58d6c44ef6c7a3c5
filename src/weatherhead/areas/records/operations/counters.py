"""Numbers that only grow."""

from __future__ import annotations

from weatherhead.areas.records.models import Counter


def next_number(name: str) -> int:
    """The next number of a counter, from 1. A rolled-back transaction gives its numbers back; none is given twice."""
    Counter.objects.bulk_create([Counter(name=name)], ignore_conflicts=True)
    row = Counter.objects.select_for_update().get(name=name)
    row.last_value += 1
    Counter.objects.filter(name=name).update(last_value=row.last_value)
    return row.last_value

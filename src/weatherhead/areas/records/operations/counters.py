"""Numbers that only grow."""

from __future__ import annotations

from weatherhead.areas.records.models import Counter


def next_number(name: str) -> int:
    """The next number of a counter, from 1. A rolled-back transaction gives its numbers back; none is given twice."""
    return next_numbers(name, count=1)[0]


def next_numbers(name: str, *, count: int) -> range:
    """The next numbers of a counter, in one step; as `next_number` otherwise."""
    Counter.objects.bulk_create([Counter(name=name)], ignore_conflicts=True)
    row = Counter.objects.select_for_update().get(name=name)
    last = row.last_value + count
    Counter.objects.filter(name=name).update(last_value=last)
    return range(row.last_value + 1, last + 1)

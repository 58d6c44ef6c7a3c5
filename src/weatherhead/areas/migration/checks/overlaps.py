"""Spans that share a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

Span = tuple[object, ...]


def overlaps(rows: Iterable[Span]) -> Iterator[tuple[str, int, Span]]:
    """Of rows (who, start, end or None, line or None for one on file, …) in order, those that begin too early.

    Yields who, the line to reject, and the row that it overlaps. A rejected row blocks nothing.
    """
    for who, group in groupby(rows, key=itemgetter(0)):
        before: Span | None = None
        for row in group:
            if before is None or (before[2] is not None and str(row[1]) >= str(before[2])):
                before = row
            elif isinstance(row[3], int):
                yield str(who), row[3], before
            elif isinstance(before[3], int):
                yield str(who), before[3], row
                before = row

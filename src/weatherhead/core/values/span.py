"""Half-open spans of local dates: the start belongs to the span, the end does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from weatherhead.core.values.refusals import Refusal, gettext_noop


class SpanIsEmpty(Refusal):
    """The end is not after the start."""

    template = gettext_noop("The end (%(end)s) must be after the start (%(start)s).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The local dates d with start <= d < end; never empty.

    Raises:
        SpanIsEmpty: when the end is not after the start.
        TypeError: when a bound is a datetime, which would compare by the hour.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        """Refuse what is not a span of dates."""
        if isinstance(self.start, datetime) or isinstance(self.end, datetime):
            raise TypeError("a span is bounded by dates, not by datetimes")
        if self.end <= self.start:
            raise SpanIsEmpty(start=self.start.isoformat(), end=self.end.isoformat())

    @property
    def days(self) -> int:
        """Number of dates in the span, at least 1."""
        return (self.end - self.start).days

    @property
    def last_on(self) -> date:
        """The last date in the span: what people write as "through"."""
        return self.end - timedelta(days=1)

    def contains(self, on: date) -> bool:
        """Whether the date is in the span."""
        return self.start <= on < self.end

    def encloses(self, other: Span) -> bool:
        """Whether every date of `other` is in this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether the spans share a date; spans that merely meet do not."""
        return self.start < other.end and other.start < self.end

    def meets(self, other: Span) -> bool:
        """Whether `other` begins on the date where this span ends."""
        return self.end == other.start

    def intersect(self, other: Span) -> Span | None:
        """The dates in both spans, or None when there are none."""
        if not self.overlaps(other):
            return None
        return Span(start=max(self.start, other.start), end=min(self.end, other.end))

    def split_at(self, dates: Iterable[date]) -> tuple[Span, ...]:
        """Cut so that each of the dates inside begins a new span; other dates are ignored.

        The parts follow each other without a gap and sum to the whole.
        """
        cuts = sorted({on for on in dates if self.start < on < self.end})
        bounds = [self.start, *cuts, self.end]
        return tuple(Span(start=start, end=end) for start, end in pairwise(bounds))

    def dates(self) -> Iterator[date]:
        """Each date in order."""
        return (self.start + timedelta(days=offset) for offset in range(self.days))

    def __str__(self) -> str:
        """ISO 8601 interval; the end is exclusive."""
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

"""The spans that people ask for in words: this year, the last twelve months, since the account was opened."""

from __future__ import annotations

from datetime import date, timedelta

from weatherhead.core.values import Refusal, Span, gettext_noop

LAST_12_MONTHS = "last_12_months"
THIS_YEAR = "this_year"
LAST_YEAR = "last_year"
SINCE_OPENED = "since_opened"
DAYS = "days"
SPANS = (LAST_12_MONTHS, THIS_YEAR, LAST_YEAR, SINCE_OPENED, DAYS)
MONTHS_OF_HISTORY = 24
MONTHS_OF_YEAR = 12


class SpanBackwards(Refusal):
    """The last day lies before the first."""

    template = gettext_noop("The last day (%(last)s) lies before the first (%(first)s). Correct the days.")


class SpanNotOver(Refusal):
    """Days that are still to come."""

    template = gettext_noop("What will be posted after today is not known: the last day may be %(today)s at most.")


class SpanDaysMissing(Refusal):
    """A span of chosen days without them."""

    template = gettext_noop("Say the first and the last day, or choose one of the spans.")


class YearTooLong(Refusal):
    """More than twelve months on a yearly summary."""

    template = gettext_noop(
        "A yearly summary is of at most 12 months, and these are %(months)s. Choose a year, or prepare a statement."
    )


def span_of(
    name: str, *, kind: str, opened_on: date, as_of: date, from_on: date | None = None, to_on: date | None = None
) -> Span:
    """The days of a kind of summary: `[start, end)`.

    A payment history and a usage summary are of the last 24 months, whatever was chosen; a yearly summary begins with
    the first day of a month. `to_on` is the last day, as people say it.

    Raises:
        SpanDaysMissing, SpanBackwards, SpanNotOver, YearTooLong: as they say.
    """
    tomorrow = as_of + timedelta(days=1)
    if kind in ("payment_history", "usage"):
        return Span(start=months_before(as_of, months=MONTHS_OF_HISTORY) + timedelta(days=1), end=tomorrow)
    span = _chosen(name, kind=kind, opened_on=opened_on, as_of=as_of, from_on=from_on, to_on=to_on)
    if span.last_on > as_of:
        raise SpanNotOver(today=as_of)
    if kind == "yearly":
        months = len(months_of(span))
        if months > MONTHS_OF_YEAR:
            raise YearTooLong(months=months)
    return span


def _chosen(name: str, *, kind: str, opened_on: date, as_of: date, from_on: date | None, to_on: date | None) -> Span:
    tomorrow = as_of + timedelta(days=1)
    if name == THIS_YEAR:
        return Span(start=as_of.replace(month=1, day=1), end=tomorrow)
    if name == LAST_YEAR:
        return Span(start=date(as_of.year - 1, 1, 1), end=date(as_of.year, 1, 1))
    if name == SINCE_OPENED:
        return Span(start=min(opened_on, as_of), end=tomorrow)
    if name == DAYS:
        if from_on is None or to_on is None:
            raise SpanDaysMissing
        if to_on < from_on:
            raise SpanBackwards(first=from_on, last=to_on)
        return Span(start=from_on, end=to_on + timedelta(days=1))
    if kind == "yearly":
        return Span(start=months_before(as_of.replace(day=1), months=MONTHS_OF_YEAR - 1), end=tomorrow)
    return Span(start=months_before(as_of, months=MONTHS_OF_YEAR) + timedelta(days=1), end=tomorrow)


def months_before(on: date, *, months: int) -> date:
    """The same day of an earlier month, or its last."""
    place = on.year * 12 + on.month - 1 - months
    first = date(place // 12, place % 12 + 1, 1)
    after = date((place + 1) // 12, (place + 1) % 12 + 1, 1)
    return min(first + timedelta(days=on.day - 1), after - timedelta(days=1))


def months_of(span: Span) -> tuple[date, ...]:
    """The first day of each calendar month that a span touches."""
    first, found = span.start.replace(day=1), []
    while first < span.end:
        found.append(first)
        first = (first + timedelta(days=31)).replace(day=1)
    return tuple(found)

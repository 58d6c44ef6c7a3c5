"""How the books stand: what is closed, which days wait, what stands in the way, what was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from weatherhead.areas.ledger.books import (
    ONE_DAY,
    CloseFacts,
    DayFacts,
    ExportFacts,
    closed_through,
    closings,
    days,
    exports,
)
from weatherhead.areas.records.database import snapshot
from weatherhead.door.context import Moment
from weatherhead.door.jobs import Grant
from weatherhead.overviews.books.ready import Obstacle, obstacles

LOOK = "books"
"""What a job profile grants to those who read the books."""
ACTIONS = ("close_period", "export_journal", "post_unbilled", "reopen_period")
DAYS_SHOWN = 35
_EXPORTS_SHOWN = 12
_CLOSINGS_SHOWN = 8


def may_read_books(grant: Grant) -> bool:
    """Whether the books are shown to these jobs."""
    return LOOK in grant.looks


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A day with postings; `closed` and `exported` say how far it is."""

    facts: DayFacts
    is_closed: bool
    is_exported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BooksStanding:
    """The books on a day. `days` are the latest with postings, latest first; `obstacles` are to closing yesterday."""

    as_of: date
    closed_on: date | None
    exported_on: date | None
    days: tuple[OpenDay, ...]
    obstacles: tuple[Obstacle, ...]
    exports: tuple[ExportFacts, ...]
    closings: tuple[CloseFacts, ...]
    may: frozenset[str]

    @property
    def yesterday(self) -> date:
        """The last day that can be closed."""
        return self.as_of - ONE_DAY

    @property
    def last_month_end(self) -> date:
        """The last day of the month before."""
        return self.as_of.replace(day=1) - ONE_DAY

    @property
    def waiting(self) -> int:
        """Days with postings that are over and not closed."""
        return sum(not day.is_closed and day.facts.on < self.as_of for day in self.days)


@snapshot()
def books_standing(*, moment: Moment, grant: Grant) -> BooksStanding:
    """Compose it."""
    as_of = moment.as_of
    closed_on = closed_through()
    latest = exports(limit=_EXPORTS_SHOWN)
    exported_on = latest[0].last_on if latest else None
    found = days(first_on=as_of - timedelta(days=DAYS_SHOWN), last_on=as_of)
    return BooksStanding(
        as_of=as_of,
        closed_on=closed_on,
        exported_on=exported_on,
        days=tuple(
            OpenDay(
                facts=day,
                is_closed=closed_on is not None and day.on <= closed_on,
                is_exported=exported_on is not None and day.on <= exported_on,
            )
            for day in reversed(found)
        ),
        obstacles=obstacles(through_on=as_of - ONE_DAY, at=moment.at),
        exports=latest,
        closings=closings(limit=_CLOSINGS_SHOWN),
        may=frozenset(ACTIONS) & frozenset(grant.actions),
    )

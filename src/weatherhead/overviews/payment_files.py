"""Payment files as people follow them: how far a file is, what it came to, what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weatherhead.areas.payments.file_queries import (
    PaymentFileFacts,
    SuspenseFacts,
    items_of_file,
    payment_file,
    payment_files,
    shard_ids_of,
)
from weatherhead.areas.payments.files.judging import WHY
from weatherhead.areas.payments.files.sources import Source, payment_sources
from weatherhead.areas.records.queries.work_items import Stuck, stuck
from weatherhead.core.values import Sentence
from weatherhead.door.jobs import Grant
from weatherhead.door.stored import stored_sentence

ACTIONS = frozenset({"import_payment_file"})
FILES_SHOWN = 50
ROWS_SHOWN = 200
QUIET_SECONDS = 60
_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with a line of a file."""

    line: int
    field: str
    code: str
    what: Sentence
    cents: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A total that a file claims, and what was found. `unit` is cents, or what is counted."""

    level: str
    line: int
    unit: str
    said: int
    found: int

    @property
    def difference(self) -> int:
        """How much more was found than said."""
        return self.found - self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """An item of a file that has no account yet, or had none."""

    item: SuspenseFacts
    why: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file in the list, or the part of its page that moves."""

    file: PaymentFileFacts
    source_title: str
    percent: int
    seconds: int
    items_a_second: int | None
    stuck: Stuck

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was posted for longer than a piece takes: perhaps no worker runs."""
        return not self.file.shards_done and not self.file.is_done and self.seconds >= QUIET_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFileOverview:
    """One file."""

    row: FileRow
    problems: tuple[Problem, ...]
    problems_more: int
    totals: tuple[Total, ...]  # those that differ
    totals_agreeing: int
    suspended: tuple[Suspended, ...]
    suspended_more: int


def may_import_files(grant: Grant) -> bool:
    """Whether a job imports payment files."""
    return not ACTIONS.isdisjoint(grant.actions)


def sources_for(grant: Grant) -> Mapping[str, Source]:
    """The sources whose files a job may import."""
    found = payment_sources()
    if found is None or not may_import_files(grant):
        return {}
    return {name: source for name, source in found.sources.items() if set(source.jobs) & set(grant.jobs)}


def payment_file_rows(*, at: datetime) -> tuple[FileRow, ...]:
    """The latest files, latest first."""
    titles = _titles()
    return tuple(_row(found, titles=titles, at=at, stuck_now=Stuck()) for found in payment_files(limit=FILES_SHOWN))


def payment_file_progress(file_id: int, *, at: datetime) -> FileRow:
    """The part of a file's page that moves.

    Raises:
        NoSuchPaymentFile: for an unknown number.
    """
    found = payment_file(file_id)
    waiting = () if found.is_done else shard_ids_of(file_id, undone=True)
    return _row(found, titles=_titles(), at=at, stuck_now=stuck(f"payment file shard {number}" for number in waiting))


def payment_file_overview(file_id: int, *, at: datetime) -> PaymentFileOverview:
    """Compose the page of one file.

    Raises:
        NoSuchPaymentFile: for an unknown number.
    """
    row = payment_file_progress(file_id, at=at)
    found = row.file
    suspended = items_of_file(file_id, limit=ROWS_SHOWN)
    totals = tuple(Total(**total) for total in found.totals)
    return PaymentFileOverview(
        row=row,
        problems=tuple(problem_of(problem) for problem in found.problems[:ROWS_SHOWN]),
        problems_more=max(len(found.problems) - ROWS_SHOWN, 0),
        totals=tuple(total for total in totals if total.difference),
        totals_agreeing=sum(1 for total in totals if not total.difference),
        suspended=tuple(Suspended(item=item, why=Sentence(WHY[item.why])) for item in suspended),
        suspended_more=max(found.suspended - len(suspended), 0),
    )


def problem_of(kept: Mapping[str, Any]) -> Problem:
    """A problem as a file keeps it."""
    return Problem(
        line=kept["line"],
        field=kept["field"],
        code=kept["code"],
        what=stored_sentence(kept["what"]),
        cents=kept["cents"],
        text=kept["text"],
    )


def _titles() -> Mapping[str, str]:
    found = payment_sources()
    return {name: source.title for name, source in found.sources.items()} if found else {}


def _row(found: PaymentFileFacts, *, titles: Mapping[str, str], at: datetime, stuck_now: Stuck) -> FileRow:
    until = (found.last_done_at if found.is_done else None) or at
    seconds = max(int((until - found.imported_at).total_seconds()), 0)
    return FileRow(
        file=found,
        source_title=titles.get(found.source, found.source),
        percent=found.items_done * _PERCENT // found.items if found.items else _PERCENT,
        seconds=seconds,
        items_a_second=found.items_done // max(seconds, 1) if found.items_done else None,
        stuck=stuck_now,
    )

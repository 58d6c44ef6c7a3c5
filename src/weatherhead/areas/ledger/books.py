"""The books as a whole: what is closed, what each ledger account moved by, what the general ledger was given.

Closed days stand summed in DayTotal, so that a balance reads a few rows a day and sums postings of open days alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min

from weatherhead.areas.ledger.models import BookClose, JournalEntry, JournalExport
from weatherhead.areas.records.arrays import fetch_rows
from weatherhead.areas.records.database import as_day
from weatherhead.core.values import Refusal, gettext_noop

ONE_DAY = timedelta(days=1)
UNBILLED = "unbilled"
"""The kind of the entries of unbilled revenue."""


class DayClosed(Refusal):
    """Nothing is posted on a closed day."""

    template = gettext_noop(
        "The books are closed through %(closed)s, and this would take effect on %(on)s. Choose %(first)s, the first "
        "open day, or a later one: what belongs to a closed day is corrected on an open day."
    )


class NoSuchExport(Refusal):
    """No export has that number."""

    template = gettext_noop("There is no journal export %(number)s. See: weatherhead books exports")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFacts:
    """A row of the closing log. Days are inclusive; None: nothing was closed."""

    kind: str  # close, reopen
    former_through_on: date | None
    closed_through_on: date | None
    asked_by: str
    decided_by: str
    at: datetime
    reason: str
    receipt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What a ledger account had, and what moved it, in cents: debits and credits without a sign, balances with one."""

    ledger_account: str
    opening_cents: int
    debits_cents: int
    credits_cents: int

    @property
    def closing_cents(self) -> int:
        """The balance at the end."""
        return self.opening_cents + self.debits_cents - self.credits_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What was posted on a day in all, and to how many ledger accounts."""

    on: date
    debits_cents: int
    credits_cents: int
    postings: int
    ledger_accounts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """What entries of one kind moved a ledger account by on a day."""

    on: date
    kind: str
    ledger_account: str
    debits_cents: int
    credits_cents: int
    entries: int
    postings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """A journal that the general ledger was given: its control totals; days are inclusive."""

    number: int
    first_on: date
    last_on: date
    grouped_by: str
    entries: int
    postings: int
    lines: int
    debits_cents: int
    credits_cents: int
    content_sha256: str
    made_by: str
    made_at: datetime
    receipt_id: int

    @property
    def file_name(self) -> str:
        """What the file is called, on every reprint."""
        return f"journal-{self.number:05}-{self.first_on:%Y%m%d}-{self.last_on:%Y%m%d}.csv"


def closed_through() -> date | None:
    """The last closed day; None when no day is closed. Every day before it is closed, too."""
    rows = fetch_rows("SELECT closed_through_on FROM ledger_bookclose ORDER BY id DESC LIMIT 1")
    return as_day(rows[0][0]) if rows and rows[0][0] is not None else None


def first_open_on() -> date | None:
    """The first day on which may be posted; None when every day is open."""
    closed = closed_through()
    return None if closed is None else closed + ONE_DAY


def require_open(on: date) -> None:
    """See that a day is open.

    Raises:
        DayClosed: it is not.
    """
    closed = closed_through()
    if closed is not None and on <= closed:
        raise DayClosed(closed=closed, on=on, first=closed + ONE_DAY)


def closings(*, limit: int) -> tuple[CloseFacts, ...]:
    """The latest closes and reopenings, latest first."""
    return tuple(
        CloseFacts(
            kind=row.kind,
            former_through_on=row.former_through_on,
            closed_through_on=row.closed_through_on,
            asked_by=row.asked_by,
            decided_by=row.decided_by,
            at=row.at,
            reason=row.reason,
            receipt_id=row.receipt_id,
        )
        for row in BookClose.objects.order_by("-pk")[:limit]
    )


def first_entry_on() -> date | None:
    """The earliest day on which any entry takes effect."""
    found: date | None = JournalEntry.objects.aggregate(first=Min("effective_on"))["first"]
    return found


def last_entry_on(*, through: date) -> date | None:
    """The latest day until `through` on which any entry takes effect."""
    until = JournalEntry.objects.filter(effective_on__lte=through)
    found: date | None = until.aggregate(last=Max("effective_on"))["last"]
    return found


def _open_postings(closed: date | None) -> tuple[str, list[str | int | date]]:
    """FROM and WHERE of the posted postings of open days, with the parameters."""
    said = (
        "FROM ledger_journalentry AS entry JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id"
        " WHERE entry.state = 'posted'"
    )
    return (said, []) if closed is None else (f"{said} AND entry.effective_on > %s", [closed])


def movements(*, first_on: date, last_on: date) -> tuple[Movement, ...]:
    """Every ledger account's opening, debits, credits and closing over the days from first through last.

    One statement: sums of closed days, and the postings of open ones. Openings sum to zero, and so do closings.
    """
    closed = closed_through()
    source, bound = _open_postings(closed)
    rows = fetch_rows(
        "SELECT moved.ledger_account,"  # noqa: S608
        " sum(CASE WHEN moved.day_on < %s THEN moved.debits_cents - moved.credits_cents ELSE 0 END),"
        " sum(CASE WHEN moved.day_on >= %s THEN moved.debits_cents ELSE 0 END),"
        " sum(CASE WHEN moved.day_on >= %s THEN moved.credits_cents ELSE 0 END)"
        " FROM (SELECT ledger_account, day_on, debits_cents, credits_cents FROM ledger_daytotal WHERE day_on <= %s"
        " UNION ALL SELECT posting.ledger_account, entry.effective_on,"
        " CASE WHEN posting.amount_cents > 0 THEN posting.amount_cents ELSE 0 END,"
        " CASE WHEN posting.amount_cents < 0 THEN -posting.amount_cents ELSE 0 END"
        f" {source} AND entry.effective_on <= %s) AS moved GROUP BY moved.ledger_account ORDER BY 1",
        [first_on, first_on, first_on, last_on, *bound, last_on],
    )
    return tuple(
        Movement(ledger_account=code, opening_cents=int(opening), debits_cents=int(debits), credits_cents=int(credits_))
        for code, opening, debits, credits_ in rows
    )


def days(*, first_on: date, last_on: date) -> tuple[DayFacts, ...]:
    """The days on which something was posted, oldest first."""
    closed = closed_through()
    source, bound = _open_postings(closed)
    rows = fetch_rows(
        "SELECT moved.day_on, sum(moved.debits_cents), sum(moved.credits_cents), sum(moved.postings),"  # noqa: S608
        " count(DISTINCT moved.ledger_account)"
        " FROM (SELECT day_on, ledger_account, debits_cents, credits_cents, postings FROM ledger_daytotal"
        " WHERE day_on BETWEEN %s AND %s"
        " UNION ALL SELECT entry.effective_on, posting.ledger_account,"
        " CASE WHEN posting.amount_cents > 0 THEN posting.amount_cents ELSE 0 END,"
        " CASE WHEN posting.amount_cents < 0 THEN -posting.amount_cents ELSE 0 END, 1"
        f" {source} AND entry.effective_on BETWEEN %s AND %s) AS moved GROUP BY moved.day_on ORDER BY 1",
        [first_on, last_on, *bound, first_on, last_on],
    )
    return tuple(
        DayFacts(
            on=as_day(on),
            debits_cents=int(debits),
            credits_cents=int(credits_),
            postings=int(postings),
            ledger_accounts=int(accounts),
        )
        for on, debits, credits_, postings, accounts in rows
    )


def by_source(*, first_on: date, last_on: date) -> tuple[SourceRow, ...]:
    """What entries of each kind moved each ledger account by, day by day, from first through last.

    `entries` counts those of the kind that touch the ledger account.
    """
    rows = fetch_rows(
        "SELECT entry.effective_on, entry.kind, posting.ledger_account,"
        " sum(CASE WHEN posting.amount_cents > 0 THEN posting.amount_cents ELSE 0 END),"
        " sum(CASE WHEN posting.amount_cents < 0 THEN -posting.amount_cents ELSE 0 END),"
        " count(DISTINCT entry.id), count(*)"
        " FROM ledger_journalentry AS entry JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id"
        " WHERE entry.state = 'posted' AND entry.effective_on BETWEEN %s AND %s"
        " GROUP BY entry.effective_on, entry.kind, posting.ledger_account ORDER BY 1, 2, 3",
        [first_on, last_on],
    )
    return tuple(
        SourceRow(
            on=as_day(on),
            kind=kind,
            ledger_account=code,
            debits_cents=int(debits),
            credits_cents=int(credits_),
            entries=int(entries),
            postings=int(postings),
        )
        for on, kind, code, debits, credits_, entries, postings in rows
    )


def entries_by_kind(*, first_on: date, last_on: date) -> dict[str, int]:
    """How many posted entries of each kind take effect on the days from first through last."""
    rows = fetch_rows(
        "SELECT kind, count(*) FROM ledger_journalentry WHERE state = 'posted' AND effective_on BETWEEN %s AND %s"
        " GROUP BY kind ORDER BY kind",
        [first_on, last_on],
    )
    return {kind: int(count) for kind, count in rows}


def standing_entries(kind: str) -> tuple[int, ...]:
    """The numbers of the posted entries of a kind that no entry reverses, oldest first."""
    rows = fetch_rows(
        "SELECT entry.id FROM ledger_journalentry AS entry WHERE entry.kind = %s AND entry.state = 'posted'"
        " AND NOT EXISTS (SELECT 1 FROM ledger_journalentry AS other WHERE other.reverses_id = entry.id)"
        " ORDER BY entry.id",
        [kind],
    )
    return tuple(number for (number,) in rows)


def standing_on(kind: str) -> date | None:
    """The latest day on which a posted entry of a kind takes effect that no entry reverses; None without one."""
    [(found,)] = fetch_rows(
        "SELECT max(entry.effective_on) FROM ledger_journalentry AS entry WHERE entry.kind = %s"
        " AND entry.state = 'posted'"
        " AND NOT EXISTS (SELECT 1 FROM ledger_journalentry AS other WHERE other.reverses_id = entry.id)",
        [kind],
    )
    return None if found is None else as_day(found)


def balance_on(ledger_account: str, *, as_of: date) -> int:
    """What a ledger account sums to at the end of a day (cents, debits positive)."""
    found = [item for item in movements(first_on=as_of, last_on=as_of) if item.ledger_account == ledger_account]
    return found[0].closing_cents if found else 0


# ------------------------------------------------------------------------------------------------------------- exports
_EXPORT_FIELDS = tuple(ExportFacts.__dataclass_fields__)


def exports(*, limit: int | None = None) -> tuple[ExportFacts, ...]:
    """The journals that the general ledger was given, latest first, without their contents."""
    rows = JournalExport.objects.order_by("-number").values(*_EXPORT_FIELDS)
    return tuple(ExportFacts(**row) for row in (rows[:limit] if limit is not None else rows))


def export(number: int) -> ExportFacts:
    """One export.

    Raises:
        NoSuchExport: for an unknown number.
    """
    for row in JournalExport.objects.filter(number=number).values(*_EXPORT_FIELDS):
        return ExportFacts(**row)
    raise NoSuchExport(number=number)


def export_content(number: int) -> str:
    """The file of an export, as it was handed over.

    Raises:
        NoSuchExport: for an unknown number.
    """
    for content in JournalExport.objects.filter(number=number).values_list("content", flat=True):
        return str(content)
    raise NoSuchExport(number=number)


def export_of_day(on: date) -> ExportFacts | None:
    """The export that a day went out with."""
    for row in JournalExport.objects.filter(first_on__lte=on, last_on__gte=on).values(*_EXPORT_FIELDS):
        return ExportFacts(**row)
    return None


def exported_through() -> date | None:
    """The last day that the general ledger was given; None when it was given none."""
    found: date | None = JournalExport.objects.aggregate(last=Max("last_on"))["last"]
    return found


def export_contents() -> Iterator[tuple[ExportFacts, str]]:
    """Every export with its file, oldest first."""
    rows: Any = JournalExport.objects.order_by("number").values(*_EXPORT_FIELDS, "content")
    for row in rows.iterator(chunk_size=100):
        content = row.pop("content")
        yield ExportFacts(**row), content

"""Closing days, reopening them, and handing the journal to the general ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, connection

from weatherhead.areas.ledger.books import closed_through
from weatherhead.areas.ledger.models import BookClose, DayTotal, JournalExport
from weatherhead.areas.ledger.operations import ClosedMeanwhile
from weatherhead.areas.records.database import one_writer, require_transaction, violated_constraint

_BOOKS_LOCK = 417001  # the guard of the journal names it, too (migration 0002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Who asked for it and who decided it, when, and by which receipt."""

    asked_by: str
    decided_by: str
    decided_by_employee_id: int
    at: datetime
    receipt_id: int


def lock_books() -> None:
    """Wait until nobody posts, and let nobody post, until this transaction ends. SQLite has one writer at a time."""
    require_transaction("the books are locked")
    if not one_writer():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_BOOKS_LOCK])


def close_through(through_on: date, *, former_on: date | None, hands: Hands) -> None:
    """Close every day through one: sum what stands on them, and refuse postings on them from now on.

    Raises:
        ClosedMeanwhile: they are not closed through `former_on`, as was thought.
    """
    lock_books()
    if closed_through() != former_on:
        raise ClosedMeanwhile
    after, bound = ("", []) if former_on is None else (" AND entry.effective_on > %s", [former_on])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_daytotal (day_on, ledger_account, debits_cents, credits_cents, postings)"  # noqa: S608
            " SELECT entry.effective_on, posting.ledger_account,"
            " sum(CASE WHEN posting.amount_cents > 0 THEN posting.amount_cents ELSE 0 END),"
            " sum(CASE WHEN posting.amount_cents < 0 THEN -posting.amount_cents ELSE 0 END), count(*)"
            " FROM ledger_journalentry AS entry JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id"
            f" WHERE entry.state = 'posted' AND entry.effective_on <= %s{after}"
            " GROUP BY entry.effective_on, posting.ledger_account",
            [through_on, *bound],
        )
    _log_close("close", former_on=former_on, through_on=through_on, reason="", hands=hands)


def reopen_from(from_on: date, *, former_on: date, reason: str, hands: Hands) -> None:
    """Open a closed day and all after it; their sums are made anew when they are closed again.

    Raises:
        ClosedMeanwhile: they are not closed through `former_on`, as was thought, or the general ledger has them now.
    """
    lock_books()
    if closed_through() != former_on:
        raise ClosedMeanwhile
    # Where nothing was posted before it, nothing stays closed.
    some_stay = DayTotal.objects.filter(day_on__lt=from_on).exists()
    DayTotal.objects.filter(day_on__gte=from_on).delete()
    through_on = from_on - timedelta(days=1) if some_stay else None
    _log_close("reopen", former_on=former_on, through_on=through_on, reason=reason, hands=hands)


def _log_close(kind: str, *, former_on: date | None, through_on: date | None, reason: str, hands: Hands) -> None:
    try:
        BookClose.objects.create(
            kind=kind,
            former_through_on=former_on,
            closed_through_on=through_on,
            asked_by=hands.asked_by,
            decided_by=hands.decided_by,
            decided_by_employee_id=hands.decided_by_employee_id,
            at=hands.at,
            reason=reason,
            receipt_id=hands.receipt_id,
        )
    except IntegrityError as error:
        if violated_constraint(error) in ("ledger_close_goes_on", "ledger_exported_stays_closed"):
            raise ClosedMeanwhile from error
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """A journal to hand over: the days, inclusive, its control totals and the file itself."""

    number: int
    first_on: date
    last_on: date
    grouped_by: str
    entries: int
    postings: int
    lines: int
    debits_cents: int
    credits_cents: int
    content: str


def record_export(plan: ExportPlan, *, made_by: str, at: datetime, receipt_id: int) -> int:
    """Keep an export as it is handed over; returns its number.

    Raises:
        ClosedMeanwhile: another export was made, or the days were reopened.
    """
    lock_books()
    try:
        JournalExport.objects.create(
            number=plan.number,
            first_on=plan.first_on,
            last_on=plan.last_on,
            grouped_by=plan.grouped_by,
            entries=plan.entries,
            postings=plan.postings,
            lines=plan.lines,
            debits_cents=plan.debits_cents,
            credits_cents=plan.credits_cents,
            content=plan.content,
            content_sha256=sha256(plan.content.encode()).hexdigest(),
            made_by=made_by,
            made_at=at,
            receipt_id=receipt_id,
        )
    except IntegrityError as error:
        if "number" in violated_constraint(error) or violated_constraint(error) == "ledger_export_goes_on":
            raise ClosedMeanwhile from error
        raise
    return plan.number

"""The books against the journal: sums of closed days, exports without gaps or repeats, one estimate at a time."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise

from weatherhead.areas.ledger.books import (
    ONE_DAY,
    UNBILLED,
    by_source,
    closed_through,
    entries_by_kind,
    export_contents,
    exports,
    standing_entries,
)
from weatherhead.areas.ledger.check import Checker, Finding
from weatherhead.areas.ledger.models import DayTotal
from weatherhead.areas.records.database import as_day, stream
from weatherhead.core.values import format_cents, gettext_noop


def _sums_off() -> Iterator[Finding]:
    """Closed days whose sums are not those of their postings, and open days that have any."""
    closed = closed_through()
    closing = "''" if closed is None else f"'{closed.isoformat()}'"
    rows = stream(
        "SELECT day_on, ledger_account, sum(kept), sum(posted) FROM ("  # noqa: S608
        " SELECT CAST(day_on AS varchar(10)) AS day_on, ledger_account,"
        " debits_cents + credits_cents AS kept, 0 AS posted,"
        " debits_cents - credits_cents AS kept_net, 0 AS posted_net, postings AS kept_count, 0 AS posted_count"
        " FROM ledger_daytotal"
        " UNION ALL SELECT CAST(entry.effective_on AS varchar(10)), posting.ledger_account,"
        " 0, abs(posting.amount_cents),"
        " 0, posting.amount_cents, 0, 1"
        " FROM ledger_journalentry AS entry JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id"
        f" WHERE entry.state = 'posted' AND CAST(entry.effective_on AS varchar(10)) <= {closing}"
        ") AS both_sides GROUP BY day_on, ledger_account"
        " HAVING sum(kept) <> sum(posted) OR sum(kept_net) <> sum(posted_net) OR sum(kept_count) <> sum(posted_count)"
        " ORDER BY day_on, ledger_account"
    )
    for on, ledger_account, kept, posted in rows:
        yield Finding(
            code="day_total_off",
            template=gettext_noop(
                "The sums kept of %(on)s on %(ledger_account)s come to $%(kept)s; its postings come to $%(posted)s."
            ),
            values={
                "on": as_day(on).isoformat(),
                "ledger_account": ledger_account,
                "kept": format_cents(int(kept)),
                "posted": format_cents(int(posted)),
            },
        )


def _exports_off() -> Iterator[Finding]:
    """Exports that leave days out, repeat them, or are not what stands in the journal."""
    in_order = sorted(exports(), key=lambda item: item.number)
    for before, after in pairwise(in_order):
        if after.first_on != before.last_on + ONE_DAY or after.number != before.number + 1:
            yield Finding(
                code="export_gap",
                template=gettext_noop("Journal %(after)s does not follow journal %(before)s day by day."),
                values={"before": before.number, "after": after.number},
            )
    for export, content in export_contents():
        if sha256(content.encode()).hexdigest() != export.content_sha256:
            yield Finding(
                code="export_changed",
                template=gettext_noop("Journal %(number)s is not the file that was handed over: it was changed."),
                values={"number": export.number},
            )
        rows = by_source(first_on=export.first_on, last_on=export.last_on)
        debits, credits_ = sum(row.debits_cents for row in rows), sum(row.credits_cents for row in rows)
        entries = sum(entries_by_kind(first_on=export.first_on, last_on=export.last_on).values())
        stands = (entries, sum(row.postings for row in rows), debits, credits_)
        if stands != (export.entries, export.postings, export.debits_cents, export.credits_cents):
            yield Finding(
                code="export_not_its_entries",
                template=gettext_noop(
                    "Journal %(number)s was handed over with %(told)s entries of $%(debits)s; "
                    "%(entries)s of $%(stand)s stand on its days."
                ),
                values={
                    "number": export.number,
                    "told": export.entries,
                    "debits": format_cents(export.debits_cents),
                    "entries": entries,
                    "stand": format_cents(debits),
                },
            )
    if in_order and in_order[-1].last_on > (closed_through() or in_order[0].first_on - ONE_DAY):
        yield Finding(
            code="export_open",
            template=gettext_noop("Journal %(number)s has days that are open."),
            values={"number": in_order[-1].number},
        )
    yield from _entries_before(in_order[0].first_on.isoformat() if in_order else "")


def _entries_before(first_day: str) -> Iterator[Finding]:
    """Entries of days before the first export: no export has them."""
    if not first_day:
        return
    rows = stream(
        "SELECT min(id), count(*) FROM ledger_journalentry WHERE state = 'posted'"  # noqa: S608
        f" AND CAST(effective_on AS varchar(10)) < '{first_day}'"
    )
    for entry_id, count in rows:
        if count:
            yield Finding(
                code="export_missing",
                template=gettext_noop("%(count)s entries are in no journal, from entry %(entry)s on."),
                values={"count": count, "entry": entry_id},
                entry_id=entry_id,
            )


def _estimates_twice() -> Iterator[Finding]:
    standing = standing_entries(UNBILLED)
    if len(standing) > 1:
        yield Finding(
            code="unbilled_twice",
            template=gettext_noop("Unbilled revenue stands %(times)s times: entries %(entries)s."),
            values={"times": len(standing), "entries": ", ".join(map(str, standing))},
            entry_id=standing[0],
        )


CHECKERS = (
    Checker(
        code="day_totals",
        title=gettext_noop("Every closed day's sums are those of its postings"),
        unit=gettext_noop("sums"),
        count=DayTotal.objects.count,
        find=_sums_off,
    ),
    Checker(
        code="journal_exports",
        title=gettext_noop("Every entry handed to the general ledger is in exactly one journal"),
        unit=gettext_noop("journals"),
        count=lambda: len(exports()),
        find=_exports_off,
    ),
    Checker(
        code="unbilled",
        title=gettext_noop("Unbilled revenue stands once"),
        unit=gettext_noop("estimates"),
        count=lambda: len(standing_entries(UNBILLED)),
        find=_estimates_twice,
    ),
)

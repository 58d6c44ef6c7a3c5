"""The journal for the general ledger as a file: lines by GL account and day, or by what posted them, too. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Literal

from weatherhead.areas.ledger.books import ExportFacts, SourceRow
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.utility import GeneralLedgerAccount
from weatherhead.core.values import Refusal, format_cents, gettext_noop

Grouping = Literal["day", "source"]

COLUMNS = (
    "export",
    "line",
    "date",
    "gl_account",
    "ferc_account",
    "title",
    "source",
    "ledger_accounts",
    "debit",
    "credit",
)
MANIFEST_FORMAT = 1


class LedgerAccountUnmapped(Refusal):
    """utility.yaml does not say where a ledger account goes."""

    template = gettext_noop(
        "utility.yaml names no GL account for %(listing)s. Add it under ledger_accounts, then export again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One line of the journal. `source` is empty when lines are by day alone; cents without a sign."""

    on: date
    gl: str
    ferc: str
    title: str
    source: str
    ledger_accounts: tuple[str, ...]
    debits_cents: int
    credits_cents: int


def journal_lines(
    rows: Iterable[SourceRow], *, grouped_by: Grouping, mapped: Mapping[str, GeneralLedgerAccount]
) -> tuple[JournalLine, ...]:
    """Sum rows by day, GL account and, if wanted, source; in that order.

    Ledger accounts that the utility keeps on one GL account become one line, which names them.

    Raises:
        LedgerAccountUnmapped: naming every ledger account without a GL account.
    """
    given = tuple(rows)
    if unmapped := sorted({row.ledger_account for row in given} - set(mapped)):
        raise LedgerAccountUnmapped(listing=", ".join(unmapped))
    sums: dict[tuple[date, str, str], list[SourceRow]] = {}
    for row in given:
        source = row.kind if grouped_by == "source" else ""
        sums.setdefault((row.on, mapped[row.ledger_account].gl, source), []).append(row)
    lines: list[JournalLine] = []
    for (on, gl, source), found in sorted(sums.items()):
        codes = tuple(sorted({row.ledger_account for row in found}))
        first = mapped[codes[0]]
        lines.append(
            JournalLine(
                on=on,
                gl=gl,
                ferc=first.ferc,
                title=first.title,
                source=source,
                ledger_accounts=codes,
                debits_cents=sum(row.debits_cents for row in found),
                credits_cents=sum(row.credits_cents for row in found),
            )
        )
    return tuple(lines)


def journal_csv(lines: Sequence[JournalLine], *, number: int) -> str:
    """The file: a header and a line each, amounts in dollars, ends of lines as RFC 4180 has them."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for place, line in enumerate(lines, 1):
        writer.writerow(
            (
                number,
                place,
                line.on.isoformat(),
                line.gl,
                line.ferc,
                line.title,
                line.source,
                "+".join(line.ledger_accounts),
                plain_dollars(line.debits_cents),
                plain_dollars(line.credits_cents),
            )
        )
    return out.getvalue()


def plain_dollars(cents: int) -> str:
    """Dollars for a file that a program reads: no commas, and a plain minus."""
    return format_cents(cents, ascii_only=True).replace(",", "")


def manifest(export: ExportFacts, *, utility: str) -> dict[str, Json]:
    """What goes with the file, so that whoever takes it over can prove that it came whole."""
    return {
        "format": MANIFEST_FORMAT,
        "utility": utility,
        "export": export.number,
        "file": export.file_name,
        "sha256": export.content_sha256,
        "first_day": export.first_on.isoformat(),
        "last_day": export.last_on.isoformat(),
        "grouped_by": export.grouped_by,
        "lines": export.lines,
        "entries": export.entries,
        "postings": export.postings,
        "debits": plain_dollars(export.debits_cents),
        "credits": plain_dollars(export.credits_cents),
        "made_by": export.made_by,
        "made_at": export.made_at.isoformat(),
        "receipt": export.receipt_id,
    }

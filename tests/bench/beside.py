"""The rows of a bill run written in other ways, on the same database: what the run's rate is to be compared with.

A loop that saves one object after the other and commits each bill, `bulk_create`, and the bare rows into tables without
keys, references or triggers. The first two write to the real tables, with every constraint holding.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction

LOOP_BILLS, BULK_BILLS, BARE_BILLS = 300, 4_000, 4_000
SHIFT = 10**9
"""Added to every number of a row, so that it is another row."""

YEARS_LATER = timedelta(days=10 * 365)
"""Added to billed periods, so that no day is billed twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some bills of a run with all that belongs to them: unsaved objects by model, in the order of writing."""

    bills: int
    postings: Sequence[models.Model]
    entries: Sequence[models.Model]
    bill_rows: Sequence[models.Model]
    segments: Sequence[models.Model]
    lines: Sequence[models.Model]

    def groups(self) -> list[Sequence[models.Model]]:
        """The groups in the order of writing."""
        return [self.postings, self.entries, self.bill_rows, self.segments, self.lines]


def rows_of(*, bills: int, shift: int) -> Rows:
    """New objects alike to those of the latest bills."""
    from weatherhead.areas.billing.models import Bill, BillLine, BillSegment
    from weatherhead.areas.ledger.models import JournalEntry, LedgerPosting

    chosen = list(Bill._default_manager.order_by("-pk")[:bills])
    ids = [row.pk for row in chosen]
    segments = list(BillSegment._default_manager.filter(bill_id__gte=min(ids)).order_by("pk"))
    lines = list(BillLine._default_manager.filter(segment_id__gte=segments[0].pk).order_by("segment_id", "sequence"))
    entry_ids = [row.entry_id for row in chosen if row.entry_id is not None]
    entries = list(JournalEntry._default_manager.filter(pk__gte=min(entry_ids)).order_by("pk"))
    postings = list(
        LedgerPosting._default_manager.filter(entry_id__gte=min(entry_ids)).order_by("entry_id", "sequence")
    )
    for bill in chosen:
        bill.pk += shift
        bill.entry_id = None if bill.entry_id is None else bill.entry_id + shift
        bill.number = f"{shift // SHIFT}-{bill.number}"
    for segment in segments:
        segment.pk += shift
        segment.bill_id += shift
        segment.start_on += YEARS_LATER * (shift // SHIFT)
        segment.end_on += YEARS_LATER * (shift // SHIFT)
    for line in lines:
        line.segment_id += shift
    for entry in entries:
        entry.pk += shift
    for posting in postings:
        posting.entry_id += shift
    return Rows(
        bills=len(chosen), postings=postings, entries=entries, bill_rows=chosen[::-1], segments=segments, lines=lines
    )


def by_loop(rows: Rows) -> None:
    """One object after the other, a commit a bill."""
    by_bill: dict[int, list[models.Model]] = {}
    owner = {segment.pk: segment.bill_id for segment in rows.segments}  # type: ignore[attr-defined]
    bill_of_entry = {bill.entry_id: bill.pk for bill in rows.bill_rows}  # type: ignore[attr-defined]
    for posting in rows.postings:
        by_bill.setdefault(bill_of_entry[posting.entry_id], []).append(posting)  # type: ignore[attr-defined]
    for entry in rows.entries:
        by_bill[bill_of_entry[entry.pk]].append(entry)
    for bill in rows.bill_rows:
        by_bill.setdefault(bill.pk, []).append(bill)
    for segment in rows.segments:
        by_bill[owner[segment.pk]].append(segment)
    for line in rows.lines:
        by_bill[owner[line.segment_id]].append(line)  # type: ignore[attr-defined]
    for objects in by_bill.values():
        with transaction.atomic():
            for item in objects:
                item.save(force_insert=True)


def by_bulk_create(rows: Rows) -> None:
    """A statement a thousand rows, one commit."""
    with transaction.atomic():
        for group in rows.groups():
            type(group[0])._default_manager.bulk_create(group, batch_size=1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """Rows ready to be sent, and the tables without keys, references, checks or triggers that take them."""

    bills: int
    tables: Sequence[tuple[str, str, Any]]  # table, columns, and the rows: a COPY text, or a list for SQLite


def ready(rows: Rows) -> Bare:
    """Make the tables and write the rows out: neither is measured."""
    tables = []
    with connection.cursor() as cursor:
        for group in rows.groups():
            model = type(group[0])
            table, fields = f"bare_{model._meta.db_table}", model._meta.local_concrete_fields
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(f"CREATE TABLE {table} AS SELECT * FROM {model._meta.db_table} LIMIT 0")
            values = [
                [field.get_db_prep_save(getattr(item, str(field.attname)), connection) for field in fields]
                for item in group
            ]
            names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
            text = "".join("\t".join(map(_copied, row)) + "\n" for row in values)
            tables.append((table, names, text if connection.vendor == "postgresql" else values))
    return Bare(bills=rows.bills, tables=tables)


def _copied(value: object) -> str:
    return r"\N" if value is None else str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def bare(given: Bare) -> None:
    """COPY, or one prepared statement a table; one commit."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table, names, rows in given.tables:
            if isinstance(rows, str):
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]
                    copy.write(rows)
            else:
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)


def rates() -> dict[str, int]:
    """Bills a second of each way."""
    return {
        "a loop of save()": _rate(by_loop, rows_of(bills=LOOP_BILLS, shift=SHIFT)),
        "bulk_create": _rate(by_bulk_create, rows_of(bills=BULK_BILLS, shift=2 * SHIFT)),
        "bare rows": _rate(bare, ready(rows_of(bills=BARE_BILLS, shift=3 * SHIFT))),
    }


def _rate(way: Callable[[Any], None], given: Rows | Bare) -> int:
    begun = time.perf_counter()
    way(given)
    return round(given.bills / (time.perf_counter() - begun))

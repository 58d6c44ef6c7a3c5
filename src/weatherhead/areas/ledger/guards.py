"""Which triggers guard the journal: what an installation must have in place."""

from __future__ import annotations

from django.db import connection

from weatherhead.areas.records.database import is_postgresql, triggers_of

JOURNAL_TABLES = ("ledger_journalentry", "ledger_ledgerposting", "ledger_bookclose", "ledger_journalexport")

_OF_EACH = ("ledger_entry_sealed", "ledger_posting_sealed", "ledger_close_goes_on", "ledger_export_goes_on")
_OF_A_TABLE_POSTGRESQL = ("refuse_change", "refuse_truncate")
_OF_A_TABLE_SQLITE = ("refuse_update", "refuse_delete", "refuse_replace")


def expected_guards() -> tuple[str, ...]:
    """The names of the triggers that must stand on the journal's tables, on the database in use."""
    suffixes = _OF_A_TABLE_POSTGRESQL if is_postgresql(connection) else _OF_A_TABLE_SQLITE
    return (*_OF_EACH, *(f"{table}_{suffix}" for table in JOURNAL_TABLES for suffix in suffixes))


def standing_guards() -> frozenset[str]:
    """The names of the triggers that do stand on the journal's tables; a disabled one does not count."""
    return frozenset(name for table in JOURNAL_TABLES for name in triggers_of(table))

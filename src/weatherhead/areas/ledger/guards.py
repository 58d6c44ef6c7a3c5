"""Which triggers guard the journal, and which rights the application has: what an installation must have in place."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connection

from weatherhead.areas.records.database import is_postgresql

JOURNAL_TABLES = ("ledger_journalentry", "ledger_ledgerposting")

_GUARDS_ANYWHERE = ("ledger_entry_sealed", "ledger_posting_sealed")
_GUARDS_OF_A_TABLE_POSTGRESQL = ("refuse_change", "refuse_truncate")
_GUARDS_OF_A_TABLE_SQLITE = ("refuse_update", "refuse_delete", "refuse_replace")

APPEND_ONLY_TABLES = (*JOURNAL_TABLES, "records_auditentry")
"""The application's role may read and append to these, and nothing else."""

KEPT_TABLES = ("ledger_runningbalance", "records_auditstream")
"""The application's role may change these rows, and never remove one."""

MIGRATION_TABLES = ("django_migrations",)


def expected_guards() -> tuple[str, ...]:
    """The names of the triggers that must stand on the journal's tables, on the database in use."""
    suffixes = _GUARDS_OF_A_TABLE_POSTGRESQL if is_postgresql(connection) else _GUARDS_OF_A_TABLE_SQLITE
    of_tables = [f"{table}_{suffix}" for table in JOURNAL_TABLES for suffix in suffixes]
    return (*_GUARDS_ANYWHERE, *of_tables)


def standing_guards() -> frozenset[str]:
    """The names of the triggers that do stand on the journal's tables; a disabled one does not count."""
    with connection.cursor() as cursor:
        if is_postgresql(connection):
            cursor.execute(
                "SELECT tgname FROM pg_trigger"
                " WHERE tgrelid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest(%s::text[]) AS name))"
                " AND NOT tgisinternal AND tgenabled IN ('O', 'A')",
                [list(JOURNAL_TABLES)],
            )
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s)", list(JOURNAL_TABLES)
            )
        return frozenset(name for (name,) in cursor.fetchall())


def restricted_role_statements(
    role: str,
    *,
    append_only: Sequence[str] = APPEND_ONLY_TABLES,
    kept: Sequence[str] = KEPT_TABLES,
) -> list[str]:
    """The SQL that an owner runs on PostgreSQL, after every migration, to give the application's role its rights.

    The role reads and writes rows; it reads and appends to `append_only` tables; it never removes a row of `kept` ones;
    it cannot define anything, not even a temporary table that could pose as one of ours. A table that a migration adds
    is out of its reach until these statements run again: forgetting them fails closed.

    The role must exist, own nothing, and be no superuser. `role` is quoted here.
    """
    quote = connection.ops.quote_name
    tables = sorted(set(connection.introspection.table_names()))
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    ours = [table for table in tables if table in models]
    statements = [
        f"REVOKE CREATE ON SCHEMA {quote(_schema())} FROM PUBLIC",
        f"REVOKE TEMPORARY ON DATABASE {quote(_database())} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {quote(_schema())} FROM {quote(role)}",
        f"GRANT USAGE ON SCHEMA {quote(_schema())} TO {quote(role)}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {quote(_schema())} TO {quote(role)}",
    ]
    for table in ours:
        if table in append_only:
            rights = "SELECT, INSERT"
        elif table in kept:
            rights = "SELECT, INSERT, UPDATE"
        else:
            rights = "SELECT, INSERT, UPDATE, DELETE"
        statements.append(f"GRANT {rights} ON {quote(table)} TO {quote(role)}")
    statements += [f"GRANT SELECT ON {quote(table)} TO {quote(role)}" for table in MIGRATION_TABLES if table in tables]
    missing = sorted({*append_only, *kept} - set(ours))
    if missing:
        raise ValueError(f"no such tables: {', '.join(missing)}")
    return statements


def _schema() -> str:
    return _one("SELECT current_schema()")


def _database() -> str:
    return _one("SELECT current_database()")


def _one(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        [value] = cursor.fetchone()
    return str(value)

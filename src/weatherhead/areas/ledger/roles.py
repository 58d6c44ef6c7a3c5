"""The rights of the application's own PostgreSQL role: it posts and remembers, and cannot change what was."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connection

from weatherhead.areas.ledger.guards import JOURNAL_TABLES
from weatherhead.areas.records.database import triggers_of
from weatherhead.core.values import Refusal, gettext_noop

MUST_BE_APPEND_ONLY = (*JOURNAL_TABLES, "records_auditentry")
KEPT_TABLES = ("ledger_runningbalance", "records_auditstream")
"""The role may change the rows of these, and never remove one."""


class GuardsMissing(Refusal):
    """Rights are not given over tables that do not guard themselves."""

    template = gettext_noop(
        "The tables %(tables)s are not guarded against change. Run the migrations as owner, then give the rights again."
    )


def restricted_role_statements(role: str, *, kept: Sequence[str] = KEPT_TABLES) -> list[str]:
    """The SQL that an owner runs on PostgreSQL, after every migration, to give the application's role its rights.

    The role reads and writes rows. Of a table that an append-only guard stands on (journal, audit log, issued bills) it
    reads and appends; of `kept` tables it removes no row; tables of no model it only reads. It defines nothing, not
    even a temporary table that could pose as one of ours. A table that a later migration adds is out of its reach until
    these statements run again: forgetting them fails closed.

    `role` must exist, own nothing and be no superuser; it is quoted here.

    Raises:
        GuardsMissing: the journal or the audit log is not guarded.
    """
    quote = connection.ops.quote_name
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    present = sorted(models.intersection(connection.introspection.table_names()))
    append_only = {table for table in present if f"{table}_refuse_change" in triggers_of(table)}
    if unguarded := sorted(set(MUST_BE_APPEND_ONLY) - append_only):
        raise GuardsMissing(tables=", ".join(unguarded))
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_schema()")
        database, schema = cursor.fetchone()
    statements = [
        f"REVOKE TEMPORARY ON DATABASE {quote(database)} FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA {quote(schema)} FROM PUBLIC",
        f"REVOKE ALL ON SCHEMA {quote(schema)} FROM {quote(role)}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {quote(schema)} FROM {quote(role)}",
        f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {quote(schema)} TO {quote(role)}",
        # Those of no model too: which migrations ran, and what a guard notes within a transaction. A backup that the
        # application takes, as its unit does, is of every table.
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {quote(schema)} TO {quote(role)}",
    ]
    for table in present:
        if table in append_only:
            rights = "SELECT, INSERT"
        elif table in kept:
            rights = "SELECT, INSERT, UPDATE"
        else:
            rights = "SELECT, INSERT, UPDATE, DELETE"
        statements.append(f"GRANT {rights} ON {quote(table)} TO {quote(role)}")
    return statements

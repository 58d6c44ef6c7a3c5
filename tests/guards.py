"""Lifting the guards of append-only tables, as an owner can: to plant a corruption, or to empty a test database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import TransactionTestCase

_MIGRATED = {"django_migrations", "django_content_type", "auth_permission"}


@contextmanager
def guards_lifted() -> Iterator[None]:
    """Take every trigger away and put it back. On PostgreSQL references are not checked either; needs a superuser."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            try:
                yield
            finally:
                cursor.execute("SET session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        yield
        for _, statement in triggers:
            cursor.execute(statement)


def lift_guards_to_empty_the_database() -> None:
    """Empty the database after a test that really commits; the guards would refuse, rightly.

    Only what holds rows, without truncating: Django would make every table's files anew, and fill content types and
    permissions again, which stay the same.
    """

    def emptied(self: TransactionTestCase) -> None:
        with guards_lifted(), connection.cursor() as cursor:
            tables = sorted(set(connection.introspection.table_names(cursor)) - _MIGRATED)
            quoted = [connection.ops.quote_name(table) for table in tables]
            cursor.execute(
                " UNION ALL ".join(f"SELECT {at}, EXISTS (SELECT 1 FROM {name})" for at, name in enumerate(quoted))
            )
            filled = [quoted[at] for at, holds in cursor.fetchall() if holds]
            with connection.constraint_checks_disabled():
                for name in filled:
                    cursor.execute(f"DELETE FROM {name}")

    TransactionTestCase._fixture_teardown = emptied

"""Lifting the guards of append-only tables, as an owner can: to plant a corruption, or to empty a test database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

from django.db import connection
from django.test import TransactionTestCase


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
    """After a test that really commits, Django empties every table; the guards would refuse, rightly."""
    teardown = TransactionTestCase._fixture_teardown

    @wraps(teardown)
    def guarded(self: TransactionTestCase) -> None:
        with guards_lifted():
            teardown(self)

    TransactionTestCase._fixture_teardown = guarded

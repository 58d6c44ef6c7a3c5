"""The application's own PostgreSQL role does its work, and cannot change what was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.errors import InsufficientPrivilege
from tests.areas.ledger.journal import bill, make_accounts, posted, run
from tests.areas.ledger.test_post import JAN_5, JAN_26
from tests.guards import guards_lifted

from weatherhead.areas.ledger.roles import GuardsMissing, restricted_role_statements
from weatherhead.interfaces.cli.database import NoSuchRole, require_role

# A name that must be quoted; roles belong to the server, which parallel runs share.
ROLE = f"weatherhead ledger test {os.environ.get('PYTEST_XDIST_WORKER', '')}"
PASSWORD = "for this test only"

pytestmark = pytest.mark.postgres
Run = Callable[[str], None]


def _drop() -> None:
    run(f'DROP OWNED BY "{ROLE}"', f'DROP ROLE "{ROLE}"')


@pytest.fixture
def as_application(transactional_db: None) -> Iterator[psycopg.Connection]:
    """A connection of the restricted role, to books with one bill."""
    [account] = make_accounts(1)
    posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account))
    run(f"CREATE ROLE \"{ROLE}\" LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOCREATEDB NOCREATEROLE")
    try:
        run(*restricted_role_statements(ROLE))
        parameters = connection.get_connection_params()
        wanted = {key: parameters[key] for key in ("dbname", "host", "port") if key in parameters}
        with psycopg.connect(**wanted, user=ROLE, password=PASSWORD, autocommit=True) as application:
            yield application
    finally:
        _drop()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_journalentry SET reason = 'x'",
        "DELETE FROM ledger_journalentry",
        "TRUNCATE ledger_journalentry CASCADE",
        "UPDATE ledger_ledgerposting SET amount_cents = 1",
        "DELETE FROM ledger_ledgerposting",
        "TRUNCATE ledger_ledgerposting",
        "UPDATE records_auditentry SET detail = ''",
        "DELETE FROM records_auditentry",
        "TRUNCATE records_auditentry",
        "DELETE FROM ledger_runningbalance",
        "TRUNCATE ledger_runningbalance",
        "DELETE FROM records_auditstream",
        "DELETE FROM django_migrations",
        "TRUNCATE customers_account CASCADE",
        "DROP TABLE ledger_ledgerposting",
        "DROP TRIGGER ledger_entry_sealed ON ledger_journalentry",
        "ALTER TABLE ledger_journalentry DISABLE TRIGGER USER",
        "ALTER TABLE ledger_ledgerposting ADD COLUMN note text",
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE ledger_ledgerposting (id int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION ledger_seal_entries() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET session_replication_role = replica",
        "SELECT setval('ledger_entry_id', 1)",
    ],
)
def test_the_application_cannot(as_application: psycopg.Connection, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        as_application.execute(statement)  # type: ignore[arg-type]


def test_the_application_can_post_and_read(as_application: psycopg.Connection) -> None:
    with as_application.transaction(force_rollback=True):
        number = as_application.execute("SELECT nextval('ledger_entry_id')").fetchone()[0]  # type: ignore[index]
        for place, cents in ((1, 5), (2, -5)):
            as_application.execute(
                "INSERT INTO ledger_ledgerposting (entry_id, sequence, ledger_account, amount_cents, charge)"
                " VALUES (%s, %s, 'suspense', %s, 'payment')",
                [number, place, cents],
            )
        as_application.execute(
            "INSERT INTO ledger_journalentry"
            " (id, kind, effective_on, inserted_at, reason, state, posting_count, digest)"
            " VALUES (%s, 'payment', '2026-01-05', now(), '', 'posted', 2, '')",
            [number],
        )
        as_application.execute("SET CONSTRAINTS ALL IMMEDIATE")
        as_application.execute("UPDATE ledger_runningbalance SET balance_cents = balance_cents + 0")
        as_application.execute("SELECT FROM customers_account FOR NO KEY UPDATE")
        as_application.execute("UPDATE customers_account SET version = version + 1")
        found = as_application.execute("SELECT COUNT(*) FROM ledger_journalentry").fetchone()
        assert found == (2,)


def test_the_application_can_take_a_backup(as_application: psycopg.Connection) -> None:
    """As pg_dump does: it locks and reads every table and every sequence, whether a model knows of it or not."""
    tables = as_application.execute(
        "SELECT quote_ident(relname), relkind::text FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S')"
    ).fetchall()
    assert {"ledger_unsealed", "django_migrations", "ledger_entry_id"} <= {name for name, _ in tables}
    with as_application.transaction():
        for name, kind in tables:
            if kind == "r":
                as_application.execute(f"LOCK TABLE {name} IN ACCESS SHARE MODE")  # type: ignore[arg-type]
            as_application.execute(f"SELECT FROM {name}")  # type: ignore[arg-type]


def test_a_role_is_there_before_anything_is_migrated_for_it(db: None) -> None:
    with pytest.raises(NoSuchRole, match="CREATE ROLE nobody_here LOGIN"):
        require_role("nobody_here")


def test_a_table_that_a_migration_adds_is_out_of_reach_until_rights_are_given_again(
    as_application: psycopg.Connection,
) -> None:
    run("CREATE TABLE ledger_added_later (id int)")
    try:
        with pytest.raises(InsufficientPrivilege):
            as_application.execute("SELECT FROM ledger_added_later")
    finally:
        run("DROP TABLE ledger_added_later")


def test_no_rights_are_given_over_an_unguarded_journal(scratch: None) -> None:
    run("ALTER TABLE ledger_journalentry DISABLE TRIGGER ledger_journalentry_refuse_change")
    with pytest.raises(GuardsMissing, match="ledger_journalentry are not guarded"):
        restricted_role_statements(ROLE)


def test_the_owner_is_stopped_by_the_guards_too(transactional_db: None) -> None:
    [account] = make_accounts(1)
    posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account))
    with pytest.raises(Exception, match="appended, never changed"), transaction.atomic():
        run("DELETE FROM ledger_journalentry")
    with guards_lifted(), transaction.atomic():
        run("DELETE FROM ledger_journalentry")
        transaction.set_rollback(True)

"""The application's restricted role can do every action, and still cannot change what was posted, audited or issued."""

from __future__ import annotations

import os

import pytest
from django.db import DatabaseError, connection, transaction

from tests.door.examples import EXAMPLES
from tests.house import Home, House
from weatherhead.areas.ledger.roles import restricted_role_statements

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
ROLE = f"weatherhead_app_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"  # roles belong to the server


@pytest.fixture
def restricted(house: House, home: Home) -> None:
    """From here on this transaction has the rights of the application and no more."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE}")
        for statement in restricted_role_statements(ROLE):
            cursor.execute(statement)
        cursor.execute(f"SET LOCAL ROLE {ROLE}")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_action_works_under_it(name: str, house: House, home: Home, restricted: None) -> None:
    example = EXAMPLES[name](house, home)
    done = house.do(name, by=example.by, **example.inputs)
    if done.outcome == "approval_requested":  # what a second person always decides
        done = house.do("approve_request", by="alvarez", request_id=done.body["request"])
    assert done.outcome == "done"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_ledgerposting SET amount_cents = 1",
        "DELETE FROM ledger_journalentry",
        "DELETE FROM ledger_bookclose",
        "UPDATE ledger_journalexport SET content = ''",
        "UPDATE records_auditentry SET actor = 'someone'",
        "DELETE FROM records_auditentry",
        "TRUNCATE records_auditentry",
        "DELETE FROM records_auditstream",
        "UPDATE billing_bill SET total_cents = 1",
        "UPDATE billing_billline SET amount_cents = 1",
        "ALTER TABLE ledger_ledgerposting DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
    ],
)
def test_what_it_may_not(statement: str, restricted: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

"""The module that knows the databases: the same result from both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.areas.ledger.journal import make_accounts

from weatherhead.areas.customers.models import Account, Customer
from weatherhead.areas.ledger.models import RunningBalance
from weatherhead.areas.records.database import (
    bulk_add,
    bulk_insert,
    chunks,
    is_postgresql,
    lock_rows,
    next_ids,
    stream,
    triggers_of,
    violated_constraint,
)
from weatherhead.areas.records.models import AuditStream, Receipt

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 2, 15, 4, 5, 678901, tzinfo=UTC)


def test_vendor() -> None:
    assert is_postgresql(connection) == (connection.vendor == "postgresql")


def test_bulk_insert_stores_what_the_orm_reads() -> None:
    awkward = "tab\there, \\N, line\nbreak, “quotes”, ñ, %s"
    bulk_insert(
        table="records_receipt",
        columns=[
            *("id", "action", "title", "outcome", "actor", "employee_id", "approver", "approver_employee_id"),
            *("at", "as_of", "body"),
        ],
        rows=[
            (1001, "a", awkward, "done", "", None, "", 2**40, AT, date(2026, 1, 2), '{"a": [1, "\\n"]}'),
            (1002, "b", "", "done", "x", 7, "", None, AT, date(2026, 1, 3), "{}"),
        ],
    )
    first, second = Receipt.objects.filter(pk__gte=1001).order_by("pk")
    assert (first.title, first.at, first.as_of, first.body) == (awkward, AT, date(2026, 1, 2), {"a": [1, "\n"]})
    assert (first.employee_id, first.approver_employee_id) == (None, 2**40)
    assert (second.actor, second.employee_id, second.title) == ("x", 7, "")


def test_bulk_insert_of_nothing_is_nothing() -> None:
    bulk_insert(table="records_auditstream", columns=["name", "last_sequence", "last_hash"], rows=[])
    assert not AuditStream.objects.exists()


def test_bulk_insert_tells_which_constraint_refused() -> None:
    rows = [("a", 1, ""), ("a", 2, "")]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        bulk_insert(table="records_auditstream", columns=["name", "last_sequence", "last_hash"], rows=rows)
    names = {"postgresql": "records_auditstream_pkey", "sqlite": "records_auditstream.name"}
    assert violated_constraint(caught.value) == names[connection.vendor]
    assert violated_constraint(IntegrityError("FOREIGN KEY constraint failed")) == ""


def test_bulk_add_makes_and_moves_rows() -> None:
    one, other = make_accounts(2)
    table: Any = {"table": "ledger_runningbalance", "keys": ("account_id", "ledger_account"), "amount": "balance_cents"}
    bulk_add(**table, rows=[(other, "deposit", -5), (one, "receivable", 10)])
    bulk_add(**table, rows=[(one, "receivable", -3), (one, "deposit", 2**40)])
    bulk_add(**table, rows=[])
    kept = RunningBalance.objects.values_list("account_id", "ledger_account", "balance_cents")
    assert set(kept) == {(one, "receivable", 7), (one, "deposit", 2**40), (other, "deposit", -5)}


def test_numbers_rise_and_are_never_given_twice() -> None:
    given = [next_ids("ledger_entry_id", count=count) for count in (1, 3, 1, 500)]
    flat = [number for numbers in given for number in numbers]
    assert [len(numbers) for numbers in given] == [1, 3, 1, 500]
    assert flat == sorted(set(flat))


def test_numbers_are_taken_inside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="numbers are taken"):
        next_ids("ledger_entry_id", count=1)
    with pytest.raises(transaction.TransactionManagementError, match="rows are locked"):
        lock_rows(Account, [1])


def test_locking_tells_which_rows_there_are() -> None:
    accounts = make_accounts(3)
    assert lock_rows(Account, [accounts[2], 10**9, accounts[0], accounts[2]]) == (accounts[0], accounts[2])
    assert lock_rows(Account, []) == ()


@pytest.mark.postgres
def test_a_locked_row_keeps_writers_waiting_but_not_those_who_refer_to_it(transactional_db: None) -> None:
    import psycopg
    from psycopg.errors import LockNotAvailable

    [account] = make_accounts(1)
    customer = Customer.objects.get()
    parameters = connection.get_connection_params()
    wanted = {key: parameters[key] for key in ("dbname", "host", "port", "user", "password") if key in parameters}
    with transaction.atomic(), psycopg.connect(**wanted) as other:
        lock_rows(Account, [account])
        other.execute(
            "INSERT INTO customers_employeelink (employee_id, relation, account_id) SELECT 1, 'own', %s WHERE false",
            [account],
        )
        other.execute("SELECT FROM customers_account WHERE id = %s FOR KEY SHARE NOWAIT", [account])
        with pytest.raises(LockNotAvailable):
            other.execute("SELECT FROM customers_account WHERE id = %s FOR NO KEY UPDATE NOWAIT", [account])
        assert customer.pk


def test_chunks_hold_everything_once() -> None:
    assert list(chunks([])) == []
    many = list(range(25_000))
    cut = list(chunks(iter(many)))
    assert [number for chunk in cut for number in chunk] == many
    assert max(len(chunk) for chunk in cut) == (10_000 if connection.vendor == "postgresql" else 900)
    assert Account.objects.filter(pk__in=cut[0]).count() == 0


def test_streaming_yields_every_row() -> None:
    made = make_accounts(5)
    assert [number for (number,) in stream("SELECT id FROM customers_account ORDER BY id")] == made
    assert list(stream("SELECT id FROM customers_account WHERE id = %s", [made[1]])) == [(made[1],)]


def test_triggers_of_a_table() -> None:
    assert "ledger_entry_sealed" in triggers_of("ledger_journalentry")
    assert triggers_of("customers_customer") == frozenset()
    assert triggers_of("no_such_table") == frozenset()

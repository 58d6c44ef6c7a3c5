"""A migration that would stop people is refused: the rules themselves, and every migration that there is."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, models
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation

from tests.migrated import bring_migrated, keep_migrated
from tests.operation.installation import forked, right
from tests.operation.test_backup import environment, postgresql_url
from weatherhead.areas.records.migration_rules import BEFORE_RULES, dangers_of
from weatherhead.areas.records.migration_steps import vendor_sql

INDEX = models.Index(fields=["due_on"], name="bill_by_due_day")
CHECK = models.CheckConstraint(condition=models.Q(total_cents__gte=0), name="bill_not_negative")


def migration(*operations: Operation, atomic: bool = True, **attributes: object) -> Migration:
    made = type("Migration", (Migration,), {"operations": list(operations), "atomic": atomic, **attributes})
    return made("0099_later", "billing")


REFUSED: dict[str, tuple[Operation, str]] = {
    "an index": (AddIndex("bill", INDEX), "locks the table against writing"),
    "a checked constraint": (AddConstraint("bill", CHECK), "checks every row under a lock"),
    "a column dropped": (RemoveField("bill", "kind"), "the version that still runs reads it"),
    "a table dropped": (DeleteModel("Bill"), "the version that still runs reads it"),
    "a column renamed": (RenameField("bill", "kind", "sort"), "knows the old name"),
    "a table renamed": (RenameModel("Bill", "Invoice"), "knows the old name"),
    "a column of another type": (AlterField("bill", "total_cents", models.TextField()), "may rewrite the table"),
    "NOT NULL without a default": (AddField("bill", "channel", models.CharField(max_length=9)), "is NOT NULL"),
    "NOT NULL with Django's default": (AddField("bill", "pages", models.IntegerField(default=1)), "is NOT NULL"),
    "a unique column": (AddField("bill", "code", models.TextField(null=True, unique=True)), "builds an index"),
    "a reference": (
        AddField("bill", "run", models.ForeignKey("billing.Bill", on_delete=models.PROTECT, null=True)),
        "builds an index or checks a reference",
    ),
    "a guarantee given up": (RemoveConstraint("bill", "bill_kind_known"), "gives a guarantee up"),
    "SQL": (RunSQL("UPDATE billing_bill SET kind = 'x'"), "nobody can see what it locks"),
    "Python": (RunPython(RunPython.noop), "nobody can see what it locks"),
    "statements": (vendor_sql(postgresql=["SELECT 1"], sqlite=["SELECT 1"]), "nobody can see what it locks"),
    "hidden in another": (
        SeparateDatabaseAndState(database_operations=[RemoveField("bill", "kind")]),
        "the version that still runs reads it",
    ),
    "concurrently in a transaction": (AddIndexConcurrently("bill", INDEX), "runs in a transaction"),
}


@pytest.mark.parametrize(("operation", "said"), REFUSED.values(), ids=REFUSED)
def test_what_stops_people_is_refused(operation: Operation, said: str) -> None:
    [danger] = dangers_of([migration(operation)])
    assert said in danger.problem
    assert danger.remedy
    assert danger.migration == "billing.0099_later"


@pytest.mark.parametrize(
    "operation",
    [
        AddField("bill", "channel", models.CharField(max_length=9, null=True)),
        AddField("bill", "pages", models.IntegerField(db_default=1)),
        AddConstraintNotValid("bill", CHECK),
        CreateModel("Envelope", [("id", models.BigAutoField(primary_key=True))]),
    ],
)
def test_what_stops_nobody(operation: Operation) -> None:
    assert dangers_of([migration(operation)]) == ()


def test_an_index_built_beside_the_work() -> None:
    assert dangers_of([migration(AddIndexConcurrently("bill", INDEX), atomic=False)]) == ()


def test_what_a_migration_makes_it_may_change() -> None:
    made = CreateModel("Envelope", [("id", models.BigAutoField(primary_key=True)), ("kind", models.TextField())])
    index = AddIndex("envelope", models.Index(fields=["kind"], name="envelope_by_kind"))
    assert dangers_of([migration(made, index)]) == ()


def test_an_acceptance_names_the_operation_and_a_reason() -> None:
    drop = RemoveField("bill", "kind")
    assert dangers_of([migration(drop, accepted={"RemoveField bill.kind": "nothing has read it since 0.4"})]) == ()
    assert len(dangers_of([migration(drop, accepted={"RemoveField bill.kind": " "})])) == 1
    assert len(dangers_of([migration(drop, accepted={"RemoveField bill.number": "another one"})])) == 1


def test_every_migration_follows_the_rules() -> None:
    loader = MigrationLoader(None)
    ours = [found for found in loader.disk_migrations.values() if found.__module__.startswith("weatherhead.")]
    assert not [str(danger) for danger in dangers_of(ours)], "docs/decisions/0080 says what to do instead"
    names = {f"{found.app_label}.{found.name}" for found in ours}
    assert names >= BEFORE_RULES, "a migration that is gone needs no exemption"


@pytest.mark.usefixtures("unblocked")
def test_the_plan_of_a_new_installation(tmp_path: Path) -> None:
    environ = right(tmp_path)
    shown = forked("database", "migrate", "--plan", environment=environ)
    assert shown.returncode == 0, shown.stderr
    assert "billing.0001_initial" in shown.stdout
    assert "    Create model Bill" in shown.stdout
    with closing(sqlite3.connect(tmp_path / "books.sqlite3")) as books:
        assert books.execute("SELECT name FROM sqlite_master").fetchall() == []


@pytest.mark.postgres
@pytest.mark.django_db
def test_nobody_queues_behind_a_migration_that_waits(tmp_path: Path) -> None:
    name = f"busy_{secrets.token_hex(4)}"
    here = environment(url=postgresql_url(name), var=tmp_path)
    with psycopg.connect(postgresql_url("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            bring_migrated(keep_migrated(tmp_path / "migrated"), name=name)
            with psycopg.connect(postgresql_url(name)) as books:
                for table in ("customerdisposal", "billdisposal", "statementdisposal"):
                    for kind in ("change", "truncate"):
                        books.execute(f"DROP TRIGGER retention_{table}_refuse_{kind} ON retention_{table}")
                books.execute("DELETE FROM django_migrations WHERE app = 'retention' AND name = '0002_guards'")
                books.commit()
                books.execute("LOCK TABLE retention_customerdisposal IN ROW EXCLUSIVE MODE")  # somebody writes
                busy = forked("database", "migrate", "--lock-seconds", "1", environment=here)
                assert busy.returncode == 2
                assert "A table was in use for 1 seconds" in busy.stderr
                assert "Traceback" not in busy.stderr
            assert forked("database", "migrate", environment=here).returncode == 0
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    assert connection.vendor == "postgresql"

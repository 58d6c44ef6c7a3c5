"""A backup taken while others work is whole or absent, and brings back exactly what was there. On both databases."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.billing_town import work_off
from tests.door.examples import EXAMPLES
from tests.guards import guards_lifted
from tests.house import House, moment, move_in, open_house, read_and_bill
from tests.operation.installation import SECRET_KEY, forked, weatherhead
from weatherhead.areas.records.backup import tools
from weatherhead.areas.records.backup.bring import InUse, OtherDatabase, look_at_backup, require_fitting, require_unused
from weatherhead.areas.records.backup.files import DiskFull, kept
from weatherhead.areas.records.backup.manifest import NAME, manifest_text, read_manifest
from weatherhead.areas.records.backup.take import BACKUP_MARK, NoDirectory, backup_name, remove_older, take_backup
from weatherhead.areas.records.backup.tools import ToolMissing, find_tool
from weatherhead.areas.records.operations.work_items import claim_item
from weatherhead.areas.records.queries.audit_roots import sign_root
from weatherhead.core.values import Refusal
from weatherhead.door.worker import work_once

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
ON_POSTGRESQL = os.environ.get("WEATHERHEAD_TEST_DATABASE", "sqlite") == "postgresql"


def silent(step: str, done: int, total: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A utility in the middle of a bill run, its files, and its backup."""

    var: Path
    backup: Path
    said: dict[str, Any]
    commits_meanwhile: list[float]


@dataclass(frozen=True, kw_only=True)
class Target:
    """An empty place for a restore: a database of its own and a directory."""

    environment: dict[str, str]
    var: Path
    ask: Callable[[str], list[tuple[Any, ...]]]


def postgresql_url(database: str) -> str:
    said = connection.settings_dict
    return f"postgresql://{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT']}/{database}"


def environment(*, url: str, var: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "WEATHERHEAD_VAR": str(var),
        "WEATHERHEAD_SECRET_KEY": SECRET_KEY,
        "WEATHERHEAD_KEYS": os.environ["WEATHERHEAD_KEYS"],
        "WEATHERHEAD_DEBUG": "1",  # the test server's one role is a superuser
    }


def mid_run(house: House) -> None:
    """A released run of two accounts, a piece of work each: a worker did the first and died over the second."""
    first, second = move_in(house), move_in(house, name="Ann Ito", street="12 Elm Ct", serial="88100204", phone="")
    read_and_bill(house, first, reading=1700)
    house.do("enter_read", account_id=second.account_id, read_on=house.today, reading="1500")
    example = EXAMPLES["import_reads"](house, first)
    house.do("import_reads", by=example.by, **example.inputs)
    house.do("create_customer", kind="person", name="Lee Oduya", identifier_kind="ssn", identifier="078-05-1120")
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=1, through_on=house.today)
    assert work_off(house) == 2
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    assert work_once(worker="alive", clock=lambda: moment(house.today)) is not None
    with transaction.atomic():
        dead = claim_item(worker="dead", at=moment(house.today).at, lease=timedelta(seconds=60))
    assert dead is not None


@contextmanager
def writing(url: str) -> Iterator[list[float]]:
    """Somebody commits all the while; yields how long each commit took."""
    stop, took = Event(), []

    def write() -> None:
        opened: Any = psycopg.connect(url) if ON_POSTGRESQL else sqlite3.connect(url.removeprefix("sqlite:///"))
        with closing(opened) as mine:
            while not stop.is_set():
                began = time.monotonic()
                mine.execute(f"INSERT INTO records_counter (name, last_value) VALUES ('meanwhile {len(took)}', 1)")
                mine.commit()
                took.append(time.monotonic() - began)
                stop.wait(0.002)

    writer = Thread(target=write)
    writer.start()
    try:
        yield took
    finally:
        stop.set()
        writer.join()


@pytest.fixture(scope="module")
def world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Committed, so that other processes see it; taken away when the module's tests are done."""
    top = tmp_path_factory.mktemp("world")
    var = top / "var"
    storages = settings.STORAGES | {"default": {**settings.STORAGES["default"], "OPTIONS": {"location": var / "files"}}}
    with django_db_blocker.unblock(), override_settings(VAR_DIR=var, STORAGES=storages):
        house = open_house()
        mid_run(house)
        (top / "backups").mkdir()
        url = postgresql_url(connection.settings_dict["NAME"])
        if not ON_POSTGRESQL:
            url = f"sqlite:///{connection.settings_dict['NAME']}"
        here = environment(url=url, var=var)
        assert sign_root(roots=var / "audit-roots", at=moment(house.today).at) is not None
        connection.close()
        with writing(url) as took:
            done = weatherhead("backup", str(top / "backups"), "--json", environment=here)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        yield World(var=var, backup=Path(said["path"]), said=said, commits_meanwhile=took)
        with guards_lifted():
            call_command("flush", interactive=False, verbosity=0)


@contextmanager
def postgresql_target(var: Path) -> Iterator[Target]:
    name = f"restore_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url("postgres"), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:

            def ask(statement: str) -> list[tuple[Any, ...]]:
                with psycopg.connect(postgresql_url(name)) as found:
                    return found.execute(statement.encode()).fetchall()

            yield Target(environment=environment(url=postgresql_url(name), var=var), var=var, ask=ask)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def target(tmp_path: Path, world: World) -> Iterator[Target]:
    """An empty place."""
    var = tmp_path / "var"
    if ON_POSTGRESQL:
        with postgresql_target(var) as made:
            yield made
        return
    path = var / "books.sqlite3"

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as found:
            return list(found.execute(statement))

    yield Target(environment=environment(url=f"sqlite:///{path}", var=var), var=var, ask=ask)


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """A copy of the backup, to be damaged."""
    return Path(shutil.copytree(world.backup, tmp_path / "copy"))


def restored(target: Target, backup: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return forked("restore", str(backup), *options, environment=target.environment)


def rewrite(backup: Path, **changed: object) -> None:
    """Change what a manifest says, and seal it again."""
    found = read_manifest(backup).model_copy(update=changed)
    (backup / NAME).write_text(manifest_text(found))


def test_a_manifest_tells_what_is_kept_and_no_secret(world: World) -> None:
    found = read_manifest(world.backup)
    assert found.utility == "prairie-city"
    assert found.keys == ("test",)
    assert found.counts["billing_bill"] == 2
    assert found.attachments == 1
    assert found.attachments_missing == ()
    assert found.audit_roots == 1
    assert found.queue == {"done": 3, "leased": 1}
    assert any(name == "billing.0002_guards" for name in found.migrations)
    text = (world.backup / NAME).read_text()
    for secret in (SECRET_KEY, os.environ["WEATHERHEAD_KEYS"].partition(":")[2], "Kowalczyk", "078-05-1120"):
        assert secret not in text
    assert (world.backup.stat().st_mode & 0o777) == 0o700
    assert [path.name for path in world.backup.parent.iterdir()] == [world.backup.name]


def test_it_leaves_a_mark_for_monitoring(world: World) -> None:
    mark = json.loads((world.var / BACKUP_MARK).read_text())
    assert (mark["path"], mark["taken_at"]) == (str(world.backup), world.said["taken_at"])


def test_a_restore_in_mid_run_resumes_the_run(world: World, target: Target) -> None:
    done = weatherhead("restore", str(world.backup), environment=target.environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 work items were not done when it was taken; workers go on with them." in done.stdout
    assert "Restored. The books are right, and the audit log is whole." in done.stdout
    files = sorted(path.relative_to(target.var) for path in (target.var / "files").rglob("*") if path.is_file())
    assert len(files) == 1
    assert len(list((target.var / "audit-roots").glob("*.json"))) == 1
    assert target.ask("SELECT state, leased_by FROM records_workitem ORDER BY id") == [
        ("done", "test"),
        ("done", "test"),
        ("done", "alive"),
        ("leased", "dead"),
    ]
    before = target.ask("SELECT count(*) FROM billing_bill")

    worked = forked("worker", "--once", environment=target.environment)

    assert worked.returncode == 0, worked.stderr
    assert target.ask("SELECT state, deaths FROM records_workitem ORDER BY id") == [("done", 0)] * 3 + [("done", 1)]
    # The same run where nobody died and nothing was restored.
    with transaction.atomic():
        later = moment(datetime(2026, 11, 26, tzinfo=UTC).date())
        while work_once(worker="b", clock=lambda: later) is not None:
            pass
        with connection.cursor() as cursor:
            cursor.execute(BILLS)
            undisturbed = cursor.fetchall()
        transaction.set_rollback(True)
    assert [tuple(map(str, row)) for row in target.ask(BILLS)] == [tuple(map(str, row)) for row in undisturbed]
    assert before == [(2,)]
    assert len(undisturbed) == 3
    replace_only_when_told(world, target)


def replace_only_when_told(world: World, target: Target) -> None:
    later = target.var / "audit-roots" / "00000009.json"
    later.write_text("{}")
    refused = restored(target, world.backup)
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr
    assert later.exists()
    done = restored(target, world.backup, "--replace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert target.ask("SELECT count(*) FROM billing_bill") == [(2,)], "as it was when the backup was taken"
    assert not later.exists(), "a root that was signed later speaks of entries that are gone"
    assert not [path.name for path in target.var.iterdir() if path.name.startswith(".")]


BILLS = "SELECT number, account_id, total_cents FROM billing_bill ORDER BY number"


Damage = Callable[[Path], None]


def largest(backup: Path) -> Path:
    return max(backup.glob("database.*"), key=lambda path: path.stat().st_size)


def cut_short(backup: Path) -> None:
    with largest(backup).open("r+b") as file:
        file.truncate(1000)


def flip_a_bit(backup: Path) -> None:
    content = bytearray(largest(backup).read_bytes())
    content[len(content) // 2] ^= 1
    largest(backup).write_bytes(content)


def lose_an_attachment(backup: Path) -> None:
    next(path for path in (backup / "files").rglob("*") if path.is_file()).unlink()


def change_the_manifest(backup: Path) -> None:
    path = backup / NAME
    path.write_text(path.read_text().replace('"attachments": 1', '"attachments": 2'))


def climb_out(backup: Path) -> None:
    found = read_manifest(backup)
    out = found.files[0].model_copy(update={"path": "../../outside"})
    rewrite(backup, files=(*found.files, out))


DAMAGES: dict[str, tuple[Damage, str]] = {
    "cut short": (cut_short, "has 1,000 bytes, not"),
    "a bit flipped": (flip_a_bit, "was changed after it was written"),
    "an attachment lost": (lose_an_attachment, "is missing"),
    "the manifest lost": (lambda backup: (backup / NAME).unlink(), "it holds no manifest.json"),
    "the manifest cut short": (lambda backup: (backup / NAME).write_text('{"said": {'), "cannot be read"),
    "another's manifest": (
        lambda backup: (backup / NAME).write_text('{"name": "a web app"}'),
        "not one of Weatherhead's",
    ),
    "the manifest changed": (change_the_manifest, "manifest.json was changed after it was written"),
    "another format": (lambda backup: rewrite(backup, format=2), "it is of format 2, and this version reads 1"),
    "a path that climbs out": (climb_out, "says something impossible at files"),
    "another utility": (
        lambda backup: rewrite(backup, utility="elm-creek"),
        "is of elm-creek and this installation is",
    ),
    "a newer version": (
        lambda backup: rewrite(backup, migrations=("billing.0001_initial", "billing.0999_later"), weatherhead="9.9"),
        "a newer Weatherhead (9.9): this one does not know billing.0999_later",
    ),
    "a key that is elsewhere": (lambda backup: rewrite(backup, keys=("k2019", "test")), "needs the keys k2019"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.values(), ids=DAMAGES)
def test_a_wrong_backup_is_refused(damage: Damage, said: str, copy: Path) -> None:
    damage(copy)
    with pytest.raises(Refusal, match=re.escape(said)):
        require_fitting(look_at_backup(copy, tell=silent))


def test_a_wrong_backup_touches_nothing(world: World, copy: Path, target: Target) -> None:
    looked = restored(target, world.backup, "--check")
    assert "is whole and fits this installation. Nothing was changed." in looked.stdout
    flip_a_bit(copy)
    done = restored(target, copy, "--replace")
    assert (done.returncode, done.stdout) == (2, "")
    assert "was changed after it was written. Nothing was changed." in done.stderr
    assert not target.var.exists()


def test_a_backup_of_the_other_database(copy: Path) -> None:
    other = "sqlite" if ON_POSTGRESQL else "postgresql"
    found = read_manifest(copy)
    named = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}[other]
    files = tuple(
        file.model_copy(update={"path": named}) if file.path.startswith("database.") else file for file in found.files
    )
    largest(copy).rename(copy / named)
    rewrite(copy, database=other, files=files)
    with pytest.raises(OtherDatabase, match=f"is of {other} and DATABASE_URL names"):
        require_fitting(look_at_backup(copy, tell=silent))


def test_counts_that_differ_are_told_at_once(copy: Path, target: Target) -> None:
    rewrite(copy, counts=read_manifest(copy).counts | {"billing_bill": 7})
    done = restored(target, copy)
    assert done.returncode == 2
    assert "billing_bill has 2 rows and the manifest says 7" in done.stderr


@pytest.mark.sqlite
def test_wrong_books_are_restored_and_said_to_be_wrong(copy: Path, target: Target) -> None:
    with closing(sqlite3.connect(copy / "database.sqlite3")) as books:
        books.execute("UPDATE ledger_runningbalance SET balance_cents = balance_cents + 1")
        books.commit()
    found = read_manifest(copy)
    files = tuple(kept(copy / file.path, below=copy) for file in found.files)
    rewrite(copy, files=files)
    done = restored(target, copy)
    assert done.returncode == 1
    assert "NOT right" in done.stdout
    assert "WRONG" in done.stdout


@pytest.mark.sqlite
def test_a_database_in_use_is_not_pulled_away(tmp_path: Path) -> None:
    path = tmp_path / "books.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("CREATE TABLE kept (id)")
        server.execute("BEGIN")
        server.execute("SELECT count(*) FROM kept").fetchone()
        with pytest.raises(InUse, match="Stop the server and every worker"):
            require_unused(path)
        server.execute("COMMIT")
    require_unused(path)
    assert not path.with_name("books.sqlite3-wal").exists()


@pytest.mark.postgres
def test_a_role_gets_its_rights_and_a_failed_restore_changes_nothing(world: World, target: Target) -> None:
    role = f"restored_{secrets.token_hex(4)}"
    with psycopg.connect(postgresql_url("postgres"), autocommit=True) as server:
        server.execute(f"CREATE ROLE {role}")
        try:
            done = restored(target, world.backup, "--role", role)
            assert done.returncode == 0, done.stderr
            rows = target.ask(
                f"SELECT has_table_privilege('{role}', 'billing_bill', 'INSERT'),"
                f" has_table_privilege('{role}', 'billing_bill', 'UPDATE')"
            )
            assert rows == [(True, False)]
            with psycopg.connect(target.environment["DATABASE_URL"]) as worker:
                worker.execute("SELECT * FROM billing_bill")  # in the middle of something
                refused = restored(target, world.backup, "--replace")
            assert refused.returncode == 2
            assert "is in use" in refused.stderr
            assert target.ask("SELECT count(*) FROM billing_bill") == [(2,)]
        finally:
            with psycopg.connect(target.environment["DATABASE_URL"], autocommit=True) as there:
                there.execute(f"DROP OWNED BY {role}")
            server.execute(f"DROP ROLE {role}")


@pytest.mark.sqlite
def test_an_older_backup_is_migrated(copy: Path, target: Target) -> None:
    """As if the last migration that only guards had come later."""
    with closing(sqlite3.connect(copy / "database.sqlite3")) as books:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'agreements_%'"
        for (name,) in books.execute(triggers).fetchall():
            books.execute(f"DROP TRIGGER {name}")
        books.execute("DELETE FROM django_migrations WHERE app = 'agreements' AND name = '0002_guards'")
        books.commit()
    found = read_manifest(copy)
    files = tuple(kept(copy / file.path, below=copy) for file in found.files)
    rewrite(copy, files=files, migrations=tuple(name for name in found.migrations if name != "agreements.0002_guards"))
    done = restored(target, copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Migrated: agreements.0002_guards." in done.stdout
    assert target.ask(
        "SELECT count(*) FROM sqlite_master WHERE name LIKE 'agreements_agreementcorrection_refuse_%'"
    ) == [(3,)]


def test_nobody_waits_for_a_backup(world: World) -> None:
    """And what commits meanwhile is in or out: the counts of a restored database are the manifest's."""
    assert len(world.commits_meanwhile) > 20
    assert max(world.commits_meanwhile) < 1.0
    assert read_manifest(world.backup).counts["records_counter"] > 3


def test_only_the_newest_are_kept(world: World, tmp_path: Path) -> None:
    for hour in range(4):
        name = backup_name(AT + timedelta(hours=hour))
        shutil.copytree(world.backup, tmp_path / name)
    (tmp_path / "prairie-city-notes").mkdir()
    (tmp_path / backup_name(AT + timedelta(hours=1)) / NAME).write_text("damaged")
    removed = remove_older(tmp_path, keep=2)
    assert [path.name for path in removed] == [backup_name(AT)]
    assert (tmp_path / "prairie-city-notes").is_dir()
    assert remove_older(tmp_path, keep=0) == ()


def test_a_destination_that_is_none(world: World, tmp_path: Path) -> None:
    with pytest.raises(NoDirectory, match="is not a directory"):
        take_backup(tmp_path / "missing", at=AT, tell=silent)


@contextmanager
def small_disk(path: Path, *, size_bytes: int) -> Iterator[Path]:
    """A disk of a few pages, in memory."""
    path.mkdir()
    pages = max(1, size_bytes // 4096)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={pages * 4}k", "none", path], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_full_disk_at_20_points(world: World, tmp_path: Path) -> None:
    whole = read_manifest(world.backup).size_bytes
    for point in range(20):
        with small_disk(tmp_path / str(point), size_bytes=whole * point // 20) as disk:
            with pytest.raises(DiskFull, match="is full"):
                take_backup(disk, at=AT, tell=silent)
            assert list(disk.iterdir()) == [], f"something half-written was left at point {point}"
    with small_disk(tmp_path / "large", size_bytes=whole * 3) as disk:
        path, _ = take_backup(disk, at=AT, tell=silent)
        assert read_manifest(path).size_bytes > 0


@pytest.mark.sqlite
@pytest.mark.parametrize("files_fit", [False, True])
def test_a_full_disk_while_restoring(files_fit: bool, world: World, tmp_path: Path) -> None:
    """Too small for all of it, which is seen at once; or for the database alone, which is seen on the way."""
    whole = read_manifest(world.backup).size_bytes
    with small_disk(tmp_path / "disk", size_bytes=whole // 2) as disk:
        var = (tmp_path if files_fit else disk) / "var"
        (disk / "books.sqlite3").write_bytes(b"")
        there = environment(url=f"sqlite:///{disk / 'books.sqlite3'}", var=var)
        done = forked("restore", str(world.backup), environment=there)
        assert done.returncode == 2
        assert f"{disk if files_fit else var} is full" in done.stderr
        assert "Traceback" not in done.stderr
        assert {path.name: path.stat().st_size for path in disk.glob("*.sqlite3")} == {"books.sqlite3": 0}
        assert not list(var.glob(".*"))


@pytest.mark.postgres
def test_no_program_of_the_servers_version(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolMissing, match=r"pg_dump 99 or newer is needed, as the server is 99\.1, and .* is \d+"):
        find_tool("pg_dump", server="99.1")
    monkeypatch.setattr(tools, "_candidates", lambda name: iter(()))
    with pytest.raises(ToolMissing, match="there is none here"):
        find_tool("pg_dump", server="15.4 (Debian 15.4-1)")

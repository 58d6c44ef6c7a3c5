"""A wrong setting never starts half a system: not the server, not a worker, not a command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from tests.house import Home, House
from tests.operation.installation import KEYS, ROOT, forked, right, weatherhead
from weatherhead.areas.ledger.roles import restricted_role_statements
from weatherhead.areas.records.environment import Fault
from weatherhead.areas.records.queries import installation
from weatherhead.config import gunicorn
from weatherhead.door.context import Moment
from weatherhead.interfaces.operation.clock import present
from weatherhead.overviews.installation import database_faults, readiness, serving_faults

ROLE = f"weatherhead_start_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


def faults(moment: Moment | None = None) -> list[Fault]:
    return [fault for fault in serving_faults(moment=moment or present(), with_static_files=False) if fault.grave]


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


@pytest.fixture
def as_application(house: House, home: Home) -> Iterator[None]:
    """On PostgreSQL, the rights of the application's role from here on."""
    if connection.vendor == "postgresql":
        run(f"CREATE ROLE {ROLE}")
        for statement in restricted_role_statements(ROLE):
            run(statement)
        run(f"SET LOCAL ROLE {ROLE}")
    yield
    if connection.vendor == "postgresql":
        run("RESET ROLE")


def test_a_right_installation_has_no_fault(as_application: None) -> None:
    assert faults() == []
    assert readiness(moment=present()).ready


def test_migrations_that_are_not_applied(house: House) -> None:
    run("DELETE FROM django_migrations WHERE app = 'billing' AND name = '0002_guards'")
    [fault] = database_faults()
    assert (fault.setting, fault.grave) == ("migrations", True)
    assert "1 migration not applied: billing.0002_guards" in fault.problem
    assert "weatherhead database migrate" in fault.example
    found = readiness(moment=present())
    assert not found.ready
    assert [check.name for check in found.checks if not check.ok] == ["migrations"]


def test_a_database_of_a_newer_version(house: House) -> None:
    run("INSERT INTO django_migrations (app, name, applied) VALUES ('billing', '0999_later', %s)", present().at)
    [fault] = database_faults()
    assert "migrated by a newer Weatherhead: billing.0999_later" in fault.problem


def test_a_server_that_is_too_old(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "POSTGRESQL_MAJOR_MIN", 99)
    monkeypatch.setattr(installation, "SQLITE_VERSION_MIN", (99, 0))
    [fault] = database_faults()
    assert fault.setting == "DATABASE_URL"
    assert "or newer is needed" in fault.problem
    assert "99" in fault.problem


@pytest.mark.postgres
def test_a_superuser(house: House) -> None:
    [fault] = faults()
    assert "is a superuser: no guard of the books binds it" in fault.problem


@pytest.mark.postgres
def test_a_developer_is_told_of_a_superuser_and_may_go_on(house: House, settings: Settings) -> None:
    settings.DEBUG = True
    assert faults() == []
    assert any("superuser" in fault.problem for fault in serving_faults(moment=present(), with_static_files=False))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (("ALTER TABLE billing_bill OWNER TO {role}",), "owns billing_bill"),
        (("ALTER ROLE {role} CREATEROLE",), "may make roles"),
        (("GRANT UPDATE ON records_auditentry TO {role}",), "may change records_auditentry"),
        (("GRANT DELETE ON billing_bill TO {role}",), "may change billing_bill"),
        (("REVOKE INSERT ON payments_payment FROM {role}",), "may not read and write payments_payment"),
    ],
)
def test_a_role_with_the_wrong_rights(statements: tuple[str, ...], said: str, as_application: None) -> None:
    run("RESET ROLE")
    run("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in statements:
        run(statement.format(role=ROLE))
    run(f"SET LOCAL ROLE {ROLE}")
    assert any(said in fault.problem for fault in faults())
    run("RESET ROLE")


def test_a_clock_before_what_is_remembered(as_application: None, house: House) -> None:
    before = Moment(at=datetime(2025, 1, 1, tzinfo=UTC), as_of=date(2025, 1, 1))
    found = faults(before)
    assert any("before the newest entry of the audit log" in fault.problem for fault in found)
    assert {fault.setting for fault in found} == {"clock"}


@pytest.mark.postgres
def test_two_clocks_apart(as_application: None) -> None:
    ahead = Moment(at=present().at + timedelta(minutes=3), as_of=date(2026, 11, 26))
    [fault] = faults(ahead)
    assert fault.problem.startswith("this machine and the database's are 1")
    assert [check.name for check in readiness(moment=ahead).checks if not check.ok] == ["clock"]


def test_a_key_that_the_ring_lost(as_application: None, house: House, settings: Settings) -> None:
    house.do("create_customer", kind="person", name="Ann Ito", identifier_kind="ssn", identifier="078-05-1120")
    settings.KEY_RING = KEYS
    [fault] = faults()
    assert fault.setting == "WEATHERHEAD_KEYS"
    assert "sealed with test, which the ring does not hold" in fault.problem


def test_a_full_disk(as_application: None, settings: Settings) -> None:
    settings.DISK_FREE_MIN_MB = 10**12
    assert {fault.setting for fault in faults()} == {"disk"}
    assert [check.name for check in readiness(moment=present()).checks if not check.ok] == ["disk"]


def test_a_broken_rule(as_application: None, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "fees.yaml").write_text("fees: many\n")
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    found = faults()
    assert found
    assert all(str(tmp_path) in fault.problem for fault in found)


def test_pages_without_style_sheets(as_application: None, settings: Settings, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "…CompressedManifestStaticFilesStorage"}}
    settings.STATIC_ROOT = tmp_path
    [fault] = [fault for fault in serving_faults(moment=present(), with_static_files=True) if fault.grave]
    assert fault.example == "weatherhead static"


def test_nobody_employed_is_told_and_stops_nothing(as_application: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weatherhead.overviews.installation.anyone_employed", lambda: False)
    found = serving_faults(moment=present(), with_static_files=False)
    assert [fault.grave for fault in found if fault.setting == "employees"] == [False]


def test_a_command_refuses_with_every_fault(tmp_path: Path) -> None:
    done = weatherhead("ledger", "check", environment=right(tmp_path, WEATHERHEAD_KEYS="", WEATHERHEAD_HTTPS="on"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "1. WEATHERHEAD_KEYS: is not set" in done.stderr
    assert "2. WEATHERHEAD_HTTPS: is 'on'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("unblocked")
def test_a_worker_without_its_database_leaves_none_behind(tmp_path: Path) -> None:
    done = forked("worker", environment=right(tmp_path))
    assert done.returncode == 2
    assert "there is no file" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unblocked")
def test_a_database_out_of_reach(tmp_path: Path) -> None:
    environ = right(tmp_path, DATABASE_URL="postgresql://books:hunter2@127.0.0.1:9/books?connect_timeout=2")
    done = forked("worker", environment=environ)
    assert done.returncode == 2
    assert "DATABASE_URL: the database does not answer" in done.stderr
    assert "hunter2" not in done.stderr


def test_the_server_refuses_with_2_and_binds_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:weatherhead.config.gunicorn", "weatherhead.config.wsgi"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "WEB_BIND": "127.0.0.1:0", **right(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "holds no style sheets and scripts" in done.stderr
    assert "there is no file" in done.stderr
    assert "Listening" not in done.stderr


@pytest.mark.parametrize("value", ["0", "00", "-1", "two", "1000", "٣"])
@pytest.mark.parametrize("name", ["WEB_WORKERS", "WEB_THREADS"])
def test_a_server_has_at_least_one_process_to_answer(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With none, gunicorn listens, and whoever asks waits for ever."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        gunicorn._number(name, 4)
    assert ended.value.code == 2
    monkeypatch.setenv(name, "3")
    assert gunicorn._number(name, 4) == 3


@pytest.mark.parametrize("value", ["8000", "nonsense:port", "127.0.0.1:99999", "unix:web", "a b:80", "http://x:80"])
def test_a_server_without_a_place_to_listen(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_BIND", value)
    with pytest.raises(SystemExit) as ended:
        gunicorn._place()
    assert ended.value.code == 2
    for right_one in ("127.0.0.1:0", "[::1]:8000", "billing.example.org:8000", "unix:/run/weatherhead/web"):
        monkeypatch.setenv("WEB_BIND", right_one)
        assert gunicorn._place() == right_one


def test_check_says_it_as_a_table_and_as_json(tmp_path: Path) -> None:
    wrong = right(tmp_path, WEATHERHEAD_SECRET_KEY="short", WEATHERHEAD_HOST="x")
    shown = forked("check", environment=wrong)
    assert shown.returncode == 2
    assert "stops" in shown.stdout
    assert "Did you mean WEATHERHEAD_HOSTS?" in shown.stdout
    assert "1 of these keeps Weatherhead from starting." in shown.stdout
    told = json.loads(forked("check", "--json", environment=wrong).stdout)
    assert (told["ok"], told["complete"]) == (False, False)
    assert [fault["setting"] for fault in told["faults"]] == ["WEATHERHEAD_SECRET_KEY", "WEATHERHEAD_HOST"]


@pytest.mark.usefixtures("unblocked")
def test_a_new_installation_comes_right_step_by_step(tmp_path: Path) -> None:
    environ = right(tmp_path)
    assert forked("database", "migrate", environment=environ).returncode == 0
    assert forked("static", environment=environ).returncode == 0
    told = json.loads(weatherhead("check", "--json", environment=environ).stdout)
    assert (told["ok"], [fault["setting"] for fault in told["faults"]]) == (True, ["employees"])
    assert forked("worker", "--once", environment=environ).returncode == 0
    with serving(environ, socket_path=tmp_path / "web") as ask:
        for _ in range(20):
            assert ask("/health/live") == "alive\n"
        text = ask("/metrics")
    assert 'weatherhead_requests_total{method="GET",status="200",view="operation:live"} 20.0' in text
    assert "weatherhead_up 1.0" in text


@contextmanager
def serving(environ: Mapping[str, str], *, socket_path: Path) -> Iterator[Callable[[str], str]]:
    """The server as its unit starts it, with two processes, on a UNIX socket; yields how to ask it."""
    place = {"WEB_BIND": f"unix:{socket_path}", "WEB_WORKERS": "2", "PYTHONPATH": str(ROOT / "src")}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "python:weatherhead.config.gunicorn", "weatherhead.config.wsgi"],
        env={"PATH": os.environ["PATH"], **place, **environ},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def ask(path: str) -> str:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(30)
            line.connect(str(socket_path))
            line.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b" 200 " in head.splitlines()[0], head
        return body.decode()

    try:
        until = time.monotonic() + 60
        while not socket_path.exists():
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not listen"
            time.sleep(0.1)
        maps = Path(f"/proc/{server.pid}/maps")
        if maps.exists():
            # What the master has loaded, the workers of a reload have from it: it must not have our code.
            assert "/numpy/" not in maps.read_text()
        yield ask
    finally:
        server.terminate()
        server.wait(30)


def test_a_key_is_made_before_there_is_one() -> None:
    made = forked("secrets", "new-key", environment={})
    assert made.returncode == 0
    assert len(made.stdout.strip().partition(":")[2]) == 44

"""The demo town: built through the door, the same every time, its books and its audit log right."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from weatherhead.core.values import BusinessDays
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.dials import Dial
from weatherhead.interfaces.cli.demo_town.home import Home, NotOurDatabase, read_settings, town_fingerprint
from weatherhead.interfaces.cli.demo_town.loads import Shape, Weather, daily_kwh
from weatherhead.interfaces.cli.demo_town.members import MeterPlan
from weatherhead.interfaces.cli.demo_town.people import STAFF
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE, TODAY, reading_days
from weatherhead.interfaces.cli.demo_town.roll import SEED, TownSize, town_roll
from weatherhead.interfaces.cli.demo_town.serve import ChildDied, PortTaken, require_port, serve

ROOT = Path(__file__).resolve().parents[2]
NEBRASKA = BusinessDays(subdivision="NE")


@pytest.fixture(scope="module")
def weather() -> Weather:
    return Weather(ROOT / "examples" / "prairie-city" / "load")


@pytest.fixture
def books(demo_database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{demo_database}?mode=ro", uri=True)) as connection:
        yield connection


def weatherhead(*arguments: str, database: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEATHERHEAD_")}
    environment |= read_settings(database.with_name(f"{database.name}.env")) | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [sys.executable, "-m", "weatherhead.interfaces.cli.main", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


# The plan of the town


@pytest.mark.parametrize("cycle", sorted(DAY_OF_CYCLE))
def test_meters_are_read_on_business_days_and_bills_are_within_their_bounds(cycle: int) -> None:
    days = reading_days(cycle, months=13, clock=NEBRASKA)
    assert len(days) == 14
    assert all(NEBRASKA.is_open(on) for on in days)
    assert all(26 <= (end - start).days <= 35 for start, end in pairwise(days))
    assert days[-1] < TODAY <= days[-1] + timedelta(days=35)


def test_the_roll_has_two_hundred_services_of_four_schedules(weather: Weather) -> None:
    roll = town_roll(TownSize(), weather=weather, clock=NEBRASKA)
    services = [service for member in roll for service in member.services]
    assert Counter(service.schedule for service in services) == {"R-1": 170, "GS-1": 20, "GS-2": 5, "AL-1": 5}
    serials = [service.meter.serial for service in services if service.meter]
    assert len(set(serials)) == len(serials) == 195
    assert all(service.meter.multiplier == 40 for service in services if service.meter and service.meter.has_demand)
    assert len({member.ref for member in roll}) == len(roll)
    levels = Counter(service.options.get("facilities_level") for service in services if service.schedule == "R-1")
    assert set(levels) == {"1", "2", "3"}


def test_the_roll_is_the_same_every_time(weather: Weather) -> None:
    first = town_roll(TownSize(services=60), weather=weather, clock=NEBRASKA)
    assert first == town_roll(TownSize(services=60), weather=weather, clock=NEBRASKA)


def test_a_draw_depends_on_what_it_is_for_and_on_nothing_else() -> None:
    chance = Chance(SEED)
    alone = chance.unit("scale", 17)
    assert [chance.whole(1, 6, "die", number) for number in range(200)].count(7) == 0
    assert chance.unit("scale", 17) == alone
    assert {chance.whole(1, 6, "die", number) for number in range(200)} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(("services", "months"), [(12, 13), (13, 3), (200, 25)])
def test_a_town_has_bounds(services: int, months: int) -> None:
    with pytest.raises(ValueError, match="at least 13 services and 4 to 24 months"):
        TownSize(services=services, months=months)


def test_loads_keep_weekdays_and_seasons_and_add_up(weather: Weather) -> None:
    # The source's first week of July 2017 and of October 2016, moved by 470 weeks.
    assert weather.degrees(date(2026, 7, 20)) > 65 > weather.degrees(date(2026, 1, 20))
    daily = daily_kwh(Shape(home=1.0), weather=weather, chance=Chance("x"), name="m")
    meter = MeterPlan(serial="m", first_reading=0)
    use = Dial(meter, hung_on=date(2025, 11, 1), daily=daily, highest_kw=daily / 24 / 0.45)
    year = use.kwh(date(2026, 11, 1))
    assert 7_000 < year < 12_000
    months = [date(2025, 11, 1), date(2026, 1, 1), date(2026, 6, 1), date(2026, 11, 1)]
    parts = [use.kwh(end) - use.kwh(start) for start, end in pairwise(months)]
    assert abs(sum(parts) - year) < 1e-6
    assert use.highest_kw(date(2026, 1, 1), date(2026, 2, 1)) * 24 * 31 > use.kwh(date(2026, 2, 1)) - use.kwh(
        date(2026, 1, 1)
    )


# The town as built


def test_the_books_of_the_town_are_right(demo_database: Path) -> None:
    done = weatherhead("ledger", "check", "--json", database=demo_database)
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert report["ok"] is True
    assert all(check["found"] == 0 for check in report["checks"])
    assert sum(check["counted"] for check in report["checks"]) > 300


def test_the_audit_log_of_the_town_is_whole(demo_database: Path) -> None:
    done = weatherhead("audit", "verify", "--json", database=demo_database)
    report = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert report["findings"] == []
    assert report["entries"] > 200


def test_everything_was_done_by_someone_through_the_door(books: sqlite3.Connection) -> None:
    receipts = books.execute("SELECT count(*), count(DISTINCT action) FROM records_receipt").fetchone()
    assert receipts[0] > 180
    actions = {name for (name,) in books.execute("SELECT DISTINCT action FROM records_receipt")}
    assert actions >= {
        "create_customer", "create_account", "add_premise", "add_service_point", "add_meter", "start_service",
        "import_reads", "enter_read", "correct_read",
        "release_read", "start_bill_run", "try_bill_shard", "release_bill_run", "issue_bill_shard", "take_payment",
        "post_payment_batch", "return_payment", "assess_fee",
        "assess_late_charges",
        "waive_fee", "cancel_and_rebill", "approve_request", "decline_request", "link_employee", "add_employee",
    }  # fmt: skip
    orphans = books.execute(
        "SELECT count(*) FROM ledger_journalentry WHERE receipt_id NOT IN (SELECT id FROM records_receipt)"
    )
    assert orphans.fetchone() == (0,)


def test_nothing_happened_today_or_at_night(books: sqlite3.Connection) -> None:
    days = [date.fromisoformat(on) for (on,) in books.execute("SELECT DISTINCT as_of FROM records_receipt")]
    assert max(days) < TODAY
    assert all(NEBRASKA.is_open(on) for on in days)


def test_stories_have_come_out(books: sqlite3.Connection) -> None:
    asked = books.execute("SELECT state, action, count(*) FROM records_approvalrequest GROUP BY state, action")
    assert {(state, action): count for state, action, count in asked} == {
        ("waiting", "waive_fee"): 4,  # over $50, two households, the second $30
        ("waiting", "cancel_and_rebill"): 1,
        ("approved", "close_period"): 2,
        ("approved", "post_unbilled"): 2,
        ("approved", "waive_fee"): 1,
        ("approved", "request_refund"): 1,
        ("declined", "waive_fee"): 1,
    }
    held = books.execute("SELECT kind FROM billing_billexception WHERE state = 'held'").fetchall()
    assert held == [("usage",)]
    reads = books.execute("SELECT exception FROM metering_read WHERE state = 'held'").fetchall()
    assert reads == [("zero",)]
    refused = books.execute("SELECT action, subject FROM records_auditentry WHERE kind = 'refused'").fetchall()
    assert ("waive_fee", "NotPermitted") in refused
    corrected = books.execute("SELECT count(*) FROM billing_bill WHERE kind = 'corrected'").fetchone()
    assert corrected == (2,)  # a misread meter, a read that came late
    assert books.execute("SELECT count(*) FROM payments_payment WHERE reversed_on IS NOT NULL").fetchone() == (1,)


def test_every_cycle_is_walked_by_routes_and_readers_have_left_notes(books: sqlite3.Connection) -> None:
    stops = "metering_routestop s JOIN metering_readingroute r ON r.id = s.route_id"
    walked = books.execute(f"SELECT r.cycle, COUNT(*) FROM {stops} GROUP BY r.cycle").fetchall()
    hanging = books.execute("SELECT COUNT(*) FROM metering_meterinstallation WHERE removed_on IS NULL").fetchone()[0]
    assert [cycle for cycle, _ in walked] == [3, 8, 14, 19]
    assert sum(count for _, count in walked) == hanging
    assert books.execute("SELECT COUNT(*) FROM metering_routestop WHERE note <> ''").fetchone()[0] >= 2


def test_ruth_is_behind_and_a_customer_may_have_two_accounts(books: sqlite3.Connection) -> None:
    balance = books.execute(
        "SELECT balance_cents FROM ledger_runningbalance b JOIN customers_account a ON a.id = b.account_id "
        "JOIN customers_customer c ON c.id = a.customer_id WHERE c.name = 'Ruth A. Kowalczyk' "
        "AND b.ledger_account = 'receivable'"
    ).fetchone()
    assert balance[0] > 200_00
    several = books.execute("SELECT customer_id FROM customers_account GROUP BY customer_id HAVING count(*) > 1")
    assert len(several.fetchall()) == 1


# What opens it


def test_the_settings_are_their_owners_alone(demo_database: Path) -> None:
    settings = demo_database.with_name(f"{demo_database.name}.env")
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert read_settings(settings)["WEATHERHEAD_TODAY"] == "2026-11-19"


def test_keys_outlive_a_rebuild_and_an_interrupted_build_is_never_taken_for_whole(tmp_path: Path) -> None:
    home = Home(directory=tmp_path / "town", database=tmp_path / "town" / "town.sqlite3", settings=tmp_path / "d.env")
    keys = home.environment()["WEATHERHEAD_KEYS"]
    built = home.beside()
    built.database.write_bytes(b"half")
    assert home.fingerprint == ""
    assert not home.directory.exists()
    built = home.beside()  # begins again; nothing of the half is left
    assert not built.database.exists()
    built.database.write_bytes(b"whole")
    home.replace_by(built, fingerprint="abc")
    assert home.fingerprint == "abc"
    assert home.database.read_bytes() == b"whole"
    assert home.environment()["WEATHERHEAD_KEYS"] == keys
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.env", "town"]


def test_a_database_of_someone_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "precious.sqlite3"
    path.write_bytes(b"precious")
    home = Home(directory=tmp_path / "precious.files", database=path, settings=tmp_path / "precious.env")
    with pytest.raises(NotOurDatabase, match="Move it away"):
        home.beside()
    assert path.read_bytes() == b"precious"


def test_the_fingerprint_changes_with_the_size() -> None:
    assert town_fingerprint(services=200, months=13) == town_fingerprint(services=200, months=13)
    assert town_fingerprint(services=200, months=13) != town_fingerprint(services=200, months=12)


# Serving it


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield int(taken.getsockname()[1])


def test_a_port_in_use_is_said_before_anything_is_built() -> None:
    with listening() as port, pytest.raises(PortTaken, match=f"Port {port} .* is in use"):
        require_port(port)


def test_a_child_that_dies_is_shown_with_its_last_words(tmp_path: Path) -> None:
    broken = {
        "WEATHERHEAD_UTILITY": str(tmp_path / "missing.yaml"),
        "WEATHERHEAD_SECRET_KEY": "for tests only: guards nothing at all",
    }
    broken["DJANGO_SETTINGS_MODULE"] = "weatherhead.config.settings"
    environment = broken | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    with pytest.raises(ChildDied, match=r"missing\.yaml"):
        serve(environment=environment, port=free_port(), logs=tmp_path, ready=lambda: None)


# Everything but password salts, sealed values, and what is signed or chained over them.
SAME_EVERY_TIME = (
    "SELECT * FROM ledger_ledgerposting ORDER BY entry_id, sequence",
    "SELECT * FROM ledger_journalentry ORDER BY id",
    "SELECT id, number, account_id, total_cents, payload FROM billing_bill ORDER BY id",
    "SELECT id, action, outcome, actor, at, as_of, body FROM records_receipt ORDER BY id",
    "SELECT key, receipt_id FROM records_idempotencykey ORDER BY key",
    "SELECT id, meter_id, read_on, dial_reading, state FROM metering_read ORDER BY id",
    "SELECT id, name, search_text, created_on FROM customers_customer ORDER BY id",
)


def require_same_town(first_path: Path, second_path: Path) -> None:
    with closing(sqlite3.connect(first_path)) as first, closing(sqlite3.connect(second_path)) as second:
        for query in SAME_EVERY_TIME:
            rows = first.execute(query).fetchall()
            assert rows, query
            assert rows == second.execute(query).fetchall(), query


@pytest.mark.slow
def test_the_demo_is_built_the_same_again_served_and_stopped(demo_database: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEATHERHEAD_")}
    environment |= {"WEATHERHEAD_VAR": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "weatherhead.interfaces.cli.main", "demo", "--services", "13", "--months", "4"]
    said = tmp_path / "said.txt"
    with said.open("wb") as file:
        demo = subprocess.Popen([*command, "--port", str(port)], env=environment, stdout=file, stderr=file)
    try:
        page = _page(f"http://127.0.0.1:{port}/", within_seconds=120, demo=demo)
        # The server may answer a moment before its command says where.
        until = time.monotonic() + 30
        while f"http://127.0.0.1:{port}/" not in said.read_text() and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        demo.send_signal(signal.SIGTERM)
        code = demo.wait(timeout=30)
    text = said.read_text()
    assert code == 0, text
    assert "prairie-city-demo" in page
    assert all(person.username in page for person in STAFF)
    assert f"http://127.0.0.1:{port}/" in text
    with socket.socket() as trial:
        assert trial.connect_ex(("127.0.0.1", port)) != 0, "the server still runs"
    require_same_town(demo_database, tmp_path / "demo" / "town" / "town.sqlite3")


def _page(url: str, *, within_seconds: float, demo: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + within_seconds
    while time.monotonic() < until and demo.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                return str(answer.read().decode())
        except OSError:  # not yet
            time.sleep(0.3)
    return ""

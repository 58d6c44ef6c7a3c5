"""Alive, ready, figures: for machines of ours only, without a person in them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from tests.house import Home, House
from weatherhead.areas.records.backup.take import BACKUP_MARK
from weatherhead.areas.records.models import WorkItem
from weatherhead.interfaces.operation.clock import present

pytestmark = pytest.mark.django_db


def figures(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    """The exposition, read by Prometheus's own parser."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


def test_live_touches_no_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr(connection, "cursor", down)
    answer = client.get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_ready_says_every_check(client: Client, house: House) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    checks = {check["name"]: check["ok"] for check in answer.json()["checks"]}
    assert {"disk", "database", "migrations", "queue", "put_off"} <= checks.keys()
    assert all(checks.values())
    assert ("clock" in checks) is (connection.vendor == "postgresql")
    assert answer["Cache-Control"].startswith("max-age=0")


def test_a_database_that_is_down_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise OperationalError("connection to server at 10.0.0.5 refused for user books")

    monkeypatch.setattr(connection, "cursor", down)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert {"name": "database", "ok": False, "said": "does not answer", "figure": None} in answer.json()["checks"]
    assert b"books" not in answer.content
    monkeypatch.undo()


def test_figures_without_a_database_say_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(**_: Any) -> None:
        raise OperationalError("down")

    monkeypatch.setattr("weatherhead.overviews.installation.queue_figures", down)
    found = figures(client)
    assert found["weatherhead_up", ()] == 0
    assert ("weatherhead_bills", ()) not in found


def test_a_late_queue_is_told_and_turns_nobody_away(client: Client, house: House, home: Home) -> None:
    WorkItem.objects.create(
        kind="probe", payload={}, available_at=present().at - timedelta(hours=1), created_at=present().at
    )
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    [queue] = [check for check in answer.json()["checks"] if check["name"] == "queue"]
    assert (queue["ok"], queue["figure"] >= 3600) == (False, True)


def test_what_the_database_stops_is_told_and_turns_nobody_away(client: Client, house: House) -> None:
    later = present().at + timedelta(minutes=5)
    WorkItem.objects.create(kind="probe", payload={}, available_at=later, created_at=present().at, interruptions=9)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    [put_off] = [check for check in answer.json()["checks"] if check["name"] == "put_off"]
    assert (put_off["ok"], put_off["figure"]) == (False, 1)
    assert figures(client)["weatherhead_queue_put_off", ("probe",)] == 1


def test_figures_count_what_happens(
    client: Client, house: House, home: Home, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    asked = ("weatherhead_requests_total", ("none", "GET", "404"))
    before = figures(client)
    assert ("weatherhead_last_backup_age_seconds", ()) not in before
    client.get("/no/such/page/Kowalczyk")
    house.do("start_bill_run", by="okafor", cycle=14, through_on=house.today)
    WorkItem.objects.create(
        kind="probe", payload={}, state="failed", available_at=present().at, created_at=present().at
    )
    house.do("hold_billing", by="okafor", agreement_id=home.agreement_id, reason="Meter to be tested")
    taken = (present().at - timedelta(hours=2)).isoformat()
    (tmp_path / BACKUP_MARK).write_text(json.dumps({"taken_at": taken}))
    found = figures(client)
    by_labels = {key: value for key, value in found.items() if key[0].startswith("weatherhead_requests")}
    assert sum(value for key, value in by_labels.items() if set(key[1]) == set(asked[1])) >= 1
    assert found["weatherhead_bills", ()] == 1
    assert found["weatherhead_exceptions_held", ()] == 1
    assert found["weatherhead_work_items_failed", ()] == 1
    assert found["weatherhead_queue_items", ("bill_run_shard", "ready")] == 1
    assert found["weatherhead_queue_oldest_seconds", ("bill_run_shard",)] > 3600
    assert 7_000 < found["weatherhead_last_backup_age_seconds", ()] < 7_500
    assert found["weatherhead_up", ()] == 1
    text = client.get("/metrics").content.decode()
    assert "Kowalczyk" not in text
    assert "77402918" not in text


@pytest.mark.parametrize("path", ["/health/ready", "/metrics"])
def test_for_strangers_it_does_not_exist(path: str, settings: Settings, db: None) -> None:
    assert Client(REMOTE_ADDR="203.0.113.9").get(path).status_code == 404
    # A proxy on this machine speaks for somebody else.
    assert Client().get(path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404
    settings.METRICS_TOKEN = "correct-horse-battery-staple"
    assert Client().get(path).status_code == 404
    assert Client().get(path, headers={"authorization": "Bearer wrong"}).status_code == 404
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    token = {"authorization": "Bearer correct-horse-battery-staple"}
    assert stranger.get(path, headers=token).status_code == 200
    assert stranger.post(path, headers=token).status_code == 405


def test_probes_pass_the_redirect_to_https(settings: Settings, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/health/live").status_code == 200
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/search").status_code == 301

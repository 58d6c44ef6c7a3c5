"""No line of log holds a person: not ours, not Django's, not gunicorn's, whatever happens."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.house import Home, House, moment
from weatherhead.areas.records.operations.work_items import enqueue
from weatherhead.config.logs import configure_logs
from weatherhead.core.values import Refusal
from weatherhead.door.worker import Handler, _handlers, work_once

pytestmark = pytest.mark.django_db
# A name, an address, a telephone, an e-mail, an account, an identifier, a bank: everything that must not be there.
PERSONAL = (
    "Kowalczyk",
    "Ruth",
    "Cottonwood",
    "402-555-0142",
    "4025550142",
    "555-0142",
    "ruth@example.com",
    "041722806",
    "0417 2280 6",
    "078-05-1120",
    "078051120",
    "104000016",
    "123456789012",
)
SAID = (
    "Ruth Kowalczyk, 1842 Cottonwood St, (402) 555-0142 402-555-0142 +14025550142, ruth@example.com, account 041722806"
)
BANK = "routing 104000016 account 123456789012 SSN 078-05-1120"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production would write to standard error."""
    written = io.StringIO()
    config = configure_logs(form="json")
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    yield written
    logging.config.dictConfig(configure_logs(form="json"))


def told(lines: io.StringIO) -> list[dict[str, Any]]:
    """Every line is one JSON object, and none names a person."""
    text = lines.getvalue()
    for word in PERSONAL:
        assert word.lower() not in text.lower(), f"the log holds {word}"
    return [json.loads(line) for line in text.splitlines()]


def test_a_request_is_told_by_view_and_number(lines: io.StringIO, client: Client, house: House) -> None:
    number = "0123456789abcdef0123456789abcdef"
    answer = client.get("/search?q=Ruth+Kowalczyk+402-555-0142", headers={"x-request-id": number})
    assert answer["X-Request-ID"] == number
    [line] = [line for line in told(lines) if line["event"] == "request"]
    assert (line["view"], line["method"], line["status"]) == ("workbench:search", "GET", 302)
    assert line["request_id"] == number
    assert line["duration_ms"] > 0


def test_a_number_that_could_be_somebodys_is_not_taken(lines: io.StringIO, client: Client, house: House) -> None:
    answer = client.get("/search", headers={"x-request-id": "Ruth-Kowalczyk-402-555-0142"})
    assert len(answer["X-Request-ID"]) == 32
    assert told(lines)


def test_every_way_to_go_wrong_on_the_web(lines: io.StringIO, client: Client, house: House) -> None:
    client.get("/account/Ruth-Kowalczyk/402-555-0142")
    client.get("/search", headers={"host": "ruth-kowalczyk.example.com"})
    client.post("/auth/login/", {"login": "ruth@example.com", "password": SAID})
    strict = Client(enforce_csrf_checks=True)
    strict.post(f"/search?q={SAID}", {"q": SAID})
    client.get("/search", headers={"cookie": f"sessionid={SAID}"})
    found = told(lines)
    assert sum(line["event"] == "request" for line in found) == 5
    assert {400, 403, 404} <= {line.get("status") for line in found}


def test_actions_and_refusals_by_code(lines: io.StringIO, house: House, home: Home) -> None:
    ruth = {"kind": "person", "name": "Ruth Kowalczyk", "identifier_kind": "ssn", "identifier": "078-05-1120"}
    done = house.do("create_customer", **ruth, phone="402-555-0142", email="ruth@example.com")
    with pytest.raises(Refusal):
        house.do(
            "create_customer", kind="person", name="Ruth Kowalczyk", identifier_kind="ssn", identifier="078-05-1120"
        )
    with pytest.raises(Refusal):
        house.do("create_customer", kind=SAID, name=SAID, phone=BANK)
    with pytest.raises(Refusal):
        house.do("change_mailing_address", account_id=home.account_id, version=99, street="1842 Cottonwood St",
                 city="Prairie City", state="NE", postal_code="68900")  # fmt: skip
    found = told(lines)
    employee = house.actor("alvarez").employee_id
    performed = [line for line in found if line["event"] == "performed"]
    assert [(line["action"], line["receipt_id"], line["employee_id"]) for line in performed] == [
        ("create_customer", done.receipt_id, employee)
    ]
    refused = [line["refusal"] for line in found if line["event"] == "refused"]
    assert refused == ["IdentifierTaken", "StaleAccount"]


def test_errors_keep_their_place_and_lose_their_message(lines: io.StringIO, house: House) -> None:
    log = logging.getLogger("weatherhead.somewhere")
    try:
        try:
            raise ValueError(SAID)
        except ValueError as error:
            raise RuntimeError(BANK) from error
    except RuntimeError:
        log.exception("it went wrong")
        structlog.get_logger("weatherhead.elsewhere").exception("work item failed", kind="probe")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO records_counter (name, last_value) VALUES (%s, 1)", [SAID[:60]])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO records_counter (name, last_value) VALUES (%s, 1)", [SAID[:60]])
    except IntegrityError:
        log.exception("twice")  # PostgreSQL quotes the row: Key (name)=(Ruth Kowalczyk…) already exists
    found = told(lines)
    assert len(found) == 3
    for line in found[:2]:
        kinds = [part for part in line["exception"] if not part.startswith(" ")]
        assert kinds == ["builtins.RuntimeError", "builtins.ValueError"]
        assert any("test_logs.py" in part for part in line["exception"])
    assert found[2]["exception"][0] == "django.db.utils.IntegrityError"


def test_a_failing_work_item(lines: io.StringIO, house: House) -> None:
    def fail(payload: Any, item_id: int, at: Any) -> None:
        raise ValueError(payload["said"])

    _handlers["leaky"] = Handler(kind="leaky", work=fail)
    try:
        now = moment(house.today)
        enqueue(kind="leaky", payload={"said": SAID + BANK}, at=now.at)
        work_once(worker="w", clock=lambda: now)
    finally:
        del _handlers["leaky"]
    [line] = told(lines)
    assert (line["event"], line["kind"], line["attempts"]) == ("work item failed", "leaky", 1)
    assert line["exception"][0] == "builtins.ValueError"


def test_what_libraries_say(lines: io.StringIO, db: None) -> None:
    gunicorn = logging.getLogger("gunicorn.error")
    gunicorn.info("Listening at: %s (%s)", "http://ruth:pw@127.0.0.1:8000", 4711)
    gunicorn.error("Error handling request %s", f"/search?q={SAID}")
    gunicorn.warning("Invalid request from ip={ip}: {error}".format(ip="203.0.113.9", error=SAID))
    gunicorn.info("Booting worker with pid: %s", 4711)
    logging.getLogger("gunicorn.access").info('203.0.113.9 "GET /search?q=%s"', SAID)
    logging.getLogger("django.server").info('"GET /search?q=%s" %s %s', SAID, 200, 10)
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", f"/x/{SAID}")
    logging.getLogger("axes").warning("AXES: New login failure by %s.", {"username": "ruth@example.com"})
    logging.getLogger("axes").warning("AXES: %(name)s", {"name": SAID})
    logging.getLogger("django.template").warning(ValueError(SAID))
    found = told(lines)
    assert [line["event"] for line in found] == [
        "Listening at: … (4711)",
        "Error handling request …",
        "gunicorn.error",
        "Booting worker with pid: 4711",
        "…: …",
        "AXES: New login failure by ….",
        "AXES: …",
        "ValueError",
    ]


def test_unknown_keys_are_dropped(lines: io.StringIO, db: None) -> None:
    structlog.get_logger("weatherhead.x").info("told", name="Ruth", address=SAID, item=5, action="ruth@example.com")
    [line] = told(lines)
    assert line["item"] == 5
    assert line["action"] == "…"
    assert "name" not in line


def test_people_who_build_get_columns(capsys: pytest.CaptureFixture[str], db: None) -> None:
    written = io.StringIO()
    config = configure_logs(form="console")
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    structlog.get_logger("weatherhead.x").info("told", item=5, name=SAID)
    logging.config.dictConfig(configure_logs(form="json"))
    assert "told" in written.getvalue()
    assert "item=5" in written.getvalue()
    assert "Ruth" not in written.getvalue()


def test_people_who_build_see_where_it_went_wrong(db: None) -> None:
    written = io.StringIO()
    config = configure_logs(form="console")
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    try:
        raise ValueError("Ruth A. Kowalczyk")
    except ValueError:
        structlog.get_logger("weatherhead.x").exception("failed")
    logging.config.dictConfig(configure_logs(form="json"))
    assert "builtins.ValueError\n  " in written.getvalue()
    assert "test_people_who_build_see_where_it_went_wrong" in written.getvalue()
    assert "Ruth" not in written.getvalue()

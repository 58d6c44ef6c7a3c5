"""Places and customers are found by what people call them, and a rate asks for what it needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.house import House
from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_pages import text_of
from weatherhead.areas.agreements.queries import agreements_of_accounts
from weatherhead.overviews.picks import KINDS

SignIn = Callable[..., Client]
ADDRESS = {"city": "Prairie City", "state": "NE", "postal_code": "68900"}


@pytest.fixture
def house(stage: Stage) -> House:
    return House(today=TODAY, keys=7000)


def vacant(house: House, street: str, **more: Any) -> int:
    """A service point without a meter where nobody takes service."""
    premise = house.made("add_premise", "premise", street=street, **ADDRESS)
    return house.made("add_service_point", "service_point", premise_id=premise, **more)


def start(client: Client, account_id: int, **said: str) -> str:
    """What the page of starting service answers to a form sent without scripts."""
    form = {"step": "preview", "schedule": "AL-1", "start_on": TODAY.isoformat(), **said}
    return text_of(client.post(f"/account/{account_id}/do/start_service", form).content)


def test_a_place_is_found_by_its_address_without_scripts(house: House, stage: Stage, at_desk: SignIn) -> None:
    point = vacant(house, "77 Mill Rd", kind="unmetered", label="Yard light")
    client = at_desk("reyes")
    lamp = {
        "option AL-1 lamps_7000_lumens": "2",
        "option AL-1 lamps_20000_lumens": "0",
        "option AL-1 lamps_decorative": "0",
    }
    assert "Service started at 77 Mill Rd" in start(client, stage.empty, service_point_id_said="77 mill rd", **lamp)
    assert "Service started at 77 Mill Rd" in start(client, stage.empty, service_point_id=str(point), **lamp)
    # Where somebody takes service is not offered; two that sound alike are named.
    assert "Nothing is found for “1842 Cotton”" in start(
        client, stage.empty, service_point_id_said="1842 Cotton", **lamp
    )
    vacant(house, "78 Mill Rd", kind="unmetered")
    assert "77 Mill Rd, Yard light" in start(client, stage.empty, service_point_id_said="Mill", **lamp)
    assert "Find it first" in start(client, stage.empty, **lamp)
    assert agreements_of_accounts([stage.empty]) == ()


def test_a_rate_is_asked_in_its_own_words(house: House, stage: Stage, at_desk: SignIn) -> None:
    point = str(vacant(house, "77 Mill Rd", kind="unmetered"))
    client = at_desk("reyes")
    page = client.get(f"/account/{stage.empty}/do/start_service").content.decode()
    assert "Lamps, 7,000 lumens (AL-1)" in page
    assert 'data-when="schedule=AL-1"' in page
    assert "asks for: Lamps, 20,000 lumens" in start(
        client,
        stage.empty,
        service_point_id=point,
        **{"option AL-1 lamps_7000_lumens": "2", "option R-1 facilities_level": "1"},
    )
    said = {f"option AL-1 {name}": "1" for name in ("lamps_7000_lumens", "lamps_20000_lumens", "lamps_decorative")}
    form = {"schedule": "AL-1", "start_on": TODAY.isoformat(), "service_point_id": point, **said}
    shown = client.post(f"/account/{stage.empty}/do/start_service", form | {"step": "preview"})
    hidden = {name: shown.context["open_action"].__getattribute__(name) for name in ("key", "version")}
    digest = shown.context["open_action"].preview.digest
    client.post(f"/account/{stage.empty}/do/start_service", form | hidden | {"step": "confirm", "digest": digest})
    (agreement,) = agreements_of_accounts([stage.empty])
    assert agreement.options == {"lamps_7000_lumens": "1", "lamps_20000_lumens": "1", "lamps_decorative": "1"}


def test_a_link_from_a_receipt_fills_the_field_in(house: House, at_desk: SignIn) -> None:
    customer = house.made("create_customer", "customer", kind="person", name="Zora Quill", phone="(402) 555-0188")
    page = at_desk("reyes").get(f"/do/create_account?customer={customer}").content.decode()
    assert f'name="customer_id" value="{customer}"' in page
    assert 'value="Zora Quill"' in page
    assert 'name="customer_id" value=""' in at_desk("reyes").get("/do/create_account?customer=999999").content.decode()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_options_are_few_and_cheap(kind: str, at_desk: SignIn) -> None:
    client = at_desk("reyes")
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"/pick/{kind}", {"x_said": "zzzz"})
    assert "Nothing found" in text_of(answer.content)
    assert len(asked) <= 8
    assert client.get(f"/pick/{kind}", {"x_said": ""}).content.strip() == b""
    assert client.get("/pick/nothing", {"x_said": "a"}).status_code == 404


def test_namesakes_are_told_apart_by_their_accounts(stage: Stage, at_desk: SignIn) -> None:
    options = text_of(at_desk("reyes").get("/pick/customer", {"customer_id_said": "kowal"}).content)
    assert options == "Ruth A. Kowalczyk 4172 2801 2" or options.startswith("Ruth A. Kowalczyk ")
    assert "No account" not in options


def test_who_moved_out_is_shown_no_later_reads(house: House, stage: Stage, at_desk: SignIn) -> None:
    """The meter goes on counting for somebody else."""
    (agreement,) = agreements_of_accounts([stage.grace])
    house.do("end_service", agreement_id=agreement.agreement_id, end_on=TODAY, reading="2500")
    house.today = TODAY + timedelta(days=20)
    house.do(
        "start_service", account_id=stage.empty, service_point_id=agreement.service_point_id, schedule="R-1",
        start_on=TODAY, options={"facilities_level": "1"},
    )  # fmt: skip
    house.do(
        "enter_read",
        account_id=stage.empty,
        meter=stage.grace_meter,
        read_on=TODAY + timedelta(days=18),
        reading="2987",
    )
    page = text_of(at_desk("reyes").get(f"/account/{stage.grace}/").content)
    assert "2,500" in page
    assert "2,987" not in page
    assert "2,987" in text_of(at_desk("reyes").get(f"/account/{stage.empty}/").content)


def test_ties_of_a_whole_list_are_seen_at_once(house: House, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    client.get("/")
    with CaptureQueriesContext(connection) as before:
        assert "Tied to you" not in text_of(client.get("/approvals").content)
    house.do("link_employee", by="larsen", username="alvarez", relation="family", customer_id=2)
    with CaptureQueriesContext(connection) as after:
        assert "Tied to you" in text_of(client.get("/approvals").content)
    assert len(after) <= len(before) + 2

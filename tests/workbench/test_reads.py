"""The page of reads to decide: empty, full and a thousand rows; every kind; decisions in place; who may see it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from tests.house import built_once
from tests.workbench.reading_stage import MISSING, ROUTE, VACANT, set_reading_stage
from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_pages import QUERIES_MAX, text_of
from weatherhead.areas.agreements.operations import start_agreement
from weatherhead.areas.metering.models import CycleDay, Meter, MeterInstallation, Read
from weatherhead.areas.premises.models import ServicePoint
from weatherhead.areas.premises.operations import create_premise
from weatherhead.overviews.reads import PAGE_ROWS

MANY = 1000
SECONDS_MAX = 0.5  # of processor time, which a busy machine stretches

SignIn = Callable[..., Client]


@pytest.fixture(scope="module")
def _reading(_stage: Stage, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with built_once(set_reading_stage, blocker=django_db_blocker):
        yield


@pytest.fixture
def reading(_reading: None, stage: Stage) -> Stage:
    """The stage with rows of most kinds, which stay to the end of this file."""
    return stage


@pytest.fixture
def crowd(reading: Stage) -> None:
    """A thousand held reads, each of a meter of its own with a year of reads."""
    premise = create_premise(
        street="1 Long Row", unit="", city="Prairie City", state="NE", postal_code="68900", search_text="1 long row"
    )
    points = ServicePoint.objects.bulk_create(
        ServicePoint(premise_id=premise, label=f"Unit {at}", kind="metered") for at in range(MANY)
    )
    meters = Meter.objects.bulk_create(
        Meter(serial=f"M-{at:05}", dials=5, multiplier=1, has_demand=False) for at in range(MANY)
    )
    MeterInstallation.objects.bulk_create(
        MeterInstallation(meter=meter, service_point=point, installed_on=TODAY - timedelta(days=400))
        for meter, point in zip(meters, points, strict=True)
    )
    for point in points[:50]:
        start_agreement(
            account_id=reading_account(),
            service_point_id=point.pk,
            schedule="R-1",
            options={},
            start_on=TODAY - timedelta(days=300),
        )
    known = {"receipt_id": 0, "kind": "actual"}
    Read.objects.bulk_create(
        Read(meter=meter, read_on=TODAY - timedelta(days=30 * back + 3), dial_reading=9000 - 600 * back,
             state="held" if back == 0 else "accepted", exception="high" if back == 0 else "",
             detail={"template": "High.", "params": {}} if back == 0 else None, **known)
        for meter in meters
        for back in range(13)
    )  # fmt: skip


def reading_account() -> int:
    from weatherhead.areas.customers.models import Account

    return Account.objects.order_by("pk").values_list("pk", flat=True)[0]


def rows_of(content: bytes) -> int:
    return content.decode().count("<tr data-row")


def links_of(content: bytes, name: str) -> list[str]:
    return [
        found.replace("&amp;", "&").split("#")[0]
        for found in re.findall(rf'href="(/reads/do/{name}[^"]*)"', content.decode())
    ]


def test_nothing_waits(stage: Stage, at_desk: SignIn) -> None:
    # The first test, before there are rows of most kinds.
    Read.objects.filter(state="held").delete()
    page = text_of(at_desk("okafor").get("/reads").content)
    assert "Nothing waits for a decision." in page
    assert "Every read that came was believed or decided, and none is missing." in page
    assert "Look without the filters" in text_of(at_desk("okafor").get("/reads?kind=low").content)


def test_every_kind_says_why(reading: Stage, at_desk: SignIn) -> None:
    answer = at_desk("okafor").get("/reads")
    page = text_of(answer.content)
    assert "4 reads wait for a decision. The oldest is of Oct 21." in page
    for said in (
        "Cycle 14 was to be read; no read came.",
        "680 kWh since Sep 23, where nobody takes service.",
        "2 estimates in a row since Oct 7.",
        "7,500 kWh in 5 days is high",
    ):
        assert said in page
    assert rows_of(answer.content) == 4


def test_filters(reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    for query, count in (
        ("kind=missing", 1), ("kind=low", 0), ("kind=nonsense", 4), ("cycle=14", 3), ("cycle=3", 0), ("cycle=x", 4),
        (f"route={ROUTE}", 3), ("age=old", 3), ("after=nonsense", 4), ("after=2026-13-01.high.1", 4),
    ):  # fmt: skip
        assert rows_of(client.get(f"/reads?{query}").content) == count, query


@pytest.mark.parametrize("place", ["/reads", "/reads?kind=high", "/reads?age=old", "/reads/calendar"])
def test_pages_of_few_queries(place: str, reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    client.get(place)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(place).status_code == 200
    assert len(asked) <= QUERIES_MAX


def test_a_thousand_rows_in_pages_of_few_queries_and_at_once(crowd: None, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    seen: list[str] = []
    address: str | None = "/reads"
    while address:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        assert len(asked) <= QUERIES_MAX
        page = answer.content.decode()
        assert "1,0" in text_of(answer.content)
        seen += re.findall(r'data-open="[^"]*chosen=([^"#]+)#peek"', page)
        following = re.search(r'rel="next" href="(\?[^"]+)"', page)
        address = f"/reads{following[1].replace('&amp;', '&')}" if following else None
    assert len(seen) == len(set(seen)) >= MANY + 4
    times = []
    for _ in range(5):
        started = time.process_time()
        client.get(f"/reads?kind=high&chosen={seen[700]}")
        times.append(time.process_time() - started)
    assert rows_of(answer.content) <= PAGE_ROWS
    assert median(times) < SECONDS_MAX


def test_a_read_is_estimated_in_place(reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    page = client.get("/reads?kind=missing").content
    [address] = set(links_of(page, "estimate_read"))
    opened = client.get(address).content.decode()
    assert "Reads to decide" in text_of(opened.encode())  # without scripts, the whole page with the form in it
    key = re.search(r'name="key" value="([^"]+)"', opened)
    assert key is not None
    given = {"key": key[1], "meter": MISSING, "read_on": "2026-10-21", "reason": "Locked gate"}
    shown = client.post(address, given | {"step": "preview"}).content.decode()
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', shown)
    assert digest is not None
    assert "Estimated by" in text_of(shown.encode())
    done = client.post(address, given | {"step": "confirm", "digest": digest[1]})
    assert done.status_code == 302
    assert "done=" in done["Location"]
    after = text_of(client.get(done["Location"]).content)
    assert f"Read of meter {MISSING} on Oct 21" in after
    assert Read.objects.filter(kind="estimated", meter__serial=MISSING).count() == 1


def test_a_missing_read_is_entered_on_its_account(reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    [address] = set(links_of(client.get("/reads?kind=missing").content, "enter_read"))
    assert f"meter={MISSING}" in address
    opened = client.get(address).content.decode()
    assert 'value="2026-10-21"' in opened
    digest = ""
    for step in ("preview", "confirm"):
        given = {"key": "k", "meter": MISSING, "read_on": "2026-10-21", "kind": "actual", "reading": "1900"}
        answer = client.post(address, given | {"step": step, "digest": digest})
        found = re.search(r'name="digest" value="([0-9a-f]+)"', answer.content.decode())
        digest = found[1] if found else ""
    assert answer.status_code == 302
    assert "Missing" not in text_of(client.get("/reads").content)


def test_what_nobody_is_billed_for_is_not_estimated(reading: Stage, at_desk: SignIn) -> None:
    page = at_desk("okafor").get("/reads?kind=inactive").content
    assert links_of(page, "request_reread")
    assert VACANT in page.decode()
    assert not links_of(page, "estimate_read")
    assert not links_of(page, "enter_read")


def test_an_open_order_is_flagged_and_may_be_completed(reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    [address] = set(links_of(client.get("/reads?kind=high").content, "request_reread"))
    given = {"key": "k1", "meter": "77402931", "read_on": "2026-11-05", "order_kind": "re_read", "reason": "Ten times"}
    shown = client.post(address, given | {"step": "preview"}).content.decode()
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', shown)
    assert digest is not None
    client.post(address, given | {"step": "confirm", "digest": digest[1]})
    page = client.get("/reads?kind=high").content
    assert "Re-read due" in text_of(page)
    assert links_of(page, "complete_reread")
    assert links_of(page, "cancel_order")
    assert not links_of(page, "request_reread")
    assert "Re-read of meter 77402931" in text_of(client.get(f"/account/{reading.dale}/").content)


def test_who_may_not_decide_sees_no_list(reading: Stage, at_desk: SignIn) -> None:
    client = at_desk("nguyen")
    assert client.get("/reads").status_code == 403
    assert client.get("/reads/do/estimate_read?meter=1").status_code == 403
    assert "/reads" not in client.get("/").content.decode()
    assert at_desk("okafor").get("/reads/do/take_payment").status_code == 403


def test_the_account_says_when_it_is_read_next(reading: Stage, at_desk: SignIn) -> None:
    expected = CycleDay.objects.filter(cycle=14, read_on__gte=TODAY).order_by("read_on")[0].read_on
    page: Any = text_of(at_desk("reyes").get(f"/account/{reading.dale}/").content)
    assert f"read next {expected:%b} {expected.day}" in page


def test_the_calendar_shows_the_year_and_today(reading: Stage, at_desk: SignIn) -> None:
    page = text_of(at_desk("okafor").get("/reads/calendar").content)
    assert "Reading calendar 2026" in page
    assert "To be read today: cycle" in page
    assert "This year is not planned." in text_of(at_desk("okafor").get("/reads/calendar?year=2031").content)

"""The one queue: an item is done once, a lost lease does not commit, a failing item comes back and is then given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from tests.house import START, Home, House, moment
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.records.models import Receipt, WorkItem
from weatherhead.areas.records.operations.work_items import (
    ATTEMPTS_MAX,
    DEATHS_MAX,
    LeaseLost,
    claim_item,
    enqueue,
    finish_item,
    keep_lease,
)
from weatherhead.areas.records.queries.work_items import open_items
from weatherhead.door.context import Moment
from weatherhead.door.worker import LEASE, Handler, Hands, _handlers, handles, work_once

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = moment(START)

    def __call__(self) -> Moment:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now = Moment(at=self.now.at + by, as_of=self.now.as_of)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen() -> Iterator[list[Mapping[str, Any]]]:
    """A handler of kind ``probe`` that remembers its payloads, and fails when told to."""
    payloads: list[Mapping[str, Any]] = []

    def work(payload: Mapping[str, Any], item_id: int, now: Moment) -> dict[str, int]:
        payloads.append(payload)
        if payload.get("fails"):
            raise ValueError("no good")
        if payload.get("lost"):
            raise OperationalError("server closed the connection unexpectedly\nDETAIL: (name)=(Ruth)")
        return {"item": item_id}

    handles(Handler(kind="probe", work=work))
    yield payloads
    del _handlers["probe"]


def test_an_item_is_done_once(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"n": 1}, at=clock().at)
    item = work_once(worker="a", clock=clock)
    assert item is not None
    assert work_once(worker="a", clock=clock) is None
    row = WorkItem.objects.get()
    assert (row.state, row.result, seen) == ("done", {"item": row.pk}, [{"n": 1}])


@pytest.mark.sqlite
def test_a_hand_that_reaches_claims_the_next_and_lets_it_go(seen: list[Any], clock: Clock) -> None:
    for number in range(3):
        enqueue(kind="probe", payload={"n": number, "fails": number == 1}, at=clock().at)
    hands = Hands(worker="a", clock=clock, reach=True)

    def states() -> list[str]:
        return list(WorkItem.objects.order_by("pk").values_list("state", flat=True))

    hands.work_once()
    assert states() == ["done", "leased", "ready"]
    hands.work_once()
    assert states() == ["done", "ready", "ready"], "what failed is put back, and nothing claimed in its commit"
    hands.work_once()
    assert states() == ["done", "ready", "done"]
    for number in (3, 4):
        enqueue(kind="probe", payload={"n": number}, at=clock().at)
    hands.work_once()
    assert states() == ["done", "ready", "done", "done", "leased"]
    hands.let_go()
    hands.let_go()
    assert states() == ["done", "ready", "done", "done", "ready"]
    assert [item["n"] for item in seen] == [0, 1, 2, 3]


def test_a_unique_key_is_queued_once(clock: Clock) -> None:
    enqueue(kind="probe", payload={}, at=clock().at, unique_key="k")
    enqueue(kind="probe", payload={}, at=clock().at, unique_key="k")
    assert WorkItem.objects.count() == 1


def test_the_item_of_a_dead_worker_returns_after_its_lease(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={}, at=clock().at)
    dead = claim_item(worker="dead", at=clock().at, lease=LEASE)
    assert dead is not None
    assert work_once(worker="b", clock=clock) is None
    clock.move(LEASE)
    done = work_once(worker="b", clock=clock)
    assert done is not None
    row = WorkItem.objects.get()
    assert (row.attempts, row.deaths) == (1, 1), "a death is no failure of the item's own"
    with pytest.raises(LeaseLost), transaction.atomic():
        finish_item(item_id=dead.item_id, worker="dead", at=clock().at, result=None)
    assert not keep_lease(item_id=dead.item_id, worker="dead", until=clock().at)
    assert len(seen) == 1


def test_a_failing_item_comes_back_later_and_is_given_up_in_the_end(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"fails": True}, at=clock().at)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert work_once(worker="a", clock=clock) is not None
        assert work_once(worker="a", clock=clock) is None, "not before its delay"
        clock.move(timedelta(seconds=2**attempt))
    row = WorkItem.objects.get()
    assert (row.state, row.attempts, row.last_error) == ("failed", ATTEMPTS_MAX, "ValueError: no good")
    assert len(seen) == ATTEMPTS_MAX


def test_an_item_that_ends_its_workers_is_given_up_in_the_end(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={}, at=clock().at)
    for death in range(DEATHS_MAX):
        assert claim_item(worker=f"w{death}", at=clock().at, lease=LEASE) is not None
        clock.move(LEASE)
    enqueue(kind="probe", payload={"other": True}, at=clock().at)
    assert work_once(worker="last", clock=clock) is not None
    first, second = WorkItem.objects.order_by("pk")
    assert (first.state, first.deaths, second.state) == ("failed", DEATHS_MAX, "done")
    assert "ended without a word 50 times, the last was w49" in first.last_error
    assert seen == [{"other": True}]


def test_what_the_database_stops_waits_ever_longer_and_is_no_failure_of_the_item(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"lost": True}, at=clock().at)
    waits = []
    for _ in range(11):
        assert work_once(worker="a", clock=clock) is not None
        assert work_once(worker="a", clock=clock) is None, "not before its delay"
        delay = WorkItem.objects.get().available_at - clock().at
        waits.append(delay.seconds)
        clock.move(delay)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    row = WorkItem.objects.get()
    assert (row.state, row.attempts, row.deaths, row.interruptions) == ("ready", 0, 0, 11)
    assert "(server closed the connection unexpectedly)" in row.last_error
    assert "DETAIL" not in row.last_error, "where PostgreSQL quotes rows"
    assert len(seen) == 11


def test_the_delay_is_forgotten_once_the_item_is_done(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"lost": True}, at=clock().at)
    work_once(worker="a", clock=clock)
    [waits] = open_items(limit=5)
    assert (waits.state, waits.interruptions, waits.available_at) == ("put off", 1, clock().at + timedelta(seconds=1))
    clock.move(timedelta(seconds=1))
    WorkItem.objects.update(payload={})
    work_once(worker="a", clock=clock)
    row = WorkItem.objects.get()
    assert (row.state, row.attempts, row.interruptions, row.last_error) == ("done", 1, 0, "")
    assert open_items(limit=5) == ()


def test_a_failure_of_its_own_is_counted_beside_the_databases(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"lost": True}, at=clock().at)
    work_once(worker="a", clock=clock)
    clock.move(timedelta(seconds=1))
    WorkItem.objects.update(payload={"fails": True})
    work_once(worker="a", clock=clock)
    row = WorkItem.objects.get()
    assert (row.state, row.attempts, row.interruptions) == ("ready", 1, 0)


@pytest.mark.postgres
def test_a_full_disk_is_said_without_the_rows_that_postgresql_quotes(clock: Clock) -> None:
    def work(payload: Mapping[str, Any], item_id: int, now: Moment) -> None:
        said = """could not extend file "base/16384/2619": No space left on device"""
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = 'disk_full', DETAIL = 'Ruth'; END $$")

    handles(Handler(kind="large", work=work))
    try:
        enqueue(kind="large", payload={}, at=clock().at)
        work_once(worker="a", clock=clock)
    finally:
        del _handlers["large"]
    row = WorkItem.objects.get()
    assert row.last_error.startswith("The database's disk is full: PostgreSQL at 127.0.0.1:")
    assert '(could not extend file "base/16384/2619": No space left on device). Nothing' in row.last_error
    assert "Ruth" not in row.last_error


def test_an_item_of_an_unknown_kind_is_kept_with_its_error(clock: Clock) -> None:
    enqueue(kind="from the future", payload={}, at=clock().at)
    work_once(worker="a", clock=clock)
    assert "no handler for from the future" in WorkItem.objects.get().last_error


def test_a_cycle_is_billed_through_the_queue(house: House, home: Home, clock: Clock) -> None:
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2400")
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, through_on=house.today)
    clock.now = moment(house.today)
    tried = work_once(worker="a", clock=clock)
    assert tried is not None
    assert Bill.objects.filter(account_id=home.account_id).count() == 1, "a trial issues nothing"
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    issued = work_once(worker="a", clock=clock)
    assert issued is not None
    assert work_once(worker="a", clock=clock) is None
    row = WorkItem.objects.get(pk=issued.item_id)
    assert (row.state, row.result["receipt"]) == ("done", Receipt.objects.latest("pk").pk)
    assert Bill.objects.filter(account_id=home.account_id).count() == 2

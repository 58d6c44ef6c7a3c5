"""The one queue: an item is done once, a lost lease does not commit, a failing item comes back and is then given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction

from tests.house import START, Home, House, moment
from weatherhead.actions.billing.batch import queue_cycle
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.records.models import WorkItem
from weatherhead.areas.records.operations.work_items import (
    ATTEMPTS_MAX,
    DEATHS_MAX,
    LeaseLost,
    claim_item,
    enqueue,
    finish_item,
    keep_lease,
)
from weatherhead.door.context import Moment
from weatherhead.door.worker import LEASE, Handler, _handlers, handles, work_once

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
            raise OperationalError("server closed the connection unexpectedly")
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


def test_a_lost_database_is_no_failure_of_the_item(seen: list[Any], clock: Clock) -> None:
    enqueue(kind="probe", payload={"lost": True}, at=clock().at)
    for _ in range(ATTEMPTS_MAX + 1):
        assert work_once(worker="a", clock=clock) is not None
        clock.move(timedelta(seconds=1))
    row = WorkItem.objects.get()
    assert (row.state, row.attempts) == ("ready", 0)
    assert row.last_error == "OperationalError: server closed the connection unexpectedly"


def test_an_item_of_an_unknown_kind_is_kept_with_its_error(clock: Clock) -> None:
    enqueue(kind="from the future", payload={}, at=clock().at)
    work_once(worker="a", clock=clock)
    assert "no handler for from the future" in WorkItem.objects.get().last_error


def test_a_cycle_is_billed_through_the_queue(house: House, home: Home, clock: Clock) -> None:
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2400")
    clock.now = moment(house.today)
    count = queue_cycle(cycle=14, through_on=house.today, actor=house.actor("okafor"), moment=clock())
    again = queue_cycle(cycle=14, through_on=house.today, actor=house.actor("okafor"), moment=clock())
    assert (count, again, WorkItem.objects.count()) == (1, 1, 1)
    while work_once(worker="a", clock=clock) is not None:
        pass
    assert WorkItem.objects.get().result == {"accounts": 1, "refused": []}
    assert Bill.objects.filter(account_id=home.account_id).count() == 2

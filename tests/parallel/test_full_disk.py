"""A shard that meets a full disk is as if it had not begun, says so, and is done once there is room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from structlog.testing import capture_logs

from tests.billing_town import all_billed, work_off
from tests.house import billed_home, moment, open_house
from weatherhead.areas.billing.models import Bill, BillRun
from weatherhead.areas.ledger.check import check
from weatherhead.areas.records.models import WorkItem
from weatherhead.door.context import Moment
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db(transaction=True)  # SQLite rolls a whole transaction back over it, not a savepoint


@contextmanager
def full_disk() -> Iterator[None]:
    """SQLite may take no further page: what it meets on a full disk, and answers in the same words."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        connection.close()  # the limit is the connection's


@pytest.mark.sqlite
def test_a_shard_that_meets_a_full_disk_is_as_if_it_had_not_begun() -> None:
    house = open_house()
    home = billed_home(house)
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2400")
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, through_on=house.today)
    work_off(house)
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    before = all_billed()

    with full_disk(), capture_logs() as told:
        work_once(worker="a", clock=lambda: moment(house.today))

    row = WorkItem.objects.latest("pk")
    assert (row.state, row.attempts, row.interruptions) == ("ready", 0, 1)
    assert row.last_error.startswith("The database's disk is full: SQLite")
    assert "(database or disk is full). Nothing half-written was kept. Free space there" in row.last_error
    [line] = [line for line in told if line["log_level"] == "error"]
    assert line["event"] == "the database's disk is full: make room, work goes on by itself"
    assert (line["item"], line["seconds"], line["said"]) == (row.pk, 1.0, "database or disk is full")
    assert all_billed() == before
    assert list(check(extra=extra_checkers()).findings) == []

    later = Moment(at=moment(house.today).at + timedelta(seconds=1), as_of=house.today)
    assert work_once(worker="a", clock=lambda: later) is not None
    assert BillRun.objects.get(pk=run_id).state == "issued"
    assert Bill.objects.filter(account_id=home.account_id).count() == 2
    assert list(check(extra=extra_checkers()).findings) == []
    connection.close()

"""Two people start, release and work off the same cycle at the same time, twenty times over: one run's effect."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.billing_town import all_billed, clock_of, open_town, run_cycle
from tests.house import House, moment, open_house
from tests.parallel.test_parallel import at_once
from weatherhead.areas.billing.models import Bill, BillRun
from weatherhead.areas.ledger.check import check
from weatherhead.core.values import Refusal
from weatherhead.door.perform import perform
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 20
TWO = 2


def started_by_two(house: House, *, turn: int) -> int:
    """Two start the cycle at once. Returns the one run that there is."""
    inputs = {"cycle": 14, "shard_accounts": 4}
    answers = at_once(
        lambda number: perform(
            "start_bill_run",
            actor=house.actor(("okafor", "alvarez")[number]),
            key=f"start {turn} {number}",
            moment=moment(house.today),
            inputs=inputs,
        ),
        count=TWO,
    )
    refused = [type(answer).__name__ for answer in answers if isinstance(answer, Refusal)]
    assert refused == ["RunOpenAlready"]
    [run_id] = BillRun.objects.filter(state="trying").values_list("pk", flat=True)
    return run_id


def worked_off_by_two(house: House) -> None:
    """Two workers empty the queue at once."""

    def work(number: int) -> None:
        while work_once(worker=f"worker {number}", clock=clock_of(house)) is not None:
            pass

    at_once(work, count=TWO)


def test_two_of_everything_at_once_have_one_runs_effect() -> None:
    house = open_town(open_house(), months=1)
    for turn in range(TIMES - 1):
        run_id = started_by_two(house, turn=turn)
        house.do("cancel_bill_run", by="okafor", run_id=run_id, reason="Once more")
        worked_off_by_two(house)
    before = Bill.objects.count()
    run_id = started_by_two(house, turn=TIMES)
    worked_off_by_two(house)
    starter = BillRun.objects.get(pk=run_id).planned_by_employee_id
    other = next(name for name in ("okafor", "alvarez") if house.actor(name).employee_id != starter)
    answers = at_once(
        lambda number: perform(
            "release_bill_run",
            actor=house.actor(other),
            key=f"release {number}",
            moment=moment(house.today),
            inputs={"run_id": run_id},
        ),
        count=TWO,
    )
    assert [type(answer).__name__ for answer in answers if isinstance(answer, Refusal)] == ["RunNotAsExpected"]
    worked_off_by_two(house)
    run = BillRun.objects.get(pk=run_id)
    assert run.state == "issued"
    assert Bill.objects.count() > before
    billed = all_billed()
    # What was billed is billed: a run over the same days adds nothing.
    run_cycle(house)
    assert all_billed() == billed
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []
    connection.close()

"""A bill run: what it issues is what billing each account alone would, once, in pieces that stand or fall whole."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from tests.billing_town import all_billed, run_cycle, work_off
from tests.house import House, moment
from weatherhead.actions.billing.release_bill_run import OwnRun
from weatherhead.actions.billing.run_work import task_of_shard
from weatherhead.areas.billing.models import Bill, BillException, BillRun, BillRunShard, BillSegment
from weatherhead.areas.billing.operations.runs import RunNotAsExpected, RunOpenAlready
from weatherhead.areas.customers.models import Account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import waiting_credit_of
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.models import AuditEntry, WorkItem
from weatherhead.core.values import Refusal
from weatherhead.door import perform
from weatherhead.door.ahead import holds, think_ahead
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db


class Undo(Exception):
    """Rolls a part of a test back."""


def one_by_one(house: House) -> dict[int, list[dict[str, object]]]:
    """What billing each account alone gives; then as if it had not happened."""
    found: dict[int, list[dict[str, object]]] = {}
    try:
        with transaction.atomic():
            for number in Account.objects.order_by("pk").values_list("pk", flat=True):
                try:
                    house.do("bill_account", account_id=number)
                except Refusal:
                    continue
            found = all_billed()
            raise Undo
    except Undo:
        return found


def test_a_run_issues_what_billing_each_account_alone_would(town: House) -> None:
    # An agency paid one of them more than anybody owes: the rest waits, and the bill says so.
    [helped] = Account.objects.order_by("pk").values_list("pk", flat=True)[:1]
    agency = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    town.do("take_payment", account_id=helped, amount_cents="2000.00", **agency)
    waits = waiting_credit_of([helped])[helped]
    alone = one_by_one(town)
    before = Bill.objects.count()
    run_id = run_cycle(town)
    together = all_billed()
    assert together == alone
    assert Bill.objects.count() > before
    told = [item for item in Bill.objects.filter(run_id=run_id) if '["waiting",' in item.payload]
    assert [(item.account_id, f'["waiting",{{"amount_cents":{waits}}}]' in item.payload) for item in told] == [
        (helped, True)
    ]
    assert BillRun.objects.get(pk=run_id).state == "issued"
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


@pytest.mark.sqlite
def test_what_is_thought_ahead_is_done_unless_something_changed_meanwhile(town: House) -> None:
    """PostgreSQL has many writers, and nothing to gain by it."""
    run_id = town.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=3, through_on=town.today)
    work_off(town)
    town.do("release_bill_run", by="alvarez", run_id=run_id)
    first, second = BillRunShard.objects.filter(run_id=run_id, stage="issue").order_by("number")
    thoughts = []
    for row in (first, second):
        task = task_of_shard({"shard": row.pk, "employee": town.actor("okafor").employee_id, "name": "okafor"})
        thought = think_ahead(task.action, actor=task.actor, moment=moment(town.today), inputs=task.inputs)
        assert thought is not None
        thoughts.append((task, thought))

    def held(number: int) -> bool:
        thought = thoughts[number][1]
        return holds(thought, action=thought.action, values=thought.values, as_of=town.today)

    def do(number: int) -> None:
        task, thought = thoughts[number]
        perform.perform(
            task.action, actor=task.actor, key=task.key, moment=moment(town.today), inputs=task.inputs, thought=thought
        )

    assert held(0)
    assert held(1)
    do(0)
    assert not held(1), "now it is the last, which ends the run"
    payer = Account.objects.filter(pk__gte=second.first_account_id, pk__lte=second.last_account_id).first()
    assert payer is not None
    town.do("take_payment", account_id=payer.pk, amount_cents="12.34", tender="cash")
    assert not held(1)
    do(1)
    payload = json.loads(Bill.objects.get(account_id=payer.pk, run_id=run_id).payload)
    assert [town.today.isoformat(), -1234, "payment"] in payload["movements"]
    assert BillRun.objects.get(pk=run_id).state == "issued"
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


def test_a_cancelled_run_issues_nothing_and_a_released_one_is_not_cancelled(town: House) -> None:
    run_id = town.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=3)
    before = Bill.objects.count()
    with pytest.raises(RunOpenAlready):
        town.do("start_bill_run", by="alvarez", cycle=14)
    town.do("cancel_bill_run", by="okafor", run_id=run_id, reason="The reads of route 3 are still out")
    work_off(town)
    assert Bill.objects.count() == before
    assert not BillRunShard.objects.filter(run_id=run_id, done_at__isnull=False).exists()
    with pytest.raises(RunNotAsExpected):
        town.do("release_bill_run", by="alvarez", run_id=run_id)
    again = run_cycle(town)
    with pytest.raises(RunNotAsExpected):
        town.do("cancel_bill_run", by="okafor", run_id=again, reason="Too late for that")


def test_whoever_started_a_run_does_not_release_it(town: House) -> None:
    run_id = town.made("start_bill_run", "bill_run", by="okafor", cycle=14)
    work_off(town)
    untouched = Bill.objects.count()
    with pytest.raises(OwnRun):
        town.do("release_bill_run", by="okafor", run_id=run_id)
    assert BillRun.objects.get(pk=run_id).state == "tried"
    assert Bill.objects.count() == untouched
    assert not WorkItem.objects.filter(state="ready").exists()


def test_a_second_run_of_the_same_days_bills_nothing_twice(town: House) -> None:
    run_cycle(town)
    bills = Bill.objects.count()
    again = run_cycle(town)
    assert Bill.objects.count() == bills
    told = [shard.outcome or {} for shard in BillRunShard.objects.filter(run_id=again, stage="issue")]
    assert sum(item["bills"] for item in told) == 0
    assert sum(item["nothing"] for item in told) == sum(item["accounts"] for item in told)


def test_use_out_of_bounds_is_held_and_the_others_are_billed(town: House) -> None:
    town.pass_days(30)
    number = Account.objects.order_by("pk").values_list("pk", flat=True)[1]
    [read] = [
        town.made("enter_read", "read", account_id=number, meter="70001", read_on=town.today, reading="30000"),
    ]
    town.do("release_read", by="okafor", read_id=read, reason="A kiln was fired all month")
    run_id = run_cycle(town)
    assert {row.kind for row in BillException.objects.filter(agreement__account_id=number)} == {"days", "usage"}
    told = [shard.outcome or {} for shard in BillRunShard.objects.filter(run_id=run_id, stage="issue")]
    # The yard light beside another meter was not billed for sixty days either.
    assert sum(item["held"] for item in told) == 2
    assert sum(item["bills"] for item in told) == 4
    assert not Bill.objects.filter(account_id=number, run_id=run_id).exists()


def test_the_hand_written_determinants_are_canonical(town: House) -> None:
    run_cycle(town)
    texts = list(BillSegment.objects.values_list("determinants", flat=True))
    assert len(texts) > 12
    assert all(canonical(json.loads(text)) == text for text in texts)


def test_a_refusal_about_thousands_is_remembered_once(town: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = town.made("start_bill_run", "bill_run", by="okafor", cycle=14)
    work_off(town)
    town.do("release_bill_run", by="alvarez", run_id=run_id)
    work_off(town)
    shard = BillRunShard.objects.get(run_id=run_id, stage="issue")
    monkeypatch.setattr(perform, "REFUSAL_STREAMS_MAX", 3)
    with pytest.raises(RunNotAsExpected):
        town.do("issue_bill_shard", by="alvarez", shard_id=shard.pk)
    remembered = AuditEntry.objects.filter(kind="refused", action="issue_bill_shard")
    assert [entry.stream_id for entry in remembered] == ["utility"]

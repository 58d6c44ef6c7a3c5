"""Correcting everyone at once: a run by shards, tried by one person and released by another."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.billing_town import work_off
from tests.correcting import WHY, books_are_right
from tests.house import House, moment, table_rows
from weatherhead.actions.billing.release_bill_run import OwnRun
from weatherhead.actions.billing.run_work import task_of_shard
from weatherhead.actions.corrections.shard import ShardFacts, still
from weatherhead.areas.billing import billed, determinants
from weatherhead.areas.billing.decide import plan_segments
from weatherhead.areas.billing.facts import LineFacts
from weatherhead.areas.billing.models import Bill, BillRun, BillRunShard, BillSegment, CorrectedPeriod
from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.queries import ProofLost, billing_facts, lines_of_segments
from weatherhead.areas.billing.runs import stages_of
from weatherhead.areas.customers.models import Account
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.statements import charge_line
from weatherhead.core.values import Refusal, Span
from weatherhead.door.ahead import Thought, holds, think_ahead
from weatherhead.door.perform import perform
from weatherhead.door.worker import Task

pytestmark = pytest.mark.django_db

TRIED = ("records_", "billing_billrun", "billing_lineprice", "tariffs_", "documents_", "ledger_unsealed")
"""What trying writes, or settles: its own outcome, and what the bills will name."""


def test_a_wrong_rate_of_everyone_is_tried_released_by_another_and_corrected_once(
    town: House,
) -> None:
    # Given: everybody on GS-1 and R-1 in town is billed; all but the shops on R-1 had their terms wrong.
    shops = [row.agreement_id for row in BillSegment.objects.filter(schedule="R-1", active=True)]
    for agreement_id in sorted(set(shops))[:3]:
        town.do("correct_terms", by="okafor", agreement_id=agreement_id, schedule="GS-1", options={}, **WHY)
    given = {"schedule": "R-1", "cause": "rate", "from_on": date(2025, 10, 1), "shard_accounts": 2, **WHY}
    run_id = town.made("start_correction_run", "bill_run", by="okafor", **given)
    before = table_rows(but=TRIED)
    work_off(town)
    assert table_rows(but=TRIED) == before
    tried = stages_of([run_id])[run_id, "try"].sums
    assert (tried["accounts"], tried["bills"], tried["nothing"]) == (4, 3, 1)
    # When: a second person releases it.
    with pytest.raises(OwnRun):
        town.do("release_bill_run", by="okafor", run_id=run_id)
    assert not CorrectedPeriod.objects.exists()
    town.do("release_bill_run", by="alvarez", run_id=run_id)
    work_off(town)
    # Then: it comes to what was tried, each account once, and a run of the same finds nothing more.
    issued = stages_of([run_id])[run_id, "issue"].sums
    assert issued == tried
    assert CorrectedPeriod.objects.values("account_id").distinct().count() == 3
    with pytest.raises(RunNotAsExpected):
        town.do("release_bill_run", by="alvarez", run_id=run_id)
    again = town.made("start_correction_run", "bill_run", by="okafor", **given)
    work_off(town)
    assert stages_of([again])[again, "try"].sums["bills"] == 0
    books_are_right()


def wrongly_billed(town: House, *, shard_accounts: int) -> int:
    """A run that waits to be tried: everybody on R-1 should have been on GS-1."""
    residential = BillSegment.objects.filter(schedule="R-1", active=True)
    for agreement_id in sorted(set(residential.values_list("agreement_id", flat=True))):
        town.do("correct_terms", by="okafor", agreement_id=agreement_id, schedule="GS-1", options={}, **WHY)
    given = {"schedule": "R-1", "cause": "rate", "from_on": date(2025, 10, 1), "shard_accounts": shard_accounts, **WHY}
    return town.made("start_correction_run", "bill_run", by="okafor", **given)


def tasks_of(town: House, run_id: int, *, stage: str) -> list[Task]:
    rows = BillRunShard.objects.filter(run_id=run_id, stage=stage).order_by("number").values_list("pk", flat=True)
    employee = town.actor("okafor").employee_id
    return [task_of_shard({"shard": number, "employee": employee, "name": "okafor"}) for number in rows]


def do(town: House, task: Task, *, thought: Thought | None = None) -> None:
    at = moment(town.today)
    perform(task.action, actor=task.actor, key=task.key, moment=at, inputs=task.inputs, thought=thought)


def statements_of(town: House, task: Task) -> Counter[str]:
    """What the database is asked to do a shard, without numbers and other values, and how often."""
    with CaptureQueriesContext(connection) as asked:
        do(town, task)
    return Counter(re.sub(r"'[^']*'|\d+", "?", item["sql"]) for item in asked)


@pytest.mark.sqlite
def test_a_correction_that_is_thought_ahead_is_done_unless_something_changed_meanwhile(town: House) -> None:
    """PostgreSQL has many writers, and nothing to gain by it."""
    run_id = wrongly_billed(town, shard_accounts=1)

    def think(task: Task) -> Thought:
        thought = think_ahead(task.action, actor=task.actor, moment=moment(town.today), inputs=task.inputs)
        assert thought is not None
        return thought

    def held(thought: Thought) -> bool:
        return holds(thought, action=thought.action, values=thought.values, as_of=town.today)

    # Tried: shards do not change each other.
    first, second, third, last = tasks_of(town, run_id, stage="try")
    do(town, first, thought=think(first))
    second_thought, third_thought, last_thought = map(think, (second, third, last))
    do(town, second, thought=second_thought)
    assert held(third_thought)
    facts = third_thought.facts
    assert isinstance(facts, ShardFacts)
    none_kept = replace(facts.correcting, kept=replace(facts.correcting.kept, prices=frozenset()))
    assert not still(replace(facts, correcting=none_kept)), "another shard has kept the prices"
    do(town, third, thought=third_thought)
    assert not held(last_thought), "now it is the last, which ends the stage"
    do(town, last, thought=last_thought)
    assert BillRun.objects.get(pk=run_id).state == "tried"
    # Issued: a payment taken meanwhile stands on the corrected bill.
    town.do("release_bill_run", by="alvarez", run_id=run_id)
    first, second, third, last = tasks_of(town, run_id, stage="issue")
    first_thought, second_thought = think(first), think(second)
    do(town, first, thought=first_thought)
    assert held(second_thought)
    payer = Account.objects.get(pk=BillRunShard.objects.get(pk=second.inputs["shard_id"]).first_account_id)
    town.do("take_payment", account_id=payer.pk, amount_cents="12.34", tender="cash")
    assert not held(second_thought)
    for task, thought in ((second, second_thought), (third, None), (last, None)):
        do(town, task, thought=thought)
    payload = json.loads(Bill.objects.get(account_id=payer.pk, run_id=run_id).payload)
    assert [town.today.isoformat(), -1234, "payment"] in payload["movements"]
    tried, issued = (stages_of([run_id])[run_id, stage].sums for stage in ("try", "issue"))
    assert issued == tried
    assert (issued["bills"], BillRun.objects.get(pk=run_id).state) == (4, "issued")
    books_are_right()


def test_a_shard_of_three_takes_no_more_statements_than_a_shard_of_one(town: House) -> None:
    # Given: the first of the three has a yard light besides, so that its bills have segments that stay as they are.
    run_id = wrongly_billed(town, shard_accounts=3)
    for stage in ("try", "issue"):
        if stage == "issue":
            town.do("release_bill_run", by="alvarez", run_id=run_id)
        three, one = (statements_of(town, task) for task in tasks_of(town, run_id, stage=stage))
        # Lines go in by price, and the light has its own.
        more = [said for said, times in three.items() if times > max(one[said], 1) and "billing_billline" not in said]
        assert more == []
    assert BillRun.objects.get(pk=run_id).state == "issued"
    assert Bill.objects.filter(run_id=run_id).count() == 4


def test_periods_are_laid_out_once_a_batch_and_not_once_each(town: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was once each, for all of the batch: a shard of 250 accounts took a thousand times as long as one of 8."""
    account_id = BillSegment.objects.filter(schedule="R-1", active=True).values_list("bill__account_id", flat=True)[0]
    facts = billing_facts([account_id])[account_id][0]
    periods = [(facts, Span(start=item.start_on, end=item.end_on)) for item in facts.segments]
    made: list[object] = []

    class Counted(determinants.determinants_text):
        def __init__(self, *args: object, **named: object) -> None:
            made.append(self)
            super().__init__(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(determinants, "determinants_text", Counted)
    plans = plan_segments(periods * 4, bounds=current_utility().billing.bounds)
    assert len(plans) == 4 * len(facts.segments) > 4
    assert not any(isinstance(plan, Refusal) for plan in plans)
    assert len(made) == 1


def test_segments_that_stay_say_what_their_proofs_say_and_a_lost_proof_is_refused(town: House) -> None:
    numbers = Account.objects.order_by("pk").values_list("pk", flat=True)
    segments = [item for found in billing_facts(numbers).values() for facts in found for item in facts.segments]
    lines: dict[int, list[LineFacts]] = {segment.segment_id: [] for segment in segments}
    for line in lines_of_segments(segments):
        lines[line.segment_id].append(line)
    cents = {number: [line.amount_cents for line in items] for number, items in lines.items()}
    proofs = {number: [charge_line(line.rated).how for line in items] for number, items in lines.items()}
    assert len({segment.schedule for segment in segments}) == 4
    assert billed._hows_again(segments, amounts_cents=cents) == proofs
    last = segments[-1].segment_id
    with pytest.raises(ProofLost):
        billed._hows_again(segments, amounts_cents=cents | {last: [1, *cents[last][1:]]})
    with pytest.raises(ProofLost):
        billed._hows_again([replace(segments[0], schedule_sha256="0" * 64)], amounts_cents=cents)

"""Fifty representatives at once on one account: nothing is lost, nothing is posted twice, nobody is turned away.

The same goes on longer in `python -m tests.campaign.one_account`. WEATHERHEAD_POSTS sets how many posts there are.
And every deed with money, done in four ways: the same key twice, twenty times at once, with other inputs, and again
after its answer was lost.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.door.examples import EXAMPLES
from tests.house import billed_home, moment, open_house, table_rows
from tests.parallel.test_parallel import at_once
from weatherhead.actions import load_actions
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of
from weatherhead.areas.payments.models import Payment
from weatherhead.areas.records.models import IdempotencyKey
from weatherhead.areas.records.operations.idempotency import KeyUsedForOtherInputs
from weatherhead.core.values import Refusal
from weatherhead.door.perform import perform
from weatherhead.door.registry import InputsInvalid, registry
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db(transaction=True)
REPRESENTATIVES = 50
GROUPS = ("payments", "adjustments", "credit")
POSTS = int(os.environ.get("WEATHERHEAD_POSTS", "150"))

load_actions()
MONEY = sorted(
    action.name
    for action in registry
    if action.record.__module__.startswith(tuple(f"weatherhead.actions.{group}." for group in GROUPS))
)


def otherwise(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of an action that are as good, and not the same."""
    action = registry.get(name)
    for field, value in given.items():
        numbers = isinstance(value, int) and not isinstance(value, bool)
        others = (value + 1, value - 1) if numbers else (not value,) if isinstance(value, bool) else ("2024-01", "1")
        for other in (*others, f"{value or ''}1"):
            try:
                changed = action.plain(action.parse({**given, field: other}))
            except InputsInvalid:
                continue
            if changed != given:
                return changed
    raise AssertionError(f"{name} has no input that could be another")


def test_fifty_representatives_on_one_account_lose_nothing_and_post_nothing_twice() -> None:
    house = open_house()
    account_id = billed_home(house).account_id
    owed, now = balance_of([account_id])[account_id], moment(house.today)
    actors = [house.actor(name) for name in ("reyes", "dvorak", "alvarez", "nguyen")]
    start = Barrier(REPRESENTATIVES)

    def represent(number: int) -> list[Any]:
        """Post one payment after the other, every third of them twice with its key, as after a lost answer."""
        start.wait()
        answers = []
        try:
            for post in range(number, POSTS, REPRESENTATIVES):
                inputs = {"account_id": account_id, "amount_cents": 100 + post, "tender": "cash"}
                for _ in range(2 if post % 3 == 0 else 1):
                    done = perform(
                        "take_payment", actor=actors[number % 4], key=f"post {post}", moment=now, inputs=inputs
                    )
                    answers.append((post, done.receipt_id))
        finally:
            connection.close()
        return answers

    with ThreadPoolExecutor(REPRESENTATIVES) as pool:
        answers = [answer for found in pool.map(represent, range(REPRESENTATIVES)) for answer in found]

    assert len(set(answers)) == POSTS
    amounts = Counter(Payment.objects.values_list("amount_cents", flat=True))
    assert amounts == Counter(100 + post for post in range(POSTS))
    left = owed - sum(100 + post for post in range(POSTS))
    assert balance_of([account_id])[account_id] == left
    assert ageing_of([account_id], as_of=house.today)[account_id].balance_cents == left
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


@pytest.mark.postgres  # where twenty are at once; that the same key twice is one is tested on both, in tests/door
@pytest.mark.parametrize("name", MONEY)
def test_a_deed_with_money_is_done_once_however_often_it_is_asked_for(name: str) -> None:
    house = open_house()
    example = EXAMPLES[name](house, billed_home(house))
    actor, now, key = house.actor(example.by), moment(house.today), house.key()

    # Twenty times at once: one receipt, whoever comes first.
    answers = at_once(lambda _: perform(name, actor=actor, key=key, moment=now, inputs=example.inputs))
    assert not [answer for answer in answers if isinstance(answer, Refusal)]
    assert len({answer.receipt_id for answer in answers}) == 1
    assert IdempotencyKey.objects.filter(key=key).count() == 1
    # The answer was lost, and the same is asked for again: the same receipt, and nothing else changes.
    after = table_rows()
    assert perform(name, actor=actor, key=key, moment=now, inputs=example.inputs) == answers[0]
    assert table_rows() == after
    # The key for other inputs: refused; only the refusal is remembered.
    action = registry.get(name)
    other = otherwise(name, action.plain(action.parse(example.inputs)))
    with pytest.raises(KeyUsedForOtherInputs):
        perform(name, actor=actor, key=key, moment=now, inputs=other)
    assert table_rows(but=("records_audit",)) == {
        table: rows for table, rows in after.items() if not table.startswith("records_audit")
    }
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []

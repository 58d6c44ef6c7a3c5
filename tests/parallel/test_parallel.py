"""The same key many times at once has one effect; different keys at once lose nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from tests.house import House, billed_home, moment, open_house
from weatherhead.areas.ledger.queries import ageing_of, balance_of
from weatherhead.areas.payments.models import Payment
from weatherhead.areas.records.database import writing_in_turn
from weatherhead.areas.records.models import IdempotencyKey, Receipt
from weatherhead.core.values import Refusal
from weatherhead.door.perform import perform

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20


def at_once(work: Callable[[int], Any], *, count: int = AT_ONCE) -> list[Any]:
    """Run work(0) … work(count-1) in threads that start together, each with its own connection."""
    start = Barrier(count)

    def run(number: int) -> Any:
        start.wait()
        try:
            return work(number)
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.fixture
def billed() -> tuple[House, int]:
    """A house whose one account has a bill."""
    house = open_house()
    return house, billed_home(house).account_id


def test_the_same_key_twenty_times_at_once_is_one_payment(billed: tuple[House, int]) -> None:
    house, account_id = billed
    owed = balance_of([account_id])[account_id]
    actor, now = house.actor("nguyen"), moment(house.today)
    inputs = {"account_id": account_id, "amount_cents": "25.00", "tender": "cash"}
    receipts_before = Receipt.objects.count()

    answers = at_once(lambda _: perform("take_payment", actor=actor, key="one key", moment=now, inputs=inputs))

    assert len({answer.receipt_id for answer in answers}) == 1
    assert Payment.objects.count() == 1
    assert Receipt.objects.count() == receipts_before + 1
    assert IdempotencyKey.objects.filter(key="one key").count() == 1
    assert balance_of([account_id])[account_id] == owed - 2500


def test_twenty_payments_at_once_are_all_there(billed: tuple[House, int]) -> None:
    house, account_id = billed
    owed = balance_of([account_id])[account_id]
    actor, now = house.actor("nguyen"), moment(house.today)
    inputs = {"account_id": account_id, "amount_cents": "1.00", "tender": "cash"}

    answers = at_once(
        lambda number: perform("take_payment", actor=actor, key=f"key {number}", moment=now, inputs=inputs)
    )

    assert len({answer.receipt_id for answer in answers}) == AT_ONCE
    assert balance_of([account_id])[account_id] == owed - 100 * AT_ONCE
    assert ageing_of([account_id], as_of=house.today)[account_id].balance_cents == owed - 100 * AT_ONCE


def test_twenty_waivers_at_once_stay_within_the_cap(billed: tuple[House, int]) -> None:
    house, account_id = billed
    fee_id = house.made(
        "assess_fee",
        "adjustment",
        account_id=account_id,
        charge="connect_fee",
        reason="service_rendered",
        amount_cents="200.00",
    )
    owed = balance_of([account_id])[account_id]
    actor, now = house.actor("reyes"), moment(house.today)
    inputs = {"adjustment_id": fee_id, "reason": "our_error", "amount_cents": "10.00"}

    answers = at_once(lambda number: perform("waive_fee", actor=actor, key=f"w {number}", moment=now, inputs=inputs))

    outcomes = [type(answer).__name__ if isinstance(answer, Refusal) else answer.outcome for answer in answers]
    assert outcomes.count("done") == 5  # $50.00 in 30 days
    assert outcomes.count("approval_requested") == 1
    assert outcomes.count("AlreadyAsked") == AT_ONCE - 6
    assert balance_of([account_id])[account_id] == owed - 5 * 1000


def test_twenty_bills_at_once_are_one_bill(billed: tuple[House, int]) -> None:
    house, account_id = billed
    house.pass_days(30)
    house.do("enter_read", account_id=account_id, read_on=house.today, reading="2400")
    actor, now = house.actor("okafor"), moment(house.today)

    answers = at_once(
        lambda number: perform(
            "bill_account", actor=actor, key=f"b {number}", moment=now, inputs={"account_id": account_id}
        )
    )

    billed_now = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert len(billed_now) == 1
    assert {type(answer).__name__ for answer in answers if isinstance(answer, Refusal)} == {"NothingToBill"}


@pytest.mark.sqlite  # a server of its own queues those who want to write
def test_those_who_write_wait_in_line() -> None:
    inside: list[int] = []

    def write(number: int) -> int:
        with writing_in_turn():
            inside.append(number)
            time.sleep(0.002)  # long enough for another to come in, if there were no line
            assert inside == [number]
            with transaction.atomic(), writing_in_turn():  # within a transaction it is our turn already
                inside.clear()
        return number

    assert at_once(write) == list(range(AT_ONCE))

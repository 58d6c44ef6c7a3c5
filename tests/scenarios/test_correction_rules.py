"""How far back a wrong bill is put right, and how the difference is paid, in a representative's words."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.billing_town import run_cycle
from tests.correcting import NEVER_CHANGED, WHY, aged, books_are_right, by_due, correct, misread, months, owed, pay
from tests.house import Home, House, built_once, move_in, table_rows
from weatherhead.actions.corrections.correct_bills import BeyondReach, NoBackBill, NothingToCorrect
from weatherhead.actions.corrections.record_meter_test import MeterTestInFuture, WrongAfterTest
from weatherhead.actions.credit.apply_deposit import OnlyInstallmentsOwed
from weatherhead.actions.credit.request_refund import DepositSecures
from weatherhead.areas.billing.models import CorrectedPeriod
from weatherhead.areas.billing.queries import bill, bills_of_account, lines_of_segments, segments_of_bill
from weatherhead.areas.credit.queries import deposits_of_account
from weatherhead.areas.ledger.queries import balances_of
from weatherhead.areas.metering.meter_tests import meter_tests_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.core.ledger import LedgerAccount
from weatherhead.door.registry import InputsInvalid

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _long_ago(_staffed: House, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Home]]:
    def build() -> tuple[House, Home]:
        house = copy.deepcopy(_staffed)
        home = move_in(house, multiplier="1")
        months(house, home, use=[500 + 10 * month for month in range(16)])
        pay(house, home)
        return house, home

    with built_once(build, blocker=django_db_blocker) as built:
        yield built


@pytest.fixture
def long_ago(_long_ago: tuple[House, Home], db: None) -> tuple[House, Home]:
    """A home that was billed for sixteen months, and paid for all of them."""
    house, home = _long_ago
    return copy.deepcopy(house), home


def test_a_year_of_too_little_is_billed_and_paid_over_as_many_months(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.5", **WHY)
    seen = house.see("correct_bills", account_id=home.account_id, cause="multiplier", **WHY).proposal
    # Then: what began more than a year ago is shown and left as it is, by the rule that says so.
    since = house.today - timedelta(days=365)
    left = [item for item in seen.comparisons if item.stands]
    assert left
    assert all(item.total.label.params["start"] < since for item in left)
    assert seen.rules[0].code == "back-bill 6.3"
    corrected = correct(house, home, cause="multiplier")
    parts = by_due(aged(house, home))
    told = [message for message in bill(corrected).payload["messages"] if message[0] == "payback"]
    assert told[0][1]["count"] == len(parts) == 12
    assert max(parts.values()) - min(parts.values()) <= 1
    assert sum(parts.values()) == owed(home) == sum(row.total.after - row.total.before for row in seen.comparisons
                                                    if not row.stands)  # fmt: skip
    # And: the corrected bill asks for none of it before its installment is due, and neither do the next bills.
    due = bill(corrected).payload
    assert due["amount_due_cents"] == min(parts.items())[1]
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=due["amount_due_cents"],
             tender="cash")  # fmt: skip
    house.pass_days(30)
    reads = {"account_id": home.account_id, "meter": home.serial, "read_on": house.today}
    house.do("enter_read", **reads, reading="11000")
    alone = house.see("bill_account", account_id=home.account_id).proposal.plan.bill
    run_cycle(house)
    [following] = bills_of_account(home.account_id, limit=1)
    asked = bill(following.bill_id).payload
    assert {name: value for name, value in asked.items() if name != "number"} == alone.payload
    assert [on for on, _ in asked["later"]] == [on.isoformat() for on in sorted(parts)[2:]]
    assert asked["amount_due_cents"] == owed(home) - sum(cents for _, cents in asked["later"])
    assert aged(house, home).past_due_cents == 0
    books_are_right()


def next_month(house: House, home: Home) -> int:
    """A month later the next bill comes, and what it asks for is paid. Returns that."""
    house.pass_days(30)
    last = max(item.dial_reading for item in reads_of_meter(home.meter_id))
    reads = {"account_id": home.account_id, "meter": home.serial, "read_on": house.today}
    house.do("enter_read", **reads, reading=str(last + 500))
    asked = int(bill(house.made("bill_account", "bill", account_id=home.account_id)).payload["amount_due_cents"])
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=asked, tender="cash")
    return asked


def test_what_is_paid_in_installments_stays_so_when_the_bills_are_corrected_again(long_ago: tuple[House, Home]) -> None:
    # Given: Ruth pays a back-bill in twelve parts, and has paid two of them with her next bill.
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.5", **WHY)
    correct(house, home, cause="multiplier")
    next_month(house, home)
    before = by_due(aged(house, home))
    assert len(before) == 10
    # When: the multiplier was 1.6. Then: the parts stay where they are, what is new comes in parts beside them, and
    # nothing that was not due is due now, nor late.
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.6", **WHY)
    more = bill(correct(house, home, cause="multiplier")).payload
    [told] = [item[1] for item in more["messages"] if item[0] == "payback"]
    now = by_due(aged(house, home))
    assert aged(house, home).past_due_cents == 0
    assert {on: now[on] for on in before} == before
    new = {on: cents for on, cents in now.items() if on not in before}
    assert (sum(new.values()), len(new), new[min(new)]) == (told["amount_cents"], told["count"], told["each_cents"])
    assert [on for on, _ in more["later"]] == [on.isoformat() for on in sorted(now) if on > min(new)]
    # And: it was 1.2 after all. Then: the last parts go, and the next ones stay.
    house.pass_days(1)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.2", **WHY)
    less = bill(correct(house, home, cause="multiplier")).payload
    assert [item[0] for item in less["messages"] if item[0] in ("refund", "payback", "fewer_parts")] == ["fewer_parts"]
    left = by_due(aged(house, home))
    assert set(left) <= set(now)
    assert all(cents <= now[on] for on, cents in left.items())
    assert aged(house, home).past_due_cents == 0
    # And: it was 1 from the beginning. Then: all that was paid of the back-bill is to her credit.
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1", **WHY)
    none = bill(correct(house, home, cause="multiplier")).payload
    assert "refund" in [item[0] for item in none["messages"]]
    assert by_due(aged(house, home)) == {}
    assert owed(home) < 0
    books_are_right()


def test_a_bill_that_corrects_a_year_is_no_month_to_compute_a_deposit_from(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.5", **WHY)
    seen = house.see("correct_bills", account_id=home.account_id, cause="multiplier", **WHY).proposal
    correct(house, home, cause="multiplier")
    highest = max(row.total.after for row in seen.comparisons if not row.stands)
    asked = house.see("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments").proposal
    assert asked.plan.amount_cents == highest


def test_what_is_found_after_she_moved_out_is_not_given_up_before_it_is_due(long_ago: tuple[House, Home]) -> None:
    # Given: Ruth moved out half a year ago and paid everything; then her meter is found to have counted too little.
    house, home = long_ago
    house.pass_days(30)
    last = max(item.dial_reading for item in reads_of_meter(home.meter_id))
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading=str(last + 300))
    house.made("bill_account", "bill", account_id=home.account_id)
    pay(house, home)
    house.pass_days(180)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.5", **WHY)
    correct(house, home, cause="multiplier")
    parts = by_due(aged(house, home))
    assert len(parts) == 6
    # When: the debts of former customers are given up. Then: not hers, until the last of it is past due.
    for day in (house.today, max(parts)):
        house.today = day
        assert house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal.plan.debts == ()
    house.pass_days(1)
    [debt] = house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal.plan.debts
    assert debt.amount_cents == owed(home) == sum(parts.values())


def test_a_deposit_pays_the_final_bill_and_each_installment_on_its_day(long_ago: tuple[House, Home]) -> None:
    # Given: Ruth has a deposit and pays a back-bill in twelve parts; she moves out.
    house, home = long_ago
    here = {"account_id": home.account_id}
    house.do("assess_deposit", by="reyes", reason="late_payments", **here)
    [asked] = deposits_of_account(home.account_id)
    came = house.made("take_payment", "payment", amount_cents=asked.amount_cents, tender="cash", **here)
    house.do("pay_deposit", by="reyes", payment_id=came, **here)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.2", **WHY)
    correct(house, home, cause="multiplier")
    house.pass_days(10)
    last = max(item.dial_reading for item in reads_of_meter(home.meter_id))
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading=str(last + 150))
    final = bill(house.made("bill_account", "bill", **here))
    later = {on: cents for on, cents in by_due(aged(house, home)).items() if on > final.due_on}
    assert len(later) >= 11
    assert owed(home) > asked.amount_cents
    # When: the night applies the deposit. Then: it pays what the final bill asks for, and no installment before it is
    # due: she was given a year for them.
    house.do("settle_deposits", by="okafor", kind="final_bill")
    assert by_due(aged(house, home)) == later
    [held] = deposits_of_account(home.account_id)
    assert 0 < held.held_cents < sum(later.values())
    assert not house.do("settle_deposits", by="okafor", kind="final_bill").body["entries"]
    with pytest.raises(OnlyInstallmentsOwed):
        house.do("apply_deposit", by="reyes", **here)
    with pytest.raises(DepositSecures):
        house.do("request_refund", by="reyes", source="deposit", reason="deposit_returned", **here)
    # And: what is left of it pays the next installment on its day, so that nothing of hers is late.
    house.today = min(later)
    house.do("settle_deposits", by="okafor", kind="final_bill")
    house.pass_days(1)
    assert by_due(aged(house, home)) == {on: cents for on, cents in later.items() if on != min(later)}
    # And: if she would rather have done with them now, it pays as many as it can.
    left = deposits_of_account(home.account_id)[0].held_cents
    before = owed(home)
    house.do("apply_deposit", by="reyes", installments_now=True, **here)
    assert owed(home) <= before - left
    assert deposits_of_account(home.account_id)[0].held_cents == 0
    books_are_right()


def test_an_agencys_money_pays_the_installment_that_is_due_and_waits_for_no_other(long_ago: tuple[House, Home]) -> None:
    # Given: Ruth owes twelve installments, for energy; the first is due with the corrected bill.
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.5", **WHY)
    asked = bill(correct(house, home, cause="multiplier"))
    before = by_due(aged(house, home))
    house.today = asked.due_on
    # When: an agency pays what the bill asks for, and $20 more. Then: that installment is paid; the $20 wait.
    house.do(
        "take_payment", by="nguyen", account_id=home.account_id, amount_cents=before[asked.due_on] + 20_00,
        tender="agency", agency="Community Action", channel="electronic",
    )  # fmt: skip
    assert by_due(aged(house, home)) == {on: cents for on, cents in before.items() if on != asked.due_on}
    assert balances_of([home.account_id])[home.account_id][LedgerAccount.UNAPPLIED_CREDIT] == -20_00
    books_are_right()


def test_a_read_of_over_a_year_ago_is_put_right_on_both_bills_that_it_spoiled(long_ago: tuple[House, Home]) -> None:
    # Given: a read was 100 kWh too high, so that one bill was too high and the next too low by about as much; only the
    # second began within the year of back-bills.
    house, home = long_ago
    since = house.today - timedelta(days=365)
    [on] = [item.end_on for item in bills_of_account(home.account_id, limit=40)
            if item.end_on - timedelta(days=30) < since <= item.end_on]  # fmt: skip
    [read] = [item for item in reads_of_meter(home.meter_id) if item.read_on == on and item.state == "accepted"]
    misread(house, home, on=on, reading=read.dial_reading - 100)
    seen = house.see("correct_bills", account_id=home.account_id, cause="read", **WHY).proposal
    correct(house, home, cause="read")
    # Then: she is refunded the one as she is billed the other, and owes the cents between them.
    low, high = sorted(row.total.after - row.total.before for row in seen.comparisons)
    assert low < 0 < high
    assert owed(home) == low + high
    assert not [row for row in seen.comparisons if row.stands]
    books_are_right()


def test_after_tampering_everything_is_billed_at_once(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.2", **WHY)
    seen = house.see("correct_bills", account_id=home.account_id, cause="tampering", **WHY).proposal
    assert not [item for item in seen.comparisons if item.stands]
    assert len(seen.comparisons) == 16
    assert seen.rules[0].code == "back-bill 6.5"
    assert len({posting.due_on for posting in seen.entries[-1].postings if posting.charge == "back_bill"}) == 0


def test_an_overcharge_is_refunded_whole_when_its_beginning_is_known_else_for_a_year(
    long_ago: tuple[House, Home],
) -> None:
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="0.8", **WHY)
    whole = house.see("correct_bills", account_id=home.account_id, cause="multiplier", **WHY).proposal
    year = house.see(
        "correct_bills", account_id=home.account_id, cause="multiplier", begin_known=False, **WHY
    ).proposal  # fmt: skip
    assert sum(not item.stands for item in whole.comparisons) == 16
    assert sum(not item.stands for item in year.comparisons) == 12
    assert whole.rules[0].code == year.rules[0].code == "refund 6.2"
    correct(house, home, cause="multiplier")
    assert owed(home) == -whole.authority_cents
    books_are_right()


def test_nothing_within_reach_and_nothing_wrong_are_refused_and_change_nothing(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    account = {"account_id": home.account_id, "cause": "multiplier", **WHY}
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(NothingToCorrect):
        house.do("correct_bills", **account)
    assert table_rows(but=NEVER_CHANGED) == untouched
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1.1", **WHY)
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(NoBackBill):
        house.do("correct_bills", **account, back_bill=False)
    with pytest.raises(BeyondReach):
        house.do("correct_bills", **account, to_on=house.today - timedelta(days=400))
    assert table_rows(but=NEVER_CHANGED) == untouched


def test_a_representative_asks_when_the_net_change_is_over_her_limit(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="0.9", **WHY)
    account = {"account_id": home.account_id, "cause": "multiplier", **WHY}
    net = house.see("correct_bills", by="reyes", **account).proposal.authority_cents
    assert net > 5000
    asked = house.do("correct_bills", by="reyes", **account)
    assert asked.outcome == "approval_requested"
    assert not CorrectedPeriod.objects.exists()
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert owed(home) == -net


# --------------------------------------------------------------------------------------------------------- meter tests
def put_to_test(house: House, home: Home, *, full: str, light: str, **more: Any) -> ReceiptFacts:
    given = {"meter": home.serial, "tested_on": house.today, "full_load": full, "light_load": light, **more}
    return house.do("record_meter_test", by="okafor", **given, tested_by="Meter shop", note="She asked for it")


def test_a_meter_that_ran_fast_is_refunded_for_a_year_by_the_energy_that_passed(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    # Given: at full load it registers 103 %, at light load 101 %: (4 × 103 + 101) ÷ 5 = 102.6 %.
    untouched = table_rows(but=(*NEVER_CHANGED, "metering_metertest"))
    told = put_to_test(house, home, full="103", light="101 %")
    assert table_rows(but=(*NEVER_CHANGED, "metering_metertest")) == untouched
    assert [rule["code"] for rule in told.body["rules"]][:2] == ["meter test 6.6", "refund 6.2"]
    [kept] = meter_tests_of([home.meter_id])[home.meter_id]
    assert (kept.accuracy_percent, kept.off, kept.tested_by) == (Decimal("102.60"), True, "Meter shop")
    # When: nobody knows since when, and whoever corrects need not remember that.
    seen = house.see("correct_bills", account_id=home.account_id, cause="meter", **WHY).proposal
    assert [rule.code for rule in seen.rules[:2]] == ["refund 6.2", "meter test 6.6"]
    assert next(item.after for item in seen.changes if item.code == "accuracy") == "102.60 %"
    assert len(seen.comparisons) == 16
    assert sum(not item.stands for item in seen.comparisons) == 12
    number = correct(house, home, cause="meter")
    # Then: 650 kWh had been registered in the last month: 650,000 Wh ÷ 1.026 = 633,528.3 Wh.
    segments = segments_of_bill(number)
    last = max(segments, key=lambda item: item.start_on)
    assert last.energy_wh == 633_528
    proven = lines_of_segments(segments)
    assert sum(line.amount_cents for line in proven) == sum(item.amount_cents for item in segments)
    # And: the bill says why and how much, and the reads on it come to the energy that it charges.
    payload = bill(number).payload
    why = {item[0]: item[1] for item in payload["messages"]}
    assert why["cause_meter_test"] == {"meter": home.serial, "percent": "102.60"}
    assert "cause_meter" not in why
    assert [read[-1] for read in payload["segments"][-1]["reads"]] == [last.energy_wh]
    assert owed(home) == -seen.authority_cents
    books_are_right()
    # And: once is enough, whatever is corrected next.
    for cause in ("meter", "tax"):
        with pytest.raises(NothingToCorrect):
            house.do("correct_bills", account_id=home.account_id, cause=cause, from_on=last.start_on, **WHY)


def test_a_meter_that_ran_slow_since_a_known_day_is_paid_over_as_many_months(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    since = house.today - timedelta(days=90)
    told = put_to_test(house, home, full="95", light="98", wrong_since_on=since)
    assert [rule["code"] for rule in told.body["rules"]][:2] == ["meter test 6.6", "back-bill 6.3"]
    seen = house.see("correct_bills", account_id=home.account_id, cause="meter", **WHY).proposal
    assert [item.total.label.params["start"] for item in seen.comparisons] == [
        since + timedelta(days=30 * month) for month in range(3)
    ]
    correct(house, home, cause="meter")
    parts = by_due(aged(house, home))
    assert len(parts) == 3
    assert sum(parts.values()) == owed(home) == seen.authority_cents
    # And: what it registers after it was put right, and a later test finds right, is billed as it is.
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading="10900")
    house.made("bill_account", "bill", account_id=home.account_id)
    put_to_test(house, home, full="100.1", light="99.9")
    with pytest.raises(NothingToCorrect):
        house.do("correct_bills", account_id=home.account_id, cause="meter", **WHY)
    books_are_right()


def test_a_meter_within_the_limit_is_kept_on_file_and_its_bills_stand(long_ago: tuple[House, Home]) -> None:
    house, home = long_ago
    told = put_to_test(house, home, full="102", light="102")
    assert told.body["summary"]["params"]["error"] == "+2.00"
    assert [rule["code"] for rule in told.body["rules"]] == ["meter test 6.6"]
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(NothingToCorrect):
        house.do("correct_bills", account_id=home.account_id, cause="meter", **WHY)
    with pytest.raises(MeterTestInFuture):
        put_to_test(house, home, full="103", light="103", tested_on=house.today + timedelta(days=1))
    with pytest.raises(WrongAfterTest):
        put_to_test(house, home, full="103", light="103", wrong_since_on=house.today)
    with pytest.raises(InputsInvalid):
        put_to_test(house, home, full="0", light="0")
    assert table_rows(but=NEVER_CHANGED) == untouched

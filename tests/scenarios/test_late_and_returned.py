"""Checks that come back, and late charges by the rule."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from pytest_django import Settings

from tests.house import Home, House, move_in, read_and_bill, table_rows
from weatherhead.actions.payments.return_payment import CashDoesNotReturn, ReturnedBeforePaid, ReturnedInFuture
from weatherhead.areas.billing.late_charges import late_charges
from weatherhead.areas.billing.queries import adjustments_of_account, bills_of_account
from weatherhead.areas.ledger.queries import ageing_of, balance_of, trial_balance
from weatherhead.areas.payments.operations import PaymentAlreadyReversed, TenderAlreadyReturned
from weatherhead.areas.payments.queries import TENDER_RETURNED, payment
from weatherhead.areas.records.utility import regulation
from weatherhead.core.ledger import Ageing
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.main import main

pytestmark = pytest.mark.django_db

CHECK = {"tender": "check", "check_number": "1042"}


def ages(house: House, home: Home) -> Ageing:
    return ageing_of([home.account_id], as_of=house.today)[home.account_id]


def pay(house: House, home: Home, amount_cents: int, **how: str) -> int:
    return house.made("take_payment", "payment", account_id=home.account_id, amount_cents=amount_cents, **how)


def test_a_check_that_bounced_leaves_the_debt_as_old_as_it_was(house: House, home: Home) -> None:
    # Given: Ruth owes a bill that is 20 days past due, and pays it by check.
    house.today = bills_of_account(home.account_id, limit=1)[0].due_on + timedelta(days=20)
    before = ages(house, home)
    books = trial_balance(as_of=house.today)
    number = pay(house, home, before.balance_cents, **CHECK)
    assert ages(house, home).balance_cents == 0
    # When: five days later the analyst enters that the bank sent it back two days ago.
    house.pass_days(5)
    returned_on = house.today - timedelta(days=2)
    done = house.do(
        "return_payment",
        by="okafor",
        payment_id=number,
        reason="insufficient_funds",
        returned_on=returned_on.isoformat(),
    )
    # Then: the bill is past due again since its own due date, and a fee of the rule in force that day is owed besides.
    after = ages(house, home)
    assert (after.oldest_past_due_on, after.past_due_cents) == (before.oldest_past_due_on, before.past_due_cents)
    assert after.days_past_due == before.days_past_due + 5
    [charged] = adjustments_of_account(home.account_id)
    assert (charged.charge, charged.amount_cents) == ("returned_payment_fee", 2500)
    assert after.balance_cents == before.balance_cents + 2500
    # And: the tender is cancelled, the event that received it stands, and the check never was in the books' sum.
    undone = payment(number)
    assert (undone.returned_on, undone.return_reason) == (returned_on, "insufficient_funds")
    assert (undone.reversed_on, undone.reversal_reason) == (returned_on, TENDER_RETURNED)
    sums = trial_balance(as_of=house.today)
    assert sums["receivable"] == books["receivable"] + 2500
    assert sums["checks_received"] == 0
    assert [rule["code"] for rule in done.body["rules"]][-1] == "fee 7.4"
    with pytest.raises(TenderAlreadyReturned):
        house.do("return_payment", by="okafor", payment_id=number, reason="insufficient_funds")


def test_the_fee_is_that_of_the_day_and_none_when_the_bank_erred(house: House, home: Home) -> None:
    number = pay(house, home, 2000, **CHECK)
    house.do("return_payment", by="reyes", payment_id=number, reason="bank_error", note="Wrong drawer")
    assert not adjustments_of_account(home.account_id)
    house.pass_days(70)  # into 2026, whose fee is $30
    number = pay(house, home, 2000, **CHECK)
    house.do("return_payment", by="reyes", payment_id=number, reason="account_closed")
    assert [item.amount_cents for item in adjustments_of_account(home.account_id)] == [3000]


def test_a_fee_that_is_a_percentage_is_of_what_is_past_due_without_the_check(
    house: House, home: Home, settings: Settings, tmp_path: Path
) -> None:
    # Given: a utility whose returned-payment fee is 4 % of the past due, at least $1.
    book = yaml.safe_load(regulation("fees.yaml").read_text())
    [rule] = [item for item in book["fees"] if item["charge"] == "returned_payment_fee"]
    rule["versions"] = [{"effective": date(2025, 1, 1), "percent_of_past_due": 4, "at_least": 1}]
    (tmp_path / "fees.yaml").write_text(yaml.safe_dump(book))
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    # When: a check comes back before the bill is due. Then: it is entered all the same, and no fee is due.
    number = pay(house, home, 2000, **CHECK)
    house.do("return_payment", by="reyes", payment_id=number, reason="stop_payment")
    assert not adjustments_of_account(home.account_id)
    # When: a check for all that was past due comes back. Then: the fee is of what it had paid.
    house.today = bills_of_account(home.account_id, limit=1)[0].due_on + timedelta(days=20)
    owed = ages(house, home).past_due_cents
    number = pay(house, home, owed, **CHECK)
    assert ages(house, home).past_due_cents == 0
    house.do("return_payment", by="reyes", payment_id=number, reason="insufficient_funds")
    [charged] = adjustments_of_account(home.account_id)
    assert charged.amount_cents == max((owed * 4 + 50) // 100, 100) > 100
    assert ages(house, home).balance_cents == owed + charged.amount_cents


def test_what_cannot_have_come_back_is_refused_and_nothing_changes(house: House, home: Home) -> None:
    cash, check = pay(house, home, 2000, tender="cash"), pay(house, home, 2000, **CHECK)
    reversed_one = pay(house, home, 2100, tender="check", check_number="1043")
    house.do("reverse_payment", payment_id=reversed_one, reason="duplicate", note="Entered twice")
    wrong: list[tuple[type[Refusal], int, int]] = [
        (CashDoesNotReturn, cash, 0),
        (PaymentAlreadyReversed, reversed_one, 0),
        (ReturnedInFuture, check, 1),
        (ReturnedBeforePaid, check, -1),
    ]
    untouched = table_rows(but=("records_",))
    for refusal, number, days in wrong:
        on = (house.today + timedelta(days=days)).isoformat()
        with pytest.raises(refusal):
            house.do("return_payment", payment_id=number, reason="stop_payment", returned_on=on)
    assert table_rows(but=("records_",)) == untouched


def test_late_payers_are_charged_by_the_rule_once_and_others_are_left_alone(house: House, home: Home) -> None:
    # Given: two customers of cycle 14 with a bill of the same day; one pays.
    dale = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    read_and_bill(house, dale, reading=1700)
    pay(house, dale, balance_of([dale.account_id])[dale.account_id], tender="cash")
    owed = balance_of([home.account_id])[home.account_id]
    due_on = bills_of_account(home.account_id, limit=1)[0].due_on
    rule = late_charges().version_on(house.today)
    # When: late charges are assessed a day too early, then on the day that the rule says.
    house.today = due_on + timedelta(days=rule.days_past_due - 1)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert balance_of([home.account_id])[home.account_id] == owed
    house.pass_days(1)
    house.do("assess_late_charges", by="okafor", cycle=14)
    # Then: the late one owes 3 % of the past due, half a cent up, at least $5.00; the other one owes nothing.
    late_cents = max((owed * 3 + 50) // 100, 500)
    assert balance_of([home.account_id, dale.account_id]) == {home.account_id: owed + late_cents, dale.account_id: 0}
    # And: again on that day, and for some weeks, charges nobody twice; a waived one does not come back.
    [fee] = adjustments_of_account(home.account_id)
    house.do("waive_fee", by="reyes", adjustment_id=fee.adjustment_id, reason="first_in_12_months")
    for _ in range(2):
        house.do("assess_late_charges", by="okafor", cycle=14)
        assert balance_of([home.account_id])[home.account_id] == owed
        house.pass_days(rule.days_between - 1)
    # Then, a month later, the bill still open bears the next one.
    house.pass_days(2)
    house.do("assess_late_charges", by="okafor", cycle=14, from_account=home.account_id, to_account=home.account_id)
    assert balance_of([home.account_id])[home.account_id] == owed + late_cents


def test_nobody_pays_for_being_late_with_what_we_hold(house: House, home: Home) -> None:
    # Given: an agency pays more than Ruth's bill, and what is more waits as her next bill falls due and is not applied.
    owed = balance_of([home.account_id])[home.account_id]
    agency = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    house.do("take_payment", account_id=home.account_id, amount_cents=owed + 30_00, **agency)
    read_and_bill(house, home, reading=2350)
    billed = balance_of([home.account_id])[home.account_id]
    # When: she pays the rest, and late charges are assessed. Then: none; what is past due is hers already.
    house.do("take_payment", account_id=home.account_id, amount_cents=billed - 30_00, tender="cash")
    house.pass_days(40)
    assert house.see("assess_late_charges", cycle=14).proposal.plan.charges == ()
    # And: where more than that is past due, the charge is on what is more.
    house.do("assess_fee", account_id=home.account_id, charge="connect_fee", reason="service_rendered")
    house.pass_days(60)
    [charge] = house.see("assess_late_charges", cycle=14).proposal.plan.charges
    assert charge.bearing_cents == balance_of([home.account_id])[home.account_id] - 30_00


def test_late_charges_are_assessed_in_ranges(house: House, home: Home) -> None:
    house.pass_days(60)
    owed = balance_of([home.account_id])[home.account_id]
    house.do("assess_late_charges", by="okafor", cycle=14, from_account=home.account_id + 1)
    house.do("assess_late_charges", by="okafor", cycle=13)
    assert balance_of([home.account_id])[home.account_id] == owed


def test_the_command_charges_a_cycle_and_says_so(
    house: House, home: Home, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.TODAY = house.today + timedelta(days=60)
    assert main(["late-charges", "--cycle", "14", "--as", "okafor", "--json"]) == 0
    [fee] = adjustments_of_account(home.account_id)
    assert json.loads(capsys.readouterr().out) == {"accounts": 1, "charges": 1, "total_cents": fee.amount_cents}
    assert main(["late-charges", "--cycle", "14", "--as", "okafor"]) == 0
    assert "Accounts: 1. Late charges: 1, $" in capsys.readouterr().out  # the same receipt again
    assert len(adjustments_of_account(home.account_id)) == 1

"""One account through the house, in a representative's words."""

from __future__ import annotations

import pytest

from tests.house import Home, House, move_in, read_and_bill, table_rows
from weatherhead.actions.billing.bill_account import BillingHeld
from weatherhead.actions.billing.cancel_and_rebill import SameResult
from weatherhead.actions.premises.start_service import OptionsWrong
from weatherhead.areas.agreements.operations import ServicePointTaken
from weatherhead.areas.billing.decide import NothingToBill
from weatherhead.areas.billing.operations import BillAlreadyCorrected
from weatherhead.areas.billing.queries import bill, bills_of_account, fees_to_waive, segments_of_bill
from weatherhead.areas.customers.numbers import AccountNumberMistyped, check_account_number
from weatherhead.areas.customers.operations import IdentifierTaken, StaleAccount
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import ageing_of, balance_of, trial_balance
from weatherhead.areas.metering.models import Read
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.operations import PaymentAlreadyReversed
from weatherhead.areas.premises.operations import PremiseExists
from weatherhead.areas.records.utility import current_utility

pytestmark = pytest.mark.django_db

NEVER_CHANGED = ("records_",)


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def correct(house: House, home: Home, *, reading: int) -> None:
    [wrong] = [item for item in reads_of_meter(home.meter_id) if item.read_on == house.today]
    house.do("correct_read", by="okafor", read_id=wrong.read_id, reading=str(reading), reason="Misread a dial")


def test_a_bill_unpaid_after_its_due_date_is_past_due_and_bears_a_late_charge(house: House, home: Home) -> None:
    total = owed(home)
    due_on = bills_of_account(home.account_id, limit=1)[0].due_on
    house.today = due_on
    assert ageing_of([home.account_id], as_of=house.today)[home.account_id].past_due_cents == 0
    house.pass_days(1)
    assert ageing_of([home.account_id], as_of=house.today)[home.account_id].past_due_cents == total
    house.do("assess_fee", by="reyes", account_id=home.account_id, charge="late_charge", reason="past_due")
    # 3 % of the past due, half a cent up, but at least $5.00.
    assert owed(home) == total + max((total * 3 + 50) // 100, 500)


def test_a_payment_on_the_wrong_account_is_taken_back(house: House, home: Home) -> None:
    before = owed(home)
    paid = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="40.00", tender="cash")
    assert owed(home) == before - 4000
    note = {"reason": "wrong_account", "note": "Was for 12 Elm Ct"}
    house.do("reverse_payment", by="reyes", payment_id=paid, **note)
    assert owed(home) == before
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(PaymentAlreadyReversed):
        house.do("reverse_payment", by="reyes", payment_id=paid, **note)
    assert table_rows(but=NEVER_CHANGED) == untouched


def test_a_reversal_leaves_every_balance_and_age_as_if_nothing_had_been(house: House, home: Home) -> None:
    house.pass_days(45)
    ages = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    books = trial_balance(as_of=house.today)
    paid = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="17.31", tender="cash")
    house.do("reverse_payment", payment_id=paid, reason="duplicate", note="Entered twice")
    after = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    assert (after.past_due_cents, after.balance_cents, after.days_past_due) == (
        ages.past_due_cents,
        ages.balance_cents,
        ages.days_past_due,
    )
    assert {code: cents for code, cents in trial_balance(as_of=house.today).items() if cents} == {
        code: cents for code, cents in books.items() if cents
    }


def test_a_misread_month_is_billed_again_and_keeps_its_period(house: House, home: Home) -> None:
    # Given: the read of 2700 should have been 2400, and the bill is paid.
    wrong = read_and_bill(house, home, reading=2700)
    everything = owed(home)
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=everything, tender="cash")
    correct(house, home, reading=2400)
    house.pass_days(3)
    # When: the bill is cancelled and billed again.
    done = house.do("cancel_and_rebill", by="alvarez", bill_id=wrong, reason="Read 2400, not 2700")
    [corrected] = done.body["made"]["bill"]
    # Then: same period, 300 kWh less, and the difference stands to her credit.
    old, new = bill(wrong), bill(corrected)
    assert new.corrects_id == wrong
    assert old.corrected_by_id == corrected
    spans = [(item["start_on"], item["end_on"]) for item in old.payload["segments"]]
    assert [(item["start_on"], item["end_on"]) for item in new.payload["segments"]] == spans
    assert new.payload["segments"][0]["energy_wh"] == old.payload["segments"][0]["energy_wh"] - 300_000
    assert owed(home) == new.total_cents - old.total_cents < 0
    # And: it cannot be corrected twice, and billing again changes nothing.
    with pytest.raises(BillAlreadyCorrected):
        house.do("cancel_and_rebill", bill_id=wrong, reason="Once more")
    with pytest.raises(SameResult):
        house.do("cancel_and_rebill", bill_id=corrected, reason="Once more")


def test_a_representative_may_correct_a_bill_by_fifty_dollars_and_asks_above(house: House, home: Home) -> None:
    wrong = read_and_bill(house, home, reading=3300)
    correct(house, home, reading=2000)
    asked = house.do("cancel_and_rebill", by="reyes", bill_id=wrong, reason="Read 2000, not 3300")
    assert asked.outcome == "approval_requested"
    assert bill(wrong).corrected_by_id is None
    done = house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert bill(wrong).corrected_by_id == done.body["made"]["bill"][0]


def test_use_far_out_of_bounds_is_held_not_issued(house: House, home: Home) -> None:
    house.pass_days(30)
    Read.objects.create(
        meter_id=home.meter_id, read_on=house.today, kind="actual", dial_reading=9000, state="accepted", receipt_id=1
    )
    before = owed(home)
    held = house.do("bill_account", by="okafor", account_id=home.account_id)
    [exception] = held.body["made"]["exception"]
    assert owed(home) == before
    with pytest.raises(BillingHeld):
        house.do("bill_account", by="okafor", account_id=home.account_id)
    house.do("release_exception", by="okafor", exception_id=exception, reason="A kiln was fired all month")
    house.do("bill_account", by="okafor", account_id=home.account_id)
    assert owed(home) > before
    [segment] = segments_of_bill(bills_of_account(home.account_id, limit=1)[0].bill_id)
    assert segment.determinants["released"] == {"usage": "A kiln was fired all month"}


def test_a_held_service_waits_until_it_is_released(house: House, home: Home) -> None:
    held = house.made("hold_billing", "exception", agreement_id=home.agreement_id, reason="Meter is being tested")
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2400")
    with pytest.raises(BillingHeld, match="Meter is being tested"):
        house.do("bill_account", account_id=home.account_id)
    house.do("release_exception", exception_id=held, reason="Meter is right")
    house.do("bill_account", account_id=home.account_id)


def test_the_same_days_are_never_billed_twice(house: House, home: Home) -> None:
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(NothingToBill):
        house.do("bill_account", account_id=home.account_id)
    assert table_rows(but=NEVER_CHANGED) == untouched


def test_a_waived_fee_is_gone_from_what_is_owed(house: House, home: Home) -> None:
    before = owed(home)
    house.do("assess_fee", account_id=home.account_id, charge="returned_payment_fee", reason="returned_payment")
    [charged] = fees_to_waive(home.account_id)
    house.do("waive_fee", by="reyes", adjustment_id=charged.adjustment_id, reason="first_in_12_months")
    assert owed(home) == before
    assert fees_to_waive(home.account_id) == ()


def test_two_people_change_an_address_and_the_second_is_told(house: House, home: Home) -> None:
    new = {"street": "PO Box 12", "city": "Prairie City", "state": "NE", "postal_code": "68900"}
    house.do("change_mailing_address", by="reyes", account_id=home.account_id, version=1, **new)
    with pytest.raises(StaleAccount, match="version 2"):
        house.do(
            "change_mailing_address",
            by="dvorak",
            account_id=home.account_id,
            version=1,
            **{**new, "street": "PO Box 13"},
        )
    assert account(home.account_id).mail_street == "PO Box 12"


def test_one_place_is_not_entered_twice(house: House, home: Home) -> None:
    same = {"street": "1842 COTTONWOOD STREET", "city": "Prairie City", "state": "NE", "postal_code": "68900"}
    with pytest.raises(PremiseExists):
        house.do("add_premise", **same)


def test_nobody_takes_service_where_someone_does(house: House, home: Home) -> None:
    with pytest.raises(ServicePointTaken):
        house.do(
            "start_service",
            account_id=home.account_id,
            service_point_id=home.service_point_id,
            schedule="R-1",
            start_on=house.today,
            options={"facilities_level": "1"},
        )


def test_a_level_that_the_rate_does_not_have_is_refused(house: House, home: Home) -> None:
    point = house.made("add_service_point", "service_point", premise_id=home.premise_id, label="Barn")
    house.do("add_meter", service_point_id=point, serial="1234567", installed_on=house.today, first_reading="1")
    with pytest.raises(OptionsWrong):
        house.do(
            "start_service",
            account_id=home.account_id,
            service_point_id=point,
            schedule="R-1",
            start_on=house.today,
            options={"facilities_level": "9"},
        )


def test_one_identifier_is_one_customer(house: House) -> None:
    person = {"kind": "person", "identifier_kind": "ssn", "identifier": "078-05-1120"}
    house.do("create_customer", name="Grace Whitehorse", **person)
    with pytest.raises(IdentifierTaken):
        house.do("create_customer", name="G. Whitehorse", **{**person, "identifier": "078051120"})


def test_account_numbers_differ_and_carry_a_check_digit(house: House) -> None:
    form = current_utility().account_number
    homes = [move_in(house, street=f"{number} Elm Ct", serial=f"4000{number}") for number in range(1, 6)]
    numbers = [account(home.account_id).number for home in homes]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert check_account_number(number, form=form) == number
        for place in range(len(number)):
            slipped = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
            with pytest.raises(AccountNumberMistyped):
                check_account_number(slipped, form=form)

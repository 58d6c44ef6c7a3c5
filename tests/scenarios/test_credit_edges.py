"""Where deposits, refunds, debts given up, fees and corrections meet, as people at the desk run into it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.correcting import books_are_right, misread
from tests.house import Home, House, move_in
from weatherhead.actions.adjustments.assess_reconnect_fee import ChargedForReconnecting
from weatherhead.actions.credit.issue_refunds import NothingToIssue
from weatherhead.actions.credit.pay_deposit import NoMoneyForDeposit
from weatherhead.actions.credit.request_refund import DepositSecures
from weatherhead.areas.billing.queries import adjustments_of_account, bill, bills_of_account
from weatherhead.areas.credit.history import payment_history
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account
from weatherhead.areas.credit.refunds import refunds_of_account
from weatherhead.areas.credit.write_offs import write_offs_of
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.core.ledger import PostingRef, ReceivableMovement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_stand(db: None) -> Iterator[None]:
    """Whatever was done."""
    yield
    books_are_right()


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def deposit(home: Home) -> DepositFacts:
    return deposits_of_account(home.account_id)[-1]


def pay(house: House, home: Home, amount_cents: int, **how: str) -> int:
    given = {"account_id": home.account_id, "amount_cents": amount_cents, "tender": "cash", **how}
    return house.made("take_payment", "payment", **given)


def secure(house: House, home: Home, **how: str) -> int:
    """The deposit that the rule computes is asked for and paid. Returns the payment."""
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments")
    paid = pay(house, home, deposit(home).amount_cents, **how)
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=paid)
    return paid


def end(house: House, home: Home) -> None:
    house.pass_days(30)
    last = max(item.dial_reading for item in reads_of_meter(home.meter_id))
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading=str(last + 650))
    house.do("bill_account", account_id=home.account_id)


def decide(house: House, name: str, /, *, by: str = "reyes", **inputs: object) -> None:
    asked = house.do(name, by=by, **inputs)
    if asked.outcome != "done":
        house.do("approve_request", by="larsen", request_id=asked.body["request"])


def check_comes_back(house: House, home: Home, *, paid: int) -> None:
    house.pass_days(3)
    house.do("return_payment", by="okafor", payment_id=paid, reason="bank_error")
    assert (deposit(home).held_cents, deposit(home).held_since_on) == (0, None)


def test_a_deposit_whose_check_came_back_can_be_asked_for_no_longer(house: House, home: Home) -> None:
    check_comes_back(house, home, paid=secure(house, home, tender="check", check_number="2201"))
    # When: she brings a guarantor. Then: it is withdrawn, and may be asked for again one day.
    house.do("withdraw_deposit", by="reyes", account_id=home.account_id, reason="Her brother vouches for her")
    assert deposit(home).closed_reason == "withdrawn"
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments")


def test_a_deposit_whose_check_came_back_is_held_since_it_was_paid_after_all(house: House, home: Home) -> None:
    check_comes_back(house, home, paid=secure(house, home, tender="check", check_number="2201"))
    # When: she pays it in cash a hundred days later. Then: it earns interest, and its year begins, on that day.
    house.pass_days(100)
    paid = pay(house, home, deposit(home).amount_cents)
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=paid)
    assert (deposit(home).held_since_on, deposit(home).interest_from_on) == (house.today, house.today)


def test_a_deposit_whose_check_came_back_keeps_no_debt_from_being_given_up(house: House, home: Home) -> None:
    check_comes_back(house, home, paid=secure(house, home, tender="check", check_number="2201"))
    end(house, home)
    house.pass_days(200)
    [debt] = house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal.plan.debts
    assert debt.amount_cents == owed(home)


def test_what_was_paid_of_a_debt_given_up_is_no_deposit(house: House, home: Home) -> None:
    end(house, home)
    given_up(house, home)
    paid = pay(house, home, 50_00)
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="no_history")
    with pytest.raises(NoMoneyForDeposit):
        house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=paid)


def given_up(house: House, home: Home) -> None:
    decide(house, "write_off_account", by="alvarez", account_id=home.account_id, reason="Moved abroad")


def test_a_deposit_pays_what_was_given_up_before_it_goes_back(house: House, home: Home) -> None:
    # Given: Ruth left, her debt was given up, and she paid it by check; so she could have service again, on a deposit.
    end(house, home)
    old = owed(home)
    given_up(house, home)
    check = pay(house, home, old, tender="check", check_number="2201")
    decide(house, "assess_deposit", account_id=home.account_id, reason="no_history", amount_cents=old + 20_00)
    cash = pay(house, home, old + 20_00)
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=cash)
    # When: the check comes back, so that the old debt is given up as before, and she wants her deposit.
    house.do("return_payment", by="okafor", payment_id=check, reason="bank_error")
    back = {"account_id": home.account_id, "source": "deposit", "reason": "deposit_returned"}
    with pytest.raises(DepositSecures):
        house.do("request_refund", by="reyes", **back)
    # Then: the night pays the debt from it, once, and what is left goes back.
    house.do("settle_deposits", by="okafor", kind="final_bill")
    assert not house.do("settle_deposits", by="okafor", kind="final_bill").body["entries"]
    house.do("recover_write_offs", by="okafor")
    [debt] = write_offs_of([home.account_id])[home.account_id]
    assert (debt.left_cents, owed(home)) == (0, 0)
    decide(house, "request_refund", **back)
    assert refunds_of_account(home.account_id)[0].amount_cents == 20_00


def test_a_reconnection_charged_by_the_wrong_hour_is_charged_for_anew(house: House, home: Home) -> None:
    done = {"account_id": home.account_id, "reconnected_on": house.today}
    house.do("assess_reconnect_fee", by="alvarez", began_at="17:30", **done)
    [wrong] = adjustments_of_account(home.account_id)
    # When: it was half past four, and the fee is taken back. Then: the right one can be charged, once.
    decide(house, "reverse_adjustment", by="alvarez", adjustment_id=wrong.adjustment_id, note="It was half past four")
    house.do("assess_reconnect_fee", by="alvarez", began_at="16:30", **done)
    assert adjustments_of_account(home.account_id)[0].charge == "reconnect_fee"
    with pytest.raises(ChargedForReconnecting):
        house.do("assess_reconnect_fee", by="alvarez", began_at="16:30", **done)


def test_a_card_that_took_its_money_back_is_not_refunded(house: House, home: Home) -> None:
    # Given: Ruth paid $100 too much by card and $100 in cash; $50 are to go back to the card.
    pay(house, home, owed(home))
    card = pay(house, home, 100_00, tender="card", reference="c-1")
    pay(house, home, 100_00)
    decide(house, "request_refund", account_id=home.account_id, reason="overpaid", amount_cents=50_00)
    [found] = refunds_of_account(home.account_id)
    assert found.tender_payment_id == card
    # When: she had her bank take the card's money back. Then: the card gets nothing besides.
    house.pass_days(1)
    house.do("return_payment", by="okafor", payment_id=card, reason="stop_payment")
    assert owed(home) <= 0
    with pytest.raises(NothingToIssue):
        house.do("issue_refunds", by="okafor")
    # And: cancelled and asked for again it goes by check.
    house.do("cancel_refund", by="alvarez", refund_id=found.refund_id, reason="The card was charged back")
    decide(house, "request_refund", account_id=home.account_id, reason="overpaid")
    assert refunds_of_account(home.account_id)[0].method == "check"


def test_a_check_that_is_written_again_to_where_another_went_waits_for_a_colleague(house: House, home: Home) -> None:
    # Given: Ruth and Dale were each refunded $40 by check, to their own addresses.
    dale = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931")
    pay(house, home, owed(home))
    for whose in (home, dale):
        pay(house, whose, 40_00)
        decide(house, "request_refund", account_id=whose.account_id, reason="overpaid")
    house.do("issue_refunds", by="okafor")
    # When: Ruth's address becomes Dale's, and her check is said to be lost. Then: the next one, too, looks like his.
    there = {"street": "311 Linden St", "city": "Prairie City", "state": "NE", "postal_code": "68900"}
    house.do("change_mailing_address", account_id=home.account_id, version=account(home.account_id).version, **there)
    house.do("void_refund_check", check_number=100001, how="stop", reason="Never came")
    house.pass_days(10)
    house.do("issue_refunds", by="okafor")  # tells the bank of the stop, and writes nothing
    [held] = refunds_of_account(home.account_id)
    assert (held.state, held.waits_for_a_person) == ("payable", True)
    house.do("release_refund", refund_id=held.refund_id, reason="They live together now")
    house.do("issue_refunds", by="okafor")
    assert refunds_of_account(home.account_id)[0].check_number == 100003


def test_late_charges_since_a_bill_that_was_too_high_are_shown_where_it_is_corrected(house: House, home: Home) -> None:
    # Given: Ruth did not pay a bill that was too high, and was charged for being late.
    billed_on = house.today
    house.pass_days(40)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [late] = adjustments_of_account(home.account_id)
    misread(house, home, on=billed_on, reading=1600)
    correcting = {"account_id": home.account_id, "cause": "read", "reason": "Misread a dial"}
    # When: it is corrected. Then: whoever does it is told what to look at, until it is waived.
    shown = {item.code: item.after for item in house.see("correct_bills", **correcting).proposal.changes}
    assert shown["late_charges"] == late.amount_cents
    house.do("waive_fee", adjustment_id=late.adjustment_id, reason="our_error")
    assert "late_charges" not in [item.code for item in house.see("correct_bills", **correcting).proposal.changes]


def test_a_last_bill_in_credit_promises_no_next_one(house: House, home: Home) -> None:
    pay(house, home, owed(home) + 500_00)
    end(house, home)
    [last] = bills_of_account(home.account_id, limit=1)
    told = [code for code, _ in bill(last.bill_id).payload["messages"]]
    assert "credit_final" in told
    assert "credit" not in told


@pytest.mark.parametrize(("days", "grace_days", "late"), [(0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)])
def test_a_bill_that_is_paid_the_day_after_it_was_due_was_paid_late(days: int, grace_days: int, late: int) -> None:
    issued_on, due_on = date(2026, 1, 2), date(2026, 1, 22)
    billed, paid = (
        ReceivableMovement(
            ref=PostingRef(entry_id=number, sequence=1), effective_on=on, amount_cents=cents, charge=charge, due_on=due
        )
        for number, on, cents, charge, due in (
            (1, issued_on, 80_00, "bill", due_on),
            (2, due_on + timedelta(days=days), -80_00, "payment", None),
        )
    )
    found = payment_history([billed, paid], since=issued_on, as_of=date(2026, 3, 1), grace_days=grace_days)
    assert (len(found.due_on), len(found.late_on)) == (1, late)

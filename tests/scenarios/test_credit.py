"""Deposits, refunds and debts given up, as a representative tells them."""

from __future__ import annotations

import csv
import io
import json
import random
import stat
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.house import Home, House, moment, move_in, read_and_bill, table_rows
from weatherhead.actions.adjustments.assess_reconnect_fee import ChargedForReconnecting
from weatherhead.actions.credit.apply_deposit import FinalBillToCome, NothingOwed, ServiceGoesOn
from weatherhead.actions.credit.assess_deposit import (
    AgencyMissing,
    AgencyNotAsked,
    DepositAskedAlready,
    ScoreIncomplete,
    TooManyInstallments,
)
from weatherhead.actions.credit.issue_refunds import NothingToIssue
from weatherhead.actions.credit.pay_deposit import MoreThanThere, NoMoneyForDeposit, NothingLeftToPay
from weatherhead.actions.credit.release_refund import OwnRefund, RefundNotHeld
from weatherhead.actions.credit.request_refund import (
    DepositSecures,
    DepositStillNeeded,
    MoreThanTheCredit,
    NoCredit,
    RefundTooSmall,
    tender_for,
)
from weatherhead.actions.credit.void_refund_check import CheckIsOver
from weatherhead.actions.credit.withdraw_deposit import PaidAlready
from weatherhead.actions.credit.write_off_account import CreditFirst
from weatherhead.areas.billing.queries import adjustments_of_account, bills_of_account
from weatherhead.areas.credit.deposit_rules import AmountVersion, DepositBook, compute_deposit
from weatherhead.areas.credit.letters import adverse_action_letter
from weatherhead.areas.credit.operations.write_offs import ProvidedAlready
from weatherhead.areas.credit.queries import DepositFacts, deposits_of_account, notice
from weatherhead.areas.credit.refund_rules import refund_rule
from weatherhead.areas.credit.refunds import (
    RefundFacts,
    refund_runs,
    refunds_of_account,
)
from weatherhead.areas.credit.write_offs import write_offs_of
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, balances_of, trial_balance
from weatherhead.areas.payments.queries import payments_of_account
from weatherhead.areas.records.models import ApprovalRequest
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.areas.records.utility import current_utility, regulation
from weatherhead.core.ledger import Ageing
from weatherhead.core.values import Refusal, format_cents, load_yaml
from weatherhead.door.authority import MakerIsChecker
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.refunds import files_of_refund_run, uncovered

pytestmark = pytest.mark.django_db

AGENCY = {
    "agency_name": "Plains Credit Reports",
    "agency_address": "1 Report Way, Omaha NE 68100",
    "agency_phone": "(800) 555-0100",
}


def ages(house: House, home: Home) -> Ageing:
    return ageing_of([home.account_id], as_of=house.today)[home.account_id]


def deposit(home: Home) -> DepositFacts:
    return deposits_of_account(home.account_id)[-1]


def pay(house: House, home: Home, amount: int | str, *, tender: str = "cash") -> int:
    number = {"check_number": "2201"} if tender == "check" else {}
    return house.made(
        "take_payment", "payment", account_id=home.account_id, amount_cents=amount, tender=tender, **number
    )


def secure(house: House, home: Home, *, tender: str = "cash") -> int:
    """The deposit that the rule computes is asked for and paid. Returns the payment."""
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments")
    paid = pay(house, home, deposit(home).amount_cents, tender=tender)
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=paid)
    return paid


def end(house: House, home: Home, *, reading: str = "2350") -> None:
    house.pass_days(30)
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading=reading)
    house.do("bill_account", account_id=home.account_id)


def approve(house: House, asked: ReceiptFacts, *, by: str = "alvarez") -> ReceiptFacts:
    assert asked.outcome == "approval_requested"
    return house.do("approve_request", by=by, request_id=asked.body["request"])


def refund(house: House, home: Home, amount: str | None = None, **how: str) -> RefundFacts:
    """Reyes asks, Alvarez approves."""
    more = how if amount is None else {"amount_cents": amount, **how}
    inputs = {"account_id": home.account_id, "reason": "overpaid", **more}
    approve(house, house.do("request_refund", by="reyes", **inputs))
    return refunds_of_account(home.account_id)[0]


def run_files() -> dict[str, list[dict[str, str]]]:
    """The files of the latest run, read as the printer and the bank read them."""
    files = files_of_refund_run(refund_runs(limit=1)[0])
    return {name: list(csv.DictReader(io.StringIO(content.decode()))) for name, content in files.items()}


def refused(house: House, refusal: type[Refusal], name: str, /, *, by: str = "alvarez", **inputs: object) -> None:
    """Refused, and nothing changed but what the door itself remembers."""
    untouched = table_rows(but=("records_",))
    with pytest.raises(refusal):
        house.do(name, by=by, **inputs)
    assert table_rows(but=("records_",)) == untouched


def books_are_sound() -> None:
    assert check(extra=extra_checkers()).findings == ()


def test_a_deposit_is_asked_for_by_the_rule_and_paid_in_three_parts(house: House, home: Home) -> None:
    # Given: Ruth's only bill is the highest of the last twelve months.
    [bill] = bills_of_account(home.account_id, limit=1)
    owed = ages(house, home)
    # When: Reyes asks for a deposit in three installments, because she paid late before.
    done = house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments", installments=3)
    # Then: it is once that bill, its basis stands beside it, and nobody's authority was used.
    asked = deposit(home)
    assert asked.amount_cents == bill.total_cents
    assert f"1 × ${bill.total_cents / 100:.2f}, the highest bill of 12 months" in asked.arithmetic
    assert done.body["authority_cents"] == 0
    # And: its parts differ by at most a cent, 30 days apart, and it is no debt: nothing was posted, nothing ages.
    parts = [item.amount_cents for item in asked.installments]
    assert sum(parts) == asked.amount_cents
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)
    assert [(item.due_on - house.today).days for item in asked.installments] == [14, 44, 74]
    assert ages(house, home) == owed
    assert done.body["entries"] == []
    # When: she brings the first part.
    paid = pay(house, home, parts[0])
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=paid)
    # Then: it is held, and what she owes for energy is as old as it was.
    assert deposit(home).held_cents == parts[0]
    assert deposit(home).next_due == asked.installments[1]
    assert balances_of([home.account_id])[home.account_id]["deposit"] == -parts[0]
    assert ages(house, home) == owed
    house.today = asked.installments[1].due_on + timedelta(days=1)
    assert deposit(home).due_cents(as_of=house.today) == parts[1]
    # And: there is one deposit at a time, no more than is asked for, and it is not withdrawn once money came.
    refused(house, DepositAskedAlready, "assess_deposit", account_id=home.account_id, reason="no_history")
    refused(house, PaidAlready, "withdraw_deposit", account_id=home.account_id, reason="She moved in with her son")
    more = pay(house, home, "9.00")
    over = {"account_id": home.account_id, "payment_id": more, "amount_cents": "9.01"}
    refused(house, MoreThanThere, "pay_deposit", **over)
    refused(house, NoMoneyForDeposit, "pay_deposit", account_id=home.account_id)
    books_are_sound()


def test_a_deposit_on_a_credit_report_needs_a_notice(house: House, home: Home, tmp_path: Path) -> None:
    asking = {"account_id": home.account_id, "reason": "credit_report"}
    # Given: the report's agency must be named, and a score is told whole or not at all.
    refused(house, AgencyMissing, "assess_deposit", by="reyes", **asking)
    refused(house, ScoreIncomplete, "assess_deposit", by="reyes", **asking, **AGENCY, score="612")
    refused(
        house, AgencyNotAsked, "assess_deposit", by="reyes", account_id=home.account_id, reason="no_history", **AGENCY
    )
    refused(house, TooManyInstallments, "assess_deposit", by="reyes", **asking, **AGENCY, installments=5)
    # When: Reyes enters what was used of it.
    told = {
        "score": "612",
        "score_range": "300 to 850",
        "score_on": "2025-10-28",
        "factors": "Late payments; Short file",
    }
    done = house.do("assess_deposit", by="reyes", **asking, **AGENCY, **told)
    # Then: a letter is to be mailed within 30 days, which says all that 15 USC 1681m(a) and 12 CFR 1002.9 ask for.
    [number] = done.body["made"]["notice"]
    found = notice(number)
    assert found.mail_by_on == house.today + timedelta(days=30)
    letter = adverse_action_letter(found, account=account(home.account_id), utility=current_utility())
    said = " ".join(letter.split())
    for part in (
        "Ruth A. Kowalczyk", "Plains Credit Reports, 1 Report Way, Omaha NE 68100, telephone (800) 555-0100",
        "did not make this decision and cannot tell you the specific reasons", "free copy of your report",
        "within 60 days", "dispute with the agency the accuracy or completeness", "612", "Scores range 300 to 850",
        "- Late payments", "- Short file", "2025-10-28", "statement of the specific reasons", "within 30 days",
        "Equal Credit Opportunity Act", "Federal Trade Commission", current_utility().name,
    ):  # fmt: skip
        assert part in said, part
    assert max(map(len, letter.splitlines())) <= 78
    # And: a worker puts it where letters wait; the score stands nowhere else, not even in the audit log.
    assert work_once(worker="test", clock=lambda: moment(house.today)) is not None
    assert main(["deposits", "letters", "--from", "2025-10-01", "--to", str(tmp_path)]) == 0
    assert (tmp_path / f"adverse-action-{number}.txt").read_text() == letter
    kept = {table: rows for table, rows in table_rows().items() if "Short file" in str(rows)}
    assert set(kept) == {"credit_adverseactionnotice"}
    # And: withdrawn before money came, it is asked for no longer.
    house.do("withdraw_deposit", by="reyes", account_id=home.account_id, reason="A letter of credit came")
    refused(house, NothingLeftToPay, "pay_deposit", account_id=home.account_id)


def test_another_amount_than_the_rules_uses_authority(house: House, home: Home) -> None:
    computed = compute_deposit_of(home)
    asking = {"account_id": home.account_id, "reason": "no_history"}
    # When: Reyes asks for $60 less than the rule. Then: that is over her $50, and a colleague decides it.
    less = house.do("assess_deposit", by="reyes", **asking, amount_cents=computed - 60_00)
    assert less.outcome == "approval_requested"
    assert deposits_of_account(home.account_id) == ()
    # When: $20 less. Then: she may, and it uses $20.
    done = house.do("assess_deposit", by="reyes", **asking, amount_cents=computed - 20_00)
    assert done.body["authority_cents"] == 20_00


def compute_deposit_of(home: Home) -> int:
    return bills_of_account(home.account_id, limit=1)[0].total_cents


def test_the_rules_of_three_utilities_are_forms_of_one(tmp_path: Path) -> None:
    # OPPD: twice the highest bill; Iowa: the highest month of twelve; Cornhusker: $250 flat.
    bills = [(date(2025, 1, 31), 11_020), (date(2025, 8, 1), 19_955), (date(2025, 9, 1), 14_500)]
    oppd = AmountVersion(effective=date(2025, 1, 1), form="highest_bill", times="2")
    iowa = AmountVersion(effective=date(2025, 1, 1), form="highest_bill", months=12)
    flat = AmountVersion(effective=date(2025, 1, 1), form="flat", amount="250.00")
    mean = AmountVersion(effective=date(2025, 1, 1), form="average_bill", times="1.5", at_least="230.00")
    assert [compute_deposit(rule, bills=bills).amount_cents for rule in (oppd, iowa, flat)] == [39_910, 19_955, 25_000]
    # (110.20 + 199.55 + 145.00) ÷ 3 × 1.5 = 227.375, at least 230.
    assert compute_deposit(mean, bills=bills).amount_cents == 23_000
    # A rule file that is wrong says where.
    book = (
        regulation("deposits.yaml").read_text().replace('"07-01"', '"02-30"').replace("at_most: 500.00", "at_most: 0")
    )
    with pytest.raises(Refusal) as told:
        load_yaml(book, name="deposits.yaml", model=DepositBook)
    assert "02-30" in str(told.value)
    assert "at_most" in str(told.value)
    assert "deposits.yaml:" in str(told.value)


def test_a_deposit_check_that_bounced_is_asked_for_again(house: House, home: Home) -> None:
    owed = ages(house, home)
    paid = secure(house, home, tender="check")
    held = deposit(home).held_cents
    # When: the bank returns the check.
    house.pass_days(3)
    house.do("return_payment", by="okafor", payment_id=paid, reason="bank_error")
    # Then: nothing is held, all of it is asked for again, and she owes what she owed, as old as it was.
    assert (deposit(home).held_cents, deposit(home).left_cents) == (0, held)
    after = ages(house, home)
    assert (after.balance_cents, after.open_items) == (owed.balance_cents, owed.open_items)
    assert trial_balance(as_of=house.today)["deposit"] == 0
    books_are_sound()


def test_interest_is_credited_twice_a_year_at_the_rates_of_the_days(house: House, home: Home) -> None:
    # Given: $150 are held from October 31, 2025: 62 days at 2 % in 2025, then 2.5 %.
    house.do("assess_deposit", by="alvarez", account_id=home.account_id, reason="no_history", amount_cents="150.00")
    house.do("pay_deposit", account_id=home.account_id, payment_id=pay(house, home, "150.00"))
    assert house.today == date(2025, 10, 31)
    before = balance_of([home.account_id])[home.account_id]
    # When: the nights after January 1 and July 1: 15000 × 0.02 × 62/365 = 50.96; 15000 × 0.025 × 181/365 = 185.96.
    for on, cents in ((date(2026, 1, 2), 51), (date(2026, 7, 1), 186)):
        house.today = on
        for expected in (cents, 0):  # doing it again gives nothing
            done = house.do("settle_deposits", by="okafor", kind="interest")
            assert {item["code"]: item["after"] for item in done.body["changes"]}["interest"] == expected
    assert balance_of([home.account_id])[home.account_id] == before - 51 - 186
    assert deposit(home).held_cents == 150_00
    assert deposit(home).interest_given_cents == 237
    assert trial_balance(as_of=house.today)["deposit_interest_expense"] == 237
    books_are_sound()


def test_twelve_prompt_months_with_one_late_give_the_deposit_back(house: House, home: Home) -> None:
    secure(house, home)
    held, reading, late = deposit(home).held_cents, 1700, 3
    # Given: a year of bills, each paid on its due date but for the fourth, which is paid three days late.
    for month in range(13):
        bill = bills_of_account(home.account_id, limit=1)[0]
        house.today = bill.due_on + timedelta(days=3 if month == late else 0)
        pay(house, home, max(balance_of([home.account_id])[home.account_id], 1))
        reading += 650
        read_and_bill(house, home, reading=reading, days=30 - (house.today - bill.issued_on).days)
        done = house.do("settle_deposits", by="okafor", kind="good_history")
        if month < 11:
            assert not done.body["entries"], "too early"
        if done.body["entries"]:
            break
    # Then: the deposit and its interest are a credit on the account, and nothing is held.
    assert (deposit(home).held_cents, deposit(home).closed_reason) == (0, "good_history")
    assert deposit(home).interest_given_cents > 0
    figures = {item["code"]: item["after"] for item in done.body["changes"]}
    assert (figures["count"], figures["moved"]) == (1, held)
    assert not house.do("settle_deposits", by="okafor", kind="good_history").body["entries"]
    books_are_sound()


def test_the_final_bill_is_paid_from_the_deposit_and_the_rest_goes_back_by_check(house: House, home: Home) -> None:
    secure(house, home)
    pay(house, home, ages(house, home).balance_cents)
    refused(house, ServiceGoesOn, "apply_deposit", by="reyes", account_id=home.account_id)
    returned = {"account_id": home.account_id, "source": "deposit", "reason": "deposit_returned"}
    refused(house, DepositStillNeeded, "request_refund", by="reyes", **returned)
    held = deposit(home).held_cents
    # Given: service ends; the final bill is to come.
    house.pass_days(30)
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading="2350")
    refused(house, FinalBillToCome, "apply_deposit", by="reyes", account_id=home.account_id)
    house.do("bill_account", account_id=home.account_id)
    owed = ages(house, home).balance_cents
    assert 0 < owed < held
    refused(house, DepositSecures, "request_refund", by="reyes", **returned)
    # When: the night applies the deposit.
    house.do("settle_deposits", by="okafor", kind="final_bill")
    # Then: nothing is owed; what is left of it is held until it is refunded.
    earned = deposit(home).interest_given_cents
    assert ages(house, home).balance_cents == 0
    assert deposit(home).held_cents == held + earned - owed
    refused(house, NothingOwed, "apply_deposit", by="reyes", account_id=home.account_id)
    house.pass_days(1)
    asked = house.do("request_refund", by="reyes", **returned)
    left = deposit(home).held_cents
    approve(house, asked)
    [found] = refunds_of_account(home.account_id)
    assert found.amount_cents - left in {0, 1}
    assert deposit(home).held_cents == 0
    assert trial_balance(as_of=house.today)["refunds_payable"] == -found.amount_cents
    books_are_sound()


def test_an_overpayment_goes_back_by_check_once(house: House, home: Home, tmp_path: Path) -> None:
    # Given: Ruth paid $40.00 too much in cash.
    pay(house, home, ages(house, home).balance_cents + 40_00)
    asking = {"account_id": home.account_id, "reason": "overpaid"}
    refused(house, MoreThanTheCredit, "request_refund", by="reyes", **asking, amount_cents="40.01")
    refused(house, RefundTooSmall, "request_refund", by="reyes", **asking, amount_cents="0.99")
    # When: Reyes asks twice. Then: nothing moves until a colleague approves, and she is none.
    first, second = (house.do("request_refund", by="reyes", **asking) for _ in range(2))
    assert ages(house, home).credit_cents == 40_00
    own = house.do("request_refund", by="alvarez", **asking)
    refused(house, MakerIsChecker, "approve_request", by="alvarez", request_id=own.body["request"])
    done = approve(house, first)
    assert (done.actor, done.approver) == ("J. Reyes", "T. Alvarez")
    refused(house, NoCredit, "approve_request", by="alvarez", request_id=second.body["request"])
    assert ages(house, home).balance_cents == 0
    assert trial_balance(as_of=house.today)["refunds_payable"] == -40_00
    # When: Okafor issues. Then: one check, told to the bank; issuing again makes nothing.
    house.do("issue_refunds", by="okafor")
    refused(house, NothingToIssue, "issue_refunds", by="okafor")
    files = run_files()
    assert [(row["check_number"], row["amount"], row["payee"]) for row in files["checks.csv"]] == [
        ("100001", "40.00", "Ruth A. Kowalczyk")
    ]
    [told] = files["positive-pay.csv"]
    assert (told["type"], told["check_number"], told["amount"], told["date"]) == (
        "I", "100001", "40.00", house.today.isoformat()
    )  # fmt: skip
    # And: it is exported as often as one likes, the same bytes every time.
    run = refund_runs(limit=1)[0]
    for _ in range(2):
        assert main(["refunds", "export", run.number, "--to", str(tmp_path)]) == 0
    where = tmp_path / run.number
    assert (where / "checks.csv").read_bytes().startswith(b"check_number,issued_on,amount,payee")
    # And: for nobody else's eyes, because they say who gets money, and where they live.
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (where, *where.iterdir())}
    assert modes.pop(run.number) == 0o700
    assert set(modes.values()) == {0o600}
    # When: the bank's list comes: one good line among bad ones, twice.
    house.pass_days(6)
    bank = "check,amount\n100001,40.00\n100002,12.00\n100001,41.00\nrubbish\n"
    done = house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=bank)
    problems = [item["after"] for item in done.body["changes"] if item["code"].startswith("problem")]
    assert [text.split(":")[0] for text in problems] == ["line 3", "line 4", "line 5"]
    sums = trial_balance(as_of=house.today)
    assert (sums["refunds_payable"], sums["bank"]) == (0, -40_00)
    assert refunds_of_account(home.account_id)[0].state == "paid"
    with pytest.raises(Refusal, match="cleared before"):
        house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=bank)
    books_are_sound()


def test_a_refund_waits_after_the_address_was_changed(house: House, home: Home) -> None:
    pay(house, home, ages(house, home).balance_cents + 40_00)
    moved = {"street": "9 New Rd", "city": "Prairie City", "state": "NE", "postal_code": "68901"}
    house.do(
        "change_mailing_address", by="reyes", account_id=home.account_id,
        version=account(home.account_id).version, **moved,
    )  # fmt: skip
    changed_on = house.today
    house.pass_days(2)
    found = refund(house, home)
    assert found.hold_until_on == changed_on + timedelta(days=10)
    # Then: no check goes out before the tenth day, and on it one goes.
    house.today = changed_on + timedelta(days=9)
    refused(house, NothingToIssue, "issue_refunds", by="okafor")
    refused(house, RefundNotHeld, "release_refund", refund_id=found.refund_id, reason="It is urgent")
    house.today = changed_on + timedelta(days=10)
    house.do("issue_refunds", by="okafor")
    assert [row["address_1"] for row in run_files()["checks.csv"]] == ["9 New Rd"]


def test_a_refund_waits_while_the_check_that_it_gives_back_is_a_debt(house: House, home: Home) -> None:
    # Given: Ruth paid $40.00 too much by check, and got the refund approved; then the check bounced.
    owed = ages(house, home).balance_cents
    house.do(
        "take_payment", by="reyes", account_id=home.account_id, tender="check", check_number="2204",
        amount_cents=format_cents(owed + 40_00).replace(",", ""),
    )  # fmt: skip
    found = refund(house, home)
    paid = payments_of_account(home.account_id, limit=1)[0]
    house.pass_days(3)
    back = {"payment_id": paid.payment_id, "reason": "insufficient_funds"}
    house.do("return_payment", by="okafor", **back)
    # When: refunds are issued. Then: hers is not, and the list says what she owes.
    refused(house, NothingToIssue, "issue_refunds", by="okafor")
    assert uncovered([found]) == {found.refund_id: balance_of([home.account_id])[home.account_id]}
    # When: she pays all of it in cash. Then: it goes out by itself.
    pay(house, home, balance_of([home.account_id])[home.account_id])
    assert uncovered([found]) == {}
    house.do("issue_refunds", by="okafor")
    assert [row["refund"] for row in run_files()["checks.csv"]] == [str(found.refund_id)]
    books_are_sound()


def test_a_refund_that_looks_like_another_waits_for_a_colleague(house: House, home: Home) -> None:
    pay(house, home, ages(house, home).balance_cents + 90_00)
    other = move_in(house, name="Ruth A. Kowalczyk", street="12 Elm Ct", serial="88100204", phone="(402) 555-0177")
    pay(house, other, "25.00")
    first = refund(house, home, "25.00")
    # When: the same amount goes to the same name, at another address. Then: it is held, and says which and why.
    alike = refund(house, other, "25.00")
    assert [(item["refund"], item["same"]) for item in alike.hold_reasons] == [(first.refund_id, "amount_and_payee")]
    # And: another amount to the same payee and address is held too; to the same name elsewhere it is not.
    again = refund(house, home, "31.00")
    assert {item["same"] for item in again.hold_reasons} == {"payee_and_address"}
    house.do("issue_refunds", by="okafor")
    assert [row["refund"] for row in run_files()["checks.csv"]] == [str(first.refund_id)]
    # When: whoever asked wants to release it. Then: a colleague has to.
    own = house.do("request_refund", by="alvarez", account_id=home.account_id, reason="overpaid", amount_cents="11.00")
    house.do("approve_request", by="larsen", request_id=own.body["request"])
    mine = refunds_of_account(home.account_id)[0]
    refused(house, OwnRefund, "release_refund", by="alvarez", refund_id=mine.refund_id, reason="It is right")
    house.do("release_refund", by="alvarez", refund_id=again.refund_id, reason="Two overpayments, both shown")
    house.do("issue_refunds", by="okafor")
    assert [row["refund"] for row in run_files()["checks.csv"]] == [str(again.refund_id)]
    # When: the other is cancelled. Then: its money is on the account again, as if it had never been asked for.
    house.do("cancel_refund", refund_id=alike.refund_id, reason="He meant the other account")
    assert balance_of([other.account_id])[other.account_id] == -25_00
    books_are_sound()


def test_a_lost_check_is_stopped_and_written_again_to_the_new_address(house: House, home: Home) -> None:
    pay(house, home, ages(house, home).balance_cents + 40_00)
    refund(house, home)
    house.do("issue_refunds", by="okafor")
    moved = {"street": "9 New Rd", "city": "Prairie City", "state": "NE", "postal_code": "68901"}
    house.do("change_mailing_address", account_id=home.account_id, version=account(home.account_id).version, **moved)
    # When: it was lost on the way to the old address, and is stopped.
    house.do("void_refund_check", check_number=100001, how="stop", reason="Never came, she moved")
    refused(house, CheckIsOver, "void_refund_check", check_number=100001, how="void", reason="Again")
    # Then: the bank is told of the stop at once; the new check waits for the change of address.
    house.do("issue_refunds", by="okafor")
    files = run_files()
    assert [(row["type"], row["check_number"]) for row in files["positive-pay.csv"]] == [("V", "100001")]
    assert files["checks.csv"] == []
    house.pass_days(10)
    house.do("issue_refunds", by="okafor")
    [again] = run_files()["checks.csv"]
    assert (again["check_number"], again["amount"], again["address_1"]) == ("100002", "40.00", "9 New Rd")
    # And: a bank that pays the stopped one all the same is told of; the books owe one check, not two.
    lines = "100001,40.00\n100002,40.00\n"
    done = house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=lines)
    assert "voided or stopped: call the bank" in str(done.body["changes"])
    assert trial_balance(as_of=house.today)["bank"] == -40_00
    books_are_sound()


def test_a_card_payment_goes_back_to_the_card(house: House, home: Home) -> None:
    # Given: Ruth paid $40.00 too much by card, on the telephone.
    card = {"tender": "card", "reference": "ch_3MmlLrLk", "channel": "phone"}
    too_much = ages(house, home).balance_cents + 40_00
    paid = house.made("take_payment", "payment", account_id=home.account_id, amount_cents=too_much, **card)
    found = refund(house, home)
    assert (found.method, found.tender_payment_id) == ("tender", paid)
    # When: it is issued. Then: no check is written; it is on the list for the processor, out of what that owes us.
    house.do("issue_refunds", by="okafor")
    files = run_files()
    assert [(row["payment"], row["tender"], row["reference"], row["amount"]) for row in files["tenders.csv"]] == [
        (str(paid), "card", "ch_3MmlLrLk", "40.00")
    ]
    assert files["checks.csv"] == []
    assert refunds_of_account(home.account_id)[0].state == "paid"
    sums = trial_balance(as_of=house.today)
    assert (sums["refunds_payable"], sums["card_clearing"]) == (0, too_much - 40_00)
    # And: a payment that is older, or smaller, is none to go back to.
    _, version = refund_rule(on=house.today)
    old = house.today + timedelta(days=version.original_within_days + 1)
    known = payments_of_account(home.account_id, limit=9)
    assert tender_for(known, refunded={}, cents=1, version=version, as_of=house.today) is not None
    assert tender_for(known, refunded={}, cents=1, version=version, as_of=old) is None
    assert tender_for(known, refunded={}, cents=10**7, version=version, as_of=house.today) is None
    books_are_sound()


def test_a_debt_is_written_off_and_paid_after_all(house: House, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    end(house, home)
    owed = ages(house, home).balance_cents
    # Given: 119 days after the end the rule gives up nothing; on the 120th it does.
    house.pass_days(119)
    assert house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal.plan.debts == ()
    house.pass_days(1)
    shown = house.see("write_off_accounts", by="okafor", kind="uncollectible")
    assert [item.amount_cents for item in shown.proposal.plan.debts] == [owed]
    # When: Okafor asks and Alvarez approves.
    approve(house, house.do("write_off_accounts", by="okafor", kind="uncollectible"))
    # Then: nothing is owed, the allowance bears it, and no second time.
    assert ages(house, home).balance_cents == 0
    assert trial_balance(as_of=house.today)["allowance"] == owed
    assert not house.do("write_off_accounts", by="okafor", kind="uncollectible").body["entries"]
    # When: he sends $30 after all. Then: it is no credit to refund; the night gives it back to the allowance.
    mailed(house, home, "30.00")
    refused(house, NoCredit, "request_refund", by="reyes", account_id=home.account_id, reason="overpaid")
    house.do("recover_write_offs", by="okafor")
    assert ages(house, home).balance_cents == 0
    [given] = write_offs_of([home.account_id])[home.account_id]
    assert given.left_cents == owed - 30_00
    assert trial_balance(as_of=house.today)["allowance"] == owed - 30_00
    # And: what comes beyond the debt is his.
    mailed(house, home, f"{(given.left_cents + 12_00) / 100:.2f}")
    house.do("recover_write_offs", by="okafor")
    assert ages(house, home).credit_cents == 12_00
    refund(house, home)
    books_are_sound()


def test_a_debt_is_not_given_up_while_the_customers_money_waits(house: House, home: Home) -> None:
    # Given: an agency paid $10 more than Ruth's first bill, which wait; then she moves out and owes the final bill.
    agency = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    pledge = ages(house, home).balance_cents + 10_00
    house.do("take_payment", account_id=home.account_id, amount_cents=pledge, **agency)
    end(house, home)
    owed = ages(house, home).balance_cents
    house.pass_days(120)
    # When: it is to be written off. Then: the night leaves it alone, and a person is told to apply the money first.
    assert house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal.plan.debts == ()
    giving_up = {"account_id": home.account_id, "reason": "Died, no estate"}
    refused(house, CreditFirst, "write_off_account", **giving_up)
    house.do("apply_credit", by="reyes", account_id=home.account_id)
    house.do("write_off_account", **giving_up)
    [debt] = write_offs_of([home.account_id])[home.account_id]
    assert (debt.amount_cents, ages(house, home).balance_cents) == (owed - 10_00, 0)
    books_are_sound()


def mailed(house: House, home: Home, amount: str) -> None:
    """A check that comes with the mail."""
    rows = f"{account(home.account_id).number}, {amount}, {house.key().rpartition(' ')[2]}"
    house.do("post_payment_batch", name=f"Mail {rows}", counted="1", total_cents=amount, payments=rows)


def test_what_was_written_off_and_is_paid_at_the_counter_is_recovered_and_given_up_again_when_the_payment_goes(
    house: House, home: Home
) -> None:
    other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931")
    end(house, home)
    house.pass_days(120)
    approve(house, house.do("write_off_accounts", by="okafor", kind="uncollectible"))
    [debt] = write_offs_of([home.account_id])[home.account_id]
    owed = debt.amount_cents

    def stands(left: int, *, credit: int = 0) -> None:
        """What of the debt is given up: account, write-off and allowance say the same. `credit` is the customer's."""
        aged = ages(house, home)
        assert (aged.credit_cents, aged.past_due_cents) == (credit, 0)
        assert write_offs_of([home.account_id])[home.account_id][0].left_cents == left
        assert trial_balance(as_of=house.today)["allowance"] == left
        books_are_sound()

    # When: he pays $30 at the counter. Then: the preview says what it pays, and nothing is his to be refunded.
    paying = {"account_id": home.account_id, "amount_cents": "30.00", "tender": "cash"}
    shown = {item.code: item.after for item in house.see("take_payment", **paying).proposal.changes}
    assert (shown["recovered"], shown["balance"]) == (30_00, 0)
    first = house.made("take_payment", "payment", **paying)
    stands(owed - 30_00)
    refused(house, NoCredit, "request_refund", by="reyes", account_id=home.account_id, reason="overpaid")
    # And: it was the wrong amount. Then: the debt is given up as before.
    house.do("reverse_payment", payment_id=first, reason="wrong_amount", note="It was $40")
    stands(owed)
    # And: so it is when his check comes back, but for the fee, and when the money was another's.
    check_2201 = pay(house, home, "40.00", tender="check")
    stands(owed - 40_00)
    house.do("return_payment", payment_id=check_2201, reason="bank_error")
    stands(owed)
    moved = pay(house, home, "25.00")
    stands(owed - 25_00)
    house.do(
        "move_payment",
        payment_id=moved,
        to_account=account(other.account_id).number,
        reason="same_name",
        note="He is called so, too",
    )
    stands(owed)
    # And: what is more than the debt is his; the night has nothing left to do.
    pay(house, home, owed + 12_00)
    stands(0, credit=12_00)
    assert not house.do("recover_write_offs", by="okafor").body["entries"]


def test_a_debt_above_the_rules_amount_is_left_to_a_person(
    house: House, home: Home, settings: Settings, tmp_path: Path
) -> None:
    end(house, home)
    owed = ages(house, home).balance_cents
    rules = regulation("write_offs.yaml").read_text().replace("400.00", f"{(owed - 1) / 100:.2f}")
    for name in ("deposits.yaml", "fees.yaml", "refunds.yaml"):
        (tmp_path / name).write_text(regulation(name).read_text())
    (tmp_path / "write_offs.yaml").write_text(rules)
    settings.UTILITY = settings.UTILITY.model_copy(update={"regulations": str(tmp_path)})
    house.pass_days(200)
    shown = house.see("write_off_accounts", by="okafor", kind="uncollectible").proposal
    assert shown.plan.debts == ()
    assert shown.needs_approval is None
    assert {change.code: change.after for change in shown.changes}["above"] == 1
    # Alvarez may write it off alone within $500; what is more asks for someone with more authority.
    done = house.do("write_off_account", by="alvarez", account_id=home.account_id, reason="Died, no estate")
    assert done.body["authority_cents"] == owed
    assert ages(house, home).balance_cents == 0


def test_connecting_and_reconnecting_cost_what_the_rule_says(house: House, home: Home) -> None:
    # Given: until 2027 starting service charges nothing by itself.
    assert not adjustments_of_account(home.account_id)
    house.today = date(2027, 1, 4)
    newcomer = move_in(house, name="Tomas Novak", street="9 Ash St", serial="88100301", phone="(402) 555-0188")
    # Then: from then on the fee is charged with the start, by the rule, and waived like any other.
    [charged] = adjustments_of_account(newcomer.account_id)
    assert (charged.charge, charged.amount_cents, charged.rule) == ("connect_fee", 20_00, "service fee 3.1")
    house.do("waive_fee", by="reyes", adjustment_id=charged.adjustment_id, reason="our_error")
    # When: a reconnection begins at 16:59 on a Monday. Then: the normal fee; once.
    monday = {"account_id": newcomer.account_id, "reconnected_on": date(2027, 1, 4)}
    house.do("assess_reconnect_fee", by="reyes", **monday, began_at="16:59")
    refused(house, ChargedForReconnecting, "assess_reconnect_fee", by="reyes", **monday, began_at="18:00")
    # When: at 17:00, or on a Saturday. Then: the fee after hours.
    house.today = date(2027, 1, 11)
    for day, at in ((date(2027, 1, 5), "17:00"), (date(2027, 1, 9), "10:00")):
        house.do("assess_reconnect_fee", by="reyes", account_id=newcomer.account_id, reconnected_on=day, began_at=at)
    amounts = [item.amount_cents for item in adjustments_of_account(newcomer.account_id) if item.kind == "fee"]
    assert sorted(amounts) == [20_00, 70_00, 160_00, 160_00]


def test_a_months_bad_debts_are_provided_for_once(house: House, home: Home) -> None:
    house.today = date(2025, 11, 3)
    billed = -sum(cents for code, cents in trial_balance(as_of=house.today).items() if code.startswith("revenue."))
    house.do("provide_for_bad_debt", by="okafor", month="2025-10")
    expected = (billed * 4 + 500) // 1000
    sums = trial_balance(as_of=house.today)
    assert (sums["bad_debt_expense"], sums["allowance"]) == (expected, -expected)
    refused(house, ProvidedAlready, "provide_for_bad_debt", by="okafor", month="2025-10")


def refund_by(house: House, home: Home, **inputs: object) -> None:
    """Reyes asks, the administrator approves, whatever the amount."""
    asked = house.do("request_refund", by="reyes", account_id=home.account_id, **inputs)
    house.do("approve_request", by="larsen", request_id=asked.body["request"])


def test_the_nights_work_is_done_from_the_command_line(
    house: House, home: Home, settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # Given: a deposit of $150 in two parts, of which $100 came; the second part is due on December 14.
    house.do("assess_deposit", **here(home), reason="no_history", amount_cents="150.00", installments=2)
    house.do("pay_deposit", **here(home), payment_id=pay(house, home, "100.00"))
    number = account(home.account_id).number_grouped

    def told(*command: str, code: int = 0) -> str:
        settings.TODAY = house.today
        assert main(list(command)) == code
        return capsys.readouterr().out

    for reading in (2350, 3000):
        read_and_bill(house, home, reading=reading)
    house.today = date(2026, 1, 2)
    assert json.loads(told("deposits", "due", "--json")) == [{"account": number, "due_cents": 50_00}]
    assert "One deposit, $100.00 held." in told("deposits", "list")
    # 10000 × 0.02 × 62/365 = 33.97.
    night = json.loads(told("deposits", "settle", "--as", "okafor", "--json"))
    assert night["interest"] == {"count": 1, "moved": 0, "interest": 34}
    assert night["good_history"]["count"] == night["final_bill"]["count"] == 0
    # When: service ends, and the night pays the final bill from the deposit. Then: what is left is written off later.
    end(house, home, reading="3700")
    told("deposits", "settle", "--as", "okafor", "--kind", "final_bill")
    owed = ages(house, home).balance_cents
    assert deposit(home).held_cents == 0
    house.pass_days(120)
    [candidate] = json.loads(told("write-offs", "list", "--json"))
    assert (candidate["account"], candidate["owed_cents"], candidate["above"]) == (number, owed, False)
    assert "waits for a second person" in told("write-offs", "run", "--as", "okafor")
    house.do("approve_request", by="larsen", request_id=waiting())
    assert "The rule writes nothing off today." in told("write-offs", "run", "--as", "okafor")
    mailed(house, home, f"{(owed + 20_00) / 100:.2f}")
    assert "$0.00 applied on 0 accounts." in told("payments", "apply-credits", "--as", "okafor")
    assert f"One recovery of ${owed / 100:.2f}." in told("write-offs", "recover", "--as", "okafor")
    assert "set aside for 2025-10" in told("write-offs", "provide", "2025-10", "--as", "okafor")
    # When: the rest is refunded. Then: it is issued, listed and cleared; a bad line is told, with exit code 1.
    refund(house, home)
    assert "checks 1, $20.00;" in told("refunds", "issue", "--as", "okafor")
    assert json.loads(told("refunds", "list", "--json"))[0]["check"] == 100001
    assert json.loads(told("refunds", "runs", "--json"))[0]["checks_cents"] == 20_00
    bank = tmp_path / "bank.csv"
    bank.write_text("100001,20.00\n100009,1.00\n")
    assert "One check of $20.00 cleared." in told("refunds", "clear", str(bank), "--as", "okafor", code=1)
    assert "0 refunds of $0.00 are not paid yet." in told("refunds", "list")
    books_are_sound()


def here(home: Home) -> dict[str, int]:
    return {"account_id": home.account_id}


def waiting() -> int:
    """The request that waits, which names no account."""
    return int(ApprovalRequest.objects.values_list("pk", flat=True).get(state="waiting"))


def test_whatever_happens_nothing_is_refunded_twice_or_beyond_the_credit(house: House, home: Home) -> None:
    """120 random steps of one account: after each the books are sound and every refund had its money."""
    chance = random.Random(4)
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today, reading="1700")
    here = {"account_id": home.account_id}
    payments: list[int] = []

    def step() -> None:
        match chance.choice(["pay", "pay", "ask", "hold", "apply", "refund", "deposit_back", "issue", "void", "clear",
                             "cancel", "bounce", "release", "night", "withdraw"]):  # fmt: skip
            case "pay":
                tender = chance.choice(["cash", "check"])
                payments.append(pay(house, home, chance.randint(1_00, 200_00), tender=tender))
            case "ask":
                house.do(
                    "assess_deposit",
                    by="alvarez",
                    **here,
                    reason="no_history",
                    amount_cents=chance.randint(20_00, 90_00),
                )
            case "hold":
                house.do("pay_deposit", **here, payment_id=chance.choice([None, *payments]))
            case "apply":
                house.do("apply_deposit", **here)
            case "refund":
                amount = chance.choice([None, chance.randint(1_00, 150_00)])
                refund_by(house, home, source="credit", reason="overpaid", amount_cents=amount)
            case "deposit_back":
                refund_by(house, home, source="deposit", reason="deposit_returned")
            case "issue":
                house.do("issue_refunds", by="okafor")
            case "void":
                house.do("void_refund_check", check_number=chance.randint(100_001, 100_006), how="void", reason="Torn")
            case "clear":
                found = [item for item in refunds_of_account(home.account_id) if item.state == "issued"]
                lines = "\n".join(f"{item.check_number},{item.amount_cents / 100:.2f}" for item in found[:1]) or "1,1"
                house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=lines)
            case "cancel" | "release" as what:
                found = refunds_of_account(home.account_id)
                number = found[0].refund_id if found else 1
                house.do(f"{what}_refund", refund_id=number, reason="As she says")
            case "bounce":
                house.do("return_payment", payment_id=chance.choice([1, *payments]), reason="bank_error")
            case "withdraw":
                house.do("withdraw_deposit", **here, reason="No longer needed")
            case "night":
                house.pass_days(chance.randint(1, 60))
                house.do("settle_deposits", by="okafor", kind=chance.choice(["interest", "final_bill"]))

    done = 0
    for _ in range(120):
        before = ages(house, home)
        refunds = {item.refund_id for item in refunds_of_account(home.account_id)}
        with suppress(Refusal):
            step()
            done += 1
        for item in refunds_of_account(home.account_id):
            if item.refund_id not in refunds and item.deposit_id is None:
                assert item.amount_cents <= before.credit_cents
        held = sum(item.held_cents for item in deposits_of_account(home.account_id))
        assert held >= 0
        assert balances_of([home.account_id])[home.account_id].get("deposit", 0) == -held
        owed = sum(
            item.amount_cents for item in refunds_of_account(home.account_id) if item.state in {"payable", "issued"}
        )
        assert trial_balance(as_of=house.today).get("refunds_payable", 0) == -owed
    assert done >= 40, "the steps were mostly refused"
    books_are_sound()

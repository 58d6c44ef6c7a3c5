"""At the counter: a drawer, several ways to pay, several accounts, the count, the bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path

import pytest
import yaml
from pytest_django import Settings

from tests.house import Home, House, moment, move_in, read_and_bill, table_rows
from weatherhead.actions.documents.prepare_statement import NoEmail
from weatherhead.actions.payments.close_drawer import ChecksDiffer, CountNeeded
from weatherhead.actions.payments.count_drawer import CountedTwice, NoSuchPiece, PieceTwice
from weatherhead.actions.payments.make_deposit import (
    DepositBeforeMoney,
    DepositInFuture,
    NothingToDeposit,
    NotWaiting,
    SlipDiffers,
)
from weatherhead.actions.payments.post_payment_batch import CounterNeedsDrawer
from weatherhead.actions.payments.receiving import AgencyMissing, CardReferenceMissing, CheckNumberMissing
from weatherhead.actions.payments.return_suspense_item import NeverAtBank
from weatherhead.actions.payments.take_payment import AccountTwice, TendersDiffer, TenderTwice
from weatherhead.areas.customers.numbers import AccountNumberMistyped
from weatherhead.areas.customers.queries import NoSuchAccount, account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import balance_of, trial_balance
from weatherhead.areas.payments.drawers import NoDrawerOpen, drawer, open_drawer_of
from weatherhead.areas.payments.file_queries import suspense_item, suspense_items
from weatherhead.areas.payments.operations import PaymentAlreadyReversed
from weatherhead.areas.payments.operations.drawers import DrawerClosed, DrawerOpenAlready, SlipTaken
from weatherhead.areas.payments.queries import payments_of_account
from weatherhead.areas.records.models import AuditEntry, IdempotencyKey, Receipt
from weatherhead.core.values import Refusal
from weatherhead.door.authority import MakerIsChecker
from weatherhead.door.perform import CardNumberInNote, perform
from weatherhead.door.registry import InputsInvalid
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers

pytestmark = pytest.mark.django_db

CHECK = {"tender": "check", "check_number": "1042"}


@pytest.fixture(autouse=True)
def books_are_right(house: House) -> Iterator[None]:
    """Whatever was done: the ledger, the tenders, the drawers and the deposits agree to the cent."""
    yield
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


@pytest.fixture
def dale(house: House, home: Home) -> Home:
    """A second customer with a bill."""
    found = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    read_and_bill(house, found, reading=1700)
    return found


def opened(house: House, *, by: str = "nguyen") -> int:
    return house.made("open_drawer", "drawer", by=by, float_cents="100.00")


def pay(house: House, home: Home, amount: str, *, by: str = "nguyen", **how: object) -> int:
    how.setdefault("tender", "cash")
    return house.made("take_payment", "payment", by=by, account_id=home.account_id, amount_cents=amount, **how)


def count(house: House, number: int, pieces: str, *, by: str = "nguyen", checks: str = "0", come_to: str = "0") -> None:
    house.do("count_drawer", by=by, drawer_id=number, pieces=pieces, checks=checks, checks_cents=come_to)


def test_two_bills_paid_with_two_checks_and_cash_are_one_receipt(house: House, home: Home, dale: Home) -> None:
    # Given: a landlady pays her own $73.57 and $50 for her tenant: two checks of $60 and $50, the rest from a twenty.
    before = balance_of([home.account_id, dale.account_id])
    done = house.do(
        "take_payment",
        by="nguyen",
        account_id=home.account_id,
        amount_cents="73.57",
        tender="cash",
        tendered_cents="20.00",
        more_tenders="check, 60.00, 1042\ncheck, 50.00, 1043",
        also_pays=f"{account(dale.account_id).number_grouped}, 50.00",
    )
    # Then: both accounts are paid to the cent, she gets $6.43 back, and it is one event with one receipt.
    assert balance_of([home.account_id, dale.account_id]) == {
        home.account_id: before[home.account_id] - 7357,
        dale.account_id: before[dale.account_id] - 5000,
    }
    figures = {item["code"]: item["after"] for item in done.body["changes"] if item["account_id"] is None}
    assert figures == {"cash_given": 2000, "change_due": 643}
    paid = [*payments_of_account(home.account_id, limit=9), *payments_of_account(dale.account_id, limit=9)]
    assert len({item.event_id for item in paid}) == 1
    assert sorted((item.tender_kind, item.check_number, item.amount_cents) for item in paid) == [
        ("cash", "", 1357),
        ("check", "1042", 6000),
        ("check", "1043", 5000),
    ]
    # And: when the second check comes back, only what it paid is owed again.
    [dales] = payments_of_account(dale.account_id, limit=9)
    house.do("return_payment", by="reyes", payment_id=dales.payment_id, reason="bank_error")
    assert balance_of([home.account_id, dale.account_id]) == {
        home.account_id: before[home.account_id] - 7357,
        dale.account_id: before[dale.account_id],
    }


def written(house: House) -> None:
    now = moment(house.today)
    while work_once(worker="test", clock=lambda: now) is not None:
        pass


def test_a_receipt_goes_by_e_mail_to_the_address_on_file(
    house: House, home: Home, settings: Settings, tmp_path: Path
) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    # Given: Grace pays by check for herself and for Ruth, whose bill she found. Only Grace has an address on file.
    grace = move_in(house, name="Grace Whitehorse", street="7 Sand Rd", serial="77402944", email="grace@example.com")
    ruth, number = account(home.account_id).number, account(grace.account_id).number
    graces, ruths = house.do(
        "take_payment",
        by="nguyen",
        account_id=grace.account_id,
        amount_cents="50.00",
        also_pays=f"{ruth}, 20.00",
        **CHECK,
    ).body["made"]["payment"]
    # When: the cashier sends Grace her receipt.
    sent = house.do("email_receipt", by="nguyen", payment_id=graces)
    assert sent.body["changes"][0]["after"] == "g•••@example.com"
    written(house)
    # Then: it says what her account got, and nothing of another's, no name and no balance.
    [file] = (tmp_path / "outbox").iterdir()
    message = message_from_bytes(file.read_bytes(), policy=modern)
    body = message.get_content()
    assert message["To"] == "grace@example.com"
    assert f"Account ending {number[-4:]}: $50.00" in body
    assert "In all: $50.00, by check." in body
    assert not [said for said in ("20.00", ruth[-4:], "Whitehorse", "Kowalczyk", "alance") if said in body]
    # And: Ruth's goes nowhere, and a receipt is sent again only when it is asked for again.
    with pytest.raises(NoEmail, match="record an address first"):
        house.do("email_receipt", by="nguyen", payment_id=ruths)
    house.do("email_receipt", by="nguyen", payment_id=graces)
    written(house)
    assert len(list((tmp_path / "outbox").iterdir())) == 2
    # But: what was taken back before the message was written is not confirmed, nor can it be any more.
    house.do("email_receipt", by="nguyen", payment_id=graces)
    house.do("reverse_payment", payment_id=graces, reason="wrong_amount", note="The check is of $40")
    written(house)
    assert len(list((tmp_path / "outbox").iterdir())) == 2
    with pytest.raises(PaymentAlreadyReversed):
        house.do("email_receipt", by="nguyen", payment_id=graces)


def test_a_check_for_two_accounts_comes_back_from_both(house: House, home: Home, dale: Home) -> None:
    before = balance_of([home.account_id, dale.account_id])
    also = f"{account(dale.account_id).number}, 20.00"
    made = house.do(
        "take_payment", by="nguyen", account_id=home.account_id, amount_cents="30.00", also_pays=also, **CHECK
    )
    first, _ = made.body["made"]["payment"]
    house.do("return_payment", by="reyes", payment_id=first, reason="bank_error")
    assert balance_of([home.account_id, dale.account_id]) == before


def test_each_kind_of_tender_goes_where_the_books_keep_it(house: House, home: Home) -> None:
    before = balance_of([home.account_id])[home.account_id]
    pay(house, home, "1.00")
    pay(house, home, "2.00", **CHECK)
    pay(house, home, "4.00", tender="money_order", check_number="88-104")
    pay(house, home, "8.00", tender="card", reference="ch_3MmlLrLk", card_last4="4242", channel="phone")
    pay(house, home, "16.00", tender="bank", reference="BP 20251130", channel="electronic")
    pay(house, home, "32.00", tender="agency", agency="Community Action", reference="LIHEAP 77", channel="electronic")
    books = trial_balance(as_of=house.today)
    assert (books["cash_drawer"], books["checks_received"], books["card_clearing"], books["bank"]) == (
        100,
        600,
        800,
        4800,
    )
    assert balance_of([home.account_id])[home.account_id] == before - 6300


def test_what_does_not_foot_or_is_not_said_is_refused_and_changes_nothing(house: House, home: Home, dale: Home) -> None:
    number = account(dale.account_id).number
    turned = number[1] + number[0] + number[2:]
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (TendersDiffer, {"tendered_cents": "24.99"}),
        (TendersDiffer, {**CHECK, "tendered_cents": "25.01"}),
        (TendersDiffer, {"more_tenders": "check, 25.00, 7"}),
        (TendersDiffer, {"more_tenders": "check, 20.00, 7\ncheck, 5.01, 8"}),
        (AccountTwice, {"also_pays": f"{account(home.account_id).number}, 5.00"}),
        (AccountTwice, {"also_pays": f"{number}, 5.00\n{number}, 5.00"}),
        (NoSuchAccount, {"also_pays": "000000000, 5.00"}),
        (AccountNumberMistyped, {"also_pays": f"{turned}, 5.00"}),
        (CheckNumberMissing, {"tender": "money_order"}),
        (CheckNumberMissing, {"more_tenders": "check, 5.00"}),
        (CardReferenceMissing, {"tender": "card"}),
        (AgencyMissing, {"tender": "agency"}),
        (TenderTwice, {**CHECK, "more_tenders": "check, 5.00, 01042"}),
        (TenderTwice, {"tender": "card", "reference": "ch_1", "channel": "phone", "more_tenders": "card, 5.00, CH_1"}),
        (InputsInvalid, {"tender": "card", "reference": "x", "card_last4": "42424"}),
        (InputsInvalid, {"tender": "gold"}),
        (InputsInvalid, {"also_pays": f"{number}, 0"}),
        (InputsInvalid, {"more_tenders": "check"}),
    ]
    untouched = table_rows(but=("records_",))
    for refusal, change in wrong:
        inputs = {"account_id": home.account_id, "amount_cents": "25.00", "tender": "cash", **change}
        with pytest.raises(refusal):
            house.do("take_payment", by="nguyen", **inputs)
    assert table_rows(but=("records_",)) == untouched


def test_a_card_number_is_refused_everywhere_and_remembered_nowhere(house: House, home: Home) -> None:
    card = "4111 1111 1111 1111"
    tries: list[tuple[str, dict[str, object]]] = [
        ("take_payment", {"account_id": home.account_id, "amount_cents": "5.00", "tender": "card", "reference": card}),
        ("take_payment", {"account_id": 4111111111111111, "amount_cents": "5.00", "tender": "cash"}),
        ("assess_fee", {"account_id": home.account_id, "charge": "connect_fee", "reason": "x", "note": f"paid {card}"}),
        ("post_payment_batch", {"name": "Mail", "payments": f"{account(home.account_id).number}, 5.00, {card}"}),
        ("create_customer", {"kind": "person", "name": card}),
    ]
    untouched = table_rows(but=("records_audit",))
    for name, inputs in tries:
        with pytest.raises(InputsInvalid, match="payment card"):
            house.do(name, by="reyes", **inputs)
    cash = {"account_id": home.account_id, "amount_cents": "5.00", "tender": "cash"}
    with pytest.raises(CardNumberInNote):
        perform(
            "take_payment",
            actor=house.actor("nguyen"),
            key=house.key(),
            moment=moment(house.today),
            inputs=cash,
            request_note=f"by {card}",
        )
    assert table_rows(but=("records_audit",)) == untouched
    kept = [*AuditEntry.objects.values_list("detail", flat=True), *IdempotencyKey.objects.values_list("key", flat=True)]
    assert not any("1111" in str(item) for item in [*kept, *Receipt.objects.values_list("body", flat=True)])


def test_a_day_of_a_drawer_ends_at_the_bank(house: House, home: Home) -> None:
    # Given: P. Nguyen opens with $100 and takes $40 cash, two checks, and a card; a colleague's payment is her own.
    number = opened(house)
    pay(house, home, "40.00")
    pay(house, home, "25.00", **CHECK)
    pay(house, home, "10.00", tender="money_order", check_number="9")
    pay(house, home, "7.00", tender="card", reference="ch_1")
    pay(house, home, "3.00", by="reyes")
    # When: she counts without being told, and closes. Then: it balances, and the counted cash waits for the bank.
    counted = house.see(
        "count_drawer", by="nguyen", drawer_id=number, pieces="20.00, 7", checks=2, checks_cents="35.00"
    )
    assert {change.code for change in counted.proposal.changes} == {"cash", "checks", "checks_cents"}
    count(house, number, "20.00, 7", checks="2", come_to="35.00")
    done = house.do("close_drawer", by="nguyen", drawer_id=number)
    assert done.outcome == "done"
    assert not done.body["entries"]
    held = drawer(number)
    assert (held.cash_cents, held.checks, held.checks_cents, held.over_short_cents) == (4000, 2, 3500, 0)
    # When: all of it and what came by itself go to the bank. Then: nothing is left in drawers, checks or mail.
    house.pass_days(1)
    slip = {"slip": "0417", "checks": 2, "total_cents": "78.00"}
    house.do("make_deposit", by="nguyen", drawer_ids=[number], loose_through=house.today, **slip)
    books = trial_balance(as_of=house.today)
    assert (books["bank"], books["cash_drawer"], books["checks_received"]) == (7800, 0, 0)
    for refusal, changed in (
        (NotWaiting, {"drawer_ids": [number]}),
        (NothingToDeposit, {"loose_through": house.today}),
    ):
        with pytest.raises(refusal):
            house.do("make_deposit", by="nguyen", **{**slip, "slip": "0418", **changed})


def test_a_little_short_is_posted_and_more_than_the_limit_is_decided_by_another(house: House, home: Home) -> None:
    number = opened(house)
    pay(house, home, "40.00")
    count(house, number, "20.00, 6\n10.00, 1\n5.00, 1\n1.00, 3")
    assert house.do("close_drawer", by="nguyen", drawer_id=number).outcome == "done"
    books = trial_balance(as_of=house.today)
    assert (books["cash_over_short"], books["cash_drawer"]) == (200, 3800)
    # Another day it is $20 short: she asks, cannot decide it herself, and the supervisor closes it.
    number = opened(house)
    pay(house, home, "40.00")
    count(house, number, "20.00, 6")
    asked = house.do("close_drawer", by="nguyen", drawer_id=number, note="Cannot find it")
    assert asked.outcome == "approval_requested"
    assert drawer(number).closed_on is None
    house.do("assign_job", by="larsen", username="nguyen", job="supervisor", starts_on=house.today)
    with pytest.raises(MakerIsChecker):
        house.do("approve_request", by="nguyen", request_id=asked.body["request"])
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert drawer(number).over_short_cents == -2000
    assert trial_balance(as_of=house.today)["cash_over_short"] == 2200


def test_another_persons_drawer_is_closed_with_a_second_pair_of_eyes(house: House, home: Home) -> None:
    number = opened(house)
    count(house, number, "50.00, 2", by="reyes")
    assert house.do("close_drawer", by="reyes", drawer_id=number).outcome == "approval_requested"


def test_a_drawer_is_counted_twice_and_again_when_it_moved(house: House, home: Home) -> None:
    number = opened(house)
    with pytest.raises(CountNeeded):
        house.do("close_drawer", by="nguyen", drawer_id=number)
    made = pay(house, home, "45.00", **CHECK)
    count(house, number, "100.00, 1", checks="1", come_to="54.00")
    with pytest.raises(ChecksDiffer):
        house.do("close_drawer", by="nguyen", drawer_id=number)
    count(house, number, "100.00, 1", checks="1", come_to="54.00")
    for refusal, pieces in ((CountedTwice, "100.00, 1"), (NoSuchPiece, "3.00, 1"), (PieceTwice, "1.00, 1\n1.00, 1")):
        if refusal is not CountedTwice:
            house.do("reverse_payment", by="reyes", payment_id=made, reason="wrong_amount", note="Typed 45 for 54")
            made = pay(house, home, "54.00", **CHECK)
        with pytest.raises(refusal):
            count(house, number, pieces)
    with pytest.raises(CountNeeded):
        house.do("close_drawer", by="nguyen", drawer_id=number)
    count(house, number, "100.00, 1", checks="1", come_to="54.00")
    house.do("close_drawer", by="nguyen", drawer_id=number)
    with pytest.raises(DrawerClosed):
        count(house, number, "100.00, 1")
    with pytest.raises(DrawerClosed):
        house.do("close_drawer", by="nguyen", drawer_id=number)


def number_of(home: Home) -> str:
    return account(home.account_id).number


def test_a_person_has_one_drawer_and_a_job_may_require_it(
    house: House, home: Home, settings: Settings, tmp_path: Path
) -> None:
    jobs = settings.UTILITY.path(settings.UTILITY.jobs)
    for path in jobs.glob("*.yaml"):
        profile = yaml.safe_load(path.read_text())
        if path.stem == "cashier":
            profile["drawer"] = "required"
        (tmp_path / path.name).write_text(yaml.safe_dump(profile))
    settings.UTILITY = settings.UTILITY.model_copy(update={"jobs": str(tmp_path)})
    untouched = table_rows(but=("records_",))
    for tender in ({"tender": "cash"}, CHECK):
        with pytest.raises(NoDrawerOpen):
            pay(house, home, "5.00", **tender)
    listed = {"name": "Counter", "counted": 1, "total_cents": "5.00", "payments": f"{number_of(home)}, 5.00"}
    with pytest.raises(CounterNeedsDrawer):
        house.do("post_payment_batch", by="nguyen", channel="counter", **listed)
    assert table_rows(but=("records_",)) == untouched
    pay(house, home, "5.00", tender="card", reference="ch_1")
    pay(house, home, "5.00", channel="mail", **CHECK)
    number = opened(house)
    pay(house, home, "5.00")
    with pytest.raises(DrawerOpenAlready):
        opened(house)
    found = open_drawer_of(house.actor("nguyen").employee_id)
    assert found is not None
    assert found.drawer_id == number
    assert payments_of_account(home.account_id, limit=1)[0].drawer_id == number


def test_what_was_closed_or_deposited_is_not_taken_out_of_the_drawer(house: House, home: Home) -> None:
    # Given: $40 cash and a check of $25 in a drawer that was closed.
    before = balance_of([home.account_id])[home.account_id]
    number = opened(house)
    cash, check = pay(house, home, "40.00"), pay(house, home, "25.00", **CHECK)
    count(house, number, "20.00, 7", checks="1", come_to="25.00")
    house.do("close_drawer", by="nguyen", drawer_id=number)
    # When: the cash turns out to be another customer's. Then: it waits in suspense, and still goes to the bank.
    house.do("reverse_payment", by="reyes", payment_id=cash, reason="wrong_account", note="Meant for his mother")
    books = trial_balance(as_of=house.today)
    assert (books["suspense"], books["cash_drawer"]) == (-4000, 4000)
    house.do("make_deposit", by="nguyen", slip="1", checks=1, total_cents="65.00", drawer_ids=f"{number}")
    # When: the bank sends the check back. Then: it takes it out of what it has.
    house.do("return_payment", by="reyes", payment_id=check, reason="bank_error")
    books = trial_balance(as_of=house.today)
    assert (books["bank"], books["cash_drawer"], books["checks_received"]) == (4000, 0, 0)
    assert balance_of([home.account_id])[home.account_id] == before


@pytest.mark.parametrize("deposited", [True, False], ids=["after its deposit", "before its deposit"])
def test_a_check_for_two_accounts_comes_back_while_a_part_of_it_waits(
    house: House, home: Home, dale: Home, deposited: bool
) -> None:
    # Given: $20 of a check of $50 turned out to be nobody's here, after its drawer was closed.
    before = trial_balance(as_of=house.today)
    number = opened(house)
    both = {"also_pays": f"{number_of(dale)}, 30.00", **CHECK}
    done = house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="20.00", **both)
    mine, dales = done.body["made"]["payment"]
    count(house, number, "20.00, 5", checks="1", come_to="50.00")
    house.do("close_drawer", by="nguyen", drawer_id=number)
    if deposited:
        house.do("make_deposit", by="nguyen", slip="1", checks=1, total_cents="50.00", drawer_ids=[number])
    house.do("reverse_payment", by="reyes", payment_id=mine, reason="wrong_account", note="A neighbor's")
    [item] = suspense_items()
    # When: the bank sends the check back. Then: all of it is gone, what waited, too, and nothing is left to do.
    done = house.do("return_payment", by="reyes", payment_id=dales, reason="bank_error")
    assert [change["after"] for change in done.body["changes"] if change["code"] == "suspense_returned"] == [20_00]
    assert (suspense_items(), suspense_item(item.item_id).returned_by) == ((), "bank")
    after = trial_balance(as_of=house.today)
    assert {code: cents for code, cents in after.items() if cents != before.get(code, 0)} == {}


def test_only_what_the_bank_has_goes_back_through_it(house: House, home: Home) -> None:
    # Given: cash and a check, in suspense after their drawer was closed.
    number = opened(house)
    cash, check = pay(house, home, "40.00"), pay(house, home, "25.00", **CHECK)
    count(house, number, "20.00, 7", checks="1", come_to="25.00")
    house.do("close_drawer", by="nguyen", drawer_id=number)
    for made in (cash, check):
        house.do("reverse_payment", by="reyes", payment_id=made, reason="wrong_account", note="A neighbor's")
    of = {item.payment_id: item.item_id for item in suspense_items()}

    def back(made: int) -> None:
        house.do("return_suspense_item", by="okafor", suspense_item_id=of[made], way="bank", note="Nobody knows")

    # Then: nobody takes either out of the books by saying that the bank took it: they are here.
    untouched = table_rows(but=("records_",))
    for made in (cash, check):
        with pytest.raises(NeverAtBank, match="as a refund"):
            back(made)
    assert table_rows(but=("records_",)) == untouched
    # When: both went to the bank, and the check bounced. Then: the bank has the cash alone, and keeps it.
    house.do("make_deposit", by="nguyen", slip="1", checks=1, total_cents="65.00", drawer_ids=[number])
    with pytest.raises(NeverAtBank):
        back(cash)
    back(check)
    books = trial_balance(as_of=house.today)
    assert (books["bank"], books["checks_received"], books["cash_drawer"], books["suspense"]) == (40_00, 0, 0, -40_00)


def test_a_deposit_is_what_the_slip_says_and_a_slip_is_used_once(house: House, home: Home) -> None:
    pay(house, home, "40.00")
    pay(house, home, "25.00", **CHECK)
    good: dict[str, object] = {"slip": "1", "checks": 1, "total_cents": "65.00", "loose_through": house.today}
    number = opened(house)
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (SlipDiffers, {"checks": 2}),
        (SlipDiffers, {"total_cents": "65.01"}),
        (NotWaiting, {"drawer_ids": [number]}),
        (NotWaiting, {"batch_ids": [1]}),
        (DepositInFuture, {"deposited_on": house.today + timedelta(days=1)}),
        (DepositBeforeMoney, {"deposited_on": house.today - timedelta(days=1)}),
    ]
    untouched = table_rows(but=("records_",))
    for refusal, change in wrong:
        with pytest.raises(refusal):
            house.do("make_deposit", by="nguyen", **{**good, **change})
    assert table_rows(but=("records_",)) == untouched
    house.do("make_deposit", by="nguyen", **good)
    pay(house, home, "65.00", by="reyes", **CHECK)
    with pytest.raises(SlipTaken):
        house.do("make_deposit", by="nguyen", **good)

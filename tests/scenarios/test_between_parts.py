"""What one part of the money work does to another, as people find it: suspense and closed books, deposits and moves."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.house import Home, House, read_and_bill
from tests.payment_files.made import agencies, lockbox
from weatherhead.actions.credit.pay_deposit import NoMoneyForDeposit, PaymentGoesByARule
from weatherhead.actions.payments.transfer_credit import NotSoMuchCredit
from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.queries import adjustments_of_account
from weatherhead.areas.billing.runs import shards_of
from weatherhead.areas.credit.queries import deposits_of_account
from weatherhead.areas.credit.refunds import refunds_of_account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, balances_of, entry
from weatherhead.areas.payments.file_queries import shard_ids_of, suspense_items
from weatherhead.areas.payments.queries import moved_to, payment, payments_of_account
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.door.jobs import grant_of
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.bill import bill_proof

pytestmark = pytest.mark.django_db
BECAUSE = {"reason": "number_mistyped", "note": "Two digits were swapped on the stub"}


@pytest.fixture
def house(_neighbours: tuple[House, Home], db: None) -> House:
    """The day of Dale's first bill; Ruth's is a month old."""
    return copy.deepcopy(_neighbours[0])


@pytest.fixture(autouse=True)
def books_are_right(house: House) -> Iterator[None]:
    """Whatever was done."""
    yield
    assert [str(finding.sentence) for finding in check(extra=extra_checkers()).findings] == []


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def number_of(home: Home) -> str:
    return account(home.account_id).number


def pay(house: House, home: Home, amount_cents: int, **how: str) -> int:
    how = how or {"tender": "cash"}
    return house.made("take_payment", "payment", account_id=home.account_id, amount_cents=amount_cents, **how)


def move(house: House, number: int, to: Home, **more: object) -> ReceiptFacts:
    return house.do("move_payment", by="reyes", payment_id=number, to_account=number_of(to), **(BECAUSE | more))


def decided(house: House, name: str, /, *, by: str, **inputs: object) -> ReceiptFacts:
    """Asked for, and approved by the supervisor."""
    asked = house.do(name, by=by, **inputs)
    assert asked.outcome == "approval_requested"
    return house.do("approve_request", by="alvarez", request_id=asked.body["request"])


def file_of(house: House, lines: list[str], *, source: str) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    file_id = house.made(
        "import_payment_file",
        "payment_file",
        by="okafor",
        name=f"{source}.txt",
        source=source,
        sha256=hashlib.sha256(content).hexdigest(),
        content=base64.b64encode(content).decode(),
    )
    for shard_id in shard_ids_of(file_id):
        house.do("post_payment_file_shard", by="okafor", shard_id=shard_id)


def close_yesterday(house: House) -> None:
    decided(house, "close_period", by="okafor", last_on=house.today - timedelta(days=1))


def test_whose_money_it_is_turns_out_after_the_month_was_closed(house: House, home: Home) -> None:
    """A check without an account number; the books are closed through its day; then Ruth asks where her check is."""
    cents, came_on = owed(home), house.today
    file_of(house, lockbox([[(cents, "J SMITH")]], day=f"{house.today:%y%m%d}"), source="lockbox")
    house.pass_days(9)
    close_yesterday(house)
    [item] = suspense_items()
    house.do(
        "post_from_suspense", by="reyes", suspense_item_id=item.item_id, account_id=home.account_id, note="Her check"
    )
    assert owed(home) == 0
    [paid] = payments_of_account(home.account_id, limit=5)
    assert (paid.paid_on, entry(paid.entry_id).draft.effective_on) == (came_on, house.today)


def late_charges(home: Home) -> list[tuple[date, int]]:
    """Those of which something is left: when they were charged, and what is left."""
    found = adjustments_of_account(home.account_id)
    late = [item for item in found if item.charge == "late_charge" and item.kind == "fee"]
    return sorted((item.adjusted_on, item.left_cents) for item in late if item.left_cents)


def banked(house: House, total_cents: int) -> None:
    inputs = {"slip": "77", "drawer_ids": [], "loose_through": house.today, "checks": "0", "total_cents": total_cents}
    house.do("make_deposit", by="alvarez", **inputs)


def test_money_that_was_taken_off_by_mistake_and_comes_back_counts_once(house: House, home: Home, dale: Home) -> None:
    """Her $40 were reversed after they had gone to the bank, and posted to her again: what was late stays late."""
    number = pay(house, home, 40_00)
    banked(house, 40_00)
    house.pass_days(1)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [late], owed_before = late_charges(home), owed(home)
    house.pass_days(1)
    house.do("reverse_payment", payment_id=number, reason="duplicate", note="Entered twice, it seemed")
    [item] = suspense_items()
    inputs = {"suspense_item_id": item.item_id, "account_id": home.account_id, "note": "It was hers after all"}
    house.do("post_from_suspense", by="reyes", **inputs)
    assert (late_charges(home), owed(home)) == ([late], owed_before)
    # What is moved to her later is judged by the same history.
    move(house, pay(house, dale, 1_00), home)
    assert late_charges(home) == [late]


@pytest.mark.parametrize("charged", [False, True])
def test_a_late_charge_that_another_day_would_have_brought_is_shown(house: House, dale: Home, charged: bool) -> None:
    """Dale's check waits while he is charged for being late; with it there he would have been, a fortnight later."""
    fee = {"account_id": dale.account_id, "charge": "connect_fee", "reason": "service_rendered", "amount_cents": 20_00}
    came_on = house.today
    house.pass_days(10)
    file_of(house, lockbox([[(owed(dale), "J SMITH")]], day=f"{came_on:%y%m%d}"), source="lockbox")
    house.do("assess_fee", by="alvarez", **fee)
    house.pass_days(16)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert [on for on, _ in late_charges(dale)] == [house.today]
    house.pass_days(14)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [(first_on, _)] = late_charges(dale)
    second_on = house.today
    assert first_on < second_on
    [item] = suspense_items()
    inputs = {"suspense_item_id": item.item_id, "account_id": dale.account_id, "note": "His check"}
    done = house.do("post_from_suspense", by="reyes", charge_hidden=charged, **inputs)
    shown = [change["code"] for change in done.body["changes"]]
    assert ("hidden_late_charge" in shown) is not charged
    assert late_charges(dale) == ([(second_on, 5_00)] if charged else [])


def test_the_lockbox_of_friday_comes_after_friday_was_closed(house: House, home: Home, dale: Home) -> None:
    """The file is as good as any: its payments are of Friday, and the books have them on the first open day."""
    came_on = house.today
    house.pass_days(3)
    close_yesterday(house)
    before = owed(home)
    lines = lockbox([[(50_00, number_of(home)), (7_00, "J SMITH")]], day=f"{came_on:%y%m%d}")
    file_of(house, lines, source="lockbox")
    assert owed(home) == before - 50_00
    [paid] = payments_of_account(home.account_id, limit=5)
    assert (paid.paid_on, entry(paid.entry_id).draft.effective_on) == (came_on, house.today)
    assert [item.received_on for item in suspense_items()] == [came_on]


def test_a_deposit_that_was_paid_with_a_neighbours_check_goes_with_the_check(
    house: House, home: Home, dale: Home
) -> None:
    """Dale's check was put on Ruth's deposit. It is moved to Dale: Ruth's deposit was never paid."""
    before, his = owed(home), owed(dale)
    house.made("assess_deposit", "deposit", by="reyes", account_id=home.account_id, reason="no_history")
    number = pay(house, home, 60_00, tender="check", check_number="1042")
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=number)
    assert sum(item.held_cents for item in deposits_of_account(home.account_id)) == 60_00
    move(house, number, dale)
    assert sum(item.held_cents for item in deposits_of_account(home.account_id)) == 0
    assert (owed(home), owed(dale)) == (before, his - 60_00)
    assert "deposit" not in {
        item.charge for item in ageing_of([home.account_id], as_of=house.today)[home.account_id].open_items
    }


def test_a_late_charge_is_not_lost_by_moving_a_payment_there_and_back(house: House, home: Home, dale: Home) -> None:
    """Ruth is late. Dale's payment goes to her account by mistake and comes back: she is as late as she was."""
    number = pay(house, dale, owed(home), tender="check", check_number="1042")
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    both = owed(home), owed(dale)
    [charged] = [item for item in adjustments_of_account(home.account_id) if item.kind == "fee"]
    move(house, number, home)
    assert owed(home) == 0
    [there] = moved_to(number)
    done = move(house, there.payment_id, dale)
    assert (owed(home), owed(dale)) == both
    assert [(item["before"], item["after"]) for item in done.body["changes"] if item["code"] == "late_charge"] == [
        (None, charged.amount_cents)
    ]


def test_a_card_gets_back_no_more_than_it_paid(house: House, home: Home) -> None:
    """Ruth paid $100 too much by card and then as much in cash: the card takes one refund, the other is a check."""
    pay(house, home, owed(home))
    pay(house, home, 100_00, tender="card", reference="c-1")
    decided(house, "request_refund", by="reyes", account_id=home.account_id, reason="overpaid")
    pay(house, home, 100_00)
    decided(house, "request_refund", by="reyes", account_id=home.account_id, reason="overpaid")
    assert sorted(item.method for item in refunds_of_account(home.account_id)) == ["check", "tender"]


def test_what_was_written_off_is_not_carried_away_as_a_credit(house: House, home: Home, dale: Home) -> None:
    """Ruth left and her debt was written off; her payment is that debt's, and neither Dale's nor a deposit's."""
    house.do("end_service", by="reyes", agreement_id=home.agreement_id, end_on=house.today, reading="2400")
    house.do("bill_account", account_id=home.account_id)
    decided_or_done(house, "write_off_account", account_id=home.account_id, reason="Moved abroad")
    pay(house, home, 80_00)
    with pytest.raises(NotSoMuchCredit):
        house.do(
            "transfer_credit", by="reyes", account_id=home.account_id, other_account=number_of(dale),
            amount_cents=80_00, consent="written", note="She wants to help him",
        )  # fmt: skip
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="no_history")
    with pytest.raises(NoMoneyForDeposit):
        house.do("pay_deposit", by="reyes", account_id=home.account_id)


def decided_or_done(house: House, name: str, /, **inputs: object) -> None:
    asked = house.do(name, **inputs)
    if asked.outcome != "done":
        house.do("approve_request", by="larsen", request_id=asked.body["request"])


def test_the_audit_log_does_not_name_whom_a_credit_goes_to(house: House, home: Home, dale: Home) -> None:
    pay(house, home, owed(home) + 50_00)
    house.do(
        "transfer_credit", by="reyes", account_id=home.account_id, other_account=number_of(dale),
        amount_cents=50_00, consent="written", note="She wants to help him",
    )  # fmt: skip
    assert not [item for item in AuditEntry.objects.values_list("detail", flat=True) if "Sorensen" in str(item)]


def test_an_agencys_money_pays_no_fee_however_it_comes(house: House, home: Home) -> None:
    """The rule of the counter goes for a remittance by file and for one that waited in suspense."""
    house.do("assess_fee", account_id=home.account_id, charge="connect_fee", reason="service_rendered")
    bill, fee = ageing_of([home.account_id], as_of=house.today)[home.account_id].open_items
    rows = [
        ("Community Action", "a1", number_of(home), f"{bill.open_cents / 100:.2f}"),
        ("Community Action", "a2", number_of(home), "10.00"),
        ("Community Action", "a3", "000000000", "7.00"),
    ]
    file_of(house, [line.replace("2026-03-09", house.today.isoformat()) for line in agencies(rows)], source="agencies")
    assert owed(home) == fee.open_cents
    assert balances_of([home.account_id])[home.account_id]["unapplied_credit"] == -10_00
    [item] = suspense_items()
    house.do("post_from_suspense", by="reyes", suspense_item_id=item.item_id, account_id=home.account_id, note="Hers")
    assert owed(home) == fee.open_cents
    assert balances_of([home.account_id])[home.account_id]["unapplied_credit"] == -17_00
    assert payment(payments_of_account(home.account_id, limit=1)[0].payment_id).tender_kind == "agency"


def test_the_proof_of_a_final_bill_of_some_days_opens(house: House, dale: Home) -> None:
    """Dale moves out after 22 days: 22 thirtieths of the monthly charge, and the tax on it, do not end."""
    house.pass_days(22)
    house.do("end_service", by="reyes", agreement_id=dale.agreement_id, end_on=house.today, reading="2228")
    number = house.made("bill_account", "bill", account_id=dale.account_id)
    proof = bill_proof(number, as_of=house.today, grant=grant_of(["representative"]))
    assert [line.unrounded for segment in proof.segments for line in segment.lines if line.unrounded.endswith("…")]


def test_an_agencys_check_bounces_after_what_waited_was_applied(house: House, home: Home) -> None:
    """It paid the bill and $10 waited; those paid a part of the next bill; the check comes back: all is owed again."""
    owed_cents = owed(home)
    number = pay(house, home, owed_cents + 10_00, tender="agency", reference="a-1", agency="Community Action")
    read_and_bill(house, home, reading=3100, days=3)
    before = owed(home)
    house.do("apply_credit", by="reyes", account_id=home.account_id)
    assert owed(home) == before - 10_00
    house.do("return_payment", by="okafor", payment_id=number, reason="bank_error")
    assert owed(home) == before + owed_cents
    assert balances_of([home.account_id])[home.account_id].get("unapplied_credit", 0) == 0


def test_an_agencys_money_is_no_deposit(house: House, home: Home) -> None:
    """It pays for energy by its rule: what waits for the next bill is not held as Ruth's deposit, nor what paid one."""
    bill, waits = owed(home), 10_00
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="no_history")
    for number in (
        pay(house, home, bill, tender="agency", reference="a-1", agency="Community Action"),
        pay(house, home, waits, tender="agency", reference="a-2", agency="Community Action"),
    ):
        with pytest.raises(PaymentGoesByARule):
            house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=number)
    assert balances_of([home.account_id])[home.account_id] == {"unapplied_credit": -waits}


def test_a_shard_is_done_by_what_its_run_is_for(house: House, home: Home) -> None:
    """A correction's shard is not billed by hand, nor a bill run's corrected: neither marks the other done."""
    correcting = house.made(
        "start_correction_run", "bill_run", by="okafor", schedule="R-1", from_on=date(2025, 10, 1), reason="Price"
    )
    billing = house.made("start_bill_run", "bill_run", by="okafor", cycle=14)
    for run, name in ((correcting, "try_bill_shard"), (billing, "try_correction_shard")):
        for shard in shards_of(run, stage="try"):
            with pytest.raises(RunNotAsExpected):
                house.do(name, by="okafor", shard_id=shard.shard_id)

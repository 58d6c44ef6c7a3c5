"""Payments that come by file, and money that nobody knows whose it is, as the people tell it who work it off."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.house import Home, House, move_in, read_and_bill, table_rows
from tests.payment_files.made import agencies, lockbox, scanned, stations
from weatherhead.actions.credit.issue_refunds import NothingToIssue
from weatherhead.actions.payments.import_payment_file import SourceOfOthers
from weatherhead.actions.payments.receiving import LooksLikeDuplicate
from weatherhead.actions.payments.suspense_refund import PayeeMissing
from weatherhead.areas.billing.queries import adjustments_of_account
from weatherhead.areas.credit.refunds import refund
from weatherhead.areas.customers.models import Account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, entry, trial_balance
from weatherhead.areas.payments.file_queries import (
    PaymentFileFacts,
    SuspenseFacts,
    payment_file,
    shard_ids_of,
    suspense_item,
    suspense_items,
)
from weatherhead.areas.payments.models import SuspenseItem
from weatherhead.areas.payments.operations import files
from weatherhead.areas.payments.operations.files import ItemsTakenMeanwhile, PaymentFileAlreadyImported
from weatherhead.areas.payments.operations.suspense import SuspenseResolvedAlready
from weatherhead.areas.payments.queries import payment, payments_of_account
from weatherhead.areas.premises.address import AddressIncomplete
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.door.authority import AlreadyAsked, AmountOverAuthority, MakerIsChecker, NotPermitted, OwnAccount
from weatherhead.door.context import Moment
from weatherhead.door.jobs import grant_of, widest_approval_cents
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.suspense import matches_of, suspense_overview

pytestmark = pytest.mark.django_db

OAK_STREET = {
    "mail_street": "12 Oak St", "mail_city": "Prairie City", "mail_state": "NE", "mail_postal_code": "68901"
}  # fmt: skip


@pytest.fixture(autouse=True)
def books_are_right(house: House) -> Iterator[None]:
    """Whatever was done: suspense is its open items, and every file is what it posted and suspended."""
    yield
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


@pytest.fixture
def dale(house: House, home: Home) -> Home:
    """A second customer, with a bill of a month later."""
    found = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    read_and_bill(house, found, reading=1700)
    return found


def number_of(home: Home) -> str:
    return account(home.account_id).number


def file_inputs(lines: Sequence[str], *, source: str) -> dict[str, str]:
    content = "".join(f"{line}\n" for line in lines).encode()
    return {
        "name": f"{source}.txt",
        "source": source,
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": base64.b64encode(content).decode(),
    }


def imported(house: House, lines: Sequence[str], *, source: str = "lockbox", by: str = "okafor") -> PaymentFileFacts:
    """Imported, and posted by a worker."""
    file_id = house.made("import_payment_file", "payment_file", by=by, **file_inputs(lines, source=source))

    def soon() -> Moment:
        return Moment(at=datetime(2027, 1, 1, tzinfo=UTC), as_of=house.today)

    while work_once(worker="test", clock=soon) is not None:
        pass
    return payment_file(file_id)


def box(house: House, *checks: tuple[int, str]) -> list[str]:
    return lockbox([checks], day=f"{house.today:%y%m%d}")


def waiting() -> SuspenseFacts:
    [item] = suspense_items()
    return item


def test_the_lockbox_of_the_morning_is_posted_before_the_first_call(house: House, home: Home, dale: Home) -> None:
    owed = balance_of([home.account_id, dale.account_id])
    file = imported(
        house,
        box(house, (50_00, number_of(home)), (owed[dale.account_id], scanned(number_of(dale), cents=1))),
    )
    assert (file.posted, file.suspended, file.bad) == (2, 0, 0)
    assert balance_of(owed) == {home.account_id: owed[home.account_id] - 50_00, dale.account_id: 0}
    [paid] = payments_of_account(home.account_id, limit=5)
    assert (paid.tender_kind, paid.check_number, paid.channel) == ("bank", "1042", "electronic")
    assert trial_balance(as_of=house.today)["bank"] == file.posted_cents


def test_a_check_that_was_typed_at_the_counter_comes_again_by_the_lockbox(house: House, home: Home, dale: Home) -> None:
    # Given: Ruth's check 1042 of $25 was taken at the counter, and a card of $30 on the telephone.
    paying = {"account_id": home.account_id, "amount_cents": "25.00", "tender": "check", "check_number": "1042"}
    house.do("take_payment", by="reyes", **paying)
    card = {"tender": "card", "reference": "ch_77", "channel": "phone"}
    house.do("take_payment", by="reyes", account_id=home.account_id, amount_cents="30.00", **card)
    owed = balance_of([home.account_id])[home.account_id]
    house.pass_days(1)
    # When: the bank's file names the same check, and Dale's of the same number. Then: only Dale's is posted.
    file = imported(house, [*box(house, (25_00, number_of(home)))])
    assert (file.posted, file.suspended) == (0, 1)
    assert waiting().why == "posted_before"
    assert balance_of([home.account_id])[home.account_id] == owed
    # And: the processor's list names the card's payment: it was posted by its reference.
    processor = ["account,amount,authorization,date", f"{number_of(home)},30.00,CH_77,{house.today.isoformat()}"]
    assert imported(house, processor, source="card-processor").suspended == 1
    # And: another amount, and another's check of that number, are other payments.
    others = [[(26_00, number_of(home))], [(25_00, number_of(dale))]]
    assert imported(house, lockbox(others, box="0004712", day=f"{house.today:%y%m%d}")).posted == 2
    # When: a person has seen both checks. Then: it is posted as any other of suspense.
    first, _ = suspense_items()
    told = {"suspense_item_id": first.item_id, "account_id": home.account_id, "note": "Two checkbooks, both seen"}
    house.do("post_from_suspense", by="reyes", **told)
    assert balance_of([home.account_id])[home.account_id] == owed - 25_00 - 26_00


def test_a_check_of_the_lockbox_is_not_typed_again_at_the_counter(house: House, home: Home) -> None:
    assert imported(house, box(house, (25_00, number_of(home)))).posted == 1
    untouched = table_rows(but=("records_",))
    paying = {"account_id": home.account_id, "amount_cents": "25.00", "tender": "check", "check_number": "1042"}
    with pytest.raises(LooksLikeDuplicate):
        house.do("take_payment", by="reyes", **paying)
    assert table_rows(but=("records_",)) == untouched
    house.do("take_payment", by="reyes", **paying, not_a_duplicate="true", note="Two checkbooks, both seen")


def test_the_bank_sends_a_check_again_under_another_name(house: House, home: Home) -> None:
    assert imported(house, box(house, (25_00, number_of(home)))).posted == 1
    day = f"{house.today:%y%m%d}"
    again = lockbox([[(25_00, number_of(home)), (1_00, number_of(home))]], box="0004712", day=day)
    file = imported(house, again)
    assert (file.posted, file.suspended, waiting().why) == (1, 1, "posted_before")
    # And: twice in one file, under two names of its own.
    twice = lockbox([[(3_00, number_of(home))], [(3_00, number_of(home))]], box="0004713", day=day)
    file = imported(house, [line.replace("000002042", "000001042") for line in twice])
    assert (file.posted, file.suspended) == (1, 1)


def test_a_cashier_imports_pay_stations_and_not_the_bank_statement(house: House, home: Home) -> None:
    rows = [(number_of(home), "12.50", "T1", f"{house.today:%m/%d/%Y}", "Ruth")]
    assert imported(house, stations(rows), source="pay-stations", by="nguyen").posted_cents == 12_50
    with pytest.raises(SourceOfOthers, match="billing_analyst, supervisor"):
        house.do("import_payment_file", by="nguyen", **file_inputs(["01,"], source="bank-statement"))
    with pytest.raises(NotPermitted):
        house.do("import_payment_file", by="reyes", **file_inputs(["01,"], source="pay-stations"))


def test_another_file_was_faster_by_a_moment_and_the_shard_goes_on_with_what_is_left(
    house: House, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, meant, waited = files.insert_columns, [2], []

    def taken(**given: Any) -> Any:
        if given["table"] == "payments_importeditem" and meant[0]:
            meant[0] -= 1
            raise ItemsTakenMeanwhile
        return written(**given)

    monkeypatch.setattr(files, "insert_columns", taken)
    monkeypatch.setattr(time, "sleep", waited.append)
    assert imported(house, box(house, (50_00, number_of(home)))).posted_cents == 50_00
    assert len(waited) == 2
    # But who is always beaten is told so, and nothing was posted.
    meant[0] = 99
    house.pass_days(1)
    made = house.made(
        "import_payment_file", "payment_file", by="okafor", **file_inputs(box(house, (7_00, "1")), source="lockbox")
    )
    [shard_id] = shard_ids_of(made)
    with pytest.raises(ItemsTakenMeanwhile):
        house.do("post_payment_file_shard", by="okafor", shard_id=shard_id)
    assert (payment_file(made).shards_done, suspense_items()) == (0, ())


def test_somebody_imports_the_file_of_yesterday_again(house: House, home: Home) -> None:
    lines = box(house, (50_00, number_of(home)))
    imported(house, lines)
    before = balance_of([home.account_id])
    with pytest.raises(PaymentFileAlreadyImported, match="payments in it: 1"):
        house.do("import_payment_file", by="alvarez", **file_inputs(lines, source="lockbox"))
    # The bank sends it once more, with another check in it.
    more = imported(house, box(house, (50_00, number_of(home)), (7_00, number_of(home))))
    assert (more.known, more.posted_cents) == (1, 7_00)
    assert balance_of([home.account_id])[home.account_id] == before[home.account_id] - 7_00


def test_two_agencies_of_nearly_the_same_name_both_begin_with_number_one(house: House, home: Home, dale: Home) -> None:
    # Given: one of them paid for Ruth. When: the other pays for Dale. Then: it is other money, and his.
    for agency, payee in (("Lancaster County", home), ("Saunders County", dale)):
        row = (f"Community Action Partnership of {agency}", "1", number_of(payee), "10.00")
        lines = [line.replace("2026-03-09", house.today.isoformat()) for line in agencies([row])]
        file = imported(house, lines, source="agencies")
        assert (file.posted_cents, file.known) == (10_00, 0)
        # And: the same again under other bytes is still the same.
        assert imported(house, [*lines, ""], source="agencies").known == 1
    # And: a pay station whose numbers are long, and differ at their end.
    for number in ("1", "2"):
        told = f"https://pay.example/prairie-city/transactions/{house.today.isoformat()}/{number}"
        row = (number_of(home), f"{number}.00", told, f"{house.today:%m/%d/%Y}", "Ruth")
        assert imported(house, stations([row]), source="pay-stations").posted == 1


def test_two_digits_changed_places_and_the_page_says_whose_it_is(house: House, home: Home, dale: Home) -> None:
    number = number_of(dale)
    place = next(place for place in range(len(number) - 1) if number[place] != number[place + 1])
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    owed = balance_of([dale.account_id])[dale.account_id]
    imported(house, box(house, (owed, wrong)))
    match = matches_of(waiting())[0]
    assert match.account_id == dale.account_id
    assert match.codes == ("transposed", "amount")
    assert "two digits changed places" in [str(reason) for reason in match.reasons]


def test_the_same_bank_account_paid_for_her_before(house: House, home: Home) -> None:
    imported(house, box(house, (10_00, number_of(home))))
    house.pass_days(1)
    imported(house, box(house, (11_00, "RUTH K")))
    assert len(waiting().bank_mark) == 64  # a keyed hash, never the number
    assert matches_of(waiting())[0].codes == ("same_payer",)


def test_posted_from_suspense_after_the_due_day_it_was_never_late(house: House, home: Home) -> None:
    owed = balance_of([home.account_id])[home.account_id]
    imported(house, box(house, (owed, "RUTH K")))
    item = waiting()
    received_on = house.today
    house.pass_days(40)
    assert ageing_of([home.account_id], as_of=house.today)[home.account_id].past_due_cents == owed
    shown = house.see(
        "post_from_suspense", by="reyes", suspense_item_id=item.item_id, account_id=home.account_id, note="Her check"
    )
    assert {change.code: change.after for change in shown.proposal.changes} == {"balance": 0, "past_due": 0}
    done = house.do(
        "post_from_suspense", by="reyes", suspense_item_id=item.item_id, account_id=home.account_id, note="Her check"
    )
    [made] = done.body["made"]["payment"]
    assert (payment(made).paid_on, payment(made).tender_id) == (received_on, item.tender_id)
    assert suspense_item(item.item_id).posted_payment_id == made
    assert entry(done.body["entries"][0]).draft.reverses_id == item.entry_id
    assert ageing_of([home.account_id], as_of=received_on)[home.account_id].balance_cents == 0
    with pytest.raises(SuspenseResolvedAlready, match=r"J\. Reyes"):
        house.do("post_from_suspense", suspense_item_id=item.item_id, account_id=home.account_id, note="Once more")


def test_it_was_the_wrong_account_again_so_it_waits_again(house: House, home: Home, dale: Home) -> None:
    imported(house, box(house, (30_00, "SMITH")))
    first = waiting()
    made = house.made(
        "post_from_suspense", "payment", suspense_item_id=first.item_id, account_id=home.account_id, note="A guess"
    )
    house.do("reverse_payment", payment_id=made, reason="wrong_account", note="It was Dale's")
    second = waiting()
    assert (second.payment_id, second.why, second.received_on) == (made, "payment_reversed", first.received_on)
    assert home.account_id not in {match.account_id for match in matches_of(second)}
    house.do("post_from_suspense", suspense_item_id=second.item_id, account_id=dale.account_id, note="He called")
    assert suspense_items() == ()
    paid = payments_of_account(dale.account_id, limit=1)[0]
    # The bank returns the check: it is undone where it stands now.
    house.do("return_payment", payment_id=paid.payment_id, reason="bank_error")
    assert "suspense" not in {code for code, cents in trial_balance(as_of=house.today).items() if cents}


def test_a_payment_reversed_after_its_drawer_was_closed_waits_in_suspense(house: House, home: Home) -> None:
    drawer = house.made("open_drawer", "drawer", by="nguyen", float_cents="100.00")
    made = house.made(
        "take_payment", "payment", by="nguyen", account_id=home.account_id, amount_cents="20.00", tender="cash"
    )
    house.do("count_drawer", by="nguyen", drawer_id=drawer, pieces="20.00, 6")
    house.do("close_drawer", by="nguyen", drawer_id=drawer)
    house.do("reverse_payment", payment_id=made, reason="wrong_account", note="Her neighbor's")
    item = waiting()
    assert (item.payment_id, item.amount_cents, item.tender_kind) == (made, 20_00, "cash")
    # When: the neighbor, who is no customer, wants it back. Then: a name and an address are needed for the check.
    back = {"suspense_item_id": item.item_id, "way": "refund", "note": "Asked for it back"}
    with pytest.raises(PayeeMissing, match="whom the money goes back to"):
        house.do("return_suspense_item", by="okafor", **back, **OAK_STREET)
    with pytest.raises(AddressIncomplete):
        house.do("return_suspense_item", by="okafor", **back, payee_name="Lena Novak")
    asked = house.do("return_suspense_item", by="okafor", **back, payee_name="Lena Novak", **OAK_STREET)
    # And: nothing moves until a colleague approves; the analyst who asked is none.
    assert (asked.outcome, suspense_item(item.item_id).state) == ("approval_requested", "open")
    refund_id = approved(house, asked)
    assert suspense_item(item.item_id).state == "returned"
    books = trial_balance(as_of=house.today)
    assert (books.get("suspense", 0), books["refunds_payable"], books["cash_drawer"]) == (0, -20_00, 20_00)
    owed = refund(refund_id)
    assert (owed.account_id, owed.suspense_item_id, owed.payee_name) == (None, item.item_id, "Lena Novak")
    assert owed.payee_lines == ("12 Oak St", "Prairie City NE 68901")


def suspended(house: House, cents: int, payer: str = "NOVAK") -> SuspenseFacts:
    imported(house, box(house, (cents, payer)))
    return waiting()


def give_back(house: House, item: SuspenseFacts, *, name: str = "Lena Novak", by: str = "okafor") -> ReceiptFacts:
    return house.do(
        "return_suspense_item",
        by=by,
        suspense_item_id=item.item_id,
        way="refund",
        payee_name=name,
        note="Meant for the gas company",
        **OAK_STREET,
    )


def approved(house: House, asked: ReceiptFacts) -> int:
    [made] = house.do("approve_request", request_id=asked.body["request"]).body["made"]["refund"]
    return int(made)


def test_money_that_is_nobodys_goes_back_by_a_check_which_is_stopped_written_again_and_paid(
    house: House, home: Home
) -> None:
    refund_id = approved(house, give_back(house, suspended(house, 60_00)))
    # The first check is spoiled in the printer, the second is lost; each next one goes to the same payee.
    house.do("issue_refunds", by="okafor")
    spoiled = refund(refund_id).check_number
    house.do("void_refund_check", check_number=spoiled, how="void", reason="Torn in the printer")
    house.do("issue_refunds", by="okafor")
    lost = refund(refund_id).check_number
    house.do("void_refund_check", check_number=lost, how="stop", reason="Never came")
    assert (refund(refund_id).state, refund(refund_id).payee_name) == ("payable", "Lena Novak")
    house.do("issue_refunds", by="okafor")
    number = refund(refund_id).check_number
    assert number != lost
    house.pass_days(3)
    house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=f"{number},60.00")
    books = trial_balance(as_of=house.today)
    assert {code: books.get(code, 0) for code in ("suspense", "refunds_payable", "bank")} == {
        "suspense": 0, "refunds_payable": 0, "bank": 0
    }  # fmt: skip
    # The same amount to the same person again looks like another, and waits for a colleague's word.
    again = approved(house, give_back(house, suspended(house, 60_00)))
    assert refund(again).waits_for_a_person
    with pytest.raises(NothingToIssue):
        house.do("issue_refunds", by="okafor")
    house.do("release_refund", refund_id=again, reason="She paid us twice by mistake")
    house.do("issue_refunds", by="okafor")
    assert refund(again).state == "issued"


def test_a_late_charge_that_was_added_while_the_money_waited_is_reversed_with_its_posting(
    house: House, home: Home
) -> None:
    owed = balance_of([home.account_id])[home.account_id]
    item = suspended(house, owed)
    house.pass_days(40)
    house.do("assess_late_charges", by="okafor", cycle=14)
    late = balance_of([home.account_id])[home.account_id] - owed
    assert late > 0
    found = {"suspense_item_id": item.item_id, "account_id": home.account_id, "note": "Her bank told us"}
    shown = house.see("post_from_suspense", **found).proposal.changes
    assert [(change.before, change.after) for change in shown if change.code == "late_charge"] == [(late, 0)]
    house.do("post_from_suspense", **found)
    assert balance_of([home.account_id])[home.account_id] == 0
    [reversed_charge, charge] = adjustments_of_account(home.account_id)
    assert (charge.charge, reversed_charge.kind, reversed_charge.amount_cents) == ("late_charge", "reversal", -late)


def test_its_owner_is_found_before_the_check_is_written(house: House, home: Home) -> None:
    item = suspended(house, 60_00)
    refund_id = approved(house, give_back(house, item))
    house.pass_days(1)
    house.do("cancel_refund", refund_id=refund_id, reason="Ruth showed her bank statement")
    assert (refund(refund_id).state, waiting().item_id) == ("cancelled", item.item_id)
    house.do("post_from_suspense", suspense_item_id=item.item_id, account_id=home.account_id, note="It is hers")
    books = trial_balance(as_of=house.today)
    assert (books.get("suspense", 0), books.get("refunds_payable", 0)) == (0, 0)
    assert payments_of_account(home.account_id, limit=1)[0].amount_cents == 60_00


def test_who_asked_for_the_refund_of_suspense_does_not_approve_it(house: House, home: Home) -> None:
    item = suspended(house, 60_00)
    asked = give_back(house, item, by="alvarez")
    with pytest.raises(MakerIsChecker):
        approved(house, asked)
    assert waiting() == item
    assert trial_balance(as_of=house.today).get("refunds_payable", 0) == 0
    # The list says that it is asked for, and asking twice is one request.
    shown = suspense_overview(as_of=house.today, grant=grant_of(["supervisor"]), chosen=item.item_id)
    assert shown.asked is not None
    assert shown.asked.request_id == asked.body["request"]
    with pytest.raises(AlreadyAsked):
        give_back(house, item)


def test_who_is_tied_to_whose_money_it_may_be_does_not_decide_its_refund(house: House, home: Home) -> None:
    # Given: the check would go to a name that the supervisor shares a household with.
    house.do("link_employee", by="larsen", username="alvarez", relation="household", account_id=home.account_id)
    asked = give_back(house, suspended(house, 60_00), name="Ruth Kowalczyk")
    with pytest.raises(OwnAccount):
        approved(house, asked)
    assert waiting().amount_cents == 60_00
    assert trial_balance(as_of=house.today).get("refunds_payable", 0) == 0


def test_a_refund_of_suspense_over_what_anyone_may_approve_goes_to_management(house: House, home: Home) -> None:
    item = suspended(house, widest_approval_cents() + 1)
    with pytest.raises(AmountOverAuthority):
        give_back(house, item)
    assert waiting() == item


def test_an_agency_pays_for_nobody_and_the_money_goes_back_in_five_working_days(house: House, home: Home) -> None:
    rows = [("Helping Hand", "77", "J SMITH", "200.00"), ("Helping Hand", "78", number_of(home), "40.00")]
    lines = [line.replace("2026-03-09", house.today.isoformat()) for line in agencies(rows)]
    imported(house, lines, source="agencies", by="nguyen")
    [paid] = payments_of_account(home.account_id, limit=1)
    assert (paid.tender_kind, paid.payer) == ("agency", "Helping Hand")
    item = waiting()
    assert item.return_by is not None
    assert item.return_by.weekday() not in (5, 6)
    assert (item.return_by - house.today).days >= 7
    grant = grant_of(("billing_analyst",))
    assert suspense_overview(as_of=item.return_by, grant=grant, chosen=None).overdue == 0
    house.today = item.return_by
    house.pass_days(1)
    assert suspense_overview(as_of=house.today, grant=grant, chosen=item.item_id).overdue == 1
    house.do("return_suspense_item", by="okafor", suspense_item_id=item.item_id, way="bank", note="Nobody of ours")
    assert trial_balance(as_of=house.today)["bank"] == 40_00


def test_who_imports_a_file_does_not_post_to_the_own_account(house: House, home: Home) -> None:
    house.do("link_employee", by="larsen", username="okafor", relation="own", account_id=home.account_id)
    file = imported(house, box(house, (50_00, number_of(home))))
    assert (file.posted, waiting().why) == (0, "own_account")
    inputs = {"suspense_item_id": waiting().item_id, "account_id": home.account_id, "note": "It is mine"}
    asked = house.do("post_from_suspense", by="okafor", **inputs)
    assert asked.outcome == "approval_requested"
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert payments_of_account(home.account_id, limit=1)[0].amount_cents == 50_00


def test_a_closed_account_that_still_owes_is_paid(house: House, home: Home) -> None:
    Account.objects.filter(pk=home.account_id).update(closed_on=house.today)
    owed = balance_of([home.account_id])[home.account_id]
    assert imported(house, box(house, (owed, number_of(home)))).posted == 1
    house.pass_days(1)
    imported(house, box(house, (5_00, number_of(home))))
    assert waiting().why == "account_closed"


def test_a_debt_that_was_given_up_is_paid_through_the_lockbox(house: House, home: Home) -> None:
    # Given: Ruth moved away, and what her closed account owed was written off.
    house.pass_days(10)
    house.do("end_service", by="reyes", agreement_id=home.agreement_id, end_on=house.today, reading="1900")
    house.do("bill_account", account_id=home.account_id)
    owed = balance_of([home.account_id])[home.account_id]
    asked = house.do("write_off_account", account_id=home.account_id, reason="Moved abroad")
    if asked.outcome != "done":
        house.do("approve_request", by="larsen", request_id=asked.body["request"])
    Account.objects.filter(pk=home.account_id).update(closed_on=house.today)
    # When: her check comes after all. Then: it is hers, and pays that debt in the night; more would be nobody's.
    assert imported(house, box(house, (owed, number_of(home)))).posted == 1
    house.do("recover_write_offs", by="okafor")
    assert balance_of([home.account_id]) == {home.account_id: 0}
    house.pass_days(1)
    assert imported(house, box(house, (5_00, number_of(home)))).suspended == 1


def test_at_the_command_line(
    house: House, home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.TODAY = house.today
    path = tmp_path / "0309.lbx"
    path.write_text("\n".join(box(house, (50_00, number_of(home)), (60_00, "J SMITH"))) + "\n")
    command = ["payments", "import", str(path), "--source", "lockbox", "--as", "okafor"]
    assert main([*command, "--dry-run"]) == 0
    assert not SuspenseItem.objects.exists()
    assert "dry run" in capsys.readouterr().out
    assert main([*command, "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["posted_cents"], said["suspended_cents"], said["repeated"]) == (50_00, 60_00, False)
    assert [row["why"] for row in said["suspense"]] == ["account_mistyped"]
    assert main(command) == 1
    assert "one payment of $50.00 posted, 1 of $60.00 in suspense" in capsys.readouterr().out
    assert main(["payments", "suspense"]) == 0
    assert "$" in capsys.readouterr().out
    # A colleague imported another, and left before it was posted. Then: what is left is said, and gone on with.
    house.pass_days(1)
    settings.TODAY = house.today
    path.write_text("\n".join(box(house, (70_00, number_of(home)))) + "\n")
    assert main([*command[:-1], "alvarez", "--queue"]) == 1
    with pytest.raises(PaymentFileAlreadyImported, match="pieces left: 1"):
        house.do("import_payment_file", by="okafor", **file_inputs(path.read_text().splitlines(), source="lockbox"))
    assert main(command) == 0
    capsys.readouterr()
    path.write_text("no lockbox\n")
    assert main(command) == 2
    assert "nothing was posted" in capsys.readouterr().err

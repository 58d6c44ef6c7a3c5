"""At the counter, by the rules: stubs that are scanned, checks that come twice, agencies' money, credits that move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import Home, House, move_in, read_and_bill, table_rows
from weatherhead.actions.payments.apply_credit import NothingToSettle, NothingWaits, WhyMissing
from weatherhead.actions.payments.receiving import AmountMissing, LooksLikeDuplicate
from weatherhead.actions.payments.take_payment import NoteMissing, StubOfAnother, TenderTwice
from weatherhead.actions.payments.transfer_credit import ConsentMissing, NotSoMuchCredit, SameAccount
from weatherhead.areas.billing.queries import bill as bill_facts
from weatherhead.areas.billing.queries import bills_of_account
from weatherhead.areas.customers.numbers import AccountNumberMistyped
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, balances_of, waiting_credit_of
from weatherhead.areas.payments.queries import payment_batch_called, payments_of_account
from weatherhead.areas.records.queries.receipts import NoSuchReceipt
from weatherhead.core.statements.scan_line import ScanLine, ScanLineUnreadable, scan_line
from weatherhead.core.values import Refusal
from weatherhead.door.authority import MakerIsChecker
from weatherhead.door.registry import InputsInvalid
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.customer_receipt import customer_receipt
from weatherhead.overviews.search import search

pytestmark = pytest.mark.django_db

CHECK = {"tender": "check", "check_number": "1042"}
AGENCY = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}


@pytest.fixture(autouse=True)
def books_are_right(house: House) -> Iterator[None]:
    """Whatever was done: the ledger, the tenders and the payments agree to the cent."""
    yield
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


@pytest.fixture
def dale(house: House, home: Home) -> Home:
    """Another customer with a bill."""
    found = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    read_and_bill(house, found, reading=1700)
    return found


def pay(house: House, home: Home, amount: str, **how: object) -> int:
    how.setdefault("tender", "cash")
    return house.made("take_payment", "payment", by="reyes", account_id=home.account_id, amount_cents=amount, **how)


def stub(house: House, home: Home, cents: int) -> str:
    """The scan line of a stub that asks an account for some cents."""
    said = ScanLine(
        account_number=account(home.account_id).number, bill_number="7", amount_due_cents=cents, due_on=house.today
    )
    return scan_line(said)


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def test_a_stub_is_scanned_and_says_whose_and_how_much(house: House, home: Home, dale: Home) -> None:
    # Given: the stub of Ruth's bill, scanned into the search field: it finds her account.
    line, before = stub(house, home, 7357), owed(home)
    [hit] = search(line, as_of=house.today).hits
    assert hit.account_id == home.account_id
    # When: it is paid without typing an amount. Then: what the stub asks for is on her account.
    house.do("take_payment", by="reyes", account_id=home.account_id, tender="cash", scan_line=line)
    assert owed(home) == before - 7357
    # And: of less than that, the preview says what the stub asks for; a neighbor's stub may be scanned beside it.
    both = {"scan_line": line, "amount_cents": "10.00", "also_pays": stub(house, dale, 2_000)}
    seen = house.see("take_payment", by="reyes", account_id=home.account_id, tender="cash", **both)
    figures = {change.code: change.after for change in seen.proposal.changes}
    assert figures["stub"] == 7357
    assert sum(item.amount_cents for item in seen.proposal.plan.event.payments) == 3_000


def test_a_wrong_stub_is_refused_and_changes_nothing(house: House, home: Home, dale: Home) -> None:
    line = stub(house, home, 7357)
    slipped = line[:20] + str((int(line[20]) + 1) % 10) + line[21:]
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (StubOfAnother, {"scan_line": stub(house, dale, 100)}),
        (ScanLineUnreadable, {"scan_line": slipped}),
        (ScanLineUnreadable, {"scan_line": line, "also_pays": slipped}),
        (AmountMissing, {"scan_line": stub(house, home, 0)}),
        (InputsInvalid, {}),
        (AmountMissing, {"amount_cents": "5.00", "also_pays": account(dale.account_id).number}),
        (AccountNumberMistyped, {"scan_line": "1234"}),
    ]
    untouched = table_rows(but=("records_",))
    for refusal, inputs in wrong:
        with pytest.raises(refusal):
            house.do("take_payment", by="reyes", account_id=home.account_id, tender="cash", **inputs)
    assert table_rows(but=("records_",)) == untouched
    assert search(slipped, as_of=house.today).hint is not None


def test_the_mail_is_scanned_into_a_batch(house: House, home: Home, dale: Home) -> None:
    line, before = stub(house, home, 4_000), (owed(home), owed(dale))
    slipped = line[:-1] + str((int(line[-1]) + 1) % 10)
    listed = f"{line}, , 11\n{stub(house, dale, 2_000)}\n{slipped}, 1.00, 12"
    mail = {"name": "Mail", "counted": 3, "total_cents": "61.00", "payments": listed}
    house.do("post_payment_batch", by="nguyen", **mail)
    assert (owed(home), owed(dale)) == (before[0] - 4_000, before[1] - 2_000)
    batch = payment_batch_called("Mail")
    assert batch is not None
    [left] = batch.report
    assert (left["row"], left["amount_cents"]) == (3, 100)
    assert "scan line" in left["what"]["template"]


def test_a_check_that_was_posted_yesterday_is_not_posted_again(house: House, home: Home) -> None:
    # Given: a check of $25 from the drop box, posted yesterday; today the stub lies in the mail again.
    pay(house, home, "25.00", **CHECK)
    first = payments_of_account(home.account_id, limit=1)[0].receipt_id
    house.pass_days(1)
    untouched = table_rows(but=("records_",))
    # When: it is typed again, as 01042. Then: it is refused with the receipt of the first.
    with pytest.raises(LooksLikeDuplicate) as refused:
        pay(house, home, "25.00", tender="check", check_number="01042")
    assert refused.value.params["receipt"] == first
    with pytest.raises(NoteMissing):
        pay(house, home, "25.00", not_a_duplicate="true", **CHECK)
    with pytest.raises(TenderTwice):
        pay(house, home, "25.00", **CHECK, more_tenders="check, 5.00, 1042")
    assert table_rows(but=("records_",)) == untouched
    # And: another amount, kind or customer is another payment; and so is one of which somebody knows more.
    pay(house, home, "25.01", **CHECK)
    pay(house, home, "25.00", tender="money_order", check_number="1042")
    pay(house, home, "25.00", not_a_duplicate="true", note="Two checkbooks, both seen", **CHECK)
    assert len(payments_of_account(home.account_id, limit=9)) == 4


def test_a_reversed_check_may_be_posted_again_and_an_old_number_too(house: House, home: Home) -> None:
    wrong = pay(house, home, "25.00", **CHECK)
    house.do("reverse_payment", by="reyes", payment_id=wrong, reason="wrong_amount", note="Typed before the others")
    pay(house, home, "25.00", **CHECK)
    house.pass_days(15)
    pay(house, home, "25.00", **CHECK)
    assert len(payments_of_account(home.account_id, limit=9)) == 3


def test_a_batch_reports_what_was_posted_before_and_what_stands_in_it_twice(house: House, home: Home) -> None:
    pay(house, home, "40.00", **CHECK)
    number, before = account(home.account_id).number, owed(home)
    listed = f"{number}, 40.00, 1042\n{number}, 5.00, 77\n{number}, 5.00, 77\n{number}, 5.00\n{number}, 5.00"
    house.do("post_payment_batch", by="nguyen", name="Mail", counted=5, total_cents="60.00", payments=listed)
    batch = payment_batch_called("Mail")
    assert batch is not None
    assert [item["row"] for item in batch.report] == [1, 3]
    assert (batch.posted_cents, owed(home)) == (1_500, before - 1_500)


def test_agency_money_pays_for_energy_and_leaves_the_fee(house: House, home: Home) -> None:
    # Given: Ruth owes a bill of $73.57 and, due before it, a fee.
    bill = owed(home)
    house.do("assess_fee", by="alvarez", account_id=home.account_id, charge="connect_fee", reason="service_rendered")
    fee = owed(home) - bill
    # When: an agency pays $100.
    pay(house, home, "100.00", **AGENCY)
    # Then: the bill is settled, the fee is not, and what is more waits for the next bill.
    ageing = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    assert [(item.charge, item.open_cents) for item in ageing.open_items] == [("connect_fee", fee)]
    assert balances_of([home.account_id])[home.account_id]["unapplied_credit"] == bill - 10_000
    with pytest.raises(NothingToSettle):
        house.do("apply_credit", by="reyes", account_id=home.account_id)
    # And: the next bill may use it, once.
    house.pass_days(30)
    house.do(
        "enter_read", by="reyes", account_id=home.account_id, meter=home.serial, read_on=house.today, reading="2350"
    )
    house.do("bill_account", by="reyes", account_id=home.account_id)
    now = owed(home)
    house.do("apply_credit", by="reyes", account_id=home.account_id)
    assert owed(home) == now - (10_000 - bill)
    with pytest.raises(NothingWaits):
        house.do("apply_credit", by="reyes", account_id=home.account_id)


def test_what_waits_pays_the_next_bill_the_night_after(house: House, home: Home, dale: Home) -> None:
    # Given: an agency paid more than Ruth's and Dale's bills; Ruth gets her next one, Dale not yet.
    made = pay(house, home, "100.00", **AGENCY)
    pay(house, dale, "120.00", **AGENCY)
    waits = waiting_credit_of([home.account_id, dale.account_id])
    read_and_bill(house, home, reading=2350, days=0)
    now = owed(home)
    # And: her bill says that it is not in it yet.
    [last] = bills_of_account(home.account_id, limit=1)
    assert ["waiting", {"amount_cents": waits[home.account_id]}] in bill_facts(last.bill_id).payload["messages"]
    # When: the analyst applies what waits. Then: hers pays the bill, and his goes on waiting.
    done = house.do("apply_waiting_credits", by="okafor")
    assert [item["after"] for item in done.body["changes"]] == [1, waits[home.account_id]]
    assert owed(home) == now - waits[home.account_id]
    assert waiting_credit_of(waits) == {home.account_id: 0, dale.account_id: waits[dale.account_id]}
    # And: once more, it changes nothing.
    assert not house.do("apply_waiting_credits", by="okafor").body["entries"]
    # And: it goes with the agency's money.
    house.do("reverse_payment", by="reyes", payment_id=made, reason="wrong_account", note="Pledge of another house")
    assert (waiting_credit_of([home.account_id])[home.account_id], owed(home)) == (
        0,
        now + 10_000 - waits[home.account_id],
    )


def test_what_the_rule_keeps_waiting_goes_to_the_balance_by_two_people(house: House, home: Home) -> None:
    # Given: Ruth's bill is settled by an agency, and $26.43 of its $100 wait; her fee is not for it.
    house.do("assess_fee", by="alvarez", account_id=home.account_id, charge="connect_fee", reason="service_rendered")
    made = pay(house, home, "100.00", **AGENCY)
    waits, owes = -balances_of([home.account_id])[home.account_id]["unapplied_credit"], owed(home)
    asked = {"account_id": home.account_id, "rest": "balance"}
    with pytest.raises(WhyMissing):
        house.do("apply_credit", by="reyes", **asked)
    # When: the agency leaves it to her. Then: it is a request, and nothing moves before a second person decides.
    request = house.do("apply_credit", by="reyes", **asked, note="Letter of the agency").body["request"]
    assert waiting_credit_of([home.account_id])[home.account_id] == waits
    house.do("approve_request", by="alvarez", request_id=request)
    assert (waiting_credit_of([home.account_id])[home.account_id], owed(home)) == (0, owes - waits)
    # And: it is a credit as any other, and goes when the agency's money is taken back.
    house.do("reverse_payment", by="reyes", payment_id=made, reason="wrong_account", note="Pledge of another house")
    assert (waiting_credit_of([home.account_id])[home.account_id], owed(home)) == (0, owes - waits + 10_000)


def test_agency_money_that_is_taken_back_leaves_no_trace_in_what_is_owed(house: House, home: Home) -> None:
    before = ageing_of([home.account_id], as_of=house.today)
    made = pay(house, home, "100.00", **AGENCY)
    house.do("reverse_payment", by="reyes", payment_id=made, reason="wrong_account", note="Pledge of another house")
    assert ageing_of([home.account_id], as_of=house.today) == before
    assert "unapplied_credit" not in balances_of([home.account_id])[home.account_id]


def test_cash_pays_the_oldest_due_first_and_more_stays_as_a_credit(house: House, home: Home) -> None:
    bill = owed(home)
    pay(house, home, "100.00")
    assert owed(home) == bill - 10_000
    assert "unapplied_credit" not in balances_of([home.account_id])[home.account_id]


def test_a_credit_goes_to_the_customers_other_account(house: House, home: Home) -> None:
    # Given: Ruth paid $100 twice on her house, and owes for her workshop.
    place = {"street": "1844 Cottonwood St", "serial": "77402919", "customer_id": home.customer_id}
    shop = move_in(house, **place)
    read_and_bill(house, shop, reading=1700)
    pay(house, home, "100.00")
    pay(house, home, "100.00", **CHECK)
    credit, owes = -owed(home), owed(shop)
    to = {"account_id": home.account_id, "other_account": account(shop.account_id).number_grouped}
    # When: the representative moves $50 of the credit. Then: both accounts are shown before and after, in one entry.
    seen = house.see("transfer_credit", by="reyes", **to, amount_cents="50.00", note="Asked for by phone")
    balances = [(item.before, item.after) for item in seen.proposal.changes if item.code == "balance"]
    assert balances == [(-credit, 5_000 - credit), (owes, owes - 5_000)]
    done = house.do("transfer_credit", by="reyes", **to, amount_cents="50.00", note="Asked for by phone")
    assert (owed(home), owed(shop), len(done.body["entries"])) == (5_000 - credit, owes - 5_000, 1)
    ageing = ageing_of([home.account_id], as_of=house.today)[home.account_id]
    assert (ageing.open_items, ageing.credit_cents) == ((), credit - 5_000)
    # And: more than is left is not there to be moved, nor does it go where it is, nor does money that is owed.
    untouched = table_rows(but=("records_",))
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (NotSoMuchCredit, {"amount_cents": credit - 4_999}),
        (SameAccount, {"other_account": account(home.account_id).number}),
        (NotSoMuchCredit, {"account_id": shop.account_id, "other_account": account(home.account_id).number}),
    ]
    for refusal, change in wrong:
        with pytest.raises(refusal):
            house.do("transfer_credit", by="reyes", **{**to, "amount_cents": 1, "note": "Once more", **change})
    assert table_rows(but=("records_",)) == untouched


def test_a_payment_behind_a_credit_that_moved_comes_back_and_is_owed_again(
    house: House, home: Home, dale: Home
) -> None:
    paid = pay(house, home, "100.00", **CHECK)
    credit = -owed(home)
    consent = {"consent": "written", "note": "Letter of today"}
    to = {"account_id": home.account_id, "other_account": account(dale.account_id).number, "amount_cents": credit}
    owes = owed(dale)
    # Given: it goes to a neighbor: not without consent, and not without a second person.
    with pytest.raises(ConsentMissing):
        house.do("transfer_credit", by="reyes", **to, note="She said so")
    request = house.do("transfer_credit", by="reyes", **to, **consent).body["request"]
    assert (owed(home), owed(dale)) == (-credit, owes)
    with pytest.raises(MakerIsChecker):
        house.do("approve_request", by="alvarez", request_id=_own(house, to | consent))
    house.do("approve_request", by="alvarez", request_id=request)
    assert (owed(home), owed(dale)) == (0, owes - credit)
    # When: the check comes back. Then: Ruth owes her bill and what she gave away; the neighbor keeps it.
    house.do("return_payment", by="okafor", payment_id=paid, reason="bank_error")
    assert (owed(home), owed(dale)) == (10_000, owes - credit)


def _own(house: House, inputs: dict[str, object]) -> int:
    """The same asked for by the supervisor herself."""
    return int(house.do("transfer_credit", by="alvarez", **inputs).body["request"])


def test_the_customer_gets_a_receipt_without_names(house: House, home: Home, dale: Home) -> None:
    mixed = {"more_tenders": "check, 60.00, 1042", "also_pays": f"{account(dale.account_id).number}, 20.00"}
    done = house.do(
        "take_payment", by="reyes", account_id=home.account_id, amount_cents="73.57", tender="cash",
        tendered_cents="40.00", **mixed,
    )  # fmt: skip
    slip = customer_receipt(done.receipt_id)
    ends = account(home.account_id).number[-4:], account(dale.account_id).number[-4:]
    assert [(item.ending, item.amount_cents) for item in slip.accounts] == [(ends[0], 7_357), (ends[1], 2_000)]
    assert [item.balance_cents for item in slip.accounts] == [owed(home), owed(dale)]
    assert [(str(item.kind), item.given_cents) for item in slip.tenders] == [("Cash", 4_000), ("Check", 6_000)]
    assert (slip.total_cents, slip.change_cents, slip.reversed) == (9_357, 643, False)
    assert "Kowalczyk" not in repr(slip)
    # And: a copy of a payment that was taken back says so; any other receipt is none of a payment.
    [taken, *_] = done.body["made"]["payment"]
    house.do("reverse_payment", by="reyes", payment_id=taken, reason="wrong_amount", note="Typed twice")
    assert customer_receipt(done.receipt_id).reversed
    fee = house.do(
        "assess_fee", by="alvarez", account_id=home.account_id, charge="connect_fee", reason="service_rendered"
    )
    with pytest.raises(NoSuchReceipt):
        customer_receipt(fee.receipt_id)

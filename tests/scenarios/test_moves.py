"""Payments that went to the wrong account, and payments that came back, as representatives tell it."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.house import Home, House, moment, move_in, read_and_bill, table_rows
from weatherhead.actions.payments import move_payment
from weatherhead.actions.payments.accepting import CashOnlyAccount, SupervisorDecides
from weatherhead.actions.payments.move_payment import MovedDiffers, PaymentMovedAlready, PaymentTwice, SameAccount
from weatherhead.areas.billing.late_charges import last_late_charges
from weatherhead.areas.billing.queries import adjustments_of_account, bills_of_account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.letters import letters_of_receipt
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, entries, trial_balance, waiting_credit_of
from weatherhead.areas.payments.drawers import holdings_of_drawers
from weatherhead.areas.payments.file_queries import suspense_items
from weatherhead.areas.payments.operations import PaymentAlreadyReversed, TenderAlreadyReturned
from weatherhead.areas.payments.queries import MOVED, moved_to, payment
from weatherhead.areas.payments.returns import cash_only_of
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.core.values import Refusal
from weatherhead.door.authority import grant_for
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.account.page import account_overview
from weatherhead.overviews.letter import letter_file, letter_page

pytestmark = pytest.mark.django_db
CHECK = {"tender": "check", "check_number": "1042"}
BECAUSE = {"reason": "number_mistyped", "note": "Two digits were swapped on the stub"}


@pytest.fixture
def house(_neighbours: tuple[House, Home], db: None) -> House:
    """The day of Dale's first bill; Ruth's is a month old."""
    return copy.deepcopy(_neighbours[0])


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def number_of(home: Home) -> str:
    return account(home.account_id).number


def pay(house: House, home: Home, amount_cents: int, by: str = "alvarez", **how: str) -> int:
    how = how or {"tender": "cash"}
    return house.made("take_payment", "payment", by=by, account_id=home.account_id, amount_cents=amount_cents, **how)


def move(house: House, number: int, to: Home, by: str = "reyes", **more: object) -> ReceiptFacts:
    return house.do("move_payment", by=by, payment_id=number, to_account=number_of(to), **(BECAUSE | more))


def late_charges_on(home: Home) -> list[tuple[str, int]]:
    return [(item.kind, item.amount_cents) for item in adjustments_of_account(home.account_id)][::-1]


def shown(done: ReceiptFacts, code: str) -> list[tuple[int | None, int]]:
    return [(item["before"], item["after"]) for item in done.body["changes"] if item["code"] == code]


def sound() -> bool:
    return [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


def test_ruths_check_went_to_dale_and_she_was_charged_for_being_late(house: House, home: Home, dale: Home) -> None:
    # Given: Ruth's check for all that she owes was posted to Dale, whose balance is a credit since.
    before, cents = owed(dale), owed(home)
    paid_on = house.today
    number = pay(house, dale, cents, **CHECK)
    books = trial_balance(as_of=house.today)
    # And: she got a late charge for it.
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    late_cents = owed(home) - cents
    assert late_cents > 0
    # When: she calls, and the representative moves it.
    done = move(house, number, home)
    # Then: she owes nothing and never was late; Dale owes what he owed; the check is where it was.
    assert (owed(home), owed(dale)) == (0, before)
    assert late_charges_on(home) == [("fee", late_cents), ("reversal", -late_cents)]
    assert not last_late_charges([home.account_id])
    [there] = moved_to(number)
    assert (there.account_id, there.paid_on, there.tender_id) == (home.account_id, paid_on, payment(number).tender_id)
    assert payment(number).reversal_reason == MOVED
    sums = trial_balance(as_of=house.today)
    assert sums["checks_received"] == books["checks_received"]
    # And: as of the days between, too: she was never past due.
    for days in range(20):
        on = paid_on + timedelta(days=days)
        assert ageing_of([home.account_id], as_of=on)[home.account_id].balance_cents == 0
    # And: one receipt tells all of it.
    assert shown(done, "late_charge") == [(late_cents, 0)]
    assert shown(done, "letters") == [(None, 2)]
    assert set(done.account_ids) == {home.account_id, dale.account_id}
    assert "mistyped" in str(done.body["summary"])
    assert done.actor == "J. Reyes"
    assert [entry.draft.reverses_id for entry in entries(done.body["entries"])].count(None) == 1
    assert sound()


def test_a_late_charge_that_was_waived_meanwhile_is_not_given_back_twice(house: House, home: Home, dale: Home) -> None:
    cents = owed(home)
    number = pay(house, dale, cents, **CHECK)
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [charged] = adjustments_of_account(home.account_id)
    house.do("waive_fee", by="reyes", adjustment_id=charged.adjustment_id, reason="our_error", amount_cents="2.00")
    done = move(house, number, home)
    assert owed(home) == 0
    assert shown(done, "late_charge") == [(charged.amount_cents - 200, 0)]
    assert [kind for kind, _ in late_charges_on(home)] == ["fee", "waiver", "reversal", "reversal"]
    assert sound()


def test_what_waited_counts_as_paid_when_a_payment_is_moved_away(house: House, home: Home, dale: Home) -> None:
    # Given: an agency's money waits on Ruth's account, more than the bill that falls due; Dale's cash is there, too.
    pay(house, home, owed(home) + 300_00, tender="agency", agency="Community Action", channel="electronic")
    read_and_bill(house, home, reading=2350, days=0)
    number = pay(house, home, 20_00)
    house.pass_days(40)
    house.do("assess_late_charges", by="okafor", cycle=14, from_account=home.account_id, to_account=home.account_id)
    assert 0 < owed(home) < 280_00
    assert late_charges_on(home) == []
    # When: the cash goes to Dale. Then: it hid nothing: the bill was never late with what we held.
    done = move(house, number, dale)
    assert (shown(done, "hidden_late_charge"), late_charges_on(home)) == ([], [])
    assert sound()


def test_a_late_charge_that_one_move_made_smaller_and_another_took_back_counts_no_more(
    house: House, home: Home, dale: Home
) -> None:
    # Given: all that Ruth owes was paid to Dale, in two checks, and she was charged for being late.
    fee = {"account_id": home.account_id, "charge": "connect_fee", "reason": "service_rendered"}
    house.do("assess_fee", by="alvarez", **fee, amount_cents="200.00")
    first = pay(house, dale, 50_00, **CHECK)
    second = pay(house, dale, owed(home) - 50_00, tender="check", check_number="1043")
    house.pass_days(40)
    house.do("assess_late_charges", by="okafor", cycle=14)
    # When: one is moved to her, and then the other. Then: the charge became a smaller one, and then none.
    assert [after for _, after in shown(move(house, first, home), "late_charge")] != [0]
    assert [after for _, after in shown(move(house, second, home), "late_charge")] == [0]
    assert (owed(home), last_late_charges([home.account_id])) == (0, {})
    # And: what is late next bears one, four weeks or not.
    house.do("assess_fee", by="alvarez", **fee, amount_cents="100.00")
    house.pass_days(26)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert owed(home) == 105_00


@pytest.mark.parametrize("way", ["out of suspense", "moved and back"])
def test_what_money_had_put_on_a_deposit_is_not_owed_while_it_was_elsewhere(
    house: House, home: Home, dale: Home, way: str
) -> None:
    # Given: Ruth paid by card; half of it was put on a deposit, so that half of her bill was late and charged for.
    cents = owed(home)
    number = pay(house, home, cents, tender="card", reference="A1")
    house.do("assess_deposit", by="reyes", account_id=home.account_id, reason="late_payments")
    house.do("pay_deposit", by="reyes", account_id=home.account_id, payment_id=number, amount_cents=cents // 2)
    house.pass_days(30)
    house.do("assess_late_charges", by="okafor", cycle=14)
    [charged] = adjustments_of_account(home.account_id)
    # When: the payment is taken for another's, and comes back to her. Then: it paid her bill, and nothing was late.
    if way == "out of suspense":
        house.do("reverse_payment", by="reyes", payment_id=number, reason="wrong_account", note="Not hers, it seems")
        [item] = suspense_items()
        house.do(
            "post_from_suspense",
            by="reyes",
            suspense_item_id=item.item_id,
            account_id=home.account_id,
            note="It is hers",
        )
    else:
        move(house, number, dale)
        [there] = moved_to(number)
        move(house, there.payment_id, home)
    assert late_charges_on(home) == [("fee", charged.amount_cents), ("reversal", -charged.amount_cents)]
    assert owed(home) == 0
    assert sound()


def test_a_day_whose_waived_late_charge_is_due_after_all_counts_again(house: House, home: Home, dale: Home) -> None:
    """The check was moved to Ruth, and back: nothing is posted, and the rule waits its four weeks from that day."""
    cents = owed(home)
    number = pay(house, dale, cents, **CHECK)
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    charged_on, [charged] = house.today, adjustments_of_account(home.account_id)
    house.do("waive_fee", by="reyes", adjustment_id=charged.adjustment_id, reason="our_error")
    move(house, number, home)
    assert not last_late_charges([home.account_id])
    [there] = moved_to(number)
    move(house, there.payment_id, dale)
    assert last_late_charges([home.account_id]) == {home.account_id: charged_on}
    house.pass_days(14)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert owed(home) == cents
    house.pass_days(14)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert owed(home) > cents
    # And once more to Ruth: the day counts no longer, and neither does the charge that came of waiting for it.
    [again] = moved_to(there.payment_id)
    move(house, again.payment_id, home)
    assert not last_late_charges([home.account_id])
    assert owed(home) == 0
    assert sound()


def test_what_the_mistake_hid_on_dales_account_is_shown_and_not_charged(house: House, home: Home, dale: Home) -> None:
    # Given: Dale's own bill looked paid by Ruth's check, so he got no late charge on the day when the rule ran.
    before = owed(dale)
    number = pay(house, dale, before, **CHECK)
    house.today = bills_of_account(dale.account_id, limit=1)[0].due_on + timedelta(days=6)
    house.do("assess_late_charges", by="okafor", cycle=14)
    assert not adjustments_of_account(dale.account_id)
    # When: it is moved. Then: the charge that he would have had is shown, and his balance is the bill.
    done = move(house, number, home)
    [(_, hidden_cents)] = shown(done, "hidden_late_charge")
    assert hidden_cents >= 500
    assert owed(dale) == before
    assert not adjustments_of_account(dale.account_id)


def test_who_asks_for_it_charges_what_was_hidden_as_of_its_day(house: House, home: Home, dale: Home) -> None:
    before, ran_on = owed(dale), bills_of_account(dale.account_id, limit=1)[0].due_on + timedelta(days=6)
    number = pay(house, dale, before, **CHECK)
    house.today = ran_on
    house.do("assess_late_charges", by="okafor", cycle=14)
    house.pass_days(3)
    done = move(house, number, home, charge_hidden=True)
    [(_, cents)] = [item for item in shown(done, "late_charge") if item[0] is None]
    assert owed(dale) == before + cents
    assert last_late_charges([dale.account_id]) == {dale.account_id: ran_on}


def test_a_part_of_a_check_goes_on_and_the_rest_stays(house: House, home: Home, dale: Home) -> None:
    both = owed(home), owed(dale)
    number = pay(house, dale, 10_000, **CHECK)
    move(house, number, home, amount_cents="60.00")
    assert (owed(home), owed(dale)) == (both[0] - 6_000, both[1] - 4_000)
    assert sorted(item.amount_cents for item in moved_to(number)) == [4_000, 6_000]
    assert sound()


def test_what_stays_of_an_agencys_payment_goes_on_paying_the_bill(house: House, home: Home, dale: Home) -> None:
    # Given: an agency paid Ruth's whole bill, and $20 of it were meant for Dale.
    agency = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    cents = owed(home)
    number = pay(house, home, cents, **agency)
    dales = owed(dale)
    # When: the $20 go to him. Then: hers still pay her bill, and none of them waits beside it.
    move(house, number, dale, amount_cents="20.00")
    assert (owed(home), waiting_credit_of([home.account_id])) == (20_00, {home.account_id: 0})
    assert (owed(dale), waiting_credit_of([dale.account_id])) == (dales - 20_00, {dale.account_id: 0})
    assert sound()


def test_two_payments_of_an_agency_that_are_moved_pay_one_bill_once(house: House, home: Home, dale: Home) -> None:
    # Given: Ruth owes two bills, and an agency paid $50 and $60 on her account that were for Dale.
    agency = {"tender": "agency", "agency": "Community Action", "channel": "electronic"}
    read_and_bill(house, home, reading=2350, days=0)
    first, second = pay(house, home, 50_00, **agency), pay(house, home, 60_00, **agency)
    dales = owed(dale)
    assert 50_00 < dales < 110_00
    # When: both go to him. Then: what is more than his bill waits, as the rule says of that money.
    move(house, first, dale, also_payments=[second])
    assert (owed(dale), waiting_credit_of([dale.account_id])) == (0, {dale.account_id: 110_00 - dales})
    assert sound()


def test_two_payments_go_to_two_accounts_at_once(house: House, home: Home, dale: Home) -> None:
    third = move_in(house, name="Ana Ortiz", street="9 Linden St", serial="77402999", phone="402-555-0199")
    both = owed(home), owed(dale)
    first, second = pay(house, third, 3_000), pay(house, third, 2_000, **CHECK)
    more = {"also_payments": f"{second}", "also_to": f"{number_of(dale)}, 15.00"}
    done = move(house, first, home, **more)
    assert (owed(home), owed(dale), owed(third)) == (both[0] - 3_500, both[1] - 1_500, 0)
    assert len(letters_of_receipt(done.receipt_id)) == 3
    assert sound()


def test_both_get_a_letter_and_neither_learns_who_the_other_is(house: House, home: Home, dale: Home) -> None:
    number = pay(house, dale, owed(home), **CHECK)
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    done = move(house, number, home)
    names = {home.account_id: ("Ruth A. Kowalczyk", "Sorensen"), dale.account_id: ("Dale Sorensen", "Kowalczyk")}
    for letter_id, account_id in letters_of_receipt(done.receipt_id):
        page = letter_page(letter_id)
        own, other = names[account_id]
        text = str(page.said)
        assert own in text
        assert other not in text
        others = dale if account_id == home.account_id else home
        assert account(others.account_id).number_grouped not in text
        assert letter_file(letter_id).startswith(b"%PDF")
        assert letter_file(letter_id) == letter_file(letter_id)
    assert "taken back" in str(letter_page(letters_of_receipt(done.receipt_id)[1][0]).said)


def test_cash_that_is_moved_stays_in_its_drawer(house: House, home: Home, dale: Home) -> None:
    drawer = house.made("open_drawer", "drawer", by="nguyen", float_cents="100.00")
    number = pay(house, dale, 2_000, by="nguyen", tender="cash")
    held = holdings_of_drawers([drawer])
    move(house, number, home)
    assert holdings_of_drawers([drawer]) == held
    house.do("count_drawer", by="nguyen", drawer_id=drawer, pieces="20.00, 6")
    house.do("close_drawer", by="nguyen", drawer_id=drawer)
    slip = {"slip": "0417", "drawer_ids": f"{drawer}", "checks": "0", "total_cents": "20.00"}
    house.do("make_deposit", by="nguyen", **slip)
    # After the deposit it may still go on: back to Dale, whose it was after all.
    [there] = moved_to(number)
    move(house, there.payment_id, dale)
    assert sound()


def test_a_check_that_comes_back_after_it_was_moved_is_owed_where_it_went(house: House, home: Home, dale: Home) -> None:
    both = owed(home), owed(dale)
    number = pay(house, dale, 5_000, **CHECK)
    move(house, number, home)
    # The representative still has the first payment open; the return follows the money.
    house.do("return_payment", by="okafor", payment_id=number, reason="insufficient_funds")
    assert (owed(home), owed(dale)) == (both[0] + 2_500, both[1])
    with pytest.raises(TenderAlreadyReturned):
        house.do("return_payment", by="okafor", payment_id=number, reason="insufficient_funds")
    assert sound()


def test_what_cannot_be_moved_is_refused_and_nothing_changes(house: House, home: Home, dale: Home) -> None:
    moved, reversed_one = pay(house, dale, 2_000), pay(house, dale, 2_100)
    returned, good = pay(house, dale, 2_200, **CHECK), pay(house, dale, 2_300)
    move(house, moved, home)
    house.do("reverse_payment", payment_id=reversed_one, reason="duplicate", note="Entered twice")
    house.do("return_payment", payment_id=returned, reason="bank_error")
    wrong: list[tuple[type[Refusal], int, Home, dict[str, object]]] = [
        (PaymentMovedAlready, moved, home, {}),
        (PaymentAlreadyReversed, reversed_one, home, {}),
        (TenderAlreadyReturned, returned, home, {}),
        (SameAccount, good, dale, {}),
        (PaymentTwice, good, home, {"also_payments": f"{good}"}),
        (MovedDiffers, good, home, {"amount_cents": "23.01"}),
    ]
    untouched = table_rows(but=("records_",))
    for refusal, number, to, more in wrong:
        with pytest.raises(refusal):
            move(house, number, to, **more)
    assert table_rows(but=("records_",)) == untouched


def test_on_closed_days_it_counts_from_the_first_open_one(house: House, home: Home, dale: Home) -> None:
    paid_on = house.today
    number = pay(house, dale, owed(home), **CHECK)
    house.pass_days(20)
    house.do("assess_late_charges", by="okafor", cycle=14)
    inputs = move_payment.ACTION.parse({"payment_id": number, "to_account": number_of(home), **BECAUSE})
    facts = move_payment.gather(inputs, moment(house.today), house.actor("reyes"))
    opens_on = paid_on + timedelta(days=10)
    proposal = move_payment.propose(replace(facts, first_open_on=opens_on), inputs)
    days = {entry.effective_on for entry in proposal.entries}
    assert days == {opens_on, house.today}  # the late charge was made later, and its reversal counts from then
    assert min(entry.effective_on for entry in move_payment.propose(facts, inputs).entries) == paid_on


def test_moving_a_payment_to_ones_household_asks_a_colleague(house: House, home: Home, dale: Home) -> None:
    number = pay(house, dale, 2_000)
    house.pass_days(1)
    before = owed(home), owed(dale)
    house.do("link_employee", by="larsen", username="reyes", relation="household", account_id=home.account_id)
    asked = move(house, number, home)
    assert asked.outcome == "approval_requested"
    assert (owed(home), owed(dale)) == before
    # It consumes no authority: whoever may decide requests may approve it, on another day as well.
    house.pass_days(1)
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert (owed(home), owed(dale)) == (before[0] - 2_000, before[1] + 2_000)


def test_after_two_returned_checks_an_account_is_on_cash_only(house: House, home: Home) -> None:
    for number in ("11", "12"):
        made = pay(house, home, 1_000, tender="check", check_number=number)
        house.do("return_payment", by="okafor", payment_id=made, reason="insufficient_funds")
    # Then: the account page says so, a check is refused and cash is not.
    held = cash_only_of([home.account_id], as_of=house.today)[home.account_id]
    grant = grant_for(house.actor("reyes"), as_of=house.today)
    page = account_overview(home.account_id, as_of=house.today, grant=grant, revealed_until=None)
    assert any("Cash only" in str(alert.title) for alert in page.alerts)
    with pytest.raises(CashOnlyAccount):
        pay(house, home, 1_000, by="nguyen", **CHECK)
    with pytest.raises(SupervisorDecides):
        pay(house, home, 1_000, by="nguyen", despite_returns="He has paid well since", **CHECK)
    pay(house, home, 1_000, by="reyes", tender="cash")
    # And: a supervisor takes it with a reason; a year later it is over.
    pay(house, home, 1_000, by="alvarez", despite_returns="A cashier's check, seen", **CHECK)
    assert not cash_only_of([home.account_id], as_of=held.through_on + timedelta(days=1))
    assert cash_only_of([home.account_id], as_of=date(2025, 10, 2)) == {}


def test_the_banks_own_errors_do_not_count(house: House, home: Home) -> None:
    for number in ("11", "12"):
        made = pay(house, home, 1_000, tender="check", check_number=number)
        house.do("return_payment", by="okafor", payment_id=made, reason="bank_error")
    pay(house, home, 1_000, **CHECK)
    assert not cash_only_of([home.account_id], as_of=house.today)
    assert not adjustments_of_account(home.account_id)

"""The controller sets one view of the books beside another: summaries, estimates and balances have to say the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.correcting import WHY, aged, books_are_right, correct, misread, months, owed, pay
from tests.house import Home, House, move_in
from weatherhead.actions.adjustments.courtesy import history_of
from weatherhead.areas.billing.queries import adjustment, bill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import trial_balance
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.statements import ReferenceTerms
from weatherhead.core.values import Span
from weatherhead.overviews.statement.composing import compose

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SERVED = "service_rendered"


def summary(house: House, home: Home, kind: str, *, start: date) -> dict[str, Any]:
    span = Span(start=start, end=house.today + DAY)
    body: dict[str, Any] = compose(home.account_id, kind=kind, span=span, as_of=house.today).payload["body"]
    return body


def test_a_bill_payable_in_installments_counts_once_in_the_year_and_on_the_statement(new_house: House) -> None:
    """A multiplier of 2 was kept as 1 for three bills: what was billed too little is payable in equal months."""
    house = new_house
    since = house.today
    home = move_in(house, multiplier="1")
    months(house, home, use=[600, 700, 800])
    pay(house, home)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="2", **WHY)
    corrected = bill(correct(house, home, cause="multiplier"))
    assert corrected.payload["later"]
    books = trial_balance(as_of=house.today)
    taxes = (LedgerAccount.SALES_TAX_PAYABLE, LedgerAccount.CITY_DIVIDEND_PAYABLE, LedgerAccount.FRANCHISE_FEE_PAYABLE)
    year = summary(house, home, "yearly", start=since.replace(day=1))["months"]
    assert sum(month["energy_wh"] for month in year) == 2 * 2_100_000
    assert sum(month["taxes_cents"] for month in year) == -sum(books.get(account, 0) for account in taxes)
    assert sum(month["charges_cents"] for month in year) == -books["revenue.residential"]
    assert sum(month["other_cents"] for month in year) == 0
    statement = summary(house, home, "statement", start=since)
    assert statement["closing_cents"] == owed(home)
    assert statement["other_cents"] == 0
    [line] = [line for line in statement["lines"] if line["what"][1].get("number") == corrected.number]
    assert line["cents"] == corrected.total_cents
    assert sum(cents for _, cents in line["groups"]) == line["cents"]
    [row] = summary(house, home, "accounts", start=since)["accounts"]
    assert (row["charged_cents"], row["other_cents"]) == (statement["charged_cents"], 0)
    books_are_right()


def test_installments_paid_by_their_own_due_days_are_never_late(new_house: House) -> None:
    """The back-bill is the utility's mistake: an agency that asks is not told that the customer pays late."""
    house = new_house
    since = house.today
    home = move_in(house, multiplier="1")
    months(house, home, use=[600, 700])
    pay(house, home)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="2", **WHY)
    corrected = bill(correct(house, home, cause="multiplier"))
    while parts := aged(house, home).open_items:
        house.today = parts[0].due_on
        [row] = summary(house, home, "payment_history", start=since)["bills"]
        assert (row["number"], row["paid_on"], row["days_late"], row["mark"]) == (corrected.number, None, 0, "open")
        pay_part = {"amount_cents": sum(part.open_cents for part in parts if part.due_on == house.today)}
        house.do("take_payment", by="nguyen", account_id=home.account_id, tender="cash", **pay_part)
    [row] = summary(house, home, "payment_history", start=since)["bills"]
    assert (row["paid_on"], row["mark"]) == (house.today.isoformat(), "on_time")
    assert house.today > corrected.due_on + 25 * DAY


def test_a_check_that_bounced_after_it_was_moved_is_held_against_nobody_else(
    new_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bo's check was posted to Ruth, moved to him, and came back: her history and her statement know of no return."""
    house = new_house
    since = house.today
    ruth = move_in(house)
    bo = move_in(house, name="Bo Li", street="12 Main St", serial="88001")
    months(house, ruth, bo, use=[600])
    check = {"amount_cents": "60.00", "tender": "check", "check_number": "1042"}
    wrong = house.made("take_payment", "payment", by="nguyen", account_id=ruth.account_id, **check)
    why = {"reason": "number_mistyped", "note": "Two digits were swapped on the stub"}
    moved = house.do("move_payment", payment_id=wrong, to_account=account(bo.account_id).number, **why)
    house.pass_days(3)
    house.do("return_payment", by="okafor", payment_id=moved.body["made"]["payment"][0], reason="insufficient_funds")
    fee = house.made("assess_fee", "adjustment", account_id=ruth.account_id, charge="connect_fee", reason=SERVED)
    assert history_of(adjustment(fee)).returned == ()
    assert summary(house, ruth, "payment_history", start=since)["returned"] == []
    said = [line["what"] for line in summary(house, ruth, "statement", start=since)["lines"]]
    assert "payment_back" in [code for code, _ in said]
    assert "payment_returned" not in [code for code, _ in said]
    assert len(summary(house, bo, "payment_history", start=since)["returned"]) == 1
    # And: what the bank itself did wrong is told, and judged of nobody.
    terms = ReferenceTerms(months=12, late_most=9, returned_most=0, bills_least=0)
    monkeypatch.setattr("weatherhead.overviews.statement.history.reference_terms", lambda *, on: terms)
    assert summary(house, bo, "payment_history", start=since)["reference"][0] == "late"
    good = house.made(
        "take_payment", "payment", by="nguyen", account_id=ruth.account_id, **check | {"check_number": "7"}
    )
    house.do("return_payment", by="okafor", payment_id=good, reason="bank_error")
    found = summary(house, ruth, "payment_history", start=since)
    assert (len(found["returned"]), found["reference"][0]) == (1, "good")


def test_the_usage_summary_shows_corrected_months_as_months(new_house: House) -> None:
    """One corrected bill replaced three: the customer reads three months, not one of ninety days."""
    house = new_house
    since = house.today
    home = move_in(house, multiplier="1")
    months(house, home, use=[600, 700, 800])
    before = summary(house, home, "usage", start=since)["periods"]
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="2", **WHY)
    corrected = bill(correct(house, home, cause="multiplier"))
    after = summary(house, home, "usage", start=since)["periods"]
    for name in ("start_on", "end_on", "days"):
        assert [item[name] for item in after] == [item[name] for item in before]
    assert [item["energy_wh"] for item in after] == [2 * item["energy_wh"] for item in before]
    assert sum(item["cents"] for item in after) == corrected.total_cents
    # And: of a span that begins in the middle of what was corrected, only what ended in it.
    late = summary(house, home, "usage", start=date.fromisoformat(before[2]["start_on"]))["periods"]
    assert late == after[2:]


def test_what_is_unbilled_at_a_months_end_is_not_less_because_bills_went_out_since(new_house: House) -> None:
    """The cycle is billed on the 2nd and the analyst estimates on the 5th: on the 31st those days were not billed."""
    house = new_house
    home = move_in(house)
    months(house, home, use=[700])  # billed through October 30
    month_end = date(2025, 11, 30)
    house.today = month_end + DAY
    early = house.see("post_unbilled", by="okafor", month_end_on=month_end)
    house.pass_days(1)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2440")
    wrong = house.made("bill_account", "bill", account_id=home.account_id)
    next_day = house.see("post_unbilled", by="okafor", month_end_on=month_end)
    misread(house, home, on=house.today, reading=2400)
    house.pass_days(3)
    house.do("cancel_and_rebill", bill_id=wrong, reason="The read was misread")
    late = house.see("post_unbilled", by="okafor", month_end_on=month_end)
    said = [{item.code: item.after for item in seen.proposal.changes} for seen in (early, next_day, late)]
    assert said[0]["unbilled"] > 0
    assert said[0] == said[1] == said[2]

"""Corrections of bills, in a representative's words: each way in which a bill can be wrong."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.correcting import NEVER_CHANGED, WHY, aged, books_are_right, by_due, correct, misread, months, owed
from tests.house import House, move_in, read_and_bill, table_rows
from weatherhead.actions.corrections.correct_service_dates import DatesBackwards
from weatherhead.actions.corrections.correct_terms import SameTerms
from weatherhead.areas.agreements.models import AgreementCorrection
from weatherhead.areas.agreements.operations import ServicePointTaken
from weatherhead.areas.billing.models import BillSegment, CorrectedPeriod
from weatherhead.areas.billing.queries import bill, bills_of_account, lines_of_bill
from weatherhead.areas.documents.showing import money
from weatherhead.areas.ledger.queries import trial_balance
from weatherhead.areas.metering.models import MeterCorrection
from weatherhead.overviews.letter import letter_file, letter_page

pytestmark = pytest.mark.django_db


# ---------------------------------------------------------------------------------------------------------- each cause
def test_a_misread_that_spoiled_two_bills_is_put_right_on_one_and_stands_as_if_it_had_never_been(
    new_house: House,
) -> None:
    # Given: two neighbours who use the same; of one of them the second read was 300 too high. Nobody has paid yet.
    house = new_house
    wrong = move_in(house)
    right = move_in(house, name="Bo Li", street="12 Main St", serial="88001")
    months(house, wrong, right, use=[600])
    house.pass_days(30)
    for home, reading in ((wrong, "2500"), (right, "2200")):
        house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading=reading)
        house.do("bill_account", account_id=home.account_id)
    read_on = house.today
    months(house, wrong, right, use=[700], start=2200)
    # When: the read is corrected, and then the bills.
    misread(house, wrong, on=read_on, reading=2200)
    house.pass_days(5)
    before = table_rows(but=NEVER_CHANGED)
    seen = house.see("correct_bills", by="alvarez", account_id=wrong.account_id, cause="read", **WHY)
    assert table_rows(but=NEVER_CHANGED) == before
    corrected = correct(house, wrong, cause="read")
    # Then: both bills are replaced by one that keeps the periods; the first bill stands.
    assert [item.total.label.params["start"] for item in seen.proposal.comparisons] == [
        read_on - timedelta(days=30),
        read_on,
    ]
    found = bill(corrected)
    assert len(found.payload["segments"]) == 2
    assert found.payload["correction"]["cause"] == "read"
    first, *replaced = bills_of_account(wrong.account_id, limit=9)[::-1][:3]
    assert bill(first.bill_id).corrected_by_id is None
    assert {bill(item.bill_id).corrected_by_id for item in replaced} == {corrected}
    # And: balance and ageing are those of the neighbour, today and later; only what was billed too little is due later.
    assert owed(wrong) == owed(right)
    due = {on: cents for on, cents in by_due(aged(house, right)).items() if on not in by_due(aged(house, wrong))}
    assert due == {}
    books_are_right()


def test_what_was_charged_too_much_leaves_the_account_as_if_billed_right_the_first_time(new_house: House) -> None:
    house = new_house
    wrong = move_in(house)
    right = move_in(house, name="Bo Li", street="12 Main St", serial="88001", multiplier="1")
    months(house, wrong, right, use=[600])
    house.pass_days(30)
    for home, reading in ((wrong, "2500"), (right, "2200")):
        house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading=reading)
        house.do("bill_account", account_id=home.account_id)
    misread(house, wrong, on=house.today, reading=2200)
    for home in (wrong, right):
        house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="50.00", tender="cash")
    house.pass_days(40)
    correct(house, wrong, cause="read")
    for days in (0, 31, 90):
        on = house.today + timedelta(days=days)
        one, other = aged(house, wrong, on=on), aged(house, right, on=on)
        assert by_due(one) == by_due(other)
        assert (one.past_due_cents, one.balance_cents) == (other.past_due_cents, other.balance_cents)
    books_are_right()


def test_two_meters_that_were_mixed_up_are_put_right_on_both_accounts(new_house: House) -> None:
    # Given: the meters of two units were put down at each other's place; one uses twice as much as the other.
    house = new_house
    one = move_in(house, street="7 Elm St, Unit 1", serial="70001")
    two = move_in(house, name="Bo Li", street="7 Elm St, Unit 2", serial="70002")
    for reading in (1, 2):
        house.pass_days(30)
        for home, use in ((one, 400), (two, 800)):
            given = {"account_id": home.account_id, "meter": home.serial}
            house.do("enter_read", **given, read_on=house.today, reading=str(1000 + use * reading))
            house.do("bill_account", account_id=home.account_id)
    sums = owed(one), owed(two)
    # When: on file they change places, and both accounts are corrected.
    house.do("swap_meters", by="okafor", meter="70001", other_meter="70002", **WHY)
    assert MeterCorrection.objects.count() == 2
    correct(house, one, cause="meter")
    correct(house, two, cause="meter")
    # Then: each owes what the other was billed.
    assert (owed(one), owed(two)) == sums[::-1]
    books_are_right()


def test_customers_at_each_others_place_change_places_and_bills(new_house: House) -> None:
    house = new_house
    one = move_in(house, street="9 Elm St, Unit 3", serial="70003")
    two = move_in(house, name="Bo Li", street="9 Elm St, Unit 4", serial="70004")
    house.pass_days(30)
    for home, use in ((one, 500), (two, 900)):
        given = {"account_id": home.account_id, "meter": home.serial}
        house.do("enter_read", **given, read_on=house.today, reading=str(1000 + use))
        house.do("bill_account", account_id=home.account_id)
    sums = owed(one), owed(two)
    places = {"agreement_id": one.agreement_id, "service_point_id": two.service_point_id}
    house.do("swap_services", by="reyes", **places, **WHY)
    for home in (one, two):
        corrected = correct(house, home, cause="premise")
        [segment] = bill(corrected).payload["segments"]
        assert segment["address"].endswith("Unit 4" if home is one else "Unit 3")
    assert (owed(one), owed(two)) == sums[::-1]
    books_are_right()


def test_a_wrong_multiplier_counts_energy_and_demand_anew(new_house: House) -> None:
    house = new_house
    mill = move_in(
        house, name="C. Dunn", street="1 Mill Rd", serial="88002", schedule="GS-2", revenue_class="commercial",
        options={}, has_demand=True, multiplier="20",
    )  # fmt: skip
    house.pass_days(30)
    given = {"account_id": mill.account_id, "meter": mill.serial}
    house.do("enter_read", **given, read_on=house.today, reading="1300", demand_kw="20")
    first = house.made("bill_account", "bill", account_id=mill.account_id)
    house.do("correct_multiplier", by="okafor", meter="88002", multiplier="40", **WHY)
    corrected = correct(house, mill, cause="multiplier", at_once=True)
    [was], [now] = bill(first).payload["segments"], bill(corrected).payload["segments"]
    assert (now["energy_wh"], now["demand_w_max"]) == (2 * was["energy_wh"], 2 * was["demand_w_max"])
    books_are_right()


def test_a_shop_on_the_residential_rate_gets_its_own_and_its_revenue_moves(new_house: House) -> None:
    house = new_house
    shop = move_in(house, name="Corner Store", street="5 Main St", serial="88003", revenue_class="commercial")
    months(house, shop, use=[900, 950])
    house.do(
        "correct_terms", by="reyes", agreement_id=shop.agreement_id, schedule="GS-1", options={}, **WHY
    )  # fmt: skip
    assert AgreementCorrection.objects.get().before["terms"][0]["schedule"] == "R-1"
    with pytest.raises(SameTerms):
        house.do("correct_terms", by="reyes", agreement_id=shop.agreement_id, schedule="GS-1", options={}, **WHY)
    corrected = correct(house, shop, cause="rate")
    assert {line.ledger_account for line in lines_of_bill(corrected)} >= {"revenue.commercial"}
    assert trial_balance(as_of=house.today).get("revenue.residential", 0) == 0
    books_are_right()


def test_a_church_that_was_taxed_gets_the_tax_back_from_the_day_of_its_certificate(new_house: House) -> None:
    # Given: four bills with sales tax; the certificate is on file since the second of them began.
    house = new_house
    church = move_in(
        house, name="St. Olaf", street="2 Hill Rd", serial="88004", schedule="GS-1", revenue_class="commercial",
        options={},
    )  # fmt: skip
    begun_on = house.today
    months(house, church, use=[800, 820, 790, 810])
    tax = -trial_balance(as_of=house.today)["sales_tax_payable"]
    # When: it is exempt from then on.
    house.do(
        "correct_terms", by="reyes", agreement_id=church.agreement_id, schedule="GS-1",
        options={"sales_tax": "exempt"}, from_on=begun_on + timedelta(days=30), **WHY,
    )  # fmt: skip
    before = owed(church)
    corrected = correct(house, church, cause="tax")
    # Then: the first bill stands with its tax, the others are free of it, and that is all that changed.
    left = -trial_balance(as_of=house.today)["sales_tax_payable"]
    assert 0 < left < tax
    assert before - owed(church) == tax - left
    assert len(bill(corrected).payload["segments"]) == 3
    assert read_and_bill(house, church, reading=5000)
    assert -trial_balance(as_of=house.today)["sales_tax_payable"] == left, "and it stays exempt"
    books_are_right()


def test_service_that_ended_earlier_is_billed_to_its_end_and_what_follows_is_taken_back(new_house: House) -> None:
    # Given: she moved out twenty days into the second month, and the third was billed to her, too.
    house = new_house
    home = move_in(house)
    first = months(house, home, use=[600])
    left_on = house.today + timedelta(days=20)
    house.pass_days(20)
    house.do(
        "enter_read", account_id=home.account_id, meter=home.serial, read_on=left_on, reading="1900", kind="move_out"
    )
    house.pass_days(10)
    for reading in ("2000", "2600"):
        house.do("enter_read", account_id=home.account_id, meter=home.serial, read_on=house.today, reading=reading)
        house.do("bill_account", account_id=home.account_id)
        house.pass_days(30)
    with pytest.raises(DatesBackwards):
        house.do("correct_service_dates", agreement_id=home.agreement_id, ended_on=date(2025, 9, 1), **WHY)
    # When: her end is corrected.
    house.do("correct_service_dates", by="reyes", agreement_id=home.agreement_id, ended_on=left_on, **WHY)
    corrected = correct(house, home, cause="dates")
    # Then: only days up to her end are billed, and someone else may take them over.
    active = BillSegment.objects.filter(agreement_id=home.agreement_id, active=True).order_by("start_on")
    assert [(row.bill_id, row.end_on) for row in active] == [
        (first[0][0], left_on - timedelta(days=20)),
        (corrected, left_on),
    ]
    assert CorrectedPeriod.objects.filter(bill=None).count() == 1
    assert owed(home) == sum(row.amount_cents for row in active)
    books_are_right()


def test_bills_that_should_never_have_been_are_cancelled_and_a_letter_says_so(new_house: House) -> None:
    # Given: he had moved out before the days that two bills charge.
    house = new_house
    home = move_in(house)
    house.pass_days(30)
    left_on = house.today
    given = {"account_id": home.account_id, "meter": home.serial}
    house.do("enter_read", **given, read_on=left_on, reading="1500", kind="move_out")
    house.made("bill_account", "bill", account_id=home.account_id)
    months(house, home, use=[300, 300], start=1500)
    wrong = owed(home)
    house.do("correct_service_dates", by="reyes", agreement_id=home.agreement_id, ended_on=left_on, **WHY)
    # When: the bills are corrected, nothing takes their place.
    done = house.do("correct_bills", account_id=home.account_id, cause="dates", **WHY)
    assert "bill" not in done.body["made"]
    net = next(item for item in done.body["changes"] if item["code"] == "balance")
    assert owed(home) == net["after"] < wrong
    # Then: a letter names both, takes off what they charged, and says what is owed now and why.
    [letter_id] = done.body["made"]["letter"]
    said = letter_page(letter_id).said
    assert len(said["rows"]) == 2
    assert all("cancelled" in what for what, _ in said["rows"])
    assert said["total"][1] == money(owed(home))
    assert "the beginning or the end of your service" in said["opening"][1]
    assert letter_file(letter_id).startswith(b"%PDF")
    books_are_right()


def test_days_that_someone_else_has_are_not_given_away(new_house: House) -> None:
    house = new_house
    home = move_in(house)
    months(house, home, use=[700])
    house.do("end_service", agreement_id=home.agreement_id, end_on=house.today)
    other = house.made("create_customer", "customer", kind="person", name="D. Ek", phone="(402) 555-0177")
    account_id = house.made(
        "create_account", "account", customer_id=other, cycle=14, revenue_class="residential", mail_street="1 A St",
        mail_city="Prairie City", mail_state="NE", mail_postal_code="68900",
    )  # fmt: skip
    house.do(
        "start_service", account_id=account_id, service_point_id=home.service_point_id, schedule="R-1",
        start_on=house.today, options={"facilities_level": "1"},
    )  # fmt: skip
    house.pass_days(9)
    untouched = table_rows(but=NEVER_CHANGED)
    with pytest.raises(ServicePointTaken):
        house.do("correct_service_dates", agreement_id=home.agreement_id, ended_on=house.today, **WHY)
    assert table_rows(but=NEVER_CHANGED) == untouched


def test_a_corrected_bill_is_corrected_again_and_keeps_its_first_due_dates(new_house: House) -> None:
    house = new_house
    home = move_in(house, multiplier="1")
    months(house, home, use=[600, 700, 800])
    unpaid = by_due(aged(house, home))
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="0.5", **WHY)
    correct(house, home, cause="multiplier")
    assert set(by_due(aged(house, home))) == set(unpaid)
    house.do("correct_multiplier", by="okafor", meter=home.serial, multiplier="1", **WHY)
    correct(house, home, cause="multiplier", at_once=True)
    assert owed(home) == sum(unpaid.values())
    assert set(unpaid) <= set(by_due(aged(house, home)))
    books_are_right()

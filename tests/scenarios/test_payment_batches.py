"""A day's mail: counted, listed, posted in one go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.house import Home, House, move_in, read_and_bill, table_rows
from weatherhead.actions.payments.post_payment_batch import CountDiffers, TotalDiffers
from weatherhead.actions.payments.receiving import PaidInFuture, PaidTooLongAgo
from weatherhead.areas.customers.queries import account
from weatherhead.areas.ledger.queries import balance_of, trial_balance
from weatherhead.areas.payments.operations import BatchNameTaken
from weatherhead.areas.payments.queries import payment_batch_called, payments_of_account
from weatherhead.core.values import Refusal
from weatherhead.door.registry import InputsInvalid

pytestmark = pytest.mark.django_db


def test_the_days_mail_is_posted_and_what_cannot_be_is_reported(house: House, home: Home) -> None:
    # Given: two customers who owe a bill, and five envelopes: one names nobody, one has two digits turned around.
    dale = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    read_and_bill(house, dale, reading=1700)
    before = balance_of([home.account_id, dale.account_id])
    ruths, dales = account(home.account_id), account(dale.account_id)
    turned = dales.number[1] + dales.number[0] + dales.number[2:]
    listed = f"""{ruths.number_grouped}, 40.00, 1042
{ruths.number}, 1.25, 1043

{dales.number}, 20.00,
{turned}, 9.00, 77
000000000, "5.00", 78""".replace('"', "")
    # When: the cashier posts them as one batch.
    mail = {"name": "Mail, December 1", "counted": 5, "total_cents": "75.25", "payments": listed}
    done = house.do("post_payment_batch", by="nguyen", **mail)
    # Then: three are on their accounts, two are reported with their rows, and all of it foots to what was counted.
    assert balance_of([home.account_id, dale.account_id]) == {
        home.account_id: before[home.account_id] - 4125,
        dale.account_id: before[dale.account_id] - 2000,
    }
    batch = payment_batch_called("Mail, December 1")
    assert batch is not None
    assert (batch.rows, batch.total_cents, batch.posted_rows, batch.posted_cents) == (5, 7525, 3, 6125)
    assert [(item["row"], item["amount_cents"]) for item in batch.report] == [(4, 900), (5, 500)]
    figures = {item["code"]: item["after"] for item in done.body["changes"]}
    assert figures == {"posted": 3, "posted_cents": 6125, "not_posted": 2, "not_posted_cents": 1400}
    books = trial_balance(as_of=house.today)
    assert (books["checks_received"], books["cash_drawer"]) == (4125, 2000)
    # And: each is a payment like any other, that can come back.
    [_, check] = payments_of_account(home.account_id, limit=9)
    house.do("return_payment", by="okafor", payment_id=check.payment_id, reason="insufficient_funds")
    with pytest.raises(BatchNameTaken):
        house.do("post_payment_batch", by="nguyen", **mail)


def test_what_may_not_be_taken_at_the_counter_is_not_posted_from_a_list(house: House, home: Home) -> None:
    # Given: the cashier's sister is a customer, and a neighbour is not tied to anybody.
    sister = move_in(house, name="Pham Nguyen", street="311 Linden St", serial="77402931", phone="402-555-0106")
    house.do("link_employee", by="larsen", username="nguyen", relation="family", premise_id=sister.premise_id)
    before = balance_of([home.account_id, sister.account_id])
    listed = "\n".join(f"{account(number).number}, 40.00, 10" for number in (sister.account_id, home.account_id))
    mail = {"name": "Mail, December 1", "counted": 2, "total_cents": "80.00", "payments": listed}
    # When: the cashier posts both, then a colleague the one that was left.
    house.do("post_payment_batch", by="nguyen", **mail)
    # Then: the neighbour's is posted, the sister's reported.
    batch = payment_batch_called("Mail, December 1")
    assert batch is not None
    assert (batch.posted_rows, batch.posted_cents) == (1, 4000)
    [left] = batch.report
    assert left["row"] == 1
    assert "tied to you" in left["what"]["template"]
    assert left["what"]["params"] == {"relation": "family"}
    assert balance_of([sister.account_id]) == {sister.account_id: before[sister.account_id]}
    one = {"name": "The rest", "counted": 1, "total_cents": "40.00", "payments": listed.splitlines()[0]}
    house.do("post_payment_batch", by="alvarez", **one)
    assert balance_of([sister.account_id]) == {sister.account_id: before[sister.account_id] - 4000}


def test_a_batch_that_does_not_balance_posts_nothing(house: House, home: Home) -> None:
    good = {
        "name": "Mail",
        "counted": 1,
        "total_cents": "40.00",
        "payments": f"{account(home.account_id).number}, 40, 5",
    }
    untouched = table_rows(but=("records_",))
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (CountDiffers, {"counted": 2}),
        (TotalDiffers, {"total_cents": "40.01"}),
        (PaidInFuture, {"received_on": (house.today + timedelta(days=1)).isoformat()}),
        (PaidTooLongAgo, {"received_on": (house.today - timedelta(days=6)).isoformat()}),
        (InputsInvalid, {"payments": "just one cell"}),
        (InputsInvalid, {"payments": f"{account(home.account_id).number}, 40,5,6"}),
        (InputsInvalid, {"payments": f"{account(home.account_id).number}, forty"}),
        (InputsInvalid, {"payments": f"{account(home.account_id).number}, -40"}),
        (InputsInvalid, {"payments": ""}),
    ]
    for refusal, change in wrong:
        with pytest.raises(refusal):
            house.do("post_payment_batch", by="nguyen", **{**good, **change})
    assert table_rows(but=("records_",)) == untouched

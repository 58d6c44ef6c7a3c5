"""The first account of a new utility, in a representative's words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.house import Home, House, move_in, read_and_bill
from weatherhead.areas.billing.queries import bill, lines_of_bill
from weatherhead.areas.ledger.queries import balance_of, trial_balance
from weatherhead.areas.records.utility import current_utility

pytestmark = pytest.mark.django_db


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def test_a_person_takes_service_is_read_billed_and_pays(new_house: House) -> None:
    house = new_house
    # Given: Ruth moves into 1842 Cottonwood on October 1; the meter reads 1000.
    home = move_in(house)
    # When: thirty days later the meter reads 1700, and the account is billed.
    bill_id = read_and_bill(house, home, reading=1700)
    # Then: 700 kWh are billed, the lines sum to the bill, and she owes exactly that.
    issued = bill(bill_id)
    assert issued.payload["segments"][0]["energy_wh"] == 700_000
    assert sum(line.amount_cents for line in lines_of_bill(bill_id)) == issued.total_cents == owed(home)
    assert issued.due_on == house.today + timedelta(days=current_utility().billing.due_days)
    # When: she pays it at the counter.
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=issued.total_cents, tender="cash")
    # Then: nothing is owed, and the books balance.
    assert owed(home) == 0
    assert sum(trial_balance(as_of=house.today).values()) == 0

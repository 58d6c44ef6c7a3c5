"""After the cut-over: the next bill begins where the old system's last one ended, and nothing is billed twice."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house import House
from tests.migration.sets import GOOD, changed, load
from weatherhead.areas.billing.decide import next_period, plan_segment, trailing_average_wh
from weatherhead.areas.billing.queries import billing_facts
from weatherhead.areas.migration.queries import accounts_of_former_number
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Span
from weatherhead.overviews.search import search


def test_the_next_bill_begins_where_history_ends(house: House) -> None:
    load(house, GOOD)
    [tomas] = accounts_of_former_number("10-0522")
    house.do("enter_read", by="okafor", account_id=tomas, meter="77400031", read_on=house.today, reading="42500")
    [facts] = billing_facts([tomas])[tomas]
    period = next_period(facts, through_on=house.today)
    assert period == Span(start=date(2025, 9, 1), end=date(2025, 10, 2))
    plan = plan_segment(facts, period=period, bounds=current_utility().billing.bounds)
    assert plan.energy_wh == 650_000


def test_twelve_months_of_history_set_the_facilities_level(house: House, tmp_path: Path) -> None:
    # December 2024 to November 2025 are not all there at the cut-over: the year before is.
    months = [date(2023 + (month + 10) // 12, (month + 10) % 12 + 1, 1) for month in range(13)]
    assert (months[0], months[-1]) == (date(2023, 11, 1), date(2024, 11, 1))
    rows = "".join(
        f"A-1,{start},{end},{(end - start).days},{900 + place},,no,{end},,100.00\n"
        for place, (start, end) in enumerate(pairwise(months))
    )
    text = (GOOD / "history.csv").read_text(encoding="utf-8")
    directory = changed(
        tmp_path / "set",
        [
            {"file": "history.csv", "content": text + rows},
            {"file": "control.yaml", "old": "history: 8", "new": "history: 20"},
            {"file": "control.yaml", "old": "history_kwh: 11262", "new": "history_kwh: 22128"},
            {"file": "control.yaml", "old": "history_amount: 1389.46", "new": "history_amount: 2589.46"},
        ],
    )
    load(house, directory)
    [marta] = accounts_of_former_number("10-0417")
    facts = next(item for item in billing_facts([marta])[marta] if len(item.segments) == 14)
    assert trailing_average_wh(facts.segments, before=date(2025, 9, 1)) == (12 * 900 + 66) * 1000 // 12


@pytest.mark.parametrize("former", ["10-0417", "10-0099"])
def test_an_old_number_finds_the_account(former: str, house: House) -> None:
    load(house, GOOD)
    [account_id] = accounts_of_former_number(former)
    first = search(former, as_of=house.today).hits[0]
    assert (first.account_id, str(first.matched)) == (account_id, "former account number")
    assert search("99-9999", as_of=house.today).hits == ()

"""After the cut-over: the next bill begins where the old system's last one ended, and nothing is billed twice."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.house import House
from tests.migration.sets import GOOD, changed, load
from weatherhead.areas.billing.columns import columns_of
from weatherhead.areas.billing.decide import next_period, plan_segment
from weatherhead.areas.billing.models import BillException
from weatherhead.areas.billing.price_many import trailing_averages
from weatherhead.areas.billing.queries import billing_facts
from weatherhead.areas.migration.queries import accounts_of_former_number
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Span
from weatherhead.door.authority import grant_for
from weatherhead.overviews.account.page import account_overview
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


def test_the_account_page_shows_what_the_old_system_billed_beside_our_own(house: House) -> None:
    run = load(house, GOOD)
    house.do("sign_off_migration", by="alvarez", set_id=run.set.set_id)
    [tomas] = accounts_of_former_number("10-0522")
    [shop] = accounts_of_former_number("20-0003")
    house.do("enter_read", by="okafor", account_id=tomas, meter="77400031", read_on=house.today, reading="42500")
    house.do("bill_account", by="okafor", account_id=tomas, through_on=house.today)
    # So much after a month below nothing is held until somebody has looked.
    held = BillException.objects.get(state="held")
    house.do("release_exception", by="okafor", exception_id=held.pk, reason="The old system credited an estimate")
    house.do("bill_account", by="okafor", account_id=tomas, through_on=house.today)

    def bars(account_id: int) -> list[tuple[date, int, int, bool]]:
        grant = grant_for(house.actor("alvarez"), as_of=house.today)
        shown = account_overview(account_id, as_of=house.today, grant=grant, revealed_until=None)
        return [(item.ends_on, item.kwh, item.days, bool(item.bill_id)) for item in shown.usage]

    *old, ours = bars(tomas)
    assert old == [(date(2025, 7, 31), 700, 31, False), (date(2025, 8, 31), -50, 31, False)]
    assert ours[2:] == (31, True)
    # Two services that were billed for the same days are one bar.
    assert bars(shop) == [(date(2025, 7, 31), 4_400, 31, False), (date(2025, 8, 31), 4_340, 31, False)]


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
    starts = np.array([date(2025, 9, 1).toordinal()])
    assert trailing_averages(columns_of([facts]), starts=starts).tolist() == [(12 * 900 + 66) * 1000 // 12]


@pytest.mark.parametrize("former", ["10-0417", "10-0099"])
def test_an_old_number_finds_the_account(former: str, house: House) -> None:
    load(house, GOOD)
    [account_id] = accounts_of_former_number(former)
    first = search(former, as_of=house.today).hits[0]
    assert (first.account_id, str(first.matched)) == (account_id, "former account number")
    assert search("99-9999", as_of=house.today).hits == ()

"""Months that pass, and what stands on accounts: shared by the scenarios of corrections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tests.house import Home, House
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.core.ledger import Ageing
from weatherhead.interfaces.cli.ledger import extra_checkers

NEVER_CHANGED = ("records_",)
WHY = {"reason": "Found on the yearly audit"}


def owed(home: Home) -> int:
    return balance_of([home.account_id])[home.account_id]


def aged(house: House, home: Home, *, on: date | None = None) -> Ageing:
    return ageing_of([home.account_id], as_of=on or house.today)[home.account_id]


def months(house: House, *homes: Home, use: Sequence[int], start: int = 1000) -> list[list[int]]:
    """Months pass; every home uses the same, is read and billed. The bills of each month, in the order of the homes."""
    made, reading = [], start
    for kwh in use:
        house.pass_days(30)
        reading += kwh
        for home in homes:
            given = {"account_id": home.account_id, "meter": home.serial}
            house.do("enter_read", **given, read_on=house.today, reading=str(reading))
        made.append([house.made("bill_account", "bill", account_id=home.account_id) for home in homes])
    return made


def correct(house: House, home: Home, *, cause: str, by: str = "alvarez", **more: Any) -> int:
    return house.made("correct_bills", "bill", by=by, account_id=home.account_id, cause=cause, **WHY, **more)


def pay(house: House, home: Home) -> None:
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=owed(home), tender="cash")


def misread(house: House, home: Home, *, on: date, reading: int) -> None:
    [wrong] = [item for item in reads_of_meter(home.meter_id) if item.read_on == on and item.state == "accepted"]
    house.do("correct_read", by="okafor", read_id=wrong.read_id, reading=str(reading), reason="Misread a dial")


def books_are_right() -> None:
    found = [finding.sentence for finding in check(extra=extra_checkers()).findings]
    assert found == [], found


def by_due(found: Ageing) -> dict[date, int]:
    sums: dict[date, int] = {}
    for item in found.open_items:
        sums[item.due_on] = sums.get(item.due_on, 0) + item.open_cents
    return sums

"""A generated migration set of any size: one account a home, with months of reads and history."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from weatherhead.areas.migration.layout import AGES, FILES

CUT_OVER = date(2025, 10, 1)
_NAMES = (
    "Cottonwood", "Maple", "Elm", "Depot", "Prairie", "Linden", "Walnut", "Hackberry", "Juniper", "Sumac", "Cedar",
    "Willow", "Orchard", "Meadow", "Ridge", "Valley", "Sherman", "Lincoln", "Grant", "Adams", "Franklin", "Vine",
    "Locust", "Poplar", "Spruce", "Garfield", "Holdrege", "Pioneer", "Sunset", "Fairview", "1st", "2nd", "3rd", "4th",
    "10th", "14th", "27th", "33rd", "48th", "70th",
)  # fmt: skip
STREETS = tuple(
    " ".join(filter(None, (direction, name, suffix)))
    for name in _NAMES
    for direction in ("", "N", "S", "E", "W")
    for suffix in ("St", "Ave", "Dr", "Ln", "Ct", "Rd")
)
"""The streets of a city of a hundred thousand services."""

_AT_ONCE = 5_000


def _month_starts(months: int) -> list[date]:
    days, day = [], CUT_OVER.replace(day=1)
    for _ in range(months):
        days.append(day)
        day = (day - timedelta(days=1)).replace(day=1)
    return days[::-1]


def write_set(directory: Path, *, accounts: int, months: int, name: str = "generated") -> None:
    """Write a set of so many accounts, with a read at the start of each of some months and a bill between two."""
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(f"{accounts} {months}")
    days = _month_starts(months)
    rows = dict.fromkeys((layout.name for layout in FILES), 0)
    totals: Counter[str] = Counter()
    for layout in FILES:
        (directory / f"{layout.name}.csv").write_text(",".join(layout.names) + "\n", encoding="utf-8")
    for first in range(1, accounts + 1, _AT_ONCE):
        lines: dict[str, list[str]] = {file: [] for file in rows}
        for number in range(first, min(first + _AT_ONCE, accounts + 1)):
            _home(number, lines=lines)
            _months(number, days=days, chance=chance, lines=lines, totals=totals)
            _money(number, chance=chance, lines=lines, totals=totals)
        for file, made in lines.items():
            rows[file] += len(made)
            with (directory / f"{file}.csv").open("a", encoding="utf-8", newline="") as out:
                out.writelines(made)
    (directory / "control.yaml").write_text("\n".join(_control(name, rows=rows, totals=totals)), encoding="utf-8")


def _home(number: int, *, lines: dict[str, list[str]]) -> None:
    """Who, where, and on what rate."""
    house, place = divmod(number, len(STREETS))
    street, code = f"{100 + 4 * house} {STREETS[place]}", f"{68900 + place % 12:05d}"
    opened = date(2005, 1, 1) + timedelta(days=number % 5000)
    where = f"{street},,Prairie City,NE,{code}"
    account = f"{number:08d}"
    lines["customers"].append(f"C{number},person,Customer {number} Example,,{opened}\n")
    lines["contacts"].append(f"C{number},phone,(402) 555-{number % 10000:04d},{opened}\n")
    lines["accounts"].append(f"{account},C{number},{where},{number % 21 + 1},residential,{opened},\n")
    lines["premises"].append(f"P{number},{where}\n")
    lines["service_points"].append(f"S{number},P{number},house,metered\n")
    lines["meters"].append(f"M{number},S{number},2004-01-01,,5,1,no\n")
    lines["agreements"].append(f"A{number},{account},S{number},R-1,facilities_level=1,{opened},\n")
    if number % 6 == 0:
        lines["programs"].append(f"{account},paperless_billing,{CUT_OVER},\n")
    if number % 20 == 0:
        lines["notes"].append(f'{account},{CUT_OVER},old system,"Dog in the yard, call before entering."\n')


def _months(
    number: int, *, days: list[date], chance: random.Random, lines: dict[str, list[str]], totals: Counter[str]
) -> None:
    """A read a month, and what was billed between two."""
    reading = chance.randrange(100_000)
    before: date | None = None
    for place, day in enumerate(days):
        if before is not None:
            use = chance.randrange(300, 1500)
            cents = use * 11 + 2_500
            reading = (reading + use) % 100_000
            lines["history"].append(
                f"A{number},{before},{day},{(day - before).days},{use},,no,{day},B{number}-{place},{_dollars(cents)}\n"
            )
            totals["history_kwh"] += use
            totals["history_amount"] += cents
        lines["reads"].append(f"M{number},{day},actual,{reading:05d},,,\n")
        before = day


def _money(number: int, *, chance: random.Random, lines: dict[str, list[str]], totals: Counter[str]) -> None:
    """What is owed, and what is held."""
    account = f"{number:08d}"
    for every, key, due, age, total in (
        (2, "I", str(CUT_OVER + timedelta(days=15)), "", "not_yet_due"),
        (10, "J", "", "days_31_to_60", "days_31_to_60"),
    ):
        if number % every == 0:
            cents = chance.randrange(1_000, 30_000)
            lines["opening_balances"].append(f"{key}{number},{account},bill,{due},{age},{_dollars(cents)}\n")
            totals[total] += cents
    if number % 8 == 0:
        lines["deposits"].append(f"D{number},{account},150.00,2005-01-01\n")
        totals["deposit"] += 15_000


def _dollars(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _control(name: str, *, rows: dict[str, int], totals: Counter[str]) -> Iterator[str]:
    yield f"source: generated\nset: {name}\ncut_over_on: {CUT_OVER}\nrows:"
    yield from (f"  {file}: {count}" for file, count in rows.items())
    yield "totals:\n  receivable:"
    yield from (f"    {age}: {_dollars(totals[age])}" for age in AGES)
    yield f"  deposit: {_dollars(totals['deposit'])}\n  history_kwh: {totals['history_kwh']}"
    yield f"  history_amount: {_dollars(totals['history_amount'])}\n"

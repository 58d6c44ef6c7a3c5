"""A generated migration set of any size: one account a home, with months of reads and history."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from weatherhead.areas.migration.layout import FILES

CUT_OVER = date(2025, 10, 1)
_NAMES = (
    "Cottonwood Maple Elm Depot Prairie Linden Walnut Hackberry Juniper Sumac Cedar Willow Orchard Meadow Ridge Valley "
    "Sherman Lincoln Grant Adams Franklin Vine Locust Poplar Spruce Garfield Holdrege Pioneer Sunset Fairview "
    "1st 2nd 3rd 4th 10th 14th 27th 33rd 48th 70th"
).split()
_SUFFIXES = ("St", "Ave", "Dr", "Ln", "Ct", "Rd")
STREETS = tuple(
    " ".join(filter(None, (direction, name, suffix)))
    for name in _NAMES
    for direction in ("", "N", "S", "E", "W")
    for suffix in _SUFFIXES
)
"""The streets of a city of a hundred thousand services."""


def _month_ends(months: int) -> list[date]:
    days, day = [], CUT_OVER.replace(day=1)
    for _ in range(months):
        days.append(day)
        day = (day - timedelta(days=1)).replace(day=1)
    return days[::-1]


def write_set(directory: Path, *, accounts: int, months: int, name: str = "generated") -> None:
    """Write a set of so many accounts, with a read at the start of each of some months and a bill between two."""
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(f"{accounts} {months}")
    files = {
        layout.name: (directory / f"{layout.name}.csv").open("w", encoding="utf-8", newline="") for layout in FILES
    }
    writers = {layout.name: csv.writer(files[layout.name], lineterminator="\n") for layout in FILES}
    rows = dict.fromkeys(files, 0)
    totals = dict.fromkeys(
        ("not_yet_due", "days_1_to_30", "days_31_to_60", "days_61_to_90", "days_over_90", "credit", "deposit"), 0
    )
    kwh_total = amount_total = 0

    def put(file: str, *values: object) -> None:
        writers[file].writerow(values)
        rows[file] += 1

    for layout in FILES:
        writers[layout.name].writerow(layout.names)
    days = _month_ends(months)
    for number in range(1, accounts + 1):
        house, place = divmod(number, len(STREETS))
        street = f"{100 + 4 * house} {STREETS[place]}"
        city, code = "Prairie City", f"{68900 + place % 12:05d}"
        opened = date(2005, 1, 1) + timedelta(days=number % 5000)
        put("customers", f"C{number}", "person", f"Customer {number} Example", "", opened)
        put("contacts", f"C{number}", "phone", f"(402) 555-{number % 10000:04d}", opened)
        put(
            "accounts",
            f"{number:08d}",
            f"C{number}",
            street,
            "",
            city,
            "NE",
            code,
            number % 21 + 1,
            "residential",
            opened,
            "",
        )
        put("premises", f"P{number}", street, "", city, "NE", code)
        put("service_points", f"S{number}", f"P{number}", "house", "metered")
        put("meters", f"M{number}", f"S{number}", date(2004, 1, 1), "", 5, 1, "no")
        put("agreements", f"A{number}", f"{number:08d}", f"S{number}", "R-1", "facilities_level=1", opened, "")
        reading = chance.randrange(100_000)
        for place, day in enumerate(days):
            if place:
                use = chance.randrange(300, 1500)
                cents = use * 11 + 2_500
                reading = (reading + use) % 100_000
                put(
                    "history",
                    f"A{number}",
                    days[place - 1],
                    day,
                    (day - days[place - 1]).days,
                    use,
                    "",
                    "no",
                    day,
                    f"B{number}-{place}",
                    f"{cents // 100}.{cents % 100:02d}",
                )
                kwh_total += use
                amount_total += cents
            put("reads", f"M{number}", day, "actual", f"{reading:05d}", "", "", "")
        if number % 2 == 0:
            cents = chance.randrange(1_000, 30_000)
            put(
                "opening_balances",
                f"I{number}",
                f"{number:08d}",
                "bill",
                CUT_OVER + timedelta(days=15),
                "",
                f"{cents / 100:.2f}",
            )
            totals["not_yet_due"] += cents
        if number % 10 == 0:
            cents = chance.randrange(1_000, 30_000)
            put("opening_balances", f"J{number}", f"{number:08d}", "bill", "", "days_31_to_60", f"{cents / 100:.2f}")
            totals["days_31_to_60"] += cents
        if number % 8 == 0:
            put("deposits", f"D{number}", f"{number:08d}", "150.00", opened)
            totals["deposit"] += 15_000
        if number % 6 == 0:
            put("programs", f"{number:08d}", "paperless_billing", CUT_OVER, "")
        if number % 20 == 0:
            put("notes", f"{number:08d}", CUT_OVER, "old system", "Dog in the yard; call before entering.")
    for file in files.values():
        file.close()
    deposit = totals.pop("deposit")
    ages = "\n".join(f"    {age}: {cents // 100}.{cents % 100:02d}" for age, cents in totals.items())
    counted = "\n".join(f"  {file}: {count}" for file, count in rows.items())
    (directory / "control.yaml").write_text(
        f"source: generated\nset: {name}\ncut_over_on: {CUT_OVER}\nrows:\n{counted}\ntotals:\n  receivable:\n{ages}\n"
        f"  deposit: {deposit // 100}.{deposit % 100:02d}\n  history_kwh: {kwh_total}\n"
        f"  history_amount: {amount_total // 100}.{amount_total % 100:02d}\n",
        encoding="utf-8",
    )

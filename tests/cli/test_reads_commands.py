"""``weatherhead reads route-file`` and ``weatherhead reads estimate``, as an operator uses them."""

from __future__ import annotations

import argparse
import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from tests.house import Home, House, moment, move_in, open_house

from weatherhead.areas.metering.models import Read
from weatherhead.areas.metering.routes import CycleDayFacts, next_read_day
from weatherhead.interfaces.cli import reads

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    """A staffed utility whose command line has its day."""
    found = open_house()
    monkeypatch.setattr(reads, "present_moment", lambda: moment(found.today))
    return found


def planned(house: House) -> tuple[list[Home], CycleDayFacts]:
    """Six services with two months of reads, and the next day on which their cycle is read."""
    homes = [move_in(house, name="Ann Bell", street=f"{at} Elm Ct", serial=f"88{at:04}") for at in range(6)]
    house.do("plan_calendar", year=house.today.year)
    day = next_read_day(14, as_of=house.today + timedelta(days=65))
    assert day is not None
    for back, reading in ((61, 1400), (30, 2000)):
        house.today = day.read_on - timedelta(days=back)
        for home in homes:
            house.do("enter_read", account_id=home.account_id, read_on=house.today, reading=str(reading))
    return homes, day


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    reads.add_parser(parser.add_subparsers())
    args = parser.parse_args(["reads", *arguments])
    code: int = args.run(args)
    return code


def test_the_route_file_names_meters_and_no_customers(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    homes, day = planned(house)
    house.do("create_route", code="14-01", name="Elm Ct", cycle=14)
    place = {"service_point_id": homes[3].service_point_id, "route": "14-01", "route_note": "Dog, ring first"}
    house.do("place_on_route", **place)
    month = f"{day.month:%Y-%m}"
    assert run("route-file", "14", "--month", month) == 0
    text = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["meter"] for row in rows] == ["880003", "880000", "880001", "880002", "880004", "880005"]
    assert "Bell" not in text
    assert "Ann" not in text
    # About 580 kWh are usual for the 30 days, and the range is around them.
    expected = {
        "route": "14-01",
        "sequence": "10",
        "meter": "880003",
        "dials": "5",
        "address": "3 Elm Ct, Prairie City NE 68900",
        "last_read_on": (day.read_on - timedelta(days=30)).isoformat(),
        "last_reading": "02000",
        "note": "Dog, ring first",
    }
    assert expected.items() <= rows[0].items()
    assert int(rows[0]["expected_low"]) < 2580 < int(rows[0]["expected_high"])
    assert run("route-file", "14", "--month", month, "--output", str(tmp_path / "route.csv")) == 0
    assert (tmp_path / "route.csv").read_text() == text
    assert f"6 meters to be read on {day.read_on}" in capsys.readouterr().out
    assert run("route-file", "3", "--month", "2031-01") == 2
    assert "Plan the calendar of that year first" in capsys.readouterr().err
    assert run("route-file", "14", "--month", month, "--output", str(tmp_path / "none" / "x.csv")) == 2


def test_what_is_missing_is_estimated_and_again_changes_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    homes, day = planned(house)
    house.today = day.read_on
    for home in homes[1:]:
        house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2600")
    command = ("estimate", "14", "--month", f"{day.month:%Y-%m}", "--as", "okafor")
    assert run(*command, "--dry-run") == 0
    assert "this was a dry run" in capsys.readouterr().out
    assert not Read.objects.filter(kind="estimated").exists()
    assert run(*command) == 0
    assert "1 reads estimated, 0 meters must be read." in capsys.readouterr().out
    assert run(*command) == 0
    assert "0 reads estimated, 0 meters must be read." in capsys.readouterr().out
    assert Read.objects.filter(kind="estimated").count() == 1


def test_a_cycle_that_was_hardly_read_is_not_estimated(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    _, day = planned(house)
    house.today = day.read_on
    assert run("estimate", "14", "--month", f"{day.month:%Y-%m}", "--as", "okafor") == 2
    assert "6 of the 6 meters of cycle 14 have no read" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run("estimate", "14", "--month", "December", "--as", "okafor")

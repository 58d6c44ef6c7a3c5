"""The larger demo town comes from an old system, whose export is whole, foots, and is the same every time."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from weatherhead.actions.migration.batch import Silent, check_directory, forget_staging
from weatherhead.areas.customers.numbers import account_number
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.rating import load_schedule
from weatherhead.core.values import BusinessDays, parse_cents
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.conversion import HEADERS, Converted, convert, write_set
from weatherhead.interfaces.cli.demo_town.dials import Dials, hanging_days
from weatherhead.interfaces.cli.demo_town.loads import Weather
from weatherhead.interfaces.cli.demo_town.members import Member
from weatherhead.interfaces.cli.demo_town.old_system import Frame
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE, TODAY, cut_over_day, reading_days
from weatherhead.interfaces.cli.demo_town.roll import SEED, TownSize, town_roll

ROOT = Path(__file__).resolve().parents[2]
NEBRASKA = BusinessDays(subdivision="NE")
SIZE = TownSize(services=160, months=24, lived=4)


def roll_of(size: TownSize) -> tuple[tuple[Member, ...], Weather]:
    weather = Weather(ROOT / "examples" / "prairie-city" / "load")
    return town_roll(size, weather=weather, clock=NEBRASKA), weather


def converted_town() -> tuple[Converted, Frame, Dials]:
    members, weather = roll_of(SIZE)
    days = {cycle: reading_days(cycle, months=SIZE.months, clock=NEBRASKA) for cycle in DAY_OF_CYCLE}
    cut_over_on = SIZE.cut_over_on(NEBRASKA)
    assert cut_over_on is not None
    chance = Chance(SEED)
    first_days = {cycle: of_cycle[0] for cycle, of_cycle in days.items()}
    hung_on = hanging_days(members, first_days=first_days, converted=True)
    dials = Dials(members, hung_on=hung_on, weather=weather, chance=chance)
    frame = Frame(days=days, cut_over_on=cut_over_on, clock=NEBRASKA, chance=chance)
    rates = {
        schedule.code: schedule
        for path in sorted((ROOT / "tariffs" / "prairie-city").glob("*.yaml"))
        for schedule in [load_schedule(path.read_text(encoding="utf-8"), name=path.name)]
    }
    numbers = {member.ref: f"{place:09}" for place, member in enumerate(members, 1)}
    return convert(members, numbers=numbers, frame=frame, dials=dials, rates=rates), frame, dials


@pytest.fixture(scope="module")
def export() -> tuple[Converted, Frame, Dials]:
    return converted_town()


def named(converted: Converted, file: str) -> list[dict[str, str]]:
    return [dict(zip(HEADERS[file], row, strict=True)) for row in converted.rows[file]]


def test_no_cycle_is_read_between_the_old_system_and_the_new(export: tuple[Converted, Frame, Dials]) -> None:
    _, frame, _ = export
    assert frame.cut_over_on == cut_over_day(lived=4, clock=NEBRASKA)
    for cycle in DAY_OF_CYCLE:
        assert len([on for on in frame.days[cycle] if frame.cut_over_on <= on < TODAY]) == SIZE.lived
        assert frame.billed_on(frame.read_days(cycle)[-1]) < frame.cut_over_on


def test_the_export_foots_to_its_control_totals(export: tuple[Converted, Frame, Dials]) -> None:
    converted, frame, _ = export
    totals, rows = converted.control["totals"], converted.control["rows"]
    assert rows == {name: len(of_file) for name, of_file in converted.rows.items()}
    by_age: Counter[str] = Counter()
    for item in named(converted, "opening_balances"):
        days = (frame.cut_over_on - date.fromisoformat(item["due_on"])).days if item["due_on"] else None
        steps = [(0, "not_yet_due"), (30, "days_1_to_30"), (60, "days_31_to_60"), (90, "days_61_to_90")]
        age = "credit" if days is None else next((name for most, name in steps if days <= most), "days_over_90")
        by_age[age] += parse_cents(item["amount"])
    assert isinstance(totals, dict)
    assert {name: parse_cents(text) for name, text in totals["receivable"].items() if by_age[name]} == dict(by_age)
    history = named(converted, "history")
    assert totals["history_kwh"] == sum(int(item["kwh"]) for item in history)
    assert parse_cents(totals["history_amount"]) == sum(parse_cents(item["amount"]) for item in history)
    assert parse_cents(totals["deposit"]) == sum(parse_cents(item["amount"]) for item in named(converted, "deposits"))


def test_every_period_lies_between_two_reads_and_has_their_difference(export: tuple[Converted, Frame, Dials]) -> None:
    converted, _, _ = export
    meters = {item["service_point"]: item for item in named(converted, "meters")}
    agreements = {item["agreement"]: item for item in named(converted, "agreements")}
    shown: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for item in named(converted, "reads"):
        before = max(shown[item["meter"]].values(), default=0)
        turns, dial = divmod(before, 100_000)
        reading = int(item["reading"])
        assert item["turned"] == ("" if not shown[item["meter"]] else "yes" if reading < dial else "no")
        shown[item["meter"]][item["read_on"]] = (turns + (item["turned"] == "yes")) * 100_000 + reading
    spans: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for item in named(converted, "history"):
        spans[item["agreement"]].append((item["start_on"], item["end_on"]))
        meter = meters.get(agreements[item["agreement"]]["service_point"])
        if meter is not None:
            steps = shown[meter["meter"]][item["end_on"]] - shown[meter["meter"]][item["start_on"]]
            assert int(item["kwh"]) == steps * int(meter["multiplier"])
    assert all(first[1] == second[0] for of_one in spans.values() for first, second in pairwise(of_one))
    assert any(item["turned"] == "yes" for item in named(converted, "reads"))
    assert {item["kind"] for item in named(converted, "reads")} >= {"actual", "estimated", "customer", "move_out"}


def test_somebody_lived_there_before_and_one_bill_ends_where_the_next_begins(
    export: tuple[Converted, Frame, Dials],
) -> None:
    converted, frame, _ = export
    by_place: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for item in named(converted, "agreements"):
        by_place[item["service_point"]].append(item)
    changed = [sorted(items, key=lambda item: item["start_on"]) for items in by_place.values() if len(items) > 1]
    assert len(changed) >= 8
    assert all(first["end_on"] == second["start_on"] for first, second in changed)
    closed = [item for item in named(converted, "accounts") if item["closed_on"]]
    owing = {item["account"] for item in named(converted, "opening_balances")}
    assert closed
    assert owing.isdisjoint(item["account"] for item in closed)
    assert all(date.fromisoformat(item["closed_on"]) < frame.cut_over_on for item in closed)


def test_the_export_is_the_same_every_time(export: tuple[Converted, Frame, Dials], tmp_path: Path) -> None:
    for name, converted in (("first", export[0]), ("second", converted_town()[0])):
        write_set(converted, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert len(files) == len(HEADERS) + 1
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


@pytest.mark.django_db
def test_the_export_is_taken_without_a_single_problem(export: tuple[Converted, Frame, Dials], tmp_path: Path) -> None:
    form = current_utility().account_number
    keyed = {row[0]: account_number(place, form=form) for place, row in enumerate(export[0].rows["accounts"], 1)}
    rows = {
        name: [tuple(keyed.get(cell, cell) for cell in row) for row in of_file]
        for name, of_file in export[0].rows.items()
    }
    write_set(replace(export[0], rows=rows), tmp_path)
    checked = check_directory(tmp_path, progress=Silent())
    forget_staging(checked.files)
    assert checked.problems == {}


def test_the_larger_town_has_commerce_lights_movers_and_empty_places() -> None:
    members, _ = roll_of(TownSize(services=2_000, months=24, lived=4))
    now = [member for member in members if not member.ref.endswith("-before")]
    services = Counter(service.schedule for member in now for service in member.services)
    assert services == {"R-1": 1_700, "GS-1": 200, "GS-2": 50, "AL-1": 50}
    cut_over_on = cut_over_day(lived=4, clock=NEBRASKA)
    lately = [member for member in members if member.starts_on and member.starts_on >= cut_over_on]
    moving = [member for member in members if member.moves_to]
    left = [member for member in members if member.ends_on and not member.moves_to]
    came_to = {member.services[0].place for member in members if member.starts_on}
    came_to |= {member.moves_to.place for member in moving if member.moves_to}
    empty = [member for member in left if member.services[0].place not in came_to]
    assert len(lately) > 15
    assert len(moving) > 3
    assert any(member.left_using_kwh > 5 for member in empty)
    assert all(cut_over_on + timedelta(days=7) < member.starts_on < TODAY for member in lately if member.starts_on)
    points = [(service.place, service.label) for member in now for service in member.services]
    assert len(set(points)) == len(points)
    owners = [member.person.name for member in members if member.ref.split("-")[0] in {"shop", "plant"}]
    assert len(set(owners)) == len(owners)

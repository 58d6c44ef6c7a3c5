"""What the other areas ask about meters and reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.areas.metering.world import DAYS, World, add_reads

from weatherhead.areas.metering.histories import HISTORY_DAYS, histories
from weatherhead.areas.metering.models import Meter, MeterInstallation, Read
from weatherhead.areas.metering.queries import (
    NoSuchMeter,
    billable_reads,
    find_meters,
    held_reads,
    held_reads_of,
    installation_at,
    installations_at,
    meter,
    meter_by_serial,
    meter_of_service_points,
    reads_of_meter,
)
from weatherhead.areas.metering.usage import energy_wh_between


def exchange(world: World, *, on: date) -> tuple[int, int]:
    """Take E-1001 down and hang X-8001 in its place; returns the service point and the new meter."""
    point, old = world.points["E-1001"], world.meters["E-1001"]
    MeterInstallation.objects.filter(meter_id=old).update(removed_on=on)
    add_reads(old, (12_040,), days=(on,))
    new = Meter.objects.create(serial="X-8001", dials=6, multiplier=Decimal(10)).pk
    MeterInstallation.objects.create(meter_id=new, service_point_id=point, installed_on=on)
    add_reads(new, (5,), days=(on,))
    add_reads(new, (45,), days=(date(2026, 12, 1),))
    return point, new


def test_meters_and_where_they_hang(world: World) -> None:
    found = meter_by_serial("E-1001")
    assert found is not None
    assert (found.serial, found.service_point_id, found.installed_on) == (
        "E-1001",
        world.points["E-1001"],
        date(2026, 1, 1),
    )
    assert meter(found.meter_id) == found
    assert meter_by_serial("E-9") is None
    stored = meter_by_serial("S-6001")
    assert stored is not None
    assert stored.service_point_id is None
    with pytest.raises(NoSuchMeter):
        meter(10**6)
    assert [item.serial for item in find_meters("e-100", limit=3)] == ["E-1001", "E-1002", "E-1003"]
    assert find_meters("  ", limit=3) == ()
    hanging = meter_of_service_points(world.points.values())
    assert world.points["O-5001"] not in hanging
    assert hanging[world.points["D-2001"]].multiplier == 40


def test_an_exchange_keeps_both_meters_reads_in_order(world: World, django_assert_num_queries: Any) -> None:
    point, new = exchange(world, on=date(2026, 11, 10))
    with django_assert_num_queries(2):
        found = billable_reads([point, world.points["N-4001"]])
    assert [(item.serial, item.read_on.day, item.dial_reading) for item in found[point][-4:]] == [
        ("E-1001", 1, 11_840),
        ("E-1001", 10, 12_040),
        ("X-8001", 10, 5),
        ("X-8001", 1, 45),
    ]
    first, second = found[point][-2:]
    energy_wh = energy_wh_between(
        start_reading=first.dial_reading,
        end_reading=second.dial_reading,
        turns=second.turns - first.turns,
        dials=second.dials,
        multiplier=second.multiplier,
    )
    assert energy_wh == 400_000
    before, after = installation_at(point, on=date(2026, 11, 9)), installation_at(point, on=date(2026, 11, 10))
    assert before is not None
    assert after is not None
    assert (before.meter_id, after.meter_id) == (world.meters["E-1001"], new)
    assert installation_at(point, on=date(2025, 12, 31)) is None
    assert installations_at(point) == (before, after)


def test_a_new_meter_is_judged_by_the_place_that_it_hangs_at(world: World) -> None:
    point, new = exchange(world, on=date(2026, 11, 10))
    history = histories([new], since_on=date(2026, 12, 31))[new]
    (place,) = history.installations
    assert place.service_point_id == point
    assert [(period.meter_id == new, period.energy_wh) for period in history.periods_at(place)] == [
        (False, 620_000),
        (False, 600_000),
        (False, 620_000),
        (False, 200_000),
        (True, 400_000),
    ]


def test_only_accepted_reads_that_bills_may_use(world: World) -> None:
    meter_id, point = world.meters["E-1001"], world.points["E-1001"]
    for day, state, kind in ((10, "accepted", "check"), (11, "held", "actual"), (12, "rejected", "actual")):
        Read.objects.create(
            meter_id=meter_id,
            read_on=date(2026, 11, day),
            kind=kind,
            dial_reading=12_000 + day,
            state=state,
            exception="" if state == "accepted" else "high",
            decision="Misread" if state == "rejected" else "",
            receipt_id=0,
        )
    assert [item.read_on for item in billable_reads([point])[point]] == list(DAYS)
    assert len(reads_of_meter(meter_id)) == 7
    assert [item.serial for item in held_reads()] == ["E-1001", "H-7001"]
    assert [item.serial for item in held_reads(limit=1)] == ["E-1001"]
    assert [item.serial for item in held_reads_of([world.meters["H-7001"]])] == ["H-7001"]
    assert held_reads()[0].service_point_id == point
    history = histories([meter_id], since_on=date(2026, 12, 1))[meter_id]
    assert history.held == {date(2026, 11, 11): 12_011}
    assert [read.kind for read in history.reads] == ["actual"] * 4 + ["check"]


def test_a_meter_not_read_for_years_still_knows_its_dial(world: World) -> None:
    """History reaches back some fourteen months, and then to the last read before, whatever its age."""
    meter_id = world.meters["E-1001"]
    MeterInstallation.objects.filter(meter_id=meter_id).update(installed_on=date(2020, 1, 1))
    Read.objects.filter(meter_id=meter_id).delete()
    days = (date(2020, 1, 1), date(2021, 1, 1), date(2021, 6, 1), date(2021, 7, 1))
    add_reads(meter_id, (100, 200, 300, 400), days=days)
    Read.objects.filter(meter_id=meter_id, read_on=days[-1]).update(kind="check")
    history = histories([meter_id], since_on=date(2026, 12, 1))[meter_id]
    assert [read.read_on for read in history.reads] == [date(2021, 6, 1), date(2021, 7, 1)]
    assert HISTORY_DAYS > 365 + 31

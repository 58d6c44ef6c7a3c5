"""The short way of a large file comes to what the long way comes to, row by row."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.areas.metering.test_reads_import import content_of
from tests.areas.metering.world import MOMENT, World

from weatherhead.actions.metering import import_reads
from weatherhead.actions.metering.import_reads import inputs_for, parts_of
from weatherhead.areas.metering.histories import histories_by_serial, use_bounds
from weatherhead.areas.metering.intake import decide_file
from weatherhead.areas.metering.models import Meter, MeterInstallation, Read, ReadBatch
from weatherhead.areas.metering.operations import FileAlreadyImported
from weatherhead.areas.metering.ordinary import ordinary_plans
from weatherhead.areas.metering.outlines import outlines_by_serial
from weatherhead.areas.metering.reads_file import parse_reads
from weatherhead.areas.premises.operations import create_service_point
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview

METERS = 240
READ_ON = date(2026, 12, 1)


@pytest.fixture
def town(world: World) -> list[str]:
    """Meters with all kinds of pasts; a row for each, most of them ordinary. Fixed seed."""
    chance = random.Random(20261201)
    meters = Meter.objects.bulk_create(
        Meter(
            serial=f"T-{number:04}",
            dials=chance.choice((4, 5, 5, 5, 6)),
            multiplier=Decimal(chance.choice(("1", "1", "1", "40", "0.5"))),
            has_demand=number % 23 == 0,
        )
        for number in range(METERS)
    )
    rows: list[str] = []
    for number, meter in enumerate(meters):
        point = create_service_point(premise_id=world.premise_id, label=meter.serial, kind="metered")
        installed_on = READ_ON - timedelta(days=chance.choice((2000, 2000, 900, 400, 200, 45)))
        MeterInstallation.objects.create(meter=meter, service_point_id=point, installed_on=installed_on)
        rows += _past(meter, number=number, installed_on=installed_on, chance=chance)
    return rows


def _past(meter: Meter, *, number: int, installed_on: date, chance: random.Random) -> list[str]:
    """Reads about every 30 days, some years or only lately, and what the file says of the next one."""
    first_on = max(installed_on, READ_ON - timedelta(days=chance.choice((800, 500, 420, 390, 100))))
    on, steps, use = first_on, chance.randrange(10**meter.dials), chance.choice((0, 40, 600, 600, 900))
    reads = []
    while on < READ_ON - timedelta(days=20):
        kind = chance.choice(("actual",) * 95 + ("check", "estimated", "customer"))
        reads.append(
            Read(
                meter=meter,
                read_on=on,
                kind=kind,
                dial_reading=steps % 10**meter.dials,
                turns=steps // 10**meter.dials,
                state="accepted",
                receipt_id=0,
            )
        )
        on += timedelta(days=chance.choice((28, 30, 31, 33, 62)))
        steps += use + chance.randrange(-use // 3, use // 3 + 1) if use else 0
    if number % 31 == 5 and reads:
        reads[-1].state, reads[-1].exception, reads[-1].detail = "held", "high", {"template": "high", "params": {}}
    Read.objects.bulk_create(reads)
    new = steps + chance.choice((0, 0, 0, 4_000, -300))
    row = f"{meter.serial},{READ_ON.isoformat()},actual,{new % 10**meter.dials},,"
    return [row, row] if number % 41 == 7 else [row]


def test_what_the_short_way_accepts_the_long_way_accepts_alike(town: list[str]) -> None:
    file = parse_reads(content_of(*town))
    bounds = use_bounds()
    serials = [row.serial for row in file.rows]
    outlines = outlines_by_serial(serials, days=[READ_ON])
    short = ordinary_plans(file.rows, outlines=outlines, as_of=MOMENT.as_of, bounds=bounds)
    meters = histories_by_serial(serials, since_on=READ_ON)
    long = decide_file(file, meters=meters, as_of=MOMENT.as_of, bounds=bounds)
    by_day = {(plan.meter_id, plan.read_on): plan for plan in long.plans}
    assert all(by_day[plan.meter_id, plan.read_on] == plan for plan in short.values())
    # It is worth its while, and it leaves enough to the long way to mean something.
    assert METERS // 4 < len(short) < METERS * 9 // 10
    both = decide_file(file, meters=meters, as_of=MOMENT.as_of, bounds=bounds, ordinary=short)
    assert sorted(both.plans, key=lambda plan: plan.meter_id) == sorted(long.plans, key=lambda plan: plan.meter_id)
    assert (both.problems, both.accepted, both.held, both.rejected) == (
        long.problems, long.accepted, long.held, long.rejected,
    )  # fmt: skip


def test_a_file_in_parts_comes_to_the_same_as_in_one(
    town: list[str], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = "no-such-meter,2026-12-01,actual,1,,"
    content = content_of(*town, bad, "T-0001,yesterday,actual,1,,")
    monkeypatch.setattr(import_reads, "MANY_ROWS", 50)
    whole = preview("import_reads", actor=world.actor, moment=MOMENT, inputs=inputs_for(name="w.csv", content=content))
    expected = whole.proposal.plan.decision
    for part in (2, 1, 3):  # in any order, and each again without effect
        inputs = inputs_for(name="w.csv", content=content, part=part, parts=3)
        first = perform("import_reads", actor=world.actor, key=f"part {part}", moment=MOMENT, inputs=inputs)
        assert perform("import_reads", actor=world.actor, key=f"part {part}", moment=MOMENT, inputs=inputs) == first
    batches = list(ReadBatch.objects.order_by("part"))
    assert [(batch.part, batch.parts) for batch in batches] == [(1, 3), (2, 3), (3, 3)]
    for name in ("rows", "accepted", "held", "rejected"):
        assert sum(getattr(batch, name) for batch in batches) == getattr(expected, name)
    assert sorted(item["line"] for batch in batches for item in batch.report) == [
        problem.line for problem in expected.problems
    ]
    stored = {
        (read.meter_id, read.dial_reading, read.turns, read.state, read.exception)
        for read in Read.objects.filter(batch__isnull=False)
    }
    assert stored == {
        (plan.meter_id, plan.dial_reading, plan.turns, plan.state, plan.exception) for plan in expected.plans
    }
    for part, parts in ((2, 3), (1, 1), (1, 2)):  # nothing of it comes twice, however it is divided
        inputs = inputs_for(name="w.csv", content=content, part=part, parts=parts)
        with pytest.raises(FileAlreadyImported):
            perform("import_reads", actor=world.actor, key=f"again {part} {parts}", moment=MOMENT, inputs=inputs)


def test_how_many_parts_a_file_has_depends_on_its_lines_alone() -> None:
    assert parts_of(b"header\n" + b"row\n" * 49_000) == 1
    assert parts_of(b"header\n" + b"row\n" * 120_000) == 3

"""Files of reads: limits, the same file again, history in one file, and the laws of the parser."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.areas.metering.world import DAYS, E_SERIALS, MOMENT, World, make_actor

from weatherhead.actions.metering.import_reads import ContentNotAsNamed, ContentNotBase64, Inputs, inputs_for
from weatherhead.areas.metering import reads_file
from weatherhead.areas.metering.batches import BatchFacts, batch_of_receipt, batches, batches_of_file
from weatherhead.areas.metering.models import Meter, Read, ReadBatch
from weatherhead.areas.metering.operations import FileAlreadyImported, MeterReadMeanwhile
from weatherhead.areas.metering.reads_file import (
    COLUMNS,
    FILE_BYTES_MAX,
    ROWS_MAX,
    ReadsFileTooLarge,
    ReadsFileTooLong,
    parse_reads,
)
from weatherhead.areas.records.csv_records import printable
from weatherhead.areas.records.models import AuditEntry
from weatherhead.core.values import Refusal
from weatherhead.door.context import Actor
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview

HEADER = ",".join(COLUMNS)


def content_of(*rows: str) -> bytes:
    return "\n".join((HEADER, *rows, "")).encode()


def imported(world: World, *rows: str, key: str = "k", actor: Actor | None = None) -> BatchFacts:
    inputs = inputs_for(name="route 7.csv", content=content_of(*rows))
    receipt = perform("import_reads", actor=actor or world.actor, key=key, moment=MOMENT, inputs=inputs)
    batch = batch_of_receipt(receipt.receipt_id)
    assert batch is not None
    return batch


# --------------------------------------------------------------------------------------------------------------- limits
def test_an_oversize_file_is_refused_before_anything_is_copied() -> None:
    with pytest.raises(ReadsFileTooLarge, match="20,971,521 bytes; one file may have 20,971,520"):
        inputs_for(name="big.csv", content=bytes(FILE_BYTES_MAX + 1))


def test_an_oversize_file_is_refused_at_the_door_before_it_is_decoded(world: World) -> None:
    # Not Base64 at all: had it been decoded, that would be the refusal.
    inputs = Inputs(name="big.csv", sha256="0" * 64, content="!" * (FILE_BYTES_MAX * 4 // 3 + 100))
    with pytest.raises(ReadsFileTooLarge):
        perform("import_reads", actor=world.actor, key="k", moment=MOMENT, inputs=inputs)
    assert not ReadBatch.objects.exists()


def test_too_many_rows_are_refused_without_reading_on(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    row_of = reads_file._row
    monkeypatch.setattr(reads_file, "ROWS_MAX", 3)
    monkeypatch.setattr(
        reads_file, "_row", lambda record, order: read.append(record.line) or row_of(record, order=order)
    )
    with pytest.raises(ReadsFileTooLong, match="more than 3 rows"):
        parse_reads(content_of(*(f"E-{number},2026-12-01,actual,1,," for number in range(10))))
    assert read == [2, 3, 4]
    assert len(parse_reads(content_of(*(f"E-{number},2026-12-01,actual,1,," for number in range(3)))).rows) == 3
    assert ROWS_MAX == 200_000


def test_content_that_changed_on_its_way_is_refused(world: World) -> None:
    good = inputs_for(name="a.csv", content=content_of("E-1001,2026-12-01,actual,12440,,"))
    damaged = base64.b64encode(b"x" + base64.b64decode(good.content)[1:]).decode()
    for inputs, kind in (
        (replace(good, content=damaged), ContentNotAsNamed),
        (replace(good, content="?"), ContentNotBase64),
    ):
        with pytest.raises(kind):
            perform("import_reads", actor=world.actor, key="k", moment=MOMENT, inputs=inputs)
    assert not ReadBatch.objects.exists()


def test_the_audit_log_keeps_the_hash_and_not_the_file(world: World) -> None:
    batch = imported(world, "E-1001,2026-12-01,actual,12440,,key under the mat")
    detail = AuditEntry.objects.get(kind="performed", action="import_reads").detail
    assert batch.sha256 in detail
    assert '"content":"(given)"' in detail
    assert len(detail) < 1_000


# -------------------------------------------------------------------------------------------------------- the same file
def test_the_same_file_again(world: World) -> None:
    row = "E-1001,2026-12-01,actual,12440,,"
    first = imported(world, row)
    assert imported(world, row) == first  # the same key: the same receipt
    reads = Read.objects.count()
    with pytest.raises(FileAlreadyImported, match=r"imported on 2026-12-02 as route 7\.csv: 1 reads accepted, 0 held"):
        imported(world, row, key="another")
    other = make_actor(username="dora", name="Dora Pell", job="billing_analyst")
    with pytest.raises(FileAlreadyImported):
        imported(world, row, key="hers", actor=other)
    assert Read.objects.count() == reads
    assert batches_of_file(first.sha256) == (first,)


def test_a_file_of_which_nothing_was_kept_may_come_again(world: World) -> None:
    row = "X-8001,2026-12-01,actual,40,,"
    first = imported(world, row)
    assert (first.accepted, first.rejected) == (0, 1)
    given = {
        "service_point_id": world.points["O-5001"],
        "serial": "X-8001",
        "installed_on": "2026-11-20",
        "first_reading": "0",
    }
    perform("add_meter", actor=world.actor, key="meter", moment=MOMENT, inputs=given)
    second = imported(world, row, key="again")
    assert (second.accepted, second.rejected) == (1, 0)
    with pytest.raises(FileAlreadyImported):
        imported(world, row, key="and again")
    assert [batch.batch_id for batch in batches(limit=9)] == [second.batch_id, first.batch_id]


def test_a_corrected_file_keeps_what_is_new(world: World) -> None:
    imported(world, "E-1001,2026-12-01,actual,12440,,", "E-1002,2026-12-01,actual,l2450,,")
    batch = imported(world, "E-1001,2026-12-01,actual,12440,,", "E-1002,2026-12-01,actual,12450,,", key="corrected")
    assert (batch.accepted, batch.rejected) == (1, 1)
    assert [item["code"] for item in batch.report] == ["read_known"]


def test_reads_that_came_meanwhile_stop_the_whole_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from weatherhead.actions.metering import import_reads

    real = import_reads.keep_attachment

    def slow(**given: Any) -> int:
        """Somebody else's read is entered while ours are judged."""
        Read.objects.create(
            meter_id=world.meters["E-1001"],
            read_on=date(2026, 11, 25),
            kind="actual",
            dial_reading=12_300,
            state="accepted",
            receipt_id=0,
        )
        return real(**given)

    monkeypatch.setattr(import_reads, "keep_attachment", slow)
    with pytest.raises(MeterReadMeanwhile):
        imported(world, "E-1001,2026-12-01,actual,12440,,", "E-1002,2026-12-01,actual,12450,,")
    assert not ReadBatch.objects.exists()
    assert not Read.objects.filter(read_on=date(2026, 12, 1)).exists()


# -------------------------------------------------------------------------------------------------------------- history
def test_a_file_may_hold_years_in_any_order(world: World) -> None:
    """Each read is judged by those before it in the file too; the dial turns twice on its way."""
    meter = Meter.objects.get(serial="N-4001")
    days = [DAYS[-1] - timedelta(days=30 * back) for back in range(24, 0, -1)]
    from weatherhead.areas.metering.models import MeterInstallation

    MeterInstallation.objects.filter(meter_id=meter.pk).update(installed_on=days[0])
    Read.objects.filter(meter_id=meter.pk).delete()
    rows = [
        f"N-4001,{on.isoformat()},actual,{(90_000 + 9_000 * number) % 100_000:05},," for number, on in enumerate(days)
    ]
    batch = imported(world, *rows[::2], *rows[1::2])
    stored = Read.objects.filter(batch_id=batch.batch_id).order_by("read_on")
    # One period before the first turn is history enough.
    assert (batch.accepted, batch.held, batch.rejected) == (24, 0, 0)
    totals = [read.turns * 100_000 + read.dial_reading for read in stored]
    assert totals == [90_000 + 9_000 * number for number in range(24)]
    assert stored.last().turns == 2  # type: ignore[union-attr]


def test_queries_do_not_grow_with_the_file(world: World, django_assert_max_num_queries: Any) -> None:
    rows = [f"{serial},2026-12-01,actual,12440,," for serial in E_SERIALS]
    for count in (1, 6):
        inputs = inputs_for(name="a.csv", content=content_of(*rows[:count]))
        with django_assert_max_num_queries(14):
            preview("import_reads", actor=world.actor, moment=MOMENT, inputs=inputs)


# ---------------------------------------------------------------------------------------------------------------- laws
FIELD = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
ROW = st.lists(FIELD, min_size=1, max_size=8)


@given(rows=st.lists(ROW, min_size=1, max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_any_rows_at_all_are_each_a_read_or_a_problem(rows: list[list[str]], end: str) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator=end)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    _each_row_once(written.getvalue().encode())


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_at_all_are_read_or_refused(tail: bytes) -> None:
    _each_row_once(content_of("E-1001,2026-12-01,actual,12440,,") + tail)


@given(data=st.data())
def test_a_damaged_row_costs_no_other(data: st.DataObject) -> None:
    """Whatever happens to one row, the rows before it and those well after it are read."""
    rows = [f"E-{number:04},2026-12-01,actual,{12_000 + number},," for number in range(60)]
    place = data.draw(st.integers(0, 9))
    junk = data.draw(st.text(alphabet='",;\t\\x \x00é-', min_size=1, max_size=10))
    rows[place] += junk
    file = parse_reads(content_of(*rows))
    kept = {row.serial for row in file.rows}
    assert kept >= {f"E-{number:04}" for number in range(60) if number != place}
    assert file.count == 60


def _each_row_once(content: bytes) -> None:
    try:
        file = parse_reads(content)
    except Refusal:
        return
    good, bad = [row.line for row in file.rows], {problem.line for problem in file.problems}
    assert bad.isdisjoint(good)
    assert len(good) + len(bad) == file.count
    for problem in file.problems:
        assert str(problem.what)
        assert printable(problem.text) == problem.text
        problem.text.encode()
        assert "\x00" not in problem.text


def test_the_hash_is_that_of_the_file() -> None:
    content = content_of("E-1001,2026-12-01,actual,12440,,")
    assert inputs_for(name="a.csv", content=content).sha256 == hashlib.sha256(content).hexdigest()

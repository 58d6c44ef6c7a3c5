"""Every kind of file of reads: the exact report, and no row lost.

Each file of tests/reads_files has a YAML file beside it that says what must come of it: either the refusal, or the
counts, every problem by line, and what is then in the database.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.areas.metering.world import MOMENT, World

from weatherhead.actions.metering.import_reads import inputs_for
from weatherhead.areas.metering.batches import BatchFacts, batch_of_receipt
from weatherhead.areas.metering.models import Read, ReadBatch
from weatherhead.areas.records.models import Attachment, AuditEntry, Receipt
from weatherhead.areas.records.operations.attachments import attachment_path
from weatherhead.core.values import Refusal, Sentence
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview

FILES = Path(__file__).resolve().parents[2] / "reads_files"
NAMES = sorted(path.stem for path in FILES.glob("*.csv"))


def expected_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((FILES / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def imported(name: str, *, world: World) -> BatchFacts:
    inputs = inputs_for(name=f"{name}.csv", content=(FILES / f"{name}.csv").read_bytes())
    receipt = perform("import_reads", actor=world.actor, key=name, moment=MOMENT, inputs=inputs)
    batch = batch_of_receipt(receipt.receipt_id)
    assert batch is not None
    return batch


def shown(batch: BatchFacts) -> list[list[Any]]:
    """A report as the YAML files write it: line, column, code, outcome, sentence, text of the row."""
    return [
        [
            item["line"],
            item["column"],
            item["code"],
            item["outcome"],
            str(Sentence(template=item["what"]["template"], params=item["what"]["params"])),
            item["text"] if len(item["text"]) < 200 else f"{item['text'][:40]}… ({len(item['text'])} characters)",
        ]
        for item in batch.report
    ]


def stored(batch: BatchFacts) -> list[str]:
    """What is in the database of a file: meter, day, kind, reading, turns, demand in W, state, exception."""
    reads = Read.objects.select_related("meter").filter(batch_id=batch.batch_id).order_by("meter__serial", "read_on")
    return [
        " ".join(
            str(part)
            for part in (
                *(read.meter.serial, read.read_on, read.kind, read.dial_reading, read.turns),
                *("-" if read.demand_w_max is None else read.demand_w_max, read.state, read.exception or "-"),
            )
        )
        for read in reads
    ]


def test_there_are_many_kinds_and_each_has_its_report() -> None:
    assert len(NAMES) >= 40
    assert sorted(path.stem for path in FILES.glob("*.yaml")) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if "refused" not in expected_of(name)])
def test_report_is_exact_and_nothing_is_lost(name: str, world: World) -> None:
    expected = expected_of(name)
    batch = imported(name, world=world)
    assert shown(batch) == [list(item) for item in expected["report"]]
    assert stored(batch) == expected["stored"]
    counts = {"rows": batch.rows, "accepted": batch.accepted, "held": batch.held, "rejected": batch.rejected}
    assert counts == expected["counts"]
    assert batch.accepted + batch.held + batch.rejected == batch.rows
    # Every row that is not in the database stands in the report, once or more.
    assert len({item["line"] for item in batch.report if item["outcome"] == "rejected"}) == batch.rejected
    assert len(expected["stored"]) == batch.accepted + batch.held
    assert sum(" held " in f" {line} " for line in expected["stored"]) == batch.held


@pytest.mark.parametrize("name", [name for name in NAMES if "refused" in expected_of(name)])
def test_a_refused_file_changes_nothing(name: str, world: World) -> None:
    before = (Read.objects.count(), ReadBatch.objects.count(), Attachment.objects.count(), Receipt.objects.count())
    with pytest.raises(Refusal) as refused:
        imported(name, world=world)
    assert [refused.value.code, str(refused.value)] == expected_of(name)["refused"]
    after = (Read.objects.count(), ReadBatch.objects.count(), Attachment.objects.count(), Receipt.objects.count())
    assert after == before
    assert AuditEntry.objects.filter(kind="refused", action="import_reads", subject=refused.value.code).count() == 1


@pytest.mark.parametrize("name", ["good", "nul-bytes", "latin-1-row"])
def test_the_file_is_kept_as_it_came(name: str, world: World) -> None:
    from django.core.files.storage import default_storage

    batch = imported(name, world=world)
    kept = Attachment.objects.get(pk=batch.attachment_id)
    with default_storage.open(attachment_path(kept.sha256)) as file:
        assert file.read() == (FILES / f"{name}.csv").read_bytes()


@pytest.mark.parametrize("name", ["good", "out-of-bounds", "unknown-meters"])
def test_a_preview_shows_what_will_come_and_writes_nothing(name: str, world: World) -> None:
    inputs = inputs_for(name=f"{name}.csv", content=(FILES / f"{name}.csv").read_bytes())
    before = Read.objects.count()
    proposal = preview("import_reads", actor=world.actor, moment=MOMENT, inputs=inputs).proposal
    assert Read.objects.count() == before
    assert ReadBatch.objects.count() == 0
    batch = imported(name, world=world)
    assert proposal.creates == {
        "metering_readbatch": 1,
        **({"metering_read": batch.accepted + batch.held} if batch.accepted + batch.held else {}),
    }
    assert Read.objects.count() - before == proposal.creates.get("metering_read", 0)

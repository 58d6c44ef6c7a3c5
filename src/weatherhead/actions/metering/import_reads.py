"""Import a file of reads: good rows are kept, doubtful ones held, bad ones reported by line. No row is lost."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Name
from weatherhead.areas.metering.batches import BatchFacts, batches_of_file
from weatherhead.areas.metering.histories import histories_by_serial, use_bounds
from weatherhead.areas.metering.intake import FileDecision, MeterHistory, ReadPlan, decide_file
from weatherhead.areas.metering.operations import FileAlreadyImported, record_batch, record_many_reads
from weatherhead.areas.metering.ordinary import ordinary_plans
from weatherhead.areas.metering.outlines import outlines_by_serial
from weatherhead.areas.metering.queries import accepted_count
from weatherhead.areas.metering.reads_file import (
    FILE_BYTES_MAX,
    FileProblem,
    ReadsFile,
    parse_large,
    parse_reads,
    require_size,
)
from weatherhead.areas.metering.usage import UseBounds
from weatherhead.areas.records.canonical import Json, digest, to_json
from weatherhead.areas.records.operations.attachments import keep_attachment
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import SENSITIVE, Action, Recording, registry

PART_ROWS = 50_000
"""Rows that are recorded in one transaction; a larger file comes in parts."""

PARTS_MAX = 99
MANY_ROWS = 500
"""From here on it pays to ask for the outlines of the meters first."""


class PartUnknown(Refusal):
    """A part beyond the last."""

    template = gettext_noop("There is no part %(part)s of %(parts)s. Import the file with: weatherhead reads import")


class ContentNotBase64(Refusal):
    """The content did not arrive whole."""

    template = gettext_noop("The file did not arrive whole. Send it again.")


class ContentNotAsNamed(Refusal):
    """The content is not that of the hash."""

    template = gettext_noop("The file changed on its way: its SHA-256 is %(found)s, not %(named)s. Send it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A file: its name, its content as Base64, and the content's SHA-256 in hexadecimal.

    Of a large file the meters of one of its `parts` are taken, and the rest by performing the action again.
    The content may hold names and notes; the audit log keeps its hash only.
    """

    name: Name
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    content: str = field(metadata=SENSITIVE)
    part: Annotated[int, Field(ge=1, le=PARTS_MAX)] = 1
    parts: Annotated[int, Field(ge=1, le=PARTS_MAX)] = 1


def parts_of(content: bytes) -> int:
    """Into how many parts a file is divided, each recorded by itself: by its lines, so always the same."""
    return min(PARTS_MAX, content.count(b"\n") // PART_ROWS + 1)


def inputs_for(*, name: str, content: bytes, part: int = 1, parts: int = 1) -> Inputs:
    """The inputs of a file or of one part of it. Its size is checked here, before anything is copied.

    Raises:
        ReadsFileTooLarge: refused early.
    """
    require_size(len(content))
    return Inputs(
        name=name[-120:],
        sha256=hashlib.sha256(content).hexdigest(),
        content=base64.b64encode(content).decode("ascii"),
        part=part,
        parts=parts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The file as read, its meters with their history, and what came of the file before."""

    file: ReadsFile
    meters: Mapping[str, MeterHistory]
    bounds: UseBounds
    accepted_before: int
    before: tuple[BatchFacts, ...]
    ordinary: Mapping[int, ReadPlan]
    meter_ids: tuple[int, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be recorded. `content` is the file itself, as Base64."""

    name: str
    sha256: str
    content: str
    part: int
    parts: int
    decision: FileDecision
    meter_ids: tuple[int, ...]
    accepted_before: int

    @property
    def substance(self) -> str:
        """A hash of what will be recorded: the file, and what comes of every row."""
        said = hashlib.sha256(f"{self.sha256} {self.part}/{self.parts} {self.accepted_before}\n".encode())
        for plan in self.decision.plans:
            said.update(f"{plan.meter_id} {plan.read_on} {plan.dial_reading} {plan.turns} {plan.exception}\n".encode())
        said.update(digest(self.decision.problems).encode())
        return said.hexdigest()


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the file, and of the database what its rows are judged by.

    Raises:
        ContentNotBase64, ContentNotAsNamed: it did not arrive as it was.
        FileAlreadyImported: reads of the same bytes were kept before.
        ReadsFileTooLarge, ReadsFileEmpty and the others of `parse_reads`: nothing of it can be read.
    """
    content = _content(inputs)
    before = batches_of_file(inputs.sha256)
    _require_new(before, inputs=inputs)
    file = parse_reads(content) if inputs.parts == 1 else parse_large(content).part(inputs.part, of=inputs.parts)
    days = [row.read.read_on for row in file.rows]
    bounds = use_bounds()
    ordinary: dict[int, ReadPlan] = {}
    if len(file.rows) >= MANY_ROWS:
        outlines = outlines_by_serial((row.serial for row in file.rows), days=days)
        ordinary = ordinary_plans(file.rows, outlines=outlines, as_of=moment.as_of, bounds=bounds)
    others = (row.serial for row in file.rows if row.line not in ordinary)
    meters = histories_by_serial(others, since_on=min(days, default=moment.as_of))
    meter_ids = {plan.meter_id for plan in ordinary.values()} | {meter.meter_id for meter in meters.values()}
    return Facts(
        file=file,
        meters=meters,
        bounds=bounds,
        accepted_before=accepted_count(meter_ids),
        before=before,
        ordinary=ordinary,
        meter_ids=tuple(sorted(meter_ids)),
        as_of=moment.as_of,
    )


def _content(inputs: Inputs) -> bytes:
    require_size(len(inputs.content) // 4 * 3 - 2)
    try:
        content = base64.b64decode(inputs.content, validate=True)
    except ValueError as error:  # binascii.Error is one; so is what is not even ASCII
        raise ContentNotBase64 from error
    found = hashlib.sha256(content).hexdigest()
    if found != inputs.sha256:
        raise ContentNotAsNamed(found=found, named=inputs.sha256)
    return content


def _require_new(before: tuple[BatchFacts, ...], *, inputs: Inputs) -> None:
    """Nothing of the file was kept, but perhaps of other parts of it."""
    if inputs.part > inputs.parts:
        raise PartUnknown(part=inputs.part, parts=inputs.parts)
    for batch in before:
        same = batch.parts != inputs.parts or batch.part == inputs.part
        if same and (batch.accepted or batch.held):
            raise FileAlreadyImported(
                imported_on=batch.imported_at.astimezone(current_utility().zone).date(),
                name=batch.name,
                accepted=batch.accepted,
                held=batch.held,
                receipt=batch.receipt_id,
            )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Judge every row."""
    decision = decide_file(
        facts.file, meters=facts.meters, as_of=facts.as_of, bounds=facts.bounds, ordinary=facts.ordinary
    )
    creates = {"metering_readbatch": 1}
    if decision.plans:
        creates["metering_read"] = len(decision.plans)
    params = {"name": inputs.name, **_counts(decision)}
    return Proposal(
        summary=Sentence(
            template=gettext_noop("%(name)s: %(accepted)s reads accepted, %(held)s held, %(rejected)s rows rejected"),
            params=params,
        ),
        confirm=Sentence(template=gettext_noop("Import %(accepted)s reads"), params=_counts(decision)),
        plan=Plan(
            name=inputs.name,
            sha256=inputs.sha256,
            content=inputs.content,
            part=inputs.part,
            parts=inputs.parts,
            decision=decision,
            meter_ids=facts.meter_ids,
            accepted_before=facts.accepted_before,
        ),
        creates=creates,
        changes=_changes(decision),
        rules=(house_rule("read bounds", "A read outside the bounds of use waits until a person has looked at it"),),
    )


def _counts(decision: FileDecision) -> dict[str, int]:
    return {"accepted": decision.accepted, "held": decision.held, "rejected": decision.rejected}


def _changes(decision: FileDecision) -> tuple[Change, ...]:
    labels = {
        "accepted": gettext_noop("Accepted"),
        "held": gettext_noop("Held"),
        "rejected": gettext_noop("Rejected"),
    }
    return tuple(
        Change(code=code, label=Sentence(template=labels[code]), unit=Unit.COUNT, before=None, after=count)
        for code, count in _counts(decision).items()
    )


def problem_as_json(problem: FileProblem) -> Json:
    """A problem as the report of a file keeps it: line, column, code, outcome, what, text."""
    return to_json(problem)


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Keep the file, its report, and its reads.

    Raises:
        FileAlreadyImported, MeterReadMeanwhile: someone was faster.
    """
    plan, decision = proposal.plan, proposal.plan.decision
    content = base64.b64decode(plan.content)
    # Kept as it came: a file with bytes that are no text is evidence too.
    attachment_id = keep_attachment(
        name=plan.name,
        media_type="application/octet-stream",
        content=content,
        at=recording.moment.at,
        size_max_bytes=FILE_BYTES_MAX,
    )
    batch_id = record_batch(
        name=plan.name,
        sha256=plan.sha256,
        attachment_id=attachment_id,
        imported_at=recording.moment.at,
        accepted=decision.accepted,
        held=decision.held,
        rejected=decision.rejected,
        report=[problem_as_json(problem) for problem in decision.problems],
        receipt_id=recording.receipt_id,
        part=plan.part,
        parts=plan.parts,
    )
    record_many_reads(
        decision.plans,
        receipt_id=recording.receipt_id,
        batch_id=batch_id,
        meter_ids=plan.meter_ids,
        accepted_before=plan.accepted_before,
    )
    recording.made_one("read_batch", batch_id)


ACTION = registry.add(
    Action(
        name="import_reads",
        title=gettext_noop("Import a file of reads"),
        duty=11,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Keeps good rows, holds doubtful ones, and reports bad ones by line; nothing is lost."),
    )
)

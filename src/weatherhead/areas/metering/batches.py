"""Imported files of reads as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from weatherhead.areas.metering.models import ReadBatch
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchBatch(Refusal):
    """No imported file has that number."""

    template = gettext_noop("There is no imported file of reads %(batch)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFacts:
    """An imported file. `report` holds every problem: line, column, code, outcome, what, text."""

    batch_id: int
    name: str
    sha256: str
    attachment_id: int
    imported_at: datetime
    rows: int
    accepted: int
    held: int
    rejected: int
    report: tuple[Mapping[str, Json], ...]
    receipt_id: int
    part: int
    parts: int


def batch(batch_id: int) -> BatchFacts:
    """One imported file.

    Raises:
        NoSuchBatch: for an unknown number.
    """
    row = ReadBatch.objects.filter(pk=batch_id).first()
    if row is None:
        raise NoSuchBatch(batch=batch_id)
    return _batch(row)


def batch_of_receipt(receipt_id: int) -> BatchFacts | None:
    """The file that a receipt imported, if any."""
    row = ReadBatch.objects.filter(receipt_id=receipt_id).first()
    return _batch(row) if row else None


def batches_of_file(sha256: str) -> tuple[BatchFacts, ...]:
    """Every time that a file was imported, oldest first; all but the last kept nothing of it."""
    return tuple(_batch(row) for row in ReadBatch.objects.filter(sha256=sha256).order_by("pk"))


def batches(*, limit: int) -> tuple[BatchFacts, ...]:
    """The files imported last, latest first."""
    return tuple(_batch(row) for row in ReadBatch.objects.order_by("-imported_at", "-pk")[:limit])


def _batch(row: ReadBatch) -> BatchFacts:
    return BatchFacts(
        batch_id=row.pk,
        name=row.name,
        sha256=row.sha256,
        attachment_id=row.attachment_id,
        imported_at=row.imported_at,
        rows=row.rows,
        accepted=row.accepted,
        held=row.held,
        rejected=row.rejected,
        report=tuple(row.report),
        receipt_id=row.receipt_id,
        part=row.part,
        parts=row.parts,
    )

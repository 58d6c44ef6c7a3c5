"""Documents as frozen values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.core.files.storage import default_storage

from weatherhead.areas.documents.frames import find_made_frame
from weatherhead.areas.documents.models import Document, DocumentFrame, PrintFile, PrintFileBill
from weatherhead.areas.records.database import chunks
from weatherhead.core.statements import payload_sha256
from weatherhead.core.values import Refusal, gettext_noop

BILL = "bill"
SUMMARY = "summary"
STATEMENT = "statement"


class FrameChanged(Refusal):
    """A kept frame is missing, or no longer what its hash says."""

    template = gettext_noop(
        "The words that bills share (frame %(frame)s) are not what was kept; nothing is shown from them. Tell the "
        "administrator."
    )


class FileChanged(Refusal):
    """A kept file is missing, or no longer what its hash says."""

    template = gettext_noop(
        "The kept file of document %(document)s is missing or was changed; it is not handed out. Restore it from the "
        "backup."
    )


class NoSuchPrintFile(Refusal):
    """No print file has that number."""

    template = gettext_noop("There is no print file %(number)s. See: weatherhead print list")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """A kept document."""

    document_id: int
    subject_id: int
    sha256: str
    size_bytes: int
    pages: int
    renderer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintFileFacts:
    """A print file. `manifest` is what was said of it when it was made."""

    number: str
    bills: int
    pages: int
    charges_cents: int
    amount_due_cents: int
    sha256: str
    size_bytes: int
    manifest: Mapping[str, Any]


def kept_frames(hashes: Iterable[str]) -> frozenset[str]:
    """Which of some frames are kept already."""
    return frozenset(DocumentFrame.objects.filter(pk__in=list(hashes)).values_list("pk", flat=True))


def frame_body(sha256: str) -> Mapping[str, Any]:
    """The body of a frame: one that this process made, or a kept one, proved by its hash.

    Raises:
        FrameChanged: it is missing or was changed.
    """
    made = find_made_frame(sha256)
    return _kept_body(sha256) if made is None else made.body


@lru_cache(maxsize=16)
def _kept_body(sha256: str) -> Mapping[str, Any]:
    text = DocumentFrame.objects.filter(pk=sha256).values_list("text", flat=True).first()
    if text is None or payload_sha256(text) != sha256:
        raise FrameChanged(frame=sha256[:12])
    body: Mapping[str, Any] = json.loads(text)
    return body


def documents_of_bills(bill_ids: Iterable[int]) -> dict[int, DocumentFacts]:
    """The kept documents of some bills, by bill."""
    return _documents(BILL, bill_ids)


def documents_of_summaries(summary_ids: Iterable[int]) -> dict[int, DocumentFacts]:
    """The kept documents of some summary bills, by summary."""
    return _documents(SUMMARY, summary_ids)


def documents_of_statements(statement_ids: Iterable[int]) -> dict[int, DocumentFacts]:
    """The kept documents of some prepared summaries, by summary."""
    return _documents(STATEMENT, statement_ids)


def _documents(kind: str, subject_ids: Iterable[int]) -> dict[int, DocumentFacts]:
    found: dict[int, DocumentFacts] = {}
    for chunk in chunks(subject_ids):
        for row in Document.objects.filter(kind=kind, subject_id__in=chunk):
            found[row.subject_id] = DocumentFacts(
                document_id=row.pk,
                subject_id=row.subject_id,
                sha256=row.sha256,
                size_bytes=row.size_bytes,
                pages=row.pages,
                renderer=row.renderer,
            )
    return found


def content_of(document: DocumentFacts) -> bytes:
    """The bytes of a kept document: the same as on the day when it was rendered.

    Raises:
        FileChanged: they are not.
    """
    path = document_path(document.sha256)
    content = b""
    if default_storage.exists(path):
        with default_storage.open(path) as file:
            content = file.read()
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise FileChanged(document=document.document_id)
    return content


def document_path(sha256: str) -> str:
    """Where a content lies under the storage's root, beside the other attachments."""
    return f"attachments/{sha256[:2]}/{sha256}"


def bills_in_print_files(bill_ids: Iterable[int]) -> frozenset[int]:
    """Which of some bills are in a print file."""
    found: set[int] = set()
    for chunk in chunks(bill_ids):
        found.update(PrintFileBill.objects.filter(bill_id__in=chunk).values_list("bill_id", flat=True))
    return frozenset(found)


def print_file(number: str) -> PrintFileFacts:
    """One print file.

    Raises:
        NoSuchPrintFile: for an unknown number.
    """
    row = PrintFile.objects.filter(number=number).first()
    if row is None:
        raise NoSuchPrintFile(number=number)
    return _print_file(row)


def print_files(*, limit: int) -> tuple[PrintFileFacts, ...]:
    """The latest print files, latest first."""
    return tuple(_print_file(row) for row in PrintFile.objects.order_by("-pk")[:limit])


def _print_file(row: PrintFile) -> PrintFileFacts:
    return PrintFileFacts(
        number=row.number,
        bills=row.bills,
        pages=row.pages,
        charges_cents=row.charges_cents,
        amount_due_cents=row.amount_due_cents,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        manifest=json.loads(row.manifest),
    )


def documents_of_print_file(number: str) -> tuple[tuple[str, DocumentFacts], ...]:
    """The documents of a print file in their order, each with its name there."""
    manifest = print_file(number).manifest
    bills = documents_of_bills(item["bill_id"] for item in manifest["bills"])
    summaries = documents_of_summaries(item["summary_id"] for item in manifest["summaries"])
    placed = [(item["sequence"], item["file"], bills[item["bill_id"]]) for item in manifest["bills"]]
    placed += [(item["sequence"], item["file"], summaries[item["summary_id"]]) for item in manifest["summaries"]]
    return tuple((name, document) for _, name, document in sorted(placed, key=lambda item: item[0]))

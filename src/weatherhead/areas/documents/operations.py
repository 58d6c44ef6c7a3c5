"""Writes of documents: frames and rendered files are kept once, under their hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from weatherhead.areas.documents.letters import LetterPlan
from weatherhead.areas.documents.models import (
    Document,
    DocumentFrame,
    Letter,
    PrintFile,
    PrintFileBill,
    Statement,
)
from weatherhead.areas.documents.printing import PrintedDocument, sha256_of
from weatherhead.areas.documents.rendering import Rendered, renderer_name
from weatherhead.areas.records.operations.attachments import keep_attachment
from weatherhead.areas.records.operations.counters import next_number
from weatherhead.core.statements import Frame, numbered, payload_sha256, payload_text
from weatherhead.core.values import Refusal, gettext_noop

PDF = "application/pdf"
_NUMBER_DIGITS = 6


class BillPrintedAlready(Refusal):
    """A bill goes to print once."""

    template = gettext_noop(
        "Some of these bills are in a print file already. For another copy of the same document, export that file "
        "again, or open the bill and choose PDF."
    )


def keep_frame(frame: Frame) -> None:
    """Keep a frame that payloads refer to; keeping one twice is the same as once."""
    if DocumentFrame.objects.filter(pk=frame.sha256).exists():
        return  # the append-only guard of SQLite would not let a conflict pass
    DocumentFrame.objects.bulk_create([DocumentFrame(sha256=frame.sha256, text=frame.text)], ignore_conflicts=True)


def keep_document(
    kind: str, *, subject_id: int, number: str, payload_sha256: str, rendered: Rendered, at: datetime
) -> int:
    """Keep the PDF of a bill or a summary bill. Returns the document's number.

    Raises:
        IntegrityError: its document was kept meanwhile.
    """
    keep_attachment(name=f"{number}.pdf", media_type=PDF, content=rendered.content, at=at)
    row = Document.objects.create(
        kind=kind,
        subject_id=subject_id,
        payload_sha256=payload_sha256,
        sha256=sha256_of(rendered.content),
        media_type=PDF,
        size_bytes=len(rendered.content),
        pages=rendered.pages,
        renderer=renderer_name(),
        rendered_at=at,
    )
    return row.pk


def keep_letter(plan: LetterPlan, *, prepared_on: date, receipt_id: int) -> int:
    """Prepare a letter. Returns its number. Belongs to an action's transaction."""
    text = payload_text(plan.payload)
    return Letter.objects.create(
        kind=plan.kind,
        account_id=plan.account_id,
        prepared_on=prepared_on,
        payload=text,
        payload_sha256=payload_sha256(text),
        receipt_id=receipt_id,
    ).pk


def next_print_number() -> str:
    """The number of the next print file."""
    return str(next_number("print_file")).zfill(_NUMBER_DIGITS)


def keep_print_file(
    number: str,
    *,
    documents: Sequence[PrintedDocument],
    manifest: Mapping[str, Any],
    archived: bytes,
    at: datetime,
    receipt_id: int,
) -> int:
    """Remember a print file: what it holds, and the hash of its archive, which can be made again at any time.

    Raises:
        BillPrintedAlready: a bill is in another file.
    """
    totals = manifest["totals"]
    row = PrintFile.objects.create(
        number=number,
        bills=totals["bills"],
        pages=totals["pages"],
        charges_cents=totals["charges_cents"],
        amount_due_cents=totals["amount_due_cents"],
        sha256=sha256_of(archived),
        size_bytes=len(archived),
        manifest=payload_text(manifest),
        made_at=at,
        receipt_id=receipt_id,
    )
    placed = [(bill.bill_id, item.document_id) for item in documents for bill in item.bills]
    try:
        with transaction.atomic():
            PrintFileBill.objects.bulk_create(
                PrintFileBill(print_file=row, sequence=sequence, bill_id=bill_id, document_id=document_id)
                for sequence, (bill_id, document_id) in enumerate(placed, 1)
            )
    except IntegrityError as error:
        raise BillPrintedAlready from error
    return row.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlan:
    """A billing summary to keep: everything but its number. `end_on` is exclusive."""

    account_id: int
    kind: str
    consent_id: int | None
    start_on: date
    end_on: date
    prepared_on: date
    given_by: str  # print, email
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStatement:
    """A summary that was kept just now, with the payload as frozen."""

    statement_id: int
    number: str
    payload: Mapping[str, Any]
    payload_sha256: str


def keep_statement(plan: StatementPlan, *, at: datetime, receipt_id: int) -> KeptStatement:
    """Freeze a billing summary under the next number."""
    number = f"S{str(next_number('statement')).zfill(_NUMBER_DIGITS)}"
    text = payload_text(numbered(plan.payload, number=number))
    row = Statement.objects.create(
        number=number,
        kind=plan.kind,
        account_id=plan.account_id,
        consent_id=plan.consent_id,
        start_on=plan.start_on,
        end_on=plan.end_on,
        prepared_on=plan.prepared_on,
        given_by=plan.given_by,
        payload=text,
        payload_sha256=payload_sha256(text),
        prepared_at=at,
        receipt_id=receipt_id,
    )
    return KeptStatement(
        statement_id=row.pk,
        number=number,
        payload=json.loads(text),  # what is rendered is what is kept, to the order of its keys
        payload_sha256=row.payload_sha256,
    )

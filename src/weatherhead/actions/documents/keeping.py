"""Rendering bills from their frozen payloads and keeping them. Shared by the print run and the first request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from weatherhead.areas.billing.frozen import FrozenBill
from weatherhead.areas.billing.summaries import FrozenSummary
from weatherhead.areas.documents.operations import keep_document
from weatherhead.areas.documents.queries import (
    BILL,
    SUMMARY,
    DocumentFacts,
    documents_of_bills,
    documents_of_summaries,
    frame_body,
)
from weatherhead.areas.documents.rendering import render_bill, render_summary
from weatherhead.core.statements import BillDocument, SummaryDocument, parse_payload, parse_summary


def document_of(bill: FrozenBill) -> BillDocument:
    """What a bill says."""
    return parse_payload(bill.payload, frame=frame_body(bill.payload["frame_sha256"]))


def keep_documents(bills: Iterable[FrozenBill], *, at: datetime) -> dict[int, DocumentFacts]:
    """Render what was not rendered yet, and return the documents of all, by bill."""
    wanted = {bill.bill_id: bill for bill in bills}
    known = documents_of_bills(wanted)
    for bill_id, bill in wanted.items():
        if bill_id not in known:
            keep_document(
                BILL,
                subject_id=bill_id,
                number=bill.number,
                payload_sha256=bill.payload_sha256,
                rendered=render_bill(document_of(bill)),
                at=at,
            )
    return documents_of_bills(wanted)


def summary_of(summary: FrozenSummary) -> SummaryDocument:
    """What a summary bill says."""
    bills = [document_of(bill) for bill in summary.bills]
    return parse_summary(summary.payload, frame=frame_body(summary.payload["frame_sha256"]), bills=bills)


def keep_summary_documents(summaries: Iterable[FrozenSummary], *, at: datetime) -> dict[int, DocumentFacts]:
    """The same for summary bills, by summary."""
    wanted = {summary.summary_id: summary for summary in summaries}
    known = documents_of_summaries(wanted)
    for summary_id, summary in wanted.items():
        if summary_id not in known:
            keep_document(
                SUMMARY,
                subject_id=summary_id,
                number=summary.number,
                payload_sha256=summary.payload_sha256,
                rendered=render_summary(summary_of(summary)),
                at=at,
            )
    return documents_of_summaries(wanted)

"""Rendering bills from their frozen payloads and keeping them. Shared by the print run and the first request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from weatherhead.areas.billing.frozen import FrozenBill
from weatherhead.areas.documents.operations import keep_bill_document
from weatherhead.areas.documents.queries import DocumentFacts, documents_of_bills, frame_body
from weatherhead.areas.documents.rendering import render_bill
from weatherhead.core.statements import BillDocument, parse_payload


def document_of(bill: FrozenBill) -> BillDocument:
    """What a bill says."""
    return parse_payload(bill.payload, frame=frame_body(bill.payload["frame_sha256"]))


def keep_documents(bills: Iterable[FrozenBill], *, at: datetime) -> dict[int, DocumentFacts]:
    """Render what was not rendered yet, and return the documents of all, by bill."""
    wanted = {bill.bill_id: bill for bill in bills}
    known = documents_of_bills(wanted)
    for bill_id, bill in wanted.items():
        if bill_id not in known:
            keep_bill_document(
                bill_id=bill_id,
                number=bill.number,
                payload_sha256=bill.payload_sha256,
                rendered=render_bill(document_of(bill)),
                at=at,
            )
    return documents_of_bills(wanted)

"""The bill as a document: the same texts in the same order as its PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weatherhead.areas.billing.frozen import FrozenBill, frozen_bills
from weatherhead.areas.billing.queries import NoSuchBill
from weatherhead.areas.billing.summaries import SummaryRow, frozen_summary, summary_of_bill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.queries import (
    DocumentFacts,
    content_of,
    documents_of_bills,
    documents_of_summaries,
    frame_body,
)
from weatherhead.areas.documents.showing import bill_view
from weatherhead.areas.documents.showing_summary import summary_view
from weatherhead.core.statements import BillDocument, parse_payload, parse_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class BillDocumentView:
    """A bill as a page. `said` holds every text (areas/documents/showing.py); `mail` is None while it is hidden."""

    bill_id: int
    account_id: int
    account_number_grouped: str
    customer_name: str
    mail: tuple[str, ...] | None
    said: Mapping[str, Any]
    qr_path: str  # the code's dark modules as an SVG path, one unit a module
    sha256: str
    document: DocumentFacts | None
    summary: SummaryRow | None  # the summary bill that it was mailed on


def bill_document(bill_id: int, *, revealed: frozenset[int] | None = None) -> BillDocumentView:
    """Compose the document page. The mailing address is shown when the account is in `revealed`.

    Raises:
        NoSuchBill: for an unknown bill.
        DocumentChanged, FrameChanged: it is not what was issued.
    """
    bill = _frozen(bill_id)
    document = _said_by(bill)
    holder = account(bill.account_id)
    said = bill_view(document)
    return BillDocumentView(
        bill_id=bill_id,
        account_id=bill.account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        mail=document.mail if revealed and bill.account_id in revealed else None,
        said=said,
        qr_path=_qr_path(said["stub"]["qr"]),
        sha256=document.sha256,
        document=documents_of_bills([bill_id]).get(bill_id),
        summary=summary_of_bill(bill_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryDocumentView:
    """A summary bill as a page: as `BillDocumentView`, of the first account on it. `parts` are its bills with views."""

    summary_id: int
    account_id: int
    account_number_grouped: str
    customer_name: str
    mail: tuple[str, ...] | None
    said: Mapping[str, Any]
    parts: tuple[tuple[Mapping[str, Any], int], ...]
    qr_path: str


def summary_document(summary_id: int, *, revealed: frozenset[int] | None = None) -> SummaryDocumentView:
    """Compose the page of a summary bill. The mailing address is shown when its first account is in `revealed`.

    Raises:
        NoSuchSummary: for an unknown one.
        SummaryChanged, DocumentChanged, FrameChanged: it is not what was made.
    """
    found = frozen_summary(summary_id)
    bills = [_said_by(bill) for bill in found.bills]
    document = parse_summary(found.payload, frame=frame_body(found.payload["frame_sha256"]), bills=bills)
    holder = account(found.bills[0].account_id)
    said = summary_view(document)
    return SummaryDocumentView(
        summary_id=summary_id,
        account_id=holder.account_id,
        account_number_grouped=holder.number_grouped,
        customer_name=holder.customer_name,
        mail=document.mail if revealed and holder.account_id in revealed else None,
        said=said,
        parts=tuple((part, bill.bill_id) for part, bill in zip(said["bills"], found.bills, strict=True)),
        qr_path=_qr_path(said["stub"]["qr"]),
    )


def _said_by(bill: FrozenBill) -> BillDocument:
    return parse_payload(bill.payload, frame=frame_body(bill.payload["frame_sha256"]))


def _qr_path(rows: Sequence[Sequence[int]]) -> str:
    """A square for each run of dark modules; runs alternate, dark first."""
    parts: list[str] = []
    for y, runs in enumerate(rows):
        x = 0
        for place, length in enumerate(runs):
            if place % 2 == 0 and length:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFile:
    """Whose bill it is, its number, and its kept PDF, if it was rendered."""

    account_id: int
    number: str
    content: bytes | None


def account_of_bill(bill_id: int) -> int:
    """Whose bill it is.

    Raises:
        NoSuchBill: for an unknown bill.
    """
    return _frozen(bill_id).account_id


def bill_file(bill_id: int) -> BillFile:
    """The kept PDF of a bill, the same bytes every time.

    Raises:
        NoSuchBill: for an unknown bill.
        DocumentChanged, FileChanged: it is not what was kept.
    """
    bill = _frozen(bill_id)
    known = documents_of_bills([bill_id]).get(bill_id)
    return BillFile(account_id=bill.account_id, number=bill.number, content=content_of(known) if known else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFile:
    """The accounts on a summary bill, its number, and its kept PDF, if it was rendered."""

    account_ids: tuple[int, ...]
    number: str
    content: bytes | None


def account_of_summary(summary_id: int) -> int:
    """The first account on it.

    Raises:
        NoSuchSummary: for an unknown one.
    """
    return frozen_summary(summary_id).account_ids[0]


def summary_file(summary_id: int) -> SummaryFile:
    """The kept PDF of a summary bill, the same bytes every time.

    Raises:
        NoSuchSummary: for an unknown one.
        SummaryChanged, DocumentChanged, FileChanged: it is not what was kept.
    """
    found = frozen_summary(summary_id)
    known = documents_of_summaries([summary_id]).get(summary_id)
    content = content_of(known) if known else None
    return SummaryFile(account_ids=found.account_ids, number=found.number, content=content)


def _frozen(bill_id: int) -> FrozenBill:
    found = frozen_bills([bill_id])
    if bill_id not in found:
        raise NoSuchBill(bill=bill_id)
    return found[bill_id]

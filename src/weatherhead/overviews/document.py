"""The bill as a document: the same texts in the same order as its PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weatherhead.areas.billing.frozen import FrozenBill, frozen_bills
from weatherhead.areas.billing.queries import NoSuchBill
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.queries import DocumentFacts, content_of, documents_of_bills, frame_body
from weatherhead.areas.documents.showing import bill_view
from weatherhead.core.statements import parse_payload


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


def bill_document(bill_id: int, *, revealed: frozenset[int] | None = None) -> BillDocumentView:
    """Compose the document page. The mailing address is shown when the account is in `revealed`.

    Raises:
        NoSuchBill: for an unknown bill.
        DocumentChanged, FrameChanged: it is not what was issued.
    """
    bill = _frozen(bill_id)
    document = parse_payload(bill.payload, frame=frame_body(bill.payload["frame_sha256"]))
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
    )


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


def _frozen(bill_id: int) -> FrozenBill:
    found = frozen_bills([bill_id])
    if bill_id not in found:
        raise NoSuchBill(bill=bill_id)
    return found[bill_id]

"""Print files: what one holds, and its bytes, which are made anew from kept documents, the same every time. Pure."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from weatherhead.core.statements import payload_text

BILLS_MAX = 500
MANIFEST_NAME = "manifest.json"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the archive's own time would make each copy another
_ATTRIBUTES = 0o100644 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedBill:
    """A bill of a print file, alone or on a summary bill."""

    bill_id: int
    number: str
    account_number: str
    charges_cents: int
    amount_due_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedDocument:
    """What goes into one envelope: a bill, or a summary bill with the bills on it (`summary_id` is not None then).

    `amount_due_cents` is what the document asks for.
    """

    document_id: int
    summary_id: int | None
    number: str
    bills: tuple[PrintedBill, ...]
    postal_code: str
    pages: int
    amount_due_cents: int
    sha256: str

    @property
    def charges_cents(self) -> int:
        """The charges of its bills."""
        return sum(item.charges_cents for item in self.bills)

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"{self.number}.pdf"


def in_order_of_mail(documents: Iterable[PrintedDocument]) -> tuple[PrintedDocument, ...]:
    """By number of sheets and postal code, as inserters and the mail want them, then by number."""
    return tuple(sorted(documents, key=lambda item: (item.pages, item.postal_code, item.number)))


def manifest_of(number: str, *, documents: Sequence[PrintedDocument], posted_cents: int) -> dict[str, Any]:
    """What a print file holds: each document with its sums and hash, and the sums of all, which foot to the ledger.

    A bill stands in it once: among the bills that are mailed by themselves, or on its summary.
    """
    placed = list(enumerate(documents, 1))
    return {
        "print_file": number,
        "bills": [_bill_said(item, sequence=sequence) for sequence, item in placed if item.summary_id is None],
        "summaries": [
            _summary_said(item, sequence=sequence) for sequence, item in placed if item.summary_id is not None
        ],
        "totals": {
            "bills": sum(len(item.bills) for item in documents),
            "documents": len(documents),
            "pages": sum(item.pages for item in documents),
            "sheets": sum((item.pages + 1) // 2 for item in documents),
            "charges_cents": sum(item.charges_cents for item in documents),
            "amount_due_cents": sum(item.amount_due_cents for item in documents),
            "posted_cents": posted_cents,
        },
    }


def _bill_said(item: PrintedDocument, *, sequence: int) -> dict[str, Any]:
    [bill] = item.bills
    return {"sequence": sequence, **_of_bill(bill), **_of_file(item)}


def _summary_said(item: PrintedDocument, *, sequence: int) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "summary_id": item.summary_id,
        "summary": item.number,
        "bills": [_of_bill(bill) for bill in item.bills],
        "charges_cents": item.charges_cents,
        "amount_due_cents": item.amount_due_cents,
        **_of_file(item),
    }


def _of_bill(bill: PrintedBill) -> dict[str, Any]:
    return {
        "bill_id": bill.bill_id,
        "bill": bill.number,
        "account": bill.account_number,
        "charges_cents": bill.charges_cents,
        "amount_due_cents": bill.amount_due_cents,
    }


def _of_file(item: PrintedDocument) -> dict[str, Any]:
    return {"file": item.file, "pages": item.pages, "sha256": item.sha256}


def archive(manifest: dict[str, Any], *, contents: Iterable[tuple[str, bytes]]) -> bytes:
    """The archive: the manifest, then each document. Stored, not compressed: the documents are compressed already."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, content in _members(manifest, contents=contents):
            entry = zipfile.ZipInfo(name, date_time=_MOMENT)
            entry.external_attr = _ATTRIBUTES
            entry.create_system = 3  # the same on every system
            file.writestr(entry, content)
    return buffer.getvalue()


def _members(manifest: dict[str, Any], *, contents: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST_NAME, payload_text(manifest).encode()
    yield from contents


def sha256_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()

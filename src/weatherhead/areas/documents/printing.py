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
    """A bill of a print file with its document."""

    bill_id: int
    number: str
    account_number: str
    postal_code: str
    pages: int
    charges_cents: int
    amount_due_cents: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"{self.number}.pdf"


def in_order_of_mail(bills: Iterable[PrintedBill]) -> tuple[PrintedBill, ...]:
    """By number of sheets and postal code, as inserters and the mail want them, then by number."""
    return tuple(sorted(bills, key=lambda item: (item.pages, item.postal_code, item.number)))


def manifest_of(number: str, *, bills: Sequence[PrintedBill], posted_cents: int) -> dict[str, Any]:
    """What a print file holds: each bill with its sums and hash, and the sums of all, which foot to the ledger."""
    return {
        "print_file": number,
        "bills": [
            {
                "sequence": sequence,
                "bill_id": item.bill_id,
                "bill": item.number,
                "account": item.account_number,
                "file": item.file,
                "pages": item.pages,
                "charges_cents": item.charges_cents,
                "amount_due_cents": item.amount_due_cents,
                "sha256": item.sha256,
            }
            for sequence, item in enumerate(bills, 1)
        ],
        "totals": {
            "bills": len(bills),
            "pages": sum(item.pages for item in bills),
            "sheets": sum((item.pages + 1) // 2 for item in bills),
            "charges_cents": sum(item.charges_cents for item in bills),
            "amount_due_cents": sum(item.amount_due_cents for item in bills),
            "posted_cents": posted_cents,
        },
    }


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

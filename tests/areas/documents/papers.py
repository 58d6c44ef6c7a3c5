"""Bills of every kind for the tests of documents, and what stands in a PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject
from tests.core.statements import bills

from weatherhead.areas.documents.frames import bill_frame
from weatherhead.areas.documents.rendering import Rendered, render_bill, render_summary
from weatherhead.areas.records.utility import current_utility
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.statements import (
    BillDocument,
    CancelledBill,
    ChargeLine,
    Message,
    Movement,
    SummaryDocument,
    bill_payload,
    numbered,
    parse_payload,
    parse_summary,
    summary_payload,
)

MANY_LINES = [
    ChargeLine(f"block_{place}", f"Energy, block {place}", f"3 ({place})", "", 100 + place) for place in range(45)
]
LAMP = bills.service(
    lines=[ChargeLine("lamp", "Area light, 100 W", "AL 2", "1 lamp × $9.80", 980)],
    agreement_id=8,
    schedule="AL-1",
    address="Barn behind 1423 Cottonwood St",
    energy_wh=0,
    reads=[],
)
KINDS: dict[str, dict[str, Any]] = {
    "regular": {},
    "first": {"last": None, "movements": [], "history": [], "compared": False, "messages": [Message("first", {})]},
    "final": {"kind": "final", "messages": [Message("final", {"end_on": "2018-07-16"})]},
    "corrected": {
        "kind": "corrected",
        "balance_cents": 4936,
        "movements": [Movement(date(2018, 7, 2), -9064, "payment")],
        "cancelled": CancelledBill("20117201", 14000),
        "messages": [
            Message("corrected", {"number": "20117201", "before_cents": 14000, "after_cents": 13763}),
            Message("estimated", {"meter": "58204117"}),
        ],
    },
    "credit": {"balance_cents": -20_000, "messages": [Message("credit", {"amount_cents": 6237})]},
    "money that waits": {"messages": [Message("waiting", {"amount_cents": 2643})]},
    "nothing to pay": {"balance_cents": -13_763},
    "negative charges": {
        "services": [bills.service(lines=[bills.LINES[0]._replace(amount_cents=-5000, how="")], energy_wh=-40_000)]
    },
    "unmetered": {"services": [LAMP], "history": [], "compared": False},
    "two services": {"services": [bills.service(), LAMP], "compared": False},
    "many lines": {"services": [bills.service(lines=MANY_LINES)]},
    "many movements": {
        "movements": [
            Movement(date(2018, 6, 20) + timedelta(days=place), 100 * (-1) ** place, charge)
            for place, charge in enumerate(["payment", "late_charge", "payment", "meter_test_fee", "no_such_fee"] * 3)
        ]
    },
    "a long name": {
        "customer_name": "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine the Younger, and Concepción Ñíguez",
        "mail": ("W" * 60, "12345 NORTH VERY LONG STREET NAME BOULEVARD APT 12345", "PRAIRIE CITY NE 68900"),
    },
    "signs that no font has": {"customer_name": "王小明 😀"},
    "demand": {"services": [bills.service(demand_w_max=116_500)]},
}


def document(kind: str, *, number: str = "20118734", **changes: Any) -> BillDocument:
    """A bill of a kind."""
    frame = bill_frame(current_utility(), rate_book=rate_book())
    payload = bill_payload(bills.facts(**(KINDS[kind] | changes)), frame=frame)
    return parse_payload(numbered(payload, number=number), frame=frame.body)


def summary(*kinds: str, left_out: tuple[str, ...] = ()) -> SummaryDocument:
    """A summary bill of bills of some kinds, each of another account."""
    frame = bill_frame(current_utility(), rate_book=rate_book())
    on_it = [
        document(kind, number=f"201187{place:02d}", account_number=f"4017226{place:02d}")
        for place, kind in enumerate(kinds, 10)
    ]
    payload = summary_payload(on_it, issued_on=on_it[0].issued_on, left_out=left_out, frame=frame)
    return parse_summary(numbered(payload, number="20118799"), frame=frame.body, bills=on_it)


@cache
def rendered_summary(*kinds: str, left_out: tuple[str, ...] = ()) -> Rendered:
    """Its PDF, made once a run."""
    return render_summary(summary(*kinds, left_out=left_out))


@cache
def rendered(kind: str) -> Rendered:
    """Its PDF, made once a run."""
    return render_bill(document(kind))


def squeezed(text: str) -> str:
    """A text without spaces: a PDF breaks lines where it likes."""
    return "".join(text.split())


@cache
def text_of(content: bytes) -> str:
    """All that a PDF says, without spaces."""
    return squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def structure(content: bytes) -> Iterator[tuple[str, DictionaryObject]]:
    """The tags of a PDF in reading order, each with its element."""
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    yield from _walk(root["/StructTreeRoot"])


def _walk(node: Any) -> Iterator[tuple[str, DictionaryObject]]:
    element = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(element, ArrayObject):
        for child in element:
            yield from _walk(child)
    elif isinstance(element, DictionaryObject):
        if "/S" in element:
            yield str(element["/S"]), element
        if "/K" in element:
            yield from _walk(element["/K"])


def texts_of(view: Any) -> Iterator[str]:
    """Every amount and figure that a view shows outside its words."""
    if isinstance(view, str):
        yield view
    elif isinstance(view, dict):
        for value in view.values():
            yield from texts_of(value)
    elif isinstance(view, list):
        for value in view:
            yield from texts_of(value)

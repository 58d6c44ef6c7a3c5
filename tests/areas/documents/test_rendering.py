"""The PDF of a bill: what the payload says stands in it, tagged, in order, the same every time."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader
from tests.areas.documents.papers import KINDS, document, rendered, squeezed, structure, text_of, texts_of

from weatherhead.areas.documents.rendering import render_bill
from weatherhead.areas.documents.showing import bill_view, money, qr_rows

SHOWN = ("summary", "due", "change", "messages", "more_messages", "services", "meters", "movements", "head", "demands")
LONGEST_PAGE_COUNT = 4


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_and_word_of_the_view_stands_in_the_pdf(kind: str) -> None:
    view = bill_view(document(kind))
    paper = rendered(kind)
    said = text_of(paper.content)
    missing = [text for part in SHOWN for text in texts_of(view[part]) if squeezed(text) not in said]
    assert not missing
    assert view["stub"]["scan_line"] in said
    for bar in (view["usage"] or {"bars": []})["bars"]:
        assert squeezed(bar[1]) in said
    assert paper.pages == len(PdfReader(io.BytesIO(paper.content)).pages)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pdf_is_tagged_titled_and_speaks_a_language(kind: str) -> None:
    content = rendered(kind).content
    reader = PdfReader(io.BytesIO(content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is not None
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert str(reader.metadata.title).endswith("of July 18, 2018, Prairie City Power")
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data()
    tags = [tag for tag, _ in structure(content)]
    assert tags.count("/H1") == 1
    assert not [tag for tag in tags if re.fullmatch("/H[3-6]", tag)]
    assert all("/Alt" in element for tag, element in structure(content) if tag == "/Figure")
    assert tags.count("/Table") == tags.count("/THead") >= 1


def test_the_chart_and_the_code_say_what_they_show() -> None:
    tags = structure(rendered("regular").content)
    figures = [str(element["/Alt"]) for tag, element in tags if tag == "/Figure"]
    assert len(figures) == 2
    assert "Jul ’17: 1,236 kWh" in figures[0]
    assert "Jul ’18: 1,184 kWh" in figures[0]
    assert "https://prairiecity.example/pay/" in figures[1]


def test_the_reading_order_is_that_of_the_sheet() -> None:
    said = text_of(rendered("regular").content)
    places = [
        said.index(squeezed(text))
        for text in (
            "Prairie City Power",
            "MARIA T DELGADO",
            "Your electric bill",
            "Balance on your last bill",
            "Amount due$137.63",
            "Why this bill is $46.99 higher",
            "For your account",
            "Your electricity, kWh a bill",
            "Tear here",
            "Pay without signing in",
            "Amount enclosed",
            "How we worked out your charges",
            "Your meter",
            "Your rights",
            "Talk to us",
        )
    ]
    assert places == sorted(places)


def test_the_same_document_gives_the_same_bytes() -> None:
    first = render_bill(document("regular")).content
    render_bill(document("many lines"))
    assert render_bill(document("regular")).content == first


def test_many_lines_go_on_over_the_page_with_their_headings_again() -> None:
    paper = rendered("many lines")
    assert 2 < paper.pages <= LONGEST_PAGE_COUNT
    pages = [squeezed(page.extract_text()) for page in PdfReader(io.BytesIO(paper.content)).pages]
    assert squeezed(f"Page 2 of {paper.pages}") in pages[1]
    assert squeezed("Charge How Tariff clause Amount") in pages[1]
    assert any(squeezed("Charge How Tariff clause Amount") in page for page in pages[2:])


def test_a_sign_that_no_font_has_does_not_stop_a_bill() -> None:
    assert "Name???" in text_of(rendered("signs that no font has").content)


def test_a_code_is_not_shown_when_nothing_is_owed() -> None:
    view = bill_view(document("credit"))
    assert view["due"] == {"label": "Your credit", "amount": "$62.37", "by": "", "note": "Nothing to pay"}
    assert view["stub"]["qr"] == []
    assert "$62.37" in text_of(rendered("credit").content)


def test_runs_of_a_code_are_its_rows() -> None:
    rows = qr_rows("HTTPS://PRAIRIECITY.EXAMPLE/PAY/7KQ4-XM2T-9B1C")
    assert all(sum(row) == len(rows) and len(row) % 2 == 0 for row in rows)
    assert rows[0][:2] == [7, 1]  # a finder pattern stands in the corner


AMOUNTS = [(13763, "$137.63"), (-9064, "−$90.64"), (0, "$0.00"), (123456789, "$1,234,567.89")]


@pytest.mark.parametrize(("cents", "said"), AMOUNTS)
def test_money_as_people_write_it(cents: int, said: str) -> None:
    assert money(cents) == said
    assert money(1, plus=True) == "+$0.01"

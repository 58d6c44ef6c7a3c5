"""The address stands in the window of the envelope, whatever it is: nothing is printed over its edge."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from pypdf import PdfReader
from tests.areas.documents.papers import KINDS, document, squeezed

from weatherhead.areas.documents.rendering import FONTS, render_bill
from weatherhead.areas.documents.window import fit_window

INCH = 72.0
SHEET_HIGH = 11 * INCH
LEFT, RIGHT, TOP, BOTTOM = 0.625 * INCH, 4.03 * INCH, 2.06 * INCH, 3.43 * INCH
CITY = "PRAIRIE CITY NE 68900"
ADDRESSES: dict[str, tuple[str, ...]] = {
    "sixty letters without a space": ("W" * 60, "1423 COTTONWOOD ST", CITY),
    "sixty narrow letters": ("I" * 60, "1423 COTTONWOOD ST", CITY),
    "a name of two people": (
        "WOLFESCHLEGELSTEINHAUSENBERGERDORFF HUBERT AND CONCEPCION",
        "12345 NORTH VERY LONG STREET NAME BOULEVARD APT 12345",
        CITY,
    ),
    "as long as the records let it be": ("W" * 160, "M" * 160, f"{'Q' * 80} NE 68900-1234"),
}


@cache
def _metrics() -> tuple[dict[int, str], Any, int]:
    font = TTFont(FONTS / "PublicSans-Regular.ttf")
    return font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm


def _ends_at(text: str, *, x: float, size: float) -> float:
    """Where a text that begins at `x` ends, by the font's own widths."""
    names, widths, em = _metrics()
    return x + sum(widths[names[ord(sign)]][0] for sign in text) * size / em


def _placed(content: bytes) -> Iterator[tuple[str, float, float, float]]:
    """Every text of the first page: what, from the left, from the top, and its size."""
    found: list[tuple[str, float, float, float]] = []

    def visit(text: str, page: Any, matrix: Any, _: Any, size: float) -> None:
        x = matrix[4] * page[0] + page[4]
        y = matrix[5] * page[3] + page[5]
        found.append((text.strip(), x, SHEET_HIGH - y, size * abs(matrix[3] * page[3])))

    PdfReader(io.BytesIO(content)).pages[0].extract_text(visitor_text=visit)
    yield from (item for item in found if item[0])


@pytest.mark.parametrize("mail", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_stands_in_the_window(mail: tuple[str, ...]) -> None:
    placed = list(_placed(render_bill(document("regular", mail=mail)).content))
    fitted = fit_window(mail)
    lines = {squeezed(line) for line in fitted.lines}
    told = [
        item for item in placed if squeezed(item[0]) in lines and item[1] < RIGHT and TOP < item[2] < SHEET_HIGH / 2
    ]
    assert len(told) >= len(lines)
    for text, x, baseline, size in told:
        assert abs(size - fitted.size) < 0.01
        assert x >= LEFT - 0.1
        assert _ends_at(text, x=x, size=size) <= RIGHT
        assert baseline - size >= TOP
        assert baseline + size / 4 <= BOTTOM
    # And: nothing else stands where the window can travel.
    others = [item[0] for item in placed if item not in told and item[1] < 4.94 * INCH and TOP < item[2] < BOTTOM]
    assert others == []


def test_an_address_of_common_length_keeps_its_lines_and_its_size() -> None:
    mail = document("regular").mail
    assert fit_window(mail).lines == mail
    assert fit_window(mail).size == 10.5


def test_what_fits_at_no_size_keeps_the_city() -> None:
    mail = ADDRESSES["as long as the records let it be"]
    assert fit_window(mail).lines[-1].endswith("68900-1234")


def test_a_long_name_of_the_tests_is_one_of_these() -> None:
    assert fit_window(KINDS["a long name"]["mail"]).size < 10.5

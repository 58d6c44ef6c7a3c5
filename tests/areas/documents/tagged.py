"""A PDF read as a screen reader does: its structure tree in order, with the text of each marked piece."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NumberObject
from tests.areas.documents.papers import squeezed

HEADINGS = ("H1", "H2", "H3", "H4", "H5", "H6")


@dataclass(kw_only=True)
class Element:
    """An element of the tree: its tag, what it says itself, its alternative text, and what it holds."""

    tag: str
    said: str = ""
    alt: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """It and everything in it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def text(self) -> str:
        """Everything that it says, without spaces."""
        return squeezed("".join(item.said for item in self.walk()))

    def all(self, *tags: str) -> list[Element]:
        """The elements of some tags in it, in reading order."""
        return [item for item in self.walk() if item.tag in tags]


@cache
def tree_of(content: bytes) -> Element:
    """The tree of a PDF, with the marked text of all pages put into it."""
    reader = PdfReader(io.BytesIO(content))
    marked = {page.indirect_reference.idnum: _marked(page, reader) for page in reader.pages}
    root = Element(tag="Root")
    _fill(root, reader.trailer["/Root"]["/StructTreeRoot"]["/K"], page=0, marked=marked)
    left = [text for pieces in marked.values() for text in pieces.values() if text]
    assert not left, "marked text that the tree does not reach"
    return root


def _fill(into: Element, node: Any, *, page: int, marked: dict[int, dict[int, str]]) -> None:
    found = node.get_object()
    if isinstance(found, NumberObject):
        into.children.append(Element(tag="Text", said=marked[page].pop(int(found))))
    elif isinstance(found, ArrayObject):
        for item in found:
            _fill(into, item, page=page, marked=marked)
    elif isinstance(found, DictionaryObject):
        here = found.raw_get("/Pg").idnum if "/Pg" in found else page
        if found.get("/Type") == "/MCR":
            into.children.append(Element(tag="Text", said=marked[here].pop(int(found["/MCID"]))))
        elif found.get("/Type") != "/OBJR":
            kind = Element(tag=str(found["/S"])[1:], alt=str(found.get("/Alt", "")))
            for item in found.get("/A", ()):
                kind.attributes |= dict(item.get_object())
            into.children.append(kind)
            if "/K" in found:
                _fill(kind, found["/K"], page=here, marked=marked)


def _marked(page: Any, reader: PdfReader) -> dict[int, str]:
    """The text of each marked piece of a page. Text that is neither marked nor an artifact is an error."""
    fonts = {str(name): _signs(font.get_object()) for name, font in page["/Resources"].get("/Font", {}).items()}
    said: dict[int, str] = {}
    inside: list[int | None] = []
    signs: dict[bytes, str] = {}
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator in (b"BDC", b"BMC"):
            mark = (
                operands[1].get("/MCID") if operator == b"BDC" and isinstance(operands[1], DictionaryObject) else None
            )
            inside.append(None if mark is None else int(mark))
            if mark is not None:
                said.setdefault(int(mark), "")
        elif operator == b"EMC":
            inside.pop()
        elif operator == b"Tf":
            signs = fonts[str(operands[0])]
        elif operator in (b"TJ", b"Tj"):
            assert inside, "text stands outside of every mark"
            pieces = operands[0] if operator == b"TJ" else operands
            shown = b"".join(item.original_bytes for item in pieces if not isinstance(item, int | float))
            text = "".join(signs[shown[place : place + 2]] for place in range(0, len(shown), 2))
            if inside[-1] is not None:
                said[inside[-1]] += text
    return said


def _signs(font: DictionaryObject) -> dict[bytes, str]:
    """What each code of a font means, from its map to Unicode."""
    text = font["/ToUnicode"].get_object().get_data().decode("ascii")
    found: dict[bytes, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, meant in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[bytes.fromhex(code)] = bytes.fromhex(meant).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, meant in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for step in range(int(last, 16) - int(first, 16) + 1):
                sign = int(meant, 16) + step
                found[(int(first, 16) + step).to_bytes(2, "big")] = chr(sign)
    return found


def outline_of(tree: Element) -> list[tuple[str, str]]:
    """Headings, headers of columns and figures of a tree, in reading order."""
    found = []
    for item in tree.walk():
        if item.tag in (*HEADINGS, "TH") and item.text:
            found.append((item.tag, item.text))
        elif item.tag == "Figure":
            found.append(("Figure", ""))
    return found


class _Page(HTMLParser):
    """Headings, headers of columns and pictures of a sheet on a page; its chart is a table, and counts as a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.text = ""
        self._said: list[str] | None = None
        self._in_chart = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        given = dict(attrs)
        if tag == "table" and given.get("class") == "paper__chart":
            self._in_chart = True
            self.found.append(("Figure", ""))
        elif given.get("role") == "img":
            self.found.append(("Figure", ""))
        elif tag.upper() in HEADINGS or (tag == "th" and given.get("scope") == "col" and not self._in_chart):
            self._said = []

    def handle_endtag(self, tag: str) -> None:
        """Note what ends."""
        if tag == "table":
            self._in_chart = False
        if self._said is not None and (tag.upper() in HEADINGS or tag == "th"):
            self.found.append(("TH" if tag == "th" else tag.upper(), squeezed("".join(self._said))))
            self._said = None

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data
        if self._said is not None:
            self._said.append(data)


def page_of(content: bytes) -> tuple[list[tuple[str, str]], str]:
    """The outline of the sheet on a page, and its whole text without spaces."""
    page = _Page()
    page.feed(content.decode().partition('<article class="paper"')[2].partition("</article>")[0].partition(">")[2])
    return page.found, squeezed(page.text)

"""From a document to PDF/UA-1 with typst: one compiler a process, data in the source text, the same bytes every time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from importlib.metadata import version
from pathlib import Path

import typst

from weatherhead.areas.documents.showing import View, bill_view
from weatherhead.core.statements import BillDocument

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "typst"
FONTS = HERE / "fonts"
TEMPLATES_VERSION = 1
"""Raise it with every change of the templates: a kept document says what rendered it."""

_STANDARD = "ua-1"
_PAGE_MARK = b"/Type/Page/"


class RenderingFailed(Exception):
    """Typst could not set a document: a bug of the templates, with typst's message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A PDF."""

    content: bytes
    pages: int


def renderer_name() -> str:
    """What renders, with versions, as kept with each document."""
    return f"typst {version('typst')}, templates {TEMPLATES_VERSION}"


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(root=TEMPLATES, font_paths=[FONTS], ignore_system_fonts=True)


def render_bill(document: BillDocument) -> Rendered:
    """The PDF of a bill. Equal documents give equal bytes: the time in the file is noon of the day of issue.

    Raises:
        RenderingFailed: with what typst said.
    """
    issued_at = datetime.combine(document.issued_on, time(12), tzinfo=UTC)
    return render("bill", view=bill_view(document), at=issued_at)


def render(template: str, *, view: View, at: datetime) -> Rendered:
    """Set a view with the template's function of the same name."""
    data = json.dumps(json.dumps(view, ensure_ascii=False, separators=(",", ":")), ensure_ascii=False)
    source = f'#import "/{template}.typ": {template}\n#{template}(json(bytes({data})))\n'
    try:
        content = _compiler().compile(source.encode(), pdf_standards=[_STANDARD], timestamp=at)
    except typst.TypstError as error:
        raise RenderingFailed(error.message) from None  # its diagnostic quotes the data, which no log may hold
    if not isinstance(content, bytes):
        raise RenderingFailed(f"typst gave {type(content).__name__} instead of a file")
    return Rendered(content=content, pages=content.count(b"/Type/Page/") or content.count(b"/Type /Page\n"))

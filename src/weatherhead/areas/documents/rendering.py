"""From a document to PDF/UA-1 with typst: one compiler a frame, the data in the source, the same bytes every time."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import typst

from weatherhead.areas.documents.drawing import code_drawing, steps_drawing, usage_drawing
from weatherhead.areas.documents.showing import View, bill_view
from weatherhead.areas.documents.showing_statement import statement_view
from weatherhead.areas.documents.showing_summary import summary_view
from weatherhead.core.statements import BillDocument, PreparedDocument, SummaryDocument

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "typst"
FONTS = HERE / "fonts"
TEMPLATES_VERSION = 5
"""Raise it with every change of the templates: a kept document says what rendered it."""

# Bills are shared out over processes; typst's own threads, which start with its first bill, would only hand two pages
# to and fro.
os.environ.setdefault("RAYON_NUM_THREADS", "1")

_STANDARD: Literal["ua-1"] = "ua-1"
_SHARED = ("words", "utility", "paragraphs", "language_line")  # the view's parts that come from the frame as they are
_FRAMES_AT_HAND = 4
_PAGES_OF_MOST = 2  # which the template may take for granted; a bill of more is set again
_PAGE_MARK = b"/Type/Page/"
_UNSETTABLE = re.compile(r'the text `"(?P<text>[^"`]+)"` could not be displayed')
_QUOTED = re.compile(r'"[^"]*"')
_SIGNS_REPLACED_MAX = 60


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
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


@lru_cache(maxsize=_FRAMES_AT_HAND)
def _compiler(frame: str, /) -> typst.Compiler:
    """A compiler for the bills of a frame: what they share reaches the templates once, not with each bill."""
    return typst.Compiler(root=TEMPLATES, font_paths=_fonts(), sys_inputs={"frame": frame})


def render_bill(document: BillDocument) -> Rendered:
    """The PDF of a bill. Equal documents give equal bytes: the time in the file is noon of the day of issue.

    Raises:
        RenderingFailed: with what typst said.
    """
    issued_at = _noon(document.issued_on)
    view = bill_view(document)
    view |= {"drawings": _drawings(view)}
    rendered = render("bill", view=view | {"long": False}, at=issued_at)
    if rendered.pages == _PAGES_OF_MOST:
        return rendered
    return render("bill", view=view | {"long": True}, at=issued_at)


def render_summary(document: SummaryDocument) -> Rendered:
    """The PDF of a summary bill, the same bytes every time.

    Raises:
        RenderingFailed: with what typst said.
    """
    view = summary_view(document)
    code = code_drawing(view["stub"]["qr"]) if view["stub"]["qr"] else None
    return render("summary-bill", view=view | {"drawings": {"code": code}}, at=_noon(document.issued_on))


def render_letter(view: View, *, prepared_on: date) -> Rendered:
    """The PDF of a letter, the same bytes every time.

    Raises:
        RenderingFailed: with what typst said.
    """
    return render("letter", view=view, at=_noon(prepared_on))


def render_statement(document: PreparedDocument) -> Rendered:
    """The PDF of a billing summary, the same bytes every time.

    Raises:
        RenderingFailed: with what typst said.
    """
    view = statement_view(document)
    drawing = usage_drawing(view["chart"]["bars"]) if view["chart"] else None
    return render("statement", view=view | {"drawings": {"usage": drawing}}, at=_noon(document.prepared_on))


def _noon(day: date, /) -> datetime:
    return datetime.combine(day, time(12), tzinfo=UTC)


def _drawings(view: View) -> dict[str, str | None]:
    return {
        "code": code_drawing(view["stub"]["qr"]) if view["stub"]["qr"] else None,
        "change": steps_drawing(view["change"]["rows"]) if view["change"] else None,
        "usage": usage_drawing(view["usage"]["bars"]) if view["usage"] else None,
    }


def render(template: str, *, view: View, at: datetime) -> Rendered:
    """Set a view with the template's function of the same name.

    A sign that no font has (a name in Chinese) is set as "?": the mail is in Latin letters, and the page has the sign.

    Raises:
        RenderingFailed: with what typst said.
    """
    frame = _json({name: view[name] for name in _SHARED})
    data = _json({name: value for name, value in view.items() if name not in _SHARED})
    for _ in range(_SIGNS_REPLACED_MAX):
        try:
            return _set(template, frame=frame, data=data, at=at)
        except typst.TypstError as error:
            unknown = _UNSETTABLE.search(error.message)
            if unknown is None or unknown["text"] not in frame + data:
                # Its diagnostic quotes the data, which no log may hold.
                raise RenderingFailed(_QUOTED.sub("…", error.message)) from None
            marks = "?" * len(unknown["text"])
            frame, data = frame.replace(unknown["text"], marks), data.replace(unknown["text"], marks)
    raise RenderingFailed("too many signs that no font has")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _set(template: str, *, frame: str, data: str, at: datetime) -> Rendered:
    source = (
        f'#import "/{template}.typ": {template}\n#{template}(json(bytes({json.dumps(data, ensure_ascii=False)})))\n'
    )
    content = _compiler(frame).compile(source.encode(), pdf_standards=[_STANDARD], timestamp=at)
    if not isinstance(content, bytes):
        raise RenderingFailed(f"typst gave {type(content).__name__} instead of a file")
    return Rendered(content=content, pages=content.count(_PAGE_MARK))

"""From a document to PDF/UA-1 with typst: one compiler a process, the data in the source, the same bytes every time."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typst

from weatherhead.areas.documents.showing import View, bill_view
from weatherhead.core.statements import BillDocument

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "typst"
FONTS = HERE / "fonts"
TEMPLATES_VERSION = 1
"""Raise it with every change of the templates: a kept document says what rendered it."""

_STANDARD: Literal["ua-1"] = "ua-1"
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
    """Set a view with the template's function of the same name.

    A sign that no font has (a name in Chinese) is set as "?": the mail is in Latin letters, and the page has the sign.

    Raises:
        RenderingFailed: with what typst said.
    """
    data = json.dumps(view, ensure_ascii=False, separators=(",", ":"))
    for _ in range(_SIGNS_REPLACED_MAX):
        try:
            return _set(template, data=data, at=at)
        except typst.TypstError as error:
            unknown = _UNSETTABLE.search(error.message)
            if unknown is None or unknown["text"] not in data:
                # Its diagnostic quotes the data, which no log may hold.
                raise RenderingFailed(_QUOTED.sub("…", error.message)) from None
            data = data.replace(unknown["text"], "?" * len(unknown["text"]))
    raise RenderingFailed("too many signs that no font has")


def _set(template: str, *, data: str, at: datetime) -> Rendered:
    source = (
        f'#import "/{template}.typ": {template}\n#{template}(json(bytes({json.dumps(data, ensure_ascii=False)})))\n'
    )
    content = _compiler().compile(source.encode(), pdf_standards=[_STANDARD], timestamp=at)
    if not isinstance(content, bytes):
        raise RenderingFailed(f"typst gave {type(content).__name__} instead of a file")
    return Rendered(content=content, pages=content.count(_PAGE_MARK))

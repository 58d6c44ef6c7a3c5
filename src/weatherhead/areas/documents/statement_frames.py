"""The frame of billing summaries: the utility's block and the words, in the language of the reader."""

from __future__ import annotations

from django.utils.translation import get_language, gettext

from weatherhead.areas.documents.frames import remember_frame, utility_block
from weatherhead.areas.documents.statement_wording import STATEMENT_WORDS
from weatherhead.areas.documents.texts import bill_texts
from weatherhead.areas.documents.wording import WORDS
from weatherhead.areas.records.utility import Utility
from weatherhead.core.statements import PREPARED_LAYOUT, Frame

_latest: dict[str, tuple[Utility, Frame]] = {}


def statement_frame(utility: Utility) -> Frame:
    """The frame of summaries made now. Made once a language, and again when the utility's file changed."""
    language = (get_language() or "en").partition("-")[0]
    known = _latest.get(language)
    if known is not None and known[0] is utility:
        return known[1]
    texts = bill_texts(utility)
    frame = Frame.of(
        {
            "layout": PREPARED_LAYOUT,
            "language": language,
            "utility": utility_block(utility, texts=texts),
            "language_line": [texts.language_line_language, texts.language_line],
            "account_groups": list(utility.account_number.groups),
            "captions": [],
            "words": {name: gettext(text) for name, text in {**WORDS, **STATEMENT_WORDS}.items()},
            "paragraphs": {"words": [], "rights": []},
        }
    )
    _latest[language] = (utility, frame)
    remember_frame(frame)
    return frame

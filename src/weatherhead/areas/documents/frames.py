"""The frame of bills: the utility's block, the captions of its tariffs and the words, in the language of the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from weatherhead.areas.documents.texts import BillTexts, bill_texts
from weatherhead.areas.documents.wording import MESSAGES, WORDS
from weatherhead.areas.records.utility import Utility
from weatherhead.areas.tariffs.queries import ScheduleFacts
from weatherhead.core.rating import Schedule
from weatherhead.core.rating.schedule import EnergyCharge
from weatherhead.core.statements import LAYOUT, Frame

_FRAMES_REMEMBERED = 8
_made: dict[str, Frame] = {}
_latest: dict[str, tuple[Utility, Mapping[str, ScheduleFacts], Frame]] = {}


def bill_frame(utility: Utility, *, rate_book: Mapping[str, ScheduleFacts]) -> Frame:
    """The frame of bills made now. Made once, and again when the utility's file or its rate book changed."""
    language = (get_language() or "en").partition("-")[0]
    known = _latest.get(language)
    if known is not None and known[0] is utility and known[1] is rate_book:
        return known[2]
    frame = Frame.of(_body(utility, texts=bill_texts(utility), rate_book=rate_book, language=language))
    _latest[language] = (utility, rate_book, frame)
    remember_frame(frame)
    return frame


def remember_frame(frame: Frame) -> None:
    """Keep a frame at hand for payloads that name it; the oldest goes."""
    _made[frame.sha256] = frame
    while len(_made) > _FRAMES_REMEMBERED:
        del _made[next(iter(_made))]


def made_frame(sha256: str) -> Frame:
    """A frame that this process made.

    Raises:
        KeyError: it made none of that hash.
    """
    return _made[sha256]


def find_made_frame(sha256: str) -> Frame | None:
    """A frame that this process made, or None."""
    return _made.get(sha256)


def _body(
    utility: Utility, *, texts: BillTexts, rate_book: Mapping[str, ScheduleFacts], language: str
) -> dict[str, Any]:
    return {
        "layout": LAYOUT,
        "language": language,
        "utility": utility_block(utility, texts=texts),
        "pay_url": texts.pay_url,
        "language_line": [texts.language_line_language, texts.language_line],
        "account_groups": list(utility.account_number.groups),
        "schedules": {code: facts.schedule.name for code, facts in sorted(rate_book.items())},
        "captions": [
            list(caption)
            for caption in sorted({item for facts in rate_book.values() for item in captions(facts.schedule)})
        ],
        "words": {name: gettext(text) for name, text in WORDS.items()},
        "messages": {code: [gettext(title), gettext(text)] for code, (title, text) in MESSAGES.items()},
        "paragraphs": {
            "words": [[item.title, item.text] for item in texts.words],
            "rights": [[item.title, item.text] for item in texts.rights],
        },
    }


def utility_block(utility: Utility, *, texts: BillTexts) -> dict[str, Any]:
    """Who the utility is and how it is reached, as every document says it."""
    address = utility.address
    return {
        "name": utility.name,
        "fictional": utility.fictional,
        "phone": utility.phone,
        "phone_pay": texts.phone_pay,
        "emergency_phone": utility.emergency_phone,
        "email": utility.email,
        "hours": texts.hours,
        "web": texts.web,
        "address": [address.street, f"{address.city}, {address.state} {address.postal_code}"],
        "remit_to": list(texts.remit_to) or _remit_to(utility),
    }


def _remit_to(utility: Utility) -> list[str]:
    address = utility.address
    return [
        line.upper() for line in (utility.name, address.street, f"{address.city} {address.state} {address.postal_code}")
    ]


def captions(schedule: Schedule) -> Iterator[tuple[str, str, str]]:
    """What lines of a schedule may be called: code, label and clause, as the proof of a line chooses them."""
    for version in schedule.versions:
        for charge in version.charges:
            if not isinstance(charge, EnergyCharge):
                yield charge.code, charge.label, charge.clause
                continue
            for block in (block for tier in charge.tiers for block in tier.blocks):
                yield charge.code, block.label or charge.label, block.clause or charge.clause

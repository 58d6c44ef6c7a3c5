"""The fields of a read as people and files write them. Pure; the same words for a form and for a file."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from weatherhead.areas.metering.usage import DIALS_MAX, READ_KINDS, ReadKind
from weatherhead.core.values import YEARS, Refusal, gettext_noop

SERIAL_LENGTH_MAX = 40
NOTE_LENGTH_MAX = 500
DEMAND_KW_MAX = 1_000_000

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_SHORTENED = re.compile(r"[+-]?\d+([.,]\d+)?[eE][+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"\d+\.\d*|\.\d+", re.ASCII)
_DEMAND = re.compile(r"\d+(\.\d+)?", re.ASCII)
_WHOLE_DECIMALS_MAX = 3  # whole watts


class DayMissing(Refusal):
    """No date."""

    template = gettext_noop("The date is missing. Write it as 2026-11-19.")


class DayNotUnderstood(Refusal):
    """A date in another order, or no date at all."""

    template = gettext_noop("%(text)s is not a date as expected. Write year, month and day: 2026-11-19.")


class DayImpossible(Refusal):
    """A date that no calendar has."""

    template = gettext_noop("There is no %(text)s in the calendar. Check the date.")


class DayOfAnotherAge(Refusal):
    """A year that no record here reaches back or forward to: a digit is wrong."""

    template = gettext_noop("%(text)s lies before 1900 or after 2199. Check the year.")


class KindUnknown(Refusal):
    """A kind of read that does not exist."""

    template = gettext_noop("%(text)s is no kind of read. Write one of: %(kinds)s.")


class ReadingMissing(Refusal):
    """No reading."""

    template = gettext_noop("The reading is missing. Write the digits of the dial.")


class ReadingNegative(Refusal):
    """A reading below zero."""

    template = gettext_noop("A dial cannot show %(text)s. Write its digits without a sign.")


class ReadingNotWhole(Refusal):
    """A reading with a decimal point."""

    template = gettext_noop("%(text)s has a decimal point. Write the whole digits of the dial only.")


class NumberShortened(Refusal):
    """Scientific notation: a spreadsheet has dropped digits."""

    template = gettext_noop(
        "A spreadsheet has shortened this number to %(text)s and digits are lost. Take it from the original, "
        "and format the column as text."
    )


class ReadingNotUnderstood(Refusal):
    """A reading that is no number."""

    template = gettext_noop("%(text)s is not a reading. Write the digits of the dial, without commas or spaces: 45210.")


class ReadingTooLong(Refusal):
    """More digits than any dial."""

    template = gettext_noop("%(text)s has more digits than any dial (%(most)s). Check the reading.")


class DemandNotUnderstood(Refusal):
    """A demand that is no number of kilowatts."""

    template = gettext_noop(
        "%(text)s is not a demand in kW. Write it as 41.25, with at most three decimals, or leave it empty."
    )


class DemandTooLarge(Refusal):
    """More than any service takes."""

    template = gettext_noop("%(text)s kW is more than any service takes (%(most)s kW). Check whether it is in watts.")


class SerialMissing(Refusal):
    """No meter."""

    template = gettext_noop("The meter's serial number is missing.")


class SerialTooLong(Refusal):
    """Longer than any serial number."""

    template = gettext_noop("A serial number has at most %(most)s characters. Check the meter's number.")


class NoteTooLong(Refusal):
    """More than a note."""

    template = gettext_noop("The note has %(length)s characters; at most %(most)s are kept. Shorten it.")


def code_of(refusal: Refusal) -> str:
    """The refusal's name as reports write it: ReadingNotWhole gives "reading_not_whole"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", refusal.code).lower()


def parse_serial(text: str) -> str:
    """A meter's serial number.

    Raises:
        SerialMissing, SerialTooLong, NumberShortened.
    """
    if not text:
        raise SerialMissing
    if len(text) > SERIAL_LENGTH_MAX:
        raise SerialTooLong(most=SERIAL_LENGTH_MAX)
    if _SHORTENED.fullmatch(text) and ("+" in text or "." in text or "," in text):  # 12E34 may be a serial number
        raise NumberShortened(text=text)
    return text


def parse_day(text: str) -> date:
    """A local date written 2026-11-19, and in no other way: 11/12/2026 means two different days.

    Raises:
        DayMissing, DayNotUnderstood, DayImpossible, DayOfAnotherAge.
    """
    if not text:
        raise DayMissing
    found = _DAY.fullmatch(text)
    if found is None:
        raise DayNotUnderstood(text=text)
    try:
        on = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError as error:
        raise DayImpossible(text=text) from error
    if on.year not in YEARS:
        raise DayOfAnotherAge(text=text)
    return on


def parse_kind(text: str) -> ReadKind:
    """A kind of read, in lower case.

    Raises:
        KindUnknown: with the kinds there are.
    """
    for kind in READ_KINDS:
        if kind == text:
            return kind
    raise KindUnknown(text=text or "–", kinds=", ".join(READ_KINDS))


def parse_reading(text: str) -> int:
    """The digits of a dial.

    Raises:
        ReadingMissing, ReadingNegative, ReadingNotWhole, NumberShortened, ReadingNotUnderstood, ReadingTooLong.
    """
    if not text:
        raise ReadingMissing
    if _DIGITS.fullmatch(text):
        if len(text.lstrip("0")) > DIALS_MAX:
            raise ReadingTooLong(text=text, most=DIALS_MAX)
        return int(text)
    if _SHORTENED.fullmatch(text):
        raise NumberShortened(text=text)
    if text[0] in "-−" and text[1:2].isdigit():
        raise ReadingNegative(text=text)
    if _DECIMAL.fullmatch(text):
        raise ReadingNotWhole(text=text)
    raise ReadingNotUnderstood(text=text)


def parse_demand_w(text: str) -> int | None:
    """The highest demand in W from kW as text, multiplier applied; None when empty.

    Raises:
        DemandNotUnderstood, DemandTooLarge, NumberShortened.
    """
    if not text:
        return None
    if _SHORTENED.fullmatch(text):
        raise NumberShortened(text=text)
    if not _DEMAND.fullmatch(text) or len(text.partition(".")[2]) > _WHOLE_DECIMALS_MAX:
        raise DemandNotUnderstood(text=text)
    kilowatts = Decimal(text)
    if kilowatts > DEMAND_KW_MAX:
        raise DemandTooLarge(text=text, most=f"{DEMAND_KW_MAX:,}")
    return int(kilowatts * 1000)


def parse_note(text: str) -> str:
    """A note.

    Raises:
        NoteTooLong.
    """
    if len(text) > NOTE_LENGTH_MAX:
        raise NoteTooLong(length=len(text), most=NOTE_LENGTH_MAX)
    return text

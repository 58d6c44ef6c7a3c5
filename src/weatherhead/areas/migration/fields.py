"""The fields of a migration set: text as it stands in a file, into the value that is stored, or a refusal. Pure.

Dates stay ISO text and amounts become whole cents: the shape in which a shard is copied into the database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from weatherhead.areas.customers.contacts import email_address, phone_number
from weatherhead.areas.metering.fields import (
    NumberShortened,
    parse_day,
    parse_demand_w,
    parse_kind,
    parse_reading,
    parse_serial,
)
from weatherhead.areas.metering.usage import MULTIPLIER_MAX
from weatherhead.core.values import LARGEST_AMOUNT_CENTS, Refusal, gettext_noop

KEY_LENGTH_MAX = 40
Value = str | int | None
Parse = Callable[[str], Value]

_SHORTENED = re.compile(r"[+-]?\d+([.,]\d+)?[eE]\+\d+", re.ASCII)
_AMOUNT = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2}))?", re.ASCII)
_MANY_DECIMALS = re.compile(r"-?\d+\.\d{3,}", re.ASCII)
_ENERGY = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,3}))?", re.ASCII)
_MULTIPLIER = re.compile(r"\d{1,8}(\.\d{1,3})?", re.ASCII)
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2}")
_STATE = re.compile(r"[A-Z]{2}")
_POSTAL_CODE = re.compile(r"\d{5}(-\d{4})?", re.ASCII)
_CHARGE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_OPTION = re.compile(r"([a-z][a-z0-9_]*)=([^=;]+)", re.ASCII)
_CHARGE_LENGTH_MAX = 40


class FieldMissing(Refusal):
    """A field that is needed is empty."""

    template = gettext_noop("Is empty, and is needed. Fill it in.")


class KeyTooLong(Refusal):
    """More characters than a key has."""

    template = gettext_noop("A key has at most %(most)s characters; this has %(length)s. Shorten it in every file.")


class TextTooLong(Refusal):
    """More characters than the field holds."""

    template = gettext_noop("Has %(length)s characters; at most %(most)s are kept. Shorten it.")


class ChoiceUnknown(Refusal):
    """None of the words that the field takes."""

    template = gettext_noop("%(text)s is none of: %(choices)s.")


class AmountNotDollars(Refusal):
    """No amount of money."""

    template = gettext_noop("%(text)s is not an amount. Write dollars and cents without commas: 1234.50.")


class AmountTooFine(Refusal):
    """Parts of a cent."""

    template = gettext_noop("%(text)s has more than two decimals. Round it as the old system's own total does.")


class AmountNotAboveZero(Refusal):
    """Nothing, or less."""

    template = gettext_noop("%(text)s is not above zero. Leave the row out if there is nothing.")


class EnergyNotUnderstood(Refusal):
    """No energy."""

    template = gettext_noop(
        "%(text)s is not a number of kWh. Write it as 1397 or 1397.25, with at most three decimals."
    )


class MultiplierNotUnderstood(Refusal):
    """No multiplier."""

    template = gettext_noop(
        "%(text)s is not a multiplier. Write a number above zero and at most 1,000,000, with at most three decimals: "
        "1 or 40."
    )


class CountOutside(Refusal):
    """A number outside its limits."""

    template = gettext_noop("%(text)s is not a whole number from %(least)s to %(most)s.")


class LanguageUnknown(Refusal):
    """No language code."""

    template = gettext_noop("%(text)s is not a language code of two letters, such as en or es.")


class StateNotUnderstood(Refusal):
    """No state."""

    template = gettext_noop("%(text)s is not a state. Write its two capital letters, such as NE.")


class PostalCodeNotUnderstood(Refusal):
    """No ZIP code."""

    template = gettext_noop(
        "%(text)s is not a ZIP code. Write five digits, or nine with a hyphen; a spreadsheet may have dropped zeros."
    )


class ChargeNotNamed(Refusal):
    """A charge with capitals, spaces or signs."""

    template = gettext_noop("%(text)s does not name a charge. Write it in lower_snake_case: bill, late_charge.")


class OptionsNotUnderstood(Refusal):
    """No list of options."""

    template = gettext_noop("%(text)s is not a list of options. Write name=value, separated by semicolons.")


def parse_key(text: str) -> str:
    """A key of the old system.

    Raises:
        FieldMissing, KeyTooLong, NumberShortened.
    """
    if not text:
        raise FieldMissing
    if len(text) > KEY_LENGTH_MAX:
        raise KeyTooLong(length=len(text), most=KEY_LENGTH_MAX)
    if _SHORTENED.fullmatch(text):
        raise NumberShortened(text=text)
    return text


@lru_cache(maxsize=65_536)
def day(text: str) -> str:
    """A local date, as ISO text.

    Raises:
        DayMissing, DayNotUnderstood, DayImpossible, DayOfAnotherAge.
    """
    return parse_day(text).isoformat()


def amount_cents(text: str) -> int:
    """Dollars with at most two decimals, in cents.

    Raises:
        FieldMissing, AmountTooFine, NumberShortened, AmountNotDollars.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        if not text:
            raise FieldMissing
        if _MANY_DECIMALS.fullmatch(text):
            raise AmountTooFine(text=text)
        if _SHORTENED.fullmatch(text):
            raise NumberShortened(text=text)
        raise AmountNotDollars(text=text)
    cents = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    if cents > LARGEST_AMOUNT_CENTS:
        raise AmountNotDollars(text=text)
    return -cents if found[1] else cents


def amount_above_zero(text: str) -> int:
    """An amount above zero, in cents.

    Raises:
        AmountNotAboveZero, and those of `amount_cents`.
    """
    cents = amount_cents(text)
    if cents <= 0:
        raise AmountNotAboveZero(text=text)
    return cents


def energy_wh(text: str) -> int:
    """Energy in Wh from kWh.

    Raises:
        FieldMissing, NumberShortened, EnergyNotUnderstood.
    """
    found = _ENERGY.fullmatch(text)
    if found is None:
        if not text:
            raise FieldMissing
        if _SHORTENED.fullmatch(text):
            raise NumberShortened(text=text)
        raise EnergyNotUnderstood(text=text)
    wh = int(found[2]) * 1000 + int((found[3] or "").ljust(3, "0"))
    return -wh if found[1] else wh


def multiplier(text: str) -> str:
    """A meter's multiplier, as plain text.

    Raises:
        MultiplierNotUnderstood.
    """
    if not _MULTIPLIER.fullmatch(text) or not 0 < Decimal(text) <= MULTIPLIER_MAX:
        raise MultiplierNotUnderstood(text=text or "–")
    return text.rstrip("0").rstrip(".") if "." in text else text.lstrip("0")


def postal_code(text: str) -> str:
    """A ZIP code.

    Raises:
        PostalCodeNotUnderstood.
    """
    if not _POSTAL_CODE.fullmatch(text):
        raise PostalCodeNotUnderstood(text=text or "–")
    return text


def state(text: str) -> str:
    """A state's two letters.

    Raises:
        StateNotUnderstood.
    """
    if not _STATE.fullmatch(text):
        raise StateNotUnderstood(text=text or "–")
    return text


def language(text: str) -> str:
    """A language code.

    Raises:
        LanguageUnknown.
    """
    if not _LANGUAGE.fullmatch(text):
        raise LanguageUnknown(text=text)
    return text


def charge(text: str) -> str:
    """What an open item is for.

    Raises:
        ChargeNotNamed.
    """
    if len(text) > _CHARGE_LENGTH_MAX or not _CHARGE.fullmatch(text):
        raise ChargeNotNamed(text=text or "–")
    return text


@lru_cache(maxsize=4096)
def options(text: str) -> str:
    """An agreement's options as JSON text.

    Raises:
        OptionsNotUnderstood.
    """
    pairs = [_OPTION.fullmatch(part.strip()) for part in text.split(";")]
    found = {pair[1]: pair[2].strip() for pair in pairs if pair is not None}
    if len(found) != len(pairs):
        raise OptionsNotUnderstood(text=text)
    return json.dumps(found, sort_keys=True)


def choice(*choices: str) -> Parse:
    """One of some words."""
    known = {word: word for word in choices}

    def parse(text: str) -> str:
        try:
            return known[text]
        except KeyError:
            raise ChoiceUnknown(text=text or "–", choices=", ".join(choices)) from None

    return parse


_YES_NO = {"yes": 1, "no": 0}


def yes_no(text: str) -> int:
    """Yes or no, as 1 or 0.

    Raises:
        ChoiceUnknown.
    """
    try:
        return _YES_NO[text]
    except KeyError:
        raise ChoiceUnknown(text=text or "–", choices="yes, no") from None


def count(least: int, most: int) -> Parse:
    """A whole number between two limits."""

    def parse(text: str) -> int:
        if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
            raise CountOutside(text=text or "–", least=least, most=most)
        return int(text)

    return parse


def words(most: int) -> Parse:
    """Text that is needed, with at most so many characters."""

    def parse(text: str) -> str:
        if not text:
            raise FieldMissing
        if len(text) > most:
            raise TextTooLong(length=len(text), most=most)
        return text

    return parse


def serial(text: str) -> str:
    """A meter's serial number.

    Raises:
        SerialMissing, SerialTooLong, NumberShortened.
    """
    return parse_serial(text)


def read_kind(text: str) -> str:
    """A kind of read.

    Raises:
        KindUnknown.
    """
    return parse_kind(text)


def reading(text: str) -> int:
    """The digits of a dial.

    Raises:
        ReadingMissing and the others of `metering.fields.parse_reading`.
    """
    return parse_reading(text)


def demand_w(text: str) -> int | None:
    """A demand in W.

    Raises:
        DemandNotUnderstood, DemandTooLarge, NumberShortened.
    """
    return parse_demand_w(text)


def phone(text: str) -> str:
    """A phone number in E.164.

    Raises:
        PhoneNotUnderstood.
    """
    return phone_number(text)


def email(text: str) -> str:
    """An e-mail address in lower case.

    Raises:
        EmailNotUnderstood.
    """
    return email_address(text)

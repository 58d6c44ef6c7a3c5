"""Addresses as the post office writes them, so that one place is not entered twice."""

from __future__ import annotations

import re
from functools import lru_cache

from scourgify import normalize_address_record
from scourgify.exceptions import AddressNormalizationError

from weatherhead.areas.records.text import fold
from weatherhead.core.values import Refusal, gettext_noop

_POSTAL_CODE = re.compile(r"\d{5}(-\d{4})?")
_STATE = re.compile(r"[A-Z]{2}")
_NUMBERED = re.compile(r"([1-9][0-9]{0,5}) ")


class AddressIncomplete(Refusal):
    """A part of an address is missing or malformed."""

    template = gettext_noop("The address needs %(what)s.")


def check_address(*, street: str, city: str, state: str, postal_code: str) -> None:
    """Refuse an address that no letter could reach.

    Raises:
        AddressIncomplete: saying which part is wrong.
    """
    if not street.strip():
        raise AddressIncomplete(what="a street, with its number")
    if not city.strip():
        raise AddressIncomplete(what="a city")
    if not _STATE.fullmatch(state):
        raise AddressIncomplete(what="a state of two capital letters, such as NE")
    if not _POSTAL_CODE.fullmatch(postal_code):
        raise AddressIncomplete(what="a ZIP code of five digits, or nine with a hyphen")


def postal_form(*, street: str, unit: str, city: str, state: str, postal_code: str) -> str:
    """The address folded as USPS Publication 28 abbreviates it; as typed when it cannot be parsed (rural routes)."""
    numbered = _NUMBERED.match(street)
    if numbered is not None:
        # The parser sees of a number only how long it is and how many zeros end it: one number stands for all alike.
        number = numbered[1]
        zeros = len(number) - len(number.rstrip("0"))
        alike = "7" * (len(number) - zeros) + "0" * zeros
        form = _parsed_form(alike + street[len(number) :], unit, city, state, postal_code)
        if form.startswith(f"{alike} "):
            return number + form[len(alike) :]
    return _parsed_form(street, unit, city, state, postal_code)


@lru_cache(maxsize=32_768)
def _parsed_form(street: str, unit: str, city: str, state: str, postal_code: str) -> str:
    record = {
        "address_line_1": street,
        "address_line_2": unit or None,
        "city": city,
        "state": state,
        "postal_code": postal_code,
    }
    try:
        found = normalize_address_record(record)
    except AddressNormalizationError:
        found = record
    return fold(" ".join(str(part) for part in found.values() if part))

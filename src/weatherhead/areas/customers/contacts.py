"""Phone numbers and e-mail addresses, checked and in one form."""

from __future__ import annotations

import re

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from weatherhead.core.values import Refusal, gettext_noop

_AS_WRITTEN_HERE = re.compile(r"(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[-. ]?)([0-9]{3})[-. ]?([0-9]{4})")
"""Ten digits as people here group them: what the library would say of them is known, and it takes its time."""


class PhoneNotUnderstood(Refusal):
    """No such number can exist."""

    template = gettext_noop("%(text)s is no phone number. Write it with its area code, as (402) 555-0142.")


class EmailNotUnderstood(Refusal):
    """No such address can exist."""

    template = gettext_noop("%(text)s is no e-mail address. Write it as name@example.com.")


def phone_number(text: str) -> str:
    """The E.164 form of a phone number of the United States, or of any country when written with +.

    Raises:
        PhoneNotUnderstood: it cannot be one.
    """
    if plain := _AS_WRITTEN_HERE.fullmatch(text):
        return f"+1{plain[1] or plain[2]}{plain[3]}{plain[4]}"
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        raise PhoneNotUnderstood(text=text) from error
    # Possible, not valid: the numbering plan changes more often than this library is updated. Without its area code a
    # number is possible "locally", and would be another one in E.164.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise PhoneNotUnderstood(text=text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(e164: str) -> str:
    """A number as people here write it: (402) 555-0142; international form for other countries."""
    number = phonenumbers.parse(e164, None)
    home = number.country_code == phonenumbers.country_code_for_region("US")
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def email_address(text: str) -> str:
    """An e-mail address in lower case.

    Raises:
        EmailNotUnderstood: it cannot be one.
    """
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise EmailNotUnderstood(text=text) from error
    return address

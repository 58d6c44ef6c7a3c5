"""Account numbers: digits with a Luhn check digit, spread so that neighbours differ, never reused."""

from __future__ import annotations

from collections.abc import Sequence

from stdnum import luhn

from weatherhead.areas.records.utility import AccountNumberFormat
from weatherhead.core.values import Refusal, gettext_noop


class AccountNumberMistyped(Refusal):
    """The check digit does not fit."""

    template = gettext_noop(
        "%(number)s is no account number: its last digit does not fit the others. Check it digit by digit."
    )


class AccountNumbersUsedUp(Refusal):
    """Every number of this length has been given."""

    template = gettext_noop(
        "All account numbers of %(digits)s digits are used. Lengthen account_number.digits in utility.yaml."
    )


def account_number(sequence: int, *, form: AccountNumberFormat) -> str:
    """The number of the n-th account, n from 1. A bijection: two sequences never share a number.

    Raises:
        AccountNumbersUsedUp: there are no more.
    """
    span = 10 ** (form.digits - 1)
    if sequence >= span:
        raise AccountNumbersUsedUp(digits=form.digits)
    body = str(sequence * form.spread % span).zfill(form.digits - 1)
    return body + luhn.calc_check_digit(body)


def check_account_number(text: str, *, form: AccountNumberFormat) -> str:
    """The digits of a typed number; spaces and hyphens do not matter.

    Raises:
        AccountNumberMistyped: wrong length, not digits, or a check digit that does not fit.
    """
    digits = "".join(text.replace("-", " ").split())
    if len(digits) != form.digits or not digits.isascii() or not digits.isdigit() or not luhn.is_valid(digits):
        raise AccountNumberMistyped(number=text)
    return digits


def group_number(digits: str, *, groups: Sequence[int]) -> str:
    """Write a number in groups: 041722806 becomes 0417 2280 6."""
    parts: list[str] = []
    start = 0
    for length in groups:
        parts.append(digits[start : start + length])
        start += length
    return " ".join(part for part in parts if part)

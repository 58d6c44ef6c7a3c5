"""Whose account an item of a file names: a number or a scan line as written, and what is wrong with it."""

from __future__ import annotations

from stdnum import luhn

from weatherhead.areas.records.utility import AccountNumberFormat
from weatherhead.core.statements.scan_line import (
    BILL_DIGITS,
    CENTS_DIGITS,
    CHECK_DIGITS,
    DAY_DIGITS,
    ScanLineUnreadable,
    read_scan_line,
)
from weatherhead.core.values import gettext_noop

_AFTER_ACCOUNT = BILL_DIGITS + CENTS_DIGITS + DAY_DIGITS + CHECK_DIGITS

WHY = {
    "account_missing": gettext_noop("no account was given"),
    "account_mistyped": gettext_noop("no account number: the check digit does not fit"),
    "scan_line_unreadable": gettext_noop("the scan line's check digits do not fit"),
    "account_unknown": gettext_noop("no account has this number"),
    "account_closed": gettext_noop("the account is closed and owes nothing"),
    "posted_before": gettext_noop("the same amount by the same number was posted to the account lately"),
    "own_account": gettext_noop("the account is tied to whoever imported the file"),
    "payment_reversed": gettext_noop("its payment was reversed"),
}
"""Why money waits in suspense."""


def number_written(text: str, *, form: AccountNumberFormat) -> str:
    """The digits of an account's number that a text names, whatever its check digit; empty when it can be none.

    Spaces and dashes do not count, nor do zeros that a bank filled a column with.
    """
    digits = "".join(text.replace("-", " ").split())
    if not (digits.isascii() and digits.isdigit()):
        return ""
    if len(digits) > form.digits:
        scanned = _scanned(digits, form=form)
        if scanned is not None:
            return scanned
        digits = digits.lstrip("0").rjust(form.digits, "0")
    return digits if len(digits) == form.digits else ""


def _scanned(digits: str, *, form: AccountNumberFormat) -> str | None:
    """The account of a scan line; None when the digits are as many as none has, or its check digits do not fit."""
    line = digits[-(form.digits + _AFTER_ACCOUNT) :]
    if len(line) != form.digits + _AFTER_ACCOUNT or digits[: -len(line)].strip("0"):
        return None
    try:
        return read_scan_line(line).account_number
    except ScanLineUnreadable:
        return None


def why_not_known(text: str, *, number: str, form: AccountNumberFormat) -> str:
    """Why a text names no account of ours: a key of `WHY`."""
    digits = "".join(text.replace("-", " ").split())
    if not digits.strip("0"):
        return "account_missing"
    if not number and len(digits.lstrip("0")) > form.digits + 1 and digits.isdigit():
        return "scan_line_unreadable"
    if not number or not luhn.is_valid(number):
        return "account_mistyped"
    return "account_unknown"

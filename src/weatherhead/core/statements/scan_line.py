"""The stub's scan line: digits that a reader of the returned payment can trust, and the code to pay without a stub.

The two check digits are MOD 97-10 of ISO/IEC 7064:2003, as IBAN (ISO 13616) uses it. They find every single wrong digit
and every two digits that changed places, wherever they stand: 10 has the order 96 modulo 97, and the line is shorter.
(Modulus 10 after Luhn, common on stubs, misses 09 for 90.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.core.values import Refusal, gettext_noop

BILL_DIGITS = 8
CENTS_DIGITS = 9
DAY_DIGITS = 6
CHECK_DIGITS = 2
_MODULUS = 97
_VALID = 1
_CENTURY = 2000
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O or U
_PAY_CODE_LENGTH, _PAY_CODE_GROUP = 12, 4


class ScanLineUnreadable(Refusal):
    """The digits are not those of a stub of ours."""

    template = gettext_noop("“%(text)s” is not a scan line of ours. Type it again from the stub.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLine:
    """What a stub's scan line says."""

    account_number: str
    bill_number: str
    amount_due_cents: int
    due_on: date


def scan_line(said: ScanLine) -> str:
    """The digits: account, bill (8), cents (9), due day as YYMMDD (6), check (2). Nothing is asked for below 0 cents.

    Raises:
        ValueError: a part does not fit into its digits.
    """
    cents = max(said.amount_due_cents, 0)
    parts = (
        said.account_number,
        said.bill_number.zfill(BILL_DIGITS),
        f"{cents:0{CENTS_DIGITS}d}",
        f"{said.due_on:%y%m%d}",
    )
    body = "".join(parts)
    if not (body.isascii() and body.isdigit()) or len(parts[1]) != BILL_DIGITS or len(parts[2]) != CENTS_DIGITS:
        raise ValueError(f"no scan line can say {parts}")
    return body + check_digits(body)


def check_digits(body: str) -> str:
    """The two digits that make the whole leave 1 when divided by 97."""
    return f"{_MODULUS + _VALID - int(body) * 100 % _MODULUS:02d}"


def read_scan_line(text: str) -> ScanLine:
    """What the digits say; spaces between them do not count.

    Raises:
        ScanLineUnreadable: too few, not digits, wrong check digits, or no such day.
    """
    digits = "".join(text.split())
    rest = BILL_DIGITS + CENTS_DIGITS + DAY_DIGITS + CHECK_DIGITS
    if len(digits) <= rest or not (digits.isascii() and digits.isdigit()) or int(digits) % _MODULUS != _VALID:
        raise ScanLineUnreadable(text=text)
    account, line = digits[:-rest], digits[-rest:]
    bill, cents, day = (
        line[:BILL_DIGITS],
        line[BILL_DIGITS : BILL_DIGITS + CENTS_DIGITS],
        line[BILL_DIGITS + CENTS_DIGITS : -CHECK_DIGITS],
    )
    try:
        due_on = date(_CENTURY + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError as error:
        raise ScanLineUnreadable(text=text) from error
    return ScanLine(account_number=account, bill_number=bill, amount_due_cents=int(cents), due_on=due_on)


def pay_code(payload_sha256: str) -> str:
    """A code that finds a bill without naming the account: 60 bits of its document's hash, in base 32."""
    bits = int(payload_sha256[:15], 16)
    code = "".join(_BASE32[bits >> shift & 31] for shift in range(55, -1, -5))
    assert len(code) == _PAY_CODE_LENGTH
    return "-".join(code[start : start + _PAY_CODE_GROUP] for start in range(0, _PAY_CODE_LENGTH, _PAY_CODE_GROUP))

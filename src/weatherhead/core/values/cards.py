"""Numbers of payment cards, recognized so that they can be refused: none is ever kept (PCI DSS, requirement 3.2.1).

A number of 13 to 19 digits that begins as an issuer's does, is as long as that issuer's are and passes the Luhn test
(ISO/IEC 7812-1, annex B) is taken for one. Spaces and dashes may stand between its digits. What is long by its nature
is not taken apart: a scan line or any other run of 20 digits and more, a hash in hexadecimal; a telephone number or a
date beside other digits ends their run. Fields that hold numbers of another kind by their type (a bank account) say so
where they are declared.
"""

from __future__ import annotations

import re

_SIGNS = " \u00a0\u202f\u2010\u2011\u2012\u2013\u2014\\-"
_RUN = re.compile(rf"\d(?:[{_SIGNS}]?\d)+")
_HASH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
_BREAKS = re.compile(
    rf"(?<!\d)\d{{3}}[{_SIGNS}]\d{{3}}[{_SIGNS}]\d{{4}}(?!\d)"  # 402-555-0142
    r"|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d)"  # 2026-11-27
)
_GROUPS = re.compile(r"\d+")
_WRITTEN_AS = frozenset(
    {(4, 6, 5), (4, 6, 4), (4, 3, 3, 3)}
    | {(4, 4, 4, last) for last in (1, 2, 3, 4)}
    | {(4, 4, 4, 4, last) for last in (1, 2, 3)}
)
"""How cards print their digits, and how people write them down."""
_DIGITS_MIN, _DIGITS_MAX = 13, 19
_AT_LEAST = 10**12
_ISSUERS: tuple[tuple[range, frozenset[int]], ...] = (
    # The first six digits, and how many digits there are.
    (range(400_000, 500_000), frozenset({13, 16, 19})),  # Visa
    (range(510_000, 560_000), frozenset({16})),  # Mastercard
    (range(222_100, 272_100), frozenset({16})),
    (range(340_000, 350_000), frozenset({15})),  # American Express
    (range(370_000, 380_000), frozenset({15})),
    (range(300_000, 306_000), frozenset({14, 16, 17, 18, 19})),  # Diners Club
    (range(309_500, 309_600), frozenset({14, 16, 17, 18, 19})),
    (range(360_000, 370_000), frozenset({14, 16, 17, 18, 19})),
    (range(380_000, 400_000), frozenset({14, 16, 17, 18, 19})),
    (range(352_800, 359_000), frozenset({16, 17, 18, 19})),  # JCB
    (range(601_100, 601_200), frozenset({16, 17, 18, 19})),  # Discover
    (range(644_000, 660_000), frozenset({16, 17, 18, 19})),
    (range(620_000, 630_000), frozenset({16, 17, 18, 19})),  # UnionPay
    *(
        (range(first * 100, first * 100 + 100), frozenset(range(_DIGITS_MIN, _DIGITS_MAX + 1)))
        for first in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763)  # Maestro
    ),
)


def holds_card_number(value: str | int) -> bool:
    """Whether a text, or a whole number, holds what is the number of a payment card by all that can be told."""
    if isinstance(value, int):
        return abs(value) >= _AT_LEAST and is_card_number(str(abs(value)))
    if len(value) < _DIGITS_MIN:
        return False
    for run in _RUN.findall(_BREAKS.sub("|", _HASH.sub("|", value))):
        groups = _GROUPS.findall(run)
        if any(is_card_number(digits) for digits in _candidates(groups)):
            return True
    return False


def _candidates(groups: list[str]) -> list[str]:
    """The whole run, each of its groups, and neighbors that are written as cards print them."""
    found = ["".join(groups), *groups]
    for shape in _WRITTEN_AS:
        for first in range(len(groups) - len(shape) + 1):
            part = groups[first : first + len(shape)]
            if tuple(map(len, part)) == shape:
                found.append("".join(part))
    return found


def is_card_number(digits: str) -> bool:
    """Whether digits are as many as an issuer's, begin as its do, and pass the Luhn test."""
    if not _DIGITS_MIN <= len(digits) <= _DIGITS_MAX:
        return False
    first = int(digits[:6])
    return any(first in begins and len(digits) in lengths for begins, lengths in _ISSUERS) and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled; the sum is a multiple of 10."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0

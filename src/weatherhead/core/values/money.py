"""Money as integer cents: strict reading, plain writing."""

from __future__ import annotations

import re

from weatherhead.core.values.refusals import Refusal, gettext_noop

TRUE_MINUS = "\u2212"
"""The typographic minus sign that people read; files and the command line may ask for the ASCII hyphen instead."""

LARGEST_AMOUNT_CENTS = 10**15
"""Ten trillion dollars: anything larger is a slip of the keyboard, and int64 sums stay far from their limit."""

_SHAPE = re.compile(r"(?P<sign>[-+\u2212]?)(?P<dollar>\$?)(?P<whole>[0-9][0-9,]*|)(?P<rest>\.[0-9]*)?", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]+", re.ASCII)


class AmountNotUnderstood(Refusal):
    """Base of the refusals of `parse_cents`, also raised for text that is no amount at all."""

    template = gettext_noop("“%(text)s” is not an amount of money. Write it like 12.34 or $1,234.50.")


class AmountMissing(AmountNotUnderstood):
    """The text is empty or blank."""

    template = gettext_noop("The amount is missing. Write it like 12.34.")


class AmountDecimalsWrong(AmountNotUnderstood):
    """Not exactly two decimals after the point."""

    template = gettext_noop("“%(text)s” must have either no decimals or exactly two, like 12 or 12.34.")


class AmountCommasMisplaced(AmountNotUnderstood):
    """A comma that does not separate thousands; a decimal comma would otherwise be read a hundredfold."""

    template = gettext_noop("“%(text)s” has a comma in an unexpected place. Commas separate thousands, like 1,234.50.")


class AmountTooLarge(AmountNotUnderstood):
    """Beyond `LARGEST_AMOUNT_CENTS`."""

    template = gettext_noop("“%(text)s” is larger than any amount this system handles. Check the digits.")


def parse_cents(text: str) -> int:
    """Read an amount in dollars as cents.

    Accepts an optional sign (ASCII or true minus) before an optional dollar sign, whole dollars with or without
    thousands commas, and no decimals or exactly two; spaces around it are ignored.

    Raises:
        AmountNotUnderstood: (or a subclass saying what is wrong) for anything else. Nothing silently becomes 0.
    """
    stripped = text.strip()
    if not stripped:
        raise AmountMissing(text=text)
    shape = _SHAPE.fullmatch(stripped)
    if shape is None or not (shape["whole"] or len(shape["rest"] or "") > 1):
        raise AmountNotUnderstood(text=text)
    whole, rest = shape["whole"], shape["rest"]
    if whole and not _GROUPED.fullmatch(whole):
        raise AmountCommasMisplaced(text=text)
    if rest is not None and len(rest) != len(".00"):
        raise AmountDecimalsWrong(text=text)
    digits = whole.replace(",", "").lstrip("0")
    if len(digits) > len(str(LARGEST_AMOUNT_CENTS)):
        raise AmountTooLarge(text=text)
    cents = int(digits or "0") * 100 + int(rest[1:] if rest else "0")
    if cents > LARGEST_AMOUNT_CENTS:
        raise AmountTooLarge(text=text)
    return -cents if shape["sign"] in ("-", TRUE_MINUS) else cents


def format_cents(cents: int, *, ascii_only: bool = False) -> str:
    """Write cents as dollars with thousands commas and two decimals, without a currency sign: 123450 → "1,234.50".

    Negative amounts carry the true minus sign U+2212, or "-" when `ascii_only` (files, CSV, terminals).
    """
    dollars, remainder = divmod(abs(cents), 100)
    minus = "" if cents >= 0 else ("-" if ascii_only else TRUE_MINUS)
    return f"{minus}{dollars:,}.{remainder:02d}"

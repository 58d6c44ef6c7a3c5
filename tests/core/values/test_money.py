"""Reading and writing amounts: nothing silently becomes another amount."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.core.values import (
    LARGEST_AMOUNT_CENTS,
    AmountCommasMisplaced,
    AmountDecimalsWrong,
    AmountMissing,
    AmountNotUnderstood,
    AmountTooLarge,
    format_cents,
    parse_cents,
)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12.34", 1234),
        ("$1,234.50", 123_450),
        ("-3", -300),
        ("\u22123.10", -310),
        ("+0.05", 5),
        (" 7 ", 700),
        ("-$1,000", -100_000),
        ("0", 0),
        ("007", 700),
        ("10,000,000,000,000.00", LARGEST_AMOUNT_CENTS),
    ],
)
def test_amounts_that_people_write(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", AmountMissing),
        ("   ", AmountMissing),
        ("12.3", AmountDecimalsWrong),
        ("12.345", AmountDecimalsWrong),
        ("12.", AmountDecimalsWrong),
        ("12,34", AmountCommasMisplaced),
        ("1,23.00", AmountCommasMisplaced),
        ("1234,567", AmountCommasMisplaced),
        ("10,000,000,000,000.01", AmountTooLarge),
        ("9" * 5_000, AmountTooLarge),
        ("free", AmountNotUnderstood),
        ("1e3", AmountNotUnderstood),
        ("$", AmountNotUnderstood),
        (".", AmountNotUnderstood),
        ("- 5", AmountNotUnderstood),
        ("--5", AmountNotUnderstood),
        ("$-5", AmountNotUnderstood),
        ("(5.00)", AmountNotUnderstood),
        ("٣", AmountNotUnderstood),
        ("5.00 USD", AmountNotUnderstood),
        ("nan", AmountNotUnderstood),
    ],
)
def test_what_is_no_amount_is_refused_by_name(text: str, refusal: type[AmountNotUnderstood]) -> None:
    with pytest.raises(AmountNotUnderstood) as raised:
        parse_cents(text)
    assert raised.type is refusal


@given(cents=st.integers(min_value=-LARGEST_AMOUNT_CENTS, max_value=LARGEST_AMOUNT_CENTS))
def test_what_is_written_is_read_back(cents: int) -> None:
    assert parse_cents(format_cents(cents)) == cents
    assert parse_cents(format_cents(cents, ascii_only=True)) == cents
    assert format_cents(cents, ascii_only=True).isascii()


def test_how_amounts_are_written() -> None:
    assert format_cents(123_450) == "1,234.50"
    assert format_cents(-5) == "\u22120.05"
    assert format_cents(-5, ascii_only=True) == "-0.05"
    assert format_cents(0) == "0.00"

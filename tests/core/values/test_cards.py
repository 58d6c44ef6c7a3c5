"""Numbers of payment cards are recognized however they are typed; other numbers are left alone."""

from __future__ import annotations

from random import Random

import pytest

from weatherhead.core.values.cards import holds_card_number, passes_luhn

# Published test numbers of the issuers: no account stands behind them.
CARDS = [
    "4111111111111111", "4222222222222", "4012888888881881", "5555555555554444", "5105105105105100", "2223003122003222",
    "378282246310005", "371449635398431", "6011111111111117", "6011000990139424", "30569309025904", "38520000023237",
    "3530111333300000", "6200000000000005", "6759649826438453",
]  # fmt: skip


@pytest.mark.parametrize("digits", CARDS)
def test_a_card_is_seen_however_it_is_typed(digits: str) -> None:
    grouped = " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    for typed in (
        digits,
        grouped,
        grouped.replace(" ", "-"),
        grouped.replace(" ", "\u00a0"),
        grouped.replace(" ", "\u2013"),
        "-".join(digits),
        f"visa{digits}exp 12/27",
        f"paid by {digits}.",
        f"402-555-0142 {grouped}",
        f"2026-11-27 {digits}",
        f"100000017 {grouped} 73.57",
        digits.translate({ord("0") + number: 0x0660 + number for number in range(10)}),  # Arabic-Indic digits
    ):
        assert holds_card_number(typed), typed
    assert holds_card_number(int(digits))
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert not holds_card_number(wrong)
    assert not holds_card_number(int(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "411111111111",
        "100000017, 40.00, 1042",
        "1234567890123456789012345678901234567890",  # a scan line: longer than any card
        "4111111111111111" * 2,
        "402-555-0142 12-31-26",
        "4000 kWh, 12 months",
        "9999999999999995",  # passes Luhn, no issuer
        "0000000000000000",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4111111111111111b",  # a hash
        "$1,234.56 2026-11-27 15:00",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_card_number(text)


def test_few_numbers_are_taken_for_cards_by_chance() -> None:
    chance = Random(41)
    numbers = [f"{chance.randrange(10**16):016d}" for _ in range(20_000)]
    taken = sum(holds_card_number(number) for number in numbers)
    assert sum(passes_luhn(number) for number in numbers) > 1_800  # one in ten
    assert taken / len(numbers) < 0.03

"""The scan line: what the check digits promise to find, they find."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from weatherhead.core.statements import ScanLine, ScanLineUnreadable, check_digits, pay_code, read_scan_line, scan_line

SAID = ScanLine(account_number="401722681", bill_number="20118734", amount_due_cents=13763, due_on=date(2018, 8, 8))
# Worked in docs/documents.md: 40172268120118734000013763180808 × 100 leaves 31 on division by 97; 98 − 31 = 67.
LINE = "4017226812011873400001376318080867"
ANY = st.builds(
    ScanLine,
    account_number=st.text("0123456789", min_size=6, max_size=12),
    bill_number=st.text("0123456789", min_size=8, max_size=8),
    amount_due_cents=st.integers(0, 999_999_999),
    due_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
)


def _readable(digits: str) -> bool:
    try:
        read_scan_line(digits)
    except ScanLineUnreadable:
        return False
    return True


def test_the_worked_example() -> None:
    assert scan_line(SAID) == LINE
    assert read_scan_line(f"{LINE[:9]} {LINE[9:17]} {LINE[17:]}\n") == SAID


@given(ANY)
def test_what_is_written_is_read(said: ScanLine) -> None:
    line = scan_line(said)
    assert read_scan_line(line) == said
    assert mod_97_10.is_valid(line)


@given(st.text("0123456789", min_size=1, max_size=40))
def test_the_check_digits_are_those_of_the_standard(body: str) -> None:
    assert check_digits(body) == mod_97_10.calc_check_digits(body)


def test_every_single_wrong_digit_is_found() -> None:
    tried = 0
    for place, right in enumerate(LINE):
        for wrong in set("0123456789") - {right}:
            assert not _readable(LINE[:place] + wrong + LINE[place + 1 :]), (place, wrong)
            tried += 1
    assert tried == len(LINE) * 9


def test_every_two_digits_that_changed_places_are_found_neighbours_or_not() -> None:
    tried = 0
    for first in range(len(LINE)):
        for second in range(first + 1, len(LINE)):
            if LINE[first] == LINE[second]:
                continue
            digits = list(LINE)
            digits[first], digits[second] = digits[second], digits[first]
            assert not _readable("".join(digits)), (first, second)
            tried += 1
    assert tried > 300


@pytest.mark.parametrize("text", ["", "12345", LINE[:-1], "x" + LINE[1:], "４" + LINE[1:], LINE[-25:]])
def test_what_is_no_scan_line(text: str) -> None:
    with pytest.raises(ScanLineUnreadable):
        read_scan_line(text)


@pytest.mark.parametrize(
    "wrong", [{"amount_due_cents": 10**9}, {"bill_number": "123456789"}, {"account_number": "12A"}]
)
def test_what_does_not_fit_is_not_cut(wrong: dict[str, int | str]) -> None:
    values = {name: getattr(SAID, name) for name in ("account_number", "bill_number", "amount_due_cents", "due_on")}
    with pytest.raises(ValueError, match="no scan line"):
        scan_line(ScanLine(**(values | wrong)))


def test_a_pay_code_is_twelve_signs_that_nobody_confuses() -> None:
    code = pay_code("0123456789abcdef" * 4)
    assert code == "04HM-ASW9-NF6Y"
    assert len(code) == 14
    assert not set("ILOU") & set(code)
    assert pay_code("f" * 64) == "ZZZZ-ZZZZ-ZZZZ"
    assert pay_code("0" * 64) == "0000-0000-0000"

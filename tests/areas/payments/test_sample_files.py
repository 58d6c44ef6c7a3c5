"""The small files that come with the demo read as its documentation says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from weatherhead.areas.payments.files.reading import read_payment_file
from weatherhead.areas.payments.files.sources import payment_source
from weatherhead.areas.records.utility import current_utility

TODAY = date(2026, 11, 19)
FILES = Path(current_utility().path("payment-files"))


@pytest.mark.parametrize(
    ("name", "source", "items", "cents", "bad_lines"),
    [
        ("lockbox.txt", "lockbox", 6, 492_17, [13]),
        ("bank-statement.bai2", "bank-statement", 3, 593_53, []),
        ("pay-stations.csv", "pay-stations", 3, 239_24, []),
        ("agencies.csv", "agencies", 3, 255_00, []),
    ],
)
def test_a_sample_reads_as_the_demo_says(name: str, source: str, items: int, cents: int, bad_lines: list[int]) -> None:
    read = read_payment_file((FILES / name).read_bytes(), source=payment_source(source)[0], as_of=TODAY)
    assert (len(read.items), read.items_cents) == (items, cents)
    assert [problem.line for problem in read.bad] == bad_lines
    assert read.reconciles == (not bad_lines)


def test_every_sample_is_tried() -> None:
    assert len(list(FILES.iterdir())) == 4

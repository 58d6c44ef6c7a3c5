"""Tests of meters: what they found, and how right a meter therefore was between two of its reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from weatherhead.areas.metering.accuracy import hundredths
from weatherhead.areas.metering.models import MeterTest
from weatherhead.areas.metering.queries import BillableRead
from weatherhead.areas.records.database import chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTestFacts:
    """A test of a meter, in percent of what passed through it. `off`: by more than the rule lets pass.

    `wrong_since_on` None where nobody knows since when.
    """

    meter_id: int
    tested_on: date
    full_load_percent: Decimal
    light_load_percent: Decimal
    accuracy_percent: Decimal
    off: bool
    wrong_since_on: date | None
    tested_by: str
    basis: str
    note: str


def meter_tests_of(meter_ids: Iterable[int]) -> dict[int, tuple[MeterTestFacts, ...]]:
    """The tests of some meters that count, oldest first: of those of one day the last that was recorded."""
    found: dict[int, dict[date, MeterTestFacts]] = {}
    for chunk in chunks(sorted(set(meter_ids))):
        for row in MeterTest.objects.filter(meter_id__in=chunk).order_by("tested_on", "pk"):
            found.setdefault(row.meter_id, {})[row.tested_on] = MeterTestFacts(
                meter_id=row.meter_id,
                tested_on=row.tested_on,
                full_load_percent=row.full_load_percent,
                light_load_percent=row.light_load_percent,
                accuracy_percent=row.accuracy_percent,
                off=row.off,
                wrong_since_on=row.wrong_since_on,
                tested_by=row.tested_by,
                basis=row.basis,
                note=row.note,
            )
    return {meter_id: tuple(by_day.values()) for meter_id, by_day in found.items()}


def telling_test(tests: Collection[MeterTestFacts], *, start_on: date, end_on: date) -> MeterTestFacts | None:
    """The test that found a meter off between two of its reads; None where none did.

    The first test on or after the later read tells of it, unless another was made in between, or the meter is known to
    have gone wrong after the earlier read.
    """
    later = [item for item in tests if item.tested_on >= end_on]
    if not later or any(start_on < item.tested_on < end_on for item in tests):
        return None
    test = min(later, key=lambda item: item.tested_on)
    known = test.wrong_since_on is None or test.wrong_since_on <= start_on
    return test if test.off and known else None


def with_accuracy(reads: Iterable[BillableRead]) -> dict[int, BillableRead]:
    """Reads of tested meters, by number, each with its meter's accuracy until the meter's next one."""
    tested: dict[int, list[BillableRead]] = {}
    for read in reads:
        if read.tested:
            tested.setdefault(read.meter_id, []).append(read)
    tests = meter_tests_of(tested) if tested else {}
    found: dict[int, BillableRead] = {}
    for meter_id, items in tested.items():
        for first, second in pairwise(sorted(items, key=lambda item: item.read_on)):
            test = telling_test(tests[meter_id], start_on=first.read_on, end_on=second.read_on)
            if test is not None:
                found[first.read_id] = replace(
                    first,
                    accuracy=hundredths(test.accuracy_percent),
                    wrong_since_known=test.wrong_since_on is not None,
                )
    return found


def record_test(test: MeterTestFacts, *, receipt_id: int) -> int:
    """Keep a test. Returns its number."""
    return MeterTest.objects.create(
        meter_id=test.meter_id,
        tested_on=test.tested_on,
        full_load_percent=test.full_load_percent,
        light_load_percent=test.light_load_percent,
        accuracy_percent=test.accuracy_percent,
        off=test.off,
        wrong_since_on=test.wrong_since_on,
        tested_by=test.tested_by,
        basis=test.basis,
        note=test.note,
        receipt_id=receipt_id,
    ).pk


__all__: Sequence[str] = ("MeterTestFacts", "meter_tests_of", "record_test", "telling_test", "with_accuracy")

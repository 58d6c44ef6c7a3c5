"""The engine against the slow rating: 10,000 random cases, every line and exact amount. More of them: a campaign."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from tests.core.rating import cases
from tests.core.rating.cases import compare, draw_schedule, draw_usage

from weatherhead.core.rating import Schedule, Usage
from weatherhead.core.rating.schedule import Charge

SCHEDULES, USAGES = 100, 100


@pytest.mark.slow
def test_ten_thousand_random_cases_are_equal() -> None:
    count = lines = 0
    for seed in range(SCHEDULES):
        random = Random(seed)
        schedule = draw_schedule(random)
        compared = compare(schedule=schedule, usages=[draw_usage(random, schedule=schedule) for _ in range(USAGES)])
        for found in compared.differences:
            pytest.fail(f"schedule of seed {seed}: {found.usage}\nengine {found.engine}\nslow   {found.oracle}")
        count += USAGES
        lines += compared.lines
    assert count == 10_000
    assert lines > 5 * count  # the comparison compared something


def test_a_price_off_by_its_last_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself works: the slow rating is given a schedule that differs in one digit."""
    random = Random(3)
    schedule = draw_schedule(random)
    usages = [draw_usage(random, schedule=schedule) for _ in range(50)]
    assert not compare(schedule=schedule, usages=usages).differences
    honest = cases.rate_slowly

    def off(schedule: Schedule, usage: Usage) -> object:
        versions = tuple(
            version.model_copy(update={"charges": tuple(_a_mill_dearer(charge) for charge in version.charges)})
            for version in schedule.versions
        )
        return honest(schedule.model_copy(update={"versions": versions}), usage)

    monkeypatch.setattr(cases, "rate_slowly", off)
    assert len(compare(schedule=schedule, usages=usages).differences) > 10


def _a_mill_dearer(charge: Charge) -> Charge:
    return charge.model_copy(update={"price": charge.price + Decimal("0.001")}) if charge.kind == "fixed" else charge

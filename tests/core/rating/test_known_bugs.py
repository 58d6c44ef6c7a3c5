"""Mistakes that other open rate engines made and mended, each with where it was reported.

SAM and ssc are the National Renewable Energy Laboratory's System Advisor Model and its simulation core. Ratchets and
look-back of demand (ssc #71, #1141, #1985) are structures that no schedule here can express yet.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.core.rating.rate_sheet import ON_AND_OFF, charge, june, one

from weatherhead.core.rating import rate
from weatherhead.core.rating.schedule import load_schedule
from weatherhead.core.values import DataFileInvalid

TIERS = [{"price": "0.10", "up_to_kwh": "100"}, {"price": "0.20"}]


def test_blocks_inside_time_of_use_count_each_period_by_itself() -> None:
    """SAM #275: tiers within periods were nested wrongly, so that one period's use filled another's blocks."""
    tariff = one(
        charge("energy", "on", period="on_peak", blocks=TIERS),
        charge("energy", "off", period="off_peak", blocks=[{"price": "0.05", "up_to_kwh": "300"}, {"price": "0.08"}]),
        periods=ON_AND_OFF,
    )
    usage = june(energy_wh=500_000, energy_by_period_wh={"on_peak": 150_000, "off_peak": 350_000})
    assert [(line.code, line.quantity, line.amount_cents) for line in rate(tariff, usage).lines] == [
        ("on", Decimal(100), 1_000),
        ("on", Decimal(50), 1_000),
        ("off", Decimal(300), 1_500),
        ("off", Decimal(50), 400),
    ]


def test_blocks_count_the_kilowatt_hours_of_the_whole_period() -> None:
    """ssc #535: tiers were shared out hour by hour instead of by cumulative use, about $14 a month off.

    720 hours of 2 kWh are 1,440 kWh: 500 in the first block and 940 in the second, whatever the hours were.
    """
    tariff = one(charge("energy", "energy", blocks=[{"price": "0.10", "up_to_kwh": "500"}, {"price": "0.12"}]))
    first, second = rate(tariff, june(energy_wh=720 * 2_000)).lines
    assert (first.quantity, second.quantity) == (500, 940)
    assert first.amount_cents + second.amount_cents == 5_000 + 11_280


@pytest.mark.parametrize("on_peak_wh", [50_000, 100_000, 100_001, 900_000])
def test_periods_may_have_different_numbers_of_blocks(on_peak_wh: int) -> None:
    """ssc #857, #875: ragged tables, in which periods have different numbers of tiers, read past a period's last."""
    three = [{"price": "0.10", "up_to_kwh": "100"}, {"price": "0.20", "up_to_kwh": "200"}, {"price": "0.30"}]
    tariff = one(
        charge("energy", "on", period="on_peak", blocks=three),
        charge("energy", "off", period="off_peak", price="0.05"),
        periods=ON_AND_OFF,
    )
    usage = june(energy_wh=on_peak_wh + 400_000, energy_by_period_wh={"on_peak": on_peak_wh, "off_peak": 400_000})
    lines = rate(tariff, usage).lines
    assert sum(line.quantity for line in lines if line.code == "on") * 1000 == on_peak_wh
    assert [line.amount_cents for line in lines if line.code == "off"] == [2_000]


def test_a_ragged_table_without_a_last_block_does_not_load() -> None:
    """The other half of ssc #857, #875: a tariff whose energy runs out of blocks is told at load, by line."""
    text = """\
utility: test
utility_name: Test
code: T-1
name: Test
revenue_class: residential
versions:
  - effective: 2026-01-01
    citation: test
    status: illustrative
    charges:
      - kind: energy
        code: energy
        label: Energy
        posts_to: revenue
        blocks:
          - {price: 0.10, up_to_kwh: 100}
          - {price: 0.20, up_to_kwh: 200}
"""
    with pytest.raises(DataFileInvalid) as refused:
        load_schedule(text, name="ragged.yaml")
    assert "ragged.yaml:17: versions[0].charges[0].blocks[1].up_to_kwh: the last block" in str(refused.value)


def test_energy_sent_to_the_grid_is_credited_at_the_first_block_only() -> None:
    """ssc PR #1168: the sell rate was wrong where the tier changed."""
    tariff = one(charge("energy", "energy", blocks=TIERS))
    for energy_wh in (-1_000, -100_000, -100_001, -250_000):
        (line,) = rate(tariff, june(energy_wh=energy_wh)).lines
        assert (line.price, line.quantity * 1000) == (Decimal("0.10"), energy_wh)

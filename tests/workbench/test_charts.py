"""The usage chart: what stands where, what it says, and that it draws what it was given."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from weatherhead.interfaces.workbench import charts
from weatherhead.interfaces.workbench.charts import UsageMonth, usage_chart, usage_sentence
from weatherhead.overviews.account.figures import UsageMonth as BilledMonth


def month(number: int, energy_kwh: int | None, **more: object) -> UsageMonth:
    year, zero_based = divmod(2025 * 12 + 10 + number, 12)
    energy_wh = None if energy_kwh is None else energy_kwh * 1000
    return UsageMonth(month_on=date(year, zero_based + 1, 3), energy_wh=energy_wh, **more)  # type: ignore[arg-type]


def test_nothing_to_draw_gives_no_chart() -> None:
    assert usage_chart([]) is None
    assert usage_chart([month(0, None), month(1, None)]) is None


def test_the_highest_bar_ends_at_the_top_and_half_of_it_half_way() -> None:
    chart = usage_chart([month(0, 500), month(1, 1000)])
    assert chart is not None
    assert [(bar.y, bar.height) for slot in chart.slots for bar in slot.bars] == [("72.5", "56.5"), ("16.0", "113.0")]


def test_temperatures_take_the_room_above_the_bars() -> None:
    chart = usage_chart([month(0, 500, temperature_f=20), month(1, 1000, temperature_f=70)])
    assert chart is not None
    assert chart.slots[1].bars[0].y == "46.7"
    assert [(reading.temperature_f, reading.y, reading.is_last) for reading in chart.readings] == [
        (20, "35.1", False),
        (70, "8.5", True),
    ]
    assert len(chart.line) == 1


def test_a_month_without_a_temperature_breaks_the_line() -> None:
    warm = [40, None, 50, 60]
    chart = usage_chart([month(at, 100, temperature_f=degrees) for at, degrees in enumerate(warm)])
    assert chart is not None
    assert [(part.x1, part.x2) for part in chart.line] == [("62.50%", "87.50%")]


def test_series_differ_by_width_and_estimates_by_kind() -> None:
    chart = usage_chart(
        [month(0, 900, year_before_wh=800_000, is_estimated=True), month(1, 700, year_before_wh=800_000)]
    )
    assert chart is not None
    before, this = chart.slots[0].bars
    assert (before.kind, this.kind) == ("last", "guess")
    assert float(before.width[:-1]) * 3 < float(this.width[:-1])
    assert [bar.kind for bar in chart.slots[1].bars] == ["last", "this"]
    assert chart.has_estimates
    assert chart.has_year_before


def test_ticks_are_round_and_never_above_the_highest_bar() -> None:
    chart = usage_chart([month(0, 2034)])
    assert chart is not None
    assert [tick.energy_wh for tick in chart.ticks] == [0, 1_000_000, 2_000_000]
    assert chart.ticks[0].y == "129.5"


def test_thirteen_months_keep_their_order_and_name_every_second_one() -> None:
    chart = usage_chart([month(at, 100 + at) for at in range(13)])
    assert chart is not None
    assert (chart.first_on, chart.last_on) == (date(2025, 11, 3), date(2026, 11, 3))
    assert [slot.is_even for slot in chart.slots] == [False, True] * 6 + [False]
    assert [slot.is_last for slot in chart.slots] == [False] * 12 + [True]


def test_the_sentence_says_the_point() -> None:
    assert usage_sentence([month(12, 1397)]) == "November 1,397 kWh"
    assert usage_sentence([month(12, 1397, year_before_wh=1_248_000)]) == "November 1,397 kWh: 12% above a year before"
    assert usage_sentence([month(12, 1000, year_before_wh=1_248_000)]) == "November 1,000 kWh: 20% below a year before"
    assert (
        usage_sentence([month(12, 1249, year_before_wh=1_248_000)]) == "November 1,249 kWh: the same as a year before"
    )
    assert usage_sentence([month(12, 80, is_estimated=True)]) == "November 80 kWh, estimated"
    assert usage_sentence([month(12, None)]) == "Nothing was billed for November."
    cold = month(12, 1397, year_before_wh=1_248_000, temperature_f=47, year_before_temperature_f=53)
    assert usage_sentence([cold]) == "November 1,397 kWh: 12% above a year before, and 6°F colder"


def test_nothing_a_year_before_compares_with_nothing() -> None:
    assert usage_sentence([month(12, 80, year_before_wh=0)]) == "November 80 kWh"


def test_bills_of_an_account_become_months() -> None:
    billed = BilledMonth(ends_on=date(2026, 11, 3), kwh=1397, days=32, estimated=True, last_year_kwh=None, bill_id=13)
    assert charts.months_of_bills((billed,)) == [
        UsageMonth(month_on=date(2026, 11, 3), energy_wh=1_397_000, is_estimated=True, bill_id=13)
    ]


@given(st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=13))
def test_every_bar_stands_on_the_base_inside_the_drawing(energies_wh: list[int]) -> None:
    chart = usage_chart([UsageMonth(month_on=date(2026, 1, 1), energy_wh=energy_wh) for energy_wh in energies_wh])
    assert chart is not None
    for slot in chart.slots:
        for bar in slot.bars:
            assert abs(float(bar.y) + float(bar.height) - charts.BASE_PX) < 0.11
            assert float(bar.y) >= charts.BARS_TOP_ALONE_PX - 0.06
            assert float(bar.x[:-1]) >= 0
            assert float(bar.x[:-1]) + float(bar.width[:-1]) <= 100
    assert 1 <= len(chart.ticks) <= 5
    assert chart.ticks[-1].energy_wh <= max(*energies_wh, 1000)

"""What rating promises beyond single bills: refusals, batches, edges of dates, and no overflow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from tests.core.rating.cases import draw_schedule, draw_usage
from tests.core.rating.rate_sheet import JUNE, ON_AND_OFF, SUMMER_AND_WINTER, charge, june, one, schedule, version

from weatherhead.core.rating import (
    DemandMissing,
    EnergyByPeriodDoesNotSum,
    EnergyByPeriodMissing,
    FacilitiesLevelMissing,
    FacilitiesLevelNotKnown,
    NoVersionInForce,
    OptionMissing,
    OptionNotKnown,
    PartsDoNotMakePeriod,
    Schedule,
    Usage,
    UsageNotRatable,
    UsageOutOfRange,
    UsagePart,
    rate,
    rate_many,
    usage_arrays,
)
from weatherhead.core.values import Span

FLAT = one(charge("energy", "energy", price="0.10"))
LEVELS = {"levels": [{"level": "1", "below_kwh": "800"}, {"level": "2"}]}
TIME_OF_USE = one(
    charge("energy", "on", period="on_peak", price="0.20"),
    charge("energy", "off", period="off_peak", price="0.05"),
    periods=ON_AND_OFF,
)
LEVELED = one(
    charge("fixed", "facilities", price="10", level="1"),
    charge("fixed", "facilities", price="20", level="2"),
    facilities=LEVELS,
)
BY_PHASE = schedule(
    version(
        charge("fixed", "service", price="10", when={"phase": "single"}),
        charge("fixed", "service", price="20", when={"phase": "three"}),
    ),
    options={"phase": {"kind": "choice", "label": "Phase", "values": ["single", "three"]}},
)
LAMPS = schedule(
    version(charge("fixed", "lamps", price="10.60", times="lamps")),
    options={"lamps": {"kind": "count", "label": "Lamps", "unit": "lamp"}},
)
DEMAND = one(charge("demand", "demand", price="10"))


def amounts(schedule: Schedule, usage: Usage) -> list[tuple[str, int]]:
    return [(line.code, line.amount_cents) for line in rate(schedule, usage).lines]


def part(start: date, end: date, energy_wh: int, **by_period: int) -> UsagePart:
    return UsagePart(span=Span(start=start, end=end), energy_wh=energy_wh, energy_by_period_wh=by_period)


REFUSED: list[tuple[type[UsageNotRatable], Schedule, Usage, str]] = [
    (NoVersionInForce, FLAT, replace(june(), span=Span(start=date(2019, 12, 31), end=JUNE.end)), "2019-12-31"),
    (EnergyByPeriodMissing, TIME_OF_USE, june(energy_wh=5, energy_by_period_wh={"on_peak": 5}), "off_peak"),
    (
        EnergyByPeriodDoesNotSum,
        TIME_OF_USE,
        june(energy_wh=6, energy_by_period_wh={"on_peak": 3, "off_peak": 2}),
        "sum to 5 Wh, but the energy is 6 Wh",
    ),
    (DemandMissing, DEMAND, june(), "“max”"),
    (OptionMissing, BY_PHASE, june(), "single, three"),
    (OptionNotKnown, BY_PHASE, june(options={"phase": "two"}), "“two”"),
    (OptionNotKnown, BY_PHASE, june(options={"phase": "single", "voltage": "120"}), "“voltage”"),
    (OptionNotKnown, LAMPS, june(options={"lamps": -1}), "“-1”"),
    (OptionNotKnown, LAMPS, june(options={"lamps": "3"}), "“3”"),
    (OptionNotKnown, LAMPS, june(options={"lamps": True}), "“True”"),
    (UsageOutOfRange, LAMPS, june(options={"lamps": 10**6 + 1}), "1,000,001 lamp"),
    (FacilitiesLevelMissing, LEVELED, june(), "facilities level"),
    (FacilitiesLevelNotKnown, LEVELED, june(facilities_level=3), "Assign one of: 1, 2"),
    (UsageOutOfRange, FLAT, june(energy_wh=10**12 + 1), "1,000,000,000.001 kWh"),
    (UsageOutOfRange, FLAT, june(energy_wh=-(10**40)), "kWh"),
    (UsageOutOfRange, DEMAND, june(demand_w_max=-1), "-0.001 kW"),
    (UsageOutOfRange, FLAT, replace(june(), span=Span(start=date(2020, 1, 1), end=date(2032, 1, 1))), "4,383 days"),
    (PartsDoNotMakePeriod, FLAT, june(energy_wh=5, parts=(part(JUNE.start, date(2026, 6, 20), 5),)), "2026-07-01"),
    (PartsDoNotMakePeriod, FLAT, june(energy_wh=5, parts=(part(JUNE.start, JUNE.end, 4),)), "sum to the usage"),
    (
        PartsDoNotMakePeriod,
        FLAT,
        june(energy_wh=5, parts=(part(JUNE.start, date(2026, 6, 9), 2), part(date(2026, 6, 10), JUNE.end, 3))),
        "follow each other",
    ),
    (
        PartsDoNotMakePeriod,
        TIME_OF_USE,
        june(
            energy_wh=5,
            energy_by_period_wh={"on_peak": 2, "off_peak": 3},
            parts=(part(JUNE.start, JUNE.end, 5, on_peak=2),),
        ),
        "split reads",
    ),
]


@pytest.mark.parametrize(("refusal", "schedule", "usage", "said"), REFUSED)
def test_what_cannot_be_rated_is_refused_by_name(
    refusal: type[UsageNotRatable], schedule: Schedule, usage: Usage, said: str
) -> None:
    with pytest.raises(refusal) as raised:
        rate(schedule, usage)
    assert raised.type is refusal
    assert said in str(raised.value)


def test_a_refusal_stops_no_other_account() -> None:
    usages = [june(demand_w_max=5_000), june(), june(demand_w_max=-1), june(demand_w_max=7_000)]
    rated = rate_many(DEMAND, usage_arrays(schedule=DEMAND, usages=usages))
    assert {index: refusal.code for index, refusal in rated.refused.items()} == {
        1: "DemandMissing",
        2: "UsageOutOfRange",
    }
    assert rated.total_cents.tolist() == [5_000, 0, 0, 7_000]
    assert rated.bill(3).total_cents == 7_000
    with pytest.raises(DemandMissing):
        rated.bill(1)
    with pytest.raises(IndexError):
        rated.bill(4)


def test_an_account_refused_late_leaves_no_line_behind() -> None:
    """The energy is priced before the demand is missed."""
    both = one(charge("energy", "energy", price="0.10"), charge("demand", "demand", price="10"))
    rated = rate_many(
        both, usage_arrays(schedule=both, usages=[june(energy_wh=5_000), june(energy_wh=5_000, demand_w_max=1)])
    )
    assert list(rated.refused) == [0]
    assert all(0 not in column.piece.accounts for column in rated.columns)
    assert rated.total_cents.tolist() == [0, 51]


def test_a_demand_that_no_price_needs_may_be_missing() -> None:
    seasonal = one(
        charge("demand", "demand", price="10", season="winter", partial="true"),
        charge("fixed", "customer", price="5"),
        seasons=SUMMER_AND_WINTER,
    )
    assert amounts(seasonal, june()) == [("customer", 500)]
    with pytest.raises(DemandMissing):
        rate(seasonal, replace(june(), span=Span(start=date(2026, 5, 30), end=date(2026, 6, 29))))


def test_a_batch_gives_what_each_account_gives_alone() -> None:
    random = Random(11)
    for _ in range(5):
        drawn = draw_schedule(random)
        usages = [draw_usage(random, schedule=drawn) for _ in range(15)]
        together = rate_many(drawn, usage_arrays(schedule=drawn, usages=usages))
        for index, usage in enumerate(usages):
            assert together.bill(index) == rate(drawn, usage)
            assert together.bill(index).total_cents == together.total_cents[index]


def test_an_empty_batch_is_empty() -> None:
    rated = rate_many(FLAT, usage_arrays(schedule=FLAT, usages=[]))
    assert (rated.count, rated.columns, dict(rated.refused)) == (0, (), {})


def test_lines_without_a_quantity_are_left_out() -> None:
    both = one(charge("energy", "energy", price="0.10"), charge("percentage", "tax", percent="5", of=["energy"]))
    assert amounts(both, june(energy_wh=0)) == []
    free = one(charge("energy", "energy", price="0"))
    assert amounts(free, june(energy_wh=1)) == [("energy", 0)]


@pytest.mark.parametrize(
    ("price", "energy_wh"),
    [("999999999.999999999", 10**12), ("0.123456789", 10**12), ("-999999999.999999999", 10**12)],
)
def test_an_amount_beyond_64_bits_raises_and_never_wraps(price: str, energy_wh: int) -> None:
    dear = one(charge("energy", "energy", price=price))
    with pytest.raises(OverflowError):
        rate(dear, june(energy_wh=energy_wh))


def test_the_largest_usage_at_a_usual_price_is_exact() -> None:
    pca = one(charge("rider", "pca", price="0.0077061"))
    (line,) = rate(pca, june(energy_wh=10**12)).lines
    assert (line.unrounded, line.amount_cents) == ("7706100.00", 770_610_000)


def test_the_sum_of_periods_beyond_64_bits_raises() -> None:
    fields = {"energy_wh": 0, "energy_by_period_wh": {"on_peak": 10**12, "off_peak": -(10**12)}}
    assert rate(TIME_OF_USE, june(**fields)).total_cents == 15_000_000_000


@pytest.mark.parametrize("start", [date(1, 1, 1), date(9999, 12, 1)])
def test_the_first_and_last_days_of_the_calendar_stop_no_batch(start: date) -> None:
    """A misread 9999-12-31 in one account's dates used to end the whole batch with a ValueError of its seasons."""
    seasonal = schedule(
        version(
            charge("energy", "energy", season="summer", price="0.10"),
            charge("energy", "energy", season="winter", price="0.05"),
            seasons=SUMMER_AND_WINTER,
            effective="0001-01-01",
        )
    )
    far = Usage(span=Span(start=start, end=start + timedelta(days=30)), energy_wh=1_000)
    rated = rate_many(seasonal, usage_arrays(schedule=seasonal, usages=[far, june(energy_wh=1_000)]))
    assert [[line.amount_cents for line in rated.bill(index).lines] for index in (0, 1)] == [[5], [10]]
    (line,) = rated.bill(0).lines
    assert line.span == far.span


def test_a_season_in_two_entries_that_meet_is_one_piece() -> None:
    seasons = [
        {"code": "winter", "name": "Winter", "start": "01-01", "through": "05-31"},
        {"code": "summer", "name": "Summer", "start": "06-01", "through": "09-30"},
        {"code": "winter", "name": "Winter", "start": "10-01", "through": "12-31"},
    ]
    seasonal = one(
        charge("energy", "energy", season="summer", price="0.10"),
        charge("energy", "energy", season="winter", blocks=[{"price": "0.10", "up_to_kwh": "500"}, {"price": "0.05"}]),
        seasons=seasons,
    )
    span = Span(start=date(2026, 12, 15), end=date(2027, 1, 14))
    lines = rate(seasonal, Usage(span=span, energy_wh=600_000)).lines
    assert [(line.quantity, line.span) for line in lines] == [(Decimal(500), span), (Decimal(100), span)]


def test_two_summers_in_a_long_period_make_two_lines() -> None:
    seasonal = one(
        charge("energy", "summer", season="summer", price="0.10"),
        charge("energy", "winter", season="winter", price="0.05"),
        seasons=SUMMER_AND_WINTER,
    )
    span = Span(start=date(2025, 9, 1), end=date(2026, 7, 1))
    lines = rate(seasonal, Usage(span=span, energy_wh=303_000)).lines
    assert [(line.code, line.span.start, line.span.days, line.quantity) for line in lines] == [
        ("summer", date(2025, 9, 1), 30, Decimal(30)),
        ("summer", date(2026, 6, 1), 30, Decimal(30)),
        ("winter", date(2025, 10, 1), 243, Decimal(243)),
    ]


def test_a_charge_per_bill_is_made_once_by_the_version_of_the_last_day() -> None:
    two = schedule(
        version(charge("fixed", "paper", price="1", per="bill")),
        version(charge("fixed", "paper", price="2", per="bill"), effective="2026-06-15"),
    )
    (line,) = rate(two, june()).lines
    assert (line.amount_cents, line.version, line.span) == (200, date(2026, 6, 15), JUNE)
    ends_before = Usage(span=Span(start=date(2026, 5, 16), end=date(2026, 6, 15)))
    assert amounts(two, ends_before) == [("paper", 100)]


def test_a_price_by_the_first_day_reaches_back_before_its_series() -> None:
    two = schedule(
        version(charge("fixed", "customer", price="1")),
        version(charge("rider", "pca", series="pca", in_force="at_start"), effective="2026-06-16"),
        series={"pca": [{"effective": "2026-06-16", "value": "0.01"}, {"effective": "2026-06-20", "value": "0.05"}]},
    )
    assert amounts(two, june(energy_wh=30_000)) == [("customer", 50), ("pca", 15)]


def test_split_reads_price_each_part_of_the_energy_where_it_was_used() -> None:
    two = schedule(
        version(charge("energy", "energy", price="0.10")),
        version(charge("energy", "energy", price="0.20"), effective="2026-06-16"),
    )
    parts = (part(JUNE.start, date(2026, 6, 11), 100_000), part(date(2026, 6, 11), JUNE.end, 200_000))
    # 5 of the second read's 20 days lie before the 16th: 50 kWh
    expected = [("energy", 1_500), ("energy", 3_000)]
    assert amounts(two, june(energy_wh=300_000, parts=parts)) == expected
    assert amounts(two, june(energy_wh=300_000)) == [("energy", 1_500), ("energy", 3_000)]
    early = (part(JUNE.start, date(2026, 6, 11), 300_000), part(date(2026, 6, 11), JUNE.end, 0))
    usages = [june(energy_wh=300_000, parts=early), june(energy_wh=10_000), june(energy_wh=300_000, parts=parts)]
    rated = rate_many(two, usage_arrays(schedule=two, usages=usages))
    assert rated.total_cents.tolist() == [3_000, 150, 4_500]


def test_split_reads_by_time_of_use() -> None:
    two = schedule(
        version(charge("energy", "energy", price="0.10")),
        version(
            charge("energy", "on", period="on_peak", price="0.30"),
            charge("energy", "off", period="off_peak", price="0.10"),
            effective="2026-06-16",
            periods=ON_AND_OFF,
        ),
    )
    parts = (
        part(JUNE.start, date(2026, 6, 16), 100_000, on_peak=0, off_peak=0),
        part(date(2026, 6, 16), JUNE.end, 50_000, on_peak=20_000, off_peak=30_000),
    )
    # what was used before the periods were metered is of no period: only the reads that are priced so must sum
    usage = june(energy_wh=150_000, energy_by_period_wh={"on_peak": 20_000, "off_peak": 30_000}, parts=parts)
    assert amounts(two, usage) == [("energy", 1_000), ("on", 600), ("off", 300)]
    wrong = (parts[0], part(date(2026, 6, 16), JUNE.end, 50_000, on_peak=20_000, off_peak=30_001))
    by_period = {"on_peak": 20_000, "off_peak": 30_001}
    with pytest.raises(EnergyByPeriodDoesNotSum):
        rate(two, replace(usage, energy_by_period_wh=by_period, parts=wrong))


def test_a_period_of_one_day_and_one_of_ten_years() -> None:
    monthly = one(charge("fixed", "customer", price="30"))
    day = Usage(span=Span(start=JUNE.start, end=JUNE.start + timedelta(days=1)))
    assert amounts(monthly, day) == [("customer", 100)]
    decade = Usage(span=Span(start=date(2020, 1, 1), end=date(2020, 1, 1) + timedelta(days=3_660)))
    assert amounts(monthly, decade) == [("customer", 366_000)]


def test_arrays_can_be_laid_out_without_usages() -> None:
    """A bill run fills arrays from a query; what it leaves out is unknown."""
    from weatherhead.core.rating import MISSING, UsageArrays

    unknown = np.full(3, MISSING, dtype=np.int64)
    arrays = UsageArrays(
        starts=np.full(3, JUNE.start.toordinal()),
        ends=np.full(3, JUNE.end.toordinal()),
        energy_wh=np.array([1_000, 2_000, 3_000]),
        demand_w_max=unknown,
        demand_va_max=unknown,
        trailing_average_wh=unknown,
        facilities_level=unknown,
    )
    assert rate_many(FLAT, arrays).total_cents.tolist() == [10, 20, 30]
    refused = rate_many(BY_PHASE, arrays).refused
    assert [refusal.code for refusal in refused.values()] == ["OptionMissing"] * 3
    unknown_period = rate_many(TIME_OF_USE, arrays).refused
    assert [refusal.code for refusal in unknown_period.values()] == ["EnergyByPeriodMissing"] * 3
    wrong = replace(arrays, options={"phase": np.array([0, 2, 1])})
    assert {index: refusal.code for index, refusal in rate_many(BY_PHASE, wrong).refused.items()} == {
        1: "OptionNotKnown"
    }

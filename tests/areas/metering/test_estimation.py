"""Estimates, worked by hand and by laws: bounds of history, sums over split periods, and what may not be estimated."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.areas.metering.estimation import (
    ChangeOfUse,
    DemandNotEstimated,
    DemandUnknown,
    EstimateFacts,
    EstimatesInARow,
    EstimateWithoutStart,
    NothingToEstimateFrom,
    Use,
    change_of_use,
    estimate,
    use_now,
)
from weatherhead.areas.metering.intake import (
    InstallationFacts,
    MeterHistory,
    MeterNotInstalled,
    ReadExists,
    ReadInFuture,
)
from weatherhead.areas.metering.reading_rules import DemandEstimate, EstimationVersion
from weatherhead.areas.metering.usage import Dial, DialRead, energy_wh_between
from weatherhead.core.values import Rule

HUNG_ON = date(2024, 1, 1)
NOTHING = Use(energy_wh=0, days=0, services=0)
SAME = ChangeOfUse(now=NOTHING, year_before=NOTHING)
RULE = Rule(code="estimation 5.4", title="Estimated reads", citation="section 5.4", status="illustrative")
VERSION = EstimationVersion(
    effective=date(2024, 1, 1),
    methods=("same_period_year_before", "own_daily_average", "class_average"),
    scaling_services_min=5,
    trailing_periods=3,
    class_services_min=5,
    in_a_row_max=3,
    cycle_share_max_percent=20,
    demand=DemandEstimate(allowed=False, method="same_period_year_before"),
)


def history(*reads: tuple[date, int] | tuple[date, int, str], dials: int = 5, **other: Any) -> MeterHistory:
    """A meter that hung since `HUNG_ON`; readings are steps since zero, so that the dial may turn."""
    multiplier = other.pop("multiplier", Decimal(1))
    place = InstallationFacts(installation_id=1, meter_id=7, service_point_id=3, installed_on=HUNG_ON, removed_on=None)
    taken = [
        DialRead(
            meter_id=7,
            read_on=read[0],
            kind=read[2] if len(read) > 2 else "actual",
            dial_reading=read[1] % 10**dials,
            turns=read[1] // 10**dials,
            demand_w_max=other.get("demand_w"),
        )
        for read in reads
    ]
    return MeterHistory(
        meter_id=other.get("meter_id", 7),
        serial="E-1",
        dial=Dial(dials=dials, multiplier=multiplier),
        has_demand="demand_w" in other,
        installations=(place,),
        reads=tuple(taken),
        held=other.get("held", {}),
        place_periods={},
    )


def facts(meter: MeterHistory, on: date, **other: Any) -> EstimateFacts:
    values: dict[str, Any] = {
        "as_of": on + timedelta(days=5), "rule": RULE, "version": VERSION, "demand_priced": False,
        "change": SAME, "of_class": NOTHING,
    } | other  # fmt: skip
    return EstimateFacts(meter=meter, read_on=on, **values)


# --------------------------------------------------------------------------------------------------- worked by hand
YEAR = history(
    (date(2025, 10, 1), 10_000),
    (date(2025, 11, 1), 10_620),  # 620 kWh in 31 days, a year before
    (date(2026, 8, 1), 15_000),
    (date(2026, 9, 1), 15_930),  # 30 a day
    (date(2026, 10, 1), 16_530),  # 20 a day
)


def test_the_same_period_a_year_before_scaled_by_the_change_of_the_cycle() -> None:
    # The cycle used 10 % less a day: 620 × 31/31 × 0.9 = 558 kWh.
    change = ChangeOfUse(
        now=Use(energy_wh=900_000, days=310, services=5), year_before=Use(energy_wh=1_000_000, days=310, services=5)
    )
    found = estimate(facts(YEAR, date(2026, 11, 1), change=change))
    assert (found.method, found.energy_wh, found.plan.dial_reading) == ("same_period_year_before", 558_000, 17_088)
    proof = found.plan.proof
    assert proof is not None
    assert proof["periods"] == [{"start": "2025-10-01", "end": "2025-11-01", "energy_wh": 620_000}]
    assert proof["scaled_by"]["now"] == {"energy_wh": 900_000, "days": 310, "services": 5}
    assert proof["rule"]["citation"] == "section 5.4"


def test_with_too_few_services_it_is_not_scaled() -> None:
    change = ChangeOfUse(
        now=Use(energy_wh=900_000, days=310, services=4), year_before=Use(energy_wh=1_000_000, days=310, services=4)
    )
    found = estimate(facts(YEAR, date(2026, 11, 1), change=change))
    assert found.energy_wh == 620_000
    assert "scaled_by" not in (found.plan.proof or {})


def test_a_wild_change_of_the_cycle_stays_within_the_own_history() -> None:
    change = ChangeOfUse(
        now=Use(energy_wh=9_000_000, days=310, services=5), year_before=Use(energy_wh=1_000_000, days=310, services=5)
    )
    found = estimate(facts(YEAR, date(2026, 11, 1), change=change))
    assert found.energy_wh == 930_000  # 30 kWh a day, the most there was, for 31 days
    # February to August 2026 is a period too: 4,380 kWh in 273 days, the least is 16.04 a day.
    assert (found.plan.proof or {})["within_wh"] == [497_362, 930_000]


def test_without_a_year_the_own_daily_average() -> None:
    meter = history((date(2026, 8, 1), 0), (date(2026, 9, 1), 930), (date(2026, 10, 1), 1530))
    found = estimate(facts(meter, date(2026, 11, 1)))
    # 1,530 kWh in 61 days: 25.08 a day, 777.54 in 31; the dial shows whole steps.
    assert (found.method, found.energy_wh, found.plan.dial_reading) == ("own_daily_average", 778_000, 2308)


def test_without_any_history_the_class() -> None:
    meter = history((date(2026, 10, 1), 40))
    of_class = Use(energy_wh=4_650_000, days=155, services=5)
    found = estimate(facts(meter, date(2026, 11, 1), of_class=of_class))
    assert (found.method, found.energy_wh) == ("class_average", 930_000)
    with pytest.raises(NothingToEstimateFrom):
        estimate(facts(meter, date(2026, 11, 1), of_class=replace(of_class, services=4)))


def test_the_dial_may_pass_zero_and_a_multiplier_rounds_to_a_step() -> None:
    meter = history((date(2026, 9, 1), 99_000), (date(2026, 10, 1), 99_600), multiplier=Decimal(40))
    found = estimate(facts(meter, date(2026, 11, 1)))
    assert (found.plan.dial_reading, found.plan.turns) == (220, 1)  # 600 steps in 30 days, 620 in 31
    assert found.energy_wh == 620 * 40 * 1000


def test_between_two_reads_by_days() -> None:
    meter = history((date(2026, 9, 1), 1000), (date(2026, 11, 1), 1610))
    found = estimate(facts(meter, date(2026, 10, 1)))
    assert (found.method, found.plan.dial_reading) == ("between_reads", 1300)  # 610 kWh in 61 days


# ------------------------------------------------------------------------------------------------------ what may not be
def test_what_is_not_estimated() -> None:
    on = date(2026, 11, 1)
    guesses = tuple((date(2026, month, 1), 1000 + 100 * month, "estimated") for month in (8, 9, 10))
    for meter, other, refusal in (
        (history((date(2026, 7, 1), 1000), *guesses), {}, EstimatesInARow),
        (history(), {}, EstimateWithoutStart),
        (YEAR, {"as_of": date(2026, 10, 31)}, ReadInFuture),
        (YEAR, {"demand_priced": True}, DemandNotEstimated),
        (history((date(2026, 10, 1), 1, "actual"), demand_w=40_000), {}, DemandNotEstimated),
        (history((date(2026, 10, 1), 1), held={on: 5}), {}, ReadExists),
    ):
        with pytest.raises(refusal):
            estimate(facts(meter, on, **other))
    with pytest.raises(MeterNotInstalled):
        estimate(facts(YEAR, HUNG_ON - timedelta(days=1)))


def test_a_held_read_gives_way() -> None:
    on = date(2026, 11, 1)
    meter = replace(YEAR, held={on: 99_999})
    assert estimate(facts(meter, on, replaced_on=on)).energy_wh == 620_000


def test_demand_where_it_is_allowed() -> None:
    meter = replace(YEAR, has_demand=True, reads=tuple(
        replace(read, demand_w_max=1000 * read.read_on.month) for read in YEAR.reads
    ))  # fmt: skip
    for method, demand_w, taken_from in (
        ("same_period_year_before", 11_000, "2025-11-01"),
        ("highest_of_twelve", 10_000, "2026-10-01"),
    ):
        version = VERSION.model_copy(update={"demand": DemandEstimate(allowed=True, method=method)})
        found = estimate(facts(meter, date(2026, 11, 2), version=version))
        assert found.plan.demand_w_max == demand_w
        assert (found.plan.proof or {})["demand_from"] == taken_from
    bare = replace(meter, reads=tuple(replace(read, demand_w_max=None) for read in meter.reads))
    with pytest.raises(DemandUnknown):
        estimate(facts(bare, date(2026, 11, 2), version=version))


def test_what_the_others_used_leaves_out_the_meter_itself_and_estimates() -> None:
    other = replace(YEAR, meter_id=8)
    guessed = replace(YEAR, meter_id=9, reads=(*YEAR.reads[:-1], replace(YEAR.reads[-1], kind="estimated")))
    peers = (YEAR, other, guessed)
    on = date(2026, 10, 3)
    assert use_now(peers, read_on=on, but=7) == Use(energy_wh=600_000, days=30, services=1)
    change = change_of_use((replace(other, reads=YEAR.reads[:2] + YEAR.reads[3:]),), read_on=on, but=7)
    assert change.now.services == 0  # what ends on October 1 has no period a year before it that ends by then


# ----------------------------------------------------------------------------------------------------------------- laws
USES = st.lists(st.integers(0, 5_000), min_size=1, max_size=14)


@given(
    uses=USES,
    days=st.integers(20, 40),
    start=st.integers(0, 99_999),
    now=st.integers(1, 10**7),
    then=st.integers(1, 10**7),
)
def test_an_estimate_lies_within_the_bounds_of_history(
    uses: list[int], days: int, start: int, now: int, then: int
) -> None:
    """A day of it is not below the lowest nor above the highest daily use there was, but for one step of the dial."""
    on, steps = HUNG_ON, start
    reads = [(on, steps)]
    for use in uses:
        on, steps = on + timedelta(days=30), steps + use
        reads.append((on, steps))
    change = ChangeOfUse(
        now=Use(energy_wh=now, days=30, services=9), year_before=Use(energy_wh=then, days=30, services=9)
    )
    found = estimate(facts(history(*reads), on + timedelta(days=days), change=change))
    low, high = min(uses) * 1000 * days // 30, max(uses) * 1000 * days // 30
    assert low - 1000 < found.energy_wh < high + 1000
    assert found.energy_wh >= 0


@given(uses=USES, estimates=st.integers(1, 3), actual=st.integers(0, 20_000))
def test_the_next_actual_read_trues_up_whatever_was_estimated(uses: list[int], estimates: int, actual: int) -> None:
    """Energy over the estimated periods and the one that ends with the actual read sums to what was really used."""
    on, steps = HUNG_ON, 0
    reads: list[Any] = [(on, steps)]
    for use in uses:
        on, steps = on + timedelta(days=30), steps + use
        reads.append((on, steps))
    meter = history(*reads, dials=6)
    for _ in range(estimates):
        on += timedelta(days=30)
        meter = meter.with_read(estimate(facts(meter, on)).plan)
    end = steps + actual
    last = DialRead(meter_id=7, read_on=on, kind="actual", dial_reading=end, turns=0)
    chain = [item for item in meter.reads if item.read_on >= HUNG_ON + timedelta(days=30 * len(uses))] + [last]
    total = sum(
        energy_wh_between(
            start_reading=first.dial_reading, end_reading=second.dial_reading, turns=second.turns - first.turns,
            dials=6, multiplier=Decimal(1),
        )
        for first, second in pairwise(chain)
    )  # fmt: skip
    assert total == actual * 1000


@given(total=st.integers(0, 9_999), days=st.integers(2, 90), cut=st.data())
def test_splitting_a_period_by_an_estimate_keeps_its_energy(total: int, days: int, cut: st.DataObject) -> None:
    at = cut.draw(st.integers(1, days - 1))
    end = HUNG_ON + timedelta(days=days)
    meter = history((HUNG_ON, 500), (end, 500 + total))
    found = estimate(facts(meter, HUNG_ON + timedelta(days=at), as_of=end))
    rest = 500 + total - found.plan.dial_reading
    assert found.energy_wh // 1000 + rest == total
    assert 0 <= found.energy_wh <= total * 1000

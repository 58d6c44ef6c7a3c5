"""Energy between readings, and what is believed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weatherhead.areas.metering.usage import (
    Dial,
    DialRead,
    Judgement,
    MultiplierNotExact,
    ReadOutOfSequence,
    UseBounds,
    UsePeriod,
    energy_wh_between,
    format_kwh,
    format_whole_kwh,
    judge_read,
    sequence_refusal,
    step_wh,
    use_periods,
)

DIAL = Dial(dials=5, multiplier=Decimal(1))
BOUNDS = UseBounds(ratio_low=Decimal("0.4"), ratio_high=Decimal("2.5"), floor_wh=150_000)


def at(day: str, reading: int, *, kind: str = "actual", turns: int = 0, demand_w: int | None = None) -> DialRead:
    return DialRead(
        meter_id=1, read_on=date.fromisoformat(day), kind=kind, dial_reading=reading, turns=turns, demand_w_max=demand_w
    )


# Monthly use of 600, 600 and 620 kWh: about 20 kWh a day.
HISTORY = (at("2026-08-01", 10_000), at("2026-09-01", 10_620), at("2026-10-01", 11_220), at("2026-11-01", 11_840))


def judge(read: DialRead, *, reads: tuple[DialRead, ...] = HISTORY, dial: Dial = DIAL) -> Judgement:
    return judge_read(read, dial=dial, reads=reads, periods=use_periods(reads, dial=dial), bounds=BOUNDS)


@pytest.mark.parametrize(
    ("multiplier", "wh"), [("1", 1000), ("40", 40_000), ("0.5", 500), ("2.125", 2125), ("0.001", 1), ("1.2500", 1250)]
)
def test_a_step_of_the_dial_is_a_whole_number_of_watt_hours(multiplier: str, wh: int) -> None:
    assert step_wh(Decimal(multiplier)) == wh


@pytest.mark.parametrize("multiplier", ["0", "-1", "0.0001", "1.2345", "NaN", "Infinity"])
def test_a_multiplier_that_is_not_exact_is_refused(multiplier: str) -> None:
    with pytest.raises(MultiplierNotExact, match="at most three decimals"):
        step_wh(Decimal(multiplier))


def test_energy_is_the_difference_times_the_multiplier() -> None:
    energy = energy_wh_between(start_reading=1200, end_reading=1350, turns=0, dials=5, multiplier=Decimal(40))
    assert energy == 6_000_000  # 150 steps of 40 kWh


def test_energy_over_the_end_of_the_dial() -> None:
    energy = energy_wh_between(start_reading=99_700, end_reading=300, turns=1, dials=5, multiplier=Decimal(1))
    assert energy == 600_000


def test_energy_is_negative_after_a_start_that_was_too_high() -> None:
    energy = energy_wh_between(start_reading=5200, end_reading=5100, turns=0, dials=5, multiplier=Decimal(1))
    assert energy == -100_000


def test_a_first_read_is_believed() -> None:
    judgement = judge(at("2026-11-01", 4711), reads=())
    assert (judgement.held, judgement.turns, judgement.energy_wh) == (False, 0, None)


def test_usual_use_is_believed() -> None:
    judgement = judge(at("2026-12-01", 12_440))
    assert not judgement.held
    assert judgement.energy_wh == 600_000
    assert judgement.since == HISTORY[-1]
    assert judgement.usual_wh == 1_840_000 * 30 // 92


@pytest.mark.parametrize(
    ("reading", "exception"),
    [
        (11_840 + 1_500, ""),  # 2.5 × 600 exactly is still believed
        (11_840 + 1_501, "high"),
        (11_840 + 241, ""),
        (11_840 + 239, "low"),
        (11_840, "zero"),
        (11_839, "negative"),
    ],
)
def test_bounds_are_ratios_to_the_daily_average(reading: int, exception: str) -> None:
    # 600 kWh in 30 days: the average of these three periods is 20 kWh a day exactly.
    reads = (at("2026-08-01", 10_000), at("2026-09-01", 10_620), at("2026-10-01", 11_220), at("2026-11-01", 11_840))
    assert judge(at("2026-12-01", reading), reads=reads).exception == exception


def test_the_sentence_says_what_was_compared() -> None:
    judgement = judge(at("2026-12-01", 14_840))
    assert str(judgement.sentence) == "3,000 kWh in 30 days is high: 600 kWh by the last 3 periods."


def test_an_average_is_said_in_whole_kwh() -> None:
    # 1,700 kWh in 101 days are 504.950… kWh in 30; what was read itself is said exactly.
    reads = (at("2026-08-22", 10_140), at("2026-10-22", 11_000), at("2026-12-01", 11_840))
    judgement = judge(at("2026-12-31", 14_840), reads=reads)
    assert str(judgement.sentence) == "3,000 kWh in 30 days is high: 505 kWh by the last 2 periods."
    assert [format_whole_kwh(energy_wh) for energy_wh in (499, 500, 1_523_499, 523_931)] == ["0", "1", "1,523", "524"]


def test_small_differences_are_never_exceptions() -> None:
    reads = (at("2026-10-01", 1000), at("2026-11-01", 1031))  # 1 kWh a day
    assert not judge(at("2026-12-01", 1031 + 179), reads=reads).held  # six times as much, but 149 kWh more
    assert judge(at("2026-12-01", 1031 + 180), reads=reads).exception == "high"


def test_the_same_time_a_year_before_explains_a_season() -> None:
    # 10 kWh a day all year, but 40 in the July before: this July's 40 is no exception.
    days = [date(2025, month, 1) for month in range(7, 13)] + [date(2026, month, 1) for month in range(1, 8)]
    reads, reading = [at("2025-06-01", 0)], 0
    for before, on in zip([date(2025, 6, 1), *days], days, strict=False):
        reading += (on - before).days * (40 if on == date(2025, 8, 1) else 10)
        reads.append(at(on.isoformat(), reading))
    july = at("2026-08-01", reading + 31 * 40)
    judgement = judge(july, reads=tuple(reads))
    assert not judgement.held
    assert judgement.year_before_wh == 31 * 40_000
    bare = tuple(read for read in reads if read.read_on >= date(2025, 9, 1))
    assert judge(july, reads=bare).exception == "high"


def test_a_stopped_meter_is_asked_about_once() -> None:
    stopped = (*HISTORY, at("2026-12-01", 11_840))
    assert judge(at("2026-12-01", 11_840)).exception == "zero"
    assert not judge(at("2027-01-01", 11_840), reads=stopped).held


def test_no_use_for_a_few_days_is_a_journey() -> None:
    assert not judge(at("2026-11-08", 11_840)).held


def test_a_dial_that_passed_zero_is_believed_when_history_shows_it() -> None:
    reads = tuple(at(read.read_on.isoformat(), read.dial_reading + 87_900) for read in HISTORY)
    judgement = judge(at("2026-12-01", 340), reads=reads)  # 99,740 → 00,340
    assert (judgement.held, judgement.turns, judgement.energy_wh) == (False, 1, 600_000)


def test_a_dial_that_would_have_passed_zero_with_far_too_much_use_is_a_mistake() -> None:
    judgement = judge(at("2026-12-01", 11_740))
    assert (judgement.exception, judgement.turns, judgement.energy_wh) == ("negative", 0, -100_000)
    assert "too much use for the dial to have passed zero" in str(judgement.sentence)


def test_less_than_an_estimate_says_that_the_estimate_may_be_wrong() -> None:
    reads = (*HISTORY[:-1], at("2026-11-01", 11_840, kind="estimated"))
    judgement = judge(at("2026-12-01", 11_740), reads=reads)
    assert judgement.exception == "negative"
    assert "was estimated and may have been too high" in str(judgement.sentence)


def test_without_history_a_turn_is_held() -> None:
    judgement = judge(at("2026-12-01", 450), reads=(at("2026-11-01", 99_950),))
    assert (judgement.exception, judgement.turns, judgement.energy_wh) == ("rollover", 1, 500_000)


def test_without_history_a_far_lower_reading_is_a_mistake() -> None:
    judgement = judge(at("2026-12-01", 450), reads=(at("2026-11-01", 50_000),))
    assert (judgement.exception, judgement.turns) == ("negative", 0)


def test_a_read_between_two_others_must_lie_between_them() -> None:
    assert not judge(at("2026-10-15", 11_500)).held
    for reading in (11_219, 11_841):
        with pytest.raises(ReadOutOfSequence):
            judge(at("2026-10-15", reading))


def test_a_later_read_proves_the_turn_of_an_earlier_one() -> None:
    reads = (at("2026-11-01", 99_950), at("2027-01-01", 900, turns=1))
    assert judge(at("2026-12-01", 99_990), reads=reads).turns == 0
    judgement = judge(at("2026-12-01", 450), reads=reads)
    assert (judgement.held, judgement.turns) == (False, 1)
    with pytest.raises(ReadOutOfSequence, match="the meter read"):
        judge(at("2026-12-01", 901), reads=reads)


def test_a_read_before_the_first_takes_its_turns() -> None:
    assert judge(at("2026-07-01", 9_400)).turns == 0
    with pytest.raises(ReadOutOfSequence):
        judge(at("2026-07-01", 10_001))


def test_check_reads_bound_the_dial_but_end_no_period() -> None:
    reads = (*HISTORY, at("2026-11-10", 12_020, kind="check"))
    assert len(use_periods(reads, dial=DIAL)) == 3
    judgement = judge(at("2026-12-01", 12_440), reads=reads)
    assert judgement.energy_wh == 600_000
    assert judgement.since == HISTORY[-1]
    assert judge(at("2026-12-01", 12_000), reads=reads).exception == "negative"


def test_more_energy_than_the_demand_can_give_is_held() -> None:
    # 1 kW for 30 days is 720 kWh.
    assert judge(at("2026-12-01", 12_640, demand_w=1_000)).exception == "demand"  # 800 kWh
    assert not judge(at("2026-12-01", 12_440, demand_w=1_000)).held


def test_sequence_is_checked_again_when_a_read_is_released() -> None:
    assert sequence_refusal(at("2026-10-15", 11_841), dial=DIAL, reads=HISTORY) is not None
    assert sequence_refusal(at("2026-10-15", 11_840), dial=DIAL, reads=HISTORY) is None
    assert sequence_refusal(at("2026-12-15", 1), dial=DIAL, reads=HISTORY) is None


@pytest.mark.parametrize(
    ("wh", "said"), [(1_397_000, "1,397"), (1_250, "1.25"), (0, "0"), (-100_000, "-100"), (1, "0.001")]
)
def test_kilowatt_hours_are_written_exactly(wh: int, said: str) -> None:
    assert format_kwh(wh) == said


READINGS = st.lists(st.integers(0, 30_000), min_size=2, max_size=24)


@given(steps=READINGS, start=st.integers(0, 99_999), multiplier=st.sampled_from(["1", "40", "0.125"]))
def test_periods_sum_to_the_whole_however_the_dial_turned(steps: list[int], start: int, multiplier: str) -> None:
    dial = Dial(dials=5, multiplier=Decimal(multiplier))
    reads, total = [], start
    for months, step in enumerate([0, *steps]):
        total += step
        on = date(2026, 1, 1) + timedelta(days=30 * months)
        reads.append(at(on.isoformat(), total % 100_000, turns=total // 100_000))
    periods = use_periods(reads, dial=dial)
    assert sum(period.energy_wh for period in periods) == sum(steps) * dial.step_wh
    assert [period.energy_wh for period in periods] == [step * dial.step_wh for step in steps]


@given(daily=st.integers(1, 100), start=st.integers(0, 99_999), factor=st.integers(5, 24))
def test_a_steady_customer_is_always_believed(daily: int, start: int, factor: int) -> None:
    """Within half and 2.4 times the average every read is accepted with the right energy, over any turn of the dial."""
    reads = tuple(
        at((date(2026, 1, 1) + timedelta(days=30 * month)).isoformat(), (start + 30 * daily * month) % 100_000,
           turns=(start + 30 * daily * month) // 100_000)
        for month in range(5)
    )  # fmt: skip
    use = 30 * daily * factor // 10
    total = start + 30 * daily * 4 + use
    judgement = judge(at("2026-05-31", total % 100_000), reads=reads)
    assert not judgement.held
    assert judgement.turns == total // 100_000
    assert judgement.energy_wh == use * 1000


def test_periods_know_their_days() -> None:
    period = use_periods(HISTORY, dial=DIAL)[0]
    assert period == UsePeriod(
        meter_id=1, start_on=date(2026, 8, 1), end_on=date(2026, 9, 1), energy_wh=620_000, estimated=False
    )
    assert period.days == 31

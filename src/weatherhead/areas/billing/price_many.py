"""Reads become determinants, determinants become lines, lines are checked against bounds: for n agreements at once.

Pure: facts come in as columns, and what cannot be billed is a refusal in the result, by index. The formulas of a single
bill are these, with n = 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from weatherhead.areas.billing.columns import KIND_NUMBERS, BillingColumns
from weatherhead.areas.billing.refusals import BillingHeld, NothingToBill, StartReadMissing, UnmeteredPeriodMissing
from weatherhead.areas.metering.accuracy import EXACT
from weatherhead.areas.records.arrays import MISSING
from weatherhead.areas.records.utility import Bounds
from weatherhead.core.rating import PartArrays, RatedArrays, Schedule, Usage, UsageArrays, rate_many, usage_arrays
from weatherhead.core.rating.schedule import CountOption
from weatherhead.core.rating.usage import PartsDoNotMakePeriod, UsageNotRatable
from weatherhead.core.values import Int64Array, Refusal, Span

FACILITIES_LEVEL = "facilities_level"
"""The agreement's option that assigns a level until twelve periods are known."""

PERIODS_OF_AVERAGE = 12
FIRST_MONTH_OF_LEVEL_YEAR = 12  # levels are set once a year from the periods that end in December to November
YEAR_DAYS, YEAR_SLACK_DAYS = 365, 16
HISTORY_DAYS_MIN = 20
WH_PER_KWH = 1000
CHECKS = ("usage", "days", "amount")
"""What is looked at before a bill is issued, in the order in which it is told."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """The periods to bill, `[starts, ends)`; an agreement in `refused` has none, and the reason says why."""

    starts: Int64Array
    ends: Int64Array
    refused: Mapping[int, Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The segments that use is compared with: a year before when there is one, else the last. MISSING: none."""

    ends: Int64Array
    days: Int64Array
    energy_wh: Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedGroup:
    """The agreements of one schedule, rated: `members` are indexes into the batch, ascending."""

    members: Int64Array
    rated: RatedArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """n agreements' periods, priced and checked.

    `reads` holds, for every agreement, where its reads of the period begin and end in the batch's read columns.
    `failed` (n, 3) tells which checks did not pass, in the order of `CHECKS`; released ones are in `released`.
    """

    periods: Periods
    reads_from: Int64Array
    reads_to: Int64Array
    energy_wh: Int64Array
    demand_w_max: Int64Array
    average_wh: Int64Array
    levels: Int64Array
    estimated: Mask
    compared: Compared
    short_allowed: Mask
    total_cents: Int64Array
    failed: NDArray[np.bool_]
    released: Mapping[int, Mapping[str, str]]
    refused: Mapping[int, Refusal]
    groups: tuple[PricedGroup, ...] = field(default=())

    @property
    def held(self) -> Mask:
        """Agreements with a check that did not pass and was not released."""
        holds: Mask = np.asarray(self.failed.any(axis=1), dtype=np.bool_)
        for index, codes in self.released.items():
            holds[index] = any(
                bool(self.failed[index, place]) and code not in codes for place, code in enumerate(CHECKS)
            )
        return holds


# ------------------------------------------------------------------------------------------------------------- periods
def next_periods(columns: BillingColumns, *, through_on: date) -> Periods:
    """The period that each agreement is billed for next: from the end of the last to the last read up to a day."""
    count, history, reads = columns.count, columns.history, columns.reads
    starts = columns.starts.copy()
    last_of = _last_of(history.agreements, count=count)
    billed = last_of >= 0
    starts[billed] = history.ends[last_of[billed]]
    through = np.full(count, through_on.toordinal(), dtype=np.int64)
    last = np.where(columns.ends == MISSING, through, np.minimum(through, columns.ends))
    metered = columns.metered == 1
    ends = np.where(metered, MISSING, last)
    inside = (reads.days > starts[reads.agreements]) & (reads.days <= last[reads.agreements])
    np.maximum.at(ends, reads.agreements[inside], reads.days[inside])
    at_start = np.zeros(count, dtype=np.bool_)
    at_start[reads.agreements[reads.days == starts[reads.agreements]]] = True
    refused: dict[int, Refusal] = {}
    for index in np.flatnonzero(~metered & (last <= starts)).tolist():
        refused[index] = UnmeteredPeriodMissing(start=_day(starts[index]))
    for index in np.flatnonzero(metered & (ends == MISSING)).tolist():
        refused[index] = NothingToBill(start=_day(starts[index]))
    for index in np.flatnonzero(metered & (ends != MISSING) & ~at_start).tolist():
        refused[index] = StartReadMissing(start=_day(starts[index]))
    for index, exceptions in columns.exceptions.items():
        by_person = next((item for item in exceptions if item.state == "held" and item.kind == "person"), None)
        if by_person is not None:
            refused[index] = BillingHeld(why=by_person.said)
    return Periods(starts=starts, ends=np.where(ends == MISSING, starts, ends), refused=refused)


def _last_of(groups: Int64Array, *, count: int) -> Int64Array:
    """The place of each group's last row in sorted rows; −1 for a group without rows."""
    found = np.full(count, -1, dtype=np.int64)
    found[groups] = np.arange(len(groups), dtype=np.int64)
    return found


def _first_of(groups: Int64Array, *, count: int) -> Int64Array:
    found = np.full(count, -1, dtype=np.int64)
    found[groups[::-1]] = np.arange(len(groups), dtype=np.int64)[::-1]
    return found


def _day(ordinal: int | np.int64) -> date:
    return date.fromordinal(int(ordinal))


# ------------------------------------------------------------------------------------------------------------- pricing
def price_many(columns: BillingColumns, *, periods: Periods, bounds: Bounds) -> Priced:
    """Price the period of every agreement that is not refused, and check it.

    Raises:
        OverflowError: when an amount is beyond 64-bit fixed point.
    """
    refused = dict(periods.refused)
    reads_from, reads_to = _reads_of(columns, periods=periods, refused=refused)
    energy_wh, demand_w_max, parts = _metered(columns, reads_from=reads_from, reads_to=reads_to)
    average_wh = trailing_averages(columns, starts=periods.starts)
    levels = _assigned_levels(columns, average_wh=average_wh)
    total_cents = np.zeros(columns.count, dtype=np.int64)
    groups: list[PricedGroup] = []
    for place, facts in enumerate(columns.schedules):
        chosen = columns.schedule_of == place
        chosen[list(refused)] = False
        members = np.flatnonzero(chosen)
        if not len(members):
            continue
        usages = _usages(
            columns, schedule=facts.schedule, members=members, periods=periods, parts=parts,
            values=(energy_wh, demand_w_max, average_wh, levels),
        )  # fmt: skip
        rated = rate_many(facts.schedule, usages)
        total_cents[members] = rated.total_cents
        for index, refusal in rated.refused.items():
            refused[int(members[index])] = refusal
        groups.append(PricedGroup(members=members, rated=rated))
    compared = _compared(columns, periods=periods)
    short_allowed = _short_allowed(columns, periods=periods)
    last = np.maximum(reads_to - 1, 0)
    estimated = np.zeros(columns.count, dtype=np.bool_)
    if len(columns.reads.kinds):
        kinds = columns.reads.kinds[np.minimum(last, len(columns.reads.kinds) - 1)]
        estimated = (reads_to > reads_from) & (kinds == KIND_NUMBERS["estimated"])
    failed = np.column_stack(
        [
            _usage_fails(columns, periods=periods, energy_wh=energy_wh, compared=compared, bounds=bounds),
            _days_fail(periods, short_allowed=short_allowed, bounds=bounds),
            total_cents > bounds.amount_high_cents,
        ]
    )
    failed[list(refused)] = False
    return Priced(
        periods=periods,
        reads_from=reads_from,
        reads_to=reads_to,
        energy_wh=energy_wh,
        demand_w_max=demand_w_max,
        average_wh=average_wh,
        levels=levels,
        estimated=estimated,
        compared=compared,
        short_allowed=short_allowed,
        total_cents=total_cents,
        failed=failed,
        released=_releases(columns, periods=periods, failed=failed),
        refused=refused,
        groups=tuple(groups),
    )


def _reads_of(
    columns: BillingColumns, *, periods: Periods, refused: dict[int, Refusal]
) -> tuple[Int64Array, Int64Array]:
    """Where each agreement's reads of its period begin and end; a metered period without its two reads is refused."""
    reads, count = columns.reads, columns.count
    key = np.int64(1) << 23  # more than the ordinal of any date, so that agreement and day make one sortable number
    place = reads.agreements * key + reads.days
    index = np.arange(count, dtype=np.int64)
    first = np.searchsorted(place, index * key + periods.starts, side="left").astype(np.int64)
    end = np.searchsorted(place, index * key + periods.ends, side="right").astype(np.int64)
    metered = columns.metered == 1
    first, end = np.where(metered, first, 0), np.where(metered, end, 0)
    if len(reads.days):
        top = len(reads.days) - 1
        whole = (
            (end > first)
            & (reads.days[np.minimum(first, top)] == periods.starts)
            & (reads.days[np.clip(end - 1, 0, top)] == periods.ends)
        )
    else:
        whole = np.zeros(count, dtype=np.bool_)
    for item in np.flatnonzero(metered & ~whole).tolist():
        refused.setdefault(item, StartReadMissing(start=_day(periods.starts[item])))
    return first, end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Energy between each two reads that follow each other on the same meter, of agreements with more than one."""

    agreements: Int64Array
    starts: Int64Array
    ends: Int64Array
    energy_wh: Int64Array


def _metered(
    columns: BillingColumns, *, reads_from: Int64Array, reads_to: Int64Array
) -> tuple[Int64Array, Int64Array, _Parts]:
    """Energy and highest demand of each agreement, and the parts of those whose reads split the period."""
    reads, count = columns.reads, columns.count
    energy_wh = np.zeros(count, dtype=np.int64)
    demand = np.full(count, MISSING, dtype=np.int64)
    inside = np.zeros(len(reads.days) + 1, dtype=np.int64)
    spans = reads_to > reads_from
    np.add.at(inside, reads_from[spans], 1)
    np.add.at(inside, reads_to[spans], -1)
    within = np.cumsum(inside)[:-1] > 0
    rows = np.flatnonzero(within)
    one, two = rows[:-1], rows[1:]
    same = (
        (two == one + 1)
        & (reads.agreements[one] == reads.agreements[two])
        & (reads.meter_ids[one] == reads.meter_ids[two])
        & (reads.days[one] != reads.days[two])
    )
    one, two = one[same], two[same]
    turned = (reads.turns[two] - reads.turns[one]) * 10 ** reads.dials[two]
    part_wh = (reads.dial_readings[two] - reads.dial_readings[one] + turned) * reads.step_wh[two]
    if bool((accuracies := reads.accuracies[one] != EXACT).any()):
        accuracy = reads.accuracies[one]
        part_wh = np.where(accuracies, (2 * part_wh * EXACT + accuracy) // (2 * accuracy), part_wh)
    owners = reads.agreements[one]
    np.add.at(energy_wh, owners, part_wh)
    # The first read of a period tells the demand of the period before.
    later = rows[reads.days[rows] > reads.days[reads_from[reads.agreements[rows]]]] if len(rows) else rows
    np.maximum.at(demand, reads.agreements[later], reads.demand_w_max[later])
    split = np.bincount(owners, minlength=count)[owners] > 1 if len(owners) else np.zeros(0, dtype=np.bool_)
    parts = _Parts(
        agreements=owners[split],
        starts=reads.days[one][split],
        ends=reads.days[two][split],
        energy_wh=part_wh[split],
    )
    return energy_wh, demand, parts


def trailing_averages(columns: BillingColumns, *, starts: Int64Array) -> Int64Array:
    """Average monthly Wh over the twelve periods that ended in the last full December to November, or MISSING.

    LES sets facilities levels once a year so (les.com, residential rates); the demo utility does the same.
    """
    history, count = columns.history, columns.count
    days, of_day = np.unique(starts, return_inverse=True)
    windows = np.array([_level_year(_day(day)) for day in days.tolist()], dtype=np.int64).reshape(len(days), 2)
    first, end = windows[of_day, 0], windows[of_day, 1]
    owners = history.agreements
    known = (first[owners] <= history.ends) & (history.ends < end[owners])
    numbers = np.bincount(owners[known], minlength=count).astype(np.int64)
    sums = np.zeros(count, dtype=np.int64)
    np.add.at(sums, owners[known], history.energy_wh[known])
    enough = numbers >= PERIODS_OF_AVERAGE
    return np.where(enough, sums // np.maximum(numbers, 1), MISSING)


def _level_year(before: date) -> tuple[int, int]:
    year = before.year if before.month == FIRST_MONTH_OF_LEVEL_YEAR else before.year - 1
    first, end = date(year - 1, FIRST_MONTH_OF_LEVEL_YEAR, 1), date(year, FIRST_MONTH_OF_LEVEL_YEAR, 1)
    return first.toordinal(), end.toordinal()


def _assigned_levels(columns: BillingColumns, *, average_wh: Int64Array) -> Int64Array:
    """The level that an agreement's options assign, until its average is known."""
    assigned = np.array(
        [int(options.get(FACILITIES_LEVEL) or MISSING) for options in columns.option_sets] or [MISSING], dtype=np.int64
    )
    of_options = assigned[columns.options_of] if columns.count else np.zeros(0, dtype=np.int64)
    return np.where(average_wh == MISSING, of_options, MISSING)


def typed_options(options: Mapping[str, str], *, schedule: Schedule) -> dict[str, str | int]:
    """An agreement's options as its schedule understands them: counts as numbers."""
    typed: dict[str, str | int] = {}
    for name, value in options.items():
        if name == FACILITIES_LEVEL:
            continue
        is_count = isinstance(schedule.options.get(name), CountOption) and value.isascii() and value.isdigit()
        typed[name] = int(value) if is_count else value
    return typed


def _usages(
    columns: BillingColumns,
    *,
    schedule: Schedule,
    members: Int64Array,
    periods: Periods,
    parts: _Parts,
    values: tuple[Int64Array, Int64Array, Int64Array, Int64Array],
) -> UsageArrays:
    """The determinants of one schedule's agreements. Options are resolved once for each set of them."""
    energy_wh, demand_w_max, average_wh, levels = values
    sets, option_of = np.unique(columns.options_of[members], return_inverse=True)
    span = Span(start=date(2000, 1, 1), end=date(2000, 2, 1))
    stated = usage_arrays(
        schedule=schedule,
        usages=[
            Usage(span=span, options=typed_options(columns.option_sets[place], schedule=schedule))
            for place in sets.tolist()
        ],
    )
    refused: dict[int, UsageNotRatable] = {}
    for place, refusal in stated.refused.items():
        for index in np.flatnonzero(option_of == place).tolist():
            refused[index] = refusal
    within = np.isin(parts.agreements, members)
    owners = np.searchsorted(members, parts.agreements[within]).astype(np.int64)
    split = PartArrays(
        accounts=owners,
        starts=parts.starts[within],
        ends=parts.ends[within],
        energy_wh=parts.energy_wh[within],
        energy_by_period_wh={},
    )
    starts, ends = periods.starts[members], periods.ends[members]
    _refuse_gaps(split, starts=starts, ends=ends, refused=refused)
    return UsageArrays(
        starts=starts,
        ends=ends,
        energy_wh=energy_wh[members],
        demand_w_max=demand_w_max[members],
        demand_va_max=np.full(len(members), MISSING, dtype=np.int64),
        trailing_average_wh=average_wh[members],
        facilities_level=levels[members],
        options={name: found[option_of] for name, found in stated.options.items()},
        parts=split if len(owners) else None,
        refused=refused,
    )


def _refuse_gaps(
    split: PartArrays, *, starts: Int64Array, ends: Int64Array, refused: dict[int, UsageNotRatable]
) -> None:
    """Parts that do not follow each other from the period's start to its end cannot be told apart by days."""
    owners = split.accounts
    if not len(owners):
        return
    begins = np.ones(len(owners), dtype=np.bool_)
    begins[1:] = owners[1:] != owners[:-1]
    finishes = np.append(begins[1:], True)
    wrong = np.where(begins, split.starts != starts[owners], np.append(0, split.ends[:-1]) != split.starts)
    wrong |= finishes & (split.ends != ends[owners])
    for index in np.unique(owners[wrong]).tolist():
        refused.setdefault(
            index,
            PartsDoNotMakePeriod(start=_day(starts[index]).isoformat(), end=_day(ends[index]).isoformat()),
        )


# -------------------------------------------------------------------------------------------------------------- checks
def _compared(columns: BillingColumns, *, periods: Periods) -> Compared:
    history, count = columns.history, columns.count
    owners, days = history.agreements, history.ends - history.starts
    past = (history.ends <= periods.starts[owners]) & (days >= HISTORY_DAYS_MIN)
    year_before = past & (np.abs(periods.ends[owners] - history.ends - YEAR_DAYS) <= YEAR_SLACK_DAYS)
    rows = np.arange(len(owners), dtype=np.int64)
    first = _first_of(owners[year_before], count=count)
    last = _last_of(owners[past], count=count)
    chosen = np.full(count, -1, dtype=np.int64)
    has_last, has_first = last >= 0, first >= 0
    chosen[has_last] = rows[past][last[has_last]]
    chosen[has_first] = rows[year_before][first[has_first]]

    def picked(values: Int64Array) -> Int64Array:
        if not len(values):
            return np.full(count, MISSING, dtype=np.int64)
        return np.where(chosen >= 0, values[np.maximum(chosen, 0)], MISSING)

    return Compared(ends=picked(history.ends), days=picked(days), energy_wh=picked(history.energy_wh))


def _usage_fails(
    columns: BillingColumns, *, periods: Periods, energy_wh: Int64Array, compared: Compared, bounds: Bounds
) -> Mask:
    """Whether use is outside the bounds of what the compared period lets expect, by more than the floor."""
    known = (compared.ends != MISSING) & (columns.metered == 1)
    lengths = periods.ends - periods.starts
    expected = np.zeros(columns.count, dtype=np.int64)
    expected[known] = compared.energy_wh[known] * lengths[known] // compared.days[known]
    low, high = Fraction(bounds.usage_ratio_low), Fraction(bounds.usage_ratio_high)
    inside = (expected > 0) & _at_least(energy_wh, expected, ratio=low) & _at_least(expected, energy_wh, ratio=1 / high)
    near = np.abs(energy_wh - expected) <= bounds.usage_floor_kwh * WH_PER_KWH
    fails: Mask = known & ~inside & ~near
    return fails


def _at_least(left: Int64Array, right: Int64Array, *, ratio: Fraction) -> Mask:
    """left ≥ ratio × right, exactly."""
    found: Mask = left * ratio.denominator >= right * ratio.numerator
    return found


def _short_allowed(columns: BillingColumns, *, periods: Periods) -> Mask:
    """A first or a last bill may be short."""
    first = np.ones(columns.count, dtype=np.bool_)
    first[columns.history.agreements] = False
    allowed: Mask = first | (columns.ends == periods.ends)
    return allowed


def _days_fail(periods: Periods, *, short_allowed: Mask, bounds: Bounds) -> Mask:
    lengths = periods.ends - periods.starts
    fails: Mask = (lengths > bounds.days_high) | (~short_allowed & (lengths < bounds.days_low))
    return fails


def _releases(columns: BillingColumns, *, periods: Periods, failed: Mask) -> dict[int, dict[str, str]]:
    """Checks that did not pass and that a person released for this very period, with the reason."""
    found: dict[int, dict[str, str]] = {}
    for index, exceptions in columns.exceptions.items():
        for item in exceptions:
            span = (item.start_on.toordinal(), item.end_on.toordinal() if item.end_on else None)
            here = (int(periods.starts[index]), int(periods.ends[index]))
            if item.state != "released" or item.kind not in CHECKS or span != here:
                continue
            if failed[index, CHECKS.index(item.kind)]:
                found.setdefault(index, {}).setdefault(item.kind, item.reason)
    return found


def ratio_text(*, energy_wh: int, expected_wh: int) -> str:
    """Use against what was expected, for people."""
    return f"{Decimal(energy_wh) / Decimal(expected_wh):.2f}" if expected_wh > 0 else "∞"

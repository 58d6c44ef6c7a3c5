"""Billing determinants: what prices multiply, of one account and of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from weatherhead.core.rating.schedule import Schedule
from weatherhead.core.values import (
    Int64Array,
    Refusal,
    RoundingRule,
    Span,
    gettext_noop,
    multiply_exactly,
    round_ratios,
)

MISSING = int(np.iinfo(np.int64).min)
"""Marks an unknown value in an array: no average yet, no demand metered, no level assigned, no option stated."""

INVALID = MISSING + 1
"""Marks an option value that the schedule does not know."""

ENERGY_WH_MAX = 10**12
"""A terawatt-hour in a billing period: more than any customer uses, far enough from the limits of int64."""

DEMAND_W_MAX = 10**10
"""Ten gigawatts."""

COUNT_MAX = 10**6
"""A million lamps."""

DAYS_MAX = 3_660
"""Ten years in one period."""


class UsageNotRatable(Refusal):
    """Base of the refusals of one account's usage; in a batch they are values in the result."""

    template = gettext_noop("This usage cannot be rated.")


class NoVersionInForce(UsageNotRatable):
    """The period begins before the schedule's first version."""

    template = gettext_noop(
        "Schedule %(schedule)s has no version in force on %(start)s; its first begins on %(first)s. "
        "Choose another schedule for these days, or load the earlier version."
    )


class EnergyByPeriodMissing(UsageNotRatable):
    """A time-of-use schedule without energy of one of its periods."""

    template = gettext_noop("Schedule %(schedule)s prices energy by time of use: enter the kWh of period %(period)s.")


class EnergyByPeriodDoesNotSum(UsageNotRatable):
    """The energy of the periods is not the energy."""

    template = gettext_noop(
        "The time-of-use periods sum to %(sum_wh)s Wh, but the energy is %(energy_wh)s Wh. Correct one of them."
    )


class DemandMissing(UsageNotRatable):
    """A demand price without that demand."""

    template = gettext_noop("Schedule %(schedule)s needs the demand “%(determinant)s”. Enter it from the meter.")


class OptionMissing(UsageNotRatable):
    """A choice that the account does not state and that has no default."""

    template = gettext_noop("Schedule %(schedule)s needs the option “%(option)s”. Set it to one of: %(values)s.")


class OptionNotKnown(UsageNotRatable):
    """An option that the schedule does not have, or a value that it does not know."""

    template = gettext_noop("Schedule %(schedule)s does not know “%(value)s” for the option “%(option)s”.")


class FacilitiesLevelMissing(UsageNotRatable):
    """No trailing average, no level assigned, and the schedule does not say which level a new account has."""

    template = gettext_noop("Schedule %(schedule)s needs a trailing average or an assigned facilities level.")


class FacilitiesLevelNotKnown(UsageNotRatable):
    """An assigned level that the version does not have."""

    template = gettext_noop("Schedule %(schedule)s has no facilities level %(level)s. Assign one of: %(levels)s.")


class UsageOutOfRange(UsageNotRatable):
    """A determinant that no customer can have; mostly a slip in a multiplier."""

    template = gettext_noop("%(determinant)s of %(value)s is beyond what can be billed. Check the read and multiplier.")


class PartsDoNotMakePeriod(UsageNotRatable):
    """Split reads that do not follow each other through the period, or do not sum to its energy."""

    template = gettext_noop("The split reads must follow each other from %(start)s to %(end)s and sum to the usage.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePart:
    """Energy read separately for part of a period (a read taken on the day of a price change)."""

    span: Span
    energy_wh: int
    energy_by_period_wh: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The billing determinants of one account for one period.

    Energy may be negative (more sent to the grid than taken). Demand is the maximum over the period. `parts`, when
    given, follow each other from start to end of the span and sum to its energy; without them energy is shared by days.
    """

    span: Span
    energy_wh: int = 0
    energy_by_period_wh: Mapping[str, int] = field(default_factory=dict)
    demand_w_max: int | None = None
    demand_by_period_w_max: Mapping[str, int] = field(default_factory=dict)
    demand_va_max: int | None = None
    trailing_average_wh: int | None = None
    """Average monthly energy over the trailing 12 billing periods, in Wh."""
    facilities_level: int | None = None
    """A level assigned to the account; wins over the trailing average."""
    options: Mapping[str, str | int] = field(default_factory=dict)
    parts: tuple[UsagePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartArrays:
    """Split reads of the few accounts that have them, sorted by account and then by date; k parts in all.

    `accounts` (k,) holds indexes into the batch; the parts of an account follow each other through its period.
    """

    accounts: Int64Array
    starts: Int64Array
    ends: Int64Array
    energy_wh: Int64Array
    energy_by_period_wh: Mapping[str, Int64Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageArrays:
    """The billing determinants of n accounts, as int64 arrays of shape (n,).

    Dates are proleptic ordinals (`date.toordinal()`), spans half-open. `MISSING` stands for what is unknown. A choice
    option holds the index of the value in the schedule's list, a count option the count. `refused` holds accounts
    already known not to be ratable.
    """

    starts: Int64Array
    ends: Int64Array
    energy_wh: Int64Array
    demand_w_max: Int64Array
    demand_va_max: Int64Array
    trailing_average_wh: Int64Array
    facilities_level: Int64Array
    energy_by_period_wh: Mapping[str, Int64Array] = field(default_factory=dict)
    demand_by_period_w_max: Mapping[str, Int64Array] = field(default_factory=dict)
    options: Mapping[str, Int64Array] = field(default_factory=dict)
    parts: PartArrays | None = None
    refused: Mapping[int, UsageNotRatable] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of accounts."""
        return len(self.starts)

    def demand(self, determinant: str) -> Int64Array:
        """The demand array that a determinant names, in W (VA for kva); all MISSING when there is none."""
        if determinant == "max":
            return self.demand_w_max
        if determinant == "kva":
            return self.demand_va_max
        found = self.demand_by_period_w_max.get(determinant)
        return found if found is not None else np.full(self.count, MISSING, dtype=np.int64)

    def energy(self, period: str | None) -> Int64Array:
        """Energy in Wh of a time-of-use period, or of all; all MISSING when the period is not given."""
        if period is None:
            return self.energy_wh
        found = self.energy_by_period_wh.get(period)
        return found if found is not None else np.full(self.count, MISSING, dtype=np.int64)

    def option(self, name: str) -> Int64Array:
        """The option's array; all MISSING when it is not given."""
        found = self.options.get(name)
        return found if found is not None else np.full(self.count, MISSING, dtype=np.int64)

    def energy_between(
        self, *, accounts: Int64Array, starts: Int64Array, ends: Int64Array, period: str | None
    ) -> Int64Array:
        """Energy in Wh that each of `accounts` used in its own span from starts to ends (inside its period).

        The energy used before a day is energy × days before it ÷ days, rounded half up to the watt-hour; a span's
        energy is the difference of two such values. So spans that together make the period always sum to its energy,
        however it is cut. With split reads the same holds inside each of them.
        """
        energy = self.energy(period)[accounts]
        at_start, at_end = starts == self.starts[accounts], ends == self.ends[accounts]
        if bool(at_start.all()) and bool(at_end.all()):
            return energy
        before_end = np.where(at_end, energy, self._before(accounts=accounts, days=ends, period=period))
        before_start = np.where(at_start, 0, self._before(accounts=accounts, days=starts, period=period))
        between: Int64Array = before_end - before_start
        return between

    def _before(self, *, accounts: Int64Array, days: Int64Array, period: str | None) -> Int64Array:
        starts, ends, energy = self.starts[accounts], self.ends[accounts], self.energy(period)[accounts]
        used = np.zeros(len(accounts), dtype=np.int64)
        if self.parts is not None and len(self.parts.accounts):
            starts, ends, energy, used = self._part_of(
                accounts=accounts, days=days, period=period, whole=(starts, ends, energy, used)
            )
        numerators = multiply_exactly(energy, days - starts)
        return used + round_ratios(numerators=numerators, denominator=ends - starts, rule=RoundingRule.HALF_UP)

    def _part_of(
        self,
        *,
        accounts: Int64Array,
        days: Int64Array,
        period: str | None,
        whole: tuple[Int64Array, Int64Array, Int64Array, Int64Array],
    ) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
        """For accounts with split reads: the read in which a day lies, and the energy before that read."""
        assert self.parts is not None
        parts = self.parts
        part_energy = parts.energy_wh if period is None else parts.energy_by_period_wh[period]
        key = np.int64(1) << 23  # more than the ordinal of any date, so that account and day make one sortable number
        found = np.searchsorted(parts.accounts * key + parts.starts, accounts * key + days, side="right") - 1
        found = np.maximum(found, 0)
        has = parts.accounts[found] == accounts
        running = np.cumsum(part_energy) - part_energy
        first = np.searchsorted(parts.accounts, accounts, side="left")
        used = running[found] - running[np.minimum(first, len(running) - 1)]
        chosen = (parts.starts[found], parts.ends[found], part_energy[found], used)
        one, two, three, four = (
            np.where(has, part, other).astype(np.int64) for part, other in zip(chosen, whole, strict=True)
        )
        return one, two, three, four


def usage_arrays(*, schedule: Schedule, usages: Sequence[Usage]) -> UsageArrays:
    """Lay out usages as arrays for `rate_many`. Options are resolved against the schedule, with its defaults."""
    refused: dict[int, UsageNotRatable] = {}
    for index, usage in enumerate(usages):
        problem = _problem_of(usage, schedule=schedule)
        if problem is not None:
            refused[index] = problem
    periods = dict.fromkeys(name for usage in usages for name in usage.energy_by_period_wh)
    demands = dict.fromkeys(name for usage in usages for name in usage.demand_by_period_w_max)
    return UsageArrays(
        starts=_array(usage.span.start.toordinal() for usage in usages),
        ends=_array(usage.span.end.toordinal() for usage in usages),
        energy_wh=_array(usage.energy_wh for usage in usages),
        energy_by_period_wh={name: _array(usage.energy_by_period_wh.get(name) for usage in usages) for name in periods},
        demand_w_max=_array(usage.demand_w_max for usage in usages),
        demand_by_period_w_max={
            name: _array(usage.demand_by_period_w_max.get(name) for usage in usages) for name in demands
        },
        demand_va_max=_array(usage.demand_va_max for usage in usages),
        trailing_average_wh=_array(usage.trailing_average_wh for usage in usages),
        facilities_level=_array(usage.facilities_level for usage in usages),
        options={
            name: _array(_option_value(usage, schedule=schedule, name=name) for usage in usages)
            for name in schedule.options
        },
        parts=_part_arrays(usages, refused=refused),
        refused=refused,
    )


_CLAMP = 2**62
"""Integers beyond this are laid out as this, which every range check refuses."""


def _array(values: Iterable[int | None]) -> Int64Array:
    laid_out = [MISSING if value is None else max(-_CLAMP, min(_CLAMP, value)) for value in values]
    return np.array(laid_out, dtype=np.int64)


def _problem_of(usage: Usage, *, schedule: Schedule) -> UsageNotRatable | None:
    """What arrays cannot say about one usage: options by name, and split reads that do not fit."""
    for name, value in usage.options.items():
        option = schedule.options.get(name)
        known = option is not None and (value in option.values if option.kind == "choice" else _is_count(value))
        if not known:
            return OptionNotKnown(schedule=schedule.code, option=name, value=value)
    if usage.parts and not _parts_fit(usage):
        return PartsDoNotMakePeriod(start=usage.span.start.isoformat(), end=usage.span.end.isoformat())
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _parts_fit(usage: Usage) -> bool:
    spans = [part.span for part in usage.parts]
    follow = all(before.meets(after) for before, after in pairwise(spans))
    if not follow or spans[0].start != usage.span.start or spans[-1].end != usage.span.end:
        return False
    if sum(part.energy_wh for part in usage.parts) != usage.energy_wh:
        return False
    return all(
        all(period in part.energy_by_period_wh for part in usage.parts)
        and sum(part.energy_by_period_wh[period] for part in usage.parts) == energy_wh
        for period, energy_wh in usage.energy_by_period_wh.items()
    )


def _option_value(usage: Usage, *, schedule: Schedule, name: str) -> int | None:
    """The index of a choice's value or a count; None when the account does not say and there is no default."""
    option = schedule.options[name]
    stated = usage.options.get(name)
    if option.kind == "count":
        return stated if isinstance(stated, int) and _is_count(stated) else None
    value = option.default if stated is None else stated
    if value is None:
        return None
    return option.values.index(value) if value in option.values else INVALID


def _part_arrays(usages: Sequence[Usage], *, refused: Mapping[int, UsageNotRatable]) -> PartArrays | None:
    rows = [(index, part) for index, usage in enumerate(usages) if index not in refused for part in usage.parts]
    if not rows:
        return None
    periods = dict.fromkeys(name for _, part in rows for name in part.energy_by_period_wh)
    return PartArrays(
        accounts=_array(index for index, _ in rows),
        starts=_array(part.span.start.toordinal() for _, part in rows),
        ends=_array(part.span.end.toordinal() for _, part in rows),
        energy_wh=_array(part.energy_wh for _, part in rows),
        # 0 where an account has no such period: nothing reads it there
        energy_by_period_wh={
            name: _array(part.energy_by_period_wh.get(name, 0) for _, part in rows) for name in periods
        },
    )

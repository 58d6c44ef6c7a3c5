"""Whether each account of a batch can be rated: what is missing, out of range or does not fit, by index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from weatherhead.core.rating.pieces import Mask, Window
from weatherhead.core.rating.schedule import ChoiceOption, CountOption, FixedCharge, Schedule, Version
from weatherhead.core.rating.usage import (
    COUNT_MAX,
    DAYS_MAX,
    DEMAND_W_MAX,
    ENERGY_WH_MAX,
    INVALID,
    MISSING,
    DemandMissing,
    EnergyByPeriodDoesNotSum,
    EnergyByPeriodMissing,
    FacilitiesLevelMissing,
    FacilitiesLevelNotKnown,
    NoVersionInForce,
    OptionMissing,
    OptionNotKnown,
    PartArrays,
    UsageArrays,
    UsageNotRatable,
    UsageOutOfRange,
)
from weatherhead.core.values import Int64Array, add_exactly

Refused = dict[int, UsageNotRatable]


def _refused(*, accounts: Int64Array, wrong: Mask, refusal: Callable[[int], UsageNotRatable]) -> Refused:
    """The refusal of each account where `wrong` holds; usually none."""
    if not bool(wrong.any()):
        return {}
    return {account: refusal(account) for account in accounts[wrong].tolist()}


def out_of_range(*, schedule: Schedule, usages: UsageArrays) -> Refused:
    """Determinants that no customer can have."""
    everyone = np.arange(usages.count, dtype=np.int64)
    found: Refused = {}
    lengths = usages.ends - usages.starts
    checks = [("The period", lengths, 1, DAYS_MAX, "days", 1), *_ranges(schedule=schedule, usages=usages)]
    for name, values, lowest, highest, unit, scale in checks:
        wrong = (values != MISSING) & ((values < lowest) | (values > highest))

        def refusal(
            account: int, *, name: str = name, values: Int64Array = values, unit: str = unit, scale: int = scale
        ) -> UsageNotRatable:
            said = f"{Decimal(int(values[account])) / scale:,f} {unit}"
            return UsageOutOfRange(determinant=name, value=said)

        found = {**_refused(accounts=everyone, wrong=wrong, refusal=refusal), **found}
    return found


def _ranges(*, schedule: Schedule, usages: UsageArrays) -> Iterator[tuple[str, Int64Array, int, int, str, int]]:
    """Name, values, lowest, highest, unit for people, and what a unit counts."""
    yield "Energy", usages.energy_wh, -ENERGY_WH_MAX, ENERGY_WH_MAX, "kWh", 1000
    for period, energy_wh in usages.energy_by_period_wh.items():
        yield f"Energy of {period}", energy_wh, -ENERGY_WH_MAX, ENERGY_WH_MAX, "kWh", 1000
    yield "A trailing average", usages.trailing_average_wh, -ENERGY_WH_MAX, ENERGY_WH_MAX, "kWh", 1000
    yield "Demand", usages.demand_w_max, 0, DEMAND_W_MAX, "kW", 1000
    for period, demand_w in usages.demand_by_period_w_max.items():
        yield f"Demand of {period}", demand_w, 0, DEMAND_W_MAX, "kW", 1000
    yield "Apparent demand", usages.demand_va_max, 0, DEMAND_W_MAX, "kVA", 1000
    for name, option in schedule.options.items():
        if isinstance(option, CountOption):
            yield option.label, usages.option(name), 0, COUNT_MAX, option.unit, 1


def not_in_force(*, schedule: Schedule, usages: UsageArrays) -> Refused:
    """Periods that begin before the first version."""
    first = schedule.versions[0].effective

    def refusal(account: int) -> UsageNotRatable:
        start = _date(int(usages.starts[account]))
        return NoVersionInForce(schedule=schedule.code, start=start, first=first.isoformat())

    everyone = np.arange(usages.count, dtype=np.int64)
    return _refused(accounts=everyone, wrong=usages.starts < first.toordinal(), refusal=refusal)


def _date(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def option_missing(*, schedule: Schedule, usages: UsageArrays, accounts: Int64Array, name: str) -> Refused:
    """Choices not stated, or stated as something else than the schedule's values."""
    option = schedule.options[name]
    assert isinstance(option, ChoiceOption)
    stated = usages.option(name)[accounts]
    known = ", ".join(option.values)
    missing = _refused(
        accounts=accounts,
        wrong=stated == MISSING,
        refusal=lambda _: OptionMissing(schedule=schedule.code, option=name, values=known),
    )
    wrong = (stated == INVALID) | ((stated != MISSING) & ((stated < 0) | (stated >= len(option.values))))
    return missing | _refused(
        accounts=accounts,
        wrong=wrong,
        refusal=lambda _: OptionNotKnown(schedule=schedule.code, option=name, value="?"),
    )


def energy_missing(*, schedule: Schedule, usages: UsageArrays, accounts: Int64Array, period: str) -> Refused:
    """Energy of a time-of-use period that is priced but not given."""
    return _refused(
        accounts=accounts,
        wrong=usages.energy(period)[accounts] == MISSING,
        refusal=lambda _: EnergyByPeriodMissing(schedule=schedule.code, period=period),
    )


def energy_by_period_unfit(*, version: Version, window: Window, usages: UsageArrays, accounts: Int64Array) -> Refused:
    """Energy of all the version's periods that is not the energy. What is missing is another check's concern.

    With split reads each read that touches the version must sum, so that a schedule may begin to price by time of use
    in the middle of a period.
    """
    periods = [period.code for period in version.periods]
    if not periods or not any(getattr(charge, "period", None) for charge in version.charges):
        return {}
    complete = np.logical_and.reduce([usages.energy(period)[accounts] != MISSING for period in periods])
    given = accounts[complete]
    if usages.parts is None:
        return _unequal(usages, accounts=given, periods=periods)
    split = np.isin(given, usages.parts.accounts)
    found = _unequal(usages, accounts=given[~split], periods=periods)
    for read in range(len(usages.parts.accounts)):
        found |= _unequal_read(usages.parts, read=read, periods=periods, window=window, accounts=given)
    return found


def _unequal(usages: UsageArrays, *, accounts: Int64Array, periods: Sequence[str]) -> Refused:
    total = np.zeros(len(accounts), dtype=np.int64)
    for period in periods:
        total = add_exactly(total, usages.energy(period)[accounts])
    energy_wh = usages.energy_wh[accounts]
    wrong = total != energy_wh
    rows = zip(accounts[wrong].tolist(), total[wrong].tolist(), energy_wh[wrong].tolist(), strict=True)
    return {
        account: EnergyByPeriodDoesNotSum(sum_wh=sum_wh, energy_wh=expected_wh) for account, sum_wh, expected_wh in rows
    }


def _unequal_read(
    parts: PartArrays, *, read: int, periods: Sequence[str], window: Window, accounts: Int64Array
) -> Refused:
    account = int(parts.accounts[read])
    if int(parts.ends[read]) <= window[0] or window[1] <= int(parts.starts[read]) or account not in accounts:
        return {}
    sum_wh = sum(int(parts.energy_by_period_wh[period][read]) for period in periods)
    energy_wh = int(parts.energy_wh[read])
    return {} if sum_wh == energy_wh else {account: EnergyByPeriodDoesNotSum(sum_wh=sum_wh, energy_wh=energy_wh)}


def demand_missing(*, schedule: Schedule, usages: UsageArrays, accounts: Int64Array, determinant: str) -> Refused:
    """A demand that is priced but not metered."""
    return _refused(
        accounts=accounts,
        wrong=usages.demand(determinant)[accounts] == MISSING,
        refusal=lambda _: DemandMissing(schedule=schedule.code, determinant=determinant),
    )


def facilities_levels(
    *, schedule: Schedule, version: Version, usages: UsageArrays, accounts: Int64Array
) -> tuple[Int64Array, Refused]:
    """The facilities level of each account of the batch, (n,), and who has none.

    An assigned level wins; else the trailing average decides; else the version's level for accounts without history.
    """
    levels = np.full(usages.count, MISSING, dtype=np.int64)
    rule = version.facilities
    if rule is None or not any(isinstance(charge, FixedCharge) and charge.level for charge in version.charges):
        return levels, {}
    numbers = np.array([level.level for level in rule.levels], dtype=np.int64)
    # the smallest average that is past each bound: an average of "through" still belongs to the level
    past = [level.bound_wh + (level.through_kwh is not None) for level in rule.levels if level.bound_wh is not None]
    average, assigned = usages.trailing_average_wh[accounts], usages.facilities_level[accounts]
    by_average = numbers[np.searchsorted(np.array(past, dtype=np.int64), average, side="right")]
    without = MISSING if rule.unknown is None else rule.unknown
    chosen = np.where(average == MISSING, without, by_average)
    chosen = np.where(assigned == MISSING, chosen, assigned)
    levels[accounts] = chosen
    known = ", ".join(map(str, numbers.tolist()))
    missing = _refused(
        accounts=accounts,
        wrong=chosen == MISSING,
        refusal=lambda _: FacilitiesLevelMissing(schedule=schedule.code),
    )
    unknown = _refused(
        accounts=accounts,
        wrong=(chosen != MISSING) & ~np.isin(chosen, numbers),
        refusal=lambda account: FacilitiesLevelNotKnown(
            schedule=schedule.code, level=int(levels[account]), levels=known
        ),
    )
    return levels, missing | unknown

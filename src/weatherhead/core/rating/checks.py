"""What no single field of a tariff file can check: references, order, coverage. Each problem names its key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import TYPE_CHECKING

from weatherhead.core.values import ProblemsAt

if TYPE_CHECKING:
    from weatherhead.core.rating.schedule import Block, Charge, Schedule, Version

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

_LEAP_YEAR_START = date(2000, 1, 1)
_LEAP_YEAR_DAYS = 366
_THREE_DECIMALS = "must have at most three decimals"


def check_schedule(schedule: Schedule) -> None:
    """Check a whole schedule.

    Raises:
        ProblemsAt: with every problem found.
    """
    problems = [*_check_dates(schedule), *_check_options(schedule)]
    for index, version in enumerate(schedule.versions):
        problems += [
            (("versions", index, *path), text)
            for path, text in (
                *_check_seasons(version),
                *_check_facilities(version),
                *_check_charges(schedule, version),
                *_check_bases(version),
                *_check_coverage(schedule, version),
            )
        ]
    if problems:
        raise ProblemsAt(problems)


def _check_dates(schedule: Schedule) -> Iterator[Problem]:
    for index, (before, after) in enumerate(pairwise(schedule.versions), start=1):
        if after.effective <= before.effective:
            yield ("versions", index, "effective"), "versions must stand in the order of their dates, each once"
    for name, entries in schedule.series.items():
        if not entries:
            yield ("series", name), "needs at least one dated value"
        for index, (one, other) in enumerate(pairwise(entries), start=1):
            if other.effective <= one.effective:
                yield ("series", name, index, "effective"), "dated values must stand in the order of their dates"


def _check_options(schedule: Schedule) -> Iterator[Problem]:
    for name, option in schedule.options.items():
        if option.kind == "choice":
            if len(set(option.values)) != len(option.values):
                yield ("options", name, "values"), "names a value twice"
            if option.default is not None and option.default not in option.values:
                yield ("options", name, "default"), f"'{option.default}' is not one of the values"


def _check_seasons(version: Version) -> Iterator[Problem]:
    if not version.seasons:
        return
    for index, season in enumerate(version.seasons):
        if season.start == (2, 29):
            yield ("seasons", index, "start"), "a season cannot begin on February 29"
    for offset in range(_LEAP_YEAR_DAYS):
        on = _LEAP_YEAR_START + timedelta(days=offset)
        found = [season.code for season in version.seasons if season.contains(on)]
        if len(found) != 1:
            said = f"is in {' and '.join(found)}" if found else "is in no season"
            yield ("seasons",), f"{on:%m-%d} {said}; the seasons must cover the year once"
            return


def _check_facilities(version: Version) -> Iterator[Problem]:
    if version.facilities is None:
        return
    levels = version.facilities.levels
    numbers = [level.level for level in levels]
    if len(set(numbers)) != len(numbers):
        yield ("facilities", "levels"), "names a level twice"
    if version.facilities.unknown is not None and version.facilities.unknown not in numbers:
        yield ("facilities", "unknown"), f"there is no level {version.facilities.unknown}"
    for index, level in enumerate(levels):
        given = (level.below_kwh is not None) + (level.through_kwh is not None)
        if index < len(levels) - 1 and given != 1:
            yield ("facilities", "levels", index), "needs exactly one bound, below_kwh or through_kwh"
        for key, bound in (("below_kwh", level.below_kwh), ("through_kwh", level.through_kwh)):
            if bound is not None and not _is_whole_in_thousandths(bound):
                yield ("facilities", "levels", index, key), _THREE_DECIMALS
        if index == len(levels) - 1 and given:
            yield (
                ("facilities", "levels", index),
                "the last level must have no bound, or averages over it have no level",
            )
    bounds = [level.bound_wh for level in levels if level.bound_wh is not None]
    if any(after <= before for before, after in pairwise(bounds)):
        yield ("facilities", "levels"), "the bounds must rise from level to level"


def _check_charges(schedule: Schedule, version: Version) -> Iterator[Problem]:
    for index, charge in enumerate(version.charges):
        found = (
            *_check_conditions(schedule, version, charge),
            *_check_series(schedule, version, charge),
            *_check_amounts(schedule, version, charge),
        )
        for path, text in found:
            yield ("charges", index, *path), text


def _one_of(names: Iterable[object]) -> str:
    return ", ".join(str(name) for name in names) or "none"


def _check_conditions(schedule: Schedule, version: Version, charge: Charge) -> Iterator[Problem]:
    for name, value in charge.when.items():
        option = schedule.options.get(name)
        if option is None or option.kind != "choice":
            yield ("when", name), f"is not a choice option of this schedule (known: {_one_of(schedule.options)})"
        elif value not in option.values:
            yield ("when", name), f"'{value}' is not a value of this option (known: {_one_of(option.values)})"
    season = getattr(charge, "season", None)
    seasons = dict.fromkeys(season.code for season in version.seasons)
    if season is not None and season not in seasons:
        yield ("season",), f"'{season}' is not a season of this version (known: {_one_of(seasons)})"
    periods = [period.code for period in version.periods]
    period = getattr(charge, "period", None)
    if period is not None and period not in periods:
        yield ("period",), f"'{period}' is not a time-of-use period of this version (known: {_one_of(periods)})"
    level = getattr(charge, "level", None)
    levels = [item.level for item in version.facilities.levels] if version.facilities else []
    if level is not None and level not in levels:
        yield ("level",), f"there is no facilities level {level} in this version (known: {_one_of(levels)})"
    for key, determinant in _determinants(charge):
        if determinant not in ("max", "kva", *periods):
            yield key, f"'{determinant}' is not a demand (known: {_one_of(['max', 'kva', *periods])})"


def _determinants(charge: Charge) -> Iterator[tuple[Path, str]]:
    if charge.kind == "energy" and charge.hours_blocks:
        yield ("hours_of",), charge.hours_of
    if charge.kind in ("demand", "minimum"):
        yield ("demand", "determinant"), charge.demand.determinant


def _check_series(schedule: Schedule, version: Version, charge: Charge) -> Iterator[Problem]:
    if charge.kind == "rider" and (charge.price is None) == (charge.series is None):
        yield (), "a rider needs either a price or a series"
    if charge.kind not in ("rider", "fuel_clause") or charge.series is None:
        return
    entries = schedule.series.get(charge.series)
    if entries is None:
        yield ("series",), f"'{charge.series}' is not a series of this schedule (known: {_one_of(schedule.series)})"
    elif entries and entries[0].effective > version.effective:
        text = f"the series begins on {entries[0].effective}, after this version ({version.effective}) takes effect"
        yield ("series",), text


def _check_amounts(schedule: Schedule, version: Version, charge: Charge) -> Iterator[Problem]:
    if charge.kind == "fixed" and charge.times is not None:
        option = schedule.options.get(charge.times)
        if option is None or option.kind != "count":
            yield ("times",), f"'{charge.times}' is not a count option of this schedule"
    if charge.kind == "fixed" and charge.per == "bill" and charge.season is not None:
        yield ("season",), "a charge per bill has no season; use when, or charge it per month"
    if charge.kind in ("demand", "minimum"):
        for key in ("minimum_kw", "in_excess_of_kw"):
            if not _is_whole_in_thousandths(getattr(charge.demand, key)):
                yield ("demand", key), _THREE_DECIMALS
    if charge.kind == "energy":
        given = (charge.price is not None) + bool(charge.blocks) + bool(charge.hours_blocks)
        if given != 1:
            yield (), "an energy charge needs exactly one of price, blocks and hours_blocks"
        yield from _check_blocks(charge.blocks, path=("blocks",))
        hours = [block.up_to_hours for block in charge.hours_blocks]
        yield from _check_bounds(hours, path=("hours_blocks",), key="up_to_hours")
        for index, block in enumerate(charge.hours_blocks):
            yield from _check_blocks(block.blocks, path=("hours_blocks", index, "blocks"))


def _is_whole_in_thousandths(value: Decimal) -> bool:
    """Whether kWh are whole Wh, and kW whole W."""
    return value * 1000 == int(value * 1000)


def _check_blocks(blocks: Sequence[Block], *, path: Path) -> Iterator[Problem]:
    yield from _check_bounds([block.up_to_kwh for block in blocks], path=path, key="up_to_kwh")


def _check_bounds(bounds: Sequence[Decimal | None], *, path: Path, key: str) -> Iterator[Problem]:
    lower = Decimal(0)
    for index, bound in enumerate(bounds):
        last = index == len(bounds) - 1
        if bound is None and not last:
            yield (*path, index), f"needs {key}: only the last block has no bound"
        elif bound is not None and last:
            yield (*path, index, key), "the last block must have no bound, or what is over it has no price"
        elif bound is not None:
            if bound <= lower:
                yield (*path, index, key), f"must be more than {lower}, where this block begins"
            if not _is_whole_in_thousandths(bound):
                yield (*path, index, key), _THREE_DECIMALS
            lower = bound


def _check_bases(version: Version) -> Iterator[Problem]:
    codes = [charge.code for charge in version.charges]
    for index, charge in enumerate(version.charges):
        if charge.kind not in ("percentage", "minimum"):
            continue
        for position, code in enumerate(charge.of):
            path = ("charges", index, "of", position)
            if code not in codes:
                yield path, f"'{code}' is not a charge of this version (known: {_one_of(dict.fromkeys(codes))})"
            elif code in codes[index:]:
                yield path, f"'{code}' stands at or below this charge; only charges above it can be its base"
            elif code in charge.of[:position]:
                yield path, f"'{code}' stands twice; it would be counted twice"


def _check_coverage(schedule: Schedule, version: Version) -> Iterator[Problem]:
    """Check that the variants of a charge neither overlap nor leave a gap, and that all energy is priced once."""
    by_code: dict[str, list[int]] = {}
    for index, charge in enumerate(version.charges):
        by_code.setdefault(charge.code, []).append(index)
    for indexes in by_code.values():
        charges = [version.charges[index] for index in indexes]
        if len({charge.kind for charge in charges}) > 1:
            yield ("charges", indexes[-1], "code"), f"'{charges[0].code}' is used by charges of different kinds"
        elif charges[0].kind != "energy":
            yield from _check_variants(schedule, version, indexes)
    energy = [index for index, charge in enumerate(version.charges) if charge.kind == "energy"]
    if energy:
        yield from _check_energy(schedule, version, energy)


def _cells(schedule: Schedule, version: Version, charges: Sequence[Charge]) -> Iterator[dict[str, object]]:
    """Every combination of the conditions that these charges distinguish."""
    dimensions: dict[str, list[object]] = {}
    if any(getattr(charge, "season", None) for charge in charges):
        dimensions["season"] = list(dict.fromkeys(season.code for season in version.seasons))
    if any(getattr(charge, "level", None) for charge in charges) and version.facilities:
        dimensions["level"] = [level.level for level in version.facilities.levels]
    for name in dict.fromkeys(name for charge in charges for name in charge.when):
        option = schedule.options.get(name)
        if option is not None and option.kind == "choice":
            dimensions[f"when.{name}"] = list(option.values)
    for values in product(*dimensions.values()):
        yield dict(zip(dimensions, values, strict=True))


def _matches(charge: Charge, cell: Mapping[str, object]) -> bool:
    for name in ("season", "level"):
        wanted = getattr(charge, name, None)
        if wanted is not None and cell.get(name) != wanted:
            return False
    return all(cell.get(f"when.{name}", value) == value for name, value in charge.when.items())


def _describe(cell: Mapping[str, object]) -> str:
    return ", ".join(f"{name.removeprefix('when.')} {value}" for name, value in cell.items()) or "every account"


def _check_variants(schedule: Schedule, version: Version, indexes: Sequence[int]) -> Iterator[Problem]:
    charges = [version.charges[index] for index in indexes]
    for cell in _cells(schedule, version, charges):
        matching = [index for index in indexes if _matches(version.charges[index], cell)]
        if len(matching) > 1:
            first = version.charges[matching[0]].code
            text = f"'{first}' would be charged {len(matching)} times for {_describe(cell)}"
            yield ("charges", matching[1], "code"), text
            return
        if not matching and not any(charge.partial for charge in charges):
            text = f"'{charges[0].code}' has no price for {_describe(cell)}; add one, or say partial: true"
            yield ("charges", indexes[0], "code"), text
            return


def _check_energy(schedule: Schedule, version: Version, indexes: Sequence[int]) -> Iterator[Problem]:
    charges = [version.charges[index] for index in indexes]
    if any(charge.partial for charge in charges):
        return
    periods = [period.code for period in version.periods]
    for cell in _cells(schedule, version, charges):
        matching = [index for index in indexes if _matches(version.charges[index], cell)]
        named = [getattr(version.charges[index], "period", None) for index in matching]
        if not matching:
            yield ("charges", indexes[0], "code"), f"energy has no price for {_describe(cell)}"
            return
        if None in named and len(named) > 1:
            yield ("charges", matching[1], "code"), f"energy would be charged twice for {_describe(cell)}"
            return
        for period in periods if None not in named else ():
            if named.count(period) != 1:
                text = f"energy of period {period} is priced {named.count(period)} times for {_describe(cell)}"
                yield ("charges", matching[0], "period"), text
                return

"""How much the town uses, day by day: made from one home's metered year and its weather (examples/…/load)."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from weatherhead.interfaces.cli.demo_town.chance import Chance

Days = NDArray[np.float64]
"""A figure for each day that the town knows."""

FIRST_ON, LAST_ON = date(2024, 9, 1), date(2026, 12, 31)
DAYS = (LAST_ON - FIRST_ON).days + 1

WEEKS_MOVED = 470
"""Whole weeks, so that weekdays hold; nine years and a little, so that seasons do."""

_MOVED = timedelta(weeks=WEEKS_MOVED)
_WEEK = timedelta(weeks=1)
_HOURS_MIN = 20  # a day with fewer readings than this is not known
_HEATING_BELOW_F, _COOLING_ABOVE_F = 58.0, 66.0
_LEAST_OF_DAY, _SPREAD_OF_DAY = 0.93, 0.14
_AWAY_SHARE = 0.1
_MARGIN = 21  # days before the first and after the last that are looked at by services some weeks apart
_YEAR_WEEKS = 52
_WEEKDAYS = (np.arange(DAYS) + FIRST_ON.weekday()) % 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What makes one service's use: kWh a day, and more of it for each degree. `home` scales the metered home.

    `open_days` are weekdays (Monday 0) on which `open_kwh` is used on top of `base_kwh`. `away` spans days at a tenth.
    `changes` multiplies use from a day on, for what goes wrong.
    """

    home: float = 0.0
    weeks_shifted: int = 0
    base_kwh: float = 0.0
    open_kwh: float = 0.0
    open_days: tuple[int, ...] = ()
    heating_kwh: float = 0.0  # per degree and day below 58 °F
    cooling_kwh: float = 0.0  # per degree and day above 66 °F
    away: tuple[tuple[date, date], ...] = ()
    changes: tuple[tuple[date, float], ...] = ()
    load_factor: float = 0.45  # mean over highest demand


class Weather:
    """The home's kWh and the mean temperature of every day that the town knows, moved from where they were measured."""

    def __init__(self, directory: Path) -> None:
        """Read both files of a directory."""
        kwh = _by_day(directory / "home-hourly-kwh.csv.gz")
        degrees = _by_day(directory / "home-hourly-fahrenheit.csv.gz")
        self._kwh = _filled({on + _MOVED: sum(values) * 24 / len(values) for on, values in kwh.items()})
        self._degrees = _filled({on + _MOVED: math.fsum(values) / len(values) for on, values in degrees.items()})

    def home_kwh(self, *, weeks_shifted: int = 0) -> Days:
        """What the metered home used on each day, or so many weeks later."""
        return self._kwh[_MARGIN + 7 * weeks_shifted :][:DAYS]

    def degrees(self, on: date) -> float:
        """Mean temperature of a day, °F."""
        return float(self._degrees[_MARGIN + day_number(on)])

    @property
    def all_degrees(self) -> Days:
        """Mean temperature of each day, °F."""
        return self._degrees[_MARGIN:][:DAYS]


def day_number(on: date) -> int:
    """Which day of those that the town knows this is, the first being 0."""
    return (on - FIRST_ON).days


def _filled(values: Mapping[date, float]) -> Days:
    """A value for every day and for some around them; where none was measured, that of the same weekday nearby."""
    return np.array([_nearest(values, on=FIRST_ON + timedelta(days=n - _MARGIN)) for n in range(DAYS + 2 * _MARGIN)])


def _by_day(path: Path) -> dict[date, list[float]]:
    """Hourly values by local day; days that are mostly missing are left out."""
    found: dict[date, list[float]] = {}
    with gzip.open(path, "rt", encoding="ascii", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for start, text in rows:
            value = float(text) if text else math.nan
            if not math.isnan(value):
                found.setdefault(date.fromisoformat(start[:10]), []).append(value)
    return {on: values for on, values in found.items() if len(values) >= _HOURS_MIN}


def _nearest(values: Mapping[date, float], *, on: date) -> float:
    for weeks in (0, -1, 1, -2, 2, _YEAR_WEEKS, _YEAR_WEEKS + 1, _YEAR_WEEKS - 1):
        found = values.get(on + weeks * _WEEK)
        if found is not None:
            return found
    raise LookupError(f"no load is known near {on.isoformat()}")


def daily_kwh(shape: Shape, *, weather: Weather, chance: Chance, name: str) -> Days:
    """What a service uses on each day, kWh. No money is made of these floats: only whole steps of a dial are billed."""
    degrees = weather.all_degrees
    use = np.full(DAYS, float(shape.base_kwh))
    if shape.home:
        use += shape.home * weather.home_kwh(weeks_shifted=shape.weeks_shifted)
    if shape.open_days:
        use += shape.open_kwh * np.isin(_WEEKDAYS, shape.open_days)
    use += shape.heating_kwh * np.maximum(0.0, _HEATING_BELOW_F - degrees)
    use += shape.cooling_kwh * np.maximum(0.0, degrees - _COOLING_ABOVE_F)
    use *= _LEAST_OF_DAY + _SPREAD_OF_DAY * chance.units(DAYS, "day", name)
    for start, end in shape.away:
        use[max(0, day_number(start)) : max(0, day_number(end))] *= _AWAY_SHARE
    for since_on, factor in shape.changes:
        use[max(0, day_number(since_on)) :] *= factor
    return use

"""How much the town uses, day by day: made from one home's metered year and its weather (examples/…/load)."""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from weatherhead.interfaces.cli.demo_town.chance import Chance

WEEKS_MOVED = 470
"""Whole weeks, so that weekdays hold; nine years and a little, so that seasons do."""

_MOVED = timedelta(weeks=WEEKS_MOVED)
_WEEK = timedelta(weeks=1)
_HOURS_MIN = 20  # a day with fewer readings than this is not known
_HEATING_BELOW_F, _COOLING_ABOVE_F = 58.0, 66.0


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
    """The home's kWh and the mean temperature by day, moved into the demo's year."""

    def __init__(self, directory: Path) -> None:
        """Read both files of a directory."""
        kwh = _by_day(directory / "home-hourly-kwh.csv.gz")
        degrees = _by_day(directory / "home-hourly-fahrenheit.csv.gz")
        self._kwh = {on + _MOVED: sum(values) * 24 / len(values) for on, values in kwh.items()}
        self._degrees = {on + _MOVED: math.fsum(values) / len(values) for on, values in degrees.items()}

    def home_kwh(self, on: date) -> float:
        """What the metered home used on a day; where that is not known, on the same weekday of a week nearby."""
        return _nearest(self._kwh, on=on)

    def degrees(self, on: date) -> float:
        """Mean temperature of a day, °F."""
        return _nearest(self._degrees, on=on)


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
    for weeks in (0, -1, 1, -2, 2):
        found = values.get(on + weeks * _WEEK)
        if found is not None:
            return found
    raise LookupError(f"no load is known near {on.isoformat()}")


def day_kwh(shape: Shape, *, on: date, weather: Weather, chance: Chance, name: str) -> float:
    """What a service uses on a day, kWh. No money is made of this float: only the whole steps of a dial are billed."""
    use = shape.base_kwh
    if shape.home:
        use += shape.home * weather.home_kwh(on + shape.weeks_shifted * _WEEK)
    if on.weekday() in shape.open_days:
        use += shape.open_kwh
    degrees = weather.degrees(on)
    use += shape.heating_kwh * max(0.0, _HEATING_BELOW_F - degrees)
    use += shape.cooling_kwh * max(0.0, degrees - _COOLING_ABOVE_F)
    use *= chance.between(0.93, 1.07, "day", name, on.isoformat())
    if any(start <= on < end for start, end in shape.away):
        use *= 0.1
    for since_on, factor in shape.changes:
        if on >= since_on:
            use *= factor
    return use


class Use:
    """The use of one service since its first day, added up, so that reads are differences of it."""

    def __init__(self, shape: Shape, *, since_on: date, weather: Weather, chance: Chance, name: str) -> None:
        """Begin at zero at the start of `since_on`."""
        self._shape, self._since_on = shape, since_on
        self._weather, self._chance, self._name = weather, chance, name
        self._sums = [0.0]

    def until(self, on: date) -> float:
        """kWh from the first day up to the start of a day."""
        days = (on - self._since_on).days
        while len(self._sums) <= days:
            day = self._since_on + timedelta(days=len(self._sums) - 1)
            more = day_kwh(self._shape, on=day, weather=self._weather, chance=self._chance, name=self._name)
            self._sums.append(self._sums[-1] + more)
        return self._sums[days]

    def highest_kw(self, start_on: date, end_on: date) -> float:
        """The highest demand of a period: the highest day's mean over the load factor, kW."""
        days = [self.until(start_on + timedelta(days=i + 1)) - self.until(start_on + timedelta(days=i))
                for i in range((end_on - start_on).days)]  # fmt: skip
        return max(days, default=0.0) / 24 / self._shape.load_factor

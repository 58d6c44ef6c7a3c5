"""What every meter of the town shows on every day, whoever lives behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.loads import FIRST_ON, Days, Shape, Weather, daily_kwh, day_number
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service

_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Someone's use behind a meter from a day on; nobody's, between two customers."""

    since_on: date
    shape: Shape
    empty: bool = False


class Dial:
    """One meter from the day on which it was hung."""

    def __init__(self, meter: MeterPlan, *, hung_on: date, daily: Days, highest_kw: Days) -> None:
        """Begin with the plate's first reading at the start of `hung_on`."""
        self.meter, self.hung_on = meter, hung_on
        self._first = day_number(hung_on)
        self._daily, self._kw = daily, highest_kw
        self._sums = np.concatenate(([0.0], np.cumsum(daily[self._first :])))

    def kwh(self, on: date) -> float:
        """kWh from the first day up to the start of a day."""
        return float(self._sums[day_number(on) - self._first])

    def steps(self, kwh: float) -> int:
        """Whole steps that so many kWh are."""
        return int(kwh) // self.meter.multiplier

    def reading(self, kwh: float) -> int:
        """What the dial shows after so many kWh."""
        return (self.meter.first_reading + self.steps(kwh)) % int(10**self.meter.dials)

    def highest_kw(self, start_on: date, end_on: date) -> float:
        """The highest demand of some days, kW."""
        return float(self._kw[day_number(start_on) : day_number(end_on)].max(initial=0.0))

    def exchanged(self, meter: MeterPlan, *, on: date) -> Dial:
        """The meter that is hung in this one's place on a day, behind which the same people go on."""
        return Dial(meter, hung_on=on, daily=self._daily, highest_kw=self._kw)


class Dials:
    """Every dial of the town by serial number, each added up when it is first looked at."""

    def __init__(
        self, members: Iterable[Member], *, hung_on: Mapping[str, date], weather: Weather, chance: Chance
    ) -> None:
        """Gather who lives behind which meter; `hung_on` is by serial number."""
        self._weather, self._chance, self._hung_on = weather, chance, hung_on
        self._meters: dict[str, MeterPlan] = {}
        self._stays: dict[str, list[Stay]] = {}
        self._known: dict[str, Dial] = {}
        for member in members:
            for service in member.services:
                self._stay(service, since_on=member.starts_on or FIRST_ON)
                if member.ends_on is not None:
                    nobody = replace(service, shape=Shape(base_kwh=member.left_using_kwh))
                    self._stay(nobody, since_on=member.ends_on, empty=True)
            if member.moves_to is not None and member.ends_on is not None:
                self._stay(member.moves_to, since_on=member.ends_on)

    def _stay(self, service: Service, *, since_on: date, empty: bool = False) -> None:
        if service.meter is None or service.shape is None:
            return
        self._meters.setdefault(service.meter.serial, service.meter)
        stay = Stay(since_on=since_on, shape=service.shape, empty=empty)
        self._stays.setdefault(service.meter.serial, []).append(stay)

    def of(self, serial: str) -> Dial:
        """The dial of a meter."""
        if serial not in self._known:
            daily, highest_kw = self._added_up(serial)
            meter = self._meters[serial]
            self._known[serial] = Dial(meter, hung_on=self._hung_on[serial], daily=daily, highest_kw=highest_kw)
        return self._known[serial]

    def exchange(self, serial: str, *, meter: MeterPlan, on: date) -> None:
        """Hang another meter in the place of one."""
        self._known[meter.serial] = self.of(serial).exchanged(meter, on=on)

    def _added_up(self, serial: str) -> tuple[Days, Days]:
        """Use and highest demand behind a meter, day by day; who comes on the day when another goes, comes after."""
        stays = sorted(self._stays[serial], key=lambda stay: (stay.since_on, not stay.empty))
        daily, highest_kw = np.zeros(0), np.zeros(0)
        for stay in stays:
            use = daily_kwh(stay.shape, weather=self._weather, chance=self._chance, name=serial)
            kw = use / _HOURS / stay.shape.load_factor
            since = max(0, day_number(stay.since_on))
            daily = np.concatenate((daily[:since], use[since:])) if len(daily) else use
            highest_kw = np.concatenate((highest_kw[:since], kw[since:])) if len(highest_kw) else kw
        return daily, highest_kw


def hanging_days(members: Iterable[Member], *, first_days: Mapping[int, date], converted: bool) -> dict[str, date]:
    """Since when each meter hangs, by serial number: in a town that comes from an old system, since its first days.

    In a town that is lived from its beginning a meter comes with whoever starts service there.
    """
    found: dict[str, date] = {}
    for member in members:
        first_on = first_days[member.cycle]
        for service in (*member.services, *((member.moves_to,) if member.moves_to else ())):
            if service.meter is not None:
                found.setdefault(service.meter.serial, first_on if converted else member.starts_on or first_on)
    return found

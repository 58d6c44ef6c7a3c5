"""How a meter of the town is read on a day: mostly as it stands, sometimes not at all, sometimes over the phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.dials import Dial

_ESTIMATED_SHARE, _PHONED_SHARE = 0.012, 0.012
_ESTIMATED_PART = 0.92  # never above what the dial will show next time: an estimate that is too high is another story


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A read as it is taken. `steps` counts those since the meter was hung, so that use is a difference of two."""

    read_on: date
    kind: str
    reading: int
    steps: int
    demand_kw: str
    note: str


def take_read(dial: Dial, *, before: date, on: date, since: date, plain: bool, chance: Chance) -> Taken:
    """Read a meter on a day, the one before being of `before`; `since` is when whoever lives there came.

    `plain` reads it as it stands. A meter with demand is always read, and so is one in its first full period.
    """
    kind, note, kwh = "actual", "", dial.kwh(on)
    if not plain and not dial.meter.has_demand and since < before:
        draw = chance.unit("how read", dial.meter.serial, on.isoformat())
        if draw < _ESTIMATED_SHARE:
            kind, note = "estimated", "No access: gate locked"
            kwh = dial.kwh(before) + _ESTIMATED_PART * (kwh - dial.kwh(before))
        elif draw < _ESTIMATED_SHARE + _PHONED_SHARE:
            kind, note = "customer", "No access on the route; read over the phone"
    demand_kw = f"{dial.highest_kw(max(before, since), on):.1f}" if dial.meter.has_demand else ""
    return Taken(
        read_on=on,
        kind=kind,
        reading=dial.reading(kwh),
        steps=dial.steps(kwh),
        demand_kw=demand_kw,
        note=note,
    )

"""What the roll of the town says of one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from weatherhead.interfaces.cli.demo_town.loads import Shape
from weatherhead.interfaces.cli.demo_town.people import Person
from weatherhead.interfaces.cli.demo_town.places import Place

Habit = Literal["prompt", "usually", "late", "partial", "ahead"]
"""How someone pays: before the due date; mostly so; after it; a part of it; more than is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPlan:
    """A meter as its plate says, and what it reads on its first day."""

    serial: str
    first_reading: int
    dials: int = 5
    multiplier: int = 1
    has_demand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: where, on which schedule, through which meter, and what shapes its use. A light has neither."""

    place: Place
    schedule: str
    options: Mapping[str, str] = field(default_factory=dict)
    label: str = "Main"
    meter: MeterPlan | None = None
    shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account to be. `ref` names it in keys and stories; `starts_on` None means the cycle's first reading day.

    `pays_until` ends the habit: from that bill on nothing is paid but what a story says. `ends_on` is the first day
    without service; from then on the meter shows what an empty place uses, `left_using_kwh` a day. `moves_to` is where
    service goes on that day instead.
    """

    ref: str
    person: Person
    services: tuple[Service, ...]
    cycle: int
    revenue_class: str
    opened_on: date
    habit: Habit = "prompt"
    pays_until: date | None = None
    starts_on: date | None = None
    mail: Place | None = None
    ends_on: date | None = None
    left_using_kwh: float = 0.8
    moves_to: Service | None = None

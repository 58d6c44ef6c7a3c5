"""The roll of the town: who has which account and what serves it, decided before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from weatherhead.core.values import BusinessDays
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.characters import (
    BUSINESSES,
    CHARACTERS,
    LIGHTS,
    PLANTS,
    TAKEN_NAMES,
    TAKEN_STREETS,
)
from weatherhead.interfaces.cli.demo_town.loads import Shape, Use, Weather
from weatherhead.interfaces.cli.demo_town.members import Habit, Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import Person, neighbours
from weatherhead.interfaces.cli.demo_town.places import Place, homes
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE, TODAY, reading_days

SEED = "prairie-city 1"
SERVICES_MIN, MONTHS_MIN, MONTHS_MAX = 13, 4, 13  # from 13 on every kind of story has its people
_LEVELS_KWH = ((800, "1"), (1_500, "2"))
_LEVEL_ABOVE = "3"
_MOVED_IN_SHARE, _LARGE_SHARE = 0.06, 0.08
_HABITS: tuple[tuple[float, Habit], ...] = ((0.70, "prompt"), (0.88, "usually"), (0.95, "late"), (0.98, "partial"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSize:
    """How large a town to make: services in all, and months of bills."""

    services: int = 200
    months: int = 13

    def __post_init__(self) -> None:
        """Refuse a town too small for its characters, or longer than its loads."""
        if self.services < SERVICES_MIN or not MONTHS_MIN <= self.months <= MONTHS_MAX:
            raise ValueError(
                f"a town has at least {SERVICES_MIN} services and {MONTHS_MIN} to {MONTHS_MAX} months of bills"
            )

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Services on R-1, GS-1, GS-2 and AL-1: of 200, 170, 20, 5 and 5."""
        few = max(1, self.services // 40)
        general = max(2, self.services // 10)
        return self.services - general - 2 * few, general, few, few


def town_roll(size: TownSize, *, weather: Weather, clock: BusinessDays) -> tuple[Member, ...]:
    """Every account of the town, those with a story first."""
    chance = Chance(SEED)
    residential, general, plants, lights = size.counts
    known = [_with_level(member, weather=weather, chance=chance) for member in CHARACTERS[:residential]]
    others = _residents(residential - len(known), months=size.months, clock=clock, chance=chance)
    shops = [*BUSINESSES[:general], *_shops(general - len(BUSINESSES), chance=chance)]
    return (
        *known,
        *shops,
        *_repeated(PLANTS, count=plants),
        *_repeated(LIGHTS, count=lights),
        *(_with_level(member, weather=weather, chance=chance) for member in others),
    )


def _residents(count: int, *, months: int, clock: BusinessDays, chance: Chance) -> list[Member]:
    if count <= 0:
        return []
    people = neighbours(count, chance=chance, taken=TAKEN_NAMES)
    places = homes(count, taken=TAKEN_STREETS)
    cycles = sorted(DAY_OF_CYCLE)
    return [
        _resident(number, person=person, place=place, cycle=cycles[number % len(cycles)], months=months, clock=clock,
                  chance=chance)
        for number, (person, place) in enumerate(zip(people, places, strict=True), 1)
    ]  # fmt: skip


def _resident(
    number: int, *, person: Person, place: Place, cycle: int, months: int, clock: BusinessDays, chance: Chance
) -> Member:
    shape = Shape(
        home=_scale(number, apartment=bool(place.unit), chance=chance),
        weeks_shifted=chance.whole(-2, 2, "weeks", number),
        heating_kwh=chance.between(0.5, 1.1, "heat", number) if chance.happens(0.12, "heats", number) else 0.0,
        cooling_kwh=chance.between(0.0, 0.7, "cool", number),
    )
    meter = MeterPlan(serial=str(77_410_000 + 13 * number), first_reading=chance.whole(1_000, 82_000, "first", number))
    service = Service(place=place, schedule="R-1", meter=meter, shape=shape)
    opened_on = date(2004, 1, 5) + timedelta(days=chance.whole(0, 7_700, "opened", number))
    starts_on = None
    if chance.happens(_MOVED_IN_SHARE, "moved in", number):
        days = reading_days(cycle, months=months, clock=clock)
        month = chance.whole(1, len(days) - 3, "moved in month", number)
        starts_on = clock.next_open(days[month] + timedelta(days=chance.whole(3, 22, "moved in day", number)))
        opened_on = starts_on
    return Member(
        ref=f"resident-{number}",
        person=person,
        services=(service,),
        cycle=cycle,
        revenue_class="residential",
        opened_on=opened_on,
        habit=_habit(chance.unit("habit", number)),
        starts_on=starts_on,
    )


def _scale(number: int, *, apartment: bool, chance: Chance) -> float:
    """How large a dwelling is beside the metered one: apartments small, a few houses with a shop or a barn large."""
    if apartment:
        return chance.between(0.3, 0.6, "scale", number)
    if chance.happens(_LARGE_SHARE, "large", number):
        return chance.between(1.9, 2.6, "scale", number)
    return chance.between(0.6, 1.7, "scale", number)


def _habit(draw: float) -> Habit:
    return next((habit for below, habit in _HABITS if draw < below), "ahead")


def _with_level(member: Member, *, weather: Weather, chance: Chance) -> Member:
    """Assign the facilities level that a year of its own use would give, as a utility does that knows the past."""
    (service,) = member.services
    if service.shape is None or service.meter is None:
        raise ValueError(f"{member.ref} is no metered dwelling")
    # What will go wrong in the demo's last months is not in the year that sets the level.
    usual = replace(service.shape, changes=(), away=())
    since_on = date(TODAY.year - 1, TODAY.month, 1)
    use = Use(usual, since_on=since_on, weather=weather, chance=chance, name=service.meter.serial)
    monthly_kwh = use.until(since_on + timedelta(days=360)) / 12
    level = next((level for below, level in _LEVELS_KWH if monthly_kwh < below), _LEVEL_ABOVE)
    return replace(member, services=(replace(service, options={"facilities_level": level}),))


def _shops(count: int, *, chance: Chance) -> list[Member]:
    """More shops than have a name of their own, for towns larger than the demo's."""
    return [_shop(number, chance=chance) for number in range(1, count + 1)]


def _shop(number: int, *, chance: Chance) -> Member:
    meter = MeterPlan(serial=str(88_200_000 + 13 * number), first_reading=chance.whole(100, 60_000, "shop", number))
    shape = Shape(
        base_kwh=chance.between(8, 60, "shop base", number),
        open_kwh=chance.between(10, 120, "shop open", number),
        open_days=(0, 1, 2, 3, 4, 5),
        cooling_kwh=chance.between(0, 4, "shop cool", number),
    )
    place = Place(street=f"{200 + 4 * number} Market St")
    cycles = sorted(DAY_OF_CYCLE)
    return Member(
        ref=f"shop-{number}",
        person=Person(name=f"Market Street Shop No. {number}", kind="business"),
        services=(Service(place=place, schedule="GS-1", meter=meter, shape=shape),),
        cycle=cycles[number % len(cycles)],
        revenue_class="commercial",
        opened_on=date(2015, 6, 1),
    )


def _repeated(members: Sequence[Member], *, count: int) -> list[Member]:
    """The first members, and again under other numbers when the town is larger than they are many."""
    found: list[Member] = []
    for number in range(count):
        member, again = members[number % len(members)], number // len(members)
        found.append(member if not again else _again(member, number=again))
    return found


def _again(member: Member, *, number: int) -> Member:
    services = tuple(
        replace(
            service,
            place=replace(service.place, street=f"{service.place.street} No. {number + 1}"),
            meter=None if service.meter is None else replace(service.meter, serial=f"{service.meter.serial}-{number}"),
        )
        for service in member.services
    )
    return replace(member, ref=f"{member.ref}-{number}", services=services)

"""The roll of the town: who has which account and what serves it, decided before anything happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from weatherhead.core.values import BusinessDays
from weatherhead.interfaces.cli.demo_town.business_characters import BUSINESSES, LIGHTS, PLANTS
from weatherhead.interfaces.cli.demo_town.businesses import plants, shops, yard_lights
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.characters import CHARACTERS
from weatherhead.interfaces.cli.demo_town.comings import with_comings_and_goings
from weatherhead.interfaces.cli.demo_town.loads import Shape, Weather, daily_kwh, day_number
from weatherhead.interfaces.cli.demo_town.members import Habit, Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import Person, neighbours
from weatherhead.interfaces.cli.demo_town.places import Place, homes
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE, TODAY, cut_over_day, reading_days

_TAKEN_NAMES = frozenset(member.person.name for member in (*CHARACTERS, *BUSINESSES, *PLANTS, *LIGHTS))
_TAKEN_STREETS = frozenset(
    service.place.street for member in (*CHARACTERS, *BUSINESSES, *PLANTS) for service in member.services
)

SEED = "prairie-city 1"
SERVICES_MIN, MONTHS_MIN, MONTHS_MAX = 13, 4, 24  # from 13 on every kind of story has its people
_LEVELS_KWH = ((800, "1"), (1_500, "2"))
_LEVEL_ABOVE = "3"
_MOVED_IN_SHARE, _LARGE_SHARE = 0.06, 0.08
_HABITS: tuple[tuple[float, Habit], ...] = ((0.70, "prompt"), (0.88, "usually"), (0.95, "late"), (0.98, "partial"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TownSize:
    """How large a town to make: services in all, months of bills, and how many of them are lived through the door.

    `lived` 0 lives all of them. Otherwise the months before come from the old system that the town leaves.
    """

    services: int = 200
    months: int = 13
    lived: int = 0

    def __post_init__(self) -> None:
        """Refuse a town too small for its characters, or longer than its loads."""
        if self.services < SERVICES_MIN or not MONTHS_MIN <= self.months <= MONTHS_MAX:
            raise ValueError(
                f"a town has at least {SERVICES_MIN} services and {MONTHS_MIN} to {MONTHS_MAX} months of bills"
            )
        if self.lived and not MONTHS_MIN <= self.lived < self.months:
            raise ValueError(f"of {self.months} months at least {MONTHS_MIN} and not all are lived after a conversion")

    @property
    def converted(self) -> bool:
        """Whether the town comes from an old system."""
        return bool(self.lived)

    def cut_over_on(self, clock: BusinessDays) -> date | None:
        """The day on which it leaves that system, if it does."""
        return cut_over_day(lived=self.lived, clock=clock) if self.converted else None

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Services on R-1, GS-1, GS-2 and AL-1: of 200, 170, 20, 5 and 5."""
        few = max(1, self.services // 40)
        general = max(2, self.services // 10)
        return self.services - general - 2 * few, general, few, few


def town_roll(size: TownSize, *, weather: Weather, clock: BusinessDays) -> tuple[Member, ...]:
    """Every account of the town, those with a story first."""
    chance = Chance(SEED)
    residential, general, large, lights = size.counts
    known = [_with_level(member, weather=weather, chance=chance) for member in CHARACTERS[:residential]]
    others = _residents(residential - len(known), size=size, clock=clock, chance=chance)
    more_shops = shops(max(0, general - len(BUSINESSES)), chance=chance)
    more_plants = plants(max(0, large - len(PLANTS)), chance=chance)
    owners = [*more_plants, *more_shops]
    more_lights = yard_lights(max(0, lights - len(LIGHTS)), owners=owners, chance=chance) if owners else []
    leveled = [_with_level(member, weather=weather, chance=chance) for member in others]
    cut_over_on = size.cut_over_on(clock)
    if cut_over_on is not None:
        leveled = with_comings_and_goings(
            leveled, months=size.months, cut_over_on=cut_over_on, clock=clock, chance=chance
        )
    return (
        *known,
        *BUSINESSES[:general],
        *more_shops,
        *PLANTS[:large],
        *more_plants,
        *LIGHTS[:lights],
        *more_lights,
        *leveled,
    )


def _residents(count: int, *, size: TownSize, clock: BusinessDays, chance: Chance) -> list[Member]:
    if count <= 0:
        return []
    people = neighbours(count, chance=chance, taken=_TAKEN_NAMES)
    places = homes(count, taken=_TAKEN_STREETS)
    cycles = sorted(DAY_OF_CYCLE)
    return [
        _resident(number, person=person, place=place, cycle=cycles[number % len(cycles)], size=size, clock=clock,
                  chance=chance)
        for number, (person, place) in enumerate(zip(people, places, strict=True), 1)
    ]  # fmt: skip


def _resident(
    number: int, *, person: Person, place: Place, cycle: int, size: TownSize, clock: BusinessDays, chance: Chance
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
    if not size.converted and chance.happens(_MOVED_IN_SHARE, "moved in", number):
        days = reading_days(cycle, months=size.months, clock=clock)
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
    use = daily_kwh(usual, weather=weather, chance=chance, name=service.meter.serial)
    first = day_number(since_on)
    monthly_kwh = float(use[first : first + 360].sum()) / 12
    level = next((level for below, level in _LEVELS_KWH if monthly_kwh < below), _LEVEL_ABOVE)
    return replace(member, services=(replace(service, options={"facilities_level": level}),))

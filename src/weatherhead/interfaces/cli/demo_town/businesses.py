"""Shops, plants and yard lights of a town larger than its characters. All invented, each once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.loads import Shape
from weatherhead.interfaces.cli.demo_town.members import Habit, Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import FAMILY_NAMES, Person, phone
from weatherhead.interfaces.cli.demo_town.places import Place
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE

_WEEKDAYS, _SIX_DAYS, _ALL_DAYS = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6)
# No home stands in these.
_STREETS = ("Market St", "Main St", "Front St", "Union St", "Exchange Ave", "Commerce St", "Mill Rd", "Courthouse Sq")
_PLANT_STREETS = ("Elevator Rd", "Waterworks Rd", "Industrial Dr", "Airport Rd", "Stockyard Rd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A kind of business: what it is called after its owner's name, and what shapes its use, least and most."""

    title: str
    base_kwh: tuple[float, float]
    open_kwh: tuple[float, float]
    open_days: tuple[int, ...]
    cooling_kwh: tuple[float, float] = (0.5, 2.5)
    load_factor: float = 0.45


SHOPS = (
    Trade(title="Plumbing & Heating", base_kwh=(6, 16), open_kwh=(18, 48), open_days=_WEEKDAYS),
    Trade(title="Grocery", base_kwh=(70, 160), open_kwh=(40, 90), open_days=_ALL_DAYS, cooling_kwh=(3, 7)),
    Trade(title="Café", base_kwh=(24, 60), open_kwh=(40, 95), open_days=_SIX_DAYS, cooling_kwh=(1.5, 4)),
    Trade(title="Florist", base_kwh=(14, 30), open_kwh=(12, 30), open_days=_SIX_DAYS),
    Trade(title="Auto Repair", base_kwh=(8, 20), open_kwh=(35, 95), open_days=_WEEKDAYS, cooling_kwh=(0, 1)),
    Trade(title="Law Office", base_kwh=(5, 12), open_kwh=(12, 30), open_days=_WEEKDAYS),
    Trade(title="Bookkeeping", base_kwh=(3, 8), open_kwh=(8, 20), open_days=_WEEKDAYS),
    Trade(title="Hair Studio", base_kwh=(5, 12), open_kwh=(18, 40), open_days=(1, 2, 3, 4, 5)),
    Trade(title="Machine Shop", base_kwh=(12, 30), open_kwh=(90, 210), open_days=_WEEKDAYS, cooling_kwh=(0, 1)),
    Trade(title="Pharmacy", base_kwh=(26, 52), open_kwh=(24, 50), open_days=_SIX_DAYS),
    Trade(title="Chiropractic", base_kwh=(5, 11), open_kwh=(14, 30), open_days=_WEEKDAYS),
    Trade(title="Steakhouse", base_kwh=(48, 110), open_kwh=(60, 150), open_days=(2, 3, 4, 5, 6), cooling_kwh=(2, 5)),
    Trade(title="Furniture", base_kwh=(14, 34), open_kwh=(30, 70), open_days=_SIX_DAYS),
    Trade(title="Photography", base_kwh=(3, 9), open_kwh=(8, 22), open_days=_SIX_DAYS),
    Trade(title="Realty", base_kwh=(4, 10), open_kwh=(10, 24), open_days=_WEEKDAYS),
    Trade(title="Farm Supply", base_kwh=(18, 44), open_kwh=(40, 95), open_days=_SIX_DAYS, cooling_kwh=(0.5, 2)),
)
PLANTS = (
    Trade(title="Feed Mill", base_kwh=(220, 480), open_kwh=(900, 2_300), open_days=_SIX_DAYS, load_factor=0.42),
    Trade(title="Grain Company", base_kwh=(160, 420), open_kwh=(700, 1_900), open_days=_WEEKDAYS, load_factor=0.38),
    Trade(title="Dairy", base_kwh=(700, 1_600), open_kwh=(300, 900), open_days=_ALL_DAYS, cooling_kwh=(8, 20)),
    Trade(title="Meat Packing", base_kwh=(900, 2_100), open_kwh=(900, 2_000), open_days=_SIX_DAYS, load_factor=0.6),
    Trade(title="Foundry", base_kwh=(150, 380), open_kwh=(1_500, 3_600), open_days=_WEEKDAYS, load_factor=0.35),
    Trade(title="Seed Company", base_kwh=(180, 420), open_kwh=(500, 1_400), open_days=_WEEKDAYS, load_factor=0.44),
    Trade(title="Print Works", base_kwh=(120, 260), open_kwh=(500, 1_200), open_days=_WEEKDAYS, load_factor=0.48),
    Trade(title="Cold Storage", base_kwh=(1_000, 2_200), open_kwh=(0, 0), open_days=(), cooling_kwh=(14, 30)),
)


def _between(pair: tuple[float, float], *what: object, chance: Chance) -> float:
    return chance.between(pair[0], pair[1], *what)


def _shape(trade: Trade, *, name: str, chance: Chance) -> Shape:
    return Shape(
        base_kwh=_between(trade.base_kwh, "base", name, chance=chance),
        open_kwh=_between(trade.open_kwh, "open", name, chance=chance),
        open_days=trade.open_days,
        cooling_kwh=_between(trade.cooling_kwh, "cooling", name, chance=chance),
        load_factor=trade.load_factor,
    )


def _habit(name: str, *, chance: Chance) -> Habit:
    draw = chance.unit("pays", name)
    return "prompt" if draw < 0.85 else "usually" if draw < 0.97 else "late"


def shops(count: int, *, chance: Chance) -> list[Member]:
    """Small commercial on GS-1."""
    return [_business(number, trades=SHOPS, kind="shop", chance=chance) for number in range(1, count + 1)]


def plants(count: int, *, chance: Chance) -> list[Member]:
    """Large commercial on GS-2: a meter of demand, whose steps stand for 40 kWh."""
    return [_business(number, trades=PLANTS, kind="plant", chance=chance) for number in range(1, count + 1)]


def _business(number: int, *, trades: tuple[Trade, ...], kind: str, chance: Chance) -> Member:
    large = kind == "plant"
    trade = trades[number % len(trades)]
    # Two trades of one name would take as many businesses as there are names times trades.
    family = FAMILY_NAMES[(number * 7 + number // len(FAMILY_NAMES)) % len(FAMILY_NAMES)]
    name = f"{family} {trade.title}"
    streets = _PLANT_STREETS if large else _STREETS
    street = f"{1_100 + 12 * (number // len(streets))} {streets[number % len(streets)]}"
    base = 99_210_000 if large else 88_200_000
    meter = MeterPlan(
        serial=str(base + 13 * number),
        first_reading=chance.whole(100, 60_000, kind, number),
        multiplier=40 if large else 1,
        has_demand=large,
    )
    service = Service(
        place=Place(street=street),
        schedule="GS-2" if large else "GS-1",
        meter=meter,
        shape=_shape(trade, name=name, chance=chance),
    )
    cycles = sorted(DAY_OF_CYCLE)
    return Member(
        ref=f"{kind}-{number}",
        person=Person(name=name, kind="business", phone=phone(230 + number + (500 if large else 0))),
        services=(service,),
        cycle=cycles[number % len(cycles)],
        revenue_class="industrial" if large else "commercial",
        opened_on=date(2001 + number % 23, 1 + number % 12, 1 + number % 28),
        habit=_habit(name, chance=chance),
    )


def yard_lights(count: int, *, owners: list[Member], chance: Chance) -> list[Member]:
    """Area lighting on AL-1: a few lamps in the yards of some businesses, on accounts of their own."""
    return [
        _yard_light(number, owner=owners[(number * 3) % len(owners)], chance=chance) for number in range(1, count + 1)
    ]


def _yard_light(number: int, *, owner: Member, chance: Chance) -> Member:
    options = {
        "lamps_7000_lumens": str(chance.whole(1, 8, "small lamps", number)),
        "lamps_20000_lumens": str(chance.whole(0, 4, "large lamps", number)),
        "lamps_decorative": str(chance.whole(0, 2, "fine lamps", number)),
    }
    place = owner.services[0].place
    service = Service(
        place=replace(place, street=f"{place.street} Yard"), schedule="AL-1", options=options, label="Lights"
    )
    return replace(
        owner,
        ref=f"light-{number}",
        services=(service,),
        revenue_class="lighting",
        opened_on=max(owner.opened_on, date(2012, 7, 2)),
    )

"""The businesses with a story, and the city itself, in the order in which a smaller town takes them. All invented."""

from __future__ import annotations

from datetime import date

from weatherhead.interfaces.cli.demo_town.loads import Shape
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import Person, phone
from weatherhead.interfaces.cli.demo_town.places import Place

_WEEKDAYS, _SIX_DAYS, _ALL_DAYS = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6)
_BLUESTEM = Person(name="Bluestem Apartments LLC", kind="business", phone=phone(4), email="office@bluestem.example.com")
_CITY = Person(name="City of Prairie City", kind="business", phone=phone(5), email="facilities@prairiecity.example.com")


def _business(
    ref: str,
    name: str | Person,
    street: str,
    *,
    cycle: int,
    serial: str,
    shape: Shape,
    number: int,
    schedule: str = "GS-1",
    label: str = "Main",
) -> Member:
    person = name if isinstance(name, Person) else Person(name=name, kind="business", phone=phone(200 + number))
    demand = schedule == "GS-2"
    meter = MeterPlan(
        serial=serial,
        first_reading=1_000 + 37 * number,
        multiplier=40 if demand else 1,
        dials=5,
        has_demand=demand,
    )
    service = Service(place=Place(street=street), schedule=schedule, label=label, meter=meter, shape=shape)
    return Member(
        ref=ref,
        person=person,
        services=(service,),
        cycle=cycle,
        revenue_class="industrial" if demand else "commercial",
        opened_on=date(2003 + number % 19, 1 + number % 12, 1 + number % 27),
    )


BUSINESSES = (
    # Closed at the end of September; the read of October 1 came late, and the bill was made again with it.
    _business(
        "cedar-lane-dental",
        "Cedar Lane Dental",
        "220 Cedar Ln",
        cycle=14,
        serial="88100417",
        number=1,
        shape=Shape(
            base_kwh=14,
            open_kwh=52,
            open_days=_WEEKDAYS,
            cooling_kwh=2.4,
            away=((date(2026, 9, 21), date(2026, 10, 1)),),
        ),
    ),
    # The same, but so much that a representative has to ask.
    _business(
        "prairie-rose-bakery",
        "Prairie Rose Bakery",
        "118 Depot St",
        cycle=14,
        serial="88100420",
        number=2,
        shape=Shape(
            base_kwh=96,
            open_kwh=118,
            open_days=_SIX_DAYS,
            cooling_kwh=3.5,
            away=((date(2026, 9, 21), date(2026, 10, 1)),),
        ),
    ),
    _business(
        "bluestem-house-a",
        _BLUESTEM,
        "600 Platte St",
        cycle=19,
        serial="88100433",
        number=3,
        label="House meter A",
        shape=Shape(base_kwh=38, heating_kwh=0.9, cooling_kwh=0.8),
    ),
    _business(
        "bluestem-house-b",
        _BLUESTEM,
        "620 Platte St",
        cycle=19,
        serial="88100446",
        number=4,
        label="House meter B",
        shape=Shape(base_kwh=31, heating_kwh=0.8, cooling_kwh=0.7),
    ),
    _business(
        "bluestem-laundry",
        _BLUESTEM,
        "640 Platte St",
        cycle=19,
        serial="88100459",
        number=5,
        label="Laundry room",
        shape=Shape(base_kwh=22, open_kwh=19, open_days=_ALL_DAYS),
    ),
    _business(
        "city-hall",
        _CITY,
        "100 Depot St",
        cycle=8,
        serial="88100462",
        number=6,
        shape=Shape(base_kwh=45, open_kwh=120, open_days=_WEEKDAYS, cooling_kwh=6, heating_kwh=1.2),
    ),
    _business(
        "library",
        _CITY,
        "130 Depot St",
        cycle=8,
        serial="88100475",
        number=7,
        shape=Shape(base_kwh=25, open_kwh=60, open_days=_SIX_DAYS, cooling_kwh=4),
    ),
    _business(
        "hruska-hardware",
        "Hruska & Daughters Hardware",
        "144 Depot St",
        cycle=3,
        serial="88100488",
        number=8,
        shape=Shape(base_kwh=18, open_kwh=44, open_days=_SIX_DAYS, cooling_kwh=2),
    ),
    _business(
        "taqueria",
        "Taquería La Pradera",
        "151 Depot St",
        cycle=3,
        serial="88100491",
        number=9,
        shape=Shape(base_kwh=58, open_kwh=64, open_days=_SIX_DAYS, cooling_kwh=3.2),
    ),
    _business(
        "wenceslaus",
        "St. Wenceslaus Parish",
        "N 4th St and Linden St",
        cycle=14,
        serial="88100504",
        number=10,
        shape=Shape(base_kwh=21, open_kwh=90, open_days=(6,), cooling_kwh=1.5),
    ),
    _business(
        "first-plains-bank",
        "First Plains Bank of Prairie City",
        "175 Depot St",
        cycle=3,
        serial="88100517",
        number=11,
        shape=Shape(base_kwh=41, open_kwh=58, open_days=_WEEKDAYS, cooling_kwh=3),
    ),
    _business(
        "clinic",
        "Plum Creek Family Clinic",
        "2110 Plum Creek Rd",
        cycle=8,
        serial="88100520",
        number=12,
        shape=Shape(base_kwh=52, open_kwh=84, open_days=_WEEKDAYS, cooling_kwh=4.5),
    ),
    _business(
        "veterinary",
        "Sandhill Veterinary Service",
        "1300 Sandhill Rd",
        cycle=19,
        serial="88100533",
        number=13,
        shape=Shape(base_kwh=28, open_kwh=35, open_days=_SIX_DAYS, cooling_kwh=2),
    ),
    _business(
        "halal-market",
        "Juba Halal Market",
        "163 Depot St",
        cycle=3,
        serial="88100546",
        number=14,
        shape=Shape(base_kwh=74, open_kwh=22, open_days=_ALL_DAYS, cooling_kwh=2.6),
    ),
    _business(
        "barber",
        "O'Malley's Barber Shop",
        "158 Depot St",
        cycle=3,
        serial="88100559",
        number=15,
        shape=Shape(base_kwh=6, open_kwh=14, open_days=(1, 2, 3, 4, 5), cooling_kwh=0.9),
    ),
    _business(
        "motel",
        "Meadowlark Motel",
        "30 Railway Ave",
        cycle=19,
        serial="88100562",
        number=16,
        shape=Shape(base_kwh=96, heating_kwh=2.8, cooling_kwh=5),
    ),
    _business(
        "insurance",
        "Thorvaldsen Crop Insurance",
        "181 Depot St",
        cycle=14,
        serial="88100575",
        number=17,
        shape=Shape(base_kwh=9, open_kwh=22, open_days=_WEEKDAYS, cooling_kwh=1.1),
    ),
    _business(
        "auto",
        "Lefebvre Auto Body",
        "48 Roundhouse Rd",
        cycle=8,
        serial="88100588",
        number=18,
        shape=Shape(base_kwh=12, open_kwh=95, open_days=_WEEKDAYS),
    ),
    _business(
        "daycare",
        "Little Bluestem Child Care",
        "333 Linden St",
        cycle=14,
        serial="88100591",
        number=19,
        shape=Shape(base_kwh=15, open_kwh=38, open_days=_WEEKDAYS, cooling_kwh=1.8, heating_kwh=0.7),
    ),
    _business(
        "newspaper",
        "The Prairie City Plainsman",
        "125 Depot St",
        cycle=19,
        serial="88100604",
        number=20,
        shape=Shape(base_kwh=11, open_kwh=31, open_days=_WEEKDAYS, cooling_kwh=1.2),
    ),
)

PLANTS = (
    _business(
        "platte-street-laundry",
        "Platte Street Laundry",
        "455 Platte St",
        cycle=8,
        serial="99200112",
        number=21,
        schedule="GS-2",
        shape=Shape(base_kwh=210, open_kwh=1_150, open_days=_SIX_DAYS, load_factor=0.52),
    ),
    _business(
        "elevator",
        "Prairie City Farmers' Elevator",
        "10 Railway Ave",
        cycle=14,
        serial="99200125",
        number=22,
        schedule="GS-2",
        shape=Shape(base_kwh=480, open_kwh=900, open_days=_WEEKDAYS, load_factor=0.4),
    ),
    _business(
        "school",
        "Prairie City Public Schools",
        "700 Pioneer Ave",
        cycle=19,
        serial="99200138",
        number=23,
        schedule="GS-2",
        shape=Shape(base_kwh=520, open_kwh=820, open_days=_WEEKDAYS, cooling_kwh=14, load_factor=0.5),
    ),
    _business(
        "water-plant",
        _CITY,
        "1 Waterworks Rd",
        cycle=8,
        serial="99200141",
        number=24,
        schedule="GS-2",
        shape=Shape(base_kwh=1_060, cooling_kwh=18, load_factor=0.68),
    ),
    _business(
        "cold-storage",
        "Platte Valley Cold Storage",
        "75 Railway Ave",
        cycle=3,
        serial="99200154",
        number=25,
        schedule="GS-2",
        shape=Shape(base_kwh=1_240, cooling_kwh=20, load_factor=0.72),
    ),
)


def _lights(ref: str, person: Person, street: str, *, cycle: int, small: int, large: int, decorative: int) -> Member:
    lamps = {
        "lamps_7000_lumens": str(small),
        "lamps_20000_lumens": str(large),
        "lamps_decorative": str(decorative),
    }
    service = Service(place=Place(street=street), schedule="AL-1", options=lamps, label="Lights")
    return Member(
        ref=ref,
        person=person,
        services=(service,),
        cycle=cycle,
        revenue_class="lighting",
        opened_on=date(2012, 7, 2),
    )


LIGHTS = (
    _lights("square-lights", _CITY, "Depot Square", cycle=8, small=0, large=6, decorative=24),
    _lights("park-lights", _CITY, "Cottonwood Park", cycle=8, small=12, large=2, decorative=0),
    _lights("bluestem-lights", _BLUESTEM, "600 Platte St Parking", cycle=19, small=8, large=0, decorative=0),
    _lights(
        "elevator-lights",
        Person(name="Prairie City Farmers' Elevator", kind="business", phone=phone(222)),
        "10 Railway Ave Yard",
        cycle=14,
        small=3,
        large=4,
        decorative=0,
    ),
    _lights("ballpark-lights", _CITY, "Legion Ballpark", cycle=3, small=0, large=16, decorative=0),
)

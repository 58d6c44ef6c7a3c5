"""The people and businesses with a story, in the order in which a smaller town takes them. All invented."""

from __future__ import annotations

from datetime import date

from weatherhead.interfaces.cli.demo_town.loads import Shape
from weatherhead.interfaces.cli.demo_town.members import Habit, Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import Person, phone
from weatherhead.interfaces.cli.demo_town.places import Place

_WEEKDAYS, _SIX_DAYS, _ALL_DAYS = (0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5, 6)

_RUTH = Person(name="Ruth A. Kowalczyk", phone="(402) 555-0142", email="ruth.k@example.com")
_BRANDT = Person(name="Anna Brandt", phone=phone(3), email="anna.brandt@example.com")
_BLUESTEM = Person(name="Bluestem Apartments LLC", kind="business", phone=phone(4), email="office@bluestem.example.com")
_CITY = Person(name="City of Prairie City", kind="business", phone=phone(5), email="facilities@prairiecity.example.com")


def _home(
    ref: str,
    person: Person,
    street: str,
    *,
    cycle: int,
    serial: str,
    first: int,
    shape: Shape,
    opened: date,
    habit: Habit = "prompt",
    pays_until: date | None = None,
) -> Member:
    """A dwelling on R-1; its facilities level comes with the roll, which knows a year of its use."""
    meter = MeterPlan(serial=serial, first_reading=first)
    service = Service(place=Place(street=street), schedule="R-1", meter=meter, shape=shape)
    return Member(
        ref=ref,
        person=person,
        services=(service,),
        cycle=cycle,
        revenue_class="residential",
        opened_on=opened,
        habit=habit,
        pays_until=pays_until,
    )


CHARACTERS = (
    # Late with the September bill, a check that came back, a fee waived, a late charge that still stands.
    _home(
        "kowalczyk",
        _RUTH,
        "1842 Cottonwood St",
        cycle=3,
        serial="77402918",
        first=31_480,
        shape=Shape(home=1.28, heating_kwh=0.4),
        opened=date(2019, 3, 4),
        pays_until=date(2026, 9, 1),
    ),
    # A stuck water heater: read released after a second look, bill held and waiting.
    _home(
        "sorensen",
        Person(name="Dale Sorensen", phone=phone(6)),
        "311 Linden St",
        cycle=3,
        serial="77402931",
        first=8_204,
        shape=Shape(home=0.9, changes=((date(2026, 10, 9), 5.2),)),
        opened=date(2011, 8, 22),
    ),
    # Reconnected after hours; the waiver asked for is over a representative's limit.
    _home(
        "whitehorse",
        Person(name="Grace Whitehorse", phone=phone(7), email="g.whitehorse@example.com"),
        "1207 Sandhill Rd",
        cycle=8,
        serial="77402944",
        first=66_090,
        shape=Shape(home=1.05),
        opened=date(2016, 5, 2),
        habit="late",
        pays_until=date(2026, 10, 1),
    ),
    # The supervisor's own household: someone else has to decide.
    _home(
        "tomas-alvarez",
        Person(name="Tomás Alvarez", phone=phone(8)),
        "88 Meadowlark Dr",
        cycle=14,
        serial="77402957",
        first=20_517,
        shape=Shape(home=1.1, cooling_kwh=0.5),
        opened=date(2014, 10, 6),
        habit="usually",
    ),
    # A representative's own household.
    _home(
        "whitfield",
        Person(name="Marisol Reyes-Whitfield", phone=phone(9), language="es"),
        "540 Harvest Ave",
        cycle=3,
        serial="77402960",
        first=12_873,
        shape=Shape(home=0.8),
        opened=date(2021, 6, 14),
        pays_until=date(2026, 10, 1),
    ),
    # Two returned payments, two waivers of $30: together over the cap of thirty days.
    _home(
        "lindgren",
        Person(name="Hanna Lindgren", phone=phone(10), email="hanna.lindgren@example.com"),
        "1916 Windmill Ct",
        cycle=19,
        serial="77402973",
        first=40_112,
        shape=Shape(home=1.0),
        opened=date(2018, 1, 29),
        habit="usually",
    ),
    # A meter that stopped: the read waits.
    _home(
        "warsame",
        Person(name="Abdirahman Yusuf Warsame", phone=phone(11)),
        "27 Grange St",
        cycle=8,
        serial="77402986",
        first=3_390,
        shape=Shape(home=0.95, changes=((date(2026, 10, 13), 0.0),)),
        opened=date(2022, 4, 11),
    ),
    # One customer, two accounts.
    _home(
        "brandt",
        _BRANDT,
        "702 Chokecherry Ln",
        cycle=14,
        serial="77402999",
        first=55_701,
        shape=Shape(home=1.15, weeks_shifted=1),
        opened=date(2009, 11, 16),
    ),
    _home(
        "brandt-rental",
        _BRANDT,
        "716 Chokecherry Ln",
        cycle=14,
        serial="77403011",
        first=18_226,
        shape=Shape(home=0.62, weeks_shifted=-1),
        opened=date(2017, 7, 3),
        habit="late",
    ),
    # The dial passes zero in the winter.
    _home(
        "dangelo",
        Person(name="Vincent D'Angelo", phone=phone(12)),
        "430 Pioneer Ave",
        cycle=3,
        serial="77403024",
        first=97_240,
        shape=Shape(home=0.88),
        opened=date(1998, 9, 8),
    ),
    # Pays ahead: a credit balance.
    _home(
        "okoro",
        Person(name="Elias Okoro", phone=phone(13), email="elias.okoro@example.com"),
        "2204 Plum Creek Rd",
        cycle=8,
        serial="77403037",
        first=29_958,
        shape=Shape(home=0.7),
        opened=date(2020, 2, 18),
        habit="ahead",
    ),
    # Pays what can be paid.
    _home(
        "nguyen-baptiste",
        Person(name="Nguyễn-Baptiste Thị Thanh Hương", phone=phone(14)),
        "1011 Sod House Rd",
        cycle=14,
        serial="77403040",
        first=74_335,
        shape=Shape(home=1.2),
        opened=date(2023, 3, 20),
        habit="partial",
    ),
    # A payment posted to the landlord instead of this tenant.
    _home(
        "watanabe",
        Person(name="Kenji Watanabe", phone=phone(15)),
        "1500 Bluestem Ave",
        cycle=19,
        serial="77403053",
        first=9_967,
        shape=Shape(home=0.55),
        opened=date(2024, 8, 5),
    ),
    # Billing held by a person while the meter is tested.
    _home(
        "petrov",
        Person(name="Janice Petrov", phone=phone(16), email="jpetrov@example.com"),
        "63 Roundhouse Rd",
        cycle=3,
        serial="77403066",
        first=48_610,
        shape=Shape(home=1.35),
        opened=date(2013, 12, 2),
        habit="late",
    ),
    # A read with two digits turned around: lower than the one before, it waits.
    _home(
        "eichelberger",
        Person(name="Siobhán O'Neill-Eichelberger", phone=phone(17)),
        "905 Sunflower Dr",
        cycle=8,
        serial="77403079",
        first=61_884,
        shape=Shape(home=1.0, weeks_shifted=1),
        opened=date(2015, 4, 27),
    ),
    # A long name, and mail to a box.
    _home(
        "featherstonehaugh",
        Person(name="Maximiliana Wilhelmina van der Westhuizen-Featherstonehaugh", phone=phone(18)),
        "4 Railway Ave",
        cycle=19,
        serial="77403082",
        first=35_019,
        shape=Shape(home=0.75),
        opened=date(2006, 6, 19),
    ),
)


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

TAKEN_NAMES = frozenset(member.person.name for member in (*CHARACTERS, *BUSINESSES, *PLANTS, *LIGHTS))
TAKEN_STREETS = frozenset(
    service.place.street for member in (*CHARACTERS, *BUSINESSES, *PLANTS) for service in member.services
)

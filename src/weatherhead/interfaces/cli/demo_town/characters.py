"""The people with a story, in the order in which a smaller town takes them. All invented."""

from __future__ import annotations

from datetime import date

from weatherhead.interfaces.cli.demo_town.loads import Shape
from weatherhead.interfaces.cli.demo_town.members import Habit, Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.people import Person, phone
from weatherhead.interfaces.cli.demo_town.places import Place

_RUTH = Person(name="Ruth A. Kowalczyk", phone="(402) 555-0142", email="ruth.k@example.com")
_BRANDT = Person(name="Anna Brandt", phone=phone(3), email="anna.brandt@example.com")


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

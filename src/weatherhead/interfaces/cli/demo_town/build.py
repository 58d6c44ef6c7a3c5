"""Building the town: an empty database, and then every day of its life through the door."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time

from django.core.management import call_command
from django.db import connection

from weatherhead.areas.records.utility import current_utility
from weatherhead.interfaces.cli.demo_town.arrivals import arrival_order, employ, plan_arrivals
from weatherhead.interfaces.cli.demo_town.calendar import plan_calendar
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.closing import plan_closing
from weatherhead.interfaces.cli.demo_town.counter import Counter
from weatherhead.interfaces.cli.demo_town.dials import Dials, hanging_days
from weatherhead.interfaces.cli.demo_town.entering import numbering, plan_entering
from weatherhead.interfaces.cli.demo_town.life import Months
from weatherhead.interfaces.cli.demo_town.loads import Weather
from weatherhead.interfaces.cli.demo_town.lockbox import plan_lockbox
from weatherhead.interfaces.cli.demo_town.money_stories import MoneyStories
from weatherhead.interfaces.cli.demo_town.movements import plan_movements
from weatherhead.interfaces.cli.demo_town.old_system import Frame
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE, TODAY, reading_days
from weatherhead.interfaces.cli.demo_town.roll import SEED, TownSize, town_roll
from weatherhead.interfaces.cli.demo_town.routes import plan_routes
from weatherhead.interfaces.cli.demo_town.stories import SCRIPT, Stories
from weatherhead.interfaces.cli.demo_town.town import Town

SMALL_TOWN = TownSize(services=200, months=13)
LOAD_DIRECTORY = "load"
"""Beside utility.yaml."""

Report = Callable[[date, date, date], None]
"""Told the town's day, its first and its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built."""

    accounts: int
    actions: int


def build_town(size: TownSize, *, report: Report) -> Built:
    """Migrate the database of the settings, which must be empty, and let the town live until the demo's today."""
    _write_fast()
    call_command("migrate", interactive=False, verbosity=0)
    # What is loaded by now stays, what an action makes dies young: looking through it all takes a fifth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    utility = current_utility()
    clock = utility.business_days
    weather = Weather(utility.path(LOAD_DIRECTORY))
    members = town_roll(size, weather=weather, clock=clock)
    days = {cycle: reading_days(cycle, months=size.months, clock=clock) for cycle in DAY_OF_CYCLE}
    first_days = {cycle: of_cycle[0] for cycle, of_cycle in days.items()}
    hung_on = hanging_days(members, first_days=first_days, converted=size.converted)
    chance = Chance(SEED)
    dials = Dials(members, hung_on=hung_on, weather=weather, chance=chance)
    town = Town(members=members, clock=clock, zone=utility.zone, dials=dials, chance=chance)
    cut_over_on = size.cut_over_on(clock)
    opens_on = clock.add(cut_over_on or min(first_days.values()), -3)
    town.diary.write(opens_on, time(7, 30), lambda at: employ(town, at=at))
    plan_calendar(town, opens_on=opens_on)
    if cut_over_on is None:
        plan_arrivals(town, first_days=first_days)
        months = Months(town, days=days, script=SCRIPT)
    else:
        months = _plan_conversion(town, size=size, days=days, cut_over_on=cut_over_on, weather=weather)
    plan_routes(town, on=clock.add(cut_over_on or max(first_days.values()), 2))
    MoneyStories(town, months=months)
    Stories(town, months=months)
    plan_closing(town, opens_on=opens_on)
    plan_lockbox(town)
    Counter(town, months=months, opens_on=opens_on)
    shown_on = opens_on
    for at in town.diary.live(until_on=TODAY):
        if at.date() != shown_on:
            shown_on = at.date()
            report(shown_on, opens_on, TODAY)
    report(TODAY, opens_on, TODAY)
    _settle()
    return Built(accounts=len(members), actions=town.performed)


def _plan_conversion(
    town: Town, *, size: TownSize, days: Mapping[int, tuple[date, ...]], cut_over_on: date, weather: Weather
) -> Months:
    """Plan how the town comes in from its old system, and who moves after that; the months that are lived then."""
    lived = {cycle: of_cycle[-size.lived - 1 :] for cycle, of_cycle in days.items()}
    months = Months(town, days=lived, script=SCRIPT)
    # Who stands in the small town, too, has the same account number here.
    small = town_roll(SMALL_TOWN, weather=weather, clock=town.clock)
    small_days = {cycle: reading_days(cycle, months=SMALL_TOWN.months, clock=town.clock)[0] for cycle in DAY_OF_CYCLE}
    order = numbering(list(town.members.values()), first=arrival_order(small, first_days=small_days))
    frame = Frame(days=days, cut_over_on=cut_over_on, clock=town.clock, chance=town.chance)
    plan_entering(town, frame=frame, months=months, order=order)
    plan_movements(town, cut_over_on=cut_over_on)
    return months


def _write_fast() -> None:
    """An interrupted build is thrown away whole, so that this connection need not survive a power cut."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for pragma in ("synchronous = OFF", "cache_size = -131072", "temp_store = MEMORY", "mmap_size = 268435456"):
                cursor.execute(f"PRAGMA {pragma}")


def _settle() -> None:
    """Statistics for the planner, and everything in the one file: nothing is left beside it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

"""The reading routes of the town: each cycle's homes in two walks, its shops and apartments in a third."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time

from weatherhead.actions.reading.put_streets_on_route import NobodyToPlace
from weatherhead.areas.agreements.queries import agreements_of_accounts
from weatherhead.areas.metering.routes import stops_of_points
from weatherhead.interfaces.cli.demo_town.places import HOME_STREETS
from weatherhead.interfaces.cli.demo_town.reading_days import DAY_OF_CYCLE
from weatherhead.interfaces.cli.demo_town.town import Town, seconds_later

_LAY_OUT_AT, _LOOK_AT = time(13, 0), time(15, 30)
_BETWEEN_SECONDS = 300
# What readers have learned, by the account that it is about.
_NOTES = {
    "kowalczyk": "Meter behind the garage; ring first",
    "brandt": "Dog in the yard, friendly",
    "cedar-lane-dental": "Key at the front desk",
}


def plan_routes(town: Town, *, on: date) -> None:
    """Lay the routes out on a day by which the first accounts of every cycle are there, and write what readers know."""
    streets = _streets_of_cycles(town)
    for place, cycle in enumerate(sorted(DAY_OF_CYCLE)):
        at = seconds_later(_LAY_OUT_AT, place * _BETWEEN_SECONDS)
        town.diary.write(on, at, lambda when, cycle=cycle: _lay_out(town, cycle, streets=streets[cycle], at=when))  # type: ignore[misc]
    town.diary.write(on, _LOOK_AT, lambda at: _write_notes(town, at=at))


def _streets_of_cycles(town: Town) -> dict[int, list[str]]:
    """The streets on which homes of a cycle stand, in the town's order."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for member in town.members.values():
        for service in member.services:
            if service.meter is not None and member.starts_on is None and not service.place.unit:
                found[member.cycle].add(service.place.street.partition(" ")[2])
    return {cycle: [street for street in HOME_STREETS if street in found[cycle]] for cycle in DAY_OF_CYCLE}


def _lay_out(town: Town, cycle: int, *, streets: list[str], at: datetime) -> None:
    middle = -(-len(streets) // 2)
    walks = [(f"{half[0]} and around", ", ".join(half)) for half in (streets[:middle], streets[middle:]) if half]
    for number, (name, walked) in enumerate([*walks, ("Shops, apartments and outskirts", "")], 1):
        code = f"{cycle:02d}-{number:02d}"
        town.do("create_route", by="okafor", at=at, what=code, inputs={"code": code, "name": name, "cycle": cycle})
        try:
            inputs = {"route": code, "streets": walked}
            town.do("put_streets_on_route", by="okafor", at=at, what=code, inputs=inputs)
        except NobodyToPlace:
            continue  # in a small town, whose last route waits for who is yet to come


def _write_notes(town: Town, *, at: datetime) -> None:
    for ref, note in _NOTES.items():
        if ref not in town.members:
            continue
        [point] = [
            agreement.service_point_id
            for agreement in agreements_of_accounts([town.known[ref].account_id])
            if agreement.agreement_id == town.known[ref].agreement_ids[0]
        ]
        stop = stops_of_points([point])[point]
        inputs = {"service_point_id": point, "route": stop.route.code, "route_note": note}
        town.do("place_on_route", by="okafor", at=at, what=ref, inputs=inputs)

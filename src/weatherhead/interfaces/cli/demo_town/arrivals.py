"""How accounts come about: staff, customers, premises, meters, service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from weatherhead.door.bootstrap import add_first_administrator
from weatherhead.door.context import Actor
from weatherhead.interfaces.cli.demo_town.members import Member, Service
from weatherhead.interfaces.cli.demo_town.people import ADMINISTRATOR, PASSWORD, STAFF
from weatherhead.interfaces.cli.demo_town.places import CITY, POSTAL_CODE, STATE, Place
from weatherhead.interfaces.cli.demo_town.town import CHANNEL, Town, seconds_later

_OPENING = time(8, 0)
_REPRESENTATIVES = ("reyes", "dvorak")
_SECONDS_EACH = 150  # five or six actions for an account


def employ(town: Town, *, at: datetime) -> None:
    """The first administrator, and everyone else through the door."""
    with _hashed_in_no_time():
        _employ(town, at=at)


@contextmanager
def _hashed_in_no_time() -> Iterator[None]:
    """A third of a second each is for passwords that are secret; this one everybody reads on the screen.

    The hash says how it was made, and the first sign-in replaces it by one of full strength.
    """
    strength = PBKDF2PasswordHasher.iterations
    PBKDF2PasswordHasher.iterations = 1_000
    try:
        yield
    finally:
        PBKDF2PasswordHasher.iterations = strength


def _employ(town: Town, *, at: datetime) -> None:
    first = ADMINISTRATOR
    employee_id = add_first_administrator(
        username=first.username, password=PASSWORD, name=first.name, started_on=at.date(), moment=town.moment(at)
    )
    town.actors[first.username] = Actor(name=first.name, employee_id=employee_id, channel=CHANNEL)
    for person in STAFF:
        if person is first:
            continue
        done = town.do(
            "add_employee",
            by=first.username,
            at=at,
            what=person.username,
            inputs={"username": person.username, "password": PASSWORD, "name": person.name, "job": person.job},
        )
        (employee_id,) = done.body["made"]["employee"]
        town.actors[person.username] = Actor(name=person.name, employee_id=employee_id, channel=CHANNEL)


def plan_arrivals(town: Town, *, first_days: dict[int, date]) -> None:
    """Each account is entered on the day on which its service begins, one after the other."""
    waiting: dict[date, int] = {}
    for number, member in enumerate(town.members.values()):
        on = member.starts_on or first_days[member.cycle]
        place = waiting.setdefault(on, 0)
        waiting[on] += 1
        by = _REPRESENTATIVES[number % len(_REPRESENTATIVES)]
        at = seconds_later(_OPENING, place * _SECONDS_EACH)
        town.diary.write(on, at, lambda when, member=member, by=by: arrive(town, member, by=by, at=when))  # type: ignore[misc]


def arrival_order(members: Sequence[Member], *, first_days: Mapping[int, date]) -> list[str]:
    """The accounts in the order in which a town that is lived from its beginning enters, and so numbers, them."""
    placed = sorted(enumerate(members), key=lambda item: (item[1].starts_on or first_days[item[1].cycle], item[0]))
    return [member.ref for _, member in placed]


def arrive(town: Town, member: Member, *, by: str, at: datetime) -> None:
    """Customer, account, premises, meters and service of one member."""
    known = town.known[member.ref]
    mail = member.mail or member.services[0].place
    done = town.do(
        "create_account",
        by=by,
        at=at,
        what=member.ref,
        inputs={
            "customer_id": _customer(town, member, by=by, at=at),
            **_address(mail, prefix="mail_"),
            "cycle": member.cycle,
            "revenue_class": member.revenue_class,
            "opened_on": member.opened_on,
        },
    )
    (known.account_id,) = done.body["made"]["account"]
    for service in member.services:
        known.agreement_ids.append(_start(town, member, service, by=by, at=at))
    if member.starts_on is not None:
        _charge_connection(town, member, by=by, at=at)


def _customer(town: Town, member: Member, *, by: str, at: datetime) -> int:
    """The customer, created once however many accounts they have."""
    person = member.person
    if person.name not in town.customers:
        inputs = {
            "kind": person.kind,
            "name": person.name,
            "phone": person.phone,
            "email": person.email,
            "language": person.language,
            "identifier_kind": person.identifier_kind,
            "identifier": person.identifier,
        }
        done = town.do("create_customer", by=by, at=at, what=person.name, inputs=inputs)
        (town.customers[person.name],) = done.body["made"]["customer"]
    return town.customers[person.name]


def _address(place: Place, *, prefix: str = "") -> dict[str, str]:
    parts = {
        "street": place.street,
        "unit": place.unit,
        "city": CITY,
        "state": STATE,
        "postal_code": POSTAL_CODE,
    }
    return {f"{prefix}{name}": value for name, value in parts.items()}


def _start(town: Town, member: Member, service: Service, *, by: str, at: datetime) -> int:
    """Premise, service point, meter and agreement of one service; returns the agreement's number."""
    place = (service.place.street, service.place.unit)
    called = f"{' '.join(place)} {service.label}"
    known_point = town.points.get((*place, service.label))
    if known_point is not None:
        # Somebody was here before: the meter hangs, and was read when they left.
        return _agree(town, member, service, point_id=known_point, called=f"{called} {member.ref}", by=by, at=at)
    if place not in town.premises:
        done = town.do("add_premise", by=by, at=at, what=called, inputs=_address(service.place))
        (town.premises[place],) = done.body["made"]["premise"]
    kind = "metered" if service.meter else "unmetered"
    point = {"premise_id": town.premises[place], "label": service.label, "kind": kind}
    (point_id,) = town.do("add_service_point", by=by, at=at, what=called, inputs=point).body["made"]["service_point"]
    if service.meter is not None:
        meter = {
            "service_point_id": point_id,
            "serial": service.meter.serial,
            "dials": service.meter.dials,
            "multiplier": str(service.meter.multiplier),
            "has_demand": service.meter.has_demand,
            "installed_on": at.date(),
            "first_reading": service.meter.first_reading,
        }
        town.do("add_meter", by=by, at=at, what=service.meter.serial, inputs=meter)
    return _agree(town, member, service, point_id=point_id, called=called, by=by, at=at)


def _agree(town: Town, member: Member, service: Service, *, point_id: int, called: str, by: str, at: datetime) -> int:
    agreement = {
        "account_id": town.known[member.ref].account_id,
        "service_point_id": point_id,
        "schedule": service.schedule,
        "start_on": at.date(),
        "options": dict(service.options),
    }
    (agreement_id,) = town.do("start_service", by=by, at=at, what=called, inputs=agreement).body["made"]["agreement"]
    return int(agreement_id)


def _charge_connection(town: Town, member: Member, *, by: str, at: datetime) -> None:
    inputs = {
        "account_id": town.known[member.ref].account_id,
        "charge": "connect_fee",
        "reason": "service_rendered",
    }
    town.do("assess_fee", by=by, at=at, what=f"connect_fee {member.ref}", inputs=inputs)

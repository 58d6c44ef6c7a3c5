"""Who moves out, in and across town while the new system is in use, and meters that are exchanged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time

from weatherhead.areas.customers.queries import account
from weatherhead.areas.metering.queries import held_reads_of, meter_by_serial
from weatherhead.interfaces.cli.demo_town.arrivals import arrive
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.town import Town, seconds_later

_GOING_AT, _COMING_AT, _EXCHANGE_AT, _LOOK_AT = time(9, 20), time(11, 5), time(10, 30), time(13, 50)
_REPRESENTATIVES = ("reyes", "dvorak")
_EXCHANGED_SHARE = 0.004
_EXCHANGE_WEEKS = (2, 15)
_NEW_SERIALS_FROM = 79_000_000
_APART_SECONDS = 420


def plan_movements(town: Town, *, cut_over_on: date) -> None:
    """Write every move after the cut-over into the diary."""
    planned: dict[date, int] = {}
    for number, member in enumerate(town.members.values()):
        by = _REPRESENTATIVES[number % len(_REPRESENTATIVES)]
        if member.ends_on is not None and member.ends_on >= cut_over_on:
            place = planned.setdefault(member.ends_on, 0)
            planned[member.ends_on] += 1
            at = seconds_later(_GOING_AT, place * _APART_SECONDS)
            town.diary.write(
                member.ends_on,
                at,
                lambda when, member=member, by=by: _go(town, member, by=by, at=when),  # type: ignore[misc]
            )
        if member.starts_on is not None and member.starts_on >= cut_over_on:
            at = seconds_later(_COMING_AT, (number % 20) * _APART_SECONDS)
            town.diary.write(
                member.starts_on,
                at,
                lambda when, member=member, by=by: arrive(town, member, by=by, at=when),  # type: ignore[misc]
            )
    _plan_exchanges(town, town.members.values(), cut_over_on=cut_over_on)


def _go(town: Town, member: Member, *, by: str, at: datetime) -> None:
    """End service where an account takes it, or move it."""
    known, on = town.known[member.ref], at.date()
    here = member.services[0]
    leaving = {"agreement_id": known.agreement_ids[0], "end_on": on, "reading": _reading(town, here, on=on)}
    if member.moves_to is None:
        town.do("end_service", by=by, at=at, what=member.ref, inputs=leaving)
    else:
        there = member.moves_to
        place = (there.place.street, there.place.unit, there.label)
        moving = leaving | {
            "service_point_id": town.points[place],
            "schedule": there.schedule,
            "options": dict(there.options),
            "start_reading": _reading(town, there, on=on),
        }
        made = town.do("move_service", by=by, at=at, what=member.ref, inputs=moving).body["made"]
        known.agreement_ids += made["agreement"]
    _look_again(town, [here, *([member.moves_to] if member.moves_to else [])], on=on)


def _reading(town: Town, service: Service, *, on: date) -> int:
    if service.meter is None:
        raise ValueError(f"no meter hangs at {service.place.street}")
    dial = town.dials.of(town.hanging(service.meter).serial)
    return dial.reading(dial.kwh(on))


def _look_again(town: Town, services: Iterable[Service], *, on: date) -> None:
    """A read that is out of bounds is looked at the same afternoon."""
    serials = [town.hanging(service.meter).serial for service in services if service.meter]

    def look(at: datetime) -> None:
        found = [meter_by_serial(serial) for serial in serials]
        for held in held_reads_of(meter.meter_id for meter in found if meter is not None):
            if held.read_on == on:
                inputs = {"read_id": held.read_id, "reason": "Read twice by the field crew at the move"}
                town.do("release_read", by="okafor", at=at, what=f"{held.serial} {on} move", inputs=inputs)

    town.diary.write(on, _LOOK_AT, look)


def _plan_exchanges(town: Town, members: Iterable[Member], *, cut_over_on: date) -> None:
    """Some meters have hung long enough; each exchange on a day on which its cycle is not read."""
    for number, member in enumerate(members):
        plain = member.ref.startswith("resident-") and member.starts_on is None and member.ends_on is None
        if not plain or not town.chance.happens(_EXCHANGED_SHARE, "exchanged", member.ref):
            continue
        weeks = town.chance.whole(*_EXCHANGE_WEEKS, "exchanged", member.ref)
        on = town.business_day(date.fromordinal(cut_over_on.toordinal() + 7 * weeks))
        serial = str(_NEW_SERIALS_FROM + 13 * number)
        town.diary.write(
            on,
            seconds_later(_EXCHANGE_AT, number % 50 * 60),
            lambda at, member=member, serial=serial: _exchange(town, member, serial=serial, at=at),  # type: ignore[misc]
        )


def _exchange(town: Town, member: Member, *, serial: str, at: datetime) -> None:
    service, on = member.services[0], at.date()
    if service.meter is None:
        return
    known = town.known[member.ref]
    inputs = {
        "account_id": account(known.account_id).account_id,
        "meter": service.meter.serial,
        "exchanged_on": on,
        "last_reading": _reading(town, service, on=on),
        "serial": serial,
        "reason": town.chance.pick(("age", "age", "failed", "upgrade"), "why exchanged", member.ref),
    }
    town.do("exchange_meter", by="okafor", at=at, what=member.ref, inputs=inputs)
    town.exchange(service.meter, by=MeterPlan(serial=serial, first_reading=0), on=on)

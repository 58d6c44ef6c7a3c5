"""Who comes and goes: tenants before and after, movers within the town, places that stand empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from weatherhead.core.values import BusinessDays
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.members import Member
from weatherhead.interfaces.cli.demo_town.people import FAMILY_NAMES, GIVEN_NAMES, Person, phone
from weatherhead.interfaces.cli.demo_town.reading_days import reading_days

_CAME_BEFORE_SHARE, _CAME_LATELY_SHARE = 0.10, 0.014
_EMPTIED_SHARE = 0.006
_POWER_IN_USE_KWH = 9.5  # a day, in a place where nobody is a customer
_DAYS_AFTER_CUT_OVER = (8, 95)
_PHONES_FROM = 2_000


def with_comings_and_goings(
    residents: Sequence[Member], *, months: int, cut_over_on: date, clock: BusinessDays, chance: Chance
) -> list[Member]:
    """The residents of a town that comes from an old system, and those who lived there before some of them.

    Some came while the old system was in use, some after: theirs is the place of somebody who left that day. A few
    places stand empty since somebody left; into some of them others of the town move, and in the first, power is used.
    """
    found: list[Member] = []
    empty: list[Member] = []
    for number, member in enumerate(residents, 1):
        draw = chance.unit("comings", number)
        if draw < _CAME_BEFORE_SHARE:
            days = reading_days(member.cycle, months=months, clock=clock)
            first_on, last_on = days[2], cut_over_on - timedelta(days=70)
            on = _some_day(first_on, last_on, "came before", number, clock=clock, chance=chance)
            found += [_before(member, number=number, ends_on=on, chance=chance), _came(member, on=on)]
        elif draw < _CAME_BEFORE_SHARE + _CAME_LATELY_SHARE:
            on = _lately(number, cut_over_on=cut_over_on, clock=clock, chance=chance)
            found += [_before(member, number=number, ends_on=on, chance=chance), _came(member, on=on)]
        elif draw < _CAME_BEFORE_SHARE + _CAME_LATELY_SHARE + _EMPTIED_SHARE:
            early, late = cut_over_on - timedelta(days=120), cut_over_on - timedelta(days=20)
            on = _some_day(early, late, "emptied", number, clock=clock, chance=chance)
            left = replace(member, ends_on=on, left_using_kwh=member.left_using_kwh if empty else _POWER_IN_USE_KWH)
            empty.append(left)
            found.append(left)
        else:
            found.append(member)
    return _with_movers(found, empty=empty[1:], cut_over_on=cut_over_on, clock=clock, chance=chance)


def _some_day(first_on: date, last_on: date, *what: object, clock: BusinessDays, chance: Chance) -> date:
    return clock.next_open(first_on + timedelta(days=chance.whole(0, (last_on - first_on).days, *what)))


def _lately(number: int, *, cut_over_on: date, clock: BusinessDays, chance: Chance) -> date:
    """A day after the cut-over on which nobody's meter is read, so that one read serves both."""
    low, high = _DAYS_AFTER_CUT_OVER
    return clock.next_open(cut_over_on + timedelta(days=chance.whole(low, high, "lately", number)))


def _before(member: Member, *, number: int, ends_on: date, chance: Chance) -> Member:
    """Somebody who lived at a member's place until a day; with use of their own."""
    (service,) = member.services
    if service.shape is None:
        raise ValueError(f"{member.ref} uses nothing")
    given = chance.pick(GIVEN_NAMES, "before given", number)
    middle = chance.pick(GIVEN_NAMES, "before middle", number)
    family = chance.pick(FAMILY_NAMES, "before family", number)
    shape = replace(service.shape, home=service.shape.home * chance.between(0.6, 1.4, "before", number))
    return replace(
        member,
        ref=f"{member.ref}-before",
        person=Person(name=f"{given} {middle} {family}", phone=phone(_PHONES_FROM + number)),
        services=(replace(service, shape=shape),),
        ends_on=ends_on,
        left_using_kwh=0.6,
    )


def _came(member: Member, *, on: date) -> Member:
    return replace(member, starts_on=on, opened_on=on)


def _with_movers(
    members: list[Member], *, empty: Sequence[Member], cut_over_on: date, clock: BusinessDays, chance: Chance
) -> list[Member]:
    """Somebody of the same cycle moves into each of some empty places."""
    places = {member.ref: number for number, member in enumerate(members)}
    for number, left in enumerate(empty):
        movers = [
            item
            for item in members
            if item.cycle == left.cycle and item.starts_on is None and item.ends_on is None and item.habit == "prompt"
        ]
        if not movers:
            continue
        mover = chance.pick(movers, "mover", number)
        on = _lately(10_000 + number, cut_over_on=cut_over_on, clock=clock, chance=chance)
        (there,), (here,) = left.services, mover.services
        moved = replace(there, shape=here.shape, options=here.options)
        members[places[mover.ref]] = replace(mover, ends_on=on, moves_to=moved)
    return members

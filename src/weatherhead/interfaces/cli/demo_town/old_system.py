"""What the town's old system knew of it on the day on which it was left: reads, bills, and who owes what. Pure.

Bills are priced by the rating engine on the rate book of their days, as arrays over all accounts of a schedule.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from weatherhead.core.rating import Schedule, Usage, rate_many, usage_arrays
from weatherhead.core.rating.schedule import CountOption
from weatherhead.core.values import BusinessDays, Span
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.dials import Dials
from weatherhead.interfaces.cli.demo_town.members import Member, Service
from weatherhead.interfaces.cli.demo_town.paying import amount_paid, plan_payment
from weatherhead.interfaces.cli.demo_town.readings import Taken, take_read

DUE_DAYS = 20
_LEVEL = "facilities_level"
_WH_PER_KWH = 1000
_LATE_DAYS, _LATE_LEAST_CENTS, _LATE_PERCENT, _LATE_FROM_CENTS = 6, 5_00, 3, 20_00


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The days that the old system knew: when each cycle was read, and when it was left."""

    days: Mapping[int, tuple[date, ...]]  # every reading day of each cycle, later ones too
    cut_over_on: date
    clock: BusinessDays
    chance: Chance

    def read_days(self, cycle: int) -> tuple[date, ...]:
        """The days on which the old system read a cycle."""
        return tuple(on for on in self.days[cycle] if on < self.cut_over_on)

    def billed_on(self, on: date) -> date:
        """When it billed what it read on a day."""
        return self.clock.next_open(on + timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What was billed for a service, `[start_on, end_on)`. `amount_cents` is 0 until it is priced."""

    service: int  # its place among the member's
    start_on: date
    end_on: date
    energy_wh: int
    demand_kw: str
    estimated: bool
    billed_on: date
    amount_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A piece of what is owed, or a credit (below zero, due on no day)."""

    charge: str
    due_on: date | None
    amount_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldAccount:
    """An account as the old system leaves it, and the days on which its customer will pay what is still open."""

    member: Member
    periods: tuple[Period, ...]
    open: tuple[Open, ...]
    pays_on: tuple[date, ...]


def old_reads(members: Sequence[Member], *, frame: Frame, dials: Dials) -> dict[str, tuple[Taken, ...]]:
    """Every read of every meter by serial number: on its cycle's days, and when somebody came or went."""
    between: defaultdict[str, set[date]] = defaultdict(set)
    of_cycle: dict[str, Member] = {}
    came: defaultdict[str, list[tuple[date, bool]]] = defaultdict(list)
    for member in members:
        for service in member.services:
            if service.meter is None:
                continue
            serial = service.meter.serial
            of_cycle.setdefault(serial, member)
            came[serial].append((member.starts_on or date.min, False))
            for on in (member.starts_on, member.ends_on):
                if on is not None and on < frame.cut_over_on:
                    between[serial].add(on)
            if member.ends_on is not None:
                came[serial].append((member.ends_on, True))
    return {
        serial: _reads_of(serial, member, between=between[serial], came=came[serial], frame=frame, dials=dials)
        for serial, member in of_cycle.items()
    }


def _reads_of(
    serial: str, member: Member, *, between: set[date], came: list[tuple[date, bool]], frame: Frame, dials: Dials
) -> tuple[Taken, ...]:
    dial, days = dials.of(serial), frame.read_days(member.cycle)
    first = take_read(dial, before=days[0], on=days[0], since=days[0], plain=True, chance=frame.chance)
    reads = {days[0]: first}
    for before, on in pairwise(days):
        since, empty = max((item for item in came if item[0] < on), key=lambda item: (item[0], not item[1]))
        plain = empty or on in between
        reads[on] = take_read(dial, before=before, on=on, since=since, plain=plain, chance=frame.chance)
    for on in between - set(reads):
        reads[on] = replace(
            take_read(dial, before=on, on=on, since=on, plain=True, chance=frame.chance), kind="move_out"
        )
    return tuple(reads[on] for on in sorted(reads))


def old_periods(member: Member, *, reads: Mapping[str, Sequence[Taken]], frame: Frame) -> tuple[Period, ...]:
    """The periods that the old system billed of an account, not yet priced. Empty for one that comes later."""
    days = frame.read_days(member.cycle)
    start_on = member.starts_on or days[0]
    if start_on >= frame.cut_over_on:
        return ()
    ends = [on for on in days if on > start_on]
    last_on = member.ends_on
    billed_on = {on: frame.billed_on(on) for on in ends}
    if last_on is not None and last_on < frame.cut_over_on:
        # What was used until somebody left was billed with the cycle after that day, if it was before the cut-over.
        after = next((on for on in ends if on >= last_on), None)
        ends = [on for on in ends if on < last_on]
        if after is not None:
            ends.append(last_on)
            billed_on[last_on] = frame.billed_on(after)
    return tuple(
        _period(place, service, start_on=start, end_on=end, reads=reads, billed_on=billed_on[end])
        for place, service in enumerate(member.services)
        for start, end in pairwise([start_on, *ends])
    )


def _period(
    place: int, service: Service, *, start_on: date, end_on: date, reads: Mapping[str, Sequence[Taken]], billed_on: date
) -> Period:
    energy_wh, demand_kw, estimated = 0, "", False
    if service.meter is not None:
        by_day = {item.read_on: item for item in reads[service.meter.serial]}
        first, last = by_day[start_on], by_day[end_on]
        energy_wh = (last.steps - first.steps) * service.meter.multiplier * _WH_PER_KWH
        demand_kw, estimated = last.demand_kw, last.kind == "estimated"
    return Period(
        service=place,
        start_on=start_on,
        end_on=end_on,
        energy_wh=energy_wh,
        demand_kw=demand_kw,
        estimated=estimated,
        billed_on=billed_on,
    )


def price(
    periods: Mapping[str, tuple[Period, ...]], *, members: Mapping[str, Member], rates: Mapping[str, Schedule]
) -> dict[str, tuple[Period, ...]]:
    """Price the periods of all accounts, a schedule at a time."""
    wanted: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for ref, of_member in periods.items():
        for number, period in enumerate(of_member):
            wanted[members[ref].services[period.service].schedule].append((ref, number))
    priced: defaultdict[str, dict[int, Period]] = defaultdict(dict)
    for code, places in wanted.items():
        schedule = rates[code]
        usages = [
            _usage(periods[ref][number], service=members[ref].services[periods[ref][number].service], schedule=schedule)
            for ref, number in places
        ]
        rated = rate_many(schedule, usage_arrays(schedule=schedule, usages=usages))
        for index, (ref, number) in enumerate(places):
            if index in rated.refused:
                raise rated.refused[index]
            priced[ref][number] = replace(periods[ref][number], amount_cents=int(rated.total_cents[index]))
    return {ref: tuple(of_member[number] for number in sorted(of_member)) for ref, of_member in priced.items()}


def _usage(period: Period, *, service: Service, schedule: Schedule) -> Usage:
    level = service.options.get(_LEVEL)
    options = {
        name: int(value) if isinstance(schedule.options.get(name), CountOption) else value
        for name, value in service.options.items()
        if name != _LEVEL
    }
    return Usage(
        span=Span(start=period.start_on, end=period.end_on),
        energy_wh=period.energy_wh,
        demand_w_max=round(float(period.demand_kw) * _WH_PER_KWH) if period.demand_kw else None,
        facilities_level=int(level) if level else None,
        options=options,
    )


def leave(member: Member, *, periods: Sequence[Period], frame: Frame) -> OldAccount:
    """What is open on an account at the cut-over: its bills, as its customer's habit paid them until then."""
    billed: defaultdict[date, int] = defaultdict(int)
    for period in periods:
        billed[period.billed_on] += period.amount_cents
    events: list[tuple[date, int, str, int]] = []  # day, order within it, what, cents
    for on, cents in billed.items():
        heapq.heappush(events, (on, 0, "bill", cents))
        due_on = on + timedelta(days=DUE_DAYS)
        paying = plan_payment(member, billed_on=on, due_on=due_on, clock=frame.clock, chance=frame.chance)
        if paying is not None:
            heapq.heappush(events, (paying.on, 2, "pay", 0))
            if paying.late or member.habit == "partial":
                heapq.heappush(events, (frame.clock.next_open(due_on + timedelta(days=_LATE_DAYS)), 1, "late", 0))
    items: list[Open] = []
    pays_on: list[date] = []
    while events:
        on, _, what, cents = heapq.heappop(events)
        if on >= frame.cut_over_on:
            if what == "pay":
                pays_on.append(on)
        elif what == "bill":
            items = _settled([*items, Open(charge="bill", due_on=on + timedelta(days=DUE_DAYS), amount_cents=cents)])
        elif what == "late":
            items += _late(items, on=on)
        else:
            owed_cents = sum(item.amount_cents for item in items)
            if owed_cents > 0:
                paid_cents = amount_paid(member, owed_cents=owed_cents, on=on, chance=frame.chance)
                items = _settled([*items, Open(charge="credit", due_on=None, amount_cents=-paid_cents)])
    gone = member.ends_on is not None and member.ends_on < frame.cut_over_on - timedelta(days=60)
    return OldAccount(
        member=member,
        periods=tuple(periods),
        open=() if gone else tuple(items),  # nobody leaves the town owing anything, in the end
        pays_on=() if gone else tuple(sorted(set(pays_on))),
    )


def _settled(items: Sequence[Open]) -> list[Open]:
    """Credits pay the oldest pieces; what is left of them stays a credit."""
    credit_cents = -sum(item.amount_cents for item in items if item.amount_cents < 0)
    left: list[Open] = []
    for item in sorted((item for item in items if item.amount_cents > 0), key=lambda item: item.due_on or date.min):
        paid_cents = min(credit_cents, item.amount_cents)
        credit_cents -= paid_cents
        if paid_cents < item.amount_cents:
            left.append(replace(item, amount_cents=item.amount_cents - paid_cents))
    if credit_cents:
        left.append(Open(charge="credit", due_on=None, amount_cents=-credit_cents))
    return left


def _late(items: Sequence[Open], *, on: date) -> list[Open]:
    past_cents = sum(item.amount_cents for item in items if item.due_on and item.due_on < on and item.charge == "bill")
    if past_cents < _LATE_FROM_CENTS:
        return []
    cents = max(_LATE_LEAST_CENTS, (past_cents * _LATE_PERCENT + 50) // 100)
    return [Open(charge="late_charge", due_on=on + timedelta(days=DUE_DAYS), amount_cents=cents)]

"""The town while it lives: who is who, what is planned, and the hand that knocks at the door."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.core.values import BusinessDays
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.demo_town.chance import Chance
from weatherhead.interfaces.cli.demo_town.dials import Dials
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service

CHANNEL = "cli"
Deed = Callable[[datetime], None]


class Diary:
    """What will happen, in the order of time; what happens may write more into it."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Start empty."""
        self._zone = zone
        self._pages: list[tuple[datetime, int, Deed]] = []
        self._written = 0

    def write(self, on: date, at: time, deed: Deed) -> None:
        """Plan a deed for a day and time of the town; of two at the same time the one written first comes first."""
        self._written += 1
        when = datetime.combine(on, at, tzinfo=self._zone)
        heapq.heappush(self._pages, (when.astimezone(UTC), self._written, deed))

    def live(self, *, until_on: date) -> Iterator[datetime]:
        """Do everything planned before a day, and yield the time of each deed (local) when it is done."""
        while self._pages:
            when, _, deed = heapq.heappop(self._pages)
            local = when.astimezone(self._zone)
            if local.date() >= until_on:
                return
            deed(local)
            yield local


@dataclass(frozen=False, slots=True, kw_only=True)
class Known:
    """The numbers that the records gave to one account and what belongs to it, as far as they have come about."""

    account_id: int = 0
    agreement_ids: list[int] = field(default_factory=list)
    bill_ids: list[int] = field(default_factory=list)
    payment_ids: list[int] = field(default_factory=list)
    request_ids: list[int] = field(default_factory=list)
    exception_ids: list[int] = field(default_factory=list)


class Town:
    """The town's roll, its people at work, and the numbers under which the records know them."""

    def __init__(
        self, *, members: Sequence[Member], clock: BusinessDays, zone: ZoneInfo, dials: Dials, chance: Chance
    ) -> None:
        """A town before its first day."""
        self.members = {member.ref: member for member in members}
        self.clock, self.zone, self.chance = clock, zone, chance
        self.diary = Diary(zone)
        self.actors: dict[str, Actor] = {}
        self.known: dict[str, Known] = {member.ref: Known() for member in members}
        self.customers: dict[str, int] = {}
        self.premises: dict[tuple[str, str], int] = {}
        self.points: dict[tuple[str, str, str], int] = {}
        self.set_id = 0
        self.performed = 0
        self.dials = dials
        self._hung_instead: dict[str, MeterPlan] = {}

    def moment(self, at: datetime) -> Moment:
        """A local time as the door takes it."""
        return Moment(at=at.astimezone(UTC), as_of=at.date())

    def do(self, action: str, *, by: str, at: datetime, what: str, inputs: object, note: str = "") -> ReceiptFacts:
        """Perform an action as someone of the staff. Its key is made of what it is.

        Raises:
            Refusal: the action's own.
        """
        done = perform(
            action,
            actor=self.actors[by],
            key=f"town {action} {what}"[:120],
            moment=self.moment(at),
            inputs=inputs,
            request_note=note,
        )
        self.performed += 1
        return done

    def work(self, at: datetime) -> None:
        """Do what waits in the queue, as the worker would."""
        moment = self.moment(at)
        while (item := work_once(worker=CHANNEL, clock=lambda: moment)) is not None:
            self.performed += 1
            if item.attempts > 1:
                raise RuntimeError(f"work item {item.item_id} ({item.kind}) failed: see the log")

    def services_on(self, member: Member, *, on: date) -> tuple[Service, ...]:
        """The places whose meters are read with an account's on a day, those that it left among them."""
        if member.moves_to is None or member.ends_on is None or on < member.ends_on:
            return member.services
        return (*member.services, member.moves_to)

    def hanging(self, meter: MeterPlan) -> MeterPlan:
        """The meter that hangs where one was planned: another one after an exchange."""
        return self._hung_instead.get(meter.serial, meter)

    def exchange(self, meter: MeterPlan, *, by: MeterPlan, on: date) -> None:
        """Hang another meter in the place of a planned one."""
        self._hung_instead[meter.serial] = by
        self.dials.exchange(meter.serial, meter=by, on=on)

    def business_day(self, on: date, *, after: int = 0) -> date:
        """The day itself or the next on which the offices are open, and some business days more."""
        return self.clock.add(self.clock.next_open(on), after)


def seconds_later(start: time, seconds: int) -> time:
    """A time of the same day some seconds later."""
    return (datetime.combine(date.min, start) + timedelta(seconds=seconds)).time()

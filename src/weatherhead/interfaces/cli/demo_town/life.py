"""The month of the town: meters are read, bills go out, payments come in, late charges follow."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from weatherhead.actions.billing.make_summary_bill import BalancesMoved, NothingToSummarize
from weatherhead.actions.billing.start_bill_run import NobodyToBill
from weatherhead.actions.metering.import_reads import inputs_for
from weatherhead.actions.payments.post_payment_batch import Row
from weatherhead.areas.billing.queries import exception
from weatherhead.areas.billing.runs import bills_of_run, holds_of_run
from weatherhead.areas.billing.summaries import days_for_summaries
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.queries import held_reads
from weatherhead.areas.metering.reads_file import COLUMNS
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.paying import amount_paid, plan_payment
from weatherhead.interfaces.cli.demo_town.readings import take_read
from weatherhead.interfaces.cli.demo_town.town import Town, seconds_later

FILE_AT, REVIEW_AT, BILL_AT, RELEASE_AT = time(16, 10), time(7, 45), time(9, 0), time(14, 20)
_TRIED_AFTER, _RELEASED_AFTER = timedelta(minutes=2), timedelta(minutes=45)
_COUNTER_OPENS, _COUNTER_SECONDS = time(8, 5), 28_000
_MAIL_AT, _DRAWER_AT = time(15, 10), time(16, 40)
_AT_COUNTER_SHARE = 0.02
"""Of payments: posted one by one, by whoever is at the counter. All others come in the day's batches."""

_LATE_CHARGES_AT, _LATE_CHARGES_DAYS = time(7, 40), 35
"""So many days after a cycle was read, the late charges of that bill are assessed."""

LATE_CHARGES_FROM = date(2026, 10, 20)
"""Not before: until the bills of a new system are trusted, nobody is dunned on them."""

_CASHIERS = ("nguyen", "nguyen", "nguyen", "reyes", "dvorak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """What is odd about one read: how far what was written down is from the dial, and whether it stays held."""

    off_by: int = 0
    left_held: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the stories want different from the ordinary month, by account and reading day."""

    oddities: Mapping[tuple[str, date], Oddity]
    bills_left_held: frozenset[tuple[str, date]]
    reads_decided_by_story: frozenset[tuple[str, date]]
    extra_rows: Mapping[tuple[int, date], tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One row of a reader's file."""

    member: Member
    meter: MeterPlan
    read_on: date
    kind: str
    reading: int
    demand_kw: str
    note: str

    @property
    def row(self) -> tuple[str, ...]:
        """The row in the order of the file's columns."""
        values = {
            "meter": self.meter.serial,
            "read_on": self.read_on.isoformat(),
            "kind": self.kind,
            "reading": str(self.reading),
            "demand_kw": self.demand_kw,
            "note": self.note,
        }
        return tuple(values[column] for column in COLUMNS)


class Months:
    """Plans and lives the months of every cycle."""

    def __init__(self, town: Town, *, days: Mapping[int, tuple[date, ...]], script: Script) -> None:
        """Write every reading day into the diary, and the late charges after it."""
        self._town, self._days, self._script = town, days, script
        self._mail: dict[tuple[date, str], list[tuple[Member, date]]] = {}
        for cycle, of_cycle in days.items():
            for before, read_on in pairwise(of_cycle):
                town.diary.write(
                    read_on,
                    FILE_AT,
                    lambda at, c=cycle, b=before: self.read_meters(c, before=b, at=at),  # type: ignore[misc]
                )
                charge_on = town.business_day(read_on + timedelta(days=_LATE_CHARGES_DAYS))
                if charge_on >= LATE_CHARGES_FROM:
                    town.diary.write(
                        charge_on,
                        _LATE_CHARGES_AT,
                        lambda at, c=cycle: self.charge_late(c, at=at),  # type: ignore[misc]
                    )

    def _started_on(self, member: Member) -> date:
        return member.starts_on or self._days[member.cycle][0]

    def _of_cycle(self, cycle: int, *, by: date) -> list[Member]:
        members = self._town.members.values()
        return [item for item in members if item.cycle == cycle and self._started_on(item) < by]

    def read_meters(self, cycle: int, *, before: date, at: datetime) -> None:
        """Import the cycle's file of reads, and plan what follows from it."""
        town, read_on = self._town, at.date()
        members = self._of_cycle(cycle, by=read_on)
        readings = self._readings(members, before=before, on=read_on)
        phoned = [item for item in readings if item.kind == "customer"]
        rows = [item.row for item in readings if item.kind != "customer"]
        rows += self._script.extra_rows.get((cycle, read_on), ())
        next_on = town.business_day(read_on + timedelta(days=1))
        if rows:
            name = f"cycle-{cycle:02}-{read_on.isoformat()}.csv"
            town.do("import_reads", by="okafor", at=at, what=name, inputs=inputs_for(name=name, content=_csv(rows)))
        for number, item in enumerate(phoned):
            when = seconds_later(time(8, 12), 140 * number)
            town.diary.write(next_on, when, lambda at, item=item: self._enter(item, at=at))  # type: ignore[misc]
        town.diary.write(next_on, REVIEW_AT, lambda at: self._review(members, read_on=read_on, at=at))
        town.diary.write(next_on, BILL_AT, lambda at: self.bill_cycle(members, read_on=read_on, at=at))

    def _readings(self, members: Sequence[Member], *, before: date, on: date) -> list[Reading]:
        """A reading of every meter of the cycle, once, whoever lives behind it, or nobody."""
        found: dict[str, Reading] = {}
        for member in members:
            for service in self._town.services_on(member, on=on):
                if service.meter is not None:
                    reading = self._reading(member, service, before=before, on=on)
                    found[reading.meter.serial] = reading
        return list(found.values())

    def _reading(self, member: Member, service: Service, *, before: date, on: date) -> Reading:
        if service.meter is None:
            raise ValueError(f"{member.ref} has no meter there")
        meter = self._town.hanging(service.meter)
        dial = self._town.dials.of(meter.serial)
        odd = self._script.oddities.get((member.ref, on))
        since = max(self._started_on(member), dial.hung_on)
        plain = odd is not None or (member.ends_on is not None and member.ends_on <= on)
        taken = take_read(dial, before=before, on=on, since=since, plain=plain, chance=self._town.chance)
        reading = (taken.reading + (odd.off_by if odd else 0)) % int(10**meter.dials)
        return Reading(
            member=member,
            meter=meter,
            read_on=on,
            kind=taken.kind,
            reading=reading,
            demand_kw=taken.demand_kw,
            note=taken.note,
        )

    def reading_of(self, ref: str, *, on: date) -> int:
        """What the first meter of an account shows on a day."""
        meter = self._town.members[ref].services[0].meter
        if meter is None:
            raise ValueError(f"{ref} has no meter")
        dial = self._town.dials.of(self._town.hanging(meter).serial)
        return dial.reading(dial.kwh(on))

    def _enter(self, item: Reading, *, at: datetime) -> None:
        """A read given over the phone."""
        inputs = {
            "account_id": self._town.known[item.member.ref].account_id,
            "meter": item.meter.serial,
            "read_on": item.read_on,
            "kind": item.kind,
            "reading": item.reading,
            "note": item.note,
        }
        self._town.do("enter_read", by="reyes", at=at, what=f"{item.meter.serial} {item.read_on}", inputs=inputs)

    def _review(self, members: Sequence[Member], *, read_on: date, at: datetime) -> None:
        """Look at the reads that are held; release those that the weather explains."""
        by_serial = {s.meter.serial: m for m in members for s in m.services if s.meter}
        for held in held_reads():
            member = by_serial.get(held.serial)
            if member is None:
                continue
            mark = (member.ref, held.read_on)
            odd = self._script.oddities.get(mark)
            if (odd and odd.left_held) or mark in self._script.reads_decided_by_story or held.read_on != read_on:
                continue
            inputs = {"read_id": held.read_id, "reason": "Looked at the photo of the dial; the weather explains it"}
            self._town.do("release_read", by="okafor", at=at, what=f"{held.serial} {held.read_on}", inputs=inputs)

    def bill_cycle(self, members: Sequence[Member], *, read_on: date, at: datetime) -> None:
        """Bill a cycle by a run, which one starts and another releases, and plan what follows from each bill.

        Accounts that cannot be billed yet (a held read) wait for later; the run says why.
        """
        town, cycle = self._town, members[0].cycle if members else 0
        if not members:
            return
        name = f"cycle {cycle} {read_on.isoformat()}"
        inputs = {"cycle": cycle, "through_on": read_on}
        try:
            started = town.do("start_bill_run", by="okafor", at=at, what=name, inputs=inputs)
        except NobodyToBill:
            return
        [run_id] = started.body["made"]["bill_run"]
        town.work(at + _TRIED_AFTER)
        town.do("release_bill_run", by="alvarez", at=at + _RELEASED_AFTER, what=name, inputs={"run_id": run_id})
        town.work(at + _RELEASED_AFTER)
        self._make_summaries(name, at=at + _RELEASED_AFTER)
        by_account = {town.known[member.ref].account_id: member for member in members}
        for issued in bills_of_run(run_id):
            member = by_account[issued.account_id]
            town.known[member.ref].bill_ids.append(issued.bill_id)
            self.expect_payment(member, billed_on=at.date(), due_on=issued.due_on)
        for account_id, exception_ids in holds_of_run(run_id).items():
            self._look_at(by_account[account_id], exception_ids, read_on=read_on, on=at.date())

    def _make_summaries(self, name: str, *, at: datetime) -> None:
        """The summary bills of a run, as the print run makes them."""
        for customer_id, issued_on, _ in days_for_summaries(from_on=at.date(), to_on=at.date()):
            inputs = {"customer_id": customer_id, "issued_on": issued_on}
            try:
                self._town.do("make_summary_bill", by="okafor", at=at, what=f"{name} {customer_id}", inputs=inputs)
            except (NothingToSummarize, BalancesMoved):
                continue  # what cannot go together is mailed by itself

    def _look_at(self, member: Member, exception_ids: Sequence[int], *, read_on: date, on: date) -> None:
        """A bill that is held is looked at in the afternoon, unless its story leaves it."""
        self._town.known[member.ref].exception_ids += exception_ids
        if (member.ref, read_on) not in self._script.bills_left_held:
            self._town.diary.write(
                on, RELEASE_AT, lambda when: self._release(member, exception_ids, read_on=read_on, at=when)
            )

    def bill(self, member: Member, *, read_on: date, at: datetime) -> None:
        """Bill one account; a bill that is held is looked at in the afternoon. Refusals stand in the audit log."""
        town, known = self._town, self._town.known[member.ref]
        if member.ends_on is not None and member.moves_to is None and member.ends_on <= self._before(member, read_on):
            return  # the final bill is out
        inputs = {"account_id": known.account_id, "through_on": read_on}
        try:
            done = town.do("bill_account", by="okafor", at=at, what=f"{member.ref} {at:%Y-%m-%d %H}", inputs=inputs)
        except Refusal:
            return  # a held read or a hold keeps the period for later; the door has written the attempt down
        made = done.body["made"]
        if "bill" in made:
            known.bill_ids += made["bill"]
            due_on = date.fromisoformat(done.body["summary"]["params"]["due"])
            self.expect_payment(member, billed_on=at.date(), due_on=due_on)
            return
        self._look_at(member, made["exception"], read_on=read_on, on=at.date())

    def _before(self, member: Member, read_on: date) -> date:
        """The reading day before one."""
        return max(day for day in self._days[member.cycle] if day < read_on)

    def _release(self, member: Member, exception_ids: Sequence[int], *, read_on: date, at: datetime) -> None:
        for number in exception_ids:
            reasons = {"usage": "Heating season; reads are actual", "days": "Holiday week on the route"}
            reason = reasons.get(exception(number).kind, "Read and demand confirmed with the customer")
            inputs = {"exception_id": number, "reason": reason}
            self._town.do("release_exception", by="okafor", at=at, what=str(number), inputs=inputs)
        self.bill(member, read_on=read_on, at=at)

    def expect_payment(self, member: Member, *, billed_on: date, due_on: date) -> None:
        """Plan the payment that the customer's habit makes of a bill."""
        town = self._town
        paying = plan_payment(member, billed_on=billed_on, due_on=due_on, clock=town.clock, chance=town.chance)
        if paying is not None:
            self.expect(member, on=paying.on)

    def expect(self, member: Member, *, on: date) -> None:
        """Plan a payment: a few are taken at the counter, the others come with the day's mail or to the drawer."""
        town, chance = self._town, self._town.chance
        name = (member.ref, on.isoformat())
        if chance.happens(_AT_COUNTER_SHARE, "at counter", *name):
            when = seconds_later(_COUNTER_OPENS, chance.whole(0, _COUNTER_SECONDS, "time", *name))
            town.diary.write(on, when, lambda at: self._pay_at_counter(member, at=at))
            return
        check = member.person.kind == "business" or chance.happens(0.72, "check", *name)
        channel = chance.pick(("mail", "mail", "drop_box"), "channel", *name) if check else "counter"
        batch = self._mail.get((on, channel))
        if batch is None:
            batch = self._mail[on, channel] = []
            at = _MAIL_AT if check else _DRAWER_AT
            town.diary.write(on, at, lambda at: self._post_batch(channel, at=at))
        batch.append((member, on))

    def _post_batch(self, channel: str, *, at: datetime) -> None:
        """Post what came on a day in one go."""
        town, chance = self._town, self._town.chance
        members = [member for member, _ in self._mail.pop((at.date(), channel))]
        ids = {member.ref: town.known[member.ref].account_id for member in members}
        owed = balance_of(ids.values())
        numbers = {key: item.number for key, item in accounts(ids.values()).items()}
        rows = []
        for member in {member.ref: member for member in members}.values():
            account_id = ids[member.ref]
            if owed[account_id] <= 0:
                continue
            cents = amount_paid(member, owed_cents=owed[account_id], on=at.date(), chance=chance)
            check = chance.whole(1_001, 9_899, "check number", member.ref, at.date().isoformat())
            number = "" if channel == "counter" else str(check)
            rows.append(Row(account=numbers[account_id], amount_cents=cents, check_number=number))
        if not rows:
            return
        title = {"mail": "Mail", "drop_box": "Drop box", "counter": "Counter"}[channel]
        name = f"{title} of {at:%Y-%m-%d}"
        inputs = {
            "name": f"{title} of {at:%b} {at.day}, {at.year}",
            "channel": channel,
            "counted": len(rows),
            "total_cents": sum(row.amount_cents or 0 for row in rows),
            "payments": tuple(rows),
        }
        town.do("post_payment_batch", by="nguyen", at=at, what=name, inputs=inputs)

    def _pay_at_counter(self, member: Member, *, at: datetime) -> None:
        chance, known = self._town.chance, self._town.known[member.ref]
        name = (member.ref, at.date().isoformat())
        owed_cents = balance_of([known.account_id])[known.account_id]
        if owed_cents <= 0:
            return
        check = chance.happens(0.4, "check", *name)
        self.take_payment(
            member.ref,
            amount_cents=amount_paid(member, owed_cents=owed_cents, on=at.date(), chance=chance),
            check_number=str(chance.whole(1_001, 9_899, "check number", *name)) if check else "",
            channel="counter",
            by=chance.pick(_CASHIERS, "cashier", *name),
            at=at,
            what=f"{member.ref} {at.date()}",
        )

    def take_payment(
        self, ref: str, *, amount_cents: int, check_number: str, channel: str, by: str, at: datetime, what: str
    ) -> None:
        """Post money to an account."""
        known = self._town.known[ref]
        inputs = {
            "account_id": known.account_id,
            "amount_cents": amount_cents,
            "tender": "check" if check_number else "cash",
            "check_number": check_number,
            "channel": channel,
        }
        done = self._town.do("take_payment", by=by, at=at, what=what, inputs=inputs)
        known.payment_ids += done.body["made"]["payment"]

    def charge_late(self, cycle: int, *, at: datetime) -> None:
        """Assess the late charges of a cycle."""
        what = f"cycle {cycle} {at.date()}"
        self._town.do("assess_late_charges", by="okafor", at=at, what=what, inputs={"cycle": cycle})

    def assess(self, ref: str, *, charge: str, reason: str, by: str, at: datetime, note: str = "") -> None:
        """Charge a fee by its rule."""
        known = self._town.known[ref]
        inputs = {"account_id": known.account_id, "charge": charge, "reason": reason, "note": note}
        self._town.do("assess_fee", by=by, at=at, what=f"{charge} {ref} {at.date()}", inputs=inputs)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()

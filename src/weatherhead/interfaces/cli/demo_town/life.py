"""The month of the town: meters are read, bills go out, payments come in, late charges follow."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from weatherhead.actions.metering.import_reads import inputs_for
from weatherhead.areas.billing.queries import exception
from weatherhead.areas.ledger.queries import ageing_of, balance_of
from weatherhead.areas.metering.queries import held_reads
from weatherhead.areas.metering.reads_file import COLUMNS
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.demo_town.members import Member, MeterPlan, Service
from weatherhead.interfaces.cli.demo_town.town import Town, seconds_later

FILE_AT, REVIEW_AT, BILL_AT, RELEASE_AT = time(16, 10), time(7, 45), time(9, 0), time(14, 20)
_COUNTER_OPENS, _COUNTER_SECONDS = time(8, 5), 28_000
_ESTIMATED_SHARE, _PHONED_SHARE = 0.012, 0.012
_LATE_CHARGE_DAYS, _LATE_CHARGE_FROM_CENTS = 6, 20_00
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
    service: Service
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
        """Write every reading day into the diary."""
        self._town, self._days, self._script = town, days, script
        for cycle, of_cycle in days.items():
            for before, read_on in pairwise(of_cycle):
                town.diary.write(
                    read_on,
                    FILE_AT,
                    lambda at, c=cycle, b=before: self.read_meters(c, before=b, at=at),  # type: ignore[misc]
                )

    def _started_on(self, member: Member) -> date:
        return member.starts_on or self._days[member.cycle][0]

    def _of_cycle(self, cycle: int, *, by: date) -> list[Member]:
        town = self._town
        return [m for m in town.members.values() if m.cycle == cycle and self._started_on(m) < by]

    def read_meters(self, cycle: int, *, before: date, at: datetime) -> None:
        """Import the cycle's file of reads, and plan what follows from it."""
        town, read_on = self._town, at.date()
        members = self._of_cycle(cycle, by=read_on)
        readings = [self._reading(m, s, before=before, on=read_on) for m in members for s in m.services if s.meter]
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
        for number, member in enumerate(members):
            when = seconds_later(BILL_AT, 5 * number)
            town.diary.write(next_on, when, lambda at, m=member: self.bill(m, read_on=read_on, at=at))  # type: ignore[misc]

    def _reading(self, member: Member, service: Service, *, before: date, on: date) -> Reading:
        if service.meter is None:
            raise ValueError(f"{member.ref} has no meter there")
        chance, meter = self._town.chance, service.meter
        started_on = self._started_on(member)
        use = self._town.use_of(service, since_on=started_on)
        odd = self._script.oddities.get((member.ref, on))
        since_on = max(before, started_on)
        draw = chance.unit("how read", meter.serial, on.isoformat())
        kind, note, kwh = "actual", "", use.until(on)
        if odd is None and not meter.has_demand and started_on < before:
            if draw < _ESTIMATED_SHARE:
                # Never above what the dial will show next time: an estimate that is too high is another story.
                kind, note = "estimated", "No access: gate locked"
                kwh = use.until(before) + 0.92 * (kwh - use.until(before))
            elif draw < _ESTIMATED_SHARE + _PHONED_SHARE:
                kind, note = "customer", "No access on the route; read over the phone"
        steps = int(kwh) // meter.multiplier
        demand_kw = f"{use.highest_kw(since_on, on):.1f}" if meter.has_demand else ""
        reading = (meter.first_reading + steps + (odd.off_by if odd else 0)) % 10**meter.dials
        return Reading(
            member=member,
            service=service,
            meter=meter,
            read_on=on,
            kind=kind,
            reading=reading,
            demand_kw=demand_kw,
            note=note,
        )

    def reading_of(self, ref: str, *, on: date) -> int:
        """What the first meter of an account shows on a day."""
        member = self._town.members[ref]
        service = member.services[0]
        return self._reading(member, service, before=self._started_on(member), on=on).reading

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

    def bill(self, member: Member, *, read_on: date, at: datetime) -> None:
        """Bill one account; a bill that is held is looked at in the afternoon. Refusals stand in the audit log."""
        town, known = self._town, self._town.known[member.ref]
        inputs = {"account_id": known.account_id, "through_on": read_on}
        try:
            done = town.do("bill_account", by="okafor", at=at, what=f"{member.ref} {at:%Y-%m-%d %H}", inputs=inputs)
        except Refusal:
            return  # a held read or a hold keeps the period for later; the door has written the attempt down
        made = done.body["made"]
        if "bill" in made:
            known.bill_ids += made["bill"]
            due_on = date.fromisoformat(done.body["summary"]["params"]["due"])
            self._expect_payment(member, bill_id=made["bill"][0], due_on=due_on, at=at)
            return
        known.exception_ids += made["exception"]
        if (member.ref, read_on) not in self._script.bills_left_held:
            town.diary.write(
                at.date(), RELEASE_AT, lambda when: self._release(member, made["exception"], read_on=read_on, at=when)
            )

    def _release(self, member: Member, exception_ids: Sequence[int], *, read_on: date, at: datetime) -> None:
        for number in exception_ids:
            reasons = {"usage": "Heating season; reads are actual", "days": "Holiday week on the route"}
            reason = reasons.get(exception(number).kind, "Read and demand confirmed with the customer")
            inputs = {"exception_id": number, "reason": reason}
            self._town.do("release_exception", by="okafor", at=at, what=str(number), inputs=inputs)
        self.bill(member, read_on=read_on, at=at)

    def _expect_payment(self, member: Member, *, bill_id: int, due_on: date, at: datetime) -> None:
        """Plan the payment that the customer's habit makes of a bill, and the late charge that it may call for."""
        town, chance = self._town, self._town.chance
        if member.pays_until is not None and at.date() >= member.pays_until:
            return
        name = (member.ref, at.date().isoformat())
        late = member.habit == "late" or (member.habit == "usually" and chance.happens(0.22, "late", *name))
        days = chance.whole(5, 21, "days late", *name) if late else -chance.whole(2, 13, "days early", *name)
        pay_on = town.business_day(max(due_on + timedelta(days=days), at.date() + timedelta(days=2)))
        when = seconds_later(_COUNTER_OPENS, chance.whole(0, _COUNTER_SECONDS, "time", *name))
        town.diary.write(pay_on, when, lambda at: self._pay(member, bill_id=bill_id, at=at))
        if late or member.habit == "partial":
            charge_on = town.business_day(due_on + timedelta(days=_LATE_CHARGE_DAYS))
            when = seconds_later(time(7, 30), chance.whole(0, 1_500, "charge time", *name))
            town.diary.write(charge_on, when, lambda at: self._charge_late(member, at=at))

    def _pay(self, member: Member, *, bill_id: int, at: datetime) -> None:
        chance, known = self._town.chance, self._town.known[member.ref]
        name = (member.ref, at.date().isoformat())
        owed_cents = balance_of([known.account_id])[known.account_id]
        if owed_cents <= 0:
            return
        amount_cents = owed_cents
        if member.habit == "partial" and not chance.happens(0.3, "in full", *name):
            amount_cents = max(20_00, owed_cents * 6 // 10 // 5_00 * 5_00)
        elif member.habit == "ahead":
            amount_cents = (owed_cents // 100_00 + 1) * 100_00
        check = member.person.kind == "business" or chance.happens(0.72, "check", *name)
        self.take_payment(
            member.ref,
            amount_cents=amount_cents,
            check_number=str(chance.whole(1_001, 9_899, "check number", *name)) if check else "",
            channel=chance.pick(("mail", "mail", "drop_box", "counter"), "channel", *name) if check else "counter",
            by=chance.pick(_CASHIERS, "cashier", *name),
            at=at,
            what=f"{member.ref} bill {bill_id}",
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

    def _charge_late(self, member: Member, *, at: datetime) -> None:
        known = self._town.known[member.ref]
        past_due_cents = ageing_of([known.account_id], as_of=at.date())[known.account_id].past_due_cents
        if past_due_cents >= _LATE_CHARGE_FROM_CENTS:
            self.assess(member.ref, charge="late_charge", reason="past_due", by="dvorak", at=at)

    def assess(self, ref: str, *, charge: str, reason: str, by: str, at: datetime, note: str = "") -> None:
        """Charge a fee by its rule."""
        known = self._town.known[ref]
        inputs = {"account_id": known.account_id, "charge": charge, "reason": reason, "note": note}
        done = self._town.do("assess_fee", by=by, at=at, what=f"{charge} {ref} {at.date()}", inputs=inputs)
        known.fee_ids.setdefault(charge, []).extend(done.body["made"]["adjustment"])


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()

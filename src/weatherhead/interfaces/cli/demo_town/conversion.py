"""The town's old system, written out as a migration set: the files of docs/migration.md and their control totals."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path

import yaml

from weatherhead.core.rating import Schedule
from weatherhead.core.values import format_cents
from weatherhead.interfaces.cli.demo_town.dials import Dials
from weatherhead.interfaces.cli.demo_town.members import Member, Service
from weatherhead.interfaces.cli.demo_town.old_system import Frame, OldAccount, leave, old_periods, old_reads, price
from weatherhead.interfaces.cli.demo_town.places import CITY, POSTAL_CODE, STATE, Place
from weatherhead.interfaces.cli.demo_town.readings import Taken

SOURCE, SET = "prairie-city-ledger", "prairie-city-2026"
_CLOSED_AFTER_DAYS = 45
_PAPERLESS_SHARE, _ONLINE_SHARE, _DEPOSIT_SHARE, _NOTE_SHARE = 0.31, 0.24, 0.06, 0.05
_DEPOSITS_CENTS = (150_00, 200_00, 250_00)
_AGES = ((0, "not_yet_due"), (30, "days_1_to_30"), (60, "days_31_to_60"), (90, "days_61_to_90"))
_OLDEST, _CREDIT = "days_over_90", "credit"
_NOTES = (
    "Dog in the yard; reader uses the alley gate.",
    "Asked for large print in 2023; letter sent.",
    "Meter is in the basement; customer reads and calls.",
    "Prefers a call after five.",
    "Well pump on the same meter.",
    "New furnace in fall 2025, now heat pump.",
)

Rows = list[tuple[str, ...]]

HEADERS: Mapping[str, tuple[str, ...]] = {
    "customers": ("customer", "kind", "name", "language", "since_on"),
    "contacts": ("customer", "kind", "value", "since_on"),
    "accounts": (
        "account", "customer", "mail_street", "mail_unit", "mail_city", "mail_state", "mail_postal_code", "cycle",
        "revenue_class", "opened_on", "closed_on",
    ),
    "premises": ("premise", "street", "unit", "city", "state", "postal_code"),
    "service_points": ("service_point", "premise", "label", "kind"),
    "meters": ("meter", "service_point", "installed_on", "removed_on", "dials", "multiplier", "has_demand"),
    "agreements": ("agreement", "account", "service_point", "schedule", "options", "start_on", "end_on"),
    "reads": ("meter", "read_on", "kind", "reading", "turned", "demand_kw", "note"),
    "history": (
        "agreement", "start_on", "end_on", "days", "kwh", "demand_kw", "estimated", "billed_on", "bill", "amount",
    ),
    "opening_balances": ("item", "account", "charge", "due_on", "age", "amount"),
    "deposits": ("item", "account", "amount", "held_since_on"),
    "programs": ("account", "program", "since_on", "monthly_amount"),
    "notes": ("account", "noted_on", "author", "text"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The set, and what its writer knows that the new system does not: when who will pay what is open."""

    rows: Mapping[str, Rows]
    control: Mapping[str, object]
    accounts: tuple[OldAccount, ...]


def convert(
    members: Sequence[Member],
    *,
    numbers: Mapping[str, str],
    frame: Frame,
    dials: Dials,
    rates: Mapping[str, Schedule],
) -> Converted:
    """What the old system exports of its accounts. `numbers` are their account numbers by `ref`, kept as they are."""
    known = [item for item in members if (item.starts_on or date.min) < frame.cut_over_on]
    reads = old_reads(known, frame=frame, dials=dials)
    by_ref = {item.ref: item for item in known}
    periods = {item.ref: old_periods(item, reads=reads, frame=frame) for item in known}
    priced = price(periods, members=by_ref, rates=rates)
    accounts = tuple(leave(item, periods=priced.get(item.ref, ()), frame=frame) for item in known)
    rows: dict[str, Rows] = {name: [] for name in HEADERS}
    _write_people(rows, accounts, numbers=numbers, frame=frame)
    agreements = _write_places(rows, accounts, numbers=numbers, frame=frame)
    rows["reads"] = [row for serial in sorted(reads) for row in _read_rows(serial, reads[serial])]
    _write_money(rows, accounts, numbers=numbers, agreements=agreements)
    _write_extras(rows, accounts, numbers=numbers, frame=frame)
    return Converted(rows=rows, control=_control(rows, accounts, frame=frame), accounts=accounts)


def write_set(converted: Converted, directory: Path) -> None:
    """Write the files and control.yaml into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, rows in converted.rows.items():
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADERS[name])
            writer.writerows(rows)
    text = yaml.safe_dump(dict(converted.control), sort_keys=False, allow_unicode=True)
    (directory / "control.yaml").write_text(text, encoding="utf-8")


def _opened_on(member: Member, *, frame: Frame) -> date:
    return member.starts_on or min(member.opened_on, frame.days[member.cycle][0])


def _ended_on(member: Member, *, frame: Frame) -> date | None:
    """When service ended, if the old system knows of it."""
    return member.ends_on if member.ends_on is not None and member.ends_on < frame.cut_over_on else None


def _closed_on(member: Member, *, frame: Frame) -> date | None:
    ended_on = _ended_on(member, frame=frame)
    closed_on = ended_on + timedelta(days=_CLOSED_AFTER_DAYS) if ended_on else None
    return closed_on if closed_on is not None and closed_on < frame.cut_over_on - timedelta(days=1) else None


def _day(on: date | None) -> str:
    return on.isoformat() if on else ""


def _address(place: Place) -> tuple[str, ...]:
    return (place.street, place.unit, CITY, STATE, POSTAL_CODE)


def _customer_keys(accounts: Sequence[OldAccount]) -> dict[str, str]:
    names = dict.fromkeys(item.member.person.name for item in accounts)
    return {name: f"C-{number:05}" for number, name in enumerate(names, 1)}


def _write_people(
    rows: dict[str, Rows], accounts: Sequence[OldAccount], *, numbers: Mapping[str, str], frame: Frame
) -> None:
    keys = _customer_keys(accounts)
    since: dict[str, date] = {}
    for item in accounts:
        name, on = item.member.person.name, _opened_on(item.member, frame=frame)
        since[name] = min(on, since.get(name, on))
    people = {item.member.person.name: item.member.person for item in accounts}
    for name, person in people.items():
        rows["customers"].append((keys[name], person.kind, name, person.language, _day(since[name])))
        contacts = (("phone", person.phone), ("email", person.email))
        rows["contacts"] += [(keys[name], kind, value, _day(since[name])) for kind, value in contacts if value]
    for item in accounts:
        member = item.member
        mail = member.mail or member.services[0].place
        rows["accounts"].append(
            (
                numbers[member.ref],
                keys[member.person.name],
                *_address(mail),
                str(member.cycle),
                member.revenue_class,
                _day(_opened_on(member, frame=frame)),
                _day(_closed_on(member, frame=frame)),
            )
        )


def _write_places(
    rows: dict[str, Rows], accounts: Sequence[OldAccount], *, numbers: Mapping[str, str], frame: Frame
) -> dict[tuple[str, int], str]:
    """Premises, service points, meters and agreements; returns the agreements' keys by account and service."""
    premises: dict[Place, str] = {}
    points: dict[tuple[Place, str], str] = {}
    agreements: dict[tuple[str, int], str] = {}
    for item in accounts:
        for place, service in enumerate(item.member.services):
            if service.place not in premises:
                premises[service.place] = f"P-{len(premises) + 1:05}"
                rows["premises"].append((premises[service.place], *_address(service.place)))
            where = (service.place, service.label)
            if where not in points:
                points[where] = f"S-{len(points) + 1:05}"
                kind = "metered" if service.meter else "unmetered"
                rows["service_points"].append((points[where], premises[service.place], service.label, kind))
                rows["meters"] += _meter_rows(service, point=points[where], frame=frame)
            agreements[item.member.ref, place] = key = f"A-{len(agreements) + 1:05}"
            rows["agreements"].append(
                (
                    key,
                    numbers[item.member.ref],
                    points[where],
                    service.schedule,
                    ";".join(f"{name}={value}" for name, value in service.options.items()),
                    _day(_opened_on(item.member, frame=frame)),
                    _day(_ended_on(item.member, frame=frame)),
                )
            )
    return agreements


def _meter_rows(service: Service, *, point: str, frame: Frame) -> Iterator[tuple[str, ...]]:
    meter = service.meter
    if meter is None:
        return
    installed_on = date(2009, 3, 2) + timedelta(days=frame.chance.whole(0, 5_000, "hung", meter.serial))
    has_demand = "yes" if meter.has_demand else "no"
    yield (meter.serial, point, _day(installed_on), "", str(meter.dials), str(meter.multiplier), has_demand)


def _read_rows(serial: str, reads: Sequence[Taken]) -> Iterator[tuple[str, ...]]:
    before: Taken | None = None
    for item in reads:
        turned = "" if before is None else "yes" if item.reading < before.reading else "no"
        yield (serial, _day(item.read_on), item.kind, str(item.reading), turned, item.demand_kw, item.note)
        before = item


def _write_money(
    rows: dict[str, Rows],
    accounts: Sequence[OldAccount],
    *,
    numbers: Mapping[str, str],
    agreements: Mapping[tuple[str, int], str],
) -> None:
    for item in accounts:
        ref = item.member.ref
        for period in item.periods:
            rows["history"].append(
                (
                    agreements[ref, period.service],
                    _day(period.start_on),
                    _day(period.end_on),
                    str((period.end_on - period.start_on).days),
                    str(period.energy_wh // 1000),
                    period.demand_kw,
                    "yes" if period.estimated else "no",
                    _day(period.billed_on),
                    f"{numbers[ref]}-{period.billed_on:%y%m}",
                    _dollars(period.amount_cents),
                )
            )
        for piece in item.open:
            key = f"I-{len(rows['opening_balances']) + 1:05}"
            amount = _dollars(piece.amount_cents)
            rows["opening_balances"].append((key, numbers[ref], piece.charge, _day(piece.due_on), "", amount))


def _dollars(cents: int) -> str:
    return f"-{_dollars(-cents)}" if cents < 0 else format_cents(cents).replace(",", "")


def _write_extras(
    rows: dict[str, Rows], accounts: Sequence[OldAccount], *, numbers: Mapping[str, str], frame: Frame
) -> None:
    """Deposits, programs and notes: some of them, by chance."""
    chance = frame.chance
    for item in accounts:
        member, number = item.member, numbers[item.member.ref]
        if _ended_on(member, frame=frame) is not None or not member.ref.startswith("resident-"):
            continue
        opened_on = _opened_on(member, frame=frame)
        if chance.happens(_DEPOSIT_SHARE, "deposit", member.ref):
            cents = chance.pick(_DEPOSITS_CENTS, "deposit", member.ref)
            rows["deposits"].append((f"D-{len(rows['deposits']) + 1:04}", number, _dollars(cents), _day(opened_on)))
        for program, share in (("paperless_billing", _PAPERLESS_SHARE), ("online_bill_pay", _ONLINE_SHARE)):
            if chance.happens(share, program, member.ref):
                days = (frame.cut_over_on - opened_on).days
                since = opened_on + timedelta(days=chance.whole(0, max(0, days - 30), "since", program, member.ref))
                rows["programs"].append((number, program, _day(since), ""))
        if chance.happens(_NOTE_SHARE, "note", member.ref):
            text = chance.pick(_NOTES, "note", member.ref)
            rows["notes"].append((number, _day(frame.cut_over_on - timedelta(days=200)), "front desk", text))


def _control(rows: Mapping[str, Rows], accounts: Sequence[OldAccount], *, frame: Frame) -> dict[str, object]:
    """What the old system says of itself: counted from its accounts, not from the files."""
    by_age: defaultdict[str, int] = defaultdict(int)
    for piece in chain.from_iterable(item.open for item in accounts):
        by_age[_age(piece.due_on, frame=frame)] += piece.amount_cents
    names = [*(name for _, name in _AGES), _OLDEST, _CREDIT]
    periods = [period for item in accounts for period in item.periods]
    deposits_cents = sum(int(Decimal(row[2]) * 100) for row in rows["deposits"])
    return {
        "source": SOURCE,
        "set": SET,
        "cut_over_on": frame.cut_over_on,
        "account_numbers": "keep",
        "rows": {name: len(of_file) for name, of_file in rows.items()},
        "totals": {
            "receivable": {name: _dollars(by_age[name]) for name in names},
            "deposit": _dollars(deposits_cents),
            "history_kwh": sum(period.energy_wh for period in periods) // 1000,
            "history_amount": _dollars(sum(period.amount_cents for period in periods)),
        },
    }


def _age(due_on: date | None, *, frame: Frame) -> str:
    if due_on is None:
        return _CREDIT
    days = (frame.cut_over_on - due_on).days
    return next((name for most, name in _AGES if days <= most), _OLDEST)

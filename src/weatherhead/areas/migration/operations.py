"""Writes of a migration: a set is begun, its shards are copied into the areas, and its totals are signed off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from weatherhead.areas.agreements.operations import load_agreements, load_former_periods
from weatherhead.areas.credit.operations import load_deposits
from weatherhead.areas.customers.operations import (
    free_numbers,
    load_accounts,
    load_contacts,
    load_customers,
    load_notes,
)
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.metering.loading import load_installations, load_meters, load_reads
from weatherhead.areas.migration.facts import SetFacts
from weatherhead.areas.migration.models import MigrationSet, MigrationShard
from weatherhead.areas.migration.plan import moved_of_shard, rows_of_shard
from weatherhead.areas.migration.queries import keys_to_rows
from weatherhead.areas.migration.staging import Staging
from weatherhead.areas.premises.operations import load_premises, load_service_points
from weatherhead.areas.programs.operations import load_enrollments
from weatherhead.areas.records.arrays import take_row_ids
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.database import bulk_insert
from weatherhead.core.ledger import EntryDraft
from weatherhead.core.values import Refusal, gettext_noop


class SetNameTaken(Refusal):
    """Another set has the name."""

    template = gettext_noop(
        "Set %(name)s of %(source)s was begun with other content. Finish it with its own files, or give these another "
        "name in control.yaml."
    )


class RowsTakenMeanwhile(Refusal):
    """Somebody entered what a shard was about to load."""

    template = gettext_noop(
        "Something of this shard was entered since the set was checked. Nothing of the shard was loaded; run the same "
        "command again, and it will say which row."
    )


class AlreadySignedOff(Refusal):
    """A set is signed off once."""

    template = gettext_noop("Set %(name)s was signed off already, by %(by)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """A set about to be begun."""

    source: str
    name: str
    sha256: str
    plan_sha256: str
    cut_over_on: date
    account_numbers: str
    good_rows: bool
    control: Mapping[str, int]
    found: Mapping[str, Json]
    shards: Mapping[str, int]


def begin_set(plan: SetPlan, *, by: str, employee_id: int, at: datetime) -> int:
    """Record that a set's loading begins; returns its number.

    Raises:
        SetNameTaken: the old system has another set of that name.
    """
    try:
        with transaction.atomic():
            row = MigrationSet.objects.create(
                source=plan.source,
                name=plan.name,
                sha256=plan.sha256,
                plan_sha256=plan.plan_sha256,
                cut_over_on=plan.cut_over_on,
                account_numbers=plan.account_numbers,
                good_rows=plan.good_rows,
                control=dict(plan.control),
                found=dict(plan.found),
                shards=dict(plan.shards),
                begun_by=by,
                begun_by_employee_id=employee_id,
                begun_at=at,
            )
    except IntegrityError as error:
        raise SetNameTaken(name=plan.name, source=plan.source) from error
    return row.pk


def sign_off(
    facts: SetFacts, *, by: str, employee_id: int, at: datetime, note: str, totals: Mapping[str, Json]
) -> None:
    """Sign a set off.

    Raises:
        AlreadySignedOff: somebody was faster.
    """
    changed = MigrationSet.objects.filter(pk=facts.set_id, signed_at__isnull=True).update(
        signed_by=by, signed_by_employee_id=employee_id, signed_at=at, signed_note=note, signed_totals=dict(totals)
    )
    if changed != 1:
        raise AlreadySignedOff(name=facts.name, by=facts.signed_by or "–")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A shard being loaded."""

    facts: SetFacts
    staging: Staging
    stage: str
    number: int
    receipt_id: int

    def rows(self, file: str, *columns: str) -> Iterable[Any]:
        """The shard's rows of one file."""
        return rows_of_shard(self.staging, stage=self.stage, file=file, shard=self.number, columns=columns)

    def moved(self, heads: str) -> dict[str, int]:
        """The shard's heads that an earlier set loaded."""
        return moved_of_shard(self.staging, heads=heads, shard=self.number)

    def known(self, kind: str, keys: Iterable[str]) -> dict[str, int]:
        """The rows that keys of earlier stages and sets became."""
        return keys_to_rows(source=self.facts.source, kind=kind, keys=set(keys))

    def remember(self, kind: str, found: Mapping[str, int]) -> None:
        """Keep which rows some keys became."""
        source, set_id = self.facts.source, self.facts.set_id
        bulk_insert(
            table="migration_movedkey",
            columns=("source", "kind", "key", "row_id", "migration_id"),
            rows=((source, kind, key, row_id, set_id) for key, row_id in found.items()),
        )

    def numbered(self, kind: str, *, table: str, keys: Iterable[str]) -> dict[str, int]:
        """A new row number for each key, which is remembered."""
        named = list(dict.fromkeys(keys))
        found = dict(zip(named, take_row_ids(table, count=len(named)).tolist(), strict=True))
        self.remember(kind, found)
        return found


def load_shard(shard: Shard, *, counts: Mapping[str, int], at: datetime) -> None:
    """Copy a shard of places, meters or customers into the database, and mark it done.

    Raises:
        RowsTakenMeanwhile: the database knows something of it that it did not when the set was checked.
    """
    _guarded(shard, lambda: _LOADERS[shard.stage](shard), counts=counts, at=at)


def load_balances(
    shard: Shard,
    entries: tuple[EntryDraft, ...],
    *,
    deposits: Iterable[tuple[int, int, int, str]],
    items: Mapping[str, Mapping[str, int]],
    counts: Mapping[str, int],
    at: datetime,
) -> tuple[int, ...]:
    """Post a shard's opening balances, and mark it done; returns the entries' numbers.

    `deposits` are the place of the deposit's entry among `entries`, account, cents, held since; `items` maps the kind
    of an item to its keys, each with the place of its entry.

    Raises:
        RowsTakenMeanwhile: some of the items were loaded meanwhile.
    """
    numbers: list[int] = []

    def work() -> None:
        numbers.extend(post(entries, inserted_at=at, receipt_id=shard.receipt_id))
        held = (
            (account_id, cents, since, numbers[place], shard.receipt_id) for place, account_id, cents, since in deposits
        )
        load_deposits(held, interest_from_on=shard.facts.cut_over_on)
        for kind, places in items.items():
            shard.remember(kind, {key: numbers[place] for key, place in places.items()})

    _guarded(shard, work, counts=counts, at=at)
    return tuple(numbers)


def _guarded(shard: Shard, work: Callable[[], None], *, counts: Mapping[str, int], at: datetime) -> None:
    try:
        with transaction.atomic():
            work()
            MigrationShard.objects.create(
                migration_id=shard.facts.set_id,
                stage=shard.stage,
                number=shard.number,
                counts=dict(counts),
                receipt_id=shard.receipt_id,
                loaded_at=at,
            )
    except IntegrityError as error:
        raise RowsTakenMeanwhile from error


def _load_places(shard: Shard) -> None:
    rows = list(shard.rows("premises", "premise", "street", "unit", "city", "state", "postal_code", "search_text"))
    premises = shard.numbered("premise", table="premises_premise", keys=(row[0] for row in rows))
    load_premises((premises[row[0]], *row[1:]) for row in rows)
    premises |= shard.moved("shard_premises")
    points = list(shard.rows("service_points", "service_point", "r.premise", "label", "kind"))
    ids = shard.numbered("service_point", table="premises_servicepoint", keys=(row[0] for row in points))
    load_service_points((ids[key], premises[premise], label, kind) for key, premise, label, kind in points)


def _load_meters(shard: Shard) -> None:
    rows = list(
        shard.rows(
            "meters", "r.meter", "r.service_point", "installed_on", "removed_on", "dials", "multiplier", "has_demand"
        )
    )
    plates = {row[0]: row for row in rows}
    meters = shard.numbered("meter", table="metering_meter", keys=plates)
    load_meters((meters[serial], serial, row[4], row[5], bool(row[6])) for serial, row in plates.items())
    points = shard.known("service_point", (row[1] for row in rows))
    load_installations((meters[row[0]], points[row[1]], row[2], row[3]) for row in rows)
    meters |= shard.moved("shard_meters")
    reads = shard.rows("reads", "r.meter", "read_on", "kind", "reading", "turns", "demand_kw", "note")
    load_reads(((meters[row[0]], *row[1:]) for row in reads), receipt_id=shard.receipt_id)


def _load_customers(shard: Shard) -> None:
    rows = list(shard.rows("customers", "customer", "kind", "name", "language", "since_on"))
    customers = shard.numbered("customer", table="customers_customer", keys=(row[0] for row in rows))
    load_customers((customers[row[0]], *row[1:]) for row in rows)
    customers |= shard.moved("shard_customers")
    contacts = shard.rows("contacts", "r.customer", "kind", "value", "since_on")
    load_contacts((customers[row[0]], *row[1:]) for row in contacts)
    accounts = _load_accounts(shard, customers=customers)
    agreements = _load_agreements(shard, accounts=accounts)
    history = shard.rows(
        "history", "r.agreement", "start_on", "end_on", "kwh", "demand_kw", "estimated", "billed_on", "bill", "amount"
    )
    load_former_periods((agreements[row[0]], *row[1:5], bool(row[5]), *row[6:], shard.receipt_id) for row in history)
    programs = shard.rows("programs", "r.account", "program", "since_on", "monthly_amount")
    load_enrollments((accounts[row[0]], *row[1:], shard.receipt_id) for row in programs)
    notes = shard.rows("notes", "r.account", "noted_on", "author", "text")
    load_notes((accounts[row[0]], *row[1:], shard.receipt_id) for row in notes)


def _load_accounts(shard: Shard, *, customers: Mapping[str, int]) -> dict[str, int]:
    mail = ("mail_street", "mail_unit", "mail_city", "mail_state", "mail_postal_code")
    rows = list(
        shard.rows("accounts", "account", "r.customer", *mail, "cycle", "revenue_class", "opened_on", "closed_on")
    )
    accounts = shard.numbered("account", table="customers_account", keys=(row[0] for row in rows))
    if shard.facts.account_numbers == "keep":
        numbers = ["".join(row[0].replace("-", " ").split()) for row in rows]
    else:
        numbers = free_numbers(len(rows))
    load_accounts(
        (accounts[row[0]], number, customers[row[1]], *row[2:]) for row, number in zip(rows, numbers, strict=True)
    )
    return accounts | shard.moved("shard_accounts")


def _load_agreements(shard: Shard, *, accounts: Mapping[str, int]) -> dict[str, int]:
    rows = list(
        shard.rows("agreements", "agreement", "r.account", "service_point", "schedule", "options", "start_on", "end_on")
    )
    points = shard.known("service_point", (row[2] for row in rows))
    agreements = shard.numbered("agreement", table="agreements_serviceagreement", keys=(row[0] for row in rows))
    load_agreements((agreements[row[0]], accounts[row[1]], points[row[2]], *row[3:]) for row in rows)
    return agreements | shard.moved("shard_agreements")


_LOADERS: Mapping[str, Callable[[Shard], None]] = {
    "places": _load_places,
    "meters": _load_meters,
    "customers": _load_customers,
}

"""Load one shard of a migration set: set-based, in one transaction, once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.migration.facts import SetFacts
from weatherhead.areas.migration.operations import Shard, load_balances, load_shard
from weatherhead.areas.migration.plan import PARTS, STAGES, rows_of_shard
from weatherhead.areas.migration.queries import keys_to_rows, migration_set
from weatherhead.areas.migration.staging import Staging, open_staging
from weatherhead.areas.records.database import work_on_thousands
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting
from weatherhead.core.values import Change, Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

ENTRY_KIND = "opening_balance"
_TABLES = {
    "premises": ("premises_premise", 1),
    "service_points": ("premises_servicepoint", 1),
    "meters": ("metering_meterinstallation", 0),
    "reads": ("metering_read", 0),
    "customers": ("customers_customer", 1),
    "contacts": ("customers_contactpoint", 0),
    "accounts": ("customers_account", 1),
    "agreements": ("agreements_serviceagreement", 1),
    "history": ("agreements_formerperiod", 0),
    "programs": ("programs_enrollment", 0),
    "notes": ("customers_accountnote", 0),
    "deposits": ("credit_deposit", 1),
    "opening_balances": ("", 1),
}
"""The table that a file's rows become, and how many keys are remembered for each."""


class StageBefore(Refusal):
    """What the shard builds on is not loaded."""

    template = gettext_noop("The %(before)s of set %(name)s are not all loaded; %(stage)s come after them.")


class NoSuchShard(Refusal):
    """The set has no such shard."""

    template = gettext_noop("Set %(name)s has no shard %(number)s of %(stage)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A shard of a set."""

    set_id: Number
    stage: Literal["places", "meters", "customers", "balances"]
    number: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One account's open items: due date (None for a credit), charge, cents, and the old system's key of each."""

    account_id: int
    pieces: tuple[tuple[date | None, str, int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One deposit: its key, whose it is, cents, since when."""

    key: str
    account_id: int
    amount_cents: int
    since_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The set, the rows of the shard by file, how many meters they are of, and what its accounts owe and left."""

    set: SetFacts
    counts: Mapping[str, int]
    meters: int
    owed: tuple[Owed, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The shard, and where its entries' items are. The rows themselves stay in the staging file, named by the plan."""

    set_id: int
    plan_sha256: str
    stage: str
    number: int
    counts: Mapping[str, int]
    deposits: tuple[tuple[int, int, int, str], ...]
    items: Mapping[str, Mapping[str, int]]

    @property
    def substance(self) -> str:
        """A hash of what will be recorded. The rows are those of the plan that the check made of the set."""
        said = [self.set_id, self.plan_sha256, self.stage, self.number, dict(self.counts), self.deposits, self.items]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def gather(inputs: Inputs, _: Moment, __: Actor) -> Facts:
    """Read what the check noted of the shard; for balances also the items, because their entries are shown.

    Raises:
        NoSuchSet, StagingMissing, NoSuchShard: as they say.
    """
    work_on_thousands()
    facts = migration_set(inputs.set_id)
    staging = open_staging(facts.sha256, plan_sha256=facts.plan_sha256)
    try:
        counts = staging.noted(f"shard {inputs.stage} {inputs.number}")
        if counts is None:
            raise NoSuchShard(name=facts.name, number=inputs.number, stage=inputs.stage)
        balances = inputs.stage == "balances"
        return Facts(
            set=facts,
            counts={file: counts[file] for file, _, _ in PARTS[inputs.stage] if file in counts},
            meters=_new_meters(staging, number=inputs.number) if inputs.stage == "meters" else 0,
            owed=_owed(staging, facts=facts, number=inputs.number) if balances else (),
            held=_held(staging, facts=facts, number=inputs.number) if balances else (),
        )
    finally:
        staging.close()


def _new_meters(staging: Staging, *, number: int) -> int:
    return staging.number("SELECT COUNT(*) FROM shard_meters WHERE shard = ? AND row_id IS NULL", [number])


def _owed(staging: Staging, *, facts: SetFacts, number: int) -> tuple[Owed, ...]:
    columns = ("r.account", "due_on", "charge", "amount", "item")
    rows = list(rows_of_shard(staging, stage="balances", file="opening_balances", shard=number, columns=columns))
    accounts = keys_to_rows(source=facts.source, kind="account", keys={row[0] for row in rows})
    # Credits come last: a piece is matched by no one, so their order only has to be the same every time.
    rows.sort(key=lambda row: (accounts[row[0]], row[1] or "9999", row[4]))
    return tuple(
        Owed(
            account_id=accounts[key],
            pieces=tuple(
                (date.fromisoformat(row[1]) if row[1] is not None else None, row[2], row[3], row[4]) for row in group
            ),
        )
        for key, group in groupby(rows, key=itemgetter(0))
    )


def _held(staging: Staging, *, facts: SetFacts, number: int) -> tuple[Held, ...]:
    columns = ("item", "r.account", "amount", "held_since_on")
    rows = list(rows_of_shard(staging, stage="balances", file="deposits", shard=number, columns=columns))
    accounts = keys_to_rows(source=facts.source, kind="account", keys={row[1] for row in rows})
    return tuple(
        Held(key=key, account_id=accounts[account], amount_cents=cents, since_on=since)
        for key, account, cents, since in rows
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """The rows of the shard, counted, and the entries of its balances.

    Raises:
        StageBefore: an earlier stage is not all loaded.
    """
    for before in STAGES[: STAGES.index(inputs.stage)]:
        if facts.set.done.get(before, 0) < facts.set.shards[before]:
            raise StageBefore(before=before, name=facts.set.name, stage=inputs.stage)
    effective_on = facts.set.cut_over_on
    entries = [_owed_entry(owed, effective_on=effective_on) for owed in facts.owed]
    entries += [_held_entry(held, effective_on=effective_on) for held in facts.held]
    return Proposal(
        summary=Sentence(
            gettext_noop("Shard %(number)s of %(stage)s of set %(name)s loaded: %(rows)s rows"),
            {
                "number": inputs.number,
                "stage": inputs.stage,
                "name": facts.set.name,
                "rows": f"{sum(facts.counts.values()):,}",
            },
        ),
        confirm=Sentence(gettext_noop("Load the shard")),
        plan=Plan(
            set_id=facts.set.set_id,
            plan_sha256=facts.set.plan_sha256,
            stage=inputs.stage,
            number=inputs.number,
            counts=facts.counts,
            deposits=tuple(
                (len(facts.owed) + place, held.account_id, held.amount_cents, held.since_on)
                for place, held in enumerate(facts.held)
            ),
            items=_items(facts),
        ),
        entries=tuple(entries),
        creates=_creates(facts),
        changes=tuple(
            Change(code=f"rows.{file}", label=Sentence(file), unit=Unit.COUNT, before=None, after=count)
            for file, count in facts.counts.items()
        ),
        rules=(house_rule("migration", "A set is checked whole before any of it is loaded"),),
    )


def _owed_entry(owed: Owed, *, effective_on: date) -> EntryDraft:
    """One balanced entry an account: each piece with its own due date, against the opening balances."""
    pieces = [
        Posting(
            ledger_account=LedgerAccount.RECEIVABLE,
            amount_cents=cents,
            charge=charge,
            account_id=owed.account_id,
            due_on=due_on,
        )
        for due_on, charge, cents, _ in owed.pieces
    ]
    total_cents = sum(piece.amount_cents for piece in pieces)
    if total_cents:
        pieces.append(
            Posting(ledger_account=LedgerAccount.OPENING_BALANCES, amount_cents=-total_cents, charge=ENTRY_KIND)
        )
    return EntryDraft(kind=ENTRY_KIND, effective_on=effective_on, postings=tuple(pieces))


def _held_entry(held: Held, *, effective_on: date) -> EntryDraft:
    return EntryDraft(
        kind=ENTRY_KIND,
        effective_on=effective_on,
        postings=(
            Posting(ledger_account=LedgerAccount.OPENING_BALANCES, amount_cents=held.amount_cents, charge="deposit"),
            Posting(
                ledger_account=LedgerAccount.DEPOSIT,
                amount_cents=-held.amount_cents,
                charge="deposit",
                account_id=held.account_id,
            ),
        ),
    )


def _items(facts: Facts) -> dict[str, dict[str, int]]:
    """The old system's items, by kind, each with the place of its entry."""
    if not facts.owed and not facts.held:
        return {}
    owed = {key: place for place, item in enumerate(facts.owed) for _, _, _, key in item.pieces}
    return {"open_item": owed, "deposit": {held.key: len(facts.owed) + place for place, held in enumerate(facts.held)}}


def _creates(facts: Facts) -> dict[str, int]:
    creates = {"migration_migrationshard": 1}
    keys = facts.meters
    for file, count in facts.counts.items():
        table, keyed = _TABLES[file]
        keys += keyed * count
        if table:
            creates[table] = count
    if facts.meters:
        creates["metering_meter"] = facts.meters
    if keys:
        creates["migration_movedkey"] = keys
    return creates


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Copy the shard's rows, or post its balances, and mark it done.

    Raises:
        StagingMissing: the staging file changed meanwhile.
        RowsTakenMeanwhile: somebody entered something of it meanwhile.
    """
    plan = proposal.plan
    facts = migration_set(plan.set_id)
    staging = open_staging(facts.sha256, plan_sha256=plan.plan_sha256)
    try:
        shard = Shard(
            facts=facts, staging=staging, stage=plan.stage, number=plan.number, receipt_id=recording.receipt_id
        )
        if plan.stage != "balances":
            load_shard(shard, counts=plan.counts, at=recording.moment.at)
            return
        numbers = load_balances(
            shard, proposal.entries, deposits=plan.deposits, items=plan.items, counts=plan.counts,
            at=recording.moment.at,
        )  # fmt: skip
        recording.entry_ids.extend(numbers)
    finally:
        staging.close()


ACTION = registry.add(
    Action(
        name="load_migration_shard",
        title=gettext_noop("Load a shard of a migration set"),
        duty=11,
        on="migration",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Copies some thousand premises, meters or customers of a checked set, once, as one piece."
        ),
    )
)

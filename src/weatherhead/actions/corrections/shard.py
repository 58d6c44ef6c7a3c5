"""A shard of a correction run: what correcting its accounts comes to, told for people. Shared by trying and issuing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from weatherhead.actions.corrections.composing import (
    Ask,
    Composed,
    CorrectingFacts,
    correct_accounts,
    gather_correcting,
    kept_of,
)
from weatherhead.areas.billing.correcting import Again, Scope
from weatherhead.areas.billing.operations.corrections import CorrectedPlan
from weatherhead.areas.billing.operations.runs import RunNotAsExpected
from weatherhead.areas.billing.runs import RunFacts, ShardRow, accounts_billed, run, shard, undone_shards
from weatherhead.areas.records.canonical import Json, canonical, to_json
from weatherhead.core.values import Change, Int64Array, Refusal, Sentence, Unit, gettext_noop

LISTED_MAX = 500
"""Refused accounts listed in an outcome; all are counted."""
TOP_MAX = 20
"""The largest differences of a shard, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """The run, the shard, what its corrections depend on, and whether it is the last."""

    run: RunFacts
    shard: ShardRow
    correcting: CorrectingFacts
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """The corrections of a shard."""

    run_id: int
    shard_id: int
    plans: tuple[CorrectedPlan, ...]
    outcome: Mapping[str, Json]

    @property
    def substance(self) -> str:
        """A hash of whose bills become what, and of what is told."""
        told = [
            [row.account_id, row.replaces_id, row.before_cents, row.after_cents, str(row.start_on), str(row.end_on)]
            for plan in self.plans
            for row in plan.rows
        ]
        return sha256(canonical([self.shard_id, told, self.outcome]).encode()).hexdigest()


def scope_json(*, schedule: str, from_on: date, to_on: date, **said: str | bool) -> dict[str, Json]:
    """What a run corrects, as the run keeps it."""
    return {"schedule": schedule, "from_on": from_on.isoformat(), "to_on": to_on.isoformat(), **said}


def ask_of_run(of: RunFacts) -> Ask:
    """What a run asks of every account."""
    scope = of.scope
    return Ask(
        cause=scope["cause"],
        reason=scope["reason"],
        scope=Scope(
            schedule=scope["schedule"],
            from_on=date.fromisoformat(scope["from_on"]),
            to_on=date.fromisoformat(scope["to_on"]),
        ),
        begin_known=scope["begin_known"],
        back_bill=scope["back_bill"],
    )


def accounts_of_shard(of: ShardRow) -> Int64Array:
    """The accounts of a shard: they stand billed on the schedule, before a correction and after it.

    Raises:
        RunNotAsExpected: its run is none that corrects.
    """
    found = run(of.run_id)
    if found.purpose != "correct":
        raise RunNotAsExpected(run=found.run_id, state=found.state)
    scope = found.scope
    return accounts_billed(
        schedule=scope["schedule"],
        from_on=date.fromisoformat(scope["from_on"]),
        to_on=date.fromisoformat(scope["to_on"]),
        first_id=of.first_account_id,
        last_id=of.last_account_id,
    )


def gather_shard(shard_id: int, *, stage: str, as_of: date) -> ShardFacts:
    """Read a shard that is to be tried or issued.

    Raises:
        RunNotAsExpected: the run is not at that stage.
    """
    found = shard(shard_id)
    of = run(found.run_id)
    if found.stage != stage or of.state != {"try": "trying", "issue": "released"}[stage]:
        raise RunNotAsExpected(run=of.run_id, state=of.state)
    ids = accounts_of_shard(found).tolist()
    return ShardFacts(
        run=of,
        shard=found,
        correcting=gather_correcting(ids, as_of=of.issued_on or as_of),
        last=undone_shards(of.run_id, stage=stage) <= 1,
    )


def still(facts: ShardFacts) -> bool:
    """What the run's other shards change while this one is thought about: whether it is the last, what bills kept."""
    of, found = facts.run, facts.shard
    same_last = facts.last == (undone_shards(of.run_id, stage=found.stage) <= 1)
    return same_last and kept_of(facts.correcting) == facts.correcting.kept and run(of.run_id) == of


def plan_shard(facts: ShardFacts) -> ShardPlan:
    """Correct every account of a shard as it would be corrected alone. Pure."""
    found = correct_accounts(facts.correcting, ask=ask_of_run(facts.run))
    composed = [item for item in found.values() if isinstance(item, Composed) and item.correction.bills]
    return ShardPlan(
        run_id=facts.run.run_id,
        shard_id=facts.shard.shard_id,
        plans=tuple(item.plan for item in composed),
        outcome=_outcome(found, composed=composed),
    )


def _outcome(found: Mapping[int, Composed | Refusal | None], *, composed: list[Composed]) -> dict[str, Json]:
    """Counts and sums of a shard, by line, with the largest differences and what was refused and why."""
    refused = {number: item for number, item in found.items() if isinstance(item, Refusal)}
    periods = [period for item in composed for period in item.correction.changed]
    beyond = [item for item in found.values() if isinstance(item, Composed) and item.correction.left]
    largest = sorted(composed, key=lambda item: (-abs(item.correction.net_cents), item.account_id))[:TOP_MAX]
    return {
        "accounts": len(found),
        "bills": len(composed),
        "amount_cents": sum(item.correction.net_cents for item in composed),
        "energy_wh": sum((item.new.energy_wh if item.new else 0) - item.old.energy_wh for item in periods),
        "estimated": 0,
        "by_schedule": _by_schedule(periods),
        "nothing": len(found) - len(refused) - len(composed),
        "held": 0,
        "held_list": [],
        "refused": len(refused),
        "refused_list": [
            {"account": number, "refusal": item.code, "said": str(item)}
            for number, item in list(refused.items())[:LISTED_MAX]
        ],
        "periods": len(periods),
        "beyond": len(beyond),
        "refund_cents": sum(min(item.correction.net_cents, 0) for item in composed),
        "back_bill_cents": sum(max(item.correction.net_cents, 0) for item in composed),
        "lines": _by_line(periods),
        "largest": [
            {
                "account": item.account_id,
                "before_cents": sum(period.old.amount_cents for period in item.correction.segments),
                "after_cents": sum(period.after_cents for period in item.correction.segments),
                "periods": len(item.correction.changed),
            }
            for item in largest
        ],
    }


def _by_schedule(periods: list[Again]) -> dict[str, Json]:
    sums: dict[str, dict[str, int]] = {}
    for item in periods:
        code = item.new.schedule if item.new else item.old.schedule
        figures = sums.setdefault(code, {"segments": 0, "amount_cents": 0, "energy_wh": 0})
        figures["segments"] += 1
        figures["amount_cents"] += item.difference_cents
        figures["energy_wh"] += (item.new.energy_wh if item.new else 0) - item.old.energy_wh
    return dict(sums)


def _by_line(periods: list[Again]) -> list[Json]:
    """Each line's sums before and after, in the order of a bill."""
    sums: dict[str, list[int]] = {}
    for item in periods:
        for charge in item.charges:
            sums.setdefault(charge.label, [0, 0])[0] += charge.amount_cents
        for line in item.new.lines if item.new else ():
            sums.setdefault(line.label, [0, 0])[1] += line.amount_cents
    return [{"label": label, "before_cents": before, "after_cents": after} for label, (before, after) in sums.items()]


def changes_of(outcome: Mapping[str, Any]) -> tuple[Change, ...]:
    """The figures that people compare."""
    figures = (
        ("bills", gettext_noop("Corrected bills"), Unit.COUNT),
        ("periods", gettext_noop("Periods put right"), Unit.COUNT),
        ("refund_cents", gettext_noop("Refunds"), Unit.CENTS),
        ("back_bill_cents", gettext_noop("Back-bills"), Unit.CENTS),
        ("refused", gettext_noop("Cannot be priced again"), Unit.COUNT),
    )
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=None, after=outcome[code])
        for code, label, unit in figures
    )


def outcome_json(plan: ShardPlan) -> dict[str, Json]:
    """What the shard keeps of it."""
    kept = to_json(plan.outcome)
    assert isinstance(kept, dict)
    return kept

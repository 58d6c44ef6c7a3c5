"""Try a shard of a correction run: price its periods again, tell what it comes to, and issue nothing."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.corrections.counting import correction_counts, keep_for
from weatherhead.actions.corrections.shard import (
    ShardFacts,
    ShardPlan,
    changes_of,
    gather_shard,
    outcome_json,
    plan_shard,
    still,
)
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.operations import keep_prices
from weatherhead.areas.billing.operations.runs import finish_shard
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Ahead, Recording, registry

_KEPT = frozenset({"billing_lineprice", "tariffs_scheduletext", "documents_documentframe"})
"""The tables of what bills name, which are kept already when a run is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The shard."""

    shard_id: Number


def gather(inputs: Inputs, moment: Moment, _: Actor) -> ShardFacts:
    """Read the shard's accounts and all that prices them again.

    Raises:
        RunNotAsExpected: the run is not at that stage.
    """
    return gather_shard(inputs.shard_id, stage="try", as_of=moment.as_of)


def propose(facts: ShardFacts, inputs: Inputs) -> Proposal[ShardPlan]:
    """Correct every account of the shard, on paper."""
    plan = plan_shard(facts)
    return Proposal(
        summary=Sentence(
            gettext_noop("Shard %(shard)s of correction run %(run)s tried: %(bills)s corrected bills"),
            {"shard": facts.shard.number, "run": facts.run.run_id, "bills": plan.outcome["bills"]},
        ),
        confirm=Sentence(gettext_noop("Try the shard")),
        plan=plan,
        creates={
            table: count
            for table, count in correction_counts(plan.plans, kept=facts.correcting.kept).items()
            if table in _KEPT
        },
        updates={"billing_billrunshard": 1} | ({"billing_billrun": 1} if facts.last else {}),
        changes=changes_of(plan.outcome),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[ShardPlan], recording: Recording) -> None:
    """Keep what was told, and the texts and prices that the bills will name, so that no shard waits for another's.

    Raises:
        ShardDoneAlready, RunNotAsExpected: as they say.
    """
    plan = proposal.plan
    keep_for(plan.plans)
    segments = [segment for item in plan.plans if item.bill for segment in item.bill.segments]
    keep_prices(line.price for segment in segments for line in segment.lines)
    finish_shard(
        shard_id=plan.shard_id,
        outcome=outcome_json(plan),
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="try_correction_shard",
        title=gettext_noop("Try a shard of a correction run"),
        duty=9,
        on="bill_run",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Prices a piece of a correction run without issuing anything. The worker does it."),
        # Shards share no account.
        ahead=Ahead(beside=frozenset({"try_correction_shard"}), still=still),
    )
)

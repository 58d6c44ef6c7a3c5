"""Issue a shard of a released correction run: its corrected bills, their entries and the done-marker in one commit."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.corrections.counting import correction_counts, keep_for, prepare_letters
from weatherhead.actions.corrections.shard import (
    ShardFacts,
    ShardPlan,
    accounts_of_shard,
    changes_of,
    gather_shard,
    outcome_json,
    plan_shard,
    still,
)
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.operations.corrections import issue_corrections
from weatherhead.areas.billing.operations.runs import finish_shard
from weatherhead.areas.billing.runs import shard
from weatherhead.areas.ledger.operations import digest_of_digests
from weatherhead.areas.ledger.queries import digests_of
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Ahead, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The shard."""

    shard_id: Number


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Every account of the shard."""
    return tuple(accounts_of_shard(shard(inputs.shard_id)).tolist())


def gather(inputs: Inputs, moment: Moment, _: Actor) -> ShardFacts:
    """Read the shard's accounts and all that prices them again.

    Raises:
        RunNotAsExpected: the run is not at that stage.
    """
    return gather_shard(inputs.shard_id, stage="issue", as_of=moment.as_of)


def propose(facts: ShardFacts, inputs: Inputs) -> Proposal[ShardPlan]:
    """Correct every account of the shard."""
    plan = plan_shard(facts)
    return Proposal(
        summary=Sentence(
            gettext_noop("Shard %(shard)s of correction run %(run)s issued: %(bills)s corrected bills"),
            {"shard": facts.shard.number, "run": facts.run.run_id, "bills": plan.outcome["bills"]},
        ),
        confirm=Sentence(gettext_noop("Issue the shard")),
        plan=plan,
        creates=correction_counts(plan.plans, kept=facts.correcting.kept),
        updates={
            table: count
            for table, count in (
                ("billing_billrunshard", 1),
                ("billing_billrun", int(facts.last)),
                ("billing_billsegment", sum(len(item.cancels) for item in plan.plans)),
            )
            if count
        },
        changes=changes_of(plan.outcome),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[ShardPlan], recording: Recording) -> None:
    """Post the entries, write the corrected bills, and mark the shard done.

    Raises:
        BillAlreadyCorrected: someone corrected a bill meanwhile.
        ShardDoneAlready, RunNotAsExpected: as they say.
    """
    plan = proposal.plan
    keep_for(plan.plans)
    issued = issue_corrections(plan.plans, at=recording.moment.at, receipt_id=recording.receipt_id, run_id=plan.run_id)
    prepare_letters(plan.plans, recording=recording)
    if issued.entry_ids:
        digests = digests_of(issued.entry_ids)
        recording.batch |= {
            "entries": len(issued.entry_ids),
            "digest": digest_of_digests(digests[number] for number in sorted(digests)),
        }
    finish_shard(
        shard_id=plan.shard_id,
        outcome=outcome_json(plan),
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )


ACTION = registry.add(
    Action(
        name="issue_correction_shard",
        title=gettext_noop("Issue a shard of a correction run"),
        duty=9,
        on="bill_run",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Corrects a piece of a released run, all of it or nothing. The worker does it."),
        # Shards share no account.
        ahead=Ahead(beside=frozenset({"issue_correction_shard"}), still=still),
    )
)

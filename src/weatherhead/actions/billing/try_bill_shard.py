"""Try a shard of a bill run: price its accounts and tell what would be billed. Issues nothing."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.billing.composing import Kept
from weatherhead.actions.billing.shard import ShardFacts, gather_shard, price_shard
from weatherhead.actions.billing.shard_outcome import changes_of, outcome_of
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.lines import PricePoint, lines_of_group
from weatherhead.areas.billing.operations import keep_prices
from weatherhead.areas.billing.operations.runs import RunNotAsExpected, finish_shard
from weatherhead.areas.billing.queries import kept_prices
from weatherhead.areas.billing.runs import RunFacts, ShardRow, run, shard, undone_shards
from weatherhead.areas.customers.columns import open_accounts
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.documents.queries import kept_frames
from weatherhead.areas.records.canonical import Json, digest
from weatherhead.areas.tariffs.operations import keep_texts
from weatherhead.areas.tariffs.queries import ScheduleFacts, kept_texts
from weatherhead.core.statements import Frame
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The shard."""

    shard_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The run, the shard, and what its bills depend on."""

    run: RunFacts
    shard: ShardRow
    shard_facts: ShardFacts
    kept: Kept
    last: bool  # no other shard is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is told, and what the issuing of the run will want kept, so that no shard then waits for another."""

    shard_id: int
    outcome: dict[str, Json]
    schedules: tuple[ScheduleFacts, ...]
    prices: tuple[PricePoint, ...]
    frame: Frame

    @property
    def substance(self) -> str:
        """A hash of the outcome."""
        return digest({"shard": self.shard_id, "outcome": self.outcome})


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the shard's accounts and what prices them.

    Raises:
        RunNotAsExpected: the run is no longer tried.
    """
    found = shard(inputs.shard_id)
    of = run(found.run_id)
    if of.purpose != "bill" or found.stage != "try" or of.state != "trying":
        raise RunNotAsExpected(run=of.run_id, state=of.state)
    ids = open_accounts(cycle=of.cycle, first_id=found.first_account_id, last_id=found.last_account_id)
    facts = gather_shard(ids, through_on=of.through_on, as_of=moment.as_of, documents=False)
    hashes = [item.sha256 for item in facts.columns.schedules]
    kept = Kept(texts=kept_texts(hashes), prices=kept_prices(hashes), frames=kept_frames([facts.frame.sha256]))
    last = undone_shards(of.run_id, stage="try") <= 1
    return Facts(run=of, shard=found, shard_facts=facts, kept=kept, last=last)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Price the shard."""
    of = facts.shard_facts
    pricing = price_shard(of)
    outcome = outcome_of(of, pricing=pricing)
    prices = {
        item.price.key: item.price
        for group in pricing.priced.groups
        for item in lines_of_group(group, facts=of.columns.schedules[int(of.columns.schedule_of[group.members[0]])])
    }
    creates = {
        "billing_lineprice": len(prices.keys() - facts.kept.prices),
        "tariffs_scheduletext": len({item.sha256 for item in of.columns.schedules} - facts.kept.texts),
        "documents_documentframe": len({of.frame.sha256} - facts.kept.frames),
    }
    return Proposal(
        summary=Sentence(
            gettext_noop("Shard %(shard)s of bill run %(run)s tried: %(bills)s bills"),
            {"shard": facts.shard.number, "run": facts.run.run_id, "bills": outcome["bills"]},
        ),
        confirm=Sentence(gettext_noop("Try the shard")),
        plan=Plan(
            shard_id=inputs.shard_id,
            outcome=outcome,
            schedules=of.columns.schedules,
            prices=tuple(prices.values()),
            frame=of.frame,
        ),
        creates={table: count for table, count in creates.items() if count},
        updates={"billing_billrunshard": 1} | ({"billing_billrun": 1} if facts.last else {}),
        changes=changes_of(outcome),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Keep what was told.

    Raises:
        ShardDoneAlready, RunNotAsExpected: as they say.
    """
    plan = proposal.plan
    keep_texts(plan.schedules)
    keep_prices(plan.prices)
    keep_frame(plan.frame)
    finish_shard(shard_id=plan.shard_id, outcome=plan.outcome, at=recording.moment.at, receipt_id=recording.receipt_id)


ACTION = registry.add(
    Action(
        name="try_bill_shard",
        title=gettext_noop("Try a shard of a bill run"),
        duty=3,
        on="bill_run",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Prices a piece of a bill run without issuing anything. The worker does it."),
    )
)

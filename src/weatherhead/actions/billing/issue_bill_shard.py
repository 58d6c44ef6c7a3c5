"""Issue a shard of a released bill run: thousands of bills, their entries and the shard's done-marker in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import numpy as np

from weatherhead.actions.billing.composing import Kept
from weatherhead.actions.billing.shard import (
    ShardFacts,
    ShardPricing,
    charge_texts,
    due_on_of,
    gather_shard,
    payloads_of,
    price_shard,
)
from weatherhead.actions.billing.shard_outcome import changes_of, outcome_of
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.determinants import determinants_text
from weatherhead.areas.billing.lines import LineColumn
from weatherhead.areas.billing.operations import BillRows, SegmentRows, bill_numbers, record_bills
from weatherhead.areas.billing.operations.runs import HeldRow, RunNotAsExpected, finish_shard, hold_periods
from weatherhead.areas.billing.queries import kept_prices
from weatherhead.areas.billing.runs import RunFacts, ShardRow, run, shard, undone_shards
from weatherhead.areas.customers.columns import open_accounts
from weatherhead.areas.documents.operations import keep_frame
from weatherhead.areas.documents.queries import kept_frames
from weatherhead.areas.ledger.operations import ChargeColumns, post_charges
from weatherhead.areas.records.arrays import MISSING, take_row_ids
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.tariffs.operations import keep_texts
from weatherhead.areas.tariffs.queries import kept_texts
from weatherhead.core.values import Int64Array, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Ahead, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The shard."""

    shard_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The run, the shard, what its bills depend on, and what earlier bills have kept."""

    run: RunFacts
    shard: ShardRow
    shard_facts: ShardFacts
    kept: Kept
    last: bool  # no other shard is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The bills of a shard as columns."""

    run_id: int
    shard_id: int
    facts: ShardFacts
    pricing: ShardPricing
    lines: tuple[LineColumn, ...]
    entries: ChargeColumns
    segments: SegmentRows
    payloads: Sequence[tuple[str, str]]  # by bill, before and after its number
    kinds: tuple[str, ...]
    totals_cents: Int64Array  # by bill
    held: tuple[HeldRow, ...]
    outcome: dict[str, Json]
    due_on: date

    @property
    def substance(self) -> str:
        """A hash of whose bill comes to what, for which days, and what is held."""
        priced, billed = self.pricing.priced, self.pricing.billed
        told = sha256()
        for column in (
            self.pricing.bill_accounts,
            self.totals_cents,
            priced.periods.starts[billed],
            priced.periods.ends[billed],
            priced.energy_wh[billed],
            *(item.amounts_cents for item in self.lines),
        ):
            told.update(np.ascontiguousarray(column).tobytes())
        told.update(repr((self.shard_id, self.held, self.kinds, sorted(self.outcome.items()))).encode())
        return told.hexdigest()


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Lock nothing more than `locks` did; read the shard's accounts and all that their bills say.

    Raises:
        RunNotAsExpected: the run is not released, or issued already.
    """
    found = shard(inputs.shard_id)
    of = run(found.run_id)
    if of.purpose != "bill" or found.stage != "issue" or of.state != "released":
        raise RunNotAsExpected(run=of.run_id, state=of.state)
    ids = _accounts(found, cycle=of.cycle)
    facts = gather_shard(ids, through_on=of.through_on, as_of=of.issued_on or moment.as_of, documents=True)
    last = undone_shards(of.run_id, stage="issue") <= 1
    return Facts(run=of, shard=found, shard_facts=facts, kept=_kept(facts), last=last)


def _accounts(of: ShardRow, *, cycle: int | None) -> Int64Array:
    return open_accounts(cycle=cycle, first_id=of.first_account_id, last_id=of.last_account_id)


def locks(inputs: Inputs) -> tuple[int, ...]:
    """Every account of the shard."""
    found = shard(inputs.shard_id)
    return tuple(_accounts(found, cycle=run(found.run_id).cycle).tolist())


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Price the shard and lay its bills out."""
    of = facts.shard_facts
    pricing = price_shard(of)
    lines, charges = charge_texts(of, pricing=pricing)
    outcome = outcome_of(of, pricing=pricing)
    kinds, due_on = _kinds(of, pricing=pricing), due_on_of(of)
    payload_of = payloads_of(of, pricing=pricing, charges=charges, kinds=kinds, due_on=due_on)
    plan = Plan(
        run_id=facts.run.run_id,
        shard_id=inputs.shard_id,
        facts=of,
        pricing=pricing,
        lines=tuple(lines),
        entries=_charge_columns(of, pricing=pricing, lines=lines, due_on=due_on),
        segments=_segment_rows(of, pricing=pricing),
        payloads=[payload_of(bill) for bill in range(len(kinds))],
        kinds=kinds,
        totals_cents=_totals(pricing),
        held=_new_holds(of, pricing=pricing),
        outcome=outcome,
        due_on=due_on,
    )
    return Proposal(
        summary=Sentence(
            gettext_noop("Shard %(shard)s of bill run %(run)s issued: %(bills)s bills"),
            {"shard": facts.shard.number, "run": facts.run.run_id, "bills": outcome["bills"]},
        ),
        confirm=Sentence(gettext_noop("Issue the shard")),
        plan=plan,
        creates=_row_counts(plan, kept=facts.kept),
        updates={"billing_billrunshard": 1} | ({"billing_billrun": 1} if facts.last else {}),
        changes=changes_of(outcome),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def _kinds(facts: ShardFacts, *, pricing: ShardPricing) -> tuple[str, ...]:
    """A bill is final when every service of its account has ended."""
    ended = facts.columns.ends != MISSING
    in_force = np.unique(facts.columns.account_ids[~ended])
    final = ~np.isin(pricing.bill_accounts, in_force)
    return tuple("final" if is_final else "regular" for is_final in final.tolist())


def _totals(pricing: ShardPricing) -> Int64Array:
    totals = np.zeros(len(pricing.bill_accounts), dtype=np.int64)
    np.add.at(totals, pricing.bill_of, pricing.priced.total_cents[pricing.billed])
    return totals


def _new_holds(facts: ShardFacts, *, pricing: ShardPricing) -> tuple[HeldRow, ...]:
    """What is held back and not held already."""
    places = {number: place for place, number in enumerate(facts.columns.agreement_ids.tolist())}
    known = {
        (number, item.start_on, item.kind)
        for number, place in places.items()
        for item in facts.columns.exceptions.get(place, ())
        if item.state == "held"
    }
    return tuple(
        HeldRow(
            agreement_id=item.agreement_id, start_on=item.start_on, end_on=item.end_on, kind=item.code, text=item.text
        )
        for item in pricing.held
        if (item.agreement_id, item.start_on, item.code) not in known
    )


def _row_counts(plan: Plan, *, kept: Kept) -> dict[str, int]:
    hashes = {plan.facts.columns.schedules[place].sha256 for place in _schedules_of(plan)}
    bills = len(plan.kinds)
    counts = {
        "billing_bill": bills,
        "billing_billsegment": len(plan.pricing.billed),
        "billing_billline": sum(len(item.members) for item in plan.lines),
        "billing_lineprice": len({item.price.key for item in plan.lines} - kept.prices),
        "tariffs_scheduletext": len(hashes - kept.texts),
        "documents_documentframe": len({plan.facts.frame.sha256} - kept.frames) if bills else 0,
        "billing_billexception": len(plan.held),
    }
    return {table: count for table, count in counts.items() if count}


def _schedules_of(plan: Plan) -> list[int]:
    found: list[int] = np.unique(plan.facts.columns.schedule_of[plan.pricing.billed]).tolist()
    return found


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Post the entries, write the bills, raise the exceptions, and mark the shard done.

    Raises:
        PeriodAlreadyBilled: someone billed some of the days meanwhile.
        ShardDoneAlready, RunNotAsExpected: as they say.
    """
    plan = proposal.plan
    if plan.kinds:
        _issue(plan, recording=recording)
    hold_periods(plan.held, raised_on=plan.facts.as_of, receipt_id=recording.receipt_id)
    finish_shard(shard_id=plan.shard_id, outcome=plan.outcome, at=recording.moment.at, receipt_id=recording.receipt_id)


def _issue(plan: Plan, *, recording: Recording) -> None:
    keep_texts(plan.facts.columns.schedules[place] for place in _schedules_of(plan))
    keep_frame(plan.facts.frame)
    count = len(plan.kinds)
    posted = post_charges(plan.entries, inserted_at=recording.moment.at, receipt_id=recording.receipt_id)
    recording.batch |= {"entries": posted.count, "digest": posted.digest}
    bill_ids = take_row_ids("billing_bill", count=count)
    numbers = bill_numbers(count=count)
    bills = BillRows(
        bill_ids=bill_ids,
        numbers=numbers,
        account_ids=plan.pricing.bill_accounts,
        kinds=list(plan.kinds),
        issued_on=plan.facts.as_of,
        due_on=plan.due_on,
        totals_cents=plan.totals_cents,
        corrects_id=None,
        entry_ids=posted.entry_ids,
        payloads=[f"{before}{number}{after}" for (before, after), number in zip(plan.payloads, numbers, strict=True)],
        run_id=plan.run_id,
    )
    record_bills(bills, segments=plan.segments, lines=plan.lines, receipt_id=recording.receipt_id)


def _charge_columns(
    facts: ShardFacts, *, pricing: ShardPricing, lines: Sequence[LineColumn], due_on: date
) -> ChargeColumns:
    codes = tuple(sorted({item.price.ledger_account for item in lines}))
    places = {code: place for place, code in enumerate(codes)}
    count = len(pricing.bill_accounts)
    credits_cents = np.zeros((count, len(codes)), dtype=np.int64)
    for item in lines:
        np.subtract.at(
            credits_cents[:, places[item.price.ledger_account]], pricing.bill_of[item.members], item.amounts_cents
        )
    return ChargeColumns(
        kind="bill",
        charge="bill",
        effective_on=facts.as_of,
        account_ids=pricing.bill_accounts,
        due=np.full(count, due_on.toordinal(), dtype=np.int64),
        ledger_accounts=codes,
        credits_cents=credits_cents,
    )


def _segment_rows(facts: ShardFacts, *, pricing: ShardPricing) -> SegmentRows:
    priced, billed, columns = pricing.priced, pricing.billed, facts.columns
    text_of = determinants_text(columns, priced=priced, bounds=facts.utility.billing.bounds)
    schedules = [columns.schedules[place] for place in columns.schedule_of[billed].tolist()]
    return SegmentRows(
        bills=pricing.bill_of,
        agreement_ids=columns.agreement_ids[billed],
        starts=priced.periods.starts[billed],
        ends=priced.periods.ends[billed],
        schedules=[item.schedule.code for item in schedules],
        schedule_sha256s=[item.sha256 for item in schedules],
        energy_wh=priced.energy_wh[billed],
        demand_w_max=priced.demand_w_max[billed],
        estimated=priced.estimated[billed].astype(np.int64),
        determinants=[text_of(index) for index in billed.tolist()],
        amounts_cents=priced.total_cents[billed],
    )


def _still(facts: Facts) -> bool:
    """What the run's other shards change while this one is thought about: whether it is the last, what bills kept."""
    same_last = facts.last == (undone_shards(facts.run.run_id, stage="issue") <= 1)
    return same_last and facts.kept == _kept(facts.shard_facts) and run(facts.run.run_id) == facts.run


def _kept(of: ShardFacts) -> Kept:
    hashes = [item.sha256 for item in of.columns.schedules]
    return Kept(texts=kept_texts(hashes), prices=kept_prices(hashes), frames=kept_frames([of.frame.sha256]))


ACTION = registry.add(
    Action(
        name="issue_bill_shard",
        title=gettext_noop("Issue a shard of a bill run"),
        duty=3,
        on="bill_run",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Issues a piece of a released bill run, all of it or nothing. The worker does it."),
        # Shards share no account.
        ahead=Ahead(beside=frozenset({"issue_bill_shard"}), still=_still),
    )
)

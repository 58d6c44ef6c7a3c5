"""Start a bill run: lay out the accounts of a cycle in shards and try each out. Nothing is issued yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from weatherhead.actions.billing.run_work import queue_shards
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Blankable
from weatherhead.areas.billing.operations.runs import ShardPlan, plan_run
from weatherhead.areas.billing.refusals import MigrationNotSignedOff
from weatherhead.areas.customers.columns import open_accounts
from weatherhead.areas.migration.queries import migration_open
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

SHARD_ACCOUNTS = 4_000


class ThroughFuture(Refusal):
    """Only what was used can be billed."""

    template = gettext_noop("Use cannot be billed through %(on)s, which is still to come.")


class NobodyToBill(Refusal):
    """The cycle is empty."""

    template = gettext_noop("No open account is in cycle %(cycle)s. Check the number of the cycle.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The cycle (every cycle when left out), the last day of use to bill (exclusive; today), accounts a shard."""

    cycle: Annotated[Annotated[int, Field(ge=1, le=31)] | None, Blankable] = None
    through_on: Annotated[date | None, Blankable] = None
    shard_accounts: Annotated[int, Field(ge=1, le=20_000)] = SHARD_ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The shards of the cycle's open accounts, and the day."""

    shards: tuple[ShardPlan, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The run."""

    cycle: int | None
    through_on: date
    shards: tuple[ShardPlan, ...]


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Lay the open accounts of the cycle out in shards.

    Raises:
        MigrationNotSignedOff: what was loaded from an old system waits for its sign-off.
    """
    if migration_open():
        raise MigrationNotSignedOff
    ids = open_accounts(cycle=inputs.cycle)
    size = inputs.shard_accounts
    shards = tuple(
        ShardPlan(
            number=number,
            first_account_id=int(ids[start]),
            last_account_id=int(ids[min(start + size, len(ids)) - 1]),
            accounts=min(size, len(ids) - start),
        )
        for number, start in enumerate(range(0, len(ids), size), 1)
    )
    return Facts(shards=shards, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say how many accounts will be tried.

    Raises:
        ThroughFuture, NobodyToBill: as they say.
    """
    through_on = inputs.through_on or facts.as_of
    if through_on > facts.as_of:
        raise ThroughFuture(on=through_on)
    if not facts.shards:
        raise NobodyToBill(cycle=inputs.cycle or "-")
    count = sum(shard.accounts for shard in facts.shards)
    params = {"accounts": f"{count:,}", "through": through_on, "cycle": inputs.cycle or 0}
    template = (
        gettext_noop("Bill run of %(accounts)s accounts of cycle %(cycle)s, through %(through)s: tried out first")
        if inputs.cycle
        else gettext_noop("Bill run of all %(accounts)s accounts, through %(through)s: tried out first")
    )
    return Proposal(
        summary=Sentence(template, params),
        confirm=Sentence(gettext_noop("Try it out")),
        plan=Plan(cycle=inputs.cycle, through_on=through_on, shards=facts.shards),
        creates={"billing_billrun": 1, "billing_billrunshard": len(facts.shards)},
        changes=(made(gettext_noop("Accounts to try"), count, code="accounts", unit=Unit.COUNT),),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the run and queue its shards.

    Raises:
        RunOpenAlready: another run of the cycle is not finished.
    """
    plan = proposal.plan
    run_id, shard_ids = plan_run(
        cycle=plan.cycle,
        through_on=plan.through_on,
        shards=plan.shards,
        actor=recording.actor.name,
        employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    queue_shards(shard_ids, recording=recording)
    recording.made_one("bill_run", run_id)


ACTION = registry.add(
    Action(
        name="start_bill_run",
        title=gettext_noop("Start a bill run"),
        duty=3,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Prices a whole cycle without issuing anything, for a second person to release."),
    )
)

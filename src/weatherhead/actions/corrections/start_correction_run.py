"""Start a correction run: everyone who was billed on a schedule in some days, tried in shards. Nothing is issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from weatherhead.actions.billing.run_work import queue_shards
from weatherhead.actions.corrections.shard import scope_json
from weatherhead.actions.figures import house_rule, made
from weatherhead.actions.inputs import Blankable, Code, NeededNote
from weatherhead.areas.billing.correcting import CAUSES
from weatherhead.areas.billing.correction_rules import correction_book
from weatherhead.areas.billing.operations.runs import ShardPlan, plan_run
from weatherhead.areas.billing.refusals import MigrationNotSignedOff
from weatherhead.areas.billing.runs import accounts_billed
from weatherhead.areas.migration.queries import migration_open
from weatherhead.areas.records.canonical import Json
from weatherhead.areas.tariffs.queries import ScheduleFacts, schedule_facts
from weatherhead.core.values import Refusal, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry

SHARD_ACCOUNTS = 500


class NobodyBilled(Refusal):
    """Nobody stands billed on the schedule in those days."""

    template = gettext_noop("Nobody was billed on %(schedule)s from %(from)s to %(to)s. Check schedule and days.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What was wrong, with which schedule, from which day to which (exclusive; today when left out)."""

    schedule: Code
    cause: Literal["price", "rate", "class", "tax"] = "price"
    from_on: date
    to_on: Annotated[date | None, Blankable] = None
    begin_known: bool = True
    back_bill: bool = True
    reason: NeededNote
    shard_accounts: Annotated[int, Field(ge=1, le=5_000)] = SHARD_ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The shards of those billed, and the schedule."""

    shards: tuple[ShardPlan, ...]
    schedule: ScheduleFacts
    to_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The run."""

    scope: Mapping[str, Json]
    to_on: date
    shards: tuple[ShardPlan, ...]


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Lay everyone who stands billed on the schedule out in shards.

    Raises:
        MigrationNotSignedOff: what was loaded from an old system waits for its sign-off.
        NoCorrectionRules, NoSuchSchedule: as they say.
    """
    if migration_open():
        raise MigrationNotSignedOff
    correction_book()
    to_on = inputs.to_on or moment.as_of
    ids = accounts_billed(schedule=inputs.schedule, from_on=inputs.from_on, to_on=to_on)
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
    return Facts(shards=shards, schedule=schedule_facts(inputs.schedule), to_on=to_on)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say how many accounts will be tried.

    Raises:
        NobodyBilled: none will.
    """
    said = {"schedule": inputs.schedule, "from": inputs.from_on, "to": facts.to_on}
    if not facts.shards:
        raise NobodyBilled(**said)
    count = sum(item.accounts for item in facts.shards)
    return Proposal(
        summary=Sentence(
            gettext_noop(
                "Correction of %(accounts)s accounts on %(schedule)s, %(from)s to %(to)s: %(cause)s, tried out first"
            ),
            {**said, "accounts": f"{count:,}", "cause": Sentence(CAUSES[inputs.cause])},
        ),
        confirm=Sentence(gettext_noop("Try it out")),
        plan=Plan(
            scope=scope_json(
                schedule=inputs.schedule,
                from_on=inputs.from_on,
                to_on=facts.to_on,
                cause=inputs.cause,
                reason=inputs.reason,
                begin_known=inputs.begin_known,
                back_bill=inputs.back_bill,
            ),
            to_on=facts.to_on,
            shards=facts.shards,
        ),
        creates={"billing_billrun": 1, "billing_billrunshard": len(facts.shards)},
        changes=(made(gettext_noop("Accounts to try"), count, code="accounts", unit=Unit.COUNT),),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Write the run and queue its shards.

    Raises:
        RunOpenAlready: another correction run is not finished.
    """
    plan = proposal.plan
    run_id, shard_ids = plan_run(
        cycle=None,
        through_on=plan.to_on,
        shards=plan.shards,
        scope=plan.scope,
        actor=recording.actor.name,
        employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        receipt_id=recording.receipt_id,
    )
    queue_shards(shard_ids, recording=recording)
    recording.made_one("bill_run", run_id)


ACTION = registry.add(
    Action(
        name="start_correction_run",
        title=gettext_noop("Start a correction run"),
        duty=9,
        on="utility",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop(
            "Prices everyone's bills on a schedule again without issuing anything, for a second person to release."
        ),
    )
)

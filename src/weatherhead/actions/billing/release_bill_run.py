"""Release a tried bill run: a second person looked at what it would bill; its bills are issued now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from weatherhead.actions.billing.run_work import queue_shards
from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import Number
from weatherhead.areas.billing.operations.runs import RunNotAsExpected, ShardPlan, release_run
from weatherhead.areas.billing.refusals import MigrationNotSignedOff
from weatherhead.areas.billing.runs import RunFacts, ShardRow, run, shards_of
from weatherhead.areas.migration.queries import migration_open
from weatherhead.core.values import Change, Refusal, Sentence, Unit, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


class OwnRun(Refusal):
    """The one who started a run does not release it."""

    template = gettext_noop("You started this bill run yourself. A colleague has to look at it and release it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The run."""

    run_id: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The run, what trying it told, who releases it, and the day."""

    run: RunFacts
    tried: tuple[ShardRow, ...]
    employee_id: int
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The run and its shards."""

    run_id: int
    shards: tuple[ShardPlan, ...]
    issued_on: date


def gather(inputs: Inputs, moment: Moment, actor: Actor) -> Facts:
    """Read the run and what trying it told.

    Raises:
        MigrationNotSignedOff: what was loaded from an old system waits for its sign-off.
    """
    if migration_open():
        raise MigrationNotSignedOff
    return Facts(
        run=run(inputs.run_id),
        tried=shards_of(inputs.run_id, stage="try"),
        employee_id=actor.employee_id,
        as_of=moment.as_of,
    )


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """Say what will be issued.

    Raises:
        RunNotAsExpected: the run is not tried.
        OwnRun: whoever started it releases it.
    """
    if facts.run.state != "tried":
        raise RunNotAsExpected(run=facts.run.run_id, state=facts.run.state)
    if facts.employee_id == facts.run.planned_by_employee_id:
        raise OwnRun
    told = [item.outcome or {} for item in facts.tried]
    sums = {name: sum(int(item[name]) for item in told) for name in ("bills", "amount_cents", "held", "refused")}
    shards = tuple(
        ShardPlan(
            number=item.number,
            first_account_id=item.first_account_id,
            last_account_id=item.last_account_id,
            accounts=item.accounts,
        )
        for item in facts.tried
    )
    params = {"run": facts.run.run_id, "bills": f"{sums['bills']:,}", "amount": format_cents(sums["amount_cents"])}
    if facts.run.purpose == "correct":
        summary = gettext_noop("Correction run %(run)s released: %(bills)s bills are being corrected, net $%(amount)s")
        confirm = gettext_noop("Release %(bills)s corrected bills, net $%(amount)s")
    elif sums["bills"] == 1:
        summary = gettext_noop("Bill run %(run)s released: 1 bill of $%(amount)s is being issued")
        confirm = gettext_noop("Release 1 bill of $%(amount)s")
    else:
        summary = gettext_noop("Bill run %(run)s released: %(bills)s bills of $%(amount)s are being issued")
        confirm = gettext_noop("Release %(bills)s bills of $%(amount)s")
    return Proposal(
        summary=Sentence(summary, params),
        confirm=Sentence(confirm, params),
        plan=Plan(run_id=facts.run.run_id, shards=shards, issued_on=facts.as_of),
        creates={"billing_billrunshard": len(shards)},
        updates={"billing_billrun": 1},
        changes=tuple(
            Change(code=code, label=Sentence(label), unit=unit, before=None, after=sums[code])
            for code, label, unit in (
                ("bills", gettext_noop("Bills to issue"), Unit.COUNT),
                ("amount_cents", gettext_noop("Charges"), Unit.CENTS),
                ("held", gettext_noop("Held for a person"), Unit.COUNT),
                ("refused", gettext_noop("Cannot be billed"), Unit.COUNT),
            )
        ),
        rules=(house_rule("bill runs", "A run is tried by one person and released by another before it issues bills"),),
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Release it and queue its shards.

    Raises:
        RunNotAsExpected: it was released or cancelled meanwhile.
    """
    plan = proposal.plan
    shard_ids = release_run(
        run_id=plan.run_id,
        shards=plan.shards,
        actor=recording.actor.name,
        employee_id=recording.actor.employee_id,
        issued_on=plan.issued_on,
        at=recording.moment.at,
    )
    queue_shards(shard_ids, recording=recording)


ACTION = registry.add(
    Action(
        name="release_bill_run",
        title=gettext_noop("Release a bill run"),
        duty=3,
        on="bill_run",
        inputs=Inputs,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Lets a tried bill run issue its bills; a second person does it."),
    )
)

"""Writes of bill runs: planned, tried, released, issued. A shard's outcome is written in the commit of its bills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction

from weatherhead.areas.billing.models import BillException, BillRun, BillRunShard
from weatherhead.areas.records.canonical import Json, to_json
from weatherhead.areas.records.database import is_postgresql, violated_constraint
from weatherhead.core.values import Refusal, Sentence, gettext_noop

_OPEN_RUN = "bill_run_one_open_a_cycle"


class RunOpenAlready(Refusal):
    """One run a cycle at a time."""

    template = gettext_noop("Such a run is open already. Finish it, or cancel it before it is released.")


class RunNotAsExpected(Refusal):
    """The run is not in the state that the action needs."""

    template = gettext_noop("Bill run %(run)s is %(state)s. Open it again to see what can be done.")


class ShardDoneAlready(Refusal):
    """A shard is done once."""

    template = gettext_noop("Shard %(shard)s of bill run %(run)s is done already. There is nothing more to do.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """A piece of a run: its accounts from one number through another."""

    number: int
    first_account_id: int
    last_account_id: int
    accounts: int


def plan_run(
    *,
    cycle: int | None,
    through_on: date,
    shards: Sequence[ShardPlan],
    scope: Mapping[str, Json] | None = None,
    actor: str,
    employee_id: int,
    at: datetime,
    receipt_id: int,
) -> tuple[int, tuple[int, ...]]:
    """Write a run and the shards that try it; with a `scope` it corrects what was billed. Returns their numbers.

    Raises:
        RunOpenAlready: another run of the cycle is not finished.
    """
    try:
        with transaction.atomic():
            run = BillRun.objects.create(
                purpose="bill" if scope is None else "correct",
                scope=dict(scope or {}),
                cycle=cycle,
                through_on=through_on,
                state="trying",
                planned_by=actor,
                planned_by_employee_id=employee_id,
                planned_at=at,
                accounts=sum(shard.accounts for shard in shards),
                shards=len(shards),
                receipt_id=receipt_id,
            )
    except IntegrityError as error:
        # SQLite names an index of an expression, PostgreSQL the constraint.
        if _OPEN_RUN in (violated_constraint(error) or str(error)) or _OPEN_RUN in str(error):
            raise RunOpenAlready from error
        raise
    return run.pk, _write_shards(run.pk, stage="try", shards=shards)


def _write_shards(run_id: int, *, stage: str, shards: Sequence[ShardPlan]) -> tuple[int, ...]:
    rows = [
        BillRunShard(
            run_id=run_id,
            stage=stage,
            number=shard.number,
            first_account_id=shard.first_account_id,
            last_account_id=shard.last_account_id,
            accounts=shard.accounts,
        )
        for shard in shards
    ]
    BillRunShard.objects.bulk_create(rows)
    numbers = BillRunShard.objects.filter(run_id=run_id, stage=stage).order_by("number").values_list("pk", flat=True)
    return tuple(numbers)


def release_run(
    *, run_id: int, shards: Sequence[ShardPlan], actor: str, employee_id: int, issued_on: date, at: datetime
) -> tuple[int, ...]:
    """Release a tried run, and write the shards that issue it. Returns their numbers.

    Raises:
        RunNotAsExpected: it is not tried, or was released meanwhile.
    """
    waiting = BillRun.objects.filter(pk=run_id, state="tried")
    changed = waiting.update(
        state="released",
        released_by=actor,
        released_by_employee_id=employee_id,
        released_at=at,
        issued_on=issued_on,
        shards=len(shards),
        accounts=sum(shard.accounts for shard in shards),
    )
    if changed != 1:
        raise _not_as_expected(run_id)
    return _write_shards(run_id, stage="issue", shards=shards)


def cancel_run(*, run_id: int, at: datetime) -> None:
    """Cancel a run that was not released.

    Raises:
        RunNotAsExpected: it was released, issued or cancelled before.
    """
    open_run = BillRun.objects.filter(pk=run_id, state__in=["trying", "tried"])
    if open_run.update(state="cancelled", finished_at=at) != 1:
        raise _not_as_expected(run_id)


def _not_as_expected(run_id: int) -> RunNotAsExpected:
    state = BillRun.objects.filter(pk=run_id).values_list("state", flat=True).first()
    return RunNotAsExpected(run=run_id, state=state or "unknown")


def finish_shard(*, shard_id: int, outcome: Mapping[str, Json], at: datetime, receipt_id: int) -> None:
    """Mark a shard done; with the last one the run is tried, or issued.

    The last thing that a shard's transaction does: other shards wait for the run's row, and so for what is checked at
    the end of the transaction, which is therefore checked before.

    Raises:
        ShardDoneAlready: it was done before.
        RunNotAsExpected: the run was cancelled meanwhile.
    """
    settle_references()
    shard = BillRunShard.objects.get(pk=shard_id)
    run = BillRun.objects.select_for_update().get(pk=shard.run_id)
    if run.state != ("trying" if shard.stage == "try" else "released"):
        raise RunNotAsExpected(run=run.pk, state=run.state)
    undone = BillRunShard.objects.filter(pk=shard_id, done_at__isnull=True)
    changed = undone.update(done_at=at, outcome=to_json(outcome), receipt_id=receipt_id)
    if changed != 1:
        raise ShardDoneAlready(shard=shard.number, run=run.pk)
    if BillRunShard.objects.filter(run_id=run.pk, stage=shard.stage, done_at__isnull=True).exists():
        return
    if shard.stage == "try":
        BillRun.objects.filter(pk=run.pk).update(state="tried")
    else:
        BillRun.objects.filter(pk=run.pk).update(state="issued", finished_at=at)


def settle_references() -> None:
    """Check now what PostgreSQL would check at the end of the transaction."""
    if is_postgresql(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A period that a shard holds back."""

    agreement_id: int
    start_on: date
    end_on: date
    kind: str
    text: Sentence


def hold_periods(rows: Sequence[HeldRow], *, raised_on: date, receipt_id: int) -> int:
    """Raise the exceptions of a shard; those that are held already are left out by the caller. Returns how many."""
    made = [
        BillException(
            agreement_id=row.agreement_id,
            start_on=row.start_on,
            end_on=row.end_on,
            kind=row.kind,
            detail=to_json(row.text),
            state="held",
            raised_on=raised_on,
            receipt_id=receipt_id,
        )
        for row in rows
    ]
    BillException.objects.bulk_create(made)
    return len(made)

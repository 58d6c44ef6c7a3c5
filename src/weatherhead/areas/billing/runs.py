"""Bill runs as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.billing.models import Bill, BillException, BillRun, BillRunShard
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchRun(Refusal):
    """No bill run has that number."""

    template = gettext_noop("There is no bill run %(run)s. Find it in the list of bill runs")


class NoSuchShard(Refusal):
    """No shard has that number."""

    template = gettext_noop("There is no shard %(shard)s of a bill run.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A bill run. `cycle` None means every cycle; `issued_on` is the date on its bills."""

    run_id: int
    cycle: int | None
    through_on: date
    state: str
    planned_by: str
    planned_by_employee_id: int
    planned_at: datetime
    released_by: str
    released_at: datetime | None
    issued_on: date | None
    finished_at: datetime | None
    accounts: int
    shards: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRow:
    """A shard of a run. `outcome` is None until it is done."""

    shard_id: int
    run_id: int
    stage: str
    number: int
    first_account_id: int
    last_account_id: int
    accounts: int
    done_at: datetime | None
    outcome: Mapping[str, Json] | None
    receipt_id: int | None


def run(run_id: int) -> RunFacts:
    """One run.

    Raises:
        NoSuchRun: for an unknown number.
    """
    row = BillRun.objects.filter(pk=run_id).first()
    if row is None:
        raise NoSuchRun(run=run_id)
    return _run(row)


def runs(*, limit: int) -> tuple[RunFacts, ...]:
    """The latest runs, latest first."""
    return tuple(_run(row) for row in BillRun.objects.order_by("-pk")[:limit])


def shard(shard_id: int) -> ShardRow:
    """One shard.

    Raises:
        NoSuchShard: for an unknown number.
    """
    row = BillRunShard.objects.filter(pk=shard_id).first()
    if row is None:
        raise NoSuchShard(shard=shard_id)
    return _shard(row)


def shards_of(run_id: int, *, stage: str) -> tuple[ShardRow, ...]:
    """The shards of a run's stage (try, issue), in order."""
    rows = BillRunShard.objects.filter(run_id=run_id, stage=stage).order_by("number")
    return tuple(_shard(row) for row in rows)


def undone_shards(run_id: int, *, stage: str) -> int:
    """How many shards of a run's stage are not done."""
    return BillRunShard.objects.filter(run_id=run_id, stage=stage, done_at__isnull=True).count()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBill:
    """A bill of a run."""

    bill_id: int
    account_id: int
    due_on: date


def bills_of_run(run_id: int) -> tuple[RunBill, ...]:
    """The bills that a run issued, by account."""
    rows = Bill.objects.filter(run_id=run_id)
    return tuple(
        RunBill(bill_id=number, account_id=account_id, due_on=due_on)
        for number, account_id, due_on in rows.order_by("account_id").values_list("pk", "account_id", "due_on")
    )


def holds_of_run(run_id: int) -> dict[int, tuple[int, ...]]:
    """The exceptions that a run raised, by account."""
    receipts = BillRunShard.objects.filter(run_id=run_id, stage="issue", done_at__isnull=False)
    rows = BillException.objects.filter(receipt_id__in=list(receipts.values_list("receipt_id", flat=True)))
    found: dict[int, tuple[int, ...]] = {}
    for number, account_id in rows.order_by("pk").values_list("pk", "agreement__account_id"):
        found[account_id] = (*found.get(account_id, ()), number)
    return found


def _run(row: BillRun) -> RunFacts:
    return RunFacts(
        run_id=row.pk,
        cycle=row.cycle,
        through_on=row.through_on,
        state=row.state,
        planned_by=row.planned_by,
        planned_by_employee_id=row.planned_by_employee_id,
        planned_at=row.planned_at,
        released_by=row.released_by,
        released_at=row.released_at,
        issued_on=row.issued_on,
        finished_at=row.finished_at,
        accounts=row.accounts,
        shards=row.shards,
    )


def _shard(row: BillRunShard) -> ShardRow:
    return ShardRow(
        shard_id=row.pk,
        run_id=row.run_id,
        stage=row.stage,
        number=row.number,
        first_account_id=row.first_account_id,
        last_account_id=row.last_account_id,
        accounts=row.accounts,
        done_at=row.done_at,
        outcome=row.outcome,
        receipt_id=row.receipt_id,
    )

"""Bill runs as frozen values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, Count, Max, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from weatherhead.areas.billing.models import Bill, BillException, BillRun, BillRunShard
from weatherhead.areas.records.arrays import fetch_columns
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Int64Array, Refusal, gettext_noop


class NoSuchRun(Refusal):
    """No bill run has that number."""

    template = gettext_noop("There is no bill run %(run)s. Find it in the list of bill runs")


class NoSuchShard(Refusal):
    """No shard has that number."""

    template = gettext_noop("There is no shard %(shard)s of a bill run.")


def shard_key(shard_id: int) -> str:
    """What a shard is called in the queue and at the door: once a shard, whoever asks and how often."""
    return f"bill run shard {shard_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A bill run. `cycle` None means every cycle; `issued_on` is the date on its bills."""

    run_id: int
    purpose: str  # bill, correct
    scope: Mapping[str, Json]  # of a correction: schedule, days, cause, reason
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

    @property
    def work_key(self) -> str:
        """The unique key of its work item in the queue."""
        return shard_key(self.shard_id)


SUMMED = ("accounts", "bills", "amount_cents", "energy_wh", "estimated", "nothing", "held", "refused")
"""What is counted in every outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFacts:
    """A stage of a run added up: its shards and accounts, those of them that are done, and what these come to.

    `sums` has a figure for each name of `SUMMED`.
    """

    shards: int
    shards_done: int
    accounts: int
    accounts_done: int
    last_done_at: datetime | None
    sums: Mapping[str, int]


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


def runs_issuing(*, through_on: date) -> tuple[int, ...]:
    """The released runs whose bills, dated on a day or before it, are not all issued yet."""
    rows = BillRun.objects.filter(state="released", issued_on__lte=through_on)
    return tuple(rows.order_by("pk").values_list("pk", flat=True))


def shard(shard_id: int) -> ShardRow:
    """One shard.

    Raises:
        NoSuchShard: for an unknown number.
    """
    row = BillRunShard.objects.filter(pk=shard_id).first()
    if row is None:
        raise NoSuchShard(shard=shard_id)
    return _shard(row)


def shards_of(run_id: int, *, stage: str, undone_only: bool = False) -> tuple[ShardRow, ...]:
    """The shards of a run's stage (try, issue), in order; with `undone_only`, those that wait or are worked on."""
    rows = BillRunShard.objects.filter(run_id=run_id, stage=stage).order_by("number")
    if undone_only:
        rows = rows.filter(done_at__isnull=True)
    return tuple(_shard(row) for row in rows)


def stages_of(run_ids: Collection[int]) -> dict[tuple[int, str], StageFacts]:
    """The stages of some runs, each added up by the database: what a list or a progress bar needs, and no more."""
    done = Q(done_at__isnull=False)
    figures = {f"sum_{name}": Sum(Cast(KT(f"outcome__{name}"), BigIntegerField())) for name in SUMMED}
    rows: Iterable[Mapping[str, Any]] = (
        BillRunShard.objects.filter(run_id__in=list(run_ids))
        .values("run_id", "stage")
        .annotate(
            shards=Count("pk"),
            shards_done=Count("pk", filter=done),
            laid_out=Sum("accounts"),
            laid_out_done=Sum("accounts", filter=done),
            last_done_at=Max("done_at"),
            **figures,
        )
        .order_by("run_id", "stage")
    )
    return {
        (row["run_id"], row["stage"]): StageFacts(
            shards=row["shards"],
            shards_done=row["shards_done"],
            accounts=row["laid_out"],
            accounts_done=row["laid_out_done"] or 0,
            last_done_at=row["last_done_at"],
            sums={name: row[f"sum_{name}"] or 0 for name in SUMMED},
        )
        for row in rows
    }


def undone_shards(run_id: int, *, stage: str) -> int:
    """How many shards of a run's stage are not done."""
    return BillRunShard.objects.filter(run_id=run_id, stage=stage, done_at__isnull=True).count()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBill:
    """A bill of a run."""

    bill_id: int
    account_id: int
    due_on: date


def accounts_billed(
    *, schedule: str, from_on: date, to_on: date, first_id: int = 0, last_id: int = 2**62
) -> Int64Array:
    """The accounts that stand billed on a schedule for days of a span, ascending, between two numbers."""
    [numbers] = fetch_columns(
        "SELECT DISTINCT bill.account_id FROM billing_billsegment AS segment"
        " JOIN billing_bill AS bill ON bill.id = segment.bill_id"
        " WHERE segment.active AND segment.schedule = %s AND segment.end_on > %s AND segment.start_on < %s"
        " AND bill.account_id BETWEEN %s AND %s ORDER BY bill.account_id",
        [schedule, from_on, to_on, first_id, last_id],
        width=1,
    )
    return numbers


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
        purpose=row.purpose,
        scope=row.scope,
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

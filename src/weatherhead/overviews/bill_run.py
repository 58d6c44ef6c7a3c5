"""A bill run as people follow it: how far it is, what it comes to, what it leaves for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from weatherhead.areas.billing.correcting import CAUSES
from weatherhead.areas.billing.runs import RunFacts, ShardRow, StageFacts, run, runs, shards_of, stages_of
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.records.queries.receipts import NoSuchReceipt, receipt
from weatherhead.areas.records.queries.work_items import Stuck, stuck
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.stored import stored_sentence
from weatherhead.overviews.preview import DoneView

RUNS_SHOWN = 50
LEFT_SHOWN = 200
LARGEST_SHOWN = 20
ACTIONS = frozenset({"start_bill_run", "start_correction_run", "release_bill_run", "cancel_bill_run"})
"""Whose job grants one of them follows bill runs."""
RUNNING = frozenset({"trying", "released"})
QUIET_SECONDS = 60
"""So long nothing may be reported of a stage before people are told that perhaps no worker runs."""
_PERCENT = 100

STATES = {
    "trying": gettext_noop("being tried"),
    "tried": gettext_noop("tried, waits for release"),
    "released": gettext_noop("being issued"),
    "issued": gettext_noop("issued"),
    "cancelled": gettext_noop("cancelled"),
}
CHECKS = {
    "usage": gettext_noop("Usage out of bounds"),
    "days": gettext_noop("Days out of bounds"),
    "amount": gettext_noop("Amount out of bounds"),
}
_COMPARED = (
    ("bills", gettext_noop("Bills"), Unit.COUNT),
    ("amount_cents", gettext_noop("Charges"), Unit.CENTS),
    ("energy_wh", gettext_noop("Energy"), Unit.ENERGY_WH),
    ("estimated", gettext_noop("Estimated"), Unit.COUNT),
    ("held", gettext_noop("Held for a person"), Unit.COUNT),
    ("refused", gettext_noop("Cannot be billed"), Unit.COUNT),
    ("nothing", gettext_noop("Nothing new"), Unit.COUNT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What some shards come to. Cents and Wh."""

    accounts: int
    bills: int
    amount_cents: int
    energy_wh: int
    estimated: int
    nothing: int
    held: int
    refused: int

    @property
    def exceptions(self) -> int:
        """Accounts left for a person."""
        return self.held + self.refused

    @property
    def exceptions_per_thousand(self) -> int:
        """Held and refused accounts a thousand bills, rounded down; a measure of how well the cycle was read."""
        return self.exceptions * 1000 // self.bills if self.bills else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSums:
    """What one schedule comes to."""

    code: str
    name: str
    segments: int
    amount_cents: int
    energy_wh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """An account that the run does not bill, and why."""

    account_id: int
    number_grouped: str
    name: str
    title: Sentence
    why: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestDifference:
    """An account whose bills a correction changes most, either way. Cents."""

    account_id: int
    number_grouped: str
    name: str
    periods: int
    before_cents: int
    after_cents: int

    @property
    def difference_cents(self) -> int:
        """Above 0 is billed more."""
        return self.after_cents - self.before_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a stage is. `left_seconds` is None until something is done; `seconds` is what the stage took so far."""

    shards_done: int
    shards: int
    accounts_done: int
    accounts: int
    percent: int
    seconds: int
    accounts_a_second: int | None
    left_seconds: int | None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was reported for longer than a piece takes: perhaps no worker runs."""
        return not self.shards_done and self.seconds >= QUIET_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list, or the part of its page that moves."""

    run: RunFacts
    state: Sentence
    progress: Progress
    sums: Sums
    stuck: Stuck  # pieces that do not go on now
    put_off_seconds: int  # until the next of those that the database stopped is tried again

    @property
    def is_running(self) -> bool:
        """Whether workers are at it."""
        return self.run.state in RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRunOverview:
    """One run: the stage that counts now, and the trial beside it once it is being issued."""

    run: RunFacts
    state: Sentence
    progress: Progress
    sums: Sums
    tried: Sums | None
    compared: tuple[Change, ...]  # before: as tried; after: as issued
    by_schedule: tuple[ScheduleSums, ...]
    lines: tuple[Change, ...]  # of a correction: each line's sums, as billed and as they should be
    largest: tuple[LargestDifference, ...]
    cause: Sentence | None
    left: tuple[LeftOver, ...]
    left_more: int
    stuck: Stuck
    put_off_seconds: int
    can_release: bool
    own: bool
    can_cancel: bool

    @property
    def segments(self) -> int:
        """Services on bills, of all schedules."""
        return sum(row.segments for row in self.by_schedule)

    @property
    def differing(self) -> int:
        """How many figures were issued other than tried."""
        return sum(1 for change in self.compared if change.before != change.after)

    @property
    def is_running(self) -> bool:
        """Whether workers are at it."""
        return self.run.state in RUNNING


def may_follow_runs(grant: Grant) -> bool:
    """Whether a job has to do with bill runs: they show customers' names and what they are charged."""
    return not ACTIONS.isdisjoint(grant.actions)


def bill_run_overview(run_id: int, *, at: datetime, grant: Grant, employee_id: int) -> BillRunOverview:
    """Compose the page of one run.

    Raises:
        NoSuchRun: for an unknown number.
    """
    found = run(run_id)
    stage = _stage_of(found)
    stages = stages_of([run_id])
    shards = shards_of(run_id, stage=stage)
    told = tuple(item.outcome for item in shards if item.outcome is not None)
    tried = _sums(stages.get((run_id, "try"))) if stage == "issue" else None
    sums = _sums(stages.get((run_id, stage)))
    left, more = _left(told)
    stuck_now = _stuck(shards) if found.state in RUNNING else Stuck()
    return BillRunOverview(
        run=found,
        state=Sentence(STATES[found.state]),
        progress=_progress(found, stage=stages.get((run_id, stage)), at=at),
        sums=sums,
        tried=tried,
        compared=_compared(tried, sums=sums) if tried is not None and found.state == "issued" else (),
        by_schedule=_by_schedule(told),
        lines=_lines(told),
        largest=_largest(told),
        cause=Sentence(CAUSES[found.scope["cause"]]) if found.purpose == "correct" else None,
        left=left,
        left_more=more,
        stuck=stuck_now,
        put_off_seconds=_until(stuck_now, at=at),
        can_release=found.state == "tried" and "release_bill_run" in grant.actions,
        own=found.planned_by_employee_id == employee_id,
        can_cancel=found.state in ("trying", "tried") and "cancel_bill_run" in grant.actions,
    )


def bill_run_progress(run_id: int, *, at: datetime) -> RunRow:
    """The part of a run's page that moves, composed without the lists.

    Raises:
        NoSuchRun: for an unknown number.
    """
    found = run(run_id)
    running = found.state in RUNNING
    shards = shards_of(run_id, stage=_stage_of(found), undone_only=True) if running else ()
    return _row(found, stages=stages_of([run_id]), at=at, stuck_now=_stuck(shards))


def bill_runs(*, at: datetime) -> tuple[RunRow, ...]:
    """The latest runs, latest first."""
    latest = runs(limit=RUNS_SHOWN)
    stages = stages_of([found.run_id for found in latest])
    return tuple(_row(found, stages=stages, at=at, stuck_now=Stuck()) for found in latest)


def run_done_view(receipt_id: int, *, run_id: int) -> DoneView | None:
    """What was just done with a run, in a sentence; None for a receipt that there is not or that is of another run."""
    try:
        found = receipt(receipt_id)
    except NoSuchReceipt:
        return None
    body: Mapping[str, Any] = found.body
    made = body.get("made", {}).get("bill_run", [])
    if found.action not in ACTIONS or run_id not in (*made, body["summary"]["params"].get("run")):
        return None
    return DoneView(
        receipt_id=found.receipt_id,
        outcome=found.outcome,
        summary=stored_sentence(body["summary"]),
        as_of=found.as_of,
    )


def _row(found: RunFacts, *, stages: Mapping[tuple[int, str], StageFacts], at: datetime, stuck_now: Stuck) -> RunRow:
    stage = stages.get((found.run_id, _stage_of(found)))
    return RunRow(
        run=found,
        state=Sentence(STATES[found.state]),
        progress=_progress(found, stage=stage, at=at),
        sums=_sums(stage),
        stuck=stuck_now,
        put_off_seconds=_until(stuck_now, at=at),
    )


def _stage_of(found: RunFacts) -> str:
    return "issue" if found.state in ("released", "issued") else "try"


def _stuck(shards: Sequence[ShardRow]) -> Stuck:
    return stuck(shard.work_key for shard in shards if shard.done_at is None)


def _until(stuck_now: Stuck, *, at: datetime) -> int:
    return 0 if stuck_now.next_at is None else max(ceil((stuck_now.next_at - at).total_seconds()), 0)


def _progress(found: RunFacts, *, stage: StageFacts | None, at: datetime) -> Progress:
    """How far a stage is, how fast, and how long it will take yet. What is over is timed to its last shard."""
    if stage is None:
        raise ValueError(f"run {found.run_id} has no shards: it was planned without accounts")
    begun = found.released_at if _stage_of(found) == "issue" else found.planned_at
    over = stage.shards_done == stage.shards
    until = (stage.last_done_at if over else None) or found.finished_at or at
    seconds = max(int((until - begun).total_seconds()), 0) if begun else 0
    done, left = stage.accounts_done, stage.accounts - stage.accounts_done
    return Progress(
        shards_done=stage.shards_done,
        shards=stage.shards,
        accounts_done=stage.accounts_done,
        accounts=stage.accounts,
        percent=stage.accounts_done * _PERCENT // stage.accounts if stage.accounts else _PERCENT,
        seconds=seconds,
        accounts_a_second=done // max(seconds, 1) if done else None,
        left_seconds=left * seconds // done if done else None,
    )


def _sums(stage: StageFacts | None) -> Sums:
    if stage is None:
        raise ValueError("a run's stage has shards")
    return Sums(**stage.sums)


def _compared(tried: Sums, *, sums: Sums) -> tuple[Change, ...]:
    return tuple(
        Change(code=code, label=Sentence(label), unit=unit, before=getattr(tried, code), after=getattr(sums, code))
        for code, label, unit in _COMPARED
    )


def _by_schedule(told: Sequence[Mapping[str, Any]]) -> tuple[ScheduleSums, ...]:
    added: dict[str, list[int]] = {}
    for item in told:
        for code, figures in item["by_schedule"].items():
            sums = added.setdefault(code, [0, 0, 0])
            for place, name in enumerate(("segments", "amount_cents", "energy_wh")):
                sums[place] += int(figures[name])
    book = rate_book()
    return tuple(
        ScheduleSums(
            code=code,
            name=book[code].schedule.name if code in book else code,
            segments=sums[0],
            amount_cents=sums[1],
            energy_wh=sums[2],
        )
        for code, sums in sorted(added.items())
    )


def _lines(told: Sequence[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Each line of the bills that a run corrects, as billed and as it should be."""
    sums: dict[str, list[int]] = {}
    for item in told:
        for line in item.get("lines", ()):
            figures = sums.setdefault(line["label"], [0, 0])
            figures[0] += int(line["before_cents"])
            figures[1] += int(line["after_cents"])
    return tuple(
        Change(code="line", label=Sentence(label.replace("%", "%%")), unit=Unit.CENTS, before=before, after=after)
        for label, (before, after) in sums.items()
    )


def _largest(told: Sequence[Mapping[str, Any]]) -> tuple[LargestDifference, ...]:
    """The accounts that a correction changes most, by the size of the difference."""
    rows = [row for item in told for row in item.get("largest", ())]
    rows.sort(key=lambda row: (-abs(row["after_cents"] - row["before_cents"]), row["account"]))
    known = accounts({row["account"] for row in rows[:LARGEST_SHOWN]})
    return tuple(
        LargestDifference(
            account_id=row["account"],
            number_grouped=known[row["account"]].number_grouped,
            name=known[row["account"]].customer_name,
            periods=row["periods"],
            before_cents=row["before_cents"],
            after_cents=row["after_cents"],
        )
        for row in rows[:LARGEST_SHOWN]
        if row["account"] in known
    )


def _left(told: Sequence[Mapping[str, Any]]) -> tuple[tuple[LeftOver, ...], int]:
    """What waits for a person: held and refused accounts, the first of them with names."""
    held = [
        (row["account"], CHECKS[row["code"]], stored_sentence(row["said"]))
        for item in told
        for row in item["held_list"]
    ]
    refused = [
        (row["account"], gettext_noop("Cannot be billed"), Sentence("%(said)s", {"said": str(row["said"])}))
        for item in told
        for row in item["refused_list"]
    ]
    rows = [*held, *refused]
    known = accounts({account_id for account_id, _, _ in rows[:LEFT_SHOWN]})
    shown = tuple(
        LeftOver(
            account_id=account_id,
            number_grouped=known[account_id].number_grouped,
            name=known[account_id].customer_name,
            title=Sentence(title),
            why=why,
        )
        for account_id, title, why in rows[:LEFT_SHOWN]
        if account_id in known
    )
    counted = sum(int(item["held"]) + int(item["refused"]) for item in told)
    return shown, max(counted - len({item.account_id for item in shown}), 0)

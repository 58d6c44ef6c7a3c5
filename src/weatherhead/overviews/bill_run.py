"""A bill run as people follow it: how far it is, what it comes to, what it leaves for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weatherhead.areas.billing.runs import RunFacts, ShardRow, run, runs, shards_of
from weatherhead.areas.customers.queries import accounts
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.values import Sentence, gettext_noop
from weatherhead.door.jobs import Grant
from weatherhead.door.stored import stored_sentence

RUNS_SHOWN = 50
LEFT_SHOWN = 200
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
    def exceptions_per_thousand(self) -> int:
        """Held and refused accounts a thousand bills, rounded down; a measure of how well the cycle was read."""
        return (self.held + self.refused) * 1000 // self.bills if self.bills else 0


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
class Progress:
    """How far a stage is. `left_seconds` is None until something is done."""

    shards_done: int
    shards: int
    accounts_done: int
    accounts: int
    percent: int
    accounts_a_second: int | None
    left_seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in the list."""

    run: RunFacts
    state: Sentence
    progress: Progress
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRunOverview:
    """One run: the stage that counts now, and the trial beside it once it is issued."""

    run: RunFacts
    state: Sentence
    progress: Progress
    sums: Sums
    tried: Sums | None
    by_schedule: tuple[ScheduleSums, ...]
    left: tuple[LeftOver, ...]
    left_more: int
    can_release: bool
    own: bool
    can_cancel: bool


def bill_run_overview(run_id: int, *, at: datetime, grant: Grant, employee_id: int) -> BillRunOverview:
    """Compose the page of one run.

    Raises:
        NoSuchRun: for an unknown number.
    """
    found = run(run_id)
    stage = _stage_of(found)
    shards = shards_of(run_id, stage=stage)
    told = _told(shards)
    tried = sums_of(_told(shards_of(run_id, stage="try"))) if stage == "issue" else None
    left, more = _left(told)
    return BillRunOverview(
        run=found,
        state=Sentence(STATES[found.state]),
        progress=progress_of(found, shards=shards, at=at),
        sums=sums_of(told),
        tried=tried,
        by_schedule=_by_schedule(told),
        left=left,
        left_more=more,
        can_release=found.state == "tried" and "release_bill_run" in grant.actions,
        own=found.planned_by_employee_id == employee_id,
        can_cancel=found.state in ("trying", "tried") and "cancel_bill_run" in grant.actions,
    )


def bill_runs(*, at: datetime) -> tuple[RunRow, ...]:
    """The latest runs, latest first."""
    rows: list[RunRow] = []
    for found in runs(limit=RUNS_SHOWN):
        shards = shards_of(found.run_id, stage=_stage_of(found))
        rows.append(
            RunRow(
                run=found,
                state=Sentence(STATES[found.state]),
                progress=progress_of(found, shards=shards, at=at),
                sums=sums_of(_told(shards)),
            )
        )
    return tuple(rows)


def _stage_of(found: RunFacts) -> str:
    return "issue" if found.state in ("released", "issued") else "try"


def _told(shards: Sequence[ShardRow]) -> tuple[Mapping[str, Any], ...]:
    return tuple(item.outcome for item in shards if item.outcome is not None)


def progress_of(found: RunFacts, *, shards: Sequence[ShardRow], at: datetime) -> Progress:
    """How far a stage is, how fast, and how long it will take yet."""
    done = [item for item in shards if item.done_at is not None]
    accounts, finished = sum(item.accounts for item in shards), sum(item.accounts for item in done)
    begun = found.released_at if found.state in ("released", "issued") else found.planned_at
    until = found.finished_at or at
    seconds = int((until - begun).total_seconds()) if begun and done else 0
    rate = finished // seconds if seconds > 0 else None
    return Progress(
        shards_done=len(done),
        shards=len(shards),
        accounts_done=finished,
        accounts=accounts,
        percent=finished * _PERCENT // accounts if accounts else _PERCENT,
        accounts_a_second=rate,
        left_seconds=(accounts - finished) // rate if rate else None,
    )


def sums_of(told: Sequence[Mapping[str, Any]]) -> Sums:
    """Outcomes added up."""
    names = ("accounts", "bills", "amount_cents", "energy_wh", "estimated", "nothing", "held", "refused")
    return Sums(**{name: sum(int(item[name]) for item in told) for name in names})


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


def _left(told: Sequence[Mapping[str, Any]]) -> tuple[tuple[LeftOver, ...], int]:
    """What waits for a person: held and refused accounts, the first of them with names."""
    held = [
        (row["account"], CHECKS[row["code"]], stored_sentence(row["said"]))
        for item in told
        for row in item["held_list"]
    ]
    refused = [
        (row["account"], gettext_noop("Cannot be billed"), Sentence(str(row["said"]).replace("%", "%%")))
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

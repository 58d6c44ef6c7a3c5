"""The rating engine against the slow rating on a million random cases, line by line and to the exact fraction.

    python -m tests.campaign.rating --cases 1000000 --seed 2026

Goes on where it was interrupted (progress is kept below var/campaigns) and writes docs/campaigns/rating.md. A case that
differs is printed with its batch, from which `draw` makes it again; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from random import Random

import numpy as np

from tests.campaign.kept import PAGES, ROOT, forget_progress, keep_progress, machine, read_progress, revision
from tests.core.rating.cases import compare, draw_schedule, draw_usage
from weatherhead.core.rating import Schedule, Usage

PAGE = PAGES / "rating.md"
COMPARED = (
    "src/weatherhead/core/rating",
    "src/weatherhead/core/values",
    "tests/core/rating",
    "tests/campaign/rating.py",
)

CASES = 1_000_000
SEED = 2026
CASES_A_BATCH = 100
"""Usages rated on each random schedule."""
BATCHES_A_STEP = 100
"""Batches between two notes of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a campaign has done so far. `differing` names batch and number of each case that differs.

    `revisions` are those of the code that ran, in order; several when it was interrupted and the code went on.
    """

    seed: int
    batches: int = 0
    cases: int = 0
    lines: int = 0
    versions: int = 0
    charges: int = 0
    seconds: float = 0.0
    revisions: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


def draw(*, seed: int, batch: int) -> tuple[Schedule, list[Usage]]:
    """The schedule and usages of a batch; the same on every machine."""
    random = Random(f"{seed}/{batch}")
    schedule = draw_schedule(random)
    return schedule, [draw_usage(random, schedule=schedule) for _ in range(CASES_A_BATCH)]


def run_batch(task: tuple[int, int]) -> Tally:
    """Compare one batch; a tally of it alone."""
    seed, batch = task
    schedule, usages = draw(seed=seed, batch=batch)
    compared = compare(schedule=schedule, usages=usages)
    return Tally(
        seed=seed,
        batches=1,
        cases=len(usages),
        lines=compared.lines,
        versions=len(schedule.versions),
        charges=sum(len(version.charges) for version in schedule.versions),
        differing=tuple(f"batch {batch}, case {usages.index(found.usage)}" for found in compared.differences),
    )


def run(*, cases: int, seed: int, progress: Callable[[Tally], None], processes: int = 1) -> Tally:
    """Compare `cases` cases, going on from the progress kept for this seed; `progress` is told after every step."""
    tally = _kept(seed)
    tally = replace(tally, revisions=tuple(dict.fromkeys([*tally.revisions, revision(COMPARED)])))
    last = -(-cases // CASES_A_BATCH)
    with ProcessPoolExecutor(max_workers=processes) as pool:
        while tally.batches < last:
            started = time.monotonic()
            tasks = [(seed, batch) for batch in range(tally.batches, min(tally.batches + BATCHES_A_STEP, last))]
            for found in pool.map(run_batch, tasks, chunksize=5):
                tally = _sum(tally, found)
            tally = replace(tally, seconds=tally.seconds + time.monotonic() - started)
            keep_progress(_progress_name(tally.seed), asdict(tally))
            progress(tally)
    return tally


def _sum(one: Tally, other: Tally) -> Tally:
    counts = {
        name: getattr(one, name) + getattr(other, name)
        for name in ("batches", "cases", "lines", "versions", "charges", "differing")
    }
    return replace(one, **counts)


def _progress_name(seed: int) -> str:
    return f"rating-{seed}"


def _kept(seed: int) -> Tally:
    kept = read_progress(_progress_name(seed))
    if kept is None:
        return Tally(seed=seed)
    return Tally(**{**kept, "differing": tuple(kept["differing"]), "revisions": tuple(kept["revisions"])})


def page(tally: Tally, *, processes: int) -> str:
    """The page for docs/campaigns."""
    verdict = "every line equal" if not tally.differing else f"**{len(tally.differing)} cases differ**"
    rows = [
        ("cases", f"{tally.cases:,}"),
        ("bill lines compared", f"{tally.lines:,}"),
        ("random schedules", f"{tally.batches:,}, {tally.versions:,} versions, {tally.charges:,} charges"),
        ("result", verdict),
        ("seed", str(tally.seed)),
        ("revision", "; ".join(tally.revisions)),
        ("machine", f"{machine()}, {processes} used; numpy {np.__version__}"),
        ("duration", f"{tally.seconds / 60:.1f} minutes"),
        ("finished", f"{datetime.now(UTC):%Y-%m-%d}"),
    ]
    return "\n".join(
        [
            "# Campaign: rating",
            "",
            "Random schedules of every structure, random usages on each; the engine rates them at once, the slow",
            "rating one by one in exact fractions, thinking day by day. Compared are code, version, dates, exact",
            "dollars and cents of every line, and the totals. `make campaign` runs it; what is drawn stands in",
            "`tests/core/rating/cases.py`.",
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in rows),
            *(("", "Cases that differ:", "", *(f"- {found}" for found in tally.differing)) if tally.differing else ()),
            "",
        ]
    )


def _report(tally: Tally) -> None:
    rate = tally.cases / tally.seconds if tally.seconds else 0
    print(f"{tally.cases:>9,} cases, {len(tally.differing)} differ, {rate:,.0f} a second", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the campaign and write its page; return 1 if a case differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.rating", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--again", action="store_true", help="forget the progress kept for this seed")
    parser.add_argument("--dry-run", action="store_true", help="do not write the page")
    args = parser.parse_args(arguments)
    if args.again:
        forget_progress(_progress_name(args.seed))
    tally = run(cases=args.cases, seed=args.seed, progress=_report, processes=args.processes)
    if not args.dry_run:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(tally, processes=args.processes), encoding="utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}")
    for found in tally.differing:
        print(f"differs: {found}")
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

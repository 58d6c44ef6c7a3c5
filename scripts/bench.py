"""Measure speed as ratios within one run, and write docs/benchmarks.md.

A time says something about one machine; the ratio of two times, taken in turns in one run, says something about the
code. Modules of tests/bench give ratios; each names the least that it must reach. Some have a section of their own
(`python -m tests.bench.bill_run` measures one alone).

    python -m scripts.bench              measure everything and write the page
    python -m scripts.bench --dry-run    measure, and write nothing
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from scripts.check import ROOT

if TYPE_CHECKING:
    from tests.bench import Ratio, Work

PAGE = ROOT / "docs" / "benchmarks.md"
ROUNDS = 15
LEAST_SECONDS = 0.02


def _modules() -> list[str]:
    return sorted(path.stem for path in (ROOT / "tests/bench").glob("[a-z]*.py"))


def _repetitions(work: Work) -> int:
    """How often to run a piece of work so that the clock's grain does not show."""
    repetitions = 1
    while _seconds(work=work, repetitions=repetitions) < LEAST_SECONDS:
        repetitions *= 2
    return repetitions


def _seconds(*, work: Work, repetitions: int) -> float:
    started = time.perf_counter()
    for _ in range(repetitions):
        work.run()
    return time.perf_counter() - started


def measure(ratio: Ratio) -> tuple[float, float]:
    """Return the median seconds that a unit takes: (baseline, subject). The two are run in turns."""
    baseline_repetitions, subject_repetitions = _repetitions(ratio.baseline), _repetitions(ratio.subject)
    baseline, subject = [], []
    for _ in range(ROUNDS):
        seconds = _seconds(work=ratio.baseline, repetitions=baseline_repetitions)
        baseline.append(seconds / baseline_repetitions / ratio.baseline.units)
        seconds = _seconds(work=ratio.subject, repetitions=subject_repetitions)
        subject.append(seconds / subject_repetitions / ratio.subject.units)
    return median(baseline), median(subject)


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    described = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


def _page(rows: Sequence[str], *, sections: Sequence[Sequence[str]]) -> str:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = [
        "# Benchmarks",
        "",
        f"Ratios within one run, medians of {ROUNDS} rounds taken in turns: how many times faster a unit of the second",
        "is than one of the first. Written by `make bench`, which fails when a ratio falls below its least.",
        "",
        f"Revision {_revision()}, {datetime.now(UTC):%Y-%m-%d}, {machine}.",
        "",
        "| what | first | second | ratio | least |",
        "|---|---:|---:|---:|---:|",
    ]
    apart = [line for section in sections for line in ("", *section)]
    return "\n".join([*head, *rows, *apart]) + "\n"


@dataclass
class Found:
    """What one module gave: rows of the table, how many of them were too slow, and a section of its own."""

    rows: list[str]
    slow: int
    section: list[str]


def measure_module(name: str) -> Found:
    """Measure everything that a module has. Django is set up for one database, so each module needs its own process."""
    module = import_module(f"tests.bench.{name}")
    found = Found(rows=[], slow=0, section=[])
    for ratio in module.ratios() if hasattr(module, "ratios") else ():
        baseline, subject = measure(ratio)
        reached = baseline / subject
        found.slow += reached < ratio.least
        first, second = (
            f"{work.name}: {seconds * 1e6:.3g} µs/{ratio.unit}"
            for work, seconds in ((ratio.baseline, baseline), (ratio.subject, subject))
        )
        found.rows.append(f"| {ratio.title} | {first} | {second} | {reached:.2f} | {ratio.least:g} |")
        print(f"{'ok  ' if reached >= ratio.least else 'SLOW'} {ratio.title}: {first}, {second}, ratio {reached:.2f}")
    if hasattr(module, "section"):
        found.section = module.section()
        print("\n".join(found.section))
    return found


def _apart(name: str) -> Found:
    with tempfile.TemporaryDirectory(prefix="weatherhead-bench-") as directory:
        kept = Path(directory) / "found.json"
        subprocess.run([sys.executable, "-m", "scripts.bench", "--one", name, str(kept)], cwd=ROOT, check=True)
        return Found(**json.loads(kept.read_text()))


def main(arguments: Sequence[str]) -> int:
    """Measure everything and write the page; return 1 if a ratio is below its least."""
    match list(arguments):
        case ["--one", name, path]:
            Path(path).write_text(json.dumps(asdict(measure_module(name))))
            return 0
        case [] | ["--dry-run"]:
            pass
        case _:
            print(__doc__)
            return 2
    found = [_apart(name) for name in _modules()]
    rows = [row for item in found for row in item.rows]
    if not arguments:
        PAGE.write_text(_page(rows, sections=[item.section for item in found if item.section]), encoding="utf-8")
        print(f"written to {PAGE.relative_to(ROOT)}")
    slow = sum(item.slow for item in found)
    print(f"{len(rows) - slow} passed, {slow} failed")
    return 1 if slow or not rows else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

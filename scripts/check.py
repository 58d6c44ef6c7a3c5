"""The quick checks: lint, format, types, layers, tidiness, and the tests of the core.

python -m scripts.check            all of them, two at a time; what fails is printed
python -m scripts.check static     without the tests
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One command that must exit with 0."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a check went: its exit code, all it printed, and how long it took."""

    check: Check
    code: int
    output: str
    seconds: float


PYTHON = sys.executable
TYPES = Check(name="types", command=(PYTHON, "-m", "mypy", "--show-traceback"))
LINT = Check(name="lint", command=(PYTHON, "-m", "ruff", "check", "--quiet", "."))
FORMAT = Check(name="format", command=(PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."))
LAYERS = Check(name="layers", command=(str(Path(PYTHON).with_name("lint-imports")), "--no-logo"))
TIDY = Check(name="tidy", command=(PYTHON, "-m", "pytest", "-q", "tests/test_tidy.py"))
# Without Django: what the core needs of it is nothing.
CORE = Check(
    name="core",
    command=(
        *(PYTHON, "-m", "pytest", "-q", "-p", "no:django", "-W", "ignore::pytest.PytestConfigWarning"),
        *("-m", "not slow", "tests/core"),
    ),
)

# Every test can be read. Whoever runs them afterwards finds them compiled, which pytest would else do once a worker.
COLLECT = Check(name="collect", command=(PYTHON, "-m", "pytest", "-q", "-q", "--collect-only"))

STATIC = (TYPES, LINT, FORMAT, LAYERS)
EVERYTHING = (*STATIC, TIDY, CORE)


def run(check: Check, *, root: Path = ROOT, environment: Mapping[str, str] | None = None) -> Outcome:
    """Run one check in the tree at `root`."""
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=root,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(root / "src"), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(check=check, code=done.returncode, output=done.stdout, seconds=time.monotonic() - started)


def run_all(checks: Sequence[Check]) -> list[Outcome]:
    """Run checks two at a time, and print a line for each as it ends, with its output if it failed."""
    outcomes = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for outcome in pool.map(run, checks):
            if outcome.code:
                print(outcome.output.rstrip())
            print(
                f"{'ok  ' if outcome.code == 0 else 'FAIL'} {outcome.check.name:<8} {outcome.seconds:5.1f} s",
                flush=True,
            )
            outcomes.append(outcome)
    return outcomes


def main(arguments: Sequence[str]) -> int:
    """Run the checks; return 1 if any failed."""
    if arguments not in ([], ["static"]):
        print(__doc__)
        return 2
    outcomes = run_all(STATIC if arguments else EVERYTHING)
    failed = [outcome.check.name for outcome in outcomes if outcome.code]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run everything that tests Weatherhead, and count it.

    python -m scripts.run_tests                        all parts
    python -m scripts.run_tests sqlite browser         some parts
    python -m scripts.run_tests postgresql -- -k ledger     what follows -- goes to pytest

Parts: ``static`` (lint, format, types, layers, and that every test can be read), ``sqlite`` (every test but the
browser's), ``postgresql`` (again every test that touches the database) and ``browser`` (a real Chromium, once). They
run in lanes side by side; what all but the first lane print comes after it. The last line is ``N passed, N failed``
over all parts. The exit code is 1 if anything failed; a part in which nothing ran has failed, unless tests were chosen.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from scripts.check import COLLECT, ROOT, STATIC, run_all
from scripts.postgres import postgres_for_tests

PARTS = ("static", "sqlite", "postgresql", "browser")
# Two workers, and the browser's beside them, keep a small machine busy. Each further one would read every test and
# build every utility again.
LANES = (("static", "sqlite", "postgresql"), ("browser",))
WORKERS = {"sqlite": "2", "postgresql": "2", "browser": "1"}
# A part that hangs is stopped and counted as failed, long before a patient machine gives up on the whole run.
PART_SECONDS = 1500
NO_TESTS_COLLECTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many passed, failed and were skipped in one part, and the seconds it took."""

    part: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def _read_report(report: Path) -> tuple[int, int, int]:
    """Return (passed, failed, skipped) from a JUnit file; an error counts as a failure."""
    # Our own pytest wrote this file a moment ago.
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))  # noqa: S314

    def total(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed, skipped = total("failures") + total("errors"), total("skipped")
    return total("tests") - failed - skipped, failed, skipped


_running: set[subprocess.Popen[bytes]] = set()
"""The parts under way, to be stopped when the whole run is."""


def _stop(process: subprocess.Popen[bytes]) -> None:
    # Interrupt first: pytest then takes its databases and servers down.
    for signal_number, patience in ((signal.SIGINT, 30), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        os.killpg(process.pid, signal_number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def _run_pytest(
    *, part: str, arguments: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None
) -> int:
    """Run pytest in a process group of its own, so that its workers end with it; return its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", WORKERS[part], *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        start_new_session=True,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    )
    _running.add(process)
    try:
        return process.wait(PART_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"stopped {part} after {PART_SECONDS} s")
        _stop(process)
        return 1
    except BaseException:  # an interrupt, or a polite end
        _stop(process)
        raise
    finally:
        _running.discard(process)


def _pytest_part(
    *, part: str, arguments: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None = None
) -> Count:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weatherhead-report-") as directory:
        report = Path(directory) / "report.xml"
        told = [*arguments, f"--junitxml={report}"]
        code = _run_pytest(part=part, arguments=told, environment=environment, output=output)
        passed, failed, skipped = _read_report(report) if report.exists() else (0, 0, 0)
    if code not in (0, NO_TESTS_COLLECTED) and not failed:
        failed = 1  # pytest itself went wrong: that is a failure too
    return Count(part=part, passed=passed, failed=failed, skipped=skipped, seconds=time.monotonic() - started)


def _static_part() -> Count:
    started = time.monotonic()
    codes = [outcome.code for outcome in run_all((*STATIC, COLLECT))]
    failed = sum(code != 0 for code in codes)
    return Count(
        part="static", passed=len(codes) - failed, failed=failed, skipped=0, seconds=time.monotonic() - started
    )


def _run_part(*, part: str, extra: Sequence[str], output: IO[bytes] | None) -> Count:
    if part == "static":
        return _static_part()
    if part == "browser":
        environment = {"WEATHERHEAD_TEST_DATABASE": "sqlite"}
        arguments = ["-m", "browser", "tests/browser", *extra]
        return _pytest_part(part=part, arguments=arguments, environment=environment, output=output)
    arguments = ["-m", "not browser", *extra]
    if part == "sqlite":
        environment = {"WEATHERHEAD_TEST_DATABASE": "sqlite"}
        return _pytest_part(part=part, arguments=arguments, environment=environment, output=output)
    with postgres_for_tests() as url:
        environment = {"WEATHERHEAD_TEST_DATABASE": "postgresql", "DATABASE_URL": url}
        return _pytest_part(part=part, arguments=arguments, environment=environment, output=output)


def _checked(count: Count, *, extra: Sequence[str]) -> Count:
    """A whole part that falls silent is a broken suite, not a green one."""
    if count.passed or count.failed or extra:
        return count
    print(f"nothing ran in {count.part}")
    return replace(count, failed=1)


def _run_lane(parts: Sequence[str], *, extra: Sequence[str], output: IO[bytes] | None) -> list[Count]:
    """Run parts one after the other; with an `output`, what they print goes there."""
    counts = []
    for part in parts:
        said = f"\n--- {part} ---\n"
        if output is None:
            print(said, end="", flush=True)
        else:
            output.write(said.encode())
            output.flush()
        counts.append(_checked(_run_part(part=part, extra=extra, output=output), extra=extra))
    return counts


def _run_parts(parts: Sequence[str], *, extra: Sequence[str]) -> list[Count]:
    """Run the parts in their lanes; what all but the first print comes after it."""
    lanes = [chosen for lane in LANES if (chosen := [part for part in lane if part in parts])]
    with ThreadPoolExecutor(len(lanes)) as pool, ExitStack() as kept:
        outputs = [None, *(kept.enter_context(tempfile.TemporaryFile()) for _ in lanes[1:])]
        try:
            running = [
                pool.submit(_run_lane, lane, extra=extra, output=output)
                for lane, output in zip(lanes, outputs, strict=True)
            ]
            counts = [count for lane in running for count in lane.result()]
        except BaseException:
            for process in list(_running):
                _stop(process)
            raise
        for output in outputs:
            if output is not None:
                output.seek(0)
                print(output.read().decode(errors="replace"), flush=True)
    return sorted(counts, key=lambda count: PARTS.index(count.part))


def _print_summary(counts: Sequence[Count], *, seconds: float) -> tuple[int, int, int]:
    passed, failed, skipped = (
        sum(getattr(count, name) for count in counts) for name in ("passed", "failed", "skipped")
    )
    print()
    print(f"{'part':<12}{'passed':>8}{'failed':>8}{'skipped':>8}{'time':>9}")
    for count in counts:
        print(f"{count.part:<12}{count.passed:>8}{count.failed:>8}{count.skipped:>8}{count.seconds:>7.0f} s")
    print(f"{'total':<12}{passed:>8}{failed:>8}{skipped:>8}{seconds:>7.0f} s")
    print()
    return passed, failed, skipped


def main(arguments: Sequence[str]) -> int:
    """Run the parts named, or all; return 1 if anything failed or nothing ran."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    parts, extra = list(arguments[:split]) or list(PARTS), arguments[split + 1 :]
    if unknown := [part for part in parts if part not in PARTS]:
        print(f"There is no part {', '.join(unknown)}: name any of {', '.join(PARTS)}.")
        return 2
    started = time.monotonic()
    counts = _run_parts(parts, extra=extra)
    passed, failed, skipped = _print_summary(counts, seconds=time.monotonic() - started)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    # A polite end is still an end that takes its servers down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))

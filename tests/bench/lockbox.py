"""A lockbox file at a utility's size: `weatherhead payments import`, from the bytes to the last commit.

    python -m tests.bench.lockbox --database postgresql --items 100000 --workers 2

The file is imported by one process; the shards are posted by it and by workers, as in production. One item in a hundred
names no account, and waits in suspense.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scripts.check import ROOT

from tests.bench.bill_run import fill, installation, set_up, staff

BATCH, BOX = 900, 9_900
TODAY = "2026-03-09"


def write_file(path: Path, *, numbers: list[str]) -> None:
    """Checks of lockboxes of at most 9,900 in batches of at most 900: counts fit into their columns."""
    from tests.payment_files.made import batch_header, detail

    day, records = "260309", 2
    with path.open("w", encoding="ascii") as file:
        file.write(f"101{'PRAIRIE':<10}{'0104000016':<10}{day}0630\n")
        for box in range(0, len(numbers), BOX):
            name, batch_cents, box_cents, items = f"{box // BOX + 1:07d}", 0, 0, 0
            file.write(f"2{'PRAIRIE':<10}{'0104000016':<10}{'':<10}400080008000\n")
            records += 1
            for batch, first in enumerate(range(box, min(box + BOX, len(numbers)), BATCH), 1):
                chosen = numbers[first : min(first + BATCH, box + BOX)]
                file.write(batch_header(batch, lockbox=name, day=day) + "\n")
                batch_cents = 0
                for item, number in enumerate(chosen, 1):
                    cents = 50_00 + (first + item) % 9_000
                    written = number if (first + item) % 100 else "J SMITH"
                    text = detail(batch, item, cents, written, payer_account=str(first + item))
                    file.write(text + "\n")
                    batch_cents += cents
                file.write(f"7{batch:03d}000{name}{day}{len(chosen):03d}{batch_cents:010d}\n")
                records += len(chosen) + 2
                box_cents += batch_cents
                items += len(chosen)
            file.write(f"8000000{name}{day}{items:04d}{box_cents:010d}\n")
            records += 1
        file.write(f"9{records:06d}\n")


def measure(*, database: str, items: int, workers: int, profile: str | None) -> dict[str, Any]:
    """Build the accounts, import a file, and check the books."""
    with installation(database) as given:
        environment = given | {"WEATHERHEAD_TODAY": TODAY}
        os.environ |= environment
        set_up()
        fill(accounts=items)
        staff()
        from django.db import connection

        from weatherhead.areas.ledger.check import check
        from weatherhead.interfaces.cli.ledger import extra_checkers
        from weatherhead.interfaces.cli.main import main

        with connection.cursor() as cursor:
            cursor.execute("SELECT number FROM customers_account ORDER BY id")
            numbers = [number for (number,) in cursor.fetchall()]
        path = Path(environment["WEATHERHEAD_VAR"]) / "lockbox.txt"
        write_file(path, numbers=numbers)
        report = Path(environment["WEATHERHEAD_VAR"]) / "report.json"
        command = ["payments", "import", str(path), "--source", "lockbox", "--as", "okafor", "--json"]
        begun, cpu = time.perf_counter(), time.process_time()
        helpers: list[subprocess.Popen[bytes]] = []
        if profile:
            import cProfile

            profiler = cProfile.Profile()
            profiler.enable()
        with report.open("w") as out:
            sys.stdout = out
            if workers > 1:
                main([*command, "--queue"])
                queued = time.perf_counter() - begun
                helpers = [_worker(environment) for _ in range(workers)]
            else:
                queued = 0.0
                main(command)
            sys.stdout = sys.__stdout__
        for helper in helpers:
            if helper.wait() != 0:
                raise RuntimeError("a worker failed")
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        if profile:
            profiler.disable()
            profiler.dump_stats(profile)
        found = _counts()
        faults = len(check(extra=extra_checkers()).findings)
        connection.close()
    return {
        "database": database, "items": items, "workers": workers, **found, "faults": faults,
        "seconds": round(seconds, 2), "read_seconds": round(queued, 2), "cpu_seconds": round(cpu, 2),
        "items_a_second": round(items / seconds),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def _counts() -> dict[str, int]:
    from weatherhead.areas.payments.file_queries import payment_files

    [file] = payment_files(limit=1)
    return {"posted": file.posted, "suspended": file.suspended, "bad": file.bad, "shards": file.shards}


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.bench.lockbox", "--as-worker"]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)


def be_worker() -> None:
    """Post what waits, and end."""
    set_up()
    from weatherhead.actions import load_actions
    from weatherhead.door.worker import Hands, settle_memory
    from weatherhead.interfaces.cli.setting import present_moment

    load_actions()
    settle_memory()
    hands = Hands(worker=f"bench {os.getpid()}", clock=present_moment, reach=True)
    while hands.work_once() is not None:
        pass


RUNS = (("postgresql", 100_000, 2), ("postgresql", 100_000, 1), ("sqlite", 100_000, 1))


def section() -> list[str]:
    """The page's part on lockbox files, each measured in a process of its own."""
    lines = [
        "## A lockbox file",
        "",
        "From the bytes of a file to the last commit, every constraint holding: totals compared at each level,",
        "accounts looked up, an event, a tender, a payment and a journal entry of two postings an item; one in a",
        "hundred waits in suspense. PostgreSQL with its default settings on the same machine; with two workers",
        "their start is part of the time (`tests/bench/lockbox.py`). The books are checked afterwards.",
        "",
        "| database | payments | workers | seconds | payments/s | of it reading | faults |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for database, items, workers in RUNS:
        found = _apart(database=database, items=items, workers=workers)
        reading = f"{found['read_seconds']:.1f}" if workers > 1 else "–"
        lines.append(
            f"| {database} | {items:,} | {workers} | {found['seconds']:.1f} | {found['items_a_second']:,} | {reading} |"
            f" {found['faults']} |"
        )
    return lines


def _apart(*, database: str, items: int, workers: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="weatherhead-bench-") as directory:
        kept = Path(directory) / "found.json"
        command = [sys.executable, "-m", "tests.bench.lockbox", "--database", database, "--items", str(items)]
        command += ["--workers", str(workers), "--json", str(kept)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(kept.read_text())
    return found


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--as-worker"]:
        be_worker()
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--profile")
    parser.add_argument("--json", type=Path, help="keep what was found in this file")
    args = parser.parse_args()
    found = measure(database=args.database, items=args.items, workers=args.workers, profile=args.profile)
    if args.json:
        args.json.write_text(json.dumps(found))
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()

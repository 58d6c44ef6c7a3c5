"""A file of reads at a cycle's size: `weatherhead reads import`, from the bytes to the last commit.

python -m tests.bench.reads_import --database postgresql --rows 100000
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tests.bench.bill_run import DAYS, FIRST_DAY, fill, installation, read_meters, set_up, staff

MONTHS = 13


def write_file(path: Path, *, rows: int, month: int) -> None:
    """A read of every meter: what each uses every month, so that nearly all are ordinary; one in a hundred is held."""
    from datetime import timedelta

    on = FIRST_DAY + timedelta(days=DAYS * month)
    with path.open("w", encoding="utf-8") as file:
        file.write("meter,read_on,kind,reading,demand_kw,note\n")
        for number in range(1, rows + 1):
            reading = 1000 + month * (350 + number % 1200) + (50_000 if number % 100 == 0 else 0)
            file.write(f"M{number},{on},actual,{reading},,\n")


def measure(*, database: str, rows: int, profile: str | None) -> dict[str, object]:
    """Build the meters with their history, and import a file of reads in this process."""
    with installation(database) as environment:
        os.environ |= environment
        os.environ["WEATHERHEAD_TODAY"] = "2026-12-31"
        set_up()
        fill(accounts=rows)
        staff()
        for month in range(1, MONTHS):
            read_meters(accounts=rows, month=month)
        from django.db import connection

        from weatherhead.interfaces.cli.main import main

        path = Path(environment["WEATHERHEAD_VAR"]) / "reads.csv"
        write_file(path, rows=rows, month=MONTHS)
        out = Path(environment["WEATHERHEAD_VAR"]) / "report.json"
        connection.ensure_connection()
        begun, cpu = time.perf_counter(), time.process_time()
        if profile:
            import cProfile

            profiler = cProfile.Profile()
            profiler.enable()
        with out.open("w") as report:
            sys.stdout = report
            code = main(["reads", "import", str(path), "--as", "okafor", "--json"])
            sys.stdout = sys.__stdout__
        if profile:
            profiler.disable()
            profiler.dump_stats(profile)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
        said = json.loads(out.read_text())
        connection.close()
    return {
        "database": database, "rows": rows, "code": code, "accepted": said.get("accepted"), "held": said.get("held"),
        "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "rows_a_second": round(rows / seconds),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--profile")
    args = parser.parse_args()
    print(json.dumps(measure(database=args.database, rows=args.rows, profile=args.profile), indent=2))


if __name__ == "__main__":
    main()

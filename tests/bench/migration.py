"""Loading a utility whole: from a directory of CSV files to the last commit, every constraint holding at the end.

    python -m tests.bench.migration --database postgresql --accounts 155000
    python -m tests.bench.migration --database sqlite --accounts 155000 --kill

Writes a generated set (`tests/migration/made_set.py`), loads it with `weatherhead import` in a process of its own and
signs it off. With `--kill` the process is killed (SIGKILL) half-way, and the same command goes on; with `--check` the
books are checked at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.check import ROOT

from tests.bench.bill_run import installation, set_up, staff

MONTHS = 13
TABLES = (
    "customers_account", "metering_read", "agreements_formerperiod", "ledger_journalentry", "ledger_ledgerposting",
    "migration_movedkey",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One load: its size, the seconds of its phases, the process's own processor seconds, and what it came to."""

    database: str
    accounts: int
    rows: int
    size_mb: int
    seconds: float
    phases: dict[str, float]
    cpu_seconds: float
    server_cpu_seconds: float
    peak_mb: int
    killed_after: float | None
    shards_loaded: list[int]  # by each process
    signed: bool
    faults: int | None
    counts: dict[str, int]

    @property
    def accounts_a_second(self) -> float:
        """From the first byte read to the last commit."""
        return self.accounts / self.seconds


def be_loader(directory: str, report: Path, profile: str | None) -> None:
    """Load a set as `weatherhead import` does, and note how long each phase took."""
    import django

    django.setup()
    from weatherhead.actions.migration.batch import Silent
    from weatherhead.interfaces.cli import importing
    from weatherhead.interfaces.cli.main import main

    phases: dict[str, float] = {}

    class Timed(Silent):
        """Adds up the seconds of each phase."""

        def __init__(self) -> None:
            self.phase, self.since = "reading", time.perf_counter()

        def next(self, phase: str) -> None:
            now = time.perf_counter()
            phases[self.phase] = round(phases.get(self.phase, 0) + now - self.since, 2)
            self.phase, self.since = phase, now
            report.with_suffix(".phases").write_text(json.dumps(phases))

        def checking(self, file: str) -> None:
            self.next("checking " + file)

        def loading(self, *, stage: str, shards: int) -> None:
            self.next("loading " + stage)

    timed = Timed()

    from contextlib import contextmanager

    @contextmanager
    def progress(**_: object) -> Any:
        yield timed

    importing._progress = progress  # type: ignore[assignment]
    if profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
    with report.open("w") as out:
        sys.stdout = out
        code = main(["import", directory, "--as", "okafor", "--json"])
        sys.stdout = sys.__stdout__
    if profile:
        profiler.disable()
        profiler.dump_stats(profile)
    timed.next("done")
    sys.exit(code)


def _spawn(
    directory: Path, report: Path, *, environment: dict[str, str], profile: str | None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.bench.migration", "--as-loader", str(directory), str(report)]
    if profile:
        command.append(profile)
    return subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT)


def _shards_done() -> int:
    from weatherhead.areas.migration.models import MigrationShard

    return int(MigrationShard._default_manager.count())


def measure(
    *,
    database: str,
    accounts: int,
    months: int,
    kill: bool,
    check: bool,
    profile: str | None = None,
    kept: Path | None = None,
) -> Measured:
    """Write the set, load it, sign it off. A set that is `kept` is written once."""
    with installation(database) as environment, tempfile.TemporaryDirectory(prefix="weatherhead-set-") as home:
        os.environ |= environment
        directory = Path(home) / "set"
        set_up()
        staff()
        from tests.migration.made_set import write_set

        if kept is not None:
            directory = kept
        if not directory.exists():
            write_set(directory, accounts=accounts, months=months)
        size = sum(path.stat().st_size for path in directory.iterdir())
        killed_after, shards = None, []
        report = Path(home) / "report.json"
        begun = time.perf_counter()
        process = _spawn(directory, report, environment=environment, profile=profile)
        if kill:
            from django.db import connection

            from weatherhead.areas.migration.models import MigrationSet

            while process.poll() is None:
                time.sleep(0.2)
                found = MigrationSet._default_manager.values_list("shards", flat=True).first()
                if found and _shards_done() * 2 >= sum(found.values()):
                    break
            connection.close()
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_after = round(time.perf_counter() - begun, 2)
            shards.append(_shards_done())
            begun = time.perf_counter()
            process = _spawn(directory, report, environment=environment, profile=profile)
        server = -_server_cpu()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        server += _server_cpu()
        if status:
            raise RuntimeError(f"import ended with {status}: {report}")
        said = json.loads(report.read_text())
        shards.append(said["shards_loaded"])
        signed, faults = _sign_off(check=check)
        found_rows = said["rows"]
        return Measured(
            database=database, accounts=accounts, rows=sum(row["found"] for row in found_rows.values()),
            size_mb=size // 2**20, seconds=round(seconds, 2),
            phases=json.loads(report.with_suffix(".phases").read_text()),
            cpu_seconds=round(usage.ru_utime + usage.ru_stime, 2), server_cpu_seconds=round(server, 2),
            peak_mb=usage.ru_maxrss // 1024,
            killed_after=killed_after, shards_loaded=shards, signed=signed, faults=faults, counts=_counts(),
        )  # fmt: skip


def _server_cpu() -> float:
    """Processor seconds of the database server and of the connections that it has seen end, where it is told."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        [home] = cursor.fetchone()
    connection.close()
    time.sleep(0.5)  # the server notices
    try:
        postmaster = int((Path(home) / "postmaster.pid").read_text().splitlines()[0])
        fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _counts() -> dict[str, int]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
    connection.close()
    return found


def _sign_off(*, check: bool) -> tuple[bool, int | None]:
    from weatherhead.areas.ledger.check import check as ledger_check
    from weatherhead.areas.migration.queries import migration_open
    from weatherhead.interfaces.cli.ledger import extra_checkers
    from weatherhead.interfaces.cli.main import main

    begun = time.perf_counter()
    main(["import", "--sign-off", "generated", "--as", "alvarez"])
    print(f"signed off in {time.perf_counter() - begun:.1f} s", flush=True)
    faults = None
    if check:
        begun = time.perf_counter()
        faults = len(ledger_check(extra=extra_checkers()).findings)
        print(f"ledger check: {faults} faults in {time.perf_counter() - begun:.1f} s", flush=True)
    return not migration_open(), faults


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--as-loader"]:
        be_loader(sys.argv[2], Path(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else None)
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--kill", action="store_true", help="kill the load half-way, and let it go on")
    parser.add_argument("--check", action="store_true", help="check the books afterwards")
    parser.add_argument("--set", type=Path, help="keep the set here, and take it from here the next time")
    parser.add_argument("--profile", help="write a profile of the loading process here")
    args = parser.parse_args()
    found = measure(
        database=args.database, accounts=args.accounts, months=args.months, kill=args.kill, check=args.check,
        profile=args.profile, kept=args.set,
    )  # fmt: skip
    print(json.dumps(asdict(found) | {"accounts_a_second": round(found.accounts_a_second)}, indent=2))


if __name__ == "__main__":
    main()

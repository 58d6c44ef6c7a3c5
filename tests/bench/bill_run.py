"""A bill run at a utility's size: from accepted reads to the committed ledger, every constraint holding at the end.

    python -m tests.bench.bill_run --database postgresql --accounts 200000 --workers 2
    python -m tests.bench.bill_run --database sqlite --accounts 50000 --workers 1

Builds a utility of residential accounts in a database of its own (PostgreSQL with its default settings), bills months
before so that there is history, and measures the last run: released, issued by worker processes as in production.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from scripts.check import ROOT
from scripts.postgres import temporary_postgres

FIRST_DAY = date(2025, 10, 1)
DAYS = 30
POSTINGS = "ledger_ledgerposting"
CYCLE = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: its size, seconds, and the rows that it wrote."""

    database: str
    accounts: int
    workers: int
    shard_accounts: int
    months_before: int
    try_seconds: float
    issue_seconds: float
    bills: int
    rows: dict[str, int]
    peak_mb: int
    faults: int | None  # of the books, when they were checked
    phases: dict[str, float]  # worker seconds: gather, propose, record, and all the rest (locks, audit, commit)
    beside: dict[str, int]  # bills a second of other ways to write the same rows

    @property
    def bills_a_second(self) -> float:
        """From release to the last commit."""
        return self.bills / self.issue_seconds


@contextmanager
def installation(database: str, *, plain: bool = False) -> Iterator[dict[str, str]]:
    """The environment of an empty installation on a database of its own, of a `plain` tariff or the demo's."""
    with tempfile.TemporaryDirectory(prefix="weatherhead-bench-") as directory:
        environment = {
            "WEATHERHEAD_VAR": directory,
            "WEATHERHEAD_SECRET_KEY": "for a measurement only, and long enough to please every check of settings",
            "WEATHERHEAD_KEYS": "bench:" + base64.urlsafe_b64encode(bytes(32)).decode(),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "weatherhead.config.settings",
        }
        if plain:
            environment["WEATHERHEAD_UTILITY"] = str(_plain_utility(Path(directory)))
        if database == "sqlite":
            yield environment | {"DATABASE_URL": f"sqlite:///{Path(directory) / 'bench.sqlite3'}"}
            return
        with temporary_postgres(durable=True) as url:
            yield environment | {"DATABASE_URL": url}


def _plain_utility(directory: Path) -> Path:
    """The demo's utility with a residential tariff of six lines that all post to revenue: an entry of two postings."""
    for name in ("examples", "tariffs", "jobs", "regulations"):
        shutil.copytree(ROOT / name, directory / name)
    path = directory / "tariffs" / "prairie-city" / "residential-r1.yaml"
    text = re.sub(r"posts_to: (riders|city_dividend|sales_tax)\b", "posts_to: revenue", path.read_text())
    text = re.sub(r"      - kind: percentage\n        code: city_sales_tax\n(?:        .*\n)+", "", text)
    path.write_text(text)
    return directory / "examples" / "prairie-city" / "utility.yaml"


def fill(*, accounts: int) -> None:
    """A utility of so many residential accounts, each with one meter, read on the first day."""
    from django.db import connection

    numbers = (
        f"generate_series(1, {accounts}) AS n(i)"
        if connection.vendor == "postgresql"
        else "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < {accounts}) SELECT i FROM n) AS n"
    )
    first, text = FIRST_DAY.isoformat(), "CAST(i AS TEXT)"
    false = "false" if connection.vendor == "postgresql" else "0"
    rows = {
        "customers_customer (id, kind, name, search_text, language, created_on, version)": (
            f"i, 'person', 'Customer Number ' || {text}, 'customer ' || {text}, 'en', '{first}', 1"
        ),
        "customers_account (id, number, customer_id, mail_street, mail_unit, mail_city, mail_state, mail_postal_code,"
        " cycle, revenue_class, opened_on, version)": (
            f"i, CAST(100000000 + i AS TEXT), i, {text} || ' Cottonwood St', '', 'Prairie City', 'NE', '68900',"
            f" {CYCLE}, 'residential', '{first}', 1"
        ),
        "premises_premise (id, street, unit, city, state, postal_code, search_text, version)": (
            f"i, {text} || ' Cottonwood St', '', 'Prairie City', 'NE', '68900', {text} || ' cottonwood st', 1"
        ),
        "premises_servicepoint (id, premise_id, label, kind)": "i, i, 'Meter 1', 'metered'",
        "metering_meter (id, serial, dials, multiplier, has_demand)": f"i, 'M' || {text}, 6, 1, {false}",
        "metering_meterinstallation (id, meter_id, service_point_id, installed_on)": f"i, i, i, '{first}'",
        "agreements_serviceagreement (id, account_id, service_point_id, schedule, options, start_on, version)": (
            f"i, i, i, 'R-1', '{{\"facilities_level\": \"1\"}}', '{first}', 1"
        ),
    }
    with connection.cursor() as cursor:
        for table, values in rows.items():
            casted = (
                values.replace(f"'{first}'", f"CAST('{first}' AS DATE)")
                if connection.vendor == "postgresql"
                else values
            )
            if connection.vendor == "postgresql":
                casted = casted.replace('\'{"facilities_level": "1"}\'', '\'{"facilities_level": "1"}\'::jsonb')
            cursor.execute(f"INSERT INTO {table} SELECT {casted} FROM {numbers}")
    read_meters(accounts=accounts, month=0)


def read_meters(*, accounts: int, month: int) -> None:
    """An accepted read of every meter on a month's day; use differs from meter to meter."""
    from django.db import connection

    on = (FIRST_DAY + timedelta(days=DAYS * month)).isoformat()
    source = "metering_meter"
    with connection.cursor() as cursor:
        day = f"CAST('{on}' AS DATE)" if connection.vendor == "postgresql" else f"'{on}'"
        cursor.execute(
            "INSERT INTO metering_read (meter_id, read_on, kind, dial_reading, turns, state, exception, note,"
            f" receipt_id, decision) SELECT id, {day}, 'actual', 1000 + {month} * (350 + id % 1200), 0, 'accepted',"
            f" '', '', 1, '' FROM {source}"
        )
        cursor.execute("ANALYZE")


def set_up() -> None:
    """Load Django and migrate."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def staff() -> None:
    """Two people: one starts runs, the other releases them."""
    from tests.house import START, moment
    from weatherhead.actions import load_actions
    from weatherhead.door.bootstrap import add_first_administrator
    from weatherhead.door.perform import perform

    load_actions()
    add_first_administrator(
        username="larsen", password="correct horse battery staple", name="K. Larsen", started_on=START,
        moment=moment(START),
    )  # fmt: skip
    for number, (username, job) in enumerate({"okafor": "billing_analyst", "alvarez": "supervisor"}.items()):
        perform(
            "add_employee", actor=_actor("larsen"), key=f"bench staff {number}", moment=moment(START),
            inputs={"username": username, "password": "correct horse battery staple", "name": username, "job": job},
        )  # fmt: skip


def _actor(username: str) -> object:
    from weatherhead.areas.workforce.queries import employee_by_username
    from weatherhead.door.context import Actor

    found = employee_by_username(username)
    return Actor(name=found.name, employee_id=found.employee_id, channel="cli")


def run_month(
    *, month: int, workers: int, shard_accounts: int, environment: dict[str, str]
) -> tuple[float, float, int]:
    """Try, release and issue a month's run with worker processes. Seconds of trying and issuing, and bills."""
    from tests.house import moment
    from weatherhead.areas.billing.runs import run, shards_of
    from weatherhead.door.perform import perform

    today = FIRST_DAY + timedelta(days=DAYS * month)
    said = {
        "key": f"bench start {month}",
        "moment": moment(today),
        "inputs": {"cycle": CYCLE, "shard_accounts": shard_accounts},
    }
    started = perform("start_bill_run", actor=_actor("okafor"), **said)
    [run_id] = started.body["made"]["bill_run"]
    try_seconds = _work(workers=workers, today=today, environment=environment)
    released = {"key": f"bench release {month}", "moment": moment(today), "inputs": {"run_id": run_id}}
    perform("release_bill_run", actor=_actor("alvarez"), **released)
    issue_seconds = _work(workers=workers, today=today, environment=environment)
    found = run(run_id)
    if found.state != "issued":
        raise RuntimeError(f"run {run_id} is {found.state}")
    outcomes = [item.outcome or {} for item in shards_of(run_id, stage="issue")]
    return try_seconds, issue_seconds, sum(item["bills"] for item in outcomes)


def _work(*, workers: int, today: date, environment: dict[str, str]) -> float:
    """Let worker processes empty the queue. They start first: what is measured is work, not the start of Python."""
    from weatherhead.areas.records.models import WorkItem

    for path in Path(tempfile.gettempdir()).glob("weatherhead-phases-*"):
        path.unlink()
    with tempfile.TemporaryDirectory(prefix="weatherhead-gate-") as gate:
        command = [sys.executable, "-m", "tests.bench.bill_run", "--as-worker", gate]
        told = {**os.environ, **environment, "WEATHERHEAD_TODAY": today.isoformat()}
        processes = [subprocess.Popen([*command, str(number)], env=told, cwd=ROOT) for number in range(workers)]
        while len(list(Path(gate).glob("ready-*"))) < workers:
            time.sleep(0.01)
        begun = time.perf_counter()
        (Path(gate) / "go").touch()
        codes = [process.wait() for process in processes]
        seconds = time.perf_counter() - begun
    if any(codes) or WorkItem._default_manager.exclude(state="done").exists():
        states = WorkItem._default_manager.exclude(state="done").values_list("state", "last_error")[:3]
        raise RuntimeError(f"workers ended with {codes}; left: {list(states)}")
    return seconds


def be_worker(gate: Path, number: str) -> None:
    """Do everything that waits in the queue, once the gate opens."""
    import django

    django.setup()
    from django.db import connection

    from tests.house import moment
    from weatherhead.actions import load_actions
    from weatherhead.door.worker import Hands, settle_memory

    load_actions()
    today = date.fromisoformat(os.environ["WEATHERHEAD_TODAY"])
    connection.ensure_connection()
    from weatherhead.areas.tariffs.queries import rate_book

    rate_book()
    settle_memory()
    (gate / f"ready-{number}").touch()
    while not (gate / "go").exists():
        time.sleep(0.005)
    phases = _timed_phases()
    profile = os.environ.get("BENCH_PROFILE")
    if profile:
        import cProfile

        profiler = cProfile.Profile()
        profiler.enable()
    server = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            server = cursor.fetchone()[0]
    before = (time.process_time(), _cpu_of(server))
    begun = time.perf_counter()
    hands = Hands(worker=f"bench {number}", clock=lambda: moment(today), reach=True)
    while hands.work_once() is not None:
        pass
    after = (time.process_time(), _cpu_of(server))
    print(
        f"  CPU of worker {number}: {after[0] - before[0]:.2f} s, of its server process: {after[1] - before[1]:.2f} s"
    )
    if profile:
        profiler.disable()
        profiler.dump_stats(f"{profile}.{number}.{today}")
    (gate.parent / f"weatherhead-phases-{os.getpid()}").write_text(
        json.dumps(phases | {"all": time.perf_counter() - begun})
    )
    (gate.parent / f"weatherhead-peak-{os.getpid()}").write_text(
        str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    )


def _timed_phases() -> dict[str, float]:
    """Seconds that issuing shards takes, by phase, added up while this process works."""
    from weatherhead.door.registry import registry

    phases = {"gather": 0.0, "propose": 0.0, "record": 0.0}
    action = registry.get("issue_bill_shard")

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return work(*args, **named)
            finally:
                phases[name] += time.perf_counter() - begun

        return run

    for name in phases:
        object.__setattr__(action, name, timed(name, getattr(action, name)))
    return phases


def _phases() -> dict[str, float]:
    """The phases of the last workers, added up."""
    found = {"gather": 0.0, "propose": 0.0, "record": 0.0, "all": 0.0}
    for path in Path(tempfile.gettempdir()).glob("weatherhead-phases-*"):
        for name, seconds in json.loads(path.read_text()).items():
            found[name] += seconds
    rest = found.pop("all") - sum(found.values())
    return {name: round(seconds, 2) for name, seconds in (found | {"rest": rest}).items()}


def _cpu_of(pid: int) -> float:
    """User and system seconds of a process, where the system tells them."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(
    *, database: str, accounts: int, workers: int, shard_accounts: int, months: int, check: bool, plain: bool
) -> Measured:
    """Build, bill the months before, and measure the last."""
    with installation(database, plain=plain) as environment:
        os.environ |= environment
        set_up()
        from django.db import connection

        fill(accounts=accounts)
        staff()
        for month in range(1, months + 1):
            read_meters(accounts=accounts, month=month)
            tried, issued, bills = run_month(
                month=month, workers=workers, shard_accounts=shard_accounts, environment=environment
            )
            print(
                f"month {month}: tried in {tried:.2f} s, issued {bills:,} in {issued:.2f} s, {bills / issued:,.0f}/s",
                flush=True,
            )
        with connection.cursor() as cursor:
            counts = {}
            for table in (
                "billing_bill",
                "billing_billsegment",
                "billing_billline",
                "ledger_journalentry",
                "ledger_ledgerposting",
            ):
                cursor.execute(f"SELECT count(*) FROM {table}")
                counts[table] = cursor.fetchone()[0] // months
        phases = _phases()
        from tests.bench.beside import rates

        faults = None
        if check:
            from weatherhead.areas.ledger.check import check as ledger_check
            from weatherhead.interfaces.cli.ledger import extra_checkers

            begun = time.perf_counter()
            report = ledger_check(extra=extra_checkers())
            faults = len(report.findings)
            print(f"ledger check: {faults} faults in {time.perf_counter() - begun:.1f} s")
        beside = rates()
        connection.close()
    peak = max(
        (int(path.read_text()) // 1024 for path in Path(tempfile.gettempdir()).glob("weatherhead-peak-*")), default=0
    )
    for path in Path(tempfile.gettempdir()).glob("weatherhead-peak-*"):
        path.unlink()
    return Measured(
        database=database, accounts=accounts, workers=workers, shard_accounts=shard_accounts, months_before=months - 1,
        try_seconds=tried, issue_seconds=issued, bills=bills, rows=counts, peak_mb=peak, faults=faults,
        phases=phases, beside=beside,
    )  # fmt: skip


RUNS = (
    ("postgresql", 200_000, 2, False, 1),
    ("postgresql", 200_000, 2, True, 1),
    ("sqlite", 50_000, 2, False, 1),
    ("sqlite", 50_000, 2, True, 5),
)
"""What `make bench` measures: database, accounts, workers, whether the tariff is the plain one, and how often.

A run on SQLite takes six seconds, in which a shared machine may be half as fast as in the next six: it is measured
several times.
"""


def section() -> list[str]:
    """The page's part on bill runs, each measured in a process of its own: Django is set up for one database."""
    lines = [
        "## A bill run",
        "",
        "From released to the last commit, every constraint holding: reads gathered, priced, posted, documents",
        "composed. Residential accounts of one metered service and a month of history, on the demo's tariff (7",
        "lines and an entry of 4 postings a bill) and on a plain one (6 lines, 2 postings); PostgreSQL with its",
        "default settings on the same machine, two workers as in production (`tests/bench/bill_run.py`). Beside",
        "it, on the same database right after: the same rows saved one by one with a commit a bill, by",
        "`bulk_create`, and bare (COPY or prepared inserts into tables without keys, checks or triggers).",
        "Where it was measured several times, the fastest is told, and the rates of all below.",
        "",
        "| database | accounts | lines, postings | bills/s | × save() | × bulk_create | × bare rows | memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    phases = [
        "",
        "| seconds of both workers | lines, postings | gather | propose | record | locks, waits, audit, commit |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    rates = []
    for database, accounts, workers, plain, times in RUNS:
        all_found = [_apart(database=database, accounts=accounts, workers=workers, plain=plain) for _ in range(times)]
        found = min(all_found, key=lambda one: one["issue_seconds"])
        shape = ", ".join(f"{found['rows'][name] // found['bills']}" for name in ("billing_billline", POSTINGS))
        rate = found["bills"] / found["issue_seconds"]
        beside = " | ".join(f"{rate / other:.2f}" for other in found["beside"].values())
        lines.append(f"| {database} | {accounts:,} | {shape} | {rate:,.0f} | {beside} | {found['peak_mb']} MB |")
        spent = " | ".join(f"{seconds:.1f}" for seconds in found["phases"].values())
        phases.append(f"| {database} | {shape} | {spent} |")
        if times > 1:
            each = ", ".join(f"{one['bills'] / one['issue_seconds']:,.0f}" for one in all_found)
            rates += ["", f"{database}, {shape}, bills/s in turn: {each}."]
    return lines + rates + phases


def _apart(*, database: str, accounts: int, workers: int, plain: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="weatherhead-bench-") as directory:
        kept = Path(directory) / "found.json"
        command = [sys.executable, "-m", "tests.bench.bill_run", "--database", database, "--accounts", str(accounts)]
        command += ["--workers", str(workers), "--json", str(kept), *(["--plain"] if plain else [])]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(kept.read_text())
    return found


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["--as-worker"]:
        be_worker(Path(sys.argv[2]), sys.argv[3])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-accounts", type=int, default=4_000)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="check the books afterwards")
    parser.add_argument("--plain", action="store_true", help="a tariff of 6 lines, an entry of 2 postings")
    parser.add_argument("--json", type=Path, help="keep what was found in this file")
    args = parser.parse_args()
    found = measure(
        database=args.database, accounts=args.accounts, workers=args.workers, shard_accounts=args.shard_accounts,
        months=args.months, check=args.check, plain=args.plain,
    )  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps(asdict(found)))
    ratios = {name: round(found.bills_a_second / rate, 2) for name, rate in found.beside.items()}
    said = {"bills_a_second": round(found.bills_a_second), "times_faster_than": ratios}
    print(json.dumps(asdict(found) | said, indent=2))


if __name__ == "__main__":
    main()

"""Kill what issues a bill run, again and again: no bill double, lost or partial, the end as if nothing had happened.

    python -m tests.campaign.bill_run_kills                                       all of it, in batches
    python -m tests.campaign.bill_run_kills --database sqlite --kills 5 --seed 1    one batch

A run is prepared once, released, and issued undisturbed for comparison. Then copies of it are issued by two workers
that are killed (SIGKILL) after random times, until enough kills have been counted; and on PostgreSQL by workers whose
server is killed and started again. After every run each bill, segment, line and entry is compared with the undisturbed
one's, and the books are checked.

The whole is 500 workers on each database and 50 servers. It goes on where it was interrupted (progress is kept below
var/campaigns) and writes docs/campaigns/bill-runs.md.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.campaign.kept import PAGES, ROOT, forget_progress, keep_progress, machine, read_progress, revision

LEASE = timedelta(milliseconds=1500)  # long enough for its heartbeat on a busy machine
IDLE_SECONDS = 0.03
SHARD_ACCOUNTS = 3
TRIES_MAX = 400
VENDORS = ("sqlite", "postgresql")
KILLS, SERVER_KILLS, SEED = 500, 50, 2026
KILLS_A_BATCH, SERVER_KILLS_A_BATCH = 25, 3
FAILED_MAX = 3
"""More wrong batches than these are one fault, to be mended first."""
COMPARED = ("src", "tests/campaign/bill_run_kills.py")
_COUNTED = re.compile(r"(?P<kills>\d+) workers and (?P<servers>\d+) servers killed in (?P<runs>\d+) runs")


@dataclass
class Counted:
    """What was done."""

    runs: int = 0
    kills: int = 0
    server_kills: int = 0
    problems: list[str] = field(default_factory=list)


class Store:
    """Copies of one prepared database."""

    def __init__(self, *, vendor: str, directory: Path, server: Any) -> None:
        self.vendor, self._directory, self._server, self._made = vendor, directory, server, 0

    @property
    def base(self) -> str:
        return str(self._directory / "base.sqlite3") if self.vendor == "sqlite" else "weatherhead_base"

    def copy(self) -> str:
        """A fresh copy of the prepared database; nothing may be connected to it."""
        self._made += 1
        if self.vendor == "sqlite":
            name = str(self._directory / f"copy-{self._made}.sqlite3")
            shutil.copy(self.base, name)
            return name
        name = f"weatherhead_copy_{self._made}"
        # As files: PostgreSQL's other way leaves the copy's sequences unlogged for their next 32 numbers, which then
        # come a second time after a crash (seen with PostgreSQL 18).
        self._server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.base}" STRATEGY FILE_COPY')
        return name

    def drop(self, name: str) -> None:
        if self.vendor == "sqlite":
            for path in self._directory.glob(Path(name).name + "*"):
                path.unlink()
            return
        self._server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def use(name: str) -> None:
    """Let the next query of this process go to another database."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name
    connection.connection = None


def prepare(store: Store, *, migrated: Path | None) -> int:
    """Make the utility, and a run that is released and waits for workers. Returns the run's number."""
    from django.core.management import call_command

    use(store.base)
    if migrated is None:
        call_command("migrate", verbosity=0)
    else:
        from tests.migrated import bring_migrated

        bring_migrated(migrated, name=store.base)
    from tests.billing_town import open_town, work_off
    from tests.house import open_house

    house = open_town(open_house(), months=2)
    run_id = house.made("start_bill_run", "bill_run", by="okafor", cycle=14, shard_accounts=SHARD_ACCOUNTS)
    work_off(house)
    house.do("release_bill_run", by="alvarez", run_id=run_id)
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    Path(os.environ["WEATHERHEAD_VAR"], "today").write_text(house.today.isoformat())
    connection.close()
    return run_id


def work(name: str, worker: str) -> None:
    """Be a worker until nothing waits. Runs in a process of its own."""
    from datetime import date

    from django.db import OperationalError

    from weatherhead.door.context import Moment
    from weatherhead.door.worker import work_once

    today = date.fromisoformat(Path(os.environ["WEATHERHEAD_VAR"], "today").read_text())
    use(name)

    def clock() -> Moment:
        return Moment(at=datetime.now(UTC), as_of=today)

    while True:
        try:
            if work_once(worker=worker, clock=clock, lease=LEASE) is not None:
                continue
            if is_over():
                return
        except OperationalError:
            use(name)  # the server was killed: connect again
        time.sleep(IDLE_SECONDS)


def is_over() -> bool:
    """Whether the run of the database in use is issued, or the queue has given a piece of it up."""
    from weatherhead.areas.billing.models import BillRun
    from weatherhead.areas.records.models import WorkItem

    issued = BillRun._default_manager.filter(state="issued").exists()
    return issued or WorkItem._default_manager.filter(state="failed").exists()


@contextmanager
def worker_process(name: str, worker: str, *, work: Callable[[str, str], None] = work) -> Iterator[int]:
    """A worker as a real process, killed at the end if it still runs. `work` is given the database and its name."""
    from django.db import connection

    connection.close()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            sys.stdout.flush()
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            work(name, worker)
            code = 0
        finally:
            os._exit(code)
    try:
        yield pid
    finally:
        kill(pid)


_ended: set[int] = set()


def kill(pid: int) -> None:
    """End a worker at once, wherever it is, unless it ended."""
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)
        wait_for(pid)


def wait_for(pid: int) -> None:
    """Wait until a worker ends."""
    if pid not in _ended:
        os.waitpid(pid, 0)
        _ended.add(pid)


def is_alive(pid: int) -> bool:
    """Whether a worker runs still."""
    if pid in _ended:
        return False
    found, _ = os.waitpid(pid, os.WNOHANG)
    if found == pid:
        _ended.add(pid)
        return False
    return True


def outcome(name: str) -> str:
    """Everything that the run issued, as one text, and whether the books are right."""
    from tests.billing_town import all_billed
    from weatherhead.areas.billing.models import BillException, BillRunShard
    from weatherhead.areas.ledger.check import check
    from weatherhead.areas.ledger.models import RunningBalance
    from weatherhead.areas.records.models import WorkItem
    from weatherhead.interfaces.cli.ledger import extra_checkers

    use(name)
    said = [repr(all_billed())]
    said += [
        repr(row) for row in RunningBalance._default_manager.order_by("pk").values_list("account_id", "balance_cents")
    ]
    said += [
        repr(row)
        for row in BillException._default_manager.order_by("agreement_id", "kind").values_list("agreement_id", "kind")
    ]
    shards = BillRunShard._default_manager.order_by("stage", "number")
    said += [repr((row.stage, row.number, row.done_at is not None, row.outcome)) for row in shards]
    given_up = WorkItem._default_manager.filter(state="failed").order_by("pk")
    said += [f"given up: {row.last_error}" for row in given_up]
    said += [finding.sentence for finding in check(extra=extra_checkers()).findings]
    from django.db import connection

    connection.close()
    return "\n".join(said)


def undisturbed(store: Store) -> str:
    """What the run comes to when nobody is killed."""
    name = store.copy()
    with worker_process(name, "calm") as pid:
        wait_for(pid)
    found = outcome(name)
    store.drop(name)
    return found


def disturbed(store: Store, *, chance: random.Random, counted: Counted, kills: int) -> str:
    """The same under fire: two workers, one of them killed again and again, until the run is over."""
    name = store.copy()
    for attempt in range(TRIES_MAX):
        with worker_process(name, f"a{attempt}") as one, worker_process(name, f"b{attempt}") as two:
            if counted.kills >= kills:
                for pid in (one, two):
                    wait_for(pid)
                break
            time.sleep(chance.uniform(0.01, 0.6))
            victims = [pid for pid in (one, two) if is_alive(pid)]
            if not victims:
                break
            for pid in chance.sample(victims, chance.randint(1, min(len(victims), kills - counted.kills))):
                kill(pid)
                counted.kills += 1
        use(name)
        if is_over():
            break
    found = outcome(name)
    store.drop(name)
    return found


def server_killed(store: Store, *, server: Any, chance: random.Random, counted: Counted, kills: int) -> str:
    """The same while the database server itself is killed and started again."""
    name = store.copy()
    with worker_process(name, "survivor") as one, worker_process(name, "other") as two:
        while counted.server_kills < kills and (is_alive(one) or is_alive(two)):
            time.sleep(chance.uniform(0.05, 0.7))
            server.crash()
            counted.server_kills += 1
            server.start()
        for pid in (one, two):
            wait_for(pid)
    found = outcome(name)
    store.drop(name)
    return found


def campaign(*, vendor: str, kills: int, server_kills: int, seed: int, migrated: Path | None = None) -> Counted:
    """Prepare, compare, count."""
    import base64

    counted, chance = Counted(), random.Random(seed)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weatherhead-kills-")))
        server: Any = None
        url = f"sqlite:///{directory / 'base.sqlite3'}"
        if vendor == "postgresql":
            from scripts.postgres import CrashableServer

            server = stack.enter_context(CrashableServer.running())
            server.execute("CREATE DATABASE weatherhead_base")
            url = server.url.rpartition("/")[0] + "/weatherhead_base"
        os.environ |= {
            "DATABASE_URL": url,
            "WEATHERHEAD_VAR": str(directory),
            "WEATHERHEAD_DEBUG": "1",
            "WEATHERHEAD_SECRET_KEY": "only for a campaign of kills, and long enough to please every check",
            "WEATHERHEAD_KEYS": "kills:" + base64.urlsafe_b64encode(bytes(32)).decode(),
            "DJANGO_SETTINGS_MODULE": "weatherhead.config.settings",
        }
        import logging

        import django

        django.setup()
        logging.disable(logging.CRITICAL)
        from django.conf import settings

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in
        from weatherhead.actions import load_actions

        load_actions()
        store = Store(vendor=vendor, directory=directory, server=server)
        prepare(store, migrated=migrated)
        expected = undisturbed(store)
        while counted.kills < kills:
            counted.runs += 1
            found = disturbed(store, chance=chance, counted=counted, kills=kills)
            _compare(found, expected=expected, counted=counted)
            print(f"{counted.kills} kills in {counted.runs} runs, {len(counted.problems)} problems", flush=True)
        while counted.server_kills < server_kills:
            counted.runs += 1
            found = server_killed(store, server=server, chance=chance, counted=counted, kills=server_kills)
            _compare(found, expected=expected, counted=counted)
            print(f"{counted.server_kills} kills of the server, {len(counted.problems)} problems", flush=True)
    return counted


def _compare(found: str, *, expected: str, counted: Counted) -> None:
    if found == expected:
        return
    one, two = found.splitlines(), expected.splitlines()
    place = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    said = f"run {counted.runs} differs in line {place}: {hashlib.sha256(found.encode()).hexdigest()[:12]}"
    counted.problems.append(said)
    print(said, one[place : place + 1], two[place : place + 1], sep="\n")


@dataclass
class Tally:
    """The batches of one database so far. A batch that ended otherwise than it should is named by its seed."""

    batches: int = 0
    runs: int = 0
    kills: int = 0
    server_kills: int = 0
    failed: list[int] = field(default_factory=list)
    seconds: float = 0.0
    revisions: list[str] = field(default_factory=list)


def run_batch(vendor: str, *, seed: int, server_kills: int) -> Counted:
    """One batch, in a process of its own: Django is set up for one database."""
    command = [sys.executable, "-m", "tests.campaign.bill_run_kills", "--database", vendor, "--seed", str(seed)]
    command += ["--kills", str(KILLS_A_BATCH), "--server-kills", str(server_kills)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = _COUNTED.search(done.stdout)
    if told is None:
        return Counted(problems=[f"the batch of seed {seed} broke off:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"])
    kills, server, runs = (int(told[name]) for name in ("kills", "servers", "runs"))
    problems = [done.stdout[-4000:]] if done.returncode else []
    return Counted(runs=runs, kills=kills, server_kills=server, problems=problems)


def run_all(vendor: str, *, kills: int, server_kills: int, seed: int) -> Tally:
    """Batches of one database until enough were killed, going on from what is kept."""
    name = f"bill-runs-{vendor}-{seed}"
    tally = Tally(**(read_progress(name) or {}))
    while tally.kills < kills or tally.server_kills < server_kills:
        tally.batches += 1
        begun = time.monotonic()
        wanted = min(SERVER_KILLS_A_BATCH, server_kills - tally.server_kills)
        done = run_batch(vendor, seed=seed * 1000 + tally.batches, server_kills=max(wanted, 0))
        tally.runs += done.runs
        tally.kills += done.kills
        tally.server_kills += done.server_kills
        tally.seconds += time.monotonic() - begun
        for problem in done.problems:
            tally.failed.append(seed * 1000 + tally.batches)
            print(problem, flush=True)
        if (now := revision(COMPARED)) not in tally.revisions:
            tally.revisions.append(now)
        keep_progress(name, asdict(tally))
        print(f"{vendor}: {tally.kills} workers, {tally.server_kills} servers, {len(tally.failed)} wrong", flush=True)
        if len(tally.failed) > FAILED_MAX:
            break
    return tally


def page(tallies: Mapping[str, Tally], *, seed: int) -> str:
    """The page for docs/campaigns."""
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL, default settings"}
    rows = [
        f"| {names[vendor]} | {tally.kills} | {tally.server_kills or '–'} | {tally.runs} | {len(tally.failed)} |"
        f" {tally.seconds / 60:.0f} min | {'; '.join(tally.revisions)} |"
        for vendor, tally in tallies.items()
    ]
    failed = [f"- {vendor}: seed {number}" for vendor, tally in tallies.items() for number in tally.failed]
    return "\n".join(
        [
            "# Campaign: bill runs under fire",
            "",
            "A run of shards is issued by two workers that are killed (SIGKILL) after random times, and by workers",
            "whose database server is killed and started again; every bill, segment, line, entry, balance, exception",
            "and shard is then compared with an undisturbed run's, and the books are checked. `make campaign` runs it",
            "(`tests/campaign/bill_run_kills.py`), `make test` a little of it: five workers on each database, and two",
            "servers.",
            "",
            "| database | workers killed | servers killed | runs | wrong batches | duration | revision |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
            *rows,
            "",
            f"Seed {seed}; {machine()}; finished {datetime.now(UTC):%Y-%m-%d}.",
            *(["", "Batches that ended otherwise:", "", *failed] if failed else []),
            "",
        ]
    )


def main() -> int:
    """Run one batch or all of them; exits with 1 when a run did not end as the undisturbed one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=VENDORS, help="one batch on this database; without it, the campaign")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--server-kills", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--migrated", type=Path, help="the tables that tests.migrated kept, for the one batch")
    parser.add_argument("--again", action="store_true", help="forget the progress kept for this seed")
    args = parser.parse_args()
    if args.database:
        counted = campaign(
            vendor=args.database,
            kills=5 if args.kills is None else args.kills,
            server_kills=args.server_kills or 0,
            seed=args.seed,
            migrated=args.migrated,
        )
        print(
            f"{counted.kills} workers and {counted.server_kills} servers killed in {counted.runs} runs;"
            f" {len(counted.problems)} did not end as the undisturbed one"
        )
        return 1 if counted.problems else 0
    tallies = {}
    for vendor in VENDORS:
        if args.again:
            forget_progress(f"bill-runs-{vendor}-{args.seed}")
        servers = (SERVER_KILLS if args.server_kills is None else args.server_kills) if vendor == "postgresql" else 0
        kills = KILLS if args.kills is None else args.kills
        tallies[vendor] = run_all(vendor, kills=kills, server_kills=servers, seed=args.seed)
    (PAGES / "bill-runs.md").write_text(page(tallies, seed=args.seed), encoding="utf-8")
    return 1 if any(tally.failed for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

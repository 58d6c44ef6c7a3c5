"""Let the database's disk fill while a bill run is issued: a clear error, nothing half-written, and the end as ever.

    python -m tests.campaign.bill_run_disks                                 20 points of a run on each database
    python -m tests.campaign.bill_run_disks --database sqlite --rounds 2    fewer, on one; nothing is kept

The database lies on a small disk of its own (tmpfs; on PostgreSQL the server's whole data directory, WAL and all).
What a run writes is measured once; then, at each point, the disk is made so small that it is full once that part of it
is written. Two workers (`weatherhead worker`) meet that. When one has said so, room is made, a server that panicked is
waited for (one that ended, started again), and what was committed by then is looked at: every shard whole or not there,
and the books right. The run goes on by itself; its end is compared with an undisturbed run's, row by row.

It goes on where it was interrupted (progress is kept below var/campaigns) and writes docs/campaigns/full-disks.md.
Needs Linux and root: the disks are mounted in a namespace of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from threading import Event, Thread
from typing import Any

from tests.campaign.bill_run_kills import Store, is_over, outcome, use
from tests.campaign.installed import Worker, half_written, prepare, release, set_up, url_of
from tests.campaign.rounds import Campaign, Prepared, Size, Tally, first_difference, main, told_of

LARGE_BYTES = 1 << 30
FULL_SECONDS, ISSUED_SECONDS = 300.0, 400.0
TRIES = 6
"""PostgreSQL keeps room in files that it has already; where a disk is not full after all, a smaller one is tried."""
SMALLER = 0.7
SMALL_WAL, NEW_WAL = ("--wal-segsize=1",), {"wal_recycle": "off"}
"""Files of 1 MB, each made when it is needed: with PostgreSQL's own 16 MB so small a run never needs another."""
FULL = "the database's disk is full"
STOPPED = "the database stopped the work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What happened where the disk was full. `written_bytes` is how much of the run the disk took."""

    number: int
    written_bytes: int
    shards_done: int
    said: list[str]
    server_ended: bool  # in a panic, because no WAL could be written
    seconds: float  # from room to the end of the run
    problems: list[str]


class Disk:
    """A disk in memory whose size can be changed while it is used."""

    def __init__(self, path: Path) -> None:
        """Mounted by `mounted`."""
        self.path = path

    @classmethod
    @contextmanager
    def mounted(cls, path: Path) -> Iterator[Disk]:
        """Mount it, large; away again at the end."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LARGE_BYTES}", "none", path], check=True)
        try:
            yield cls(path)
        finally:
            subprocess.run(["umount", "--lazy", path], check=True)

    def used(self) -> int:
        """Bytes in use."""
        found = os.statvfs(self.path)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    def resize(self, size_bytes: int) -> None:
        """Make it so large, rounded up to a page."""
        pages = -(-size_bytes // 4096)
        subprocess.run(["mount", "-o", f"remount,size={pages * 4}k", self.path], check=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database on a small disk, prepared."""

    store: Store
    disk: Disk
    server: Any
    url: str
    today: date
    top: Path


@contextmanager
def place(vendor: str, *, accounts: int, shard_accounts: int) -> Iterator[Place]:
    """Mount the disk, make the database on it, and prepare the run."""
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weatherhead-disks-")))
        server: Any = None
        if vendor == "postgresql":
            from scripts.postgres import CrashableServer

            home = top / "server"
            (home / "data").mkdir(parents=True)
            top.chmod(0o755)  # the server runs as somebody else
            disk = stack.enter_context(Disk.mounted(home / "data"))
            server = stack.enter_context(CrashableServer.running(home=home, making=SMALL_WAL, options=NEW_WAL))
            server.execute("CREATE DATABASE weatherhead_base")
            url = url_of(server.url, "weatherhead_base")
            store = Store(vendor=vendor, directory=top, server=server)
        else:
            directory = top / "disk"
            directory.mkdir()
            disk = stack.enter_context(Disk.mounted(directory))
            store = Store(vendor=vendor, directory=directory, server=None)
            url = f"sqlite:///{store.base}"
        set_up(url=url, directory=top / "here")
        today = prepare(store, accounts=accounts, shard_accounts=shard_accounts)
        yield Place(store=store, disk=disk, server=server, url=url, today=today, top=top)


@contextmanager
def copied(here: Place) -> Iterator[tuple[str, list[Worker]]]:
    """A copy of the prepared database, and two workers that look for work in it."""
    name = here.store.copy()
    if here.server is not None:
        here.server.execute("CHECKPOINT")
    workers = [Worker(name=who, url=url_of(here.url, name), today=here.today, top=here.top) for who in ("one", "two")]
    try:
        for worker in workers:
            worker.wait_until_started()
        yield name, workers
    finally:
        for worker in workers:
            worker.stop()
        here.store.drop(name)


def undisturbed(here: Place) -> tuple[str, int]:
    """How the run ends when there is room, and how many bytes it takes on the way."""
    with copied(here) as (name, _):
        release(name)
        before = most = here.disk.used()
        stop, peaks = Event(), [before]

        def watch() -> None:
            while not stop.wait(0.002):
                peaks.append(here.disk.used())

        watching = Thread(target=watch)
        watching.start()
        wait_until_issued(name)
        stop.set()
        watching.join()
        most = max(peaks)
        return outcome(name), most - before


def wait_until_issued(name: str) -> bool:
    """Whether the run was issued in time."""
    use(name)
    deadline = time.monotonic() + ISSUED_SECONDS
    while time.monotonic() < deadline:
        if is_over():
            return True
        time.sleep(0.05)
    return False


def met(workers: Sequence[Worker], *, name: str, panics: Callable[[], int]) -> bool:
    """Wait until a worker has said that the disk is full, or the server panicked over it, or the run is over.

    Tells whether the disk was full. A server that panics at once may say nothing to anybody.
    """
    from django.db import InterfaceError, OperationalError

    use(name)
    deadline = time.monotonic() + FULL_SECONDS
    while time.monotonic() < deadline:
        if panics() or any(line["event"].startswith(FULL) for worker in workers for line in worker.told()):
            return True
        try:
            if is_over():
                return False
        except (OperationalError, InterfaceError):
            use(name)  # the server is away; the workers have something to say
        time.sleep(0.05)
    raise RuntimeError("nothing was said of a full disk, and the run does not end")


def full_at(here: Place, *, number: int, room_bytes: int, expected: str) -> Point | None:
    """Let the disk be full after so much was written of the run; None when it never was."""
    problems: list[str] = []
    with copied(here) as (name, workers):
        release(name)
        log_before = here.server.log if here.server is not None else ""
        here.disk.resize(here.disk.used() + room_bytes)

        def panics() -> int:
            return int(here.server.log[len(log_before) :].count("PANIC:")) if here.server is not None else 0

        full = met(workers, name=name, panics=panics)
        here.disk.resize(LARGE_BYTES)
        begun = time.monotonic()
        if not full:
            return None
        halves, done = looked_at(here, name=name)
        problems += [f"after it was full: {said}" for said in halves]
        if not wait_until_issued(name):
            problems.append(f"the run was not issued within {ISSUED_SECONDS:.0f} s of room")
        seconds = time.monotonic() - begun
        found = outcome(name)
        codes = [worker.stop() for worker in workers]
        if codes != [0, 0]:
            problems.append(f"the workers ended with {codes}")
        if found != expected:
            problems.append(f"the end differs: {first_difference(found, expected)}")
        told = [line for worker in workers for line in worker.told()]
        problems += unclear(told)
        said = sorted({words(str(line["said"])) for line in told if line["event"].startswith((FULL, STOPPED))})
        ended = panics() > 0
        if not any(line["event"].startswith((FULL, STOPPED)) for line in told):
            problems.append("the workers said nothing of it")
    return Point(
        number=number, written_bytes=room_bytes, shards_done=done, said=said, server_ended=ended,
        seconds=round(seconds, 1), problems=problems,
    )  # fmt: skip


def looked_at(here: Place, *, name: str) -> tuple[list[str], int]:
    """What is there in part, and how many pieces are issued, once the server answers."""
    from django.db import InterfaceError, OperationalError

    deadline = time.monotonic() + FULL_SECONDS
    while True:
        if here.server is not None:
            here.server.wait()
        use(name)
        try:
            return half_written(), shards_done()
        except (OperationalError, InterfaceError):  # it was only about to panic
            if here.server is None or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def shards_done() -> int:
    """How many pieces of the run are issued."""
    from weatherhead.areas.billing.models import BillRunShard

    return BillRunShard._default_manager.filter(stage="issue", done_at__isnull=False).count()


def unclear(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the workers' logs say otherwise than they should."""
    found = [f"a stray line: {line['stray']}" for line in told if line["event"] == "stray"]
    found += [f"failed: {line}" for line in told if line["event"] == "work item failed"]
    full = [line for line in told if line["event"].startswith(FULL)]
    placed = ("SQLite in /", "PostgreSQL at ")
    found += [f"says no place: {line}" for line in full if not str(line.get("where", "")).startswith(placed)]
    found += [f"does not say what to do: {line}" for line in full if "make room" not in line["event"]]
    return found


def words(said: str) -> str:
    """What the database said, without the numbers of its files and processes."""
    import re

    return re.sub(r"(?<=[/.\"])\d+|\b\d{4,}\b", "…", said)


@contextmanager
def prepared(vendor: str, size: Size) -> Iterator[Prepared]:
    """Prepare the run on a small disk, and measure what it writes undisturbed. A round is a point."""
    with place(vendor, accounts=size.accounts, shard_accounts=size.shard_accounts) as here:
        expected, growth = undisturbed(here)

        def run(number: int) -> Mapping[str, Any]:
            room = int(growth * (number - 0.5) / size.rounds)
            for _ in range(TRIES):
                found = full_at(here, number=number, room_bytes=room, expected=expected)
                if found is not None:
                    return asdict(found)
                room = int(room * SMALLER)
            raise RuntimeError(f"the disk was never full at point {number}")

        yield Prepared(run=run, facts={"growth_bytes": growth})


def page(tallies: Mapping[str, Tally]) -> list[str]:
    """The page for docs/campaigns."""
    names = {
        "sqlite": "SQLite",
        "postgresql": "PostgreSQL, WAL files of 1 MB made when they are needed",
    }
    text = [
        "# Campaign: full disks",
        "",
        "While two workers issue a bill run, the disk of its database fills, at points spread over what the run",
        "writes. On PostgreSQL it is the disk of the server's whole data directory, WAL and all: where no WAL can be",
        "written the server panics, as it is documented to, and recovers once there is room. At every point the",
        "workers' logs said that the disk is full, where, and what to do (or, where the server panicked before it",
        "could tell, that it is away, and where it is); every shard was whole or not there and the",
        "books were right; and once there was room the run went on by itself and ended, compared row by row, as an",
        "undisturbed one. `make campaign` runs it (`tests/campaign/bill_run_disks.py`); `make test` fills a database",
        "in the middle of a shard.",
    ]
    for vendor, tally in tallies.items():
        accounts = tally.size["accounts"]
        shards = -(-accounts // tally.size["shard_accounts"])
        ended = sum(1 for one in tally.rounds if one["server_ended"])
        text += [
            "",
            f"## {names[vendor]}",
            "",
            f"{accounts} accounts in {shards} shards, which write {tally.facts['growth_bytes'] / 1e6:.1f} MB."
            f" {len(tally.rounds)} points, {len(tally.wrong)} of them wrong"
            + (f"; the server panicked at {ended}." if vendor == "postgresql" else "."),
            "",
            "| point | full after | shards issued by then | issued after room | the database said |",
            "| ---: | ---: | ---: | ---: | --- |",
            *(row(one) for one in tally.rounds),
            *(f"\nPoint {one['number']}: {problem}" for one in tally.wrong for problem in one["problems"]),
            "",
            f"{told_of(tally)}.",
        ]
    return text


def row(one: Mapping[str, Any]) -> str:
    """A point's row of the page."""
    said = "; ".join(one["said"]) + (" (the server panicked)" if one["server_ended"] else "")
    return (
        f"| {one['number']} | {one['written_bytes'] / 1e6:.2f} MB | {one['shards_done']} | {one['seconds']:.1f} s"
        f" | {said} |"
    )


CAMPAIGN = Campaign(
    name="full-disks",
    module="tests.campaign.bill_run_disks",
    about=__doc__,
    size=Size(rounds=20, accounts=240, shard_accounts=20),
    prepared=prepared,
    page=page,
    namespaces={"sqlite": ["mount"], "postgresql": ["mount"]},
)


if __name__ == "__main__":
    # A polite end is still an end that cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(CAMPAIGN))

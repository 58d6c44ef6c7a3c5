"""Let two hosts share a bill run: one run's effect, whoever did which piece.

    python -m tests.campaign.bill_run_hosts                                   every round on both databases
    python -m tests.campaign.bill_run_hosts --database postgresql --rounds 1  fewer, on one; nothing is kept

On PostgreSQL a host is a network, a host name and a set of mounts of its own (Linux namespaces), joined to the
database's by a wire (a veth pair); its worker has its own home, directory, temporary files, settings and `var`, and
reaches the server over TCP at the address of the wire. Neither host has another way to the server or to the other. On
SQLite, which serves one machine, the two are workers with nothing in common but the database file.

A run is prepared once, tried, and waits for release. A round copies it, starts a worker a host, lets a second person
release the run, and compares its end, row by row, with that of a run which one worker issued alone.

It goes on where it was interrupted (progress is kept below var/campaigns) and writes docs/campaigns/two-hosts.md.
Needs Linux and root.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tests.campaign.bill_run_kills import Store, is_over, outcome, use
from tests.campaign.installed import Worker, half_written, prepare, release, set_up, url_of
from tests.campaign.rounds import SERVERS, Campaign, Prepared, Size, Tally, main, told_of

ISSUED_SECONDS = 400.0
NETWORK = "10.231.0.0/16"


class Host:
    """A host of its own: entered by the commands that run there, gone with its one process."""

    def __init__(self, *, name: str, number: int, keeper: subprocess.Popen[bytes]) -> None:
        """Made by `started`."""
        self.name, self.number, self._keeper = name, number, keeper

    @classmethod
    @contextmanager
    def started(cls, *, name: str, number: int) -> Iterator[Host]:
        """Start it, and wire it to the machine of the database."""
        keeper = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "sh", "-c", f"hostname {name} && echo up && exec sleep 86400"],
            stdout=subprocess.PIPE,
        )
        try:
            if keeper.stdout is None or keeper.stdout.readline() != b"up\n":
                raise RuntimeError(f"the host {name} did not start")
            made = cls(name=name, number=number, keeper=keeper)
            here, there = f"wire{number}", f"far{number}"
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", str(keeper.pid))
            _run("ip", "addr", "add", f"{made.server_address}/30", "dev", here)
            _run("ip", "link", "set", here, "up")
            _run(*made.entering, "ip", "link", "set", "lo", "up")
            _run(*made.entering, "ip", "addr", "add", f"10.231.{number}.2/30", "dev", there)
            _run(*made.entering, "ip", "link", "set", there, "up")
            yield made
        finally:
            keeper.kill()
            keeper.wait()

    @property
    def server_address(self) -> str:
        """Where the database's server is, seen from here."""
        return f"10.231.{self.number}.1"

    @property
    def entering(self) -> tuple[str, ...]:
        """What a command begins with that is to run here."""
        return ("nsenter", f"--target={self._keeper.pid}", "--net", "--uts", "--mount")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One run that two shared: the pieces that each issued, by the worker's name."""

    number: int
    shards_of: dict[str, int]
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A prepared database and the hosts (none on SQLite)."""

    store: Store
    url: str
    today: date
    top: Path
    hosts: tuple[Host, ...]


@contextmanager
def place(vendor: str, *, accounts: int, shard_accounts: int) -> Iterator[Place]:
    """Start server and hosts, and prepare the run."""
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weatherhead-hosts-")))
        server: Any = None
        hosts: tuple[Host, ...] = ()
        url = f"sqlite:///{top / 'base.sqlite3'}"
        if vendor == "postgresql":
            from scripts.postgres import CrashableServer

            _run("ip", "link", "set", "lo", "up")
            server = stack.enter_context(CrashableServer.running(clients=NETWORK))
            server.execute("CREATE DATABASE weatherhead_base")
            url = url_of(server.url, "weatherhead_base")
            names = ("host-a", "host-b")
            hosts = tuple(
                stack.enter_context(Host.started(name=name, number=number)) for number, name in enumerate(names, 1)
            )
        set_up(url=url, directory=top / "here")
        store = Store(vendor=vendor, directory=top, server=server)
        today = prepare(store, accounts=accounts, shard_accounts=shard_accounts)
        yield Place(store=store, url=url, today=today, top=top, hosts=hosts)


@contextmanager
def workers(here: Place, *, name: str, count: int) -> Iterator[list[Worker]]:
    """Workers that look for work in a database, on the hosts where there are some."""
    url = url_of(here.url, name)
    made = []
    try:
        for number, host in zip(range(count), here.hosts or (None, None), strict=False):
            address = url if host is None else url.replace("127.0.0.1", host.server_address)
            entering = () if host is None else host.entering
            made.append(Worker(name="ab"[number], url=address, today=here.today, top=here.top, entering=entering))
        for worker in made:
            worker.wait_until_started()
        yield made
    finally:
        for worker in made:
            worker.stop()


def issued(here: Place, *, count: int) -> tuple[str, dict[str, int], list[str]]:
    """Issue a copy of the run with so many workers: how it ends, who did how much, what was wrong."""
    from weatherhead.areas.records.models import WorkItem

    name = here.store.copy()
    problems: list[str] = []
    with workers(here, name=name, count=count) as made:
        release(name)
        deadline = time.monotonic() + ISSUED_SECONDS
        use(name)
        while not is_over() and time.monotonic() < deadline:
            time.sleep(0.02)
        problems += half_written()
        done = WorkItem._default_manager.filter(state="done").exclude(leased_by="trial")
        shards_of = Counter(done.values_list("leased_by", flat=True))
        found = outcome(name)
        codes = [worker.stop() for worker in made]
        problems += [f"the workers ended with {codes}"] if any(codes) else []
        wrong = ("stray", "work item failed", "lease lost")
        problems += [str(line) for worker in made for line in worker.told() if line["event"] in wrong]
    here.store.drop(name)
    return found, dict(sorted(shards_of.items())), problems


def shared(here: Place, *, number: int, expected: str) -> Round:
    """One round."""
    found, shards_of, problems = issued(here, count=2)
    if found != expected:
        problems.append("the end differs from that of one worker alone")
    if len(shards_of) != 2:
        problems.append(f"not both had a part in it: {shards_of}")
    hosts = {who.partition(":")[0] for who in shards_of}
    if here.hosts and hosts != {host.name for host in here.hosts}:
        problems.append(f"done by {hosts}")
    # A process's number means nothing to a reader.
    parts = [(who if not here.hosts else who.partition(":")[0], count) for who, count in shards_of.items()]
    named = {who if here.hosts else f"worker {place}": count for place, (who, count) in enumerate(parts, 1)}
    return Round(number=number, shards_of=named, problems=problems)


@contextmanager
def prepared(vendor: str, size: Size) -> Iterator[Prepared]:
    """Prepare the run, and let one worker issue it alone."""
    with place(vendor, accounts=size.accounts, shard_accounts=size.shard_accounts) as here:
        expected, _, problems = issued(here, count=1)
        if problems:
            raise RuntimeError(f"one worker alone: {problems}")
        yield Prepared(run=lambda number: asdict(shared(here, number=number, expected=expected)))


def page(tallies: Mapping[str, Tally]) -> list[str]:
    """The page for docs/campaigns."""
    names = {"sqlite": "SQLite, two workers of one machine", "postgresql": "PostgreSQL, two hosts"}
    rows = [
        f"| {names[vendor]} | {one['number']} | {tally.size['accounts']} |"
        f" {', '.join(f'{who}: {count}' for who, count in one['shards_of'].items())} |"
        f" {'; '.join(one['problems']) or 'as one worker alone'} |"
        for vendor, tally in tallies.items()
        for one in tally.rounds
    ]
    return [
        "# Campaign: two hosts share a bill run",
        "",
        "On PostgreSQL a host is a network and a host name of its own (Linux namespaces), joined to the database's",
        "by a wire; each worker has its own home, directory, temporary files and settings, and reaches the server",
        "over TCP. On SQLite the two workers have nothing in common but the database file. Every bill, segment,",
        "line, entry, balance, exception and shard is compared with those of a run that one worker issued alone,",
        "and the books are checked. `make campaign` runs it (`tests/campaign/bill_run_hosts.py`).",
        "",
        "| database | round | accounts | pieces issued | the end |",
        "| --- | ---: | ---: | --- | --- |",
        *rows,
        "",
        "; ".join(f"{SERVERS[vendor]} {told_of(tally)}" for vendor, tally in tallies.items()) + ".",
    ]


CAMPAIGN = Campaign(
    name="two-hosts",
    module="tests.campaign.bill_run_hosts",
    about=__doc__,
    size=Size(rounds=5, accounts=300, shard_accounts=6),
    prepared=prepared,
    page=page,
    namespaces={"postgresql": ["net"]},
)


if __name__ == "__main__":
    # A polite end is still an end that cleans up after itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(CAMPAIGN))

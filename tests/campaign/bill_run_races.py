"""Let two people start, release and work off the same cycle at once, to the end: one run's effect.

    python -m tests.campaign.bill_run_races                                 20 races on each database
    python -m tests.campaign.bill_run_races --database sqlite --rounds 2    fewer, on one; nothing is kept

A town whose meters are read is prepared once, and one person's run of it, released by a second, is issued undisturbed.
Each race is on a copy. Two processes, each with its own connection, start the cycle at the same moment, one of them up
to 10 ms behind (drawn from the seed); both try it out; both let it be issued at the same moment; both issue it. One
start and one release are refused, each by its name; and every bill, segment, line, entry, balance, exception and
shard, and the number of runs, receipts and audit entries, is compared with the undisturbed run's.

It goes on where it was interrupted (progress is kept below var/campaigns) and writes docs/campaigns/runs-at-once.md.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from tests.campaign.bill_run_kills import Store, is_over, outcome, use
from tests.campaign.installed import read_town, set_up, url_of
from tests.campaign.rounds import SERVERS, Campaign, Prepared, Size, Tally, first_difference, main, told_of

STARTERS = ("okafor", "alvarez")
BEHIND_SECONDS = 0.01
MEET_SECONDS, ISSUED_SECONDS = 60.0, 400.0
REFUSED = ["RunNotAsExpected", "RunOpenAlready"]
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One race: who was first at each line, and how many pieces each of the two issued."""

    number: int
    behind_ms: float
    started_by: str
    released_by: str
    shards: list[int]
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Racer:
    """One of the two: a person at a desk and the worker beside it."""

    number: int
    behind_seconds: float
    today: date
    shard_accounts: int
    line: Barrier

    def run(self, name: str) -> dict[str, Any]:
        """Start, try, release and issue the run of a database; what was done and refused."""
        from tests.bench.bill_run import CYCLE

        use(name)
        refused: list[str] = []
        cycle = {"cycle": CYCLE, "shard_accounts": self.shard_accounts}
        started = self._attempt("start_bill_run", by=STARTERS[self.number], inputs=cycle, refused=refused)
        self._work(until="tried")
        run = {"run_id": _run().pk}
        released = self._attempt("release_bill_run", by=_second_person(), inputs=run, refused=refused)
        shards = self._work(until="issued")
        return {"started": started, "released": released, "refused": refused, "shards": shards}

    def _attempt(self, action: str, *, by: str, inputs: Mapping[str, Any], refused: list[str]) -> bool:
        """Do it when the other one does, or so much later."""
        from tests.house import House
        from weatherhead.core.values import Refusal

        house = House(today=self.today)
        house.actor(by)
        self.line.wait(MEET_SECONDS)
        time.sleep(self.behind_seconds)
        try:
            house.do(action, by=by, key=f"{action} {self.number}", **inputs)
        except Refusal as refusal:
            refused.append(type(refusal).__name__)
            return False
        return True

    def _work(self, *, until: str) -> int:
        """Work off the queue until the run stands so; how many items it did."""
        from tests.house import moment
        from weatherhead.door.worker import Hands

        hands = Hands(worker=f"racer {self.number}", clock=lambda: moment(self.today), reach=True)
        deadline, done = time.monotonic() + ISSUED_SECONDS, 0
        while True:
            if hands.work_once() is not None:
                done += 1
            elif _run().state == until or is_over():
                hands.let_go()
                return done
            elif time.monotonic() > deadline:
                raise RuntimeError(f"the run is not {until}")
            else:
                time.sleep(0.002)


def _run() -> Any:
    from weatherhead.areas.billing.models import BillRun

    return BillRun._default_manager.get()


def _second_person() -> str:
    """Whoever did not start it."""
    from weatherhead.areas.workforce.queries import employee_by_username

    first = employee_by_username(STARTERS[0]).employee_id
    return STARTERS[1] if _run().planned_by_employee_id == first else STARTERS[0]


def _in_process(racer: Racer, name: str, answers: Any) -> None:
    try:
        answers.put((racer.number, racer.run(name)))
    except BaseException as error:
        answers.put((racer.number, {"broke": repr(error)}))
        raise


def raced(
    store: Store, *, today: date, shard_accounts: int, behind: Sequence[float]
) -> tuple[str, list[dict[str, Any]]]:
    """A copy of the town billed by as many racers as there are delays: how it ends, and what each did."""
    from django.db import connection

    name = store.copy()
    connection.close()
    line = _FORK.Barrier(len(behind))
    answers = _FORK.SimpleQueue()
    racers = [
        Racer(number=number, behind_seconds=seconds, today=today, shard_accounts=shard_accounts, line=line)
        for number, seconds in enumerate(behind)
    ]
    processes = [_FORK.Process(target=_in_process, args=(racer, name, answers)) for racer in racers]
    for process in processes:
        process.start()
    told = dict(answers.get() for _ in processes)
    for process in processes:
        process.join()
    found = outcome(name) + told_in_numbers(name)
    store.drop(name)
    return found, [told[number] for number in range(len(behind))]


def told_in_numbers(name: str) -> str:
    """How many of what an outcome does not list: what one run leaves, and two would leave twice."""
    from django.db import connection

    from weatherhead.areas.billing.models import BillRun, BillRunShard
    from weatherhead.areas.records.models import AuditEntry, Receipt, WorkItem

    use(name)
    said = [f"runs: {[run.state for run in BillRun._default_manager.all()]}"]
    said += [f"{model.__name__}: {model._default_manager.count()}" for model in (BillRunShard, Receipt, WorkItem)]
    performed = AuditEntry._default_manager.filter(kind="performed").order_by("action")
    said.append(f"performed: {list(performed.values_list('action', flat=True))}")
    connection.close()
    return "\n" + "\n".join(said)


@contextmanager
def prepared(vendor: str, size: Size) -> Iterator[Prepared]:
    """Start the server, prepare the town, and bill it undisturbed once."""
    chance = random.Random(size.seed)
    behind = [(chance.uniform(0, BEHIND_SECONDS), chance.randrange(2)) for _ in range(size.rounds)]
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weatherhead-races-")))
        server: Any = None
        url = f"sqlite:///{top / 'base.sqlite3'}"
        if vendor == "postgresql":
            from scripts.postgres import CrashableServer

            server = stack.enter_context(CrashableServer.running())
            server.execute("CREATE DATABASE weatherhead_base")
            url = url_of(server.url, "weatherhead_base")
        set_up(url=url, directory=top / "here")
        store = Store(vendor=vendor, directory=top, server=server)
        today = read_town(store, accounts=size.accounts)
        shard_accounts = size.shard_accounts
        expected, [alone] = raced(store, today=today, shard_accounts=shard_accounts, behind=[0.0])
        if alone.get("refused") != []:
            raise RuntimeError(f"one alone: {alone}")

        def run(number: int) -> Mapping[str, Any]:
            seconds, late = behind[number - 1]
            delays = (0.0, seconds) if late else (seconds, 0.0)
            found, told = raced(store, today=today, shard_accounts=shard_accounts, behind=delays)
            return asdict(_race(number, seconds=seconds, told=told, difference=_difference(found, expected)))

        yield Prepared(run=run)


def _difference(found: str, expected: str) -> str:
    return "" if found == expected else f"the end differs: {first_difference(found, expected)}"


def _race(number: int, *, seconds: float, told: Sequence[Mapping[str, Any]], difference: str) -> Race:
    problems = [difference] if difference else []
    if broke := [str(one["broke"]) for one in told if "broke" in one]:
        return Race(
            number=number, behind_ms=seconds * 1000, started_by="", released_by="", shards=[], problems=problems + broke
        )
    refused = sorted(name for one in told for name in one["refused"])
    if refused != REFUSED:
        problems.append(f"refused were {refused}")
    started, released = ([place for place, one in enumerate(told) if one[what]] for what in ("started", "released"))
    if (len(started), len(released)) != (1, 1):
        problems.append(f"started by {started}, released by {released}")
    return Race(
        number=number,
        behind_ms=round(seconds * 1000, 1),
        started_by=", ".join("AB"[place] for place in started),
        released_by=", ".join("AB"[place] for place in released),
        shards=[int(one["shards"]) for one in told],
        problems=problems,
    )


def page(tallies: Mapping[str, Tally]) -> list[str]:
    """The page for docs/campaigns."""
    size = next(iter(tallies.values())).size
    text = [
        "# Campaign: two runs of one cycle at once",
        "",
        "Two people in processes of their own, A and B, start the same cycle at the same moment, one of them up to",
        f"{BEHIND_SECONDS * 1000:.0f} ms behind; both try it out, both let it be issued at the same moment, both",
        "issue it. Of each two starts and each two releases one is refused by its name. The end is compared with that",
        "of one person's run that a second released, undisturbed: every bill, segment, line, entry, balance, exception",
        "and shard, and the number of runs, receipts, work items and audit entries; and the books are checked.",
        "`make campaign` runs it (`tests/campaign/bill_run_races.py`); `make test` lets twenty starts race, and one of",
        "them to the end.",
        "",
        "| database | race | behind | started | released | pieces issued by A, B | the end |",
        "| --- | ---: | ---: | --- | --- | ---: | --- |",
    ]
    text += [
        f"| {SERVERS[vendor]} | {one['number']} | {one['behind_ms']:.1f} ms | {one['started_by']}"
        f" | {one['released_by']} | {', '.join(map(str, one['shards']))}"
        f" | {'; '.join(one['problems']) or 'one run’s effect'} |"
        for vendor, tally in tallies.items()
        for one in tally.rounds
    ]
    took = "; ".join(f"{SERVERS[vendor]} {told_of(tally)}" for vendor, tally in tallies.items())
    return [
        *text,
        "",
        f"{size['accounts']} accounts in pieces of {size['shard_accounts']}; seed {size['seed']}. {took}.",
    ]


CAMPAIGN = Campaign(
    name="runs-at-once",
    module="tests.campaign.bill_run_races",
    about=__doc__,
    size=Size(rounds=20, accounts=240, shard_accounts=12, seed=2026),
    prepared=prepared,
    page=page,
)


if __name__ == "__main__":
    sys.exit(main(CAMPAIGN))

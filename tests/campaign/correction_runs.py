"""Correct everyone's bills at once, for a rate that was wrong, while what does it is killed: the end is the same.

    python -m tests.campaign.correction_runs                                 every round on both databases
    python -m tests.campaign.correction_runs --database sqlite --rounds 1    fewer, on one; nothing is kept

A utility of 10,000 residential accounts is billed for three months on a rate book whose customer charge is too low and
whose energy is too dear, so that some owe more and others are owed. The rate book is put right; one person has the
correction tried, a second releases it, two workers do both. That is done once undisturbed, and then on copies whose
workers are killed (SIGKILL) after random times. Every bill, segment, line, entry, posting, corrected period, balance
and shard is compared with the undisturbed run's, row by row, and the books are checked.

It goes on where it was interrupted (progress is kept below var/campaigns) and writes docs/campaigns/correction-runs.md.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.campaign.bill_run_kills import Store, is_alive, kill, use, wait_for, worker_process
from tests.campaign.installed import set_up, url_of
from tests.campaign.kept import ROOT
from tests.campaign.rounds import SERVERS, Campaign, Prepared, Size, Tally, main, told_of

if TYPE_CHECKING:
    from tests.house import House

MONTHS = 3
KILLS = 20
"""Workers killed in a round, as far as the run lasts: half of them while it is tried, half while it is issued."""
LEASE = timedelta(seconds=5)
SPREAD = 1.6
"""Twice the part of an undisturbed stage's time that the kills of a stage take, on the average."""
IDLE_SECONDS = 0.02
WRONG = (('price: "6.50"', 'price: "2.50"'), ('price: "0.0586"', 'price: "0.0626"'))
"""What stood in the rate book, and what should have: the customer charge, and energy from October to May."""
LONG = 300
"""A row of more letters is compared by its beginning and its digest."""
RESIDENTIAL = "residential-r1.yaml"
STAGES = {"try": "tried", "issue": "issued"}


def wrong_utility(directory: Path) -> Path:
    """The demo's utility with the wrong rate; its settings file."""
    for name in ("examples", "tariffs", "jobs", "regulations"):
        shutil.copytree(ROOT / name, directory / name)
    path = directory / "tariffs" / "prairie-city" / RESIDENTIAL
    text = path.read_text(encoding="utf-8")
    for right, wrong in WRONG:
        if right not in text:
            raise RuntimeError(f"{path.name} has no {right}")
        text = text.replace(right, wrong)
    path.write_text(text, encoding="utf-8")
    return directory / "examples" / "prairie-city" / "utility.yaml"


def put_rate_right(directory: Path) -> None:
    """Bring the right rate into that utility's rate book."""
    shutil.copyfile(ROOT / "tariffs" / "prairie-city" / RESIDENTIAL, directory / "tariffs/prairie-city" / RESIDENTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """A correction run that waits in a prepared database: its day, its number."""

    store: Store
    today: date
    run_id: int
    lease: timedelta = LEASE

    def work(self, until: str, name: str, worker: str, /) -> None:
        """Be a worker until the run stands so. Runs in a process of its own."""
        from django.db import OperationalError

        from weatherhead.door.context import Moment
        from weatherhead.door.worker import Hands, settle_memory

        use(name)
        settle_memory()
        hands = Hands(
            worker=worker,
            clock=lambda: Moment(at=datetime.now(UTC), as_of=self.today),
            lease=self.lease,
            reach=True,
        )
        while True:
            try:
                if hands.work_once() is not None:
                    continue
                if self.is_over(until):
                    return
            except OperationalError:
                use(name)
            time.sleep(IDLE_SECONDS)

    def is_over(self, until: str) -> bool:
        """Whether the run stands so, or the queue has given a piece of it up."""
        from weatherhead.areas.billing.models import BillRun
        from weatherhead.areas.records.models import WorkItem

        reached = BillRun._default_manager.filter(pk=self.run_id, state=until).exists()
        return reached or WorkItem._default_manager.filter(state="failed").exists()

    def release(self, name: str) -> None:
        """A second person lets it be issued."""
        from django.db import connection

        from tests.house import House

        use(name)
        House(today=self.today).do("release_bill_run", by="alvarez", run_id=self.run_id, key="release")
        connection.close()

    def undisturbed(self) -> tuple[dict[str, list[str]], dict[str, float]]:
        """What it comes to when nobody is killed, and the seconds of both stages."""
        name, seconds = self.store.copy(), {}
        for stage, until in STAGES.items():
            begun = time.monotonic()
            work = partial(self.work, until)
            with worker_process(name, "a", work=work) as one, worker_process(name, "b", work=work) as two:
                wait_for(one)
                wait_for(two)
            seconds[stage] = time.monotonic() - begun
            if stage == "try":
                self.release(name)
        found = rows_of(name)
        self.store.drop(name)
        return found, seconds

    def under_fire(
        self, *, chance: random.Random, kills: int, seconds: Mapping[str, float]
    ) -> tuple[dict[str, list[str]], dict[str, int]]:
        """The same, while workers are killed after random times; also how many were killed in each stage."""
        name, killed = self.store.copy(), {}
        for stage, until in STAGES.items():
            wanted = kills // 2 if stage == "try" else kills - kills // 2
            gap = SPREAD * seconds[stage] / wanted
            killed[stage] = self._stage_under_fire(name, until=until, chance=chance, kills=wanted, gap=gap)
            if stage == "try":
                self.release(name)
        found = rows_of(name)
        self.store.drop(name)
        return found, killed

    def _stage_under_fire(self, name: str, *, until: str, chance: random.Random, kills: int, gap: float) -> int:
        """Let two workers do a stage; those killed are replaced at once. How many were killed before it was over."""
        work, killed = partial(self.work, until), 0
        with ExitStack() as stack:
            alive = [stack.enter_context(worker_process(name, f"w{number}", work=work)) for number in range(2)]
            while killed < kills:
                time.sleep(chance.uniform(0, gap))
                victim = chance.choice(alive)
                if not is_alive(victim):
                    break
                kill(victim)
                killed += 1
                alive.remove(victim)
                alive.append(stack.enter_context(worker_process(name, f"w{killed + 1}", work=work)))
            for pid in alive:
                wait_for(pid)
        return killed


ROWS = {
    "bills": "SELECT bill.account_id, bill.issued_on, bill.kind, bill.due_on, bill.total_cents, bill.corrects_id,"
    " bill.run_id, CASE WHEN bill.entry_id IS NULL THEN 0 ELSE 1 END, length(bill.payload_sha256),"
    """ replace(bill.payload, '"number":"' || bill.number || '"', '"number":"-"')"""
    " FROM billing_bill AS bill ORDER BY 1, 2, bill.id",
    "segments": "SELECT bill.account_id, bill.issued_on, segment.agreement_id, segment.start_on, segment.end_on,"
    " CASE WHEN segment.active THEN 1 ELSE 0 END, later.issued_on, later.account_id, segment.schedule,"
    " segment.schedule_sha256, segment.energy_wh, segment.demand_w_max, segment.amount_cents, segment.determinants"
    " FROM billing_billsegment AS segment JOIN billing_bill AS bill ON bill.id = segment.bill_id"
    " LEFT JOIN billing_bill AS later ON later.id = segment.cancelled_by_id ORDER BY 1, 2, 3, 4",
    "lines": "SELECT bill.account_id, bill.issued_on, segment.agreement_id, segment.start_on, line.sequence, price.key,"
    " line.start_on, line.end_on, line.quantity, line.numerator, line.denominator, line.amount_cents"
    " FROM billing_billline AS line JOIN billing_billsegment AS segment ON segment.id = line.segment_id"
    " JOIN billing_bill AS bill ON bill.id = segment.bill_id JOIN billing_lineprice AS price ON price.id ="
    " line.price_id ORDER BY 1, 2, 3, 4, 5",
    # The entries of an account come in the order of their numbers; those of others may stand between them.
    "postings": "SELECT owner.account_id, entry.kind, entry.effective_on, entry.reason, entry.state, entry.reverses_id,"
    " entry.posting_count, posting.sequence, posting.ledger_account, posting.account_id, posting.amount_cents,"
    " posting.due_on, posting.charge, posting.matches_entry_id, posting.matches_sequence"
    " FROM ledger_ledgerposting AS posting JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id"
    " JOIN (SELECT entry_id, min(account_id) AS account_id FROM ledger_ledgerposting WHERE account_id IS NOT NULL"
    " GROUP BY entry_id) AS owner ON owner.entry_id = entry.id ORDER BY 1, entry.id, posting.sequence",
    "corrected periods": "SELECT period.account_id, period.agreement_id, period.replaces_id, bill.issued_on,"
    " bill.account_id, period.was_start_on, period.was_end_on, period.start_on, period.end_on, period.before_cents,"
    " period.after_cents, period.due_on, period.cause FROM billing_correctedperiod AS period"
    " LEFT JOIN billing_bill AS bill ON bill.id = period.bill_id ORDER BY 1, 2, 6",
    "balances": "SELECT account_id, ledger_account, balance_cents FROM ledger_runningbalance ORDER BY 1, 2",
    "shards": "SELECT run_id, stage, number, accounts, CASE WHEN done_at IS NULL THEN 0 ELSE 1 END, outcome"
    " FROM billing_billrunshard ORDER BY 1, 2, 3",
    "runs": "SELECT id, state, accounts, shards, issued_on FROM billing_billrun ORDER BY 1",
    "audit entries": "SELECT kind, action, count(*) FROM records_auditentry GROUP BY kind, action ORDER BY 1, 2",
    "receipts": "SELECT action, outcome, count(*) FROM records_receipt GROUP BY action, outcome ORDER BY 1, 2",
    "prices": "SELECT key, code, label FROM billing_lineprice ORDER BY 1",
    "given up": "SELECT kind, last_error FROM records_workitem WHERE state = 'failed' ORDER BY id",
}
"""All that is compared, without the numbers that the database gives out as things happen."""


def rows_of(name: str) -> dict[str, list[str]]:
    """Every row of a database that the run may touch, by what it is, and what the books' check finds."""
    from django.db import connection

    from weatherhead.areas.ledger.check import check
    from weatherhead.interfaces.cli.ledger import extra_checkers

    use(name)
    found = {}
    with connection.cursor() as cursor:
        for what, statement in ROWS.items():
            cursor.execute(statement)
            found[what] = [_text(row) for row in cursor]
    found["faults of the books"] = [finding.sentence for finding in check(extra=extra_checkers()).findings]
    connection.close()
    return found


def _text(row: object) -> str:
    """A row as text; a long one by its beginning and digest, so that a database's rows fit into memory."""
    text = repr(row)
    if len(text) <= LONG:
        return text
    return f"{text[: LONG // 2]}… {hashlib.sha256(text.encode()).hexdigest()}"


def differences(found: Mapping[str, Sequence[str]], expected: Mapping[str, Sequence[str]]) -> list[str]:
    """The first row of each kind that is not as it should be, and whatever the books' check says."""
    told = [f"the books: {said}" for said in found["faults of the books"][:3]]
    for what, rows in expected.items():
        if found[what] != rows:
            pairs = zip(found[what], rows, strict=False)
            first = next((f"{one[:300]} | {two[:300]}" for one, two in pairs if one != two), "one has more")
            told.append(f"{what}, {len(found[what])} for {len(rows)}: {first}")
    return told


def bill_months(*, accounts: int, months: int, shard_accounts: int) -> House:
    """Read and bill everyone for some months, in this process. The house on the last of their days."""
    from tests.bench.bill_run import CYCLE, DAYS, FIRST_DAY, fill, read_meters, staff
    from tests.house import House, moment
    from weatherhead.door.worker import work_once

    fill(accounts=accounts)
    staff()
    house = House(today=FIRST_DAY)

    def work_off() -> None:
        while work_once(worker="monthly", clock=lambda: moment(house.today)) is not None:
            pass

    for month in range(1, months + 1):
        house.pass_days(DAYS)
        read_meters(accounts=accounts, month=month)
        shards = {"cycle": CYCLE, "shard_accounts": shard_accounts}
        run_id = house.made("start_bill_run", "bill_run", by="okafor", **shards)
        work_off()
        house.do("release_bill_run", by="alvarez", run_id=run_id)
        work_off()
    return house


def start(store: Store, *, directory: Path, size: Size, lease: timedelta, migrated: Path | None) -> Correcting:
    """Make the utility, bill it wrongly, put the rate right, and start its correction. Nobody is connected then."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench.bill_run import FIRST_DAY

    use(store.base)
    if migrated is None:
        call_command("migrate", verbosity=0)
    else:
        from tests.migrated import bring_migrated

        bring_migrated(migrated, name=store.base)
    house = bill_months(accounts=size.accounts, months=MONTHS, shard_accounts=size.shard_accounts * 4)
    put_rate_right(directory)
    house.pass_days(9)
    run_id = house.made(
        "start_correction_run", "bill_run", by="okafor", schedule="R-1", cause="price", from_on=FIRST_DAY,
        reason="The rate book had the rates of the draft", shard_accounts=size.shard_accounts,
    )  # fmt: skip
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Correcting(store=store, today=house.today, run_id=run_id, lease=lease)


@contextmanager
def prepared(
    vendor: str, size: Size, *, kills: int = KILLS, lease: timedelta = LEASE, migrated: Path | None = None
) -> Iterator[Prepared]:
    """Start the server, prepare the utility, and correct it undisturbed once."""
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="weatherhead-corrections-")))
        server: Any = None
        url = f"sqlite:///{top / 'base.sqlite3'}"
        if vendor == "postgresql":
            from scripts.postgres import CrashableServer

            server = stack.enter_context(CrashableServer.running())
            server.execute("CREATE DATABASE weatherhead_base")
            url = url_of(server.url, "weatherhead_base")
        os.environ["WEATHERHEAD_UTILITY"] = str(wrong_utility(top / "utility"))
        set_up(url=url, directory=top / "here")
        store = Store(vendor=vendor, directory=top, server=server)
        correcting = start(store, directory=top / "utility", size=size, lease=lease, migrated=migrated)
        expected, seconds = correcting.undisturbed()
        if found := problems_of(expected, accounts=size.accounts):
            raise RuntimeError(f"undisturbed: {found}")

        def run(number: int) -> Mapping[str, Any]:
            chance = random.Random(f"{size.seed} {vendor} {number}")
            begun = time.monotonic()
            found, killed = correcting.under_fire(chance=chance, kills=kills, seconds=seconds)
            return {
                "number": number,
                "killed": killed,
                "seconds": round(time.monotonic() - begun, 1),
                "problems": differences(found, expected),
            }

        rows = {what: len(rows) for what, rows in expected.items()}
        yield Prepared(run=run, facts={"seconds": seconds, "rows": rows})


def problems_of(rows: Mapping[str, Sequence[str]], *, accounts: int) -> list[str]:
    """What is wrong with an undisturbed run: each account has one corrected bill for all its months, once."""
    told = [*rows["faults of the books"][:3], *rows["given up"][:3]]
    wanted = {
        "bills": accounts * (MONTHS + 1),
        "segments": accounts * MONTHS * 2,
        "corrected periods": accounts * MONTHS,
    }
    told += [f"{len(rows[what])} {what}, not {count}" for what, count in wanted.items() if len(rows[what]) != count]
    return told


def page(tallies: Mapping[str, Tally]) -> list[str]:
    """The page for docs/campaigns."""
    size = next(iter(tallies.values())).size
    accounts = size["accounts"]
    text = [
        "# Campaign: everyone's bills corrected under fire",
        "",
        f"{accounts:,} residential accounts were billed for {MONTHS} months on a rate book whose customer charge was",
        "too low and whose energy was too dear; it was put right, the correction tried, released by a second person",
        f"and issued, by two workers in shards of {size['shard_accounts']}. Then the same on copies whose workers are",
        "killed (SIGKILL) after random times, while it is tried and while it is issued. Every bill, segment, line,",
        "posting with its entry, corrected period, balance, shard, price, receipt and audit entry is compared with the",
        "undisturbed run's, row by row, and the books are checked. `make campaign` runs it",
        "(`tests/campaign/correction_runs.py`); it goes on where it was interrupted.",
        "",
        "| database | tried in | issued in | accounts/s of both | rounds | killed trying + issuing | wrong | rows |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for vendor, tally in tallies.items():
        seconds = tally.facts["seconds"]
        killed = [sum(one["killed"][stage] for one in tally.rounds) for stage in STAGES]
        text.append(
            f"| {SERVERS[vendor]} | {seconds['try']:.0f} s | {seconds['issue']:.0f} s"
            f" | {accounts / sum(seconds.values()):,.0f} | {len(tally.rounds)} | {killed[0]} + {killed[1]}"
            f" | {len(tally.wrong)} | {sum(tally.facts['rows'].values()):,} |"
        )
    text += [
        f"- {SERVERS[vendor]}, round {one['number']}: {'; '.join(one['problems'])}"
        for vendor, tally in tallies.items()
        for one in tally.wrong
    ]
    took = "; ".join(f"{SERVERS[vendor]} {told_of(tally)}" for vendor, tally in tallies.items())
    return [*text, "", f"Seed {size['seed']}. {took}."]


CAMPAIGN = Campaign(
    name="correction-runs",
    module="tests.campaign.correction_runs",
    about=__doc__,
    size=Size(rounds=2, accounts=10_000, shard_accounts=250, seed=2026),
    prepared=prepared,
    page=page,
)


if __name__ == "__main__":
    sys.exit(main(CAMPAIGN))

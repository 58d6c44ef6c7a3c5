"""A town that waits for its bill run, and workers as they run in production: for campaigns on real disks and networks.

What needs a disk or a network of its own happens in namespaces of its own (Linux, as root), so that nothing of it is
left on the machine however it ends.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.campaign.bill_run_kills import Store, use
from tests.campaign.kept import ROOT

START_SECONDS, STOP_SECONDS = 300.0, 120.0
_INSIDE = "WEATHERHEAD_CAMPAIGN_NAMESPACES"


def in_namespaces(*kinds: str) -> None:
    """Start this program anew in namespaces of its own (``mount``, ``net`` …), unless it is there already.

    Raises:
        SystemExit: this machine has none; says what is needed.
    """
    if os.environ.get(_INSIDE):
        return
    tried = subprocess.run(["unshare", *(f"--{kind}" for kind in kinds), "true"], capture_output=True, check=False)
    if os.geteuid() != 0 or tried.returncode:
        raise SystemExit(f"needs Linux's namespaces ({', '.join(kinds)}), and root: run it in a virtual machine")
    os.environ[_INSIDE] = "1"
    sys.stdout.flush()
    module = sys.modules["__main__"].__spec__
    name = module.name if module is not None else sys.argv[0]
    program = [sys.executable, "-m", name, *sys.argv[1:]]
    os.execvp("unshare", ["unshare", *(f"--{kind}" for kind in kinds), *program])  # noqa: S606


def set_up(*, url: str, directory: Path) -> None:
    """Load Django on a database."""
    os.environ |= settings(url=url, var=directory)
    import logging

    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from weatherhead.actions import load_actions

    load_actions()


def settings(*, url: str, var: Path) -> dict[str, str]:
    """The environment of an installation of its own."""
    return {
        "DATABASE_URL": url,
        "WEATHERHEAD_VAR": str(var),
        "WEATHERHEAD_DEBUG": "1",
        "WEATHERHEAD_LOG": "json",
        "WEATHERHEAD_DISK_FREE_MIN_MB": "0",
        "WEATHERHEAD_SECRET_KEY": "only for a campaign, and long enough to please every check of the settings",
        "WEATHERHEAD_KEYS": "campaign:" + base64.urlsafe_b64encode(bytes(32)).decode(),
        "DJANGO_SETTINGS_MODULE": "weatherhead.config.settings",
    }


def url_of(url: str, name: str) -> str:
    """The URL of another database of the same kind."""
    return f"sqlite:///{name}" if url.startswith("sqlite") else f"{url.rpartition('/')[0]}/{name}"


def read_town(store: Store, *, accounts: int) -> date:
    """Make a utility whose meters are read and not billed. Returns the day on which they can be."""
    from django.core.management import call_command

    from tests.bench.bill_run import DAYS, FIRST_DAY, fill, read_meters, staff

    use(store.base)
    call_command("migrate", verbosity=0)
    fill(accounts=accounts)
    staff()
    read_meters(accounts=accounts, month=1)
    _let_go()
    return FIRST_DAY + timedelta(days=DAYS)


def prepare(store: Store, *, accounts: int, shard_accounts: int) -> date:
    """Make a utility whose run is tried and waits for release. Returns the day after, the day of the workers."""
    from tests.bench.bill_run import CYCLE
    from tests.house import House, moment
    from weatherhead.door.worker import work_once

    house = House(today=read_town(store, accounts=accounts))
    use(store.base)
    house.made("start_bill_run", "bill_run", by="okafor", cycle=CYCLE, shard_accounts=shard_accounts)
    while work_once(worker="trial", clock=lambda: moment(house.today)) is not None:
        pass
    _let_go()
    return house.today + timedelta(days=1)


def _let_go() -> None:
    """Leave the database in one file, connected to by nobody, so that it can be copied."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def release(name: str) -> None:
    """A second person lets the run of a database be issued."""
    from django.db import connection

    from tests.bench.bill_run import DAYS, FIRST_DAY
    from tests.house import House
    from weatherhead.areas.billing.models import BillRun

    use(name)
    house = House(today=FIRST_DAY + timedelta(days=DAYS))
    house.do("release_bill_run", by="alvarez", run_id=BillRun._default_manager.get().pk, key="release")
    connection.close()


class Worker:
    """``weatherhead worker`` in a process and an environment of its own: home, directory, temporary files, settings."""

    def __init__(self, *, name: str, url: str, today: date, top: Path, entering: Sequence[str] = ()) -> None:
        """Start it. `entering` goes before the command: what it enters first."""
        self.directory = top / name
        places = {"HOME": "home", "TMPDIR": "tmp", "WEATHERHEAD_VAR": "var"}
        if self.directory.exists():
            shutil.rmtree(self.directory)
        for place in places.values():
            (self.directory / place).mkdir(parents=True)
        self.log = self.directory / "log"
        environment = settings(url=url, var=self.directory / "var") | {
            **{variable: str(self.directory / place) for variable, place in places.items()},
            "WEATHERHEAD_TODAY": today.isoformat(),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }
        command = [*entering, sys.executable, "-m", "weatherhead.interfaces.cli.main", "worker"]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command, cwd=self.directory, env=environment, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def runs(self) -> bool:
        """Whether it did not end."""
        return self._process.poll() is None

    def told(self) -> list[Mapping[str, Any]]:
        """The lines of its log so far; what is no JSON comes under ``stray``."""
        found: list[Mapping[str, Any]] = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"event": "stray", "stray": line})
        return found

    def wait_until_started(self) -> None:
        """Wait until it looks for work.

        Raises:
            RuntimeError: it ended, or took too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while not any(line["event"] == "worker started" for line in self.told()):
            if not self.runs or time.monotonic() > deadline:
                raise RuntimeError(f"the worker did not start: {self.log.read_text()}")
            time.sleep(0.02)

    def stop(self) -> int:
        """End it as systemd does; returns its exit code. Killed, and -9, when it does not end."""
        if self.runs:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def half_written() -> list[str]:
    """What of the run of the database in use is there in part, and what is wrong with the books; of one instant."""
    from weatherhead.areas.billing.models import Bill, BillRun, BillRunShard
    from weatherhead.areas.ledger.check import check
    from weatherhead.areas.records.database import snapshot
    from weatherhead.interfaces.cli.ledger import extra_checkers

    with snapshot():
        run = BillRun._default_manager.get()
        found = []
        for shard in BillRunShard._default_manager.filter(stage="issue"):
            issued = Bill._default_manager.filter(issued_on=run.issued_on, account_id__gte=shard.first_account_id)
            bills = issued.filter(account_id__lte=shard.last_account_id).count()
            due = shard.outcome["bills"] if shard.done_at is not None else 0
            if bills != due:
                found.append(f"shard {shard.number} has {bills} bills, not {due}")
        return found + [finding.sentence for finding in check(extra=extra_checkers()).findings]

"""A few kills of the campaign: workers that die while they issue a bill run leave it as if they had lived."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests.campaign.bill_run_kills import main
from tests.forks import ROOT, in_a_fork
from tests.migrated import keep_migrated

KILLS = "5"


@pytest.fixture
def migrated(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[str]:
    """The tables of the test database, in a file."""
    with django_db_blocker.unblock():
        yield str(keep_migrated(tmp_path / "migrated"))


def _campaign(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A batch of the campaign, in a process as it has one there: its workers are forks of that."""

    def batch() -> int:
        sys.argv = ["bill_run_kills", "--kills", KILLS, *arguments]
        return main()

    told = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    return in_a_fork(batch, environment=told, seconds_max=300)


@pytest.mark.sqlite
@pytest.mark.slow
def test_killed_workers_on_sqlite(migrated: str) -> None:
    done = _campaign("--database", "sqlite", "--migrated", migrated)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} workers and 0 servers killed" in done.stdout


@pytest.mark.postgres
@pytest.mark.slow
def test_killed_workers_and_servers_on_postgresql(migrated: str) -> None:
    done = _campaign("--database", "postgresql", "--server-kills", "2", "--migrated", migrated)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} workers and 2 servers killed" in done.stdout

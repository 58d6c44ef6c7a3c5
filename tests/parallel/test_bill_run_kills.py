"""A few kills of the campaign: workers that die while they issue a bill run leave it as if they had lived."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

KILLS = "5"


def _campaign(*arguments: str) -> subprocess.CompletedProcess[str]:
    told = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    return subprocess.run(
        [sys.executable, "-m", "tests.campaign.bill_run_kills", "--kills", KILLS, *arguments],
        cwd=ROOT,
        env=told | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.sqlite
@pytest.mark.slow
def test_killed_workers_on_sqlite() -> None:
    done = _campaign("--database", "sqlite")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} workers and 0 servers killed" in done.stdout


@pytest.mark.postgres
@pytest.mark.slow
def test_killed_workers_and_servers_on_postgresql() -> None:
    done = _campaign("--database", "postgresql", "--server-kills", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{KILLS} workers and 2 servers killed" in done.stdout

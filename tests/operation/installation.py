"""A right environment, and a process that is started in it, or forked for it."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.forks import ROOT, SECONDS_MAX, in_a_fork
from weatherhead.interfaces.cli.main import main

SECRET_KEY = "q7Zt-9wPz1_LmN3bVx8cKd5fGh2jRs6uYe4aTo0i"
KEYS = "k1:" + base64.urlsafe_b64encode(bytes(range(32))).decode()


def right(var: Path, **changed: str) -> dict[str, str]:
    """An environment without a fault, with some variables changed; an empty one is taken away."""
    named = {
        "WEATHERHEAD_VAR": str(var),
        "WEATHERHEAD_SECRET_KEY": SECRET_KEY,
        "WEATHERHEAD_KEYS": KEYS,
        "DATABASE_URL": f"sqlite:///{var / 'books.sqlite3'}",
        **changed,
    }
    return {name: value for name, value in named.items() if value}


def weatherhead(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command line as an operator does, in an environment of its own."""
    return subprocess.run(
        [sys.executable, "-m", "weatherhead.interfaces.cli.main", *arguments],
        env=_whole(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )


def _whole(environment: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200", **environment}


def forked(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The same in a fork of this process, for a tenth of the time."""

    def command() -> int:
        sys.argv = ["weatherhead", *arguments]
        return main()

    return in_a_fork(command, environment=_whole(environment))

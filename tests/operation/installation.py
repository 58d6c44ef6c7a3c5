"""A right environment, and a process that is started in it, or forked for it."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn

from django.conf import settings
from django.db import connections
from django.test.signals import setting_changed
from django.utils.functional import empty

from weatherhead.interfaces.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "q7Zt-9wPz1_LmN3bVx8cKd5fGh2jRs6uYe4aTo0i"
SECONDS_MAX = 120
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
    """The same in a fork of this process, for a tenth of the time: nothing is loaded twice.

    It is a process of its own that reads its settings from its environment, connects to its database and exits with
    its code; only modules, and what they remember of files, are this one's. No other thread may run meanwhile.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with warnings.catch_warnings():
            # Python 3.12 and later warn of any thread: a test runner's own waits for its next order, and holds nothing.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _run(arguments, environment=environment, output=output, errors=errors)
        code = _waited_for(pid)
        output.seek(0)
        errors.seek(0)
        said, complained = output.read().decode(), errors.read().decode()
    return subprocess.CompletedProcess(args=arguments, returncode=code, stdout=said, stderr=complained)


def _run(
    arguments: Sequence[str, ...], *, environment: Mapping[str, str], output: IO[bytes], errors: IO[bytes]
) -> NoReturn:
    """In the fork: be the command, and end."""
    code = 1
    try:
        for file, number, name in ((output, 1, "stdout"), (errors, 2, "stderr")):
            os.dup2(file.fileno(), number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        sys.argv = ["weatherhead", *arguments]
        os.chdir(ROOT)
        _become(_whole(environment))
        code = main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


_inherited: list[Any] = []
"""Connections of the process that was forked: never used here, and never closed, which would end its own."""


def _become(environment: Mapping[str, str]) -> None:
    """Forget the environment, and all that was made from it; each is made anew when it is asked for."""
    os.environ.clear()
    os.environ.update(environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "weatherhead.config.settings"
    sys.modules.pop("weatherhead.config.settings", None)
    settings._wrapped = empty
    _inherited.extend(connections.all(initialized_only=True))
    connections.__init__()
    vars(connections).pop("settings", None)
    for name in ("INSTALLED_APPS", "PASSWORD_HASHERS", "STORAGES"):  # what Django keeps of these
        setting_changed.send(sender=None, setting=name, value=None, enter=True)


def _waited_for(pid: int) -> int:
    """The exit code of a fork, which is killed when it takes too long."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)

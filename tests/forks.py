"""Processes of their own for tests, forked from this one: what is loaded here is not loaded again there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn

from django.conf import settings
from django.db import connections
from django.test.signals import setting_changed
from django.utils.functional import empty

ROOT = Path(__file__).resolve().parents[1]
SECONDS_MAX = 120


def in_a_fork(
    call: Callable[[], int], *, environment: Mapping[str, str], seconds_max: int = SECONDS_MAX
) -> subprocess.CompletedProcess[str]:
    """Make a call in a fork, with an environment and nothing else of its own; its result is the exit code.

    The fork reads its settings from its environment and connects to its own database. Only modules, and what they
    remember of files, are this process's. No other thread of a test may run meanwhile.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        with warnings.catch_warnings():
            # Python 3.12 and later warn of any thread: a test runner's own waits for its next order, and holds nothing.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _be(call, environment=environment, output=output, errors=errors)
        code = _waited_for(pid, seconds_max=seconds_max)
        output.seek(0)
        errors.seek(0)
        said, complained = output.read().decode(), errors.read().decode()
    return subprocess.CompletedProcess(args=(), returncode=code, stdout=said, stderr=complained)


def _be(call: Callable[[], int], *, environment: Mapping[str, str], output: IO[bytes], errors: IO[bytes]) -> NoReturn:
    """In the fork: make the call, and end."""
    code = 1
    try:
        for file, number, name in ((output, 1, "stdout"), (errors, 2, "stderr")):
            os.dup2(file.fileno(), number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
        os.chdir(ROOT)
        _begin_anew(environment)
        code = call()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


_inherited: list[Any] = []
"""Connections of the process that was forked: never used in the fork, and never closed, which would end them there."""


def _begin_anew(environment: Mapping[str, str]) -> None:
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


def _waited_for(pid: int, *, seconds_max: int) -> int:
    """The exit code of a fork, which is killed when it takes too long."""
    until = time.monotonic() + seconds_max
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)

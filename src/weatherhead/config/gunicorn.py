"""Settings of the web server: ``gunicorn -c python:weatherhead.config.gunicorn weatherhead.config.wsgi``.

Everything that differs between machines comes from the environment: ``WEB_BIND``, ``WEB_WORKERS`` and ``WEB_THREADS``.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from weatherhead.config.logs import configure_logs

FAULTY = 2
_PORT_MAX = 65_535


def _number(name: str, default: int) -> int:
    """How many, at least one: gunicorn would listen with no process at all, and nobody would ever be answered."""
    text = os.environ.get(name, "")
    if text and not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        sys.stderr.write(f"weatherhead: {name}={text!r} is no number from 1 to 999: write {name}={default}.\n")
        sys.exit(FAULTY)
    return int(text or default)


def _place() -> str:
    text = os.environ.get("WEB_BIND", "") or "127.0.0.1:8000"
    port = re.fullmatch(r"(?:\[[0-9a-fA-F:]+\]|[\w.-]+):([0-9]{1,5})", text, re.ASCII)
    if not text.startswith("unix:/") and (port is None or int(port[1]) > _PORT_MAX):
        sys.stderr.write(f"weatherhead: WEB_BIND={text!r} is no place to listen: write WEB_BIND=127.0.0.1:8000.\n")
        sys.exit(FAULTY)
    return text


bind = _place()
workers = _number("WEB_WORKERS", 2 * (os.cpu_count() or 1))
threads = _number("WEB_THREADS", 4)  # pages wait for the database most of their time
worker_class = "gthread"
timeout = 60
graceful_timeout = 30
keepalive = 5
max_requests, max_requests_jitter = 5_000, 500
accesslog = None  # ours tells every request by its view; an address may hold a name
errorlog = "-"
logconfig_dict = configure_logs(form=os.environ.get("WEATHERHEAD_LOG") or "json")
preload_app = False  # so that a reload (HUP) takes up new code and rules, worker by worker
control_socket_disable = True  # its place would be one for all of a user's servers

_figures = Path(os.environ.get("WEATHERHEAD_VAR", "var")).absolute() / "metrics"


def on_starting(_server: Any) -> None:  # noqa: ANN401
    """Look at the whole installation once, before any process serves. A fault ends it here, with 2.

    In a process of its own: what this one has loaded, the workers of every later reload (HUP) would have from it, and
    would not take up new code.
    """
    looking = os.fork()
    if looking == 0:
        os._exit(_look())
    _, status = os.waitpid(looking, 0)
    if code := os.waitstatus_to_exitcode(status):
        sys.exit(code)
    # Figures of processes that are gone would be added up forever.
    shutil.rmtree(_figures, ignore_errors=True)
    _figures.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_figures)


def _look() -> int:
    """Load everything and look at it; what is wrong is said on standard error. Returns an exit code."""
    gc.disable()
    try:
        from weatherhead.config.starting import start_or_exit  # noqa: PLC0415

        start_or_exit()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stderr.flush()
    return 0


def post_fork(_server: Any, _worker: Any) -> None:  # noqa: ANN401
    """Put looking for garbage off while a worker loads: what is loaded stays."""
    gc.disable()


def post_worker_init(_worker: Any) -> None:  # noqa: ANN401
    """Look for garbage from here on, in what requests leave: not in what was loaded for them."""
    gc.freeze()
    gc.enable()


def child_exit(_server: Any, worker: Any) -> None:  # noqa: ANN401
    """Tell the figures that a process is gone."""
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

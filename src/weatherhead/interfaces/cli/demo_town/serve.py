"""Serving a built demo: the web server and a worker, both stopped together."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from weatherhead.core.values import Refusal, gettext_noop

HOST = "127.0.0.1"
_READY_SECONDS, _STOP_SECONDS, _LOOK_EVERY = 60.0, 10.0, 0.2
_LINES_SHOWN = 60


class PortTaken(Refusal):
    """Something else listens there."""

    template = gettext_noop(
        "Port %(port)s of %(host)s is in use. Stop what uses it, or choose another: weatherhead demo --port %(other)s"
    )


class ChildDied(Refusal):
    """Server or worker ended by itself."""

    template = gettext_noop("The %(name)s ended with exit code %(code)s. The end of %(log)s:\n%(end)s")


class NotReady(Refusal):
    """The server does not answer."""

    template = gettext_noop("The server has not answered within %(seconds)s seconds. See %(log)s.")


class _Stopped(Exception):
    """SIGTERM came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process that belongs to the demo, and the file that it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def require_port(port: int) -> None:
    """See that nothing listens on a port.

    Raises:
        PortTaken: something does, or the port may not be opened.
    """
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise PortTaken(port=port, host=HOST, other=8001 if port != 8001 else 8002) from error


def serve(*, environment: Mapping[str, str], port: int, logs: Path, ready: Callable[[], None]) -> None:
    """Run server and worker until SIGINT or SIGTERM; `ready` is called once the server answers.

    Raises:
        ChildDied, NotReady: as they say; whatever still runs is stopped first.
        KeyboardInterrupt: somebody pressed Ctrl+C.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _Stopped

    before = signal.signal(signal.SIGTERM, stop)
    children: list[Child] = []
    try:
        children.append(_start("server", _gunicorn(port), environment=environment, logs=logs))
        worker = [sys.executable, "-m", "weatherhead.interfaces.cli.main", "worker"]
        children.append(_start("worker", worker, environment=environment, logs=logs))
        _await_answer(port, children=children)
        ready()
        while True:
            _require_alive(children)
            time.sleep(_LOOK_EVERY)
    except _Stopped:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
        _stop(children)


def _gunicorn(port: int) -> list[str]:
    options = ["--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4", "--graceful-timeout", "5"]
    # The application is loaded once for both workers: nothing is reloaded while a demo runs.
    options.append("--preload")
    options.append("--no-control-socket")  # its place is one for all of a person's servers
    return [sys.executable, "-m", "gunicorn", *options, "--access-logfile", "-", "weatherhead.config.wsgi"]


def _start(name: str, command: list[str], *, environment: Mapping[str, str], logs: Path) -> Child:
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    cleared = {key: value for key, value in os.environ.items() if not key.startswith("WEATHERHEAD_")}
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own commands, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**cleared, **environment},
            # Ctrl+C reaches the demo alone, which then stops its children in order.
            start_new_session=True,
        )
    return Child(name=name, process=process, log=log)


def _await_answer(port: int, *, children: list[Child]) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        _require_alive(children)
        if _answers(port):
            return
        time.sleep(_LOOK_EVERY)
    raise NotReady(seconds=int(_READY_SECONDS), log=children[0].log)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _require_alive(children: list[Child]) -> None:
    for child in children:
        code = child.process.poll()
        if code is not None:
            end = child.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_SHOWN:]
            raise ChildDied(name=child.name, code=code, log=child.log, end="\n".join(end))


def _stop(children: list[Child]) -> None:
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    until = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

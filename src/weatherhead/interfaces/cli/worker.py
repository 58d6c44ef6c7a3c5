"""``weatherhead worker``: do the work that waits in the queue, and sign the audit log now and then."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time
from types import FrameType

import structlog
from django.utils.translation import gettext

from weatherhead.areas.records.queries.audit import sign_root
from weatherhead.door.worker import settle_memory, work_once
from weatherhead.interfaces.cli.audit import roots_directory
from weatherhead.interfaces.cli.setting import present_moment

IDLE_SECONDS = 1.0
SIGN_EVERY_SECONDS = 300
_NAME_LENGTH_MAX = 120
log = structlog.get_logger("weatherhead.worker")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``worker`` to the command line."""
    worker = subparsers.add_parser(
        "worker",
        help=gettext("do the work that waits in the queue"),
        description=gettext("Runs until it is stopped; any number of workers on any number of hosts share the queue."),
    )
    worker.add_argument("--once", action="store_true", help=gettext("stop when nothing waits"))
    worker.add_argument(
        "--name", type=_name, default=f"{socket.gethostname()}:{os.getpid()}", help=gettext("this worker's name")
    )
    worker.set_defaults(run=run)


def _name(text: str) -> str:
    """Who holds an item, as the queue keeps it."""
    if not text.isprintable() or not 1 <= len(text) <= _NAME_LENGTH_MAX:
        said = gettext("a worker's name has 1 to %(most)s characters on one line") % {"most": _NAME_LENGTH_MAX}
        raise argparse.ArgumentTypeError(said)
    return text


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``worker`` command; returns the exit code. SIGTERM ends it after the item in hand."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signed_at = 0.0
    settle_memory()
    log.info("worker started", worker=args.name)
    while not stopping:
        item = work_once(worker=args.name, clock=present_moment)
        if item is not None:
            log.info("work item done", item=item.item_id, kind=item.kind, attempts=item.attempts)
            continue
        if time.monotonic() - signed_at > SIGN_EVERY_SECONDS or args.once:
            sign_root(roots=roots_directory(), at=present_moment().at)
            signed_at = time.monotonic()
        if args.once:
            break
        time.sleep(IDLE_SECONDS)
    log.info("worker stopped", worker=args.name)
    return 0

"""``weatherhead worker``: do the work that waits in the queue, and sign the audit log now and then."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time
from types import FrameType

import structlog
from django.db import connection
from django.utils.translation import gettext

from weatherhead.areas.records.interruptions import INTERRUPTIONS, interruption_of
from weatherhead.areas.records.queries.audit_roots import sign_root
from weatherhead.door.worker import Hands, settle_memory, tell_interruption
from weatherhead.interfaces.cli.audit import roots_directory
from weatherhead.interfaces.cli.setting import present_moment

IDLE_SECONDS = 1.0
PAUSE_SECONDS_MAX = 30.0
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
    """Run a parsed ``worker`` command; returns the exit code. SIGTERM ends it after the item in hand.

    A database that cannot even be asked for work is waited for, ever longer, so that the worker goes on by itself once
    it answers or has room again.

    Raises:
        DatabaseDiskFull, DatabaseInterrupts: it was to run once only, and the database cannot be asked.
    """
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    def wait(seconds: float) -> None:
        until = time.monotonic() + seconds
        while not stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, IDLE_SECONDS))

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    signed_at, interruptions = 0.0, 0
    settle_memory()
    hands = Hands(worker=args.name, clock=present_moment, reach=True)
    log.info("worker started", worker=args.name)
    while not stopping:
        try:
            if _worked(hands):
                interruptions = 0
                continue
            if time.monotonic() - signed_at > SIGN_EVERY_SECONDS or args.once:
                sign_root(roots=roots_directory(), at=present_moment().at)
                signed_at = time.monotonic()
            interruptions = 0
        except INTERRUPTIONS as error:
            why = interruption_of(error)
            if args.once:
                raise why from error
            pause = min(2.0**interruptions, PAUSE_SECONDS_MAX)
            interruptions = min(interruptions + 1, 10)
            tell_interruption(why, worker=args.name, seconds=pause)
            connection.close()
            wait(pause)
            continue
        if args.once:
            break
        wait(IDLE_SECONDS)
    try:
        hands.let_go()
    except INTERRUPTIONS as error:  # what it holds returns when its lease ends
        tell_interruption(interruption_of(error), worker=args.name)
    log.info("worker stopped", worker=args.name)
    return 0


def _worked(hands: Hands) -> bool:
    """Do one item; tells whether there was one."""
    item = hands.work_once()
    if item is not None:
        log.info("work item done", item=item.item_id, kind=item.kind, attempts=item.attempts)
    return item is not None

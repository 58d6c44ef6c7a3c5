"""``weatherhead``: the command line. Each command is a module with ``add_parser`` and ``run``."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module

from weatherhead import __version__
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.setting import require_installation, set_up

REFUSED = 2
STOPPED = 130


class Needs(IntEnum):
    """What must be right before a command runs; each includes those before it."""

    NOTHING = 0  # runs anywhere
    SETTINGS = 1  # the environment; the command itself sees to the database
    DATABASE = 2  # a database of this version, migrated
    SERVING = 3  # all that a server needs: the role, rules, clock, disk and keys too


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and what it needs."""

    name: str
    about: str
    needs: Needs
    module: str = ""  # where its module may not be called as it is


COMMANDS = (
    Command(name="demo", about="build and serve the demo town", needs=Needs.NOTHING),
    Command(name="rate", about="rate usages on a tariff file", needs=Needs.NOTHING),
    Command(name="check", about="say everything that keeps this installation from running", needs=Needs.NOTHING),
    Command(name="import", about="load customers from an old system", needs=Needs.DATABASE, module="importing"),
    Command(name="compare", about="compare our bills with the old system's", needs=Needs.DATABASE),
    Command(
        name="reads", about="meter reads: import a file, write a route, estimate what is missing", needs=Needs.DATABASE
    ),
    Command(name="payments", about="payments that come by file: import one, list what waits", needs=Needs.DATABASE),
    Command(name="bill", about="bill accounts", needs=Needs.DATABASE),
    Command(name="runs", about="bill runs: start, follow, release, cancel", needs=Needs.DATABASE),
    Command(name="reports", about="how adjustments are made, by whom and how evenly", needs=Needs.DATABASE),
    Command(name="correct", about="correct bills: of an account, or of everyone on a schedule", needs=Needs.DATABASE),
    Command(name="late-charges", about="add the late charges of a bill cycle", needs=Needs.DATABASE),
    Command(name="deposits", about="security deposits: list, settle by the rules, letters", needs=Needs.DATABASE),
    Command(name="refunds", about="refunds: list, issue checks, export, clear", needs=Needs.DATABASE),
    Command(name="write-offs", about="debts given up: list, write off, recover, set aside", needs=Needs.DATABASE),
    Command(name="print", about="bills on paper: make, list and export print files", needs=Needs.DATABASE),
    Command(name="worker", about="do the work that waits in the queue", needs=Needs.SERVING),
    Command(name="queue", about="what waits for workers, and why", needs=Needs.DATABASE),
    Command(name="books", about="balances, ageing, revenue, closing, the journal", needs=Needs.DATABASE),
    Command(name="ledger", about="the books: prove them", needs=Needs.DATABASE),
    Command(name="audit", about="the audit log: verify and sign it", needs=Needs.DATABASE),
    Command(name="actions", about="every action, and which jobs grant it", needs=Needs.SETTINGS),
    Command(name="employees", about="employees: list, add the first", needs=Needs.DATABASE),
    Command(name="secrets", about="keys of secrets at rest: make, rotate", needs=Needs.SETTINGS),
    Command(name="database", about="migrate, and bind the application's role", needs=Needs.SETTINGS),
    Command(name="static", about="collect style sheets and scripts for the server", needs=Needs.SETTINGS),
    Command(name="backup", about="keep everything in one directory, while others work", needs=Needs.DATABASE),
    Command(name="restore", about="bring a backup back, and prove it", needs=Needs.SETTINGS),
    Command(name="retention", about="what is kept how long, and disposing of the rest", needs=Needs.DATABASE),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. A refusal is one sentence on standard error and exit code 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = next((command for command in COMMANDS if given and command.name == given[0]), None)
    try:
        with _uncollected(alone=arguments is None):
            if chosen is not None:
                _prepare(chosen, given)
            args = _parser(chosen).parse_args(given)
        code: int = args.run(args)
    except Refusal as refusal:
        print(f"weatherhead: {refusal}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("weatherhead: stopped.", file=sys.stderr)
        return STOPPED
    return code


@contextmanager
def _uncollected(*, alone: bool) -> Iterator[None]:
    """Put the garbage collector off while a command is loaded: what comes then stays, and looking through it again and
    again is a sixth of the time. In a process `alone` with its command it is never looked through later either.
    """
    gc.disable()
    try:
        yield
    finally:
        if alone:
            gc.freeze()
        gc.enable()


def _prepare(chosen: Command, given: Sequence[str]) -> None:
    """See that what the command needs is right, all of it, before it begins.

    Raises:
        InstallationFaulty: with every fault.
    """
    # A key is made before there is any, and the check looks for itself.
    needs = Needs.NOTHING if given[:2] == ["secrets", "new-key"] else chosen.needs
    if needs is Needs.NOTHING and chosen.name != "check":
        # No secret is read or written: any key will do to load the settings.
        os.environ.setdefault("WEATHERHEAD_DEBUG", "1")
    if chosen.name in ("demo", "check"):
        return
    set_up(tells=chosen.name == "worker")
    if needs >= Needs.DATABASE:
        require_installation(serving=needs >= Needs.SERVING)


def _parser(chosen: Command | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's module is imported, so that each starts fast."""
    made = argparse.ArgumentParser(
        prog="weatherhead", description="Customer information and billing for electric utilities."
    )
    made.add_argument("--version", action="version", version=f"weatherhead {__version__}")
    commands = made.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        if command is chosen:
            module = command.module or command.name.replace("-", "_")
            import_module(f"weatherhead.interfaces.cli.{module}").add_parser(commands)
        else:
            commands.add_parser(command.name, help=command.about)
    return made


if __name__ == "__main__":
    sys.exit(main())

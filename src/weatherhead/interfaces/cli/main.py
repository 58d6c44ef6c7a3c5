"""``weatherhead``: the command line. Each command is a module with ``add_parser`` and ``run``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from weatherhead import __version__
from weatherhead.core.values import Refusal
from weatherhead.interfaces.cli.setting import set_up

REFUSED = 2
STOPPED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and what it needs: ``installed`` ones need an installation's settings, the others run anywhere."""

    name: str
    about: str
    installed: bool
    module: str = ""  # where its module may not be called as it is


COMMANDS = (
    Command(name="demo", about="build and serve the demo town", installed=False),
    Command(name="rate", about="rate usages on a tariff file", installed=False),
    Command(name="import", about="load customers from an old system", installed=True, module="importing"),
    Command(name="compare", about="compare our bills with the old system's", installed=True),
    Command(name="reads", about="meter reads: import a file", installed=True),
    Command(name="bill", about="bill accounts", installed=True),
    Command(name="worker", about="do the work that waits in the queue", installed=True),
    Command(name="ledger", about="the books: prove them", installed=True),
    Command(name="audit", about="the audit log: verify and sign it", installed=True),
    Command(name="actions", about="every action, and which jobs grant it", installed=True),
    Command(name="employees", about="employees: list, add the first", installed=True),
    Command(name="secrets", about="keys of secrets at rest: make, rotate", installed=True),
    Command(name="database", about="migrate, and bind the application's role", installed=True),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. A refusal is one sentence on standard error and exit code 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = next((command for command in COMMANDS if given and command.name == given[0]), None)
    try:
        if chosen is not None:
            _prepare(chosen)
        args = _parser(chosen).parse_args(given)
        code: int = args.run(args)
    except Refusal as refusal:
        print(f"weatherhead: {refusal}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("weatherhead: stopped.", file=sys.stderr)
        return STOPPED
    return code


def _prepare(chosen: Command) -> None:
    if not chosen.installed:
        # No secret is read or written: any key will do to load the settings.
        os.environ.setdefault("WEATHERHEAD_DEBUG", "1")
    if chosen.name != "demo":
        set_up()


def _parser(chosen: Command | None) -> argparse.ArgumentParser:
    """The parser; only the chosen command's module is imported, so that each starts fast."""
    made = argparse.ArgumentParser(
        prog="weatherhead", description="Customer information and billing for electric utilities."
    )
    made.add_argument("--version", action="version", version=f"weatherhead {__version__}")
    commands = made.add_subparsers(title="commands", dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        if command is chosen:
            import_module(f"weatherhead.interfaces.cli.{command.module or command.name}").add_parser(commands)
        else:
            commands.add_parser(command.name, help=command.about)
    return made


if __name__ == "__main__":
    sys.exit(main())

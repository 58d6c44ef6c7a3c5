"""``weatherhead demo``: build Prairie City Power, a fictional utility, and serve it on this machine."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from weatherhead.core.values import gettext_noop
from weatherhead.interfaces.cli.demo_town.home import DATABASE, PROJECT, Home, static_fingerprint, town_fingerprint, use
from weatherhead.interfaces.cli.demo_town.people import PASSWORD, STAFF
from weatherhead.interfaces.cli.demo_town.reading_days import TODAY
from weatherhead.interfaces.cli.demo_town.serve import HOST, require_port, serve
from weatherhead.interfaces.cli.setting import set_up

_LIVED, _MONTHS_CONVERTED = 4, 13
"""Months lived by default, in a town so old that it had another system before."""

_STATIC_MARK = "static.fingerprint"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo`` to the command line. Django is not set up yet, so its own sentences are marked, not translated."""
    demo = subparsers.add_parser(
        "demo",
        help=gettext_noop("build and serve the demo town"),
        description=gettext_noop(
            "Builds 2,000 services over 24 months of a fictional utility: twenty months come from its old system, four "
            "are lived by performing every action as its staff would. Then serves it. What was built is kept in "
            "var/demo, and built again when code or rules have changed."
        ),
    )
    demo.add_argument("--port", type=int, default=8000, help=gettext_noop("serve on this port of 127.0.0.1 (8000)"))
    demo.add_argument("--rebuild", action="store_true", help=gettext_noop("build again, whether it is needed or not"))
    demo.add_argument("--build-only", action="store_true", help=gettext_noop("build, say how to open it, and stop"))
    demo.add_argument(
        "--database", type=Path, metavar="PATH", help=gettext_noop("with --build-only: the SQLite file to build")
    )
    demo.add_argument("--services", type=int, default=2_000, help=gettext_noop("how many services (2000; at least 13)"))
    demo.add_argument("--months", type=int, default=24, help=gettext_noop("how many months of bills (24; 4 to 24)"))
    demo.add_argument(
        "--lived",
        type=int,
        help=gettext_noop("months that are lived, those before come from an old system; 0: all (4 of 13 or more)"),
    )
    demo.set_defaults(run=run, usage_error=demo.error)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``demo`` command; returns the exit code."""
    if args.database is not None and not args.build_only:
        args.usage_error("--database needs --build-only")
    if not args.build_only:
        require_port(args.port)
    if args.lived is None:
        args.lived = _LIVED if args.months >= _MONTHS_CONVERTED else 0
    home = _home(args)
    fingerprint = town_fingerprint(services=args.services, months=args.months, lived=args.lived)
    console = Console(stderr=True)
    if args.rebuild or home.fingerprint != fingerprint:
        _build(home, args=args, fingerprint=fingerprint, console=console)
    else:
        use(home.environment())
        home.write_settings()
        set_up()
    if args.database is None:
        _collect_static(home)
    if args.build_only:
        _say_how_to_open(home)
        return 0
    serve(
        environment=home.environment(),
        port=args.port,
        logs=home.settings.parent / "logs",
        ready=lambda: _say_where(args.port, console=console),
    )
    return 0


def _home(args: argparse.Namespace) -> Home:
    if args.database is None:
        demo = Path(os.environ.get("WEATHERHEAD_VAR", PROJECT / "var")).resolve() / "demo"
        return Home(directory=demo / "town", database=demo / "town" / DATABASE, settings=demo / "demo.env")
    path: Path = args.database.resolve()
    return Home(
        directory=path.with_name(f"{path.name}.files"), database=path, settings=path.with_name(f"{path.name}.env")
    )


def _build(home: Home, *, args: argparse.Namespace, fingerprint: str, console: Console) -> None:
    """Build beside the old one, and put the new one in its place when it is whole."""
    built = home.beside()
    use(built.environment())
    set_up()
    from weatherhead.interfaces.cli.demo_town.build import build_town  # noqa: PLC0415 - models need set_up() first
    from weatherhead.interfaces.cli.demo_town.roll import TownSize  # noqa: PLC0415

    try:
        size = TownSize(services=args.services, months=args.months, lived=args.lived)
    except ValueError as error:
        args.usage_error(str(error))
        raise
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[month]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(gettext("Building Prairie City"), total=None, month="")

        def report(on: date, first_on: date, last_on: date) -> None:
            days = (on - first_on).days
            progress.update(task, total=(last_on - first_on).days, completed=days, month=f"{on:%b %Y}")

        done = build_town(size, report=report)
    home.replace_by(built, fingerprint=fingerprint)
    said = gettext("Built %(accounts)s accounts by performing %(actions)s actions in %(seconds)s seconds.") % {
        "accounts": f"{done.accounts:,}",
        "actions": f"{done.actions:,}",
        "seconds": f"{time.monotonic() - began:.0f}",
    }
    console.print(said, highlight=False)


def _collect_static(home: Home) -> None:
    """Gather and compress style sheets, scripts and fonts when they have changed."""
    mark, fingerprint = home.directory / _STATIC_MARK, static_fingerprint()
    if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
        return
    mark.unlink(missing_ok=True)
    # In a process of its own: this one's settings may name the directory in which the build took place.
    command = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--clear", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **home.environment()}, check=True)  # noqa: S603 - no shell
    mark.write_text(fingerprint, encoding="ascii")


def _say_how_to_open(home: Home) -> None:
    print(gettext("Built %(path)s. To work with it in a shell:") % {"path": home.database})
    print(f"\n  set -a; . {home.settings}; set +a\n  weatherhead ledger check\n")


def _say_where(port: int, *, console: Console) -> None:
    table = Table(gettext("user name"), gettext("name"), gettext("works as"), box=None, pad_edge=False)
    for person in STAFF:
        table.add_row(person.username, person.name, person.works_as)
    said = {"url": f"http://{HOST}:{port}/", "password": PASSWORD, "today": f"{TODAY:%A, %B} {TODAY.day}, {TODAY.year}"}
    console.print(gettext("Prairie City Power is open at [bold]%(url)s[/bold]") % said, highlight=False)
    console.print(
        gettext("Today is %(today)s there. Password of all: [bold]%(password)s[/bold]") % said, highlight=False
    )
    console.print(table)
    console.print(gettext("Ctrl+C stops it."), highlight=False)

"""``weatherhead static``: collect style sheets, scripts and fonts to where the server looks for them."""

from __future__ import annotations

import argparse

from django.conf import settings
from django.core.management import call_command
from django.utils.translation import gettext


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``static`` to the command line."""
    static = subparsers.add_parser(
        "static",
        help=gettext("collect style sheets and scripts for the server"),
        description=gettext("Run once after every installation and upgrade, before the server starts."),
    )
    static.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Run a parsed ``static`` command; returns the exit code."""
    call_command("collectstatic", interactive=False, verbosity=0)
    print(gettext("Collected into %(directory)s.") % {"directory": settings.STATIC_ROOT})
    return 0

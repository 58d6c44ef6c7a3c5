"""``weatherhead employees``: list them; add the first administrator of an installation."""

from __future__ import annotations

import argparse
import getpass
import os

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from rich.console import Console
from rich.table import Table

from weatherhead.areas.workforce.queries import employees, jobs_of
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.bootstrap import add_first_administrator
from weatherhead.interfaces.cli.setting import present_moment


class PasswordRefused(Refusal):
    """Not a password."""

    template = gettext_noop("%(problem)s")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``employees`` to the command line."""
    parser = subparsers.add_parser("employees", help=gettext("employees: list, add the first"))
    commands = parser.add_subparsers(dest="employees_command", required=True)
    commands.add_parser("list", help=gettext("list employees and their jobs today"))
    first = commands.add_parser(
        "add-first",
        help=gettext("add the first administrator"),
        description=gettext(
            "Possible only while nobody is employed. The password is asked for, or read from WEATHERHEAD_PASSWORD."
        ),
    )
    first.add_argument("--username", required=True)
    first.add_argument("--name", required=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``employees`` command; returns the exit code."""
    moment = present_moment()
    if args.employees_command == "list":
        table = Table("sign-in", "name", "jobs today", box=None)
        for item in employees():
            table.add_row(item.username, item.name, ", ".join(jobs_of(item.employee_id, as_of=moment.as_of)))
        Console().print(table)
        return 0
    password = os.environ.get("WEATHERHEAD_PASSWORD") or getpass.getpass(gettext("Password: "))
    try:
        validate_password(password)
    except ValidationError as error:
        raise PasswordRefused(problem=" ".join(error.messages)) from error
    add_first_administrator(
        username=args.username, password=password, name=args.name, started_on=moment.as_of, moment=moment
    )
    print(gettext("%(name)s may sign in as %(username)s.") % {"name": args.name, "username": args.username})
    return 0

"""``weatherhead database``: migrate as the owner, and bind the application's role on PostgreSQL."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext

from weatherhead.areas.ledger.roles import restricted_role_statements
from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.environment import InstallationFaulty
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.overviews.installation import database_faults


class RolesOnPostgresqlOnly(Refusal):
    """SQLite has no roles."""

    template = gettext_noop("SQLite has no roles; leave out --role. The guards in the database hold there too.")


def require_answer() -> None:
    """See that the database answers; one that is still to be made is right too.

    Raises:
        InstallationFaulty: it does not answer.
    """
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise InstallationFaulty(faults=database_faults()) from error


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``database`` to the command line."""
    database = subparsers.add_parser("database", help=gettext("migrate, and bind the application's role"))
    commands = database.add_subparsers(dest="database_command", required=True)
    migrating = commands.add_parser(
        "migrate",
        help=gettext("bring the database up to date"),
        description=gettext(
            "Run as the database's owner. With --role, the application's PostgreSQL role gets the rights that it needs "
            "and no more: it cannot change or delete what was posted, audited or issued."
        ),
    )
    migrating.add_argument("--role", metavar="NAME", help=gettext("the application's PostgreSQL role"))
    database.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``database`` command; returns the exit code."""
    if args.role and not is_postgresql(connection):
        raise RolesOnPostgresqlOnly
    Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    require_answer()
    call_command("migrate", interactive=False, verbosity=1)
    if args.role:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in restricted_role_statements(args.role):
                cursor.execute(statement)
        print(
            gettext("The role %(role)s may append to the books and the audit log, and change neither.")
            % {"role": args.role}
        )
    return 0

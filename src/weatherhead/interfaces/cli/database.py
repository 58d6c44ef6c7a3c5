"""``weatherhead database``: migrate as the owner, and bind the application's role on PostgreSQL."""

from __future__ import annotations

import argparse
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext

from weatherhead.areas.ledger.roles import restricted_role_statements
from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.environment import InstallationFaulty
from weatherhead.areas.records.migration_rules import Danger, dangers_of
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.overviews.installation import database_faults

_LOCK_NOT_AVAILABLE = "55P03"


class RolesOnPostgresqlOnly(Refusal):
    """SQLite has no roles."""

    template = gettext_noop("SQLite has no roles; leave out --role. The guards in the database hold there too.")


class WouldStopPeople(Refusal):
    """Some of what is pending locks tables or breaks the version that still runs."""

    template = gettext_noop(
        "These steps would stop people who work, so nothing was migrated:\n%(listing)s\nStop server and workers, and "
        "migrate with --in-maintenance."
    )


class NoSuchRole(Refusal):
    """Rights cannot be given to nobody."""

    template = gettext_noop(
        "There is no role %(role)s on this server, so nothing was migrated. Make it as a superuser and run this again: "
        "CREATE ROLE %(role)s LOGIN PASSWORD '…'"
    )


class TableBusy(Refusal):
    """A table was in use for too long."""

    template = gettext_noop(
        "A table was in use for %(seconds)s seconds, so the step was given up and changed nothing; those before it "
        "stand. Run it again; if it happens again, look for a long transaction in pg_stat_activity."
    )


def require_answer() -> None:
    """See that the database answers; one that is still to be made is right too.

    Raises:
        InstallationFaulty: it does not answer.
    """
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise InstallationFaulty(faults=database_faults()) from error


def require_role(name: str) -> None:
    """See that a role is there before anything is migrated for it.

    Raises:
        NoSuchRole: it is not.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone() == (0,):
            raise NoSuchRole(role=name)


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
    migrating.add_argument(
        "--plan", action="store_true", help=gettext("show what would run, and what of it would stop people")
    )
    migrating.add_argument(
        "--in-maintenance",
        action="store_true",
        help=gettext("server and workers are stopped: run what would stop people"),
    )
    migrating.add_argument(
        "--lock-seconds", type=int, default=5, metavar="N", help=gettext("give up when a table is busy for so long (5)")
    )
    database.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``database`` command; returns the exit code."""
    if args.role and not is_postgresql(connection):
        raise RolesOnPostgresqlOnly
    Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    require_answer()
    if args.role:
        require_role(args.role)
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    is_new = not executor.loader.applied_migrations
    dangers = () if is_new else dangers_of(plan)
    if args.plan:
        return _show(plan, dangers)
    if dangers and not args.in_maintenance:
        raise WouldStopPeople(listing="\n".join(f"- {danger}" for danger in dangers))
    _migrate(lock_seconds=args.lock_seconds)
    if args.role:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in restricted_role_statements(args.role):
                cursor.execute(statement)
        print(
            gettext("The role %(role)s may append to the books and the audit log, and change neither.")
            % {"role": args.role}
        )
    return 0


def _show(plan: list[Migration], dangers: tuple[Danger, ...]) -> int:
    """Print what is pending; returns 1 when something of it would stop people."""
    if not plan:
        print(gettext("Nothing is pending."))
        return 0
    for migration in plan:
        print(f"{migration.app_label}.{migration.name}")
        for operation in migration.operations:
            print(f"    {operation.describe()}")
    for danger in dangers:
        print(f"STOPS  {danger}")
    return 1 if dangers else 0


def _migrate(*, lock_seconds: int) -> None:
    """Migrate; on PostgreSQL nobody waits behind a migration that itself waits for a lock.

    Raises:
        TableBusy: a table was in use for too long.
    """
    if is_postgresql(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{lock_seconds}s"])
    try:
        call_command("migrate", interactive=False, verbosity=1)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise TableBusy(seconds=lock_seconds) from error
        raise
    finally:
        if is_postgresql(connection) and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', '0', false)")

"""What an installation is, seen from its database: reachable, new enough, migrated, with the right role and clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from weatherhead.areas.records.database import is_postgresql, triggers_of
from weatherhead.areas.records.models import AuditEntry

POSTGRESQL_MAJOR_MIN = 15
SQLITE_VERSION_MIN = (3, 35)
"""The first SQLite with RETURNING."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """The database server. `clock` is its own, where it has one apart from ours."""

    vendor: str
    version: str
    new_enough: bool
    needed: str
    encoding: str
    clock: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationFacts:
    """Migrations as ``label.name``. `unknown` ones were applied by a newer version of Weatherhead."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """The PostgreSQL role that this process works with. `lacks` and `may_change` are tables."""

    name: str
    is_superuser: bool
    makes_roles: bool
    owns: tuple[str, ...]
    lacks: tuple[str, ...]
    may_change: tuple[str, ...]


class DatabaseUnreachable(Exception):
    """No connection; the text is the driver's, without a password."""


def server_facts() -> ServerFacts:
    """Ask the server who it is.

    Raises:
        DatabaseUnreachable: it does not answer, or does not let us in.
    """
    _require_file()
    try:
        with connection.cursor() as cursor:
            if not is_postgresql(connection):
                cursor.execute("SELECT sqlite_version()")
                [version] = cursor.fetchone()
                numbers = tuple(int(part) for part in version.split(".")[:2])
                return ServerFacts(
                    vendor="sqlite",
                    version=version,
                    new_enough=numbers >= SQLITE_VERSION_MIN,
                    needed=".".join(map(str, SQLITE_VERSION_MIN)),
                    encoding="UTF8",
                    clock=None,
                )
            cursor.execute(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int,"
                " current_setting('server_encoding'), clock_timestamp()"
            )
            version, number, encoding, clock = cursor.fetchone()
    except DatabaseError as error:
        raise DatabaseUnreachable(_first_line(error)) from error
    return ServerFacts(
        vendor="postgresql",
        version=version,
        new_enough=number >= POSTGRESQL_MAJOR_MIN * 10_000,
        needed=str(POSTGRESQL_MAJOR_MIN),
        encoding=encoding,
        clock=clock,
    )


def _require_file() -> None:
    """SQLite makes the file that it does not find; to look must change nothing."""
    name = str(connection.settings_dict["NAME"])
    if is_postgresql(connection) or name.startswith(("file:", ":memory:")) or Path(name).is_file():
        return
    raise DatabaseUnreachable(f"there is no file {name}; weatherhead database migrate makes it")


def _first_line(error: Exception) -> str:
    password = str(connection.settings_dict.get("PASSWORD") or "")
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return said.replace(password, "…") if len(password) > 1 else said


def migration_facts() -> MigrationFacts:
    """Compare what was applied with what this version brings."""
    loader = MigrationLoader(connection)
    applied = set(loader.applied_migrations)
    known = set(loader.disk_migrations)
    labels = {label for label, _ in known}
    needed = [node for leaf in loader.graph.leaf_nodes() for node in loader.graph.forwards_plan(leaf)]
    return MigrationFacts(
        applied=tuple(sorted(f"{label}.{name}" for label, name in applied)),
        pending=tuple(dict.fromkeys(f"{label}.{name}" for label, name in needed if (label, name) not in applied)),
        unknown=tuple(sorted(f"{label}.{name}" for label, name in applied - known if label in labels)),
    )


def known_migrations() -> frozenset[str]:
    """The migrations that this version brings, without asking a database."""
    return frozenset(f"{label}.{name}" for label, name in MigrationLoader(None).disk_migrations)


def our_tables() -> tuple[str, ...]:
    """The tables of every model that is installed, and that stand."""
    models = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return tuple(sorted(models.intersection(connection.introspection.table_names())))


def role_facts() -> RoleFacts | None:
    """What the present role is and may; None on SQLite, which has none."""
    if not is_postgresql(connection):
        return None
    tables = our_tables()
    guarded = [table for table in tables if f"{table}_refuse_change" in triggers_of(table)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        name, is_superuser, makes_roles = cursor.fetchone()
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner"
            " WHERE rolname = current_user AND relname = ANY(%s) AND relnamespace = current_schema()::regnamespace"
            " ORDER BY relname",
            [list(tables)],
        )
        owns = tuple(table for (table,) in cursor.fetchall())
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) AS t WHERE NOT has_table_privilege(quote_ident(t), 'SELECT')"
            " OR NOT has_table_privilege(quote_ident(t), 'INSERT') ORDER BY t",
            [list(tables)],
        )
        lacks = tuple(table for (table,) in cursor.fetchall())
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(quote_ident(t), 'UPDATE')"
            " OR has_table_privilege(quote_ident(t), 'DELETE') OR has_table_privilege(quote_ident(t), 'TRUNCATE')"
            " ORDER BY t",
            [guarded],
        )
        may_change = tuple(table for (table,) in cursor.fetchall())
    return RoleFacts(
        name=name, is_superuser=is_superuser, makes_roles=makes_roles, owns=owns, lacks=lacks, may_change=may_change
    )


def newest_remembered_at() -> datetime | None:
    """When the newest entry of the audit log was made."""
    return AuditEntry.objects.order_by("-pk").values_list("at", flat=True).first()


def row_counts() -> Mapping[str, int]:
    """How many rows each of our tables has."""
    counts: dict[str, int] = {}
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in our_tables():
            cursor.execute(f"SELECT count(*) FROM {quote(table)}")  # noqa: S608 - names come from the models
            [counts[table]] = cursor.fetchone()
    return counts

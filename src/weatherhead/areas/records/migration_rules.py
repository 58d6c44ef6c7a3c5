"""Which migrations may run while people work, and which would stop them. docs/decisions/0080 says why.

A migration is checked operation by operation, without a database. What it makes itself is new and empty, and may be
changed freely. What is refused can be accepted by name, with a reason, in the migration's own attribute:

    accepted = {"RemoveField Bill.colour": "nothing has read it since 0.4"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

from weatherhead.areas.records.migration_steps import DatabaseStep

BEFORE_RULES = frozenset(
    {
        "agreements.0001_initial",
        "agreements.0002_guards",
        "billing.0001_initial",
        "billing.0002_guards",
        "credit.0001_initial",
        "customers.0001_initial",
        "customers.0002_search",
        "documents.0001_initial",
        "documents.0002_guards",
        "ledger.0001_initial",
        "ledger.0002_guards",
        "metering.0001_initial",
        "metering.0002_guards",
        "migration.0001_initial",
        "payments.0001_initial",
        "premises.0001_initial",
        "premises.0002_search",
        "programs.0001_initial",
        "records.0001_initial",
        "records.0002_guards",
        "retention.0001_initial",
        "retention.0002_guards",
        "service_orders.0001_initial",
        "tariffs.0001_initial",
        "workforce.0001_initial",
    }
)
"""Written before there was an installation to stop. Only a migration of the first release may be added here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """An operation that would stop people, or break the version that still runs."""

    migration: str
    operation: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.migration}: {self.operation}: {self.problem} {self.remedy}"


def dangers_of(migrations: Iterable[Migration]) -> tuple[Danger, ...]:
    """What is dangerous in some migrations, in their order; those before the rules are not judged."""
    return tuple(
        danger
        for migration in migrations
        if f"{migration.app_label}.{migration.name}" not in BEFORE_RULES
        for danger in _judge(migration)
    )


def _judge(migration: Migration) -> Iterator[Danger]:
    made = {op.name_lower for op in migration.operations if isinstance(op, CreateModel)}
    accepted: Mapping[str, str] = getattr(migration, "accepted", {})
    for operation in _flat(migration.operations):
        named = _named(operation)
        model = getattr(operation, "model_name", "") or getattr(operation, "name", "")
        if model and str(model).lower() in made:
            continue
        found = _problem(operation, atomic=bool(migration.atomic))
        if found is not None and not accepted.get(named, "").strip():
            problem, remedy = found
            where = f"{migration.app_label}.{migration.name}"
            yield Danger(migration=where, operation=named, problem=problem, remedy=remedy)


def _flat(operations: Iterable[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _named(operation: Operation) -> str:
    """The operation as `accepted` names it: its kind, its model, its field or what else has a name."""
    model = getattr(operation, "model_name", None) or getattr(operation, "name", None)
    field = getattr(operation, "name", None) if getattr(operation, "model_name", None) else None
    if field is None:
        field = getattr(getattr(operation, "index", None) or getattr(operation, "constraint", None), "name", None)
    words = ".".join(str(part) for part in (model, field) if part)
    return f"{type(operation).__name__} {words}".strip()


_STEPS = "Let one version stop using it, and remove it in the next."
_UNREADABLE = "Say in `accepted` which tables it touches, for how long, and why that stops nobody."


def _problem(operation: Operation, *, atomic: bool) -> tuple[str, str] | None:
    match operation:
        case AddIndexConcurrently() | RemoveIndexConcurrently():
            return ("runs in a transaction.", "Set atomic = False.") if atomic else None
        case AddConstraintNotValid():
            return None
        case RemoveField() | DeleteModel():
            return ("the version that still runs reads it.", _STEPS)
        case RenameField() | RenameModel() | AlterModelTable():
            return ("the version that still runs knows the old name.", "Add the new, copy, and remove the old later.")
        case AddField():
            return _added(operation.field)
        case AlterField():
            return ("may rewrite the table under a lock.", "Add a new field, fill it in pieces, then switch.")
        case AddIndex() | RemoveIndex():
            return ("locks the table against writing.", "Use AddIndexConcurrently or RemoveIndexConcurrently.")
        case AddConstraint() | AlterUniqueTogether():
            remedy = "Use AddConstraintNotValid, then ValidateConstraint; a unique one on a concurrent index."
            return ("checks every row under a lock.", remedy)
        case RemoveConstraint():
            return ("gives a guarantee up.", "Say in `accepted` what keeps it from now on.")
        case RunPython() | RunSQL() | DatabaseStep():
            return ("nobody can see what it locks.", _UNREADABLE)
    return None


def _added(field: Field[object, object]) -> tuple[str, str] | None:
    if field.unique or field.db_index or (field.remote_field is not None and field.db_constraint):  # type: ignore[attr-defined]
        remedy = "Add it without index and constraint, and those later, concurrently and not valid at first."
        return ("builds an index or checks a reference under a lock.", remedy)
    if not field.null and field.db_default is NOT_PROVIDED:
        remedy = "Give it a db_default, or null=True for one version."
        return ("is NOT NULL, and the version that still runs does not fill it.", remedy)
    return None

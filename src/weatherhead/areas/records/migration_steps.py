"""Steps of migrations on the database itself: sequences, guards, references that are checked once a statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from weatherhead.areas.records.database import is_postgresql


class DatabaseStep(Operation):
    """A migration step on the database alone. It has no way back: guards are not taken away.

    Unlike for `RunPython`, no models of the past are made for it, which is most of what a fresh database waits for.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(self, run: Callable[[BaseDatabaseSchemaEditor], None]) -> None:
        """`run` is given the editor of the database."""
        self.run = run

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """No model changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Run it."""
        self.run(schema_editor)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Leave it."""

    def describe(self) -> str:
        """What `migrate --plan` says."""
        return "Statements of the database in use"


def vendor_sql(*, postgresql: Sequence[str], sqlite: Sequence[str]) -> DatabaseStep:
    """A migration step that runs other statements on each database.

    ``{schema}`` in a PostgreSQL statement becomes the quoted name of the schema that is migrated.
    """

    def run(editor: BaseDatabaseSchemaEditor) -> None:
        database = editor.connection
        if not is_postgresql(database):
            for statement in sqlite:
                editor.execute(statement, params=None)
            return
        with database.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
        for statement in postgresql:
            editor.execute(statement.replace("{schema}", database.ops.quote_name(schema)), params=None)

    return DatabaseStep(run)


def create_sequence(name: str) -> DatabaseStep:
    """A migration step that makes a sequence for `next_ids`. SQLite needs none: it counts in records_counter."""
    return vendor_sql(postgresql=[f"CREATE SEQUENCE {name} AS bigint"], sqlite=[])


def append_only(table: str, *, key: Sequence[str] = ("id",)) -> DatabaseStep:
    """A migration step whose triggers refuse every change of a table's rows: UPDATE, DELETE, and TRUNCATE or REPLACE.

    `key` is the primary key's columns. An empty table may be truncated: nothing is lost.
    """
    refusal = f"{table}_append_only: rows of {table} are appended, never changed or removed"
    sqlite = [
        f"CREATE TRIGGER {table}_refuse_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        for event in ("UPDATE", "DELETE")
    ]
    # INSERT OR REPLACE removes the old row without a DELETE trigger.
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    sqlite.append(
        f"CREATE TRIGGER {table}_refuse_replace BEFORE INSERT ON {table} "  # noqa: S608
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    )
    postgresql = [
        _REFUSE_CHANGE,
        _REFUSE_TRUNCATE,
        *(
            f"CREATE TRIGGER {table}_refuse_{name} BEFORE {events} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_{name}()"
            for name, events in (("change", "UPDATE OR DELETE"), ("truncate", "TRUNCATE"))
        ),
    ]
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


def references_known(table: str, *, references: Mapping[str, str], updated: Sequence[str] = ()) -> DatabaseStep:
    """A migration step whose triggers see that what a table's rows refer to exists, a whole statement at a time.

    Instead of foreign keys, whose check of every single row was the largest cost of a bill run. The referred rows must
    not be removable (`append_only`, `never_removed`), or the check would not hold later.

    Args:
        table: the referring table.
        references: its columns, and the table whose ``id`` each names; null refers to nothing.
        updated: those of the columns that may change later.
    """
    postgresql: list[str] = []
    for event, columns in (("insert", tuple(references)), ("update", tuple(updated))):
        if not columns:
            continue
        unknown = " OR ".join(_unknown(column, parent=references[column]) for column in columns)
        name = f"{table}_refers_{event}"
        postgresql += [
            f"""
            CREATE FUNCTION {name}() RETURNS trigger
            LANGUAGE plpgsql SET search_path = {{schema}}, pg_temp SET enable_seqscan = off AS $$
            BEGIN
                IF {unknown} THEN
                    RAISE EXCEPTION 'a row of {table} refers to a row that does not exist'
                        USING ERRCODE = 'foreign_key_violation', TABLE = '{table}', CONSTRAINT = '{table}_refers';
                END IF;
                RETURN NULL;
            END
            $$
            """,
            (
                f"CREATE TRIGGER {name} AFTER {event.upper()} ON {table} REFERENCING NEW TABLE AS changed"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            ),
        ]
    sqlite = []
    for event, columns in (("INSERT", tuple(references)), ("UPDATE", tuple(updated))):
        checks = "".join(_refuse_unknown(table, column=column, parent=references[column]) for column in columns)
        if checks:
            sqlite.append(f"CREATE TRIGGER {table}_refers_{event.lower()} BEFORE {event} ON {table} BEGIN{checks} END")
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


def _unknown(column: str, *, parent: str) -> str:
    """SQL that tells whether a row of ``changed`` refers to nothing.

    What a run inserts refers to rows whose numbers follow each other: where every number from the lowest to the highest
    is there, which one pass over the key tells, none has to be looked up.
    """
    return f"""
        EXISTS (SELECT FROM (SELECT min({column}) AS low, max({column}) AS high, count({column}) AS many FROM changed)
                AS span
                WHERE span.many > 0
                  AND (span.high - span.low >= 2 * span.many
                       OR (SELECT count(*) FROM {parent} AS parent WHERE parent.id BETWEEN span.low AND span.high)
                          <= span.high - span.low))
        AND EXISTS (SELECT FROM (SELECT DISTINCT {column} AS id FROM changed WHERE {column} IS NOT NULL) AS named
                    WHERE NOT EXISTS (SELECT FROM {parent} AS parent WHERE parent.id = named.id))
    """  # noqa: S608 - names of the program


def _refuse_unknown(table: str, *, column: str, parent: str) -> str:
    said = f"{table}_refers: a row refers to a row of {parent} that does not exist"
    known = f"EXISTS (SELECT 1 FROM {parent} WHERE id = NEW.{column})"  # noqa: S608 - names of the program
    return f" SELECT RAISE(ABORT, '{said}') WHERE NEW.{column} IS NOT NULL AND NOT {known};"


def never_removed(table: str, *, tag: str = "kept") -> DatabaseStep:
    """A migration step whose triggers refuse to remove a table's rows; they may change, but not their ``id``."""
    refusal = f"{table}_{tag}: rows of {table} are never removed"
    sqlite = [
        f"CREATE TRIGGER {table}_{tag}_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
        (
            f"CREATE TRIGGER {table}_{tag}_id BEFORE UPDATE OF id ON {table} WHEN NEW.id <> OLD.id"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        ),
    ]
    postgresql = [
        f"""
        CREATE FUNCTION {table}_{tag}() RETURNS trigger LANGUAGE plpgsql SET search_path = {{schema}}, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'rows of {table} are never removed'
                USING ERRCODE = 'restrict_violation', TABLE = '{table}', CONSTRAINT = '{table}_{tag}';
        END
        $$
        """,
        f"CREATE TRIGGER {table}_{tag}_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{tag}()",
        (
            f"CREATE TRIGGER {table}_{tag}_id BEFORE UPDATE OF id ON {table}"
            f" FOR EACH ROW WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION {table}_{tag}()"
        ),
    ]
    return vendor_sql(postgresql=postgresql, sqlite=sqlite)


# pg_temp comes last in every function's search path: a temporary table cannot pose as one of ours.
_REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION records_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are appended, never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
END
$$
"""

_REFUSE_TRUNCATE = """
CREATE OR REPLACE FUNCTION records_refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
    filled boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.%I)', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO filled;
    IF filled THEN
        RAISE EXCEPTION 'rows of % are appended, never changed or removed', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = TG_TABLE_NAME || '_append_only';
    END IF;
    RETURN NULL;
END
$$
"""

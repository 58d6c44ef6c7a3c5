"""The one way in which an issued document may change, enforced by the database.

Whoever can insert a row into a table of disposals can blank the name and address of its document, and nothing else of
it: the trigger writes the payload of that row, keeps every other column, and refuses a document younger than two years.
The application's PostgreSQL role still has no UPDATE on documents: the trigger runs as their owner.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.migration_steps import DatabaseStep

YEARS_MIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A table of documents, its short name, the day that counts, and the table of its disposals with the key there."""

    table: str
    name: str
    day: str
    disposals: str
    key: str

    @property
    def words(self) -> dict[str, str]:
        """What the statements name."""
        return {
            "table": self.table, "name": self.name, "day": self.day, "disposals": self.disposals, "key": self.key,
            "years": str(YEARS_MIN), "refusal": f"rows of {self.table} are appended, never changed or removed",
            "young": f"a {self.name} is disposed of {YEARS_MIN} years after its issue at the earliest",
        }  # fmt: skip


BILLS = Guarded(table="billing_bill", name="bill", day="issued_on", disposals="retention_billdisposal", key="bill_id")
STATEMENTS = Guarded(
    table="documents_statement",
    name="statement",
    day="prepared_on",
    disposals="retention_statementdisposal",
    key="statement_id",
)

_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS {table}_refuse_change ON {table}",
    # The name stays: it is how the application's rights tell an append-only table.
    (
        "CREATE TRIGGER {table}_refuse_change BEFORE DELETE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_change()"
    ),
    """
    CREATE OR REPLACE FUNCTION retention_guard_{name}() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF to_jsonb(NEW) - 'payload' = to_jsonb(OLD) - 'payload' AND EXISTS (
            SELECT FROM {disposals} AS d WHERE d.{key} = OLD.id AND d.payload = NEW.payload
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION '{refusal}'
            USING ERRCODE = 'restrict_violation', TABLE = '{table}', CONSTRAINT = '{table}_append_only';
    END
    $$
    """,
    "DROP TRIGGER IF EXISTS {table}_refuse_update ON {table}",
    (
        "CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION retention_guard_{name}()"
    ),
    """
    CREATE OR REPLACE FUNCTION retention_dispose_{name}() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF (SELECT {day} + interval '{years} years' > NEW.disposed_on FROM {table} WHERE id = NEW.{key})
        THEN
            RAISE EXCEPTION '{young}'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = '{name}_disposal_too_early';
        END IF;
        UPDATE {table} SET payload = NEW.payload WHERE id = NEW.{key};
        RETURN NULL;
    END
    $$
    """,
    "DROP TRIGGER IF EXISTS {disposals}_done ON {disposals}",
    (
        "CREATE TRIGGER {disposals}_done AFTER INSERT ON {disposals}"
        " FOR EACH ROW EXECUTE FUNCTION retention_dispose_{name}()"
    ),
)


def guard_bills() -> DatabaseStep:
    """A migration step that puts these guards in place; run it again after a step that remakes ``billing_bill``."""
    return DatabaseStep(lambda editor: _guard(editor, guarded=BILLS))


def guard_statements() -> DatabaseStep:
    """The same for prepared summaries; run it again after a step that remakes ``documents_statement``."""
    return DatabaseStep(lambda editor: _guard(editor, guarded=STATEMENTS))


def _guard(editor: BaseDatabaseSchemaEditor, *, guarded: Guarded) -> None:
    database = editor.connection
    with database.cursor() as cursor:
        if is_postgresql(database):
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
            words = guarded.words | {"schema": database.ops.quote_name(schema)}
            for statement in _POSTGRESQL:
                editor.execute(statement.format(**words), params=None)
            return
        cursor.execute(f"PRAGMA table_info({guarded.table})")
        columns = [row[1] for row in cursor.fetchall() if row[1] != "payload"]
    for statement in _sqlite(columns, guarded=guarded):
        editor.execute(statement, params=None)


def _sqlite(columns: list[str], *, guarded: Guarded) -> list[str]:
    same = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in columns)
    words = guarded.words | {"same": same}
    return [
        statement.format(**words)
        for statement in (
            "DROP TRIGGER IF EXISTS {table}_refuse_update",
            (
                "CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} WHEN NOT ({same} AND EXISTS ("
                "SELECT 1 FROM {disposals} AS d WHERE d.{key} = OLD.id AND d.payload = NEW.payload))"
                " BEGIN SELECT RAISE(ABORT, '{table}_append_only: {refusal}'); END"
            ),
            "DROP TRIGGER IF EXISTS {disposals}_done",
            """
            CREATE TRIGGER {disposals}_done AFTER INSERT ON {disposals}
            BEGIN
                SELECT RAISE(ABORT, '{name}_disposal_too_early: {young}') FROM {table}
                 WHERE id = NEW.{key} AND date({day}, '+{years} years') > NEW.disposed_on;
                UPDATE {table} SET payload = NEW.payload WHERE id = NEW.{key};
            END
            """,
        )
    ]

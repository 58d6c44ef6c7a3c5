"""The one way in which an issued bill's document may change, enforced by the database.

Whoever can insert a row into ``retention_billdisposal`` can blank a bill's name and address, and nothing else of it:
the trigger writes the payload of that row, keeps every other column, and refuses a bill younger than two years.
The application's PostgreSQL role still has no UPDATE on bills: the trigger runs as their owner.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from weatherhead.areas.records.database import is_postgresql
from weatherhead.areas.records.migration_steps import DatabaseStep

YEARS_MIN = 2
_REFUSAL = "billing_bill_append_only: rows of billing_bill are appended, never changed or removed"
_YOUNG = f"bill_disposal_too_early: a bill is disposed of {YEARS_MIN} years after its issue at the earliest"

_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS billing_bill_refuse_change ON billing_bill",
    # The name stays: it is how the application's rights tell an append-only table.
    (
        "CREATE TRIGGER billing_bill_refuse_change BEFORE DELETE ON billing_bill"
        " FOR EACH STATEMENT EXECUTE FUNCTION records_refuse_change()"
    ),
    """
    CREATE OR REPLACE FUNCTION retention_guard_bill() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF to_jsonb(NEW) - 'payload' = to_jsonb(OLD) - 'payload' AND EXISTS (
            SELECT FROM retention_billdisposal AS d WHERE d.bill_id = OLD.id AND d.payload = NEW.payload
        ) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'rows of billing_bill are appended, never changed or removed'
            USING ERRCODE = 'restrict_violation', TABLE = 'billing_bill', CONSTRAINT = 'billing_bill_append_only';
    END
    $$
    """,
    "DROP TRIGGER IF EXISTS billing_bill_refuse_update ON billing_bill",
    (
        "CREATE TRIGGER billing_bill_refuse_update BEFORE UPDATE ON billing_bill"
        " FOR EACH ROW EXECUTE FUNCTION retention_guard_bill()"
    ),
    """
    CREATE OR REPLACE FUNCTION retention_dispose_bill() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF (SELECT issued_on + interval '{years} years' > NEW.disposed_on FROM billing_bill WHERE id = NEW.bill_id)
        THEN
            RAISE EXCEPTION 'a bill is disposed of {years} years after its issue at the earliest'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'bill_disposal_too_early';
        END IF;
        UPDATE billing_bill SET payload = NEW.payload WHERE id = NEW.bill_id;
        RETURN NULL;
    END
    $$
    """,
    "DROP TRIGGER IF EXISTS retention_billdisposal_done ON retention_billdisposal",
    (
        "CREATE TRIGGER retention_billdisposal_done AFTER INSERT ON retention_billdisposal"
        " FOR EACH ROW EXECUTE FUNCTION retention_dispose_bill()"
    ),
)


def guard_bills() -> DatabaseStep:
    """A migration step that puts these guards in place; run it again after a step that remakes ``billing_bill``."""
    return DatabaseStep(_guard)


def _guard(editor: BaseDatabaseSchemaEditor) -> None:
    database = editor.connection
    with database.cursor() as cursor:
        if is_postgresql(database):
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
            for statement in _POSTGRESQL:
                filled = statement.replace("{schema}", database.ops.quote_name(schema)).replace(
                    "{years}", str(YEARS_MIN)
                )
                editor.execute(filled, params=None)
            return
        cursor.execute("PRAGMA table_info(billing_bill)")
        columns = [row[1] for row in cursor.fetchall() if row[1] != "payload"]
    for statement in _sqlite(columns):
        editor.execute(statement, params=None)


def _sqlite(columns: list[str]) -> list[str]:
    same = " AND ".join(f'NEW."{column}" IS OLD."{column}"' for column in columns)
    disposed = "EXISTS (SELECT 1 FROM retention_billdisposal AS d WHERE d.bill_id = OLD.id AND d.payload = NEW.payload)"
    return [
        "DROP TRIGGER IF EXISTS billing_bill_refuse_update",
        (
            f"CREATE TRIGGER billing_bill_refuse_update BEFORE UPDATE ON billing_bill"
            f" WHEN NOT ({same} AND {disposed}) BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        ),
        "DROP TRIGGER IF EXISTS retention_billdisposal_done",
        f"""
        CREATE TRIGGER retention_billdisposal_done AFTER INSERT ON retention_billdisposal
        BEGIN
            SELECT RAISE(ABORT, '{_YOUNG}') FROM billing_bill
             WHERE id = NEW.bill_id AND date(issued_on, '+{YEARS_MIN} years') > NEW.disposed_on;
            UPDATE billing_bill SET payload = NEW.payload WHERE id = NEW.bill_id;
        END
        """,  # noqa: S608 - constants
    ]

"""The guards of bills: an issued bill and its lines are never changed, and no day of a service is billed twice."""

from django.db import migrations

from weatherhead.areas.records.database import append_only, vendor_sql

# A range of one number stands for equality, so that no extension is needed.
POSTGRESQL = [
    """
    ALTER TABLE billing_billsegment ADD CONSTRAINT segment_billed_once EXCLUDE USING gist (
        int8range(agreement_id, agreement_id, '[]') WITH &&,
        daterange(start_on, end_on) WITH &&
    ) WHERE (active)
    """
]

_OVERLAP = """
        SELECT RAISE(ABORT, 'segment_billed_once: some of these days are billed already')
         WHERE NEW.active AND EXISTS (
               SELECT 1 FROM billing_billsegment AS other
                WHERE other.agreement_id = NEW.agreement_id AND other.active AND other.id IS NOT NEW.id
                  AND other.start_on < NEW.end_on AND NEW.start_on < other.end_on);
"""

SQLITE = [
    f"CREATE TRIGGER segment_billed_once_insert BEFORE INSERT ON billing_billsegment BEGIN {_OVERLAP} END",
    f"CREATE TRIGGER segment_billed_once_update BEFORE UPDATE ON billing_billsegment BEGIN {_OVERLAP} END",
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        vendor_sql(postgresql=POSTGRESQL, sqlite=SQLITE),
        append_only("billing_bill"),
        append_only("billing_billline"),
    ]

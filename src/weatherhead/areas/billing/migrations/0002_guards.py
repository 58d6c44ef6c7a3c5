"""The guards of bills: an issued bill and its lines are never changed, and no day of a service is billed twice."""

from django.db import migrations

from weatherhead.areas.records.database import (
    append_only,
    create_sequence,
    never_removed,
    references_known,
    vendor_sql,
)

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
        create_sequence("billing_bill_number"),
        vendor_sql(postgresql=POSTGRESQL, sqlite=SQLITE),
        append_only("billing_bill"),
        append_only("billing_lineprice"),
        append_only("billing_billline", key=("segment_id", "sequence")),
        never_removed("billing_billrun"),
        never_removed("billing_billsegment"),
        # What bills refer to stays.
        never_removed("customers_account", tag="billed"),
        never_removed("agreements_serviceagreement", tag="billed"),
        references_known(
            "billing_bill",
            references={"account_id": "customers_account", "corrects_id": "billing_bill", "run_id": "billing_billrun"},
        ),
        references_known(
            "billing_billsegment",
            references={
                "bill_id": "billing_bill",
                "agreement_id": "agreements_serviceagreement",
                "cancelled_by_id": "billing_bill",
            },
            updated=("cancelled_by_id",),
        ),
        references_known(
            "billing_billline", references={"segment_id": "billing_billsegment", "price_id": "billing_lineprice"}
        ),
    ]

"""The guards of bills: an issued bill and its lines are never changed, and no day of a service is billed twice."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import (
    append_only,
    create_sequence,
    never_removed,
    references_known,
    vendor_sql,
)

# An EXCLUDE constraint would say this in a line, at a GiST insertion for every segment (decision 0050). The lock on the
# account makes two transactions that bill the same days wait for each other, so that the second sees the first. The door
# holds it already, and to take again what one has writes nothing.
POSTGRESQL = [
    """
    CREATE FUNCTION billing_refuse_overlap() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        twice bigint;
    BEGIN
        PERFORM FROM customers_account AS account
          WHERE account.id = ANY (ARRAY(
                SELECT agreement.account_id FROM changed
                  JOIN agreements_serviceagreement AS agreement ON agreement.id = changed.agreement_id
                 WHERE changed.active))
          ORDER BY account.id FOR NO KEY UPDATE;
        SELECT segment.agreement_id INTO twice
          FROM changed AS segment
         CROSS JOIN LATERAL (
               SELECT FROM billing_billsegment AS other
                WHERE other.agreement_id = segment.agreement_id AND other.active AND other.id <> segment.id
                  AND other.start_on < segment.end_on AND segment.start_on < other.end_on
               ) AS overlapping
         WHERE segment.active
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'segment_billed_once: some of these days of agreement % are billed already', twice
                USING ERRCODE = 'exclusion_violation', TABLE = 'billing_billsegment', CONSTRAINT = 'segment_billed_once';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    *(
        f"CREATE TRIGGER segment_billed_once_{event.lower()} AFTER {event} ON billing_billsegment"
        " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_overlap()"
        for event in ("INSERT", "UPDATE")
    ),
    # A payload of some kilobytes stays in its row as it is: compressing it would cost more than the disk.
    "ALTER TABLE billing_bill ALTER COLUMN payload SET STORAGE EXTERNAL",
    "ALTER TABLE billing_bill SET (toast_tuple_target = 8160)",
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
        append_only("billing_correctedperiod"),
        append_only("billing_billline", key=("segment_id", "sequence")),
        append_only("billing_summarybill"),
        append_only("billing_summarymember"),
        never_removed("billing_summaryenrollment"),
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

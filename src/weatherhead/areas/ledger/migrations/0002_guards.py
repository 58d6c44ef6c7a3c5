"""The guards of the journal: a header seals its postings, and nothing that was written is changed.

Every guard's message begins with its name on SQLite and carries it as the constraint on PostgreSQL. Changing one of these
tables later on SQLite rebuilds it without its triggers: such a migration must make them again, and `ledger check` says so.
"""

from django.db import migrations

from weatherhead.areas.records.database import append_only, create_sequence, vendor_sql

SEALED = "ledger_entry_sealed: postings are missing, too many or not numbered from 1, or do not sum to zero"
CORRECTS = "ledger_corrects_known: an entry reverses a posted entry, and resolves a pending one"
LATE = "ledger_posting_sealed: the entry is sealed, no posting can be added to it"

# The lookups are LATERAL so that each is an index scan however large the journal is: PostgreSQL has no statistics on
# transition tables, and a cached plan that reads the whole journal would be wrong for years; enable_seqscan is off for a
# journal whose statistics are still those of an empty table.
POSTGRESQL = [
    """
    CREATE FUNCTION ledger_seal_entries() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        wrong record;
    BEGIN
        SELECT entry.id, entry.posting_count, written.found, written.last, written.total INTO wrong
          FROM inserted AS entry
         CROSS JOIN LATERAL (
               SELECT count(*) AS found, coalesce(max(posting.sequence), 0) AS last,
                      coalesce(sum(posting.amount_cents), 0) AS total
                 FROM ledger_ledgerposting AS posting
                WHERE posting.entry_id = entry.id
               ) AS written
         WHERE written.found <> entry.posting_count OR written.last <> entry.posting_count OR written.total <> 0
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % names % postings; % were written, numbered up to %, and they sum to %',
                wrong.id, wrong.posting_count, wrong.found, wrong.last, wrong.total
                USING ERRCODE = 'check_violation', TABLE = 'ledger_journalentry', CONSTRAINT = 'ledger_entry_sealed';
        END IF;
        SELECT entry.id INTO wrong
          FROM inserted AS entry
         WHERE (entry.reverses_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM ledger_journalentry AS other WHERE other.id = entry.reverses_id AND other.state = 'posted'))
            OR (entry.resolves_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM ledger_journalentry AS other WHERE other.id = entry.resolves_id AND other.state = 'pending'))
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % does not reverse a posted entry or resolve a pending one', wrong.id
                USING ERRCODE = 'check_violation', TABLE = 'ledger_journalentry', CONSTRAINT = 'ledger_corrects_known';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_entry_sealed AFTER INSERT ON ledger_journalentry
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger_seal_entries()
    """,
    """
    CREATE FUNCTION ledger_refuse_late_postings() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        late bigint;
    BEGIN
        SELECT posting.entry_id INTO late
          FROM (SELECT DISTINCT entry_id FROM inserted) AS posting
         CROSS JOIN LATERAL (
               SELECT count(*) AS headers FROM ledger_journalentry AS entry WHERE entry.id = posting.entry_id
               ) AS sealed
         WHERE sealed.headers > 0
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % is sealed, no posting can be added to it', late
                USING ERRCODE = 'check_violation', TABLE = 'ledger_ledgerposting', CONSTRAINT = 'ledger_posting_sealed';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_posting_sealed AFTER INSERT ON ledger_ledgerposting
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_late_postings()
    """,
]

SQLITE = [
    f"""
    CREATE TRIGGER ledger_entry_sealed BEFORE INSERT ON ledger_journalentry
    BEGIN
        -- The unique constraints say this too, but INSERT OR REPLACE would first remove the row in the way.
        SELECT RAISE(ABORT, 'ledger_reversed_once: the entry is reversed already')
         WHERE EXISTS (SELECT 1 FROM ledger_journalentry WHERE reverses_id = NEW.reverses_id);
        SELECT RAISE(ABORT, 'ledger_resolved_once: the entry is resolved already')
         WHERE EXISTS (SELECT 1 FROM ledger_journalentry WHERE resolves_id = NEW.resolves_id);
        SELECT RAISE(ABORT, '{SEALED}')
         WHERE (SELECT count(*) FROM ledger_ledgerposting WHERE entry_id = NEW.id) <> NEW.posting_count
            OR (SELECT coalesce(max(sequence), 0) FROM ledger_ledgerposting WHERE entry_id = NEW.id) <> NEW.posting_count
            OR (SELECT coalesce(sum(amount_cents), 0) FROM ledger_ledgerposting WHERE entry_id = NEW.id) <> 0;
        SELECT RAISE(ABORT, '{CORRECTS}')
         WHERE (NEW.reverses_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM ledger_journalentry WHERE id = NEW.reverses_id AND state = 'posted'))
            OR (NEW.resolves_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM ledger_journalentry WHERE id = NEW.resolves_id AND state = 'pending'));
    END
    """,  # noqa: S608
    f"""
    CREATE TRIGGER ledger_posting_sealed BEFORE INSERT ON ledger_ledgerposting
    BEGIN
        SELECT RAISE(ABORT, '{LATE}') WHERE EXISTS (SELECT 1 FROM ledger_journalentry WHERE id = NEW.entry_id);
        -- SQLite would keep a fraction in an integer column.
        SELECT RAISE(ABORT, 'ledger_posting_whole_cents: an amount is a whole number of cents')
         WHERE typeof(NEW.amount_cents) <> 'integer';
    END
    """,  # noqa: S608
]


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        create_sequence("ledger_entry_id"),
        vendor_sql(postgresql=POSTGRESQL, sqlite=SQLITE),
        append_only("ledger_journalentry"),
        append_only("ledger_ledgerposting", key=("entry_id", "sequence")),
    ]

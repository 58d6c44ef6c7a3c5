"""The guards of the journal: a header seals its postings, and nothing that was written is changed.

Every guard's message begins with its name on SQLite and carries it as the constraint on PostgreSQL. Changing one of these
tables later on SQLite rebuilds it without its triggers: such a migration must make them again, and `ledger check` says so.
"""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only, create_sequence, vendor_sql

SEALED = "ledger_entry_sealed: postings are missing, too many or not numbered from 1, or do not sum to zero"
CORRECTS = "ledger_corrects_known: an entry reverses a posted entry, and resolves a pending one"
LATE = "ledger_posting_sealed: the entry is sealed, no posting can be added to it"
CLOSED = "ledger_day_open: the books are closed on the day on which the entry takes effect"
EXPORTED = "ledger_exported_stays_closed: what the general ledger was given cannot be reopened"
GOES_ON = "ledger_close_goes_on: the books were closed or reopened meanwhile"
EXPORT_GAP = "ledger_export_goes_on: exports follow each other without gaps, in closed days alone"

# Through which day the books are closed: what the last row says. One look at the end of a key.
CLOSED_THROUGH = "(SELECT closed_through_on FROM ledger_bookclose ORDER BY id DESC LIMIT 1)"

# What a statement appends is new, so its numbers are close together: where they are, the postings are read as one range
# of their key. Else the lookups are LATERAL, an index scan for each row however large the journal is:
# PostgreSQL has no statistics on transition tables, and a cached plan that reads the whole journal would be wrong for
# years; enable_seqscan is off for a journal whose statistics are still those of an empty table.
POSTGRESQL = [
    """
    CREATE FUNCTION ledger_seal_entries() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        wrong record;
        many bigint;
        low bigint;
        high bigint;
        corrects bigint;
        earliest date;
    BEGIN
        SELECT count(*), min(id), max(id), count(reverses_id) + count(resolves_id), min(effective_on)
          INTO many, low, high, corrects, earliest
          FROM inserted;
        -- Once for a statement, however many entries it appends. Whoever closes days waits for those who post, and who
        -- posts then sees the days closed: the lock is shared among them, and held by one who closes.
        PERFORM pg_advisory_xact_lock_shared(417001);
        IF earliest <= (SELECT closed_through_on FROM ledger_bookclose ORDER BY id DESC LIMIT 1) THEN
            RAISE EXCEPTION 'the books are closed on %', earliest
                USING ERRCODE = 'check_violation', TABLE = 'ledger_journalentry', CONSTRAINT = 'ledger_day_open';
        END IF;
        IF high - low < 4 * many THEN
            -- Headers and postings in one heap, summed by entry: a join would be planned for a handful of rows.
            SELECT heap.id, sum(heap.expected)::bigint AS posting_count, sum(heap.one) AS found, max(heap.sequence)::bigint AS last,
                   sum(heap.amount_cents) AS total INTO wrong
              FROM (
                   SELECT id, posting_count::bigint AS expected, 1 AS headers, 0 AS one, 0 AS sequence, 0::bigint AS amount_cents
                     FROM inserted
                   UNION ALL
                   SELECT entry_id, 0, 0, 1, sequence, amount_cents
                     FROM ledger_ledgerposting WHERE entry_id BETWEEN low AND high
                   ) AS heap
             GROUP BY heap.id
            HAVING sum(heap.headers) > 0
               AND (sum(heap.one) <> sum(heap.expected) OR max(heap.sequence) <> sum(heap.expected)
                    OR sum(heap.amount_cents) <> 0)
             LIMIT 1;
        ELSE
            SELECT entry.id, entry.posting_count::bigint, written.found, written.last::bigint, written.total INTO wrong
              FROM inserted AS entry
             CROSS JOIN LATERAL (
                   SELECT count(*) AS found, coalesce(max(posting.sequence), 0) AS last,
                          coalesce(sum(posting.amount_cents), 0) AS total
                     FROM ledger_ledgerposting AS posting
                    WHERE posting.entry_id = entry.id
                   ) AS written
             WHERE written.found <> entry.posting_count OR written.last <> entry.posting_count OR written.total <> 0
             LIMIT 1;
        END IF;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % names % postings; % were written, numbered up to %, and they sum to %',
                wrong.id, wrong.posting_count, wrong.found, wrong.last, wrong.total
                USING ERRCODE = 'check_violation', TABLE = 'ledger_journalentry', CONSTRAINT = 'ledger_entry_sealed';
        END IF;
        IF corrects = 0 THEN
            RETURN NULL;
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
    # A posting comes before its header, so that it has one can only be seen at the end of the transaction. A foreign key
    # would look for the header of every posting on its own, the largest single cost of a bill run. What a statement
    # appended is remembered in one row instead, whose check comes due at the end.
    """
    CREATE TABLE ledger_unsealed (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry_ids bigint[] NOT NULL)
    """,
    """
    CREATE FUNCTION ledger_refuse_late_postings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        late bigint;
        low bigint;
        high bigint;
    BEGIN
        SELECT min(entry_id), max(entry_id) INTO low, high FROM inserted;
        IF low IS NULL THEN
            RETURN NULL;
        END IF;
        IF EXISTS (SELECT FROM ledger_journalentry AS entry WHERE entry.id BETWEEN low AND high) THEN
            SELECT posting.entry_id INTO late
              FROM (SELECT DISTINCT entry_id FROM inserted) AS posting
             CROSS JOIN LATERAL (
                   SELECT count(*) AS headers FROM ledger_journalentry AS entry WHERE entry.id = posting.entry_id
                   ) AS sealed
             WHERE sealed.headers > 0
             LIMIT 1;
            IF FOUND THEN
                RAISE EXCEPTION 'entry % is sealed, no posting can be added to it', late
                    USING ERRCODE = 'check_violation', TABLE = 'ledger_ledgerposting',
                          CONSTRAINT = 'ledger_posting_sealed';
            END IF;
        END IF;
        INSERT INTO ledger_unsealed (entry_ids) SELECT array_agg(DISTINCT entry_id) FROM inserted;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_posting_sealed AFTER INSERT ON ledger_ledgerposting
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_late_postings()
    """,
    """
    CREATE FUNCTION ledger_refuse_unsealed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp SET enable_seqscan = off AS $$
    DECLARE
        open bigint;
    BEGIN
        SELECT number INTO open
          FROM unnest(NEW.entry_ids) AS number
         CROSS JOIN LATERAL (
               SELECT count(*) AS headers FROM ledger_journalentry AS entry WHERE entry.id = number
               ) AS sealed
         WHERE sealed.headers = 0
           AND EXISTS (SELECT FROM ledger_ledgerposting AS posting WHERE posting.entry_id = number)
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % has postings and no header', open
                USING ERRCODE = 'foreign_key_violation', TABLE = 'ledger_ledgerposting',
                      CONSTRAINT = 'ledger_posting_has_header';
        END IF;
        DELETE FROM ledger_unsealed WHERE id = NEW.id;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE CONSTRAINT TRIGGER ledger_posting_has_header AFTER INSERT ON ledger_unsealed
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_refuse_unsealed()
    """,
    # The foreign keys that Django made, and that SQLite keeps. What an entry reverses or resolves is seen to by its seal;
    # a foreign key would queue a check of every header, which mostly corrects nothing.
    """
    DO $$
    DECLARE
        made record;
    BEGIN
        FOR made IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
                     WHERE conrelid IN ('ledger_ledgerposting'::regclass, 'ledger_journalentry'::regclass)
                           AND confrelid = 'ledger_journalentry'::regclass AND contype = 'f'
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', made.owner, made.conname);
        END LOOP;
    END
    $$
    """,
    """
    CREATE FUNCTION ledger_close_goes_on() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF NEW.former_through_on IS DISTINCT FROM
           (SELECT closed_through_on FROM ledger_bookclose ORDER BY id DESC LIMIT 1) THEN
            RAISE EXCEPTION 'the books were closed or reopened meanwhile'
                USING ERRCODE = 'check_violation', TABLE = 'ledger_bookclose', CONSTRAINT = 'ledger_close_goes_on';
        END IF;
        IF (SELECT max(last_on) FROM ledger_journalexport) > coalesce(NEW.closed_through_on, '-infinity') THEN
            RAISE EXCEPTION 'the general ledger has these days'
                USING ERRCODE = 'check_violation', TABLE = 'ledger_bookclose',
                      CONSTRAINT = 'ledger_exported_stays_closed';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_close_goes_on BEFORE INSERT ON ledger_bookclose
    FOR EACH ROW EXECUTE FUNCTION ledger_close_goes_on()
    """,
    """
    CREATE FUNCTION ledger_export_goes_on() RETURNS trigger
    LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
    BEGIN
        IF NEW.last_on > coalesce(
               (SELECT closed_through_on FROM ledger_bookclose ORDER BY id DESC LIMIT 1), '-infinity')
           OR NEW.number <> (SELECT count(*) + 1 FROM ledger_journalexport)
           OR NEW.first_on <> coalesce((SELECT max(last_on) + 1 FROM ledger_journalexport), NEW.first_on)
           OR EXISTS (SELECT FROM ledger_journalentry WHERE effective_on < NEW.first_on
                      AND effective_on > coalesce((SELECT max(last_on) FROM ledger_journalexport), '-infinity')) THEN
            RAISE EXCEPTION 'export % through % does not follow the last one in closed days', NEW.number, NEW.last_on
                USING ERRCODE = 'check_violation', TABLE = 'ledger_journalexport', CONSTRAINT = 'ledger_export_goes_on';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER ledger_export_goes_on BEFORE INSERT ON ledger_journalexport
    FOR EACH ROW EXECUTE FUNCTION ledger_export_goes_on()
    """,
    # Balances move all the time: room beside each spares the index a new entry.
    "ALTER TABLE ledger_runningbalance SET (fillfactor = 50)",
]

SQLITE = [
    f"""
    CREATE TRIGGER ledger_entry_sealed BEFORE INSERT ON ledger_journalentry
    BEGIN
        SELECT RAISE(ABORT, '{CLOSED}') WHERE NEW.effective_on <= {CLOSED_THROUGH};
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
    f"""
    CREATE TRIGGER ledger_close_goes_on BEFORE INSERT ON ledger_bookclose
    BEGIN
        SELECT RAISE(ABORT, '{GOES_ON}') WHERE NEW.former_through_on IS NOT {CLOSED_THROUGH};
        SELECT RAISE(ABORT, '{EXPORTED}')
         WHERE (SELECT max(last_on) FROM ledger_journalexport) > coalesce(NEW.closed_through_on, '');
    END
    """,  # noqa: S608
    f"""
    CREATE TRIGGER ledger_export_goes_on BEFORE INSERT ON ledger_journalexport
    BEGIN
        SELECT RAISE(ABORT, '{EXPORT_GAP}')
         WHERE NEW.last_on > coalesce({CLOSED_THROUGH}, '')
            OR NEW.number <> (SELECT count(*) + 1 FROM ledger_journalexport)
            OR NEW.first_on <> coalesce((SELECT date(max(last_on), '+1 day') FROM ledger_journalexport), NEW.first_on)
            OR EXISTS (SELECT 1 FROM ledger_journalentry WHERE effective_on < NEW.first_on
                       AND effective_on > coalesce((SELECT max(last_on) FROM ledger_journalexport), ''));
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
        append_only("ledger_bookclose"),
        append_only("ledger_journalexport"),
    ]

"""Search by any part of an address, on PostgreSQL from trigrams; SQLite's towns are small enough to read."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import vendor_sql

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX premise_search_trigrams ON premises_premise USING gin (search_text gin_trgm_ops)",
]


class Migration(migrations.Migration):
    dependencies = [("premises", "0001_initial")]

    operations = [vendor_sql(postgresql=POSTGRESQL, sqlite=[])]

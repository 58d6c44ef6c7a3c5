"""Search by any part of a name, on PostgreSQL from trigrams; SQLite's towns are small enough to read."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import vendor_sql

POSTGRESQL = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX customer_search_trigrams ON customers_customer USING gin (search_text gin_trgm_ops)",
]


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("premises", "0002_search")]

    operations = [vendor_sql(postgresql=POSTGRESQL, sqlite=[])]

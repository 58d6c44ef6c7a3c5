"""The guard of the audit log: an entry is appended, and never changed or removed."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [append_only("records_auditentry", key=("stream_id", "sequence"))]

"""Documents and their frames are written once."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [
        append_only("documents_documentframe", key=["sha256"]),
        append_only("documents_document"),
        append_only("documents_letter"),
        append_only("documents_statement"),
        append_only("documents_printfile"),
        append_only("documents_printfilebill"),
    ]

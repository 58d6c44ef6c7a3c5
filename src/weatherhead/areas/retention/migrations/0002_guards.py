"""The guards of disposal: appended only, and the one way in which a document changes."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only
from weatherhead.areas.retention.guards import guard_bills, guard_statements


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial"), ("billing", "0002_guards"), ("documents", "0002_guards")]

    operations = [
        append_only("retention_customerdisposal"),
        append_only("retention_billdisposal"),
        append_only("retention_statementdisposal"),
        guard_bills(),
        guard_statements(),
    ]

"""What was put right about agreements is never changed."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]

    operations = [append_only("agreements_agreementcorrection")]

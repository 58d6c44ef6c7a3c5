"""What was put right about meters, and what tests of them found, is never changed."""

from django.db import migrations

from weatherhead.areas.records.migration_steps import append_only


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]

    operations = [append_only("metering_metercorrection"), append_only("metering_metertest")]

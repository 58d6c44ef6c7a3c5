"""How often in a row the database stopped a work item."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column that older versions need not know."""

    dependencies = [("records", "0002_guards")]

    operations = [
        migrations.AddField(
            model_name="workitem", name="interruptions", field=models.IntegerField(db_default=0, default=0)
        )
    ]

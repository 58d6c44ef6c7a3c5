import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("premises", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("serial", models.CharField(max_length=40, unique=True)),
                ("dials", models.IntegerField()),
                ("multiplier", models.DecimalField(decimal_places=4, max_digits=12)),
                ("has_demand", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("dials__gte", 4), ("dials__lte", 9)), name="meter_dials"
                    ),
                    models.CheckConstraint(condition=models.Q(("multiplier__gt", 0)), name="meter_multiplier_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReadBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("part", models.IntegerField(default=1)),
                ("parts", models.IntegerField(default=1)),
                (
                    "attachment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.attachment"
                    ),
                ),
                ("imported_at", models.DateTimeField()),
                ("rows", models.IntegerField()),
                ("accepted", models.IntegerField()),
                ("held", models.IntegerField()),
                ("rejected", models.IntegerField()),
                ("report", models.JSONField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["sha256"], name="read_batch_by_file")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted__gt", 0), ("held__gt", 0), _connector="OR"),
                        fields=("sha256", "part"),
                        name="read_batch_file_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("part__gte", 1), ("part__lte", models.F("parts"))),
                        name="read_batch_part_of_its_parts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "rows",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("accepted"), "+", models.F("held")
                                    ),
                                    "+",
                                    models.F("rejected"),
                                ),
                            )
                        ),
                        name="read_batch_loses_no_row",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReadingRoute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("cycle", models.IntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["cycle"], name="route_by_cycle")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cycle__gte", 1), ("cycle__lte", 31)), name="route_cycle_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CycleDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cycle", models.IntegerField()),
                ("month", models.DateField()),
                ("read_on", models.DateField()),
                ("bill_on", models.DateField()),
                ("due_on", models.DateField()),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("receipt_id", models.BigIntegerField()),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["read_on"], name="cycle_day_by_read"),
                    models.Index(fields=["bill_on"], name="cycle_day_by_bill"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("cycle", "month"), name="cycle_once_a_month"),
                    models.CheckConstraint(
                        condition=models.Q(("cycle__gte", 1), ("cycle__lte", 31)), name="cycle_day_cycle_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("bill_on__lt", models.F("due_on")), ("read_on__lte", models.F("bill_on"))),
                        name="cycle_day_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterInstallation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="premises.servicepoint"
                    ),
                ),
                ("installed_on", models.DateField()),
                ("removed_on", models.DateField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_on__isnull", True)), fields=("meter",), name="meter_hangs_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("removed_on__isnull", True)),
                        fields=("service_point",),
                        name="service_point_one_meter",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_on__isnull", True), ("removed_on__gt", models.F("installed_on")), _connector="OR"
                        ),
                        name="installation_span_not_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Read",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                ("read_on", models.DateField()),
                ("kind", models.CharField(max_length=10)),
                ("dial_reading", models.BigIntegerField()),
                ("turns", models.IntegerField(default=0)),
                ("demand_w_max", models.BigIntegerField(null=True)),
                ("state", models.CharField(max_length=10)),
                ("exception", models.CharField(blank=True, default="", max_length=30)),
                ("detail", models.JSONField(null=True)),
                ("note", models.TextField(blank=True, default="")),
                ("proof", models.JSONField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="metering.readbatch",
                    ),
                ),
                ("receipt_id", models.BigIntegerField()),
                ("decided_on", models.DateField(null=True)),
                ("decision", models.TextField(blank=True, default="")),
                ("decision_receipt_id", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state"], name="read_by_state"),
                    models.Index(fields=["meter", "read_on"], name="read_by_meter_and_day"),
                    models.Index(fields=["read_on"], name="read_by_day"),
                    models.Index(
                        condition=models.Q(("kind", "estimated"), ("state", "accepted")),
                        fields=["meter"],
                        name="read_estimated_by_meter",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["accepted", "held"])),
                        fields=("meter", "read_on"),
                        name="one_read_a_meter_and_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["accepted", "held", "rejected"])), name="read_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["actual", "estimated", "customer", "move_in", "move_out", "check"])
                        ),
                        name="read_kind_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("dial_reading__gte", 0)), name="read_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("demand_w_max__isnull", True), ("demand_w_max__gte", 0), _connector="OR"),
                        name="read_demand_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "held"), _negated=True),
                            models.Q(("exception", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="read_held_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "rejected"), _negated=True),
                            models.Q(("decision", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="read_rejected_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RouteStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.readingroute"
                    ),
                ),
                (
                    "service_point",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="premises.servicepoint"
                    ),
                ),
                ("sequence", models.IntegerField()),
                ("note", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("route", "sequence"), name="route_sequence_once"),
                    models.CheckConstraint(condition=models.Q(("sequence__gte", 1)), name="route_sequence_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("before", models.CharField(max_length=40)),
                ("after", models.CharField(max_length=40)),
                ("corrected_on", models.DateField()),
                ("reason", models.TextField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["multiplier", "place"])), name="meter_correction_kind_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MeterTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="metering.meter"
                    ),
                ),
                ("tested_on", models.DateField()),
                ("full_load_percent", models.DecimalField(decimal_places=2, max_digits=6)),
                ("light_load_percent", models.DecimalField(decimal_places=2, max_digits=6)),
                ("accuracy_percent", models.DecimalField(decimal_places=2, max_digits=6)),
                ("off", models.BooleanField()),
                ("wrong_since_on", models.DateField(null=True)),
                ("tested_by", models.CharField(max_length=120)),
                ("basis", models.TextField()),
                ("note", models.TextField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("full_load_percent__gt", 0), ("light_load_percent__gt", 0), ("accuracy_percent__gt", 0)
                        ),
                        name="meter_test_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wrong_since_on__isnull", True),
                            models.Q(("off", True), ("wrong_since_on__lt", models.F("tested_on"))),
                            _connector="OR",
                        ),
                        name="meter_test_wrong_before",
                    ),
                ],
            },
        ),
    ]

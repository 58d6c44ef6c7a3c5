import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0001_initial"),
        ("premises", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServiceAgreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="premises.servicepoint"
                    ),
                ),
                ("schedule", models.CharField(max_length=60)),
                ("options", models.JSONField(default=dict)),
                ("start_on", models.DateField()),
                ("end_on", models.DateField(null=True)),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["account"], name="agreement_by_account")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("end_on__isnull", True)),
                        fields=("service_point",),
                        name="service_point_one_agreement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_on__isnull", True), ("end_on__gt", models.F("start_on")), _connector="OR"
                        ),
                        name="agreement_span_not_empty",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FormerPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agreements.serviceagreement",
                    ),
                ),
                ("start_on", models.DateField()),
                ("end_on", models.DateField()),
                ("energy_wh", models.BigIntegerField()),
                ("demand_w_max", models.BigIntegerField(null=True)),
                ("estimated", models.BooleanField(default=False)),
                ("billed_on", models.DateField()),
                ("bill_number", models.CharField(blank=True, default="", max_length=40)),
                ("amount_cents", models.BigIntegerField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_on__gt", models.F("start_on"))), name="former_period_span_not_empty"
                    ),
                    models.UniqueConstraint(fields=("agreement", "start_on"), name="former_period_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementTerms",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agreements.serviceagreement"
                    ),
                ),
                ("start_on", models.DateField()),
                ("end_on", models.DateField()),
                ("schedule", models.CharField(max_length=60)),
                ("options", models.JSONField(default=dict)),
                ("receipt_id", models.BigIntegerField()),
                ("replaced_receipt_id", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_on__gt", models.F("start_on"))), name="agreement_terms_span_not_empty"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("replaced_receipt_id__isnull", True)),
                        fields=("agreement", "start_on"),
                        name="agreement_terms_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agreements.serviceagreement"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("corrected_on", models.DateField()),
                ("reason", models.TextField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["terms", "dates", "place"])),
                        name="agreement_correction_kind_known",
                    )
                ],
            },
        ),
    ]

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("customers", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
                ("channel", models.CharField(max_length=20)),
                ("received_on", models.DateField()),
                ("rows", models.IntegerField()),
                ("total_cents", models.BigIntegerField()),
                ("posted_rows", models.IntegerField()),
                ("posted_cents", models.BigIntegerField()),
                ("report", models.JSONField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("posted_rows__gte", 0),
                            ("posted_rows__lte", models.F("rows")),
                            ("rows__gt", 0),
                            ("posted_cents__gte", 0),
                            ("posted_cents__lte", models.F("total_cents")),
                        ),
                        name="payment_batch_loses_nothing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="payments.paymentbatch",
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("received_on", models.DateField()),
                ("channel", models.CharField(max_length=20)),
                ("received_by", models.CharField(max_length=120)),
                ("receipt_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Tender",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.paymentevent"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("amount_cents", models.BigIntegerField()),
                ("check_number", models.CharField(blank=True, default="", max_length=20)),
                ("cancelled_on", models.DateField(null=True)),
                ("cancel_reason", models.CharField(blank=True, default="", max_length=30)),
                ("cancel_note", models.TextField(blank=True, default="")),
                ("cancel_receipt_id", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="tender_positive"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["cash", "check"])), name="tender_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("cancel_reason", ""),
                                ("cancel_receipt_id__isnull", True),
                                ("cancelled_on__isnull", True),
                            ),
                            models.Q(
                                ("cancel_receipt_id__isnull", False),
                                ("cancelled_on__isnull", False),
                                models.Q(("cancel_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="tender_cancelled_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.paymentevent"
                    ),
                ),
                (
                    "tender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="payments.tender"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                ("amount_cents", models.BigIntegerField()),
                ("paid_on", models.DateField()),
                ("entry_id", models.BigIntegerField()),
                ("reversed_on", models.DateField(null=True)),
                ("reversal_entry_id", models.BigIntegerField(null=True)),
                ("reversal_reason", models.CharField(blank=True, default="", max_length=60)),
            ],
            options={
                "indexes": [models.Index(fields=["account", "paid_on"], name="payment_by_account")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("amount_cents__gt", 0)), name="payment_positive")
                ],
            },
        ),
    ]

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("agreements", "0001_initial"),
        ("customers", "0001_initial"),
        ("records", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BillRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(default="bill", max_length=8)),
                ("scope", models.JSONField(default=dict)),
                ("cycle", models.IntegerField(null=True)),
                ("through_on", models.DateField()),
                ("state", models.CharField(max_length=10)),
                ("planned_by", models.CharField(max_length=120)),
                ("planned_by_employee_id", models.BigIntegerField()),
                ("planned_at", models.DateTimeField()),
                ("released_by", models.CharField(blank=True, default="", max_length=120)),
                ("released_by_employee_id", models.BigIntegerField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("issued_on", models.DateField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("accounts", models.IntegerField()),
                ("shards", models.IntegerField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["state"], name="bill_run_by_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["trying", "tried", "released", "issued", "cancelled"])),
                        name="bill_run_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("released_by_employee_id__isnull", True),
                            models.Q(("released_by_employee_id", models.F("planned_by_employee_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="bill_run_maker_is_not_checker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purpose__in", ["bill", "correct"])), name="bill_run_purpose_known"
                    ),
                    models.UniqueConstraint(
                        models.F("purpose"),
                        django.db.models.functions.comparison.Coalesce("cycle", 0),
                        condition=models.Q(("state__in", ["trying", "tried", "released"])),
                        name="bill_run_one_open_a_cycle",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LinePrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=64, unique=True)),
                ("schedule_sha256", models.CharField(max_length=64)),
                ("code", models.CharField(max_length=60)),
                ("label", models.CharField(max_length=160)),
                ("ledger_account", models.CharField(max_length=60)),
                ("content", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="BillException",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agreements.serviceagreement"
                    ),
                ),
                ("start_on", models.DateField()),
                ("end_on", models.DateField(null=True)),
                ("kind", models.CharField(max_length=30)),
                ("detail", models.JSONField()),
                ("state", models.CharField(max_length=10)),
                ("raised_on", models.DateField()),
                ("released_on", models.DateField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["held", "released"])), name="exception_state_known"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "held")),
                        fields=("agreement", "start_on", "kind"),
                        name="exception_held_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                ("kind", models.CharField(max_length=10)),
                ("charge", models.CharField(max_length=40)),
                ("amount_cents", models.BigIntegerField()),
                ("adjusted_on", models.DateField()),
                ("reason", models.CharField(max_length=60)),
                ("note", models.TextField(blank=True, default="")),
                ("basis", models.CharField(max_length=8)),
                ("evidence", models.TextField(blank=True, default="")),
                (
                    "attachment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.attachment",
                    ),
                ),
                (
                    "waives",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.adjustment",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.adjustment",
                    ),
                ),
                ("rule", models.CharField(max_length=80)),
                ("entry_id", models.BigIntegerField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "adjusted_on"], name="adjustment_by_account"),
                    models.Index(fields=["adjusted_on"], name="adjustment_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["fee", "waiver", "credit", "debit", "reversal"])),
                        name="adjustment_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind__in=["fee", "debit"], amount_cents__gt=0)
                        | models.Q(kind__in=["waiver", "credit"], amount_cents__lt=0)
                        | models.Q(kind="reversal") & ~models.Q(amount_cents=0),
                        name="adjustment_sign_follows_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind="waiver", waives__isnull=False)
                        | ~models.Q(kind="waiver") & models.Q(waives__isnull=True),
                        name="adjustment_waiver_names_its_fee",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(kind="reversal", reverses__isnull=False)
                        | ~models.Q(kind="reversal") & models.Q(reverses__isnull=True),
                        name="adjustment_reversal_names_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(basis__in=["computed", "stated"])
                        | models.Q(basis="attached") & (~models.Q(evidence="") | models.Q(attachment__isnull=False)),
                        name="adjustment_basis_stands",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LateChargeRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cycle", models.IntegerField()),
                ("from_account", models.BigIntegerField()),
                ("to_account", models.BigIntegerField()),
                ("ran_on", models.DateField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["cycle", "receipt_id"], name="late_charge_run_by_cycle")],
            },
        ),
        migrations.CreateModel(
            name="LateChargeDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                ("charged_on", models.DateField()),
                ("counts", models.BooleanField()),
                ("receipt_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="BillRunShard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.billrun",
                    ),
                ),
                ("stage", models.CharField(max_length=6)),
                ("number", models.IntegerField()),
                ("first_account_id", models.BigIntegerField()),
                ("last_account_id", models.BigIntegerField()),
                ("accounts", models.IntegerField()),
                ("done_at", models.DateTimeField(null=True)),
                ("outcome", models.JSONField(null=True)),
                ("receipt_id", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("stage__in", ["try", "issue"])), name="bill_run_stage_known"
                    ),
                    models.UniqueConstraint(fields=("run", "stage", "number"), name="bill_run_shard_once"),
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", True), ("outcome__isnull", False), _connector="OR"),
                        name="bill_run_shard_done_has_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Bill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                ("total_cents", models.BigIntegerField()),
                (
                    "corrects",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bill",
                    ),
                ),
                ("entry_id", models.BigIntegerField(null=True)),
                ("payload", models.TextField()),
                ("payload_sha256", models.CharField(max_length=64)),
                ("receipt_id", models.BigIntegerField()),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.billrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "issued_on"], name="bill_by_account"),
                    models.Index(condition=models.Q(("run__isnull", False)), fields=["run"], name="bill_by_run"),
                    models.Index(
                        condition=models.Q(("corrects__isnull", False)), fields=["corrects"], name="bill_by_corrected"
                    ),
                    models.Index(fields=["issued_on"], name="bill_by_day"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["regular", "corrected", "final"])), name="bill_kind_known"
                    ),
                    models.UniqueConstraint(fields=("number",), name="bill_number_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillSegment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "bill",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bill",
                    ),
                ),
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
                ("active", models.BooleanField(default=True)),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bill",
                    ),
                ),
                ("schedule", models.CharField(max_length=60)),
                ("schedule_sha256", models.CharField(max_length=64)),
                ("energy_wh", models.BigIntegerField()),
                ("demand_w_max", models.BigIntegerField(null=True)),
                ("estimated", models.BooleanField(default=False)),
                ("determinants", models.TextField()),
                ("amount_cents", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agreement", "start_on"], name="segment_by_agreement"),
                    models.Index(
                        condition=models.Q(("cancelled_by__isnull", False)),
                        fields=["cancelled_by"],
                        name="segment_by_canceller",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_on__gt", models.F("start_on"))), name="segment_span_not_empty"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "segment_id", "sequence", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.billsegment",
                    ),
                ),
                ("sequence", models.SmallIntegerField()),
                (
                    "price",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.lineprice",
                    ),
                ),
                ("start_on", models.DateField()),
                ("end_on", models.DateField()),
                ("quantity", models.BigIntegerField()),
                ("numerator", models.BigIntegerField()),
                ("denominator", models.BigIntegerField()),
                ("amount_cents", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="SummaryBill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                ("charges_cents", models.BigIntegerField()),
                ("amount_due_cents", models.BigIntegerField()),
                ("payload", models.TextField()),
                ("payload_sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("receipt_id", models.BigIntegerField()),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SummaryEnrollment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(null=True)),
                ("receipt_id", models.BigIntegerField()),
                ("ending_receipt_id", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ends_on__isnull", True)), fields=("account",), name="summary_enrolled_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                        ),
                        name="summary_enrollment_not_backwards",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SummaryMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.IntegerField()),
                (
                    "bill",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.bill"
                    ),
                ),
                (
                    "summary",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.summarybill"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("summary", "sequence"), name="summary_sequence_once")],
            },
        ),
        migrations.CreateModel(
            name="CorrectedPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="agreements.serviceagreement",
                    ),
                ),
                (
                    "replaces",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bill",
                    ),
                ),
                (
                    "bill",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.bill",
                    ),
                ),
                ("was_start_on", models.DateField()),
                ("was_end_on", models.DateField()),
                ("start_on", models.DateField(null=True)),
                ("end_on", models.DateField(null=True)),
                ("before_cents", models.BigIntegerField()),
                ("after_cents", models.BigIntegerField()),
                ("due_on", models.DateField()),
                ("cause", models.CharField(max_length=20)),
                ("receipt_id", models.BigIntegerField()),
            ],
        ),
    ]

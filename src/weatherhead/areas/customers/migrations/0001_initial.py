import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("premises", "0001_initial"),
        ("workforce", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=160)),
                ("search_text", models.CharField(max_length=300)),
                ("language", models.CharField(default="en", max_length=8)),
                ("created_on", models.DateField()),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["person", "business"])), name="customer_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactPoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer"
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("value", models.CharField(max_length=254)),
                ("since_on", models.DateField()),
                ("until_on", models.DateField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["value"], name="contact_by_value")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["phone", "email"])), name="contact_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer"
                    ),
                ),
                ("kind", models.CharField(max_length=24)),
                ("ciphertext", models.TextField()),
                ("last_four", models.CharField(max_length=4)),
                ("fingerprint", models.CharField(db_index=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer"
                    ),
                ),
                ("mail_street", models.CharField(max_length=120)),
                ("mail_unit", models.CharField(blank=True, default="", max_length=40)),
                ("mail_city", models.CharField(max_length=80)),
                ("mail_state", models.CharField(max_length=2)),
                ("mail_postal_code", models.CharField(max_length=10)),
                ("cycle", models.IntegerField()),
                ("revenue_class", models.CharField(max_length=20)),
                ("opened_on", models.DateField()),
                ("closed_on", models.DateField(null=True)),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "indexes": [models.Index(fields=["cycle"], name="account_by_cycle")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("cycle__gte", 1), ("cycle__lte", 31)), name="account_cycle_in_month"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EmployeeLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "employee",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="workforce.employee"
                    ),
                ),
                ("relation", models.CharField(max_length=20)),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customer",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="premises.premise"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("account__isnull", True), ("customer__isnull", False), ("premise__isnull", True)),
                            models.Q(("account__isnull", False), ("customer__isnull", True), ("premise__isnull", True)),
                            models.Q(("account__isnull", True), ("customer__isnull", True), ("premise__isnull", False)),
                            _connector="OR",
                        ),
                        name="employee_link_names_one_thing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                ("noted_on", models.DateField()),
                ("author", models.CharField(blank=True, default="", max_length=80)),
                ("text", models.TextField()),
                ("receipt_id", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("party_kind", models.CharField(max_length=10)),
                ("party_name", models.CharField(max_length=160)),
                ("party_email", models.CharField(blank=True, default="", max_length=254)),
                ("covers", models.CharField(max_length=60)),
                ("given_how", models.CharField(max_length=16)),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField()),
                ("note", models.TextField(blank=True, default="")),
                ("receipt_id", models.BigIntegerField()),
                ("revoked_on", models.DateField(null=True)),
                ("revoking_receipt_id", models.BigIntegerField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.account"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("party_kind__in", ["agency", "landlord", "other"])),
                        name="consent_party_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("given_how__in", ["written", "in_person", "recorded_call"])),
                        name="consent_how_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="consent_span_not_empty"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("covers", ""), _negated=True), name="consent_covers_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_on__isnull", True), ("revoking_receipt_id__isnull", True)),
                            models.Q(("revoked_on__isnull", False), ("revoking_receipt_id__isnull", False)),
                            _connector="OR",
                        ),
                        name="consent_revoked_by_receipt",
                    ),
                ],
            },
        ),
    ]

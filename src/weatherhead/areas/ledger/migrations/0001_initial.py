import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    initial = True

    dependencies = [("customers", "0001_initial"), ("records", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="JournalEntry",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("effective_on", models.DateField()),
                ("inserted_at", models.DateTimeField()),
                ("reason", models.TextField(blank=True, default="")),
                ("state", models.CharField(max_length=8)),
                (
                    "reverses",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                (
                    "resolves",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                ("posting_count", models.SmallIntegerField()),
                ("receipt_id", models.BigIntegerField(null=True)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state="void", posting_count=0, resolves__isnull=False)
                        | Q(state__in=["posted", "pending"], posting_count__gte=2),
                        name="ledger_entry_state_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(reverses__isnull=True, resolves__isnull=True)
                        | Q(state="posted", reverses__isnull=False, resolves__isnull=True)
                        | Q(state__in=["posted", "void"], reverses__isnull=True, resolves__isnull=False),
                        name="ledger_entry_corrects_one",
                    ),
                    models.UniqueConstraint(
                        condition=Q(reverses__isnull=False), fields=("reverses",), name="ledger_reversed_once"
                    ),
                    models.UniqueConstraint(
                        condition=Q(resolves__isnull=False), fields=("resolves",), name="ledger_resolved_once"
                    ),
                ],
                "indexes": [models.Index(fields=["effective_on"], name="ledger_entry_by_day")],
            },
        ),
        migrations.CreateModel(
            name="LedgerPosting",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "entry_id", "sequence", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.journalentry",
                    ),
                ),
                ("sequence", models.SmallIntegerField()),
                ("ledger_account", models.CharField(max_length=40)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.account",
                    ),
                ),
                ("amount_cents", models.BigIntegerField()),
                ("due_on", models.DateField(null=True)),
                ("charge", models.CharField(max_length=40)),
                ("matches_entry_id", models.BigIntegerField(null=True)),
                ("matches_sequence", models.SmallIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~Q(amount_cents=0), name="ledger_posting_not_zero"),
                    models.CheckConstraint(condition=Q(sequence__gte=1), name="ledger_posting_from_one"),
                    models.CheckConstraint(
                        condition=Q(account__isnull=False)
                        | ~Q(ledger_account__in=["deposit", "receivable", "unapplied_credit"]),
                        name="ledger_posting_names_account",
                    ),
                    models.CheckConstraint(
                        condition=Q(due_on__isnull=True)
                        | Q(ledger_account="receivable", amount_cents__gt=0, matches_entry_id__isnull=True),
                        name="ledger_posting_due_is_owed",
                    ),
                    models.CheckConstraint(
                        condition=~Q(ledger_account="receivable", amount_cents__gt=0)
                        | Q(due_on__isnull=False)
                        | Q(matches_entry_id__isnull=False),
                        name="ledger_posting_owed_is_due",
                    ),
                    models.CheckConstraint(
                        condition=Q(matches_entry_id__isnull=True, matches_sequence__isnull=True)
                        | Q(
                            matches_entry_id__isnull=False,
                            matches_sequence__isnull=False,
                            matches_entry_id__lt=F("entry_id"),
                            matches_sequence__gte=1,
                        ),
                        name="ledger_posting_matches_earlier",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=Q(account__isnull=False),
                        fields=["account", "ledger_account", "entry"],
                        name="ledger_posting_by_account",
                    ),
                    models.Index(
                        condition=Q(matches_entry_id__isnull=False),
                        fields=["ledger_account", "account"],
                        name="ledger_posting_linked",
                    ),
                    models.Index(condition=Q(due_on__isnull=False), fields=["due_on"], name="ledger_posting_by_due"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunningBalance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id", "ledger_account", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
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
                ("ledger_account", models.CharField(max_length=40)),
                ("balance_cents", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="BookClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=6)),
                ("former_through_on", models.DateField(null=True)),
                ("closed_through_on", models.DateField(null=True)),
                ("asked_by", models.CharField(max_length=120)),
                ("decided_by", models.CharField(max_length=120)),
                ("decided_by_employee_id", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(kind="close", closed_through_on__isnull=False, former_through_on__isnull=True)
                        | Q(
                            kind="close",
                            closed_through_on__isnull=False,
                            former_through_on__isnull=False,
                            closed_through_on__gt=F("former_through_on"),
                        )
                        | Q(kind="reopen", former_through_on__isnull=False, closed_through_on__isnull=True)
                        | Q(
                            kind="reopen",
                            former_through_on__isnull=False,
                            closed_through_on__isnull=False,
                            closed_through_on__lt=F("former_through_on"),
                        ),
                        name="ledger_close_moves",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DayTotal",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day_on", "ledger_account", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day_on", models.DateField()),
                ("ledger_account", models.CharField(max_length=40)),
                ("debits_cents", models.BigIntegerField()),
                ("credits_cents", models.BigIntegerField()),
                ("postings", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(debits_cents__gte=0, credits_cents__gte=0, postings__gte=1),
                        name="ledger_day_total_unsigned",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.IntegerField(unique=True)),
                ("first_on", models.DateField()),
                ("last_on", models.DateField()),
                ("grouped_by", models.CharField(max_length=6)),
                ("entries", models.IntegerField()),
                ("postings", models.IntegerField()),
                ("lines", models.IntegerField()),
                ("debits_cents", models.BigIntegerField()),
                ("credits_cents", models.BigIntegerField()),
                ("content", models.TextField()),
                ("content_sha256", models.CharField(max_length=64)),
                ("made_by", models.CharField(max_length=120)),
                ("made_at", models.DateTimeField()),
                ("receipt_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="ledger_export_not_backwards"),
                    models.CheckConstraint(condition=Q(debits_cents=F("credits_cents")), name="ledger_export_balanced"),
                    models.CheckConstraint(
                        condition=Q(grouped_by__in=["day", "source"]), name="ledger_export_grouping_known"
                    ),
                ],
            },
        ),
    ]

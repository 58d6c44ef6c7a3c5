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
                    )
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
    ]

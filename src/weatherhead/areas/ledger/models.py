"""The journal: postings first, then the header that seals them. Appended only; triggers on both databases see to it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from weatherhead.areas.customers.models import Account
from weatherhead.core.ledger import CODE_LENGTH_MAX, CUSTOMER_KEPT, NAME_LENGTH_MAX, POSTINGS_MIN


class JournalEntry(models.Model):
    """The header of an entry. Its number comes from the sequence ledger_entry_id, before its postings are written."""

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=NAME_LENGTH_MAX)
    effective_on = models.DateField()
    inserted_at = models.DateTimeField()
    reason = models.TextField(default="", blank=True)
    state = models.CharField(max_length=8)  # posted, pending, void
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    resolves = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    posting_count = models.SmallIntegerField()
    receipt_id = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64)  # SHA-256 of the whole entry, hexadecimal

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="void", posting_count=0, resolves__isnull=False)
                | Q(state__in=["posted", "pending"], posting_count__gte=POSTINGS_MIN),
                name="ledger_entry_state_known",
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, resolves__isnull=True)
                | Q(state="posted", reverses__isnull=False, resolves__isnull=True)
                | Q(state__in=["posted", "void"], reverses__isnull=True, resolves__isnull=False),
                name="ledger_entry_corrects_one",
            ),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="ledger_reversed_once"
            ),
            models.UniqueConstraint(
                fields=["resolves"], condition=Q(resolves__isnull=False), name="ledger_resolved_once"
            ),
        ]


class LedgerPosting(models.Model):
    """One amount on one ledger account. Written before its header: that it has one is checked at commit.

    SQLite does so by its foreign key, PostgreSQL once for all that a statement appended (migration 0002).
    """

    pk = models.CompositePrimaryKey("entry_id", "sequence")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.SmallIntegerField()
    ledger_account = models.CharField(max_length=CODE_LENGTH_MAX)
    # The account is locked by whoever posts, so its existence need not be checked for every row again.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    amount_cents = models.BigIntegerField()
    due_on = models.DateField(null=True)
    charge = models.CharField(max_length=NAME_LENGTH_MAX)
    matches_entry_id = models.BigIntegerField(null=True)
    matches_sequence = models.SmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_cents=0), name="ledger_posting_not_zero"),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="ledger_posting_from_one"),
            models.CheckConstraint(
                condition=Q(account__isnull=False)
                | ~Q(ledger_account__in=sorted(code.value for code in CUSTOMER_KEPT)),
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
                # Said outright, because a check that comes to NULL passes.
                | Q(
                    matches_entry_id__isnull=False,
                    matches_sequence__isnull=False,
                    matches_entry_id__lt=F("entry_id"),
                    matches_sequence__gte=1,
                ),
                name="ledger_posting_matches_earlier",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "ledger_account", "entry"],
                condition=Q(account__isnull=False),
                name="ledger_posting_by_account",
            )
        ]


class RunningBalance(models.Model):
    """What the posted postings of one account on one ledger account sum to; moved in the transaction that posts."""

    pk = models.CompositePrimaryKey("account_id", "ledger_account")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    ledger_account = models.CharField(max_length=CODE_LENGTH_MAX)
    balance_cents = models.BigIntegerField()

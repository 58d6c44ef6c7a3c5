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
        # Days that are not closed are summed from here; closed ones stand in DayTotal.
        indexes = [models.Index(fields=["effective_on"], name="ledger_entry_by_day")]


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
            ),
            # The few accounts that more than their due dates decide the ageing of.
            models.Index(
                fields=["ledger_account", "account"],
                condition=Q(matches_entry_id__isnull=False),
                name="ledger_posting_linked",
            ),
            models.Index(fields=["due_on"], condition=Q(due_on__isnull=False), name="ledger_posting_by_due"),
        ]


class RunningBalance(models.Model):
    """What the posted postings of one account on one ledger account sum to; moved in the transaction that posts."""

    pk = models.CompositePrimaryKey("account_id", "ledger_account")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    ledger_account = models.CharField(max_length=CODE_LENGTH_MAX)
    balance_cents = models.BigIntegerField()


class BookClose(models.Model):
    """The books were closed through a day, or reopened from one. The last row says how they stand. Appended only."""

    kind = models.CharField(max_length=6)  # close, reopen
    former_through_on = models.DateField(null=True)  # through which day they were closed before; null: not at all
    closed_through_on = models.DateField(null=True)  # and since then
    asked_by = models.CharField(max_length=120)
    decided_by = models.CharField(max_length=120)
    decided_by_employee_id = models.BigIntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=500, default="", blank=True)
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
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
        ]


class DayTotal(models.Model):
    """What was posted to a ledger account on a closed day. Both sums are without a sign; written when it is closed."""

    pk = models.CompositePrimaryKey("day_on", "ledger_account")
    day_on = models.DateField()
    ledger_account = models.CharField(max_length=CODE_LENGTH_MAX)
    debits_cents = models.BigIntegerField()
    credits_cents = models.BigIntegerField()
    postings = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(debits_cents__gte=0, credits_cents__gte=0, postings__gte=1),
                name="ledger_day_total_unsigned",
            )
        ]


class JournalExport(models.Model):
    """A journal for the general ledger, of whole closed days, exactly as it was handed over. Appended only."""

    number = models.IntegerField(unique=True)  # from 1, without gaps
    first_on = models.DateField()
    last_on = models.DateField()  # inclusive
    grouped_by = models.CharField(max_length=6)  # day, source
    entries = models.IntegerField()
    postings = models.IntegerField()
    lines = models.IntegerField()
    debits_cents = models.BigIntegerField()
    credits_cents = models.BigIntegerField()
    content = models.TextField()  # the CSV file
    content_sha256 = models.CharField(max_length=64)
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="ledger_export_not_backwards"),
            models.CheckConstraint(condition=Q(debits_cents=F("credits_cents")), name="ledger_export_balanced"),
            models.CheckConstraint(condition=Q(grouped_by__in=["day", "source"]), name="ledger_export_grouping_known"),
        ]

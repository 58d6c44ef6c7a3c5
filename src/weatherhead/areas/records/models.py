"""What the house remembers. The lowest area: it refers to accounts and employees by number only."""

from django.db import models


class AuditStream(models.Model):
    """The head of one hash chain: ``account:<id>`` or ``utility``."""

    name = models.CharField(max_length=80, primary_key=True)
    last_sequence = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="")


class AuditEntry(models.Model):
    """One remembered event. Appended only: triggers refuse UPDATE and DELETE."""

    stream = models.ForeignKey(AuditStream, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    employee_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=24)  # performed, refused, approval, look, sign_in …
    action = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    detail = models.TextField()  # canonical JSON, without personal data in clear
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "sequence"], name="audit_sequence_once_per_stream")]
        indexes = [models.Index(fields=["employee_id", "at"], name="audit_by_employee")]


class IdempotencyKey(models.Model):
    """A key that a caller chose for one intended effect."""

    key = models.CharField(max_length=120, primary_key=True)
    action = models.CharField(max_length=80)
    inputs_hash = models.CharField(max_length=64)
    actor = models.CharField(max_length=120)
    receipt_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()


class Receipt(models.Model):
    """What an action answered: what changed, the ledger entries, the rule that allowed it."""

    action = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    outcome = models.CharField(max_length=24)  # done, approval_requested
    actor = models.CharField(max_length=120)
    employee_id = models.BigIntegerField(null=True)
    approver = models.CharField(max_length=120, default="")
    approver_employee_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    as_of = models.DateField()
    body = models.JSONField()  # summary, changes, rules, entries, created records

    class Meta:
        indexes = [models.Index(fields=["at"], name="receipt_by_time")]


class ReceiptAccount(models.Model):
    """Which accounts a receipt speaks of."""

    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account_id", "receipt"], name="receipt_once_per_account")]


class AuthorityUse(models.Model):
    """Authority consumed by one action, for the rolling caps."""

    employee_id = models.BigIntegerField()
    account_id = models.BigIntegerField()
    amount_cents = models.BigIntegerField()
    used_on = models.DateField()
    cap_cents = models.BigIntegerField()  # the employee's own cap for everyone on an account: whose level this was
    approved = models.BooleanField(default=False)  # consumed from an approver, not from the employee's own limit
    approver_employee_id = models.BigIntegerField(null=True)  # whose limit it was, when approved
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gte=0), name="authority_is_absolute")]
        indexes = [models.Index(fields=["account_id", "used_on"], name="authority_by_account")]


class ApprovalRequest(models.Model):
    """An action that waits for someone with authority."""

    action = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    inputs = models.TextField()  # encrypted JSON: may carry personal data
    proposal_digest = models.CharField(max_length=64)
    body = models.JSONField()  # the proposal as it was asked, for people
    account_id = models.BigIntegerField(null=True)
    authority_cents = models.BigIntegerField()
    reason = models.TextField()  # why it needs approval
    state = models.CharField(max_length=16, default="waiting")  # waiting, approved, declined, withdrawn
    requested_by = models.CharField(max_length=120)
    requested_by_employee_id = models.BigIntegerField()
    requested_at = models.DateTimeField()
    due_on = models.DateField()
    expires_on = models.DateField()  # from this day on it cannot be approved
    decided_by = models.CharField(max_length=120, default="")
    decided_by_employee_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="")
    receipt = models.ForeignKey(Receipt, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "approved", "declined", "withdrawn"]),
                name="approval_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by_employee_id__isnull=True)
                | ~models.Q(decided_by_employee_id=models.F("requested_by_employee_id"))
                | models.Q(state="withdrawn"),
                name="approval_maker_is_not_checker",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="approval_by_state"),
            models.Index(fields=["decided_at"], name="approval_by_decision"),
            models.Index(fields=["account_id", "state"], name="approval_by_account"),
        ]


class WorkItem(models.Model):
    """One queue for everything that happens outside an action's own transaction."""

    kind = models.CharField(max_length=60)
    payload = models.JSONField()
    unique_key = models.CharField(max_length=160, null=True, unique=True)  # noqa: DJ001 - empty texts would collide
    state = models.CharField(max_length=12, default="ready")  # ready, leased, done, failed
    available_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=120, default="")
    attempts = models.IntegerField(default=0)  # that ended by themselves, well or not
    deaths = models.IntegerField(default=0)  # workers that ended without a word while they had it
    interruptions = models.IntegerField(default=0, db_default=0)  # in a row, by the database; waits longer each time
    last_error = models.TextField(default="")
    result = models.JSONField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["ready", "leased", "done", "failed"]), name="work_item_state_known"
            )
        ]
        indexes = [models.Index(fields=["state", "available_at"], name="work_item_by_state")]


class Attachment(models.Model):
    """A file kept under the hash of its content."""

    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField()


class Counter(models.Model):
    """A number that only grows: account numbers, bill numbers, entry numbers. Never reused."""

    name = models.CharField(max_length=60, primary_key=True)
    last_value = models.BigIntegerField(default=0)

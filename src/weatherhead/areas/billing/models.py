"""Bills: documents that are issued once, frozen, and corrected by others."""

from django.db import models
from django.db.models.functions import Coalesce

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.customers.models import Account, Customer
from weatherhead.areas.records.models import Attachment


class BillRun(models.Model):
    """Billing or correcting many accounts at once: tried by one person, released by another, issued piece by piece."""

    purpose = models.CharField(max_length=8, default="bill")  # bill: what is new; correct: what was billed wrong
    scope = models.JSONField(default=dict)  # of a correction: schedule, first and last day, cause, reason
    cycle = models.IntegerField(null=True)  # null: every cycle
    through_on = models.DateField()  # exclusive: reads up to this day are billed
    state = models.CharField(max_length=10)  # trying, tried, released, issued, cancelled
    planned_by = models.CharField(max_length=120)
    planned_by_employee_id = models.BigIntegerField()
    planned_at = models.DateTimeField()
    released_by = models.CharField(max_length=120, default="", blank=True)
    released_by_employee_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)
    issued_on = models.DateField(null=True)  # the date on every bill of the run
    finished_at = models.DateTimeField(null=True)
    accounts = models.IntegerField()
    shards = models.IntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["trying", "tried", "released", "issued", "cancelled"]),
                name="bill_run_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(released_by_employee_id__isnull=True)
                | ~models.Q(released_by_employee_id=models.F("planned_by_employee_id")),
                name="bill_run_maker_is_not_checker",
            ),
            models.CheckConstraint(condition=models.Q(purpose__in=["bill", "correct"]), name="bill_run_purpose_known"),
            # Two people who start the same cycle at once get one run, and so do two who correct at once.
            models.UniqueConstraint(
                "purpose",
                Coalesce("cycle", 0),
                condition=models.Q(state__in=["trying", "tried", "released"]),
                name="bill_run_one_open_a_cycle",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="bill_run_by_state")]


class BillRunShard(models.Model):
    """A piece of a run: the accounts of its cycle from one number through another. Its outcome is its done-marker."""

    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    stage = models.CharField(max_length=6)  # try, issue
    number = models.IntegerField()
    first_account_id = models.BigIntegerField()
    last_account_id = models.BigIntegerField()
    accounts = models.IntegerField()
    done_at = models.DateTimeField(null=True)
    outcome = models.JSONField(null=True)  # counts, sums in cents and Wh, what was held or refused and why
    receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(stage__in=["try", "issue"]), name="bill_run_stage_known"),
            models.UniqueConstraint(fields=["run", "stage", "number"], name="bill_run_shard_once"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True) | models.Q(outcome__isnull=False),
                name="bill_run_shard_done_has_outcome",
            ),
        ]


class Bill(models.Model):
    """An issued bill. Its payload is frozen and hashed at issue.

    References of the tables that a bill run fills are checked for a whole statement at once (migration 0002).
    """

    number = models.CharField(max_length=20)
    # The account is locked by whoever bills it.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12)  # regular, corrected, final
    issued_on = models.DateField()
    due_on = models.DateField()
    total_cents = models.BigIntegerField()  # current charges of this bill, net of what it cancels
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    entry_id = models.BigIntegerField(null=True)  # null when the charges net to nothing
    payload = models.TextField()  # canonical JSON of everything that the document says
    payload_sha256 = models.CharField(max_length=64)
    receipt_id = models.BigIntegerField()
    run = models.ForeignKey(
        BillRun, on_delete=models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["regular", "corrected", "final"]), name="bill_kind_known"
            ),
            models.UniqueConstraint(fields=["number"], name="bill_number_once"),
        ]
        indexes = [
            models.Index(fields=["account", "issued_on"], name="bill_by_account"),
            models.Index(fields=["run"], condition=models.Q(run__isnull=False), name="bill_by_run"),
            models.Index(fields=["corrects"], condition=models.Q(corrects__isnull=False), name="bill_by_corrected"),
            models.Index(fields=["issued_on"], name="bill_by_day"),
        ]


class BillSegment(models.Model):
    """The charges of one service agreement for one period. Active ones may not overlap (EXCLUDE or trigger)."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    agreement = models.ForeignKey(
        ServiceAgreement, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    start_on = models.DateField()
    end_on = models.DateField()  # exclusive
    active = models.BooleanField(default=True)
    cancelled_by = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="+", null=True, db_constraint=False, db_index=False
    )
    schedule = models.CharField(max_length=60)
    schedule_sha256 = models.CharField(max_length=64)
    energy_wh = models.BigIntegerField()
    demand_w_max = models.BigIntegerField(null=True)
    estimated = models.BooleanField(default=False)
    determinants = models.TextField()  # canonical JSON: reads, multiplier, trailing average: what the prices multiplied
    amount_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(end_on__gt=models.F("start_on")), name="segment_span_not_empty")
        ]
        indexes = [
            models.Index(fields=["agreement", "start_on"], name="segment_by_agreement"),
            models.Index(
                fields=["cancelled_by"], condition=models.Q(cancelled_by__isnull=False), name="segment_by_canceller"
            ),
        ]


class CorrectedPeriod(models.Model):
    """A billed period that was put right: what it had charged, what it charges now, and when that was due at first.

    Spans are half-open. A period that should never have been billed has no new bill and no new days. Appended only.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="+", db_index=False)
    replaces = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", db_constraint=False, null=True)
    was_start_on = models.DateField()
    was_end_on = models.DateField()
    start_on = models.DateField(null=True)
    end_on = models.DateField(null=True)
    before_cents = models.BigIntegerField()
    after_cents = models.BigIntegerField()
    due_on = models.DateField()  # of the bill that first charged these days
    cause = models.CharField(max_length=20)
    receipt_id = models.BigIntegerField()


class LinePrice(models.Model):
    """One price of a rate schedule as it stands on bills: what all lines that it made have in common. Appended only."""

    key = models.CharField(max_length=64, unique=True)  # SHA-256 of the schedule's text and the price's place in it
    schedule_sha256 = models.CharField(max_length=64)
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=160)
    ledger_account = models.CharField(max_length=60)
    content = models.JSONField()  # price, units, version, clause, citation, status, rounding


class BillLine(models.Model):
    """A charge with its proof: quantity × price is numerator ÷ denominator cents, rounded to the amount.

    `quantity` is what the price multiplies: Wh, W, a count, or cents (percentages and minimums).
    """

    pk = models.CompositePrimaryKey("segment_id", "sequence")
    segment = models.ForeignKey(
        BillSegment, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    sequence = models.SmallIntegerField()
    price = models.ForeignKey(
        LinePrice, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    start_on = models.DateField()
    end_on = models.DateField()  # exclusive
    quantity = models.BigIntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    amount_cents = models.BigIntegerField()


class BillException(models.Model):
    """A reason why a period is not billed until a person has looked."""

    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="+")
    start_on = models.DateField()
    end_on = models.DateField(null=True)  # exclusive; null for a hold placed by a person, which holds what follows
    kind = models.CharField(max_length=30)  # usage_high, usage_low, days_short, days_long, amount_high, person
    detail = models.JSONField()
    state = models.CharField(max_length=10)  # held, released
    raised_on = models.DateField()
    released_on = models.DateField(null=True)
    reason = models.TextField(default="", blank=True)
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["held", "released"]), name="exception_state_known"),
            models.UniqueConstraint(
                fields=["agreement", "start_on", "kind"],
                condition=models.Q(state="held"),
                name="exception_held_once",
            ),
        ]


class Adjustment(models.Model):
    """A typed correction or fee on an account, with reason and authority."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)  # fee, waiver, credit, debit, reversal
    charge = models.CharField(max_length=40)  # late_charge, returned_payment_fee …, or the adjustment's type
    amount_cents = models.BigIntegerField()  # signed effect on the balance
    adjusted_on = models.DateField()
    reason = models.CharField(max_length=60)
    note = models.TextField(default="", blank=True)
    basis = models.CharField(max_length=8)  # computed by a rule, attached evidence, stated by a person
    evidence = models.TextField(default="", blank=True)  # a typed reference
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    waives = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, related_name="+", null=True)
    rule = models.CharField(max_length=80)
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["fee", "waiver", "credit", "debit", "reversal"]),
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
        ]
        indexes = [
            models.Index(fields=["account", "adjusted_on"], name="adjustment_by_account"),
            models.Index(fields=["adjusted_on"], name="adjustment_by_day"),
        ]


class LateChargeRun(models.Model):
    """That the rule of late charges was applied to a range of a cycle's accounts on a day, and charged whom it charged.

    Whom it left alone stands nowhere else; what a payment in the wrong place caused or hid is found by these days.
    """

    cycle = models.IntegerField()
    from_account = models.BigIntegerField()
    to_account = models.BigIntegerField()
    ran_on = models.DateField()
    receipt_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["cycle", "receipt_id"], name="late_charge_run_by_cycle")]


class LateChargeDay(models.Model):
    """That a day counts as one of a late charge after all, or no longer, although nothing was posted: it was waived.

    Of a day's rows here, and of what was posted of its charge, the latest says whether it counts.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    charged_on = models.DateField()
    counts = models.BooleanField()
    receipt_id = models.BigIntegerField()


class SummaryEnrollment(models.Model):
    """The days on which an account's bills go onto its customer's summary bill: `[starts_on, ends_on)`."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)  # exclusive; null: until further notice
    receipt_id = models.BigIntegerField()
    ending_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ends_on__isnull=True), name="summary_enrolled_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="summary_enrollment_not_backwards",
            ),
        ]


class SummaryBill(models.Model):
    """One document for the bills of a customer's accounts. It posts nothing: the bills on it are those of record.

    Its number is of the bills' own series, so that a number on a stub is either a bill's or a summary's.
    """

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    issued_on = models.DateField()  # the day of its bills
    due_on = models.DateField()
    charges_cents = models.BigIntegerField()
    amount_due_cents = models.BigIntegerField()  # what its stub asks for: credits stay on their accounts
    payload = models.TextField()  # canonical JSON: figures, and its bills by number and hash; no names or places
    payload_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    receipt_id = models.BigIntegerField()


class SummaryMember(models.Model):
    """A bill on a summary: on one, once."""

    summary = models.ForeignKey(SummaryBill, on_delete=models.PROTECT, related_name="+")
    sequence = models.IntegerField()
    bill = models.OneToOneField(Bill, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["summary", "sequence"], name="summary_sequence_once")]

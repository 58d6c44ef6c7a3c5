"""Bills: documents that are issued once, frozen, and corrected by others."""

from django.db import models

from weatherhead.areas.agreements.models import ServiceAgreement
from weatherhead.areas.customers.models import Account


class Bill(models.Model):
    """An issued bill. Its payload is frozen and hashed at issue."""

    number = models.CharField(max_length=20, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)  # regular, corrected, final
    issued_on = models.DateField()
    due_on = models.DateField()
    total_cents = models.BigIntegerField()  # current charges of this bill, net of what it cancels
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    entry_id = models.BigIntegerField(null=True)  # null when the charges net to nothing
    payload = models.TextField()  # canonical JSON of everything that the document says
    payload_sha256 = models.CharField(max_length=64)
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["regular", "corrected", "final"]), name="bill_kind_known"
            )
        ]
        indexes = [models.Index(fields=["account", "issued_on"], name="bill_by_account")]


class BillSegment(models.Model):
    """The charges of one service agreement for one period. Active ones may not overlap (EXCLUDE or trigger)."""

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="+")
    start_on = models.DateField()
    end_on = models.DateField()  # exclusive
    active = models.BooleanField(default=True)
    cancelled_by = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+", null=True)
    schedule = models.CharField(max_length=60)
    schedule_sha256 = models.CharField(max_length=64)
    energy_wh = models.BigIntegerField()
    demand_w_max = models.BigIntegerField(null=True)
    estimated = models.BooleanField(default=False)
    determinants = models.JSONField()  # reads, multiplier, trailing average: what the prices multiplied
    amount_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(end_on__gt=models.F("start_on")), name="segment_span_not_empty")
        ]
        indexes = [models.Index(fields=["agreement", "start_on"], name="segment_by_agreement")]


class BillLine(models.Model):
    """A charge with its proof."""

    segment = models.ForeignKey(BillSegment, on_delete=models.PROTECT, related_name="+")
    sequence = models.IntegerField()
    code = models.CharField(max_length=60)
    label = models.CharField(max_length=160)
    amount_cents = models.BigIntegerField()
    ledger_account = models.CharField(max_length=60)
    proof = models.JSONField()  # a rated line: quantity, price, version, clause, citation, rounding, steps

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "sequence"], name="bill_line_sequence_once")]


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
    kind = models.CharField(max_length=10)  # fee, waiver
    charge = models.CharField(max_length=40)  # late_charge, returned_payment_fee …
    amount_cents = models.BigIntegerField()  # signed effect on the balance
    adjusted_on = models.DateField()
    reason = models.CharField(max_length=60)
    note = models.TextField(default="", blank=True)
    waives = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)
    rule = models.CharField(max_length=80)
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["fee", "waiver"]), name="adjustment_kind_known"),
            models.CheckConstraint(
                condition=models.Q(kind="fee", amount_cents__gt=0, waives__isnull=True)
                | models.Q(kind="waiver", amount_cents__lt=0, waives__isnull=False),
                name="adjustment_sign_follows_kind",
            ),
        ]
        indexes = [models.Index(fields=["account", "adjusted_on"], name="adjustment_by_account")]

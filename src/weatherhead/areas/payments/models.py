"""Money in. Cancelling a tender (it bounced) is not cancelling a payment (posted to the wrong account)."""

from django.db import models

from weatherhead.areas.customers.models import Account


class PaymentBatch(models.Model):
    """Payments posted together and balanced against what was counted: a day's mail, a drop box."""

    name = models.CharField(max_length=120, unique=True)
    channel = models.CharField(max_length=20)
    received_on = models.DateField()
    rows = models.IntegerField()
    total_cents = models.BigIntegerField()
    posted_rows = models.IntegerField()
    posted_cents = models.BigIntegerField()
    report = models.JSONField()  # each row that was not posted: its place, what it says, why
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rows__gt=0, posted_rows__gte=0, posted_rows__lte=models.F("rows"))
                & models.Q(posted_cents__gte=0, posted_cents__lte=models.F("total_cents")),
                name="payment_batch_loses_nothing",
            )
        ]


class PaymentEvent(models.Model):
    batch = models.ForeignKey(PaymentBatch, on_delete=models.PROTECT, related_name="+", null=True)
    received_at = models.DateTimeField()
    received_on = models.DateField()
    channel = models.CharField(max_length=20)  # counter, mail, phone
    received_by = models.CharField(max_length=120)
    receipt_id = models.BigIntegerField()


class Tender(models.Model):
    event = models.ForeignKey(PaymentEvent, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)  # cash, check
    amount_cents = models.BigIntegerField()
    check_number = models.CharField(max_length=20, default="", blank=True)
    cancelled_on = models.DateField(null=True)  # the day on which the bank returned it
    cancel_reason = models.CharField(max_length=30, default="", blank=True)  # insufficient_funds, stop_payment …
    cancel_note = models.TextField(default="", blank=True)
    cancel_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="tender_positive"),
            models.CheckConstraint(condition=models.Q(kind__in=["cash", "check"]), name="tender_kind_known"),
            models.CheckConstraint(
                condition=models.Q(cancelled_on__isnull=True, cancel_reason="", cancel_receipt_id__isnull=True)
                | (models.Q(cancelled_on__isnull=False, cancel_receipt_id__isnull=False) & ~models.Q(cancel_reason="")),
                name="tender_cancelled_for_a_reason",
            ),
        ]


class Payment(models.Model):
    event = models.ForeignKey(PaymentEvent, on_delete=models.PROTECT, related_name="+")
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    paid_on = models.DateField()
    entry_id = models.BigIntegerField()
    reversed_on = models.DateField(null=True)  # it was posted wrong, or its tender came back
    reversal_entry_id = models.BigIntegerField(null=True)
    reversal_reason = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payment_positive")]
        indexes = [models.Index(fields=["account", "paid_on"], name="payment_by_account")]

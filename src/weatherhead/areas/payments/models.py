"""Money in. Cancelling a tender (it bounced) is not cancelling a payment (posted to the wrong account)."""

from django.db import models

from weatherhead.areas.customers.models import Account


class PaymentEvent(models.Model):
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
    cancelled_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="tender_positive"),
            models.CheckConstraint(condition=models.Q(kind__in=["cash", "check"]), name="tender_kind_known"),
        ]


class Payment(models.Model):
    event = models.ForeignKey(PaymentEvent, on_delete=models.PROTECT, related_name="+")
    tender = models.ForeignKey(Tender, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    paid_on = models.DateField()
    entry_id = models.BigIntegerField()
    reversed_on = models.DateField(null=True)
    reversal_entry_id = models.BigIntegerField(null=True)
    reversal_reason = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payment_positive")]
        indexes = [models.Index(fields=["account", "paid_on"], name="payment_by_account")]

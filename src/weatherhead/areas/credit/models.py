"""What secures an account."""

from django.db import models

from weatherhead.areas.customers.models import Account


class Deposit(models.Model):
    """A security deposit that is held. The money stands in the ledger; this says since when, and which entry."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    held_since_on = models.DateField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="deposit_above_zero")]

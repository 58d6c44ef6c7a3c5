"""What was disposed of, and what must not be. The books know numbers only, and stay."""

from django.db import models

from weatherhead.areas.billing.models import Bill
from weatherhead.areas.customers.models import Customer
from weatherhead.areas.documents.models import Statement


class LegalHold(models.Model):
    """Nothing of this customer is disposed of until somebody with authority releases it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    placed_on = models.DateField()
    released_on = models.DateField(null=True)
    release_reason = models.CharField(max_length=500, default="", blank=True)
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(released_on__isnull=True), name="customer_held_once"
            ),
            models.CheckConstraint(
                condition=models.Q(released_on__isnull=True) | ~models.Q(release_reason=""),
                name="legal_hold_released_for_a_reason",
            ),
        ]


class CustomerDisposal(models.Model):
    """A former customer whose personal data is gone. Appended only."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="+")
    disposed_on = models.DateField()
    rule = models.CharField(max_length=40)
    receipt_id = models.BigIntegerField()


class BillDisposal(models.Model):
    """A bill whose document says no longer whose it was. Appended only: a trigger carries it out on the bill."""

    bill = models.OneToOneField(Bill, on_delete=models.PROTECT, related_name="+")
    payload = models.TextField()  # what the bill's document says from now on
    disposed_on = models.DateField()
    rule = models.CharField(max_length=40)
    receipt_id = models.BigIntegerField()


class StatementDisposal(models.Model):
    """A prepared summary whose document says no longer whose it was. Appended only: a trigger carries it out."""

    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="+")
    payload = models.TextField()  # what it says from now on
    disposed_on = models.DateField()
    rule = models.CharField(max_length=40)
    receipt_id = models.BigIntegerField()

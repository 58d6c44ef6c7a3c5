"""Orders for work at a service point."""

from django.db import models

from weatherhead.areas.customers.models import Account
from weatherhead.areas.metering.models import Meter, Read
from weatherhead.areas.premises.models import ServicePoint


class ServiceOrder(models.Model):
    """Someone is asked to go to a service point. `account` is who took service there on the day in question, if any."""

    kind = models.CharField(max_length=20)  # re_read, investigate
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="+")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    about_on = models.DateField()  # the day of the read in question
    opened_on = models.DateField()
    due_on = models.DateField()
    note = models.CharField(max_length=500)
    state = models.CharField(max_length=10)  # open, done, cancelled
    closed_on = models.DateField(null=True)
    result = models.CharField(max_length=500, default="", blank=True)
    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="+", null=True)  # the read it brought
    receipt_id = models.BigIntegerField()
    closing_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "about_on"], condition=models.Q(state="open"), name="one_open_order_a_meter_and_day"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["re_read", "investigate"]), name="order_kind_known"),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_on__isnull=True, closing_receipt_id__isnull=True)
                | models.Q(state__in=["done", "cancelled"], closed_on__isnull=False, closing_receipt_id__isnull=False),
                name="order_closed_with_day_and_receipt",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["done", "cancelled"]) | ~models.Q(result=""),
                name="order_closed_with_result",
            ),
            models.CheckConstraint(
                condition=models.Q(due_on__gte=models.F("opened_on")), name="order_due_after_opened"
            ),
        ]
        indexes = [
            models.Index(fields=["account"], name="order_by_account"),
            models.Index(fields=["service_point"], name="order_by_service_point"),
            models.Index(fields=["due_on"], condition=models.Q(state="open"), name="order_open_by_due"),
        ]

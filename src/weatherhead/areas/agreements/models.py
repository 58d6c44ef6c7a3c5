"""What makes usage billable."""

from django.db import models

from weatherhead.areas.customers.models import Account
from weatherhead.areas.premises.models import ServicePoint


class ServiceAgreement(models.Model):
    """An account takes service at a service point on a rate schedule, from a day until (exclusive) another."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="+")
    schedule = models.CharField(max_length=60)
    options = models.JSONField(default=dict)  # choices that the schedule asks for: phase, amps, lamps …
    start_on = models.DateField()
    end_on = models.DateField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service_point"], condition=models.Q(end_on__isnull=True), name="service_point_one_agreement"
            ),
            models.CheckConstraint(
                condition=models.Q(end_on__isnull=True) | models.Q(end_on__gt=models.F("start_on")),
                name="agreement_span_not_empty",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="agreement_by_account")]


class FormerPeriod(models.Model):
    """What another system billed for an agreement before ours did, `[start_on, end_on)`. Never billed again."""

    # Written by the million, each in the transaction that made its agreement or looked its number up.
    agreement = models.ForeignKey(
        ServiceAgreement, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    start_on = models.DateField()
    end_on = models.DateField()
    energy_wh = models.BigIntegerField()
    demand_w_max = models.BigIntegerField(null=True)
    estimated = models.BooleanField(default=False)
    billed_on = models.DateField()
    bill_number = models.CharField(max_length=40, default="", blank=True)
    amount_cents = models.BigIntegerField()  # as billed, taxes included
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end_on__gt=models.F("start_on")), name="former_period_span_not_empty"
            ),
            models.UniqueConstraint(fields=["agreement", "start_on"], name="former_period_once"),
        ]

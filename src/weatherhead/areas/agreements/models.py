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


class AgreementTerms(models.Model):
    """The schedule and options of an agreement in `[start_on, end_on)`, where they are not those of the agreement.

    Written when terms are corrected; an agreement without rows had its present terms from the beginning. What another
    correction replaced is kept, with its receipt, and no longer counts.
    """

    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="+")
    start_on = models.DateField()
    end_on = models.DateField()
    schedule = models.CharField(max_length=60)
    options = models.JSONField(default=dict)
    receipt_id = models.BigIntegerField()
    replaced_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end_on__gt=models.F("start_on")), name="agreement_terms_span_not_empty"
            ),
            models.UniqueConstraint(
                fields=["agreement", "start_on"],
                condition=models.Q(replaced_receipt_id__isnull=True),
                name="agreement_terms_once",
            ),
        ]


class AgreementCorrection(models.Model):
    """What was put right about an agreement, as it was and as it is. Appended only."""

    agreement = models.ForeignKey(ServiceAgreement, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)  # terms, dates, place
    before = models.JSONField()
    after = models.JSONField()
    corrected_on = models.DateField()
    reason = models.TextField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["terms", "dates", "place"]), name="agreement_correction_kind_known"
            )
        ]


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

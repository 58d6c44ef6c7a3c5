"""Who is enrolled in what."""

from django.db import models

from weatherhead.areas.customers.models import Account

PROGRAMS = ("budget_billing", "bank_billing", "paperless_billing", "online_bill_pay")


class Enrollment(models.Model):
    """An account is enrolled in a program, from a day until (exclusive) another."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    program = models.CharField(max_length=24)
    since_on = models.DateField()
    until_on = models.DateField(null=True)
    monthly_cents = models.BigIntegerField(null=True)  # the level amount of budget billing
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(program__in=PROGRAMS), name="enrollment_program_known"),
            models.CheckConstraint(
                condition=models.Q(program="budget_billing", monthly_cents__gt=0)
                | (~models.Q(program="budget_billing") & models.Q(monthly_cents__isnull=True)),
                name="enrollment_budget_has_amount",
            ),
            models.UniqueConstraint(
                fields=["account", "program"], condition=models.Q(until_on__isnull=True), name="enrolled_once"
            ),
        ]

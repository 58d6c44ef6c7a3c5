"""Customers and their accounts."""

from django.db import models

from weatherhead.areas.premises.models import Premise
from weatherhead.areas.workforce.models import Employee


class Customer(models.Model):
    kind = models.CharField(max_length=10)  # person, business
    name = models.CharField(max_length=160)
    search_text = models.CharField(max_length=300)
    language = models.CharField(max_length=8, default="en")
    created_on = models.DateField()
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["person", "business"]), name="customer_kind")
        ]


class ContactPoint(models.Model):
    """A phone number (E.164) or an e-mail address of a customer, and since when it is on file."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)  # phone, email
    value = models.CharField(max_length=254)
    since_on = models.DateField()
    until_on = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(kind__in=["phone", "email"]), name="contact_kind")]
        indexes = [models.Index(fields=["value"], name="contact_by_value")]


class Identifier(models.Model):
    """A government identifier: ciphertext, its last four characters, and a keyed fingerprint for equality."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24)  # ssn, ein, driver_license
    ciphertext = models.TextField()
    last_four = models.CharField(max_length=4)
    fingerprint = models.CharField(max_length=64, db_index=True)


class Account(models.Model):
    """What we bill: one responsible customer, a mailing address, a bill cycle, a balance."""

    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    mail_street = models.CharField(max_length=120)
    mail_unit = models.CharField(max_length=40, default="", blank=True)
    mail_city = models.CharField(max_length=80)
    mail_state = models.CharField(max_length=2)
    mail_postal_code = models.CharField(max_length=10)
    cycle = models.IntegerField()
    revenue_class = models.CharField(max_length=20)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(cycle__gte=1, cycle__lte=31), name="account_cycle_in_month")
        ]
        indexes = [models.Index(fields=["cycle"], name="account_by_cycle")]


class EmployeeLink(models.Model):
    """An employee's tie to a customer, an account or a premise: their own, their household's, a relative's."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=20)  # own, household, family, other
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", null=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False, account__isnull=True, premise__isnull=True)
                | models.Q(customer__isnull=True, account__isnull=False, premise__isnull=True)
                | models.Q(customer__isnull=True, account__isnull=True, premise__isnull=False),
                name="employee_link_names_one_thing",
            )
        ]


class AccountNote(models.Model):
    """What somebody wrote about an account, in our time or in another system's."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    noted_on = models.DateField()
    author = models.CharField(max_length=80, default="", blank=True)
    text = models.TextField()
    receipt_id = models.BigIntegerField()


class Consent(models.Model):
    """A customer's word that somebody else may be told of an account, or of all of theirs, and of what.

    `covers` is a space-separated list of bills, payments, balance, usage. A consent is never widened: a wider one is
    another row.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)  # null: all accounts
    party_kind = models.CharField(max_length=10)  # agency, landlord, other
    party_name = models.CharField(max_length=160)
    party_email = models.CharField(max_length=254, default="", blank=True)
    covers = models.CharField(max_length=60)
    given_how = models.CharField(max_length=16)  # written, in_person, recorded_call
    starts_on = models.DateField()
    ends_on = models.DateField()  # exclusive
    note = models.TextField(default="", blank=True)
    receipt_id = models.BigIntegerField()
    revoked_on = models.DateField(null=True)
    revoking_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(party_kind__in=["agency", "landlord", "other"]), name="consent_party_known"
            ),
            models.CheckConstraint(
                condition=models.Q(given_how__in=["written", "in_person", "recorded_call"]), name="consent_how_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=models.F("starts_on")), name="consent_span_not_empty"
            ),
            models.CheckConstraint(condition=~models.Q(covers=""), name="consent_covers_something"),
            models.CheckConstraint(
                condition=models.Q(revoked_on__isnull=True, revoking_receipt_id__isnull=True)
                | models.Q(revoked_on__isnull=False, revoking_receipt_id__isnull=False),
                name="consent_revoked_by_receipt",
            ),
        ]

"""Money in. Cancelling a tender (it bounced) is not cancelling a payment (posted to the wrong account).

An event holds what was handed over (tenders) and where it went (payments). A payment is the part of one tender that
went to one account: a check that paid two accounts made two payments, a bill paid by two checks was paid by two.
"""

from django.db import models

from weatherhead.areas.customers.models import Account
from weatherhead.areas.payments.file_models import ImportedItem, PaymentFile, PaymentFileShard, SuspenseItem

__all__ = [
    "Deposit",
    "Drawer",
    "DrawerCount",
    "ImportedItem",
    "Payment",
    "PaymentBatch",
    "PaymentEvent",
    "PaymentFile",
    "PaymentFileShard",
    "SuspenseItem",
    "Tender",
]


class Deposit(models.Model):
    """What went to the bank together: closed drawers, batches, and tenders that came one by one."""

    slip = models.CharField(max_length=40, unique=True)
    deposited_on = models.DateField()
    deposited_by = models.CharField(max_length=120)
    cash_cents = models.BigIntegerField()
    checks_cents = models.BigIntegerField()
    checks = models.IntegerField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(checks_cents__gte=0, checks__gte=0),
                name="deposit_of_whole_checks",
            )
        ]


class Drawer(models.Model):
    """A person's drawer from when its float was counted until it is closed: a tender control.

    `over_short_cents` is what was counted more (less: negative) than its payments say, posted when it was closed.
    """

    employee_id = models.BigIntegerField()
    opened_by = models.CharField(max_length=120)
    opened_on = models.DateField()
    opened_at = models.DateTimeField()
    float_cents = models.BigIntegerField()
    open_receipt_id = models.BigIntegerField()
    closed_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, default="", blank=True)
    cash_cents = models.BigIntegerField(null=True)  # counted, without the float: what goes to the bank
    checks_cents = models.BigIntegerField(null=True)
    checks = models.IntegerField(null=True)
    over_short_cents = models.BigIntegerField(null=True)
    entry_id = models.BigIntegerField(null=True)  # of what was over or short
    close_receipt_id = models.BigIntegerField(null=True)
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(float_cents__gte=0), name="drawer_float_not_negative"),
            models.CheckConstraint(
                condition=models.Q(closed_on__isnull=True, cash_cents__isnull=True, deposit__isnull=True)
                | models.Q(
                    closed_on__isnull=False,
                    cash_cents__isnull=False,
                    checks_cents__isnull=False,
                    checks__isnull=False,
                    over_short_cents__isnull=False,
                    close_receipt_id__isnull=False,
                ),
                name="drawer_closed_by_a_count",
            ),
            models.UniqueConstraint(
                fields=["employee_id"], condition=models.Q(closed_on__isnull=True), name="drawer_one_open_a_person"
            ),
        ]
        indexes = [models.Index(fields=["deposit"], name="drawer_by_deposit")]


class DrawerCount(models.Model):
    """A count of a drawer, made without knowing what its payments come to; they are written beside it."""

    drawer = models.ForeignKey(Drawer, on_delete=models.PROTECT, related_name="+")
    counted_at = models.DateTimeField()
    counted_by = models.CharField(max_length=120)
    pieces = models.JSONField()  # how many of each denomination, by its worth in cents
    cash_cents = models.BigIntegerField()  # with the float
    checks = models.IntegerField()
    checks_cents = models.BigIntegerField()
    expected_cash_cents = models.BigIntegerField()  # with the float
    expected_checks = models.IntegerField()
    expected_checks_cents = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cash_cents__gte=0, checks__gte=0, checks_cents__gte=0),
                name="drawer_count_not_negative",
            )
        ]


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
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", null=True)

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
    drawer = models.ForeignKey(Drawer, on_delete=models.PROTECT, related_name="+", null=True)
    received_at = models.DateTimeField()
    received_on = models.DateField()
    channel = models.CharField(max_length=20)  # counter, mail, drop_box, phone, electronic
    received_by = models.CharField(max_length=120)
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(batch__isnull=True) | models.Q(drawer__isnull=True),
                name="payment_event_in_one_control",
            )
        ]


class Tender(models.Model):
    event = models.ForeignKey(PaymentEvent, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)  # cash, check, money_order, bank, agency, card
    amount_cents = models.BigIntegerField()  # what was kept of it
    change_cents = models.BigIntegerField(default=0)  # what was given back of cash
    check_number = models.CharField(max_length=60, default="", blank=True)  # of a check or a money order
    reference = models.CharField(max_length=60, default="", blank=True)  # the processor's, the bank's, the agency's
    payer = models.CharField(max_length=120, default="", blank=True)  # the agency's name
    card_last4 = models.CharField(max_length=4, default="", blank=True)  # never more of a card's number
    taken_back_cents = models.BigIntegerField(default=0)  # of payments reversed while the tender was still in hand
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", null=True)  # if it came alone
    cancelled_on = models.DateField(null=True)  # the day on which the bank returned it
    cancel_reason = models.CharField(max_length=30, default="", blank=True)  # insufficient_funds, stop_payment …
    cancel_note = models.TextField(default="", blank=True)
    cancel_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="tender_positive"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["cash", "check", "money_order", "bank", "agency", "card"]),
                name="tender_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(change_cents=0) | models.Q(change_cents__gt=0, kind="cash"),
                name="tender_change_of_cash",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back_cents__gte=0, taken_back_cents__lte=models.F("amount_cents")),
                name="tender_taken_back_once",
            ),
            models.CheckConstraint(
                condition=models.Q(card_last4="") | models.Q(kind="card"), name="tender_digits_of_a_card"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="card") | ~models.Q(reference=""), name="tender_card_by_reference"
            ),
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
    moved_from = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="payment_positive")]
        indexes = [models.Index(fields=["account", "paid_on"], name="payment_by_account")]

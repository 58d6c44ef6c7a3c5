"""Files of payments and what became of their items; money in suspense."""

from django.db import models

KINDS_OF_RETURN = ("refund", "bank")


class PaymentFile(models.Model):
    """A file of payments, read whole: what it claims, what was found, and what could not be taken.

    The file itself is not kept: it holds numbers of bank accounts. Its hash tells it from others.
    """

    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    size_bytes = models.IntegerField()
    imported_at = models.DateTimeField()
    imported_on = models.DateField()
    imported_by = models.CharField(max_length=120)
    employee_id = models.BigIntegerField()
    items = models.IntegerField()  # good ones, which shards post or suspend
    items_cents = models.BigIntegerField()
    bad = models.IntegerField()
    bad_cents = models.BigIntegerField()  # as far as it can be read
    passed_over = models.IntegerField()
    totals = models.JSONField()  # level, line, unit, said, found
    problems = models.JSONField()  # line, field, code, what, cents, text
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256", "source"], name="payment_file_once"),
            models.CheckConstraint(
                condition=models.Q(items__gte=0, items_cents__gte=0, bad__gte=0), name="payment_file_counts"
            ),
        ]


class PaymentFileShard(models.Model):
    """Some thousand items of a file, posted in one commit. `content` is emptied by it: what became of them is kept."""

    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    items = models.IntegerField()
    cents = models.BigIntegerField()
    content = models.TextField()  # the items as columns, JSON
    posted = models.IntegerField(default=0)
    posted_cents = models.BigIntegerField(default=0)
    suspended = models.IntegerField(default=0)
    suspended_cents = models.BigIntegerField(default=0)
    known = models.IntegerField(default=0)  # imported by another file before
    known_cents = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="payment_file_shard_once"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, receipt_id__isnull=True)
                | models.Q(
                    done_at__isnull=False,
                    receipt_id__isnull=False,
                    content="",
                    items=models.F("posted") + models.F("suspended") + models.F("known"),
                    cents=models.F("posted_cents") + models.F("suspended_cents") + models.F("known_cents"),
                ),
                name="payment_file_shard_loses_nothing",
            ),
        ]


class ImportedItem(models.Model):
    """A tender that came by file, under the name that its source gives it: the same again is the same money."""

    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=40)
    reference = models.CharField(max_length=60)
    line = models.IntegerField()
    tender = models.ForeignKey("payments.Tender", on_delete=models.PROTECT, related_name="+")
    bank_mark = models.CharField(max_length=64, default="", blank=True)  # a keyed hash of the payer's bank account

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "reference"], name="imported_item_once")]
        indexes = [models.Index(fields=["bank_mark"], name="imported_item_by_mark", condition=~models.Q(bank_mark=""))]


class SuspenseItem(models.Model):
    """Money that is here and whose account is unknown: of a file, or of a payment that was reversed.

    `entry_id` is what put it into suspense; `resolve_entry_id` undoes it, once, when the item is posted or returned.
    """

    tender = models.ForeignKey("payments.Tender", on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="+", null=True)  # reversed
    file = models.ForeignKey(PaymentFile, on_delete=models.PROTECT, related_name="+", null=True)
    line = models.IntegerField(null=True)
    amount_cents = models.BigIntegerField()
    received_on = models.DateField()
    suspended_on = models.DateField()
    why = models.CharField(max_length=30)
    account_text = models.CharField(max_length=120, default="", blank=True)  # as it was written
    payer = models.CharField(max_length=120, default="", blank=True)
    bank_mark = models.CharField(max_length=64, default="", blank=True)
    return_by = models.DateField(null=True)  # an agency's money that is not accepted goes back by then
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()
    state = models.CharField(max_length=10, default="open")  # open, posted, returned
    resolved_on = models.DateField(null=True)
    resolved_by = models.CharField(max_length=120, default="", blank=True)
    resolve_note = models.TextField(default="", blank=True)
    resolve_entry_id = models.BigIntegerField(null=True)
    resolve_receipt_id = models.BigIntegerField(null=True)
    posted_payment = models.ForeignKey("payments.Payment", on_delete=models.PROTECT, related_name="+", null=True)
    returned_by = models.CharField(max_length=10, default="", blank=True)  # refund, bank

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_cents__gt=0), name="suspense_positive"),
            models.CheckConstraint(
                condition=models.Q(payment__isnull=True, file__isnull=False, line__isnull=False)
                | models.Q(payment__isnull=False, file__isnull=True, line__isnull=True),
                name="suspense_from_one_place",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state="open",
                    resolved_on__isnull=True,
                    resolve_entry_id__isnull=True,
                    posted_payment__isnull=True,
                    returned_by="",
                )
                | models.Q(
                    state="posted",
                    resolved_on__isnull=False,
                    resolve_entry_id__isnull=False,
                    posted_payment__isnull=False,
                    returned_by="",
                )
                | models.Q(
                    state="returned",
                    resolved_on__isnull=False,
                    resolve_entry_id__isnull=False,
                    posted_payment__isnull=True,
                    returned_by__in=KINDS_OF_RETURN,
                ),
                name="suspense_resolved_once",
            ),
        ]
        indexes = [
            models.Index(fields=["received_on", "id"], name="suspense_open", condition=models.Q(state="open")),
            models.Index(fields=["file", "line"], name="suspense_by_file"),
        ]

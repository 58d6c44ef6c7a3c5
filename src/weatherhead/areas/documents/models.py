"""Documents for customers. Every row is written once and never changed."""

from django.db import models

from weatherhead.areas.customers.models import Account, Consent


class DocumentFrame(models.Model):
    """What many payloads share (the utility's block, captions, wording), kept once under the hash of its text."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()  # canonical JSON


class Document(models.Model):
    """A file rendered from a frozen payload, once. The content lies with the attachments, under its hash."""

    kind = models.CharField(max_length=12)  # bill, summary, statement
    subject_id = models.BigIntegerField()  # the number in the database of what it shows
    payload_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()
    pages = models.IntegerField()
    renderer = models.CharField(max_length=60)  # name and version of what rendered it, and of its templates
    rendered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="document_rendered_once")]


class Letter(models.Model):
    """A letter to an account's customer, prepared: its frozen content, without name or address, which are the mail's.

    Its PDF is rendered from this when it is opened, the same bytes every time.
    """

    kind = models.CharField(max_length=30)  # payment_moved, bills_cancelled
    account_id = models.BigIntegerField(db_index=True)
    prepared_on = models.DateField()
    payload = models.TextField()  # canonical JSON
    payload_sha256 = models.CharField(max_length=64)
    receipt_id = models.BigIntegerField(db_index=True)


class PrintFile(models.Model):
    """A file for the printer: at most 500 bills in the order of their mail, and a manifest that says what it holds."""

    number = models.CharField(max_length=20, unique=True)
    bills = models.IntegerField()
    pages = models.IntegerField()
    charges_cents = models.BigIntegerField()
    amount_due_cents = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)  # of the archive
    size_bytes = models.BigIntegerField()
    manifest = models.TextField()  # canonical JSON
    made_at = models.DateTimeField()
    receipt_id = models.BigIntegerField()


class PrintFileBill(models.Model):
    """A bill in a print file: a bill is printed once, alone or on its summary bill, whose document it then names."""

    print_file = models.ForeignKey(PrintFile, on_delete=models.PROTECT, related_name="+")
    sequence = models.IntegerField()
    bill_id = models.BigIntegerField(unique=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["print_file", "sequence"], name="print_file_sequence_once")]


class Statement(models.Model):
    """A billing summary that was prepared to be given out. Its payload is frozen and hashed, as a bill's is.

    `consent` is the customer's, when it was prepared for somebody else; null: for the customer.
    """

    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=16)  # statement, payment_history, yearly, usage, accounts
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+", null=True)
    start_on = models.DateField()
    end_on = models.DateField()  # exclusive
    prepared_on = models.DateField()
    given_by = models.CharField(max_length=6)  # print, email
    payload = models.TextField()  # canonical JSON of everything that the document says
    payload_sha256 = models.CharField(max_length=64)
    prepared_at = models.DateTimeField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["statement", "payment_history", "yearly", "usage", "accounts"]),
                name="statement_kind_known",
            ),
            models.CheckConstraint(
                condition=models.Q(end_on__gt=models.F("start_on")), name="statement_span_not_empty"
            ),
            models.CheckConstraint(condition=models.Q(given_by__in=["print", "email"]), name="statement_given_known"),
        ]
        indexes = [models.Index(fields=["account", "prepared_on"], name="statement_by_account")]

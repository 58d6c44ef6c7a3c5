"""What secures an account, what is paid back, and what is given up. Money stands in the ledger; these say of what."""

from django.db import models
from django.db.models import F, Q

from weatherhead.areas.customers.models import Account


class Deposit(models.Model):
    """A security deposit: asked for, paid in, and given back.

    What is asked for is no receivable and posts nothing. What is held is `opening_cents`, which another system held
    before, and the deposit's movements.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()  # asked for
    opening_cents = models.BigIntegerField(default=0)
    held_since_on = models.DateField(null=True)  # since its first money; of an opening deposit, at the other system
    interest_from_on = models.DateField(null=True)  # the first day whose interest is not credited yet
    entry_id = models.BigIntegerField(null=True)  # of the opening
    receipt_id = models.BigIntegerField()
    asked_on = models.DateField(null=True)  # null for an opening deposit
    reason = models.CharField(max_length=40, default="", blank=True)
    rule = models.CharField(max_length=60, default="", blank=True)
    arithmetic = models.CharField(max_length=300, default="", blank=True)  # how the amount came about
    closed_on = models.DateField(null=True)  # given back, applied or withdrawn: nothing more is asked or held
    closed_reason = models.CharField(max_length=20, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="deposit_above_zero"),
            models.CheckConstraint(
                condition=Q(opening_cents=0) | Q(opening_cents=F("amount_cents"), held_since_on__isnull=False),
                name="deposit_opening_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True, closed_reason="")
                | Q(closed_on__isnull=False, closed_reason__in=["good_history", "final_bill", "refunded", "withdrawn"]),
                name="deposit_closed_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["account"], condition=Q(closed_on__isnull=True), name="deposit_open_by_account")
        ]


class DepositInstallment(models.Model):
    """When a part of a deposit is due."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.IntegerField()
    due_on = models.DateField()
    amount_cents = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deposit", "number"], name="deposit_installment_once"),
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="deposit_installment_above_zero"),
        ]


class DepositMovement(models.Model):
    """Principal that came or went: above zero is held more. Each is an entry on the ledger account ``deposit``."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)  # paid, undone, applied, given_back, refunded
    amount_cents = models.BigIntegerField()
    moved_on = models.DateField()
    payment_id = models.BigIntegerField(null=True)  # whose money it was
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="paid", amount_cents__gt=0)
                | Q(kind__in=["undone", "applied", "given_back", "refunded"], amount_cents__lt=0),
                name="deposit_movement_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="undone", undoes__isnull=False) | (~Q(kind="undone") & Q(undoes__isnull=True)),
                name="deposit_movement_undoes_one",
            ),
            models.UniqueConstraint(
                fields=["undoes"], condition=Q(undoes__isnull=False), name="deposit_movement_undone_once"
            ),
        ]
        indexes = [
            models.Index(fields=["payment_id"], condition=Q(payment_id__isnull=False), name="deposit_movement_payment")
        ]


class DepositInterest(models.Model):
    """Interest of a span `[from_on, through_on)` that was given on a deposit; spans of one deposit never overlap."""

    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", db_index=False)
    from_on = models.DateField()
    through_on = models.DateField()
    amount_cents = models.BigIntegerField()
    arithmetic = models.TextField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deposit", "from_on"], name="deposit_interest_once"),
            models.CheckConstraint(
                condition=Q(amount_cents__gt=0, through_on__gt=F("from_on")), name="deposit_interest_of_days"
            ),
        ]


class AdverseActionNotice(models.Model):
    """What a customer must be told of whose consumer report a deposit rests on (15 USC 1681m(a), 12 CFR 1002.9)."""

    deposit = models.OneToOneField(Deposit, on_delete=models.PROTECT, related_name="+")
    agency_name = models.CharField(max_length=120)
    agency_address = models.CharField(max_length=240)
    agency_phone = models.CharField(max_length=30)
    score = models.CharField(max_length=8, default="", blank=True)
    score_range = models.CharField(max_length=20, default="", blank=True)
    score_on = models.DateField(null=True)
    factors = models.TextField(default="", blank=True)  # one a line
    prepared_on = models.DateField()
    mail_by_on = models.DateField()
    receipt_id = models.BigIntegerField()


class RefundRun(models.Model):
    """A day's checks, their positive-pay file and the tenders paid back: made once, exported any number of times."""

    number = models.CharField(max_length=12, unique=True)
    made_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    bank_account = models.CharField(max_length=17)
    checks = models.IntegerField()
    checks_cents = models.BigIntegerField()
    voids = models.IntegerField()
    voids_cents = models.BigIntegerField()
    tenders = models.IntegerField()
    tenders_cents = models.BigIntegerField()
    manifest = models.JSONField()
    receipt_id = models.BigIntegerField()


class Refund(models.Model):
    """Money that goes back, approved by a second person; refunds_payable until the bank has paid it.

    It is an account's, or it was in suspense and is nobody's here.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", null=True)
    suspense_item_id = models.BigIntegerField(null=True)
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+", null=True)
    amount_cents = models.BigIntegerField()
    method = models.CharField(max_length=8)  # check, tender
    tender_payment_id = models.BigIntegerField(null=True)  # the payment whose tender it goes back to
    payee_name = models.CharField(max_length=160)
    payee_lines = models.JSONField()  # the address as it stands on the check
    payee_mark = models.CharField(max_length=64)  # SHA-256 of the folded name
    address_mark = models.CharField(max_length=64, blank=True)  # and of the folded address, if there is one
    reason = models.CharField(max_length=40)
    refunded_on = models.DateField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()
    state = models.CharField(max_length=10)  # payable, issued, paid, cancelled
    hold_until_on = models.DateField(null=True)  # a change of address: it waits until then by itself
    hold_reasons = models.JSONField(default=list)  # of a possible duplicate: it waits for a person
    released_by = models.CharField(max_length=120, default="", blank=True)
    released_receipt_id = models.BigIntegerField(null=True)
    run = models.ForeignKey(RefundRun, on_delete=models.PROTECT, related_name="+", null=True)  # of a tender paid back
    ended_on = models.DateField(null=True)  # paid or cancelled
    ended_entry_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="refund_above_zero"),
            models.CheckConstraint(
                condition=Q(account__isnull=False, suspense_item_id__isnull=True)
                | Q(account__isnull=True, suspense_item_id__isnull=False, deposit__isnull=True),
                name="refund_from_one_place",
            ),
            models.UniqueConstraint(
                fields=["suspense_item_id"],
                condition=Q(suspense_item_id__isnull=False) & ~Q(state="cancelled"),
                name="refund_of_suspense_once",
            ),
            models.CheckConstraint(
                condition=Q(method="check", tender_payment_id__isnull=True)
                | Q(method="tender", tender_payment_id__isnull=False),
                name="refund_method_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["payable", "issued"], ended_on__isnull=True, ended_entry_id__isnull=True)
                | Q(state__in=["paid", "cancelled"], ended_on__isnull=False, ended_entry_id__isnull=False),
                name="refund_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=["payable", "issued"]), name="refund_open"),
            models.Index(fields=["refunded_on"], name="refund_by_day"),
        ]


class RefundCheck(models.Model):
    """A numbered check that pays a refund. A refund has at most one that lives."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(RefundRun, on_delete=models.PROTECT, related_name="+")
    number = models.BigIntegerField(unique=True)
    amount_cents = models.BigIntegerField()
    payee_name = models.CharField(max_length=160)
    payee_lines = models.JSONField()  # as they stand on this check
    issued_on = models.DateField()
    state = models.CharField(max_length=8)  # issued, void, stopped, cleared
    ended_on = models.DateField(null=True)
    ended_note = models.CharField(max_length=200, default="", blank=True)
    ended_receipt_id = models.BigIntegerField(null=True)
    void_run = models.ForeignKey(RefundRun, on_delete=models.PROTECT, related_name="+", null=True)  # that told the bank

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["refund"], condition=Q(state__in=["issued", "cleared"]), name="refund_one_living_check"
            ),
            models.CheckConstraint(
                condition=Q(state="issued", ended_on__isnull=True)
                | Q(state__in=["void", "stopped", "cleared"], ended_on__isnull=False),
                name="refund_check_state_known",
            ),
            models.CheckConstraint(
                condition=Q(void_run__isnull=True) | Q(state__in=["void", "stopped"]), name="refund_check_void_told"
            ),
        ]


class WriteOff(models.Model):
    """A debt given up: against the allowance. What is paid of it later is a recovery."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=14)  # uncollectible, small_balance
    amount_cents = models.BigIntegerField()
    written_on = models.DateField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["uncollectible", "small_balance"], amount_cents__gt=0),
                name="write_off_kind_known",
            )
        ]


class Recovery(models.Model):
    """A part of a write-off that was paid after all; undone when the payment was taken back."""

    write_off = models.ForeignKey(WriteOff, on_delete=models.PROTECT, related_name="+")
    amount_cents = models.BigIntegerField()
    recovered_on = models.DateField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField(db_index=True)
    undone_on = models.DateField(null=True)
    undo_entry_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="recovery_above_zero"),
            models.CheckConstraint(
                condition=Q(undone_on__isnull=True, undo_entry_id__isnull=True)
                | Q(undone_on__isnull=False, undo_entry_id__isnull=False),
                name="recovery_undone_by_entry",
            ),
        ]


class Provision(models.Model):
    """What was set aside for a month's bad debts, once a month."""

    month_on = models.DateField(unique=True)  # its first day
    revenue_cents = models.BigIntegerField()
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    amount_cents = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    receipt_id = models.BigIntegerField()

"""Meters, where they hang, and what they read."""

from django.db import models

from weatherhead.areas.premises.models import ServicePoint
from weatherhead.areas.records.models import Attachment


class Meter(models.Model):
    serial = models.CharField(max_length=40, unique=True)
    dials = models.IntegerField()  # digits before it rolls over
    multiplier = models.DecimalField(max_digits=12, decimal_places=4)
    has_demand = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(dials__gte=4, dials__lte=9), name="meter_dials"),
            models.CheckConstraint(condition=models.Q(multiplier__gt=0), name="meter_multiplier_positive"),
        ]


class MeterInstallation(models.Model):
    """A meter at a service point, from a day until (exclusive) another."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="+")
    installed_on = models.DateField()
    removed_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meter"], condition=models.Q(removed_on__isnull=True), name="meter_hangs_once"
            ),
            models.UniqueConstraint(
                fields=["service_point"], condition=models.Q(removed_on__isnull=True), name="service_point_one_meter"
            ),
            models.CheckConstraint(
                condition=models.Q(removed_on__isnull=True) | models.Q(removed_on__gt=models.F("installed_on")),
                name="installation_span_not_empty",
            ),
        ]


class MeterCorrection(models.Model):
    """What was put right about a meter or where it hangs, as it was and as it is. Appended only."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)  # multiplier, place
    before = models.CharField(max_length=40)
    after = models.CharField(max_length=40)
    corrected_on = models.DateField()
    reason = models.TextField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["multiplier", "place"]), name="meter_correction_kind_known"
            )
        ]


class MeterTest(models.Model):
    """What a test of a meter found, in percent of what passed through it. Appended only; the last of a day counts."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    tested_on = models.DateField()
    full_load_percent = models.DecimalField(max_digits=6, decimal_places=2)
    light_load_percent = models.DecimalField(max_digits=6, decimal_places=2)
    accuracy_percent = models.DecimalField(max_digits=6, decimal_places=2)  # the weighted average
    off = models.BooleanField()  # by more than the rule lets pass
    wrong_since_on = models.DateField(null=True)  # where it is known
    tested_by = models.CharField(max_length=120)
    basis = models.TextField()  # the arithmetic, and the rule's clause
    note = models.TextField()
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(full_load_percent__gt=0, light_load_percent__gt=0, accuracy_percent__gt=0),
                name="meter_test_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(wrong_since_on__isnull=True)
                | models.Q(off=True, wrong_since_on__lt=models.F("tested_on")),
                name="meter_test_wrong_before",
            ),
        ]


class ReadBatch(models.Model):
    """One imported file, or one part of a large one: its content hash, and what came of every row."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    part = models.IntegerField(default=1)  # from 1; the meters of a large file are divided among its parts
    parts = models.IntegerField(default=1)
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="+")  # the file as it came
    imported_at = models.DateTimeField()
    rows = models.IntegerField()
    accepted = models.IntegerField()
    held = models.IntegerField()
    rejected = models.IntegerField()
    report = models.JSONField()  # a problem per line that was held or rejected, with the text of the line
    receipt_id = models.BigIntegerField()

    class Meta:
        constraints = [
            # A file of which nothing was kept may come again: say, when its meters have been entered meanwhile.
            models.UniqueConstraint(
                fields=["sha256", "part"],
                condition=models.Q(accepted__gt=0) | models.Q(held__gt=0),
                name="read_batch_file_once",
            ),
            models.CheckConstraint(
                condition=models.Q(part__gte=1, part__lte=models.F("parts")), name="read_batch_part_of_its_parts"
            ),
            models.CheckConstraint(
                condition=models.Q(rows=models.F("accepted") + models.F("held") + models.F("rejected")),
                name="read_batch_loses_no_row",
            ),
        ]
        indexes = [models.Index(fields=["sha256"], name="read_batch_by_file")]


class Read(models.Model):
    """A meter read at the start of a local day. ``held`` waits for a person; ``rejected`` is kept but never billed."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    read_on = models.DateField()
    kind = models.CharField(max_length=10)  # actual, estimated, customer, move_in, move_out, check
    dial_reading = models.BigIntegerField()
    turns = models.IntegerField(default=0)  # how often the dial has passed zero since the meter's first read
    demand_w_max = models.BigIntegerField(null=True)  # multiplier applied
    state = models.CharField(max_length=10)  # accepted, held, rejected
    exception = models.CharField(max_length=30, default="", blank=True)  # why it was held: high, low, zero, negative …
    detail = models.JSONField(null=True)  # the sentence of the exception: what the read was compared to
    note = models.TextField(default="", blank=True)
    proof = models.JSONField(null=True)  # of an estimate: the method, what it was made from, the arithmetic, the rule
    batch = models.ForeignKey(ReadBatch, on_delete=models.PROTECT, related_name="+", null=True)
    receipt_id = models.BigIntegerField()
    decided_on = models.DateField(null=True)  # when a person released or rejected a held read
    decision = models.TextField(default="", blank=True)  # and why
    decision_receipt_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "read_on"],
                condition=models.Q(state__in=["accepted", "held"]),
                name="one_read_a_meter_and_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["accepted", "held", "rejected"]), name="read_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["actual", "estimated", "customer", "move_in", "move_out", "check"]),
                name="read_kind_known",
            ),
            models.CheckConstraint(condition=models.Q(dial_reading__gte=0), name="read_not_negative"),
            models.CheckConstraint(
                condition=models.Q(demand_w_max__isnull=True) | models.Q(demand_w_max__gte=0),
                name="read_demand_not_negative",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="held") | ~models.Q(exception=""), name="read_held_for_a_reason"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="rejected") | ~models.Q(decision=""), name="read_rejected_for_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["state"], name="read_by_state"),
            models.Index(fields=["meter", "read_on"], name="read_by_meter_and_day"),
            models.Index(fields=["read_on"], name="read_by_day"),
            models.Index(
                fields=["meter"], condition=models.Q(kind="estimated", state="accepted"), name="read_estimated_by_meter"
            ),
        ]


class ReadingRoute(models.Model):
    """The way of one reader on one day: service points of a bill cycle in the order in which they are walked."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    cycle = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(cycle__gte=1, cycle__lte=31), name="route_cycle_known")
        ]
        indexes = [models.Index(fields=["cycle"], name="route_by_cycle")]


class RouteStop(models.Model):
    """A service point on a route. `note` tells the reader what to look out for: a dog, a locked gate."""

    route = models.ForeignKey(ReadingRoute, on_delete=models.PROTECT, related_name="+")
    service_point = models.OneToOneField(ServicePoint, on_delete=models.PROTECT, related_name="+")
    sequence = models.IntegerField()
    note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["route", "sequence"], name="route_sequence_once"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1), name="route_sequence_positive"),
        ]


class CycleDay(models.Model):
    """When a bill cycle is read, billed and due in one month. `month` is its first day, by the day of reading."""

    cycle = models.IntegerField()
    month = models.DateField()
    read_on = models.DateField()
    bill_on = models.DateField()
    due_on = models.DateField()
    reason = models.CharField(max_length=500, default="", blank=True)  # why a person moved it from the plan
    receipt_id = models.BigIntegerField()
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "month"], name="cycle_once_a_month"),
            models.CheckConstraint(condition=models.Q(cycle__gte=1, cycle__lte=31), name="cycle_day_cycle_known"),
            models.CheckConstraint(
                condition=models.Q(read_on__lte=models.F("bill_on"), bill_on__lt=models.F("due_on")),
                name="cycle_day_in_order",
            ),
        ]
        indexes = [
            models.Index(fields=["read_on"], name="cycle_day_by_read"),
            models.Index(fields=["bill_on"], name="cycle_day_by_bill"),
        ]

"""Meters, where they hang, and what they read."""

from django.db import models

from weatherhead.areas.premises.models import ServicePoint


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
        ]


class ReadBatch(models.Model):
    """One imported file: its content hash, and what came of every row."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    imported_at = models.DateTimeField()
    rows = models.IntegerField()
    accepted = models.IntegerField()
    held = models.IntegerField()
    rejected = models.IntegerField()
    report = models.JSONField()  # a problem per line that was held or rejected
    receipt_id = models.BigIntegerField()


class Read(models.Model):
    """A meter read at the start of a local day. ``held`` waits for a person; ``rejected`` is kept but never billed."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    read_on = models.DateField()
    kind = models.CharField(max_length=10)  # actual, estimated, customer, move_in, move_out, check
    dial_reading = models.BigIntegerField()
    demand_w_max = models.BigIntegerField(null=True)  # multiplier applied
    state = models.CharField(max_length=10)  # accepted, held, rejected
    exception = models.CharField(max_length=30, default="", blank=True)  # high, low, negative, rollover
    note = models.TextField(default="", blank=True)
    batch = models.ForeignKey(ReadBatch, on_delete=models.PROTECT, related_name="+", null=True)
    receipt_id = models.BigIntegerField()

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
        ]
        indexes = [models.Index(fields=["state"], name="read_by_state")]

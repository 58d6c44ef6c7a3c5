"""Sets of files from an old system, what of them is loaded, and which of our rows each of their keys became."""

from django.db import models
from django.db.models import Q


class MigrationSet(models.Model):
    """A set whose loading was begun. `control` is what the old system says; `found` what the check of the files found.

    `plan_sha256` names the rows that were judged good: a run that is resumed must judge them alike.
    """

    source = models.CharField(max_length=40)  # the old system
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, unique=True)
    plan_sha256 = models.CharField(max_length=64)
    cut_over_on = models.DateField()
    account_numbers = models.CharField(max_length=8)  # assign, keep
    good_rows = models.BooleanField()  # good rows were loaded although others were rejected
    control = models.JSONField()
    found = models.JSONField()
    shards = models.JSONField()  # how many there are, by stage
    begun_by = models.CharField(max_length=120)
    begun_by_employee_id = models.BigIntegerField()
    begun_at = models.DateTimeField()
    signed_by = models.CharField(max_length=120, default="", blank=True)
    signed_by_employee_id = models.BigIntegerField(null=True)
    signed_at = models.DateTimeField(null=True)
    signed_note = models.TextField(default="", blank=True)
    signed_totals = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="migration_set_named_once"),
            models.CheckConstraint(condition=Q(account_numbers__in=["assign", "keep"]), name="migration_numbers_known"),
            models.CheckConstraint(
                condition=Q(signed_by_employee_id__isnull=True)
                | ~Q(signed_by_employee_id=models.F("begun_by_employee_id")),
                name="migration_maker_is_not_checker",
            ),
        ]


class MigrationShard(models.Model):
    """A shard that is loaded, written in the commit of its rows."""

    migration = models.ForeignKey(MigrationSet, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=12)  # places, meters, customers, balances
    number = models.IntegerField()
    counts = models.JSONField()  # rows by file
    receipt_id = models.BigIntegerField()
    loaded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["migration", "stage", "number"], name="migration_shard_once"),
            models.CheckConstraint(
                condition=Q(stage__in=["places", "meters", "customers", "balances"]), name="migration_stage_known"
            ),
        ]


class MovedKey(models.Model):
    """A key of the old system and the row that it became: former account numbers are found by it."""

    source = models.CharField(max_length=40)
    kind = models.CharField(
        max_length=16
    )  # customer, account, premise, service_point, meter, agreement, open_item, deposit
    key = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    # Written with its set's lock held: checking it again for every row would double the cost.
    migration = models.ForeignKey(
        MigrationSet, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key", "source"], name="moved_key_once")]
        indexes = [models.Index(fields=["kind", "row_id"], name="moved_key_by_row")]

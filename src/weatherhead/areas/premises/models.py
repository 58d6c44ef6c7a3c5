"""Places that take service."""

from django.db import models


class Premise(models.Model):
    street = models.CharField(max_length=120)
    unit = models.CharField(max_length=40, default="", blank=True)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=10)
    search_text = models.CharField(max_length=300, unique=True)  # the address as the post office would write it
    version = models.IntegerField(default=1)


class ServicePoint(models.Model):
    """Where a meter hangs; keeps its history when customers change."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)  # metered, unmetered

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["premise", "label"], name="service_point_label_once"),
            models.CheckConstraint(condition=models.Q(kind__in=["metered", "unmetered"]), name="service_point_kind"),
        ]

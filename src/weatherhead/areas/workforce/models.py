"""The people who work here."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A sign-in. What it may do comes from the job assignments of its employee, never from flags here."""


class Employee(models.Model):
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    initials = models.CharField(max_length=4)
    started_on = models.DateField()
    ended_on = models.DateField(null=True)


class JobAssignment(models.Model):
    """A dated job of an employee; "other duties as assigned" is one that expires."""

    employee = models.ForeignKey(Employee, on_delete=models.PROTECT, related_name="+")
    job = models.CharField(max_length=60)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)  # exclusive
    approved_by = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["employee", "job", "starts_on"], name="job_assigned_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="job_assignment_span_not_empty",
            ),
        ]

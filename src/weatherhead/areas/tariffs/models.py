"""Rate schedule texts, kept by content so that an old bill can be proved against what it was priced on."""

from django.db import models


class ScheduleText(models.Model):
    sha256 = models.CharField(max_length=64, primary_key=True)
    code = models.CharField(max_length=60)
    source = models.CharField(max_length=200)  # the file's name inside the rate book
    text = models.TextField()

"""Which static files are collected, compressed and served."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Django's own, without three versions of htmx that django-htmx brings: pages load the one that stands beside them.

    Compressing those took most of the time of `weatherhead static`.
    """

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx"]

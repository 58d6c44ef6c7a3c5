"""The workbench as the preview installs it: its templates and files, without the actions behind it."""

from django.apps import AppConfig


class PreviewConfig(AppConfig):
    name = "weatherhead.interfaces.workbench"
    label = "workbench"

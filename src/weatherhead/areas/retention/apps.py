from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "weatherhead.areas.retention"
    label = "retention"

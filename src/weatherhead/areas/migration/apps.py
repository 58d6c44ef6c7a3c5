from django.apps import AppConfig


class MigrationConfig(AppConfig):
    name = "weatherhead.areas.migration"
    label = "migration"
    default_auto_field = "django.db.models.BigAutoField"

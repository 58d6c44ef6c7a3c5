from django.apps import AppConfig


class PremisesConfig(AppConfig):
    name = "weatherhead.areas.premises"
    label = "premises"
    default_auto_field = "django.db.models.BigAutoField"

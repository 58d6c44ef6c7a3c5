from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "weatherhead.areas.billing"
    label = "billing"
    default_auto_field = "django.db.models.BigAutoField"

from django.apps import AppConfig


class ServiceOrdersConfig(AppConfig):
    name = "weatherhead.areas.service_orders"
    label = "service_orders"
    default_auto_field = "django.db.models.BigAutoField"

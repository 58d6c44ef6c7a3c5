from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "weatherhead.interfaces.workbench"
    label = "workbench"

    def ready(self) -> None:
        """Fill the registry, so that palette and forms find every action."""
        from weatherhead.actions import load_actions  # noqa: PLC0415 - models must be ready first

        load_actions()

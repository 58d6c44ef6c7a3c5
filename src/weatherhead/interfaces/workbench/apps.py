from django.apps import AppConfig


class WorkbenchConfig(AppConfig):
    name = "weatherhead.interfaces.workbench"
    label = "workbench"

    def ready(self) -> None:
        """Let the registry find every action: palette and forms ask for them."""
        from weatherhead.actions import load_actions  # noqa: PLC0415 - models must be ready first
        from weatherhead.door.registry import registry  # noqa: PLC0415

        registry.filled_by(load_actions)

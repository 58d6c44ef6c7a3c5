"""Do everything that waits in the queue of a stage: python -m tests.browser.stage_worker, with its settings."""

from __future__ import annotations

import os


def main() -> None:
    """Work the queue off."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.stage_settings"
    import django

    django.setup()
    from weatherhead.actions import load_actions
    from weatherhead.door.worker import work_once
    from weatherhead.interfaces.workbench.clock import present

    load_actions()
    while work_once(worker="stage", clock=present) is not None:
        pass


if __name__ == "__main__":
    main()

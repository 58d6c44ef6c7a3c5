"""Every write that a person or a job can do, one verb a file, grouped by duty. Importing this fills the registry."""

from __future__ import annotations

import importlib
import pkgutil


def load_actions() -> None:
    """Import every module below this package, so that each registers its action."""
    for module in pkgutil.walk_packages(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)

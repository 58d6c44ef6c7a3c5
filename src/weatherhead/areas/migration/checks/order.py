"""The checks of a set, file by file in the order of the layout.

So what depends on a rejected row is rejected with it, and told why.
"""

from __future__ import annotations

from collections.abc import Callable

from weatherhead.areas.migration.checks.keys import KeyChecks, Known
from weatherhead.areas.migration.checks.places import PlaceChecks
from weatherhead.areas.migration.checks.reads import ReadChecks
from weatherhead.areas.migration.checks.service import ServiceChecks
from weatherhead.areas.migration.layout import FILES
from weatherhead.areas.migration.rules import Frame
from weatherhead.areas.migration.staging import Staging


def check_rows(staging: Staging, *, frame: Frame, known: Known, told: Callable[[str], None]) -> None:
    """Check every file; `told` hears the name of each as it begins."""
    keys = KeyChecks(staging=staging, known=known)
    places = PlaceChecks(staging=staging, frame=frame, known=known)
    service = ServiceChecks(staging=staging)
    further = {
        "accounts": places.account_numbers,
        "premises": places.addresses,
        "service_points": places.labels,
        "meters": places.meters,
        "agreements": service.agreements,
        "reads": ReadChecks(staging=staging).reads,
        "history": service.history,
    }
    for layout in FILES:
        told(layout.name)
        keys.check(layout)
        if layout.name in further:
            further[layout.name](layout)

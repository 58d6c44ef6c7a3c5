"""The one place of the workbench that reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings

from weatherhead.areas.records.utility import current_utility
from weatherhead.door.context import Moment


def present() -> Moment:
    """The present moment; on the demo's fixed day when there is one."""
    return Moment.read(datetime.now(UTC), zone=current_utility().zone, today=settings.TODAY)

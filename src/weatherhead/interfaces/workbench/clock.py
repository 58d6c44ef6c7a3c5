"""The one place of the workbench that reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django.conf import settings

from weatherhead.areas.records.utility import current_utility
from weatherhead.door.context import Moment


def present() -> Moment:
    """The present moment. In a demo whose "today" is fixed, the time of day runs on, on that day."""
    now = datetime.now(UTC)
    zone = current_utility().zone
    local = now.astimezone(zone)
    if settings.TODAY is None:
        return Moment(at=now, as_of=local.date())
    at = datetime.combine(settings.TODAY, time(local.hour, local.minute, local.second, local.microsecond), tzinfo=zone)
    return Moment(at=at.astimezone(UTC), as_of=settings.TODAY)

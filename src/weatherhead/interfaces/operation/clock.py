"""The one place of this face that reads the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from weatherhead.areas.records.utility import current_utility
from weatherhead.door.context import Moment


def present() -> Moment:
    """The present moment. A demo's fixed day does not hold here: queues and backups age by the real clock."""
    return Moment.read(datetime.now(UTC), zone=current_utility().zone, today=None)

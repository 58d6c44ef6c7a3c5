"""Writes of the rate book: a text is kept when something is first priced on it."""

from __future__ import annotations

from collections.abc import Iterable

from weatherhead.areas.tariffs.models import ScheduleText
from weatherhead.areas.tariffs.queries import ScheduleFacts


def keep_texts(schedules: Iterable[ScheduleFacts]) -> None:
    """Keep the texts that bills are priced on; keeping one twice is the same as once."""
    rows = [
        ScheduleText(sha256=facts.sha256, code=facts.schedule.code, source=facts.source, text=facts.text)
        for facts in schedules
    ]
    ScheduleText.objects.bulk_create(rows, ignore_conflicts=True)

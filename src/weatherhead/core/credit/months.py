"""Months back from a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def months_before(on: date, months: int) -> date:
    """The same day of an earlier month, or that month's last."""
    years, place = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(years, place + 1, min(on.day, monthrange(years, place + 1)[1]))

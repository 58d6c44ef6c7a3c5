"""A moment is one reading of the clock: an instant, and the day that it is at the utility."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from weatherhead.door.context import Moment

PRAIRIE = ZoneInfo("America/Chicago")


def test_the_day_is_the_utilitys_not_utcs() -> None:
    found = Moment.read(datetime(2026, 11, 20, 3, 30, tzinfo=UTC), zone=PRAIRIE, today=None)
    assert found.as_of == date(2026, 11, 19)
    assert found.at == datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def test_a_fixed_day_keeps_the_time_of_day() -> None:
    found = Moment.read(datetime(2027, 2, 1, 3, 30, 5, tzinfo=UTC), zone=PRAIRIE, today=date(2026, 7, 4))
    assert found.as_of == date(2026, 7, 4)
    assert found.at == datetime(2026, 7, 5, 2, 30, 5, tzinfo=UTC)  # 21:30:05, in summer time


def test_an_instant_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Moment(at=datetime(2026, 11, 19), as_of=date(2026, 11, 19))  # noqa: DTZ001 - on purpose

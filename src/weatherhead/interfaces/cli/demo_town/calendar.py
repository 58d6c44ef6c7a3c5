"""The town's reading calendar: planned for the year when the offices open, and one day of it moved since."""

from __future__ import annotations

from datetime import date, datetime, time

from weatherhead.interfaces.cli.demo_town.reading_days import TODAY
from weatherhead.interfaces.cli.demo_town.town import Town

_MOVED_CYCLE, _MOVED_TO = 14, date(TODAY.year, 11, 20)


def plan_calendar(town: Town, *, opens_on: date) -> None:
    """Two actions: the year, and the day of the cycle that is read on the business day after the demo's own today."""

    def plan(at: datetime) -> None:
        town.do("plan_calendar", by="okafor", at=at, what=str(TODAY.year), inputs={"year": TODAY.year})

    def move(at: datetime) -> None:
        said = {
            "cycle": _MOVED_CYCLE,
            "month": f"{_MOVED_TO:%Y-%m}",
            "read_on": _MOVED_TO,
            "reason": "The reader of the cycle is at a training until then",
        }
        town.do("change_calendar_day", by="okafor", at=at, what=f"{_MOVED_CYCLE} {_MOVED_TO}", inputs=said)

    town.diary.write(opens_on, time(8, 0), plan)
    town.diary.write(_MOVED_TO.replace(day=13), time(11, 0), move)

"""The town's books: each month's end is posted, closed by two people, and handed to the general ledger."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import partial

from weatherhead.interfaces.cli.demo_town.reading_days import TODAY
from weatherhead.interfaces.cli.demo_town.town import Town

_MONTH_ENDS = (date(TODAY.year, 9, 30), date(TODAY.year, 10, 31))
_AFTER_BUSINESS_DAYS = 3


def plan_closing(town: Town, *, opens_on: date) -> None:
    """For two months: unbilled revenue, the close, and the journal, on the third business day after."""
    for month_end in _MONTH_ENDS:
        if month_end <= opens_on:
            continue
        day = town.clock.add(month_end, _AFTER_BUSINESS_DAYS)
        town.diary.write(day, time(16, 5), partial(_ask, town, "post_unbilled", "month_end_on", month_end))
        town.diary.write(day, time(16, 15), partial(_ask, town, "close_period", "last_on", month_end))
        town.diary.write(day, time(16, 40), partial(_export, town, month_end))


def _ask(town: Town, name: str, field: str, month_end: date, at: datetime) -> None:
    what = f"{name} {month_end}"
    asked = town.do(name, by="okafor", at=at, what=what, inputs={field: month_end})
    town.do("approve_request", by="alvarez", at=at, what=what, inputs={"request_id": int(str(asked.body["request"]))})


def _export(town: Town, month_end: date, at: datetime) -> None:
    town.do("export_journal", by="okafor", at=at, what=f"journal {month_end}", inputs={"last_on": month_end})

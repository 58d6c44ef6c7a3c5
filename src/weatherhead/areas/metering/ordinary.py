"""Which reads of a large file are certainly ordinary: accepted at once, without the history of their meter. Pure.

Nearly every row of a cycle's file is: the only row of its meter, later than every read on file, not below the last one,
and within the bounds of the use before. What `judge_read` would say of such a read follows from a few figures of its
meter, because the use of twelve periods is the difference of two readings. Whatever is not certain is left to it. That
both agree is a law of the tests: what is accepted here, `decide_read` accepts with the same turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from weatherhead.areas.metering.intake import ReadPlan
from weatherhead.areas.metering.reads_file import ReadRow
from weatherhead.areas.metering.usage import PERIODS_COMPARED, UseBounds, step_wh

SAME_TIME_DAYS = 16
YEAR_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A meter in a few figures, where they are enough to judge by. Reads are accepted billable ones, in steps.

    `first` is the first read of the last `PERIODS_COMPARED` periods, `last` the last read: day and steps since zero;
    equal when there is no period. `year_before` are the periods (start day, start steps, end day, end steps) that end
    about a year before, oldest first.
    """

    meter_id: int
    dials: int
    multiplier: Decimal
    installed_on: date
    removed_on: date | None
    first_on: date
    first_steps: int
    last_on: date
    last_steps: int
    year_before: tuple[tuple[date, int, date, int], ...]


def ordinary_plans(
    rows: Sequence[ReadRow], *, outlines: Mapping[str, Outline], as_of: date, bounds: UseBounds
) -> dict[int, ReadPlan]:
    """The rows that are certainly accepted, by line."""
    high, low = Fraction(bounds.ratio_high), Fraction(bounds.ratio_low)
    alone = _alone(rows)
    found: dict[int, ReadPlan] = {}
    for row in alone:
        outline = outlines.get(row.serial)
        if outline is None or row.read.read_on > as_of or row.read.demand_w_max is not None:
            continue
        plan = _plan(row, outline=outline, high=high, low=low, floor_wh=bounds.floor_wh)
        if plan is not None:
            found[row.line] = plan
    return found


def _alone(rows: Sequence[ReadRow]) -> Iterable[ReadRow]:
    """The rows whose meter has no other row in the file."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.serial] = counts.get(row.serial, 0) + 1
    return (row for row in rows if counts[row.serial] == 1)


def _plan(row: ReadRow, *, outline: Outline, high: Fraction, low: Fraction, floor_wh: int) -> ReadPlan | None:
    read = row.read
    on, reading = read.read_on, read.dial_reading
    if on <= outline.last_on or on < outline.installed_on:
        return None
    if outline.removed_on is not None and on > outline.removed_on:
        return None
    range_steps = 10**outline.dials
    turns, last_reading = divmod(outline.last_steps, range_steps)
    if reading <= last_reading or reading >= range_steps:
        return None  # no use, or the dial passed zero: looked at more closely
    energy_wh = (turns * range_steps + reading - outline.last_steps) * step_wh(outline.multiplier)
    if not _usual(energy_wh, outline=outline, on=on, high=high, low=low, floor_wh=floor_wh):
        return None
    return ReadPlan(
        meter_id=outline.meter_id,
        read_on=on,
        kind=read.kind,
        dial_reading=reading,
        turns=turns,
        demand_w_max=None,
        state="accepted",
        exception="",
        sentence=None,
        note=read.note,
    )


def _usual(energy_wh: int, *, outline: Outline, on: date, high: Fraction, low: Fraction, floor_wh: int) -> bool:
    """Whether use since the last read is within the bounds of all that `judge_read` compares it to."""
    of_days = (outline.last_on - outline.first_on).days
    if of_days == 0:
        return True  # nothing to compare with
    days = (on - outline.last_on).days
    step = step_wh(outline.multiplier)
    average_wh = (outline.last_steps - outline.first_steps) * step * days // of_days
    most = least = average_wh
    before = _nearest(outline.year_before, on=on)
    if before is not None:
        start_on, start_steps, end_on, end_steps = before
        year_before_wh = (end_steps - start_steps) * step * days // (end_on - start_on).days
        most, least = max(most, year_before_wh), min(least, year_before_wh)
    if energy_wh - most >= floor_wh and energy_wh * high.denominator > high.numerator * most:
        return False
    return not (least - energy_wh >= floor_wh and energy_wh * low.denominator < low.numerator * least)


def _nearest(periods: tuple[tuple[date, int, date, int], ...], *, on: date) -> tuple[date, int, date, int] | None:
    wanted = on.toordinal() - YEAR_DAYS
    near = [period for period in periods if abs(period[2].toordinal() - wanted) <= SAME_TIME_DAYS]
    return min(near, key=lambda period: abs(period[2].toordinal() - wanted), default=None)


PERIODS_READS = PERIODS_COMPARED + 1
"""So many reads bound the periods that use is compared to."""

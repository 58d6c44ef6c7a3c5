"""The usage chart: from months of energy to the geometry of an SVG drawing, without a database or a clock.

Widths are percentages of the drawing, so that type never scales; heights are pixels. The template draws exactly what
stands here and adds the sentence and the table. Geometry is the one place where floats are at home: no figure here is
money.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext

from weatherhead.overviews.account.figures import UsageMonth as BilledMonth

HEIGHT_PX = 149
BASE_PX = 129
BARS_TOP_PX = 46.7
"""Where the highest bar ends when a line of temperatures stands above the bars."""
BARS_TOP_ALONE_PX = 16.0
LINE_TOP_PX = 8.5
LINE_BOTTOM_PX = 35.1
FEWEST_WIDTHS = 8
"""The bars of fewer months than these grow no wider: a new account's first bill is a bar, not a wall."""
WIDE_AXIS_KWH = 10_000
"""From here on the labels of the axis need more room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageMonth:
    """One bill's energy: the month it is named after, watt-hours, those of a year before, the average temperature.

    ``energy_wh`` is ``None`` where nothing was billed. Energy below zero is drawn as none; the table says what it was.
    """

    month_on: date
    energy_wh: int | None
    year_before_wh: int | None = None
    is_estimated: bool = False
    temperature_f: int | None = None
    year_before_temperature_f: int | None = None
    bill_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A rectangle: ``x`` and ``width`` in percent, ``y`` and ``height`` in pixels; ``kind`` names its class."""

    x: str
    width: str
    y: str
    height: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A month's place: its middle in percent, its bars, and the figure above the last one."""

    month: UsageMonth
    middle: str
    bars: tuple[Bar, ...]
    is_last: bool
    is_even: bool
    figure_y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    energy_wh: int
    y: str
    label_y: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A temperature that is named in the drawing: the lowest, the highest and the last."""

    x: str
    y: str
    label_y: str
    temperature_f: int
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageChart:
    """Everything that the template draws, plus the sentence that says the chart's point."""

    slots: tuple[Slot, ...]
    ticks: tuple[Tick, ...]
    line: tuple[Segment, ...]
    readings: tuple[Reading, ...]
    sentence: str
    height: int
    has_year_before: bool
    has_estimates: bool
    has_temperatures: bool
    needs_wide_axis: bool

    @property
    def first_on(self) -> date:
        return self.slots[0].month.month_on

    @property
    def last_on(self) -> date:
        return self.slots[-1].month.month_on


def months_of_bills(usage: Sequence[BilledMonth]) -> list[UsageMonth]:
    """The billed periods of an account page as the months of a chart, in the same order."""
    return [
        UsageMonth(
            month_on=billed.ends_on,
            energy_wh=billed.kwh * 1000,
            year_before_wh=None if billed.last_year_kwh is None else billed.last_year_kwh * 1000,
            is_estimated=billed.estimated,
            bill_id=billed.bill_id,
        )
        for billed in usage
    ]


def usage_chart(months: Sequence[UsageMonth]) -> UsageChart | None:
    """Lay out a chart of ``months``, oldest first; ``None`` when there is no energy to draw.

    Meant for 12 or 13 months. The last month is the one in question: full accent, its figure above it.
    """
    figures = [figure for month in months for figure in (month.energy_wh, month.year_before_wh) if figure is not None]
    if not figures:
        return None
    has_temperatures = any(month.temperature_f is not None for month in months)
    has_year_before = any(month.year_before_wh is not None for month in months)
    top_px = BARS_TOP_PX if has_temperatures else BARS_TOP_ALONE_PX
    highest_wh = max(*figures, 1000)
    px_per_wh = (BASE_PX - top_px) / highest_wh
    slots = tuple(
        _slot(month, at=at, count=len(months), px_per_wh=px_per_wh, paired=has_year_before)
        for at, month in enumerate(months)
    )
    points = _temperature_points(months)
    return UsageChart(
        slots=slots,
        ticks=tuple(_tick(wh, px_per_wh=px_per_wh) for wh in _tick_values(highest_wh)),
        line=_line(points),
        readings=_readings(points, months=months),
        sentence=usage_sentence(months),
        height=HEIGHT_PX,
        has_year_before=has_year_before,
        has_estimates=any(month.is_estimated for month in months),
        has_temperatures=has_temperatures,
        needs_wide_axis=highest_wh >= WIDE_AXIS_KWH * 1000,
    )


def usage_sentence(months: Sequence[UsageMonth]) -> str:
    """The chart's point in words: the last month, against the same month a year before where that is known."""
    last = months[-1]
    name = date_format(last.month_on, "F")
    if last.energy_wh is None:
        return gettext("Nothing was billed for %(month)s.") % {"month": name}
    figure = number_format(last.energy_wh // 1000, force_grouping=True)
    said = gettext("%(month)s %(kwh)s kWh") % {"month": name, "kwh": figure}
    if last.is_estimated:
        said = gettext("%(usage)s, estimated") % {"usage": said}
    compared = _compared(last)
    if not compared:
        return said
    colder = _colder(last)
    if not colder:
        return gettext("%(usage)s: %(compared)s") % {"usage": said, "compared": compared}
    return gettext("%(usage)s: %(compared)s, and %(colder)s") % {
        "usage": said,
        "compared": compared,
        "colder": colder,
    }


def _compared(last: UsageMonth) -> str:
    """``12% above a year before``, in whole percents, half away from zero; nothing without a figure to compare with."""
    if last.energy_wh is None or last.year_before_wh is None or last.year_before_wh <= 0:
        return ""
    difference = last.energy_wh - last.year_before_wh
    percents = (2 * abs(difference) * 100 + last.year_before_wh) // (2 * last.year_before_wh)
    if percents == 0:
        return gettext("the same as a year before")
    if difference > 0:
        return gettext("%(percent)d%% above a year before") % {"percent": percents}
    return gettext("%(percent)d%% below a year before") % {"percent": percents}


def _colder(last: UsageMonth) -> str:
    if last.temperature_f is None or last.year_before_temperature_f is None:
        return ""
    degrees = last.temperature_f - last.year_before_temperature_f
    if degrees == 0:
        return gettext("as warm as then")
    if degrees < 0:
        return gettext("%(degrees)d°F colder") % {"degrees": -degrees}
    return gettext("%(degrees)d°F warmer") % {"degrees": degrees}


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _px(value: float) -> str:
    return f"{value:.1f}"


def _slot(month: UsageMonth, *, at: int, count: int, px_per_wh: float, paired: bool) -> Slot:
    """The bars of one month. Two series differ by width as well as color: the year before is thin and stands first."""
    middle = (at + 0.5) * 100 / count
    width = 100 / max(count, FEWEST_WIDTHS)
    is_last = at == count - 1
    bars = []
    if month.year_before_wh is not None:
        bars.append(
            _bar(month.year_before_wh, x=middle - 0.294 * width, width=0.12 * width, px_per_wh=px_per_wh, kind="last")
        )
    if month.energy_wh is not None:
        kind = "guess" if month.is_estimated else "this" if is_last else "past"
        share, offset = (0.432, 0.138) if paired else (0.56, 0.28)
        bars.append(
            _bar(month.energy_wh, x=middle - offset * width, width=share * width, px_per_wh=px_per_wh, kind=kind)
        )
    highest_wh = max(month.energy_wh or 0, month.year_before_wh or 0, 0)
    return Slot(
        month=month,
        middle=_percent(middle),
        bars=tuple(bars),
        is_last=is_last,
        is_even=(count - 1 - at) % 2 == 1,
        figure_y=_px(BASE_PX - highest_wh * px_per_wh - 5.5),
    )


def _bar(energy_wh: int, *, x: float, width: float, px_per_wh: float, kind: str) -> Bar:
    height_px = max(energy_wh, 0) * px_per_wh
    return Bar(x=_percent(x), width=_percent(width), y=_px(BASE_PX - height_px), height=_px(height_px), kind=kind)


def _tick_values(highest_wh: int) -> list[int]:
    """Zero and round steps of 1, 2, 2.5 or 5 times a power of ten: at most four steps, none above the highest bar."""
    power_wh = 100
    while True:
        for tenths in (10, 20, 25, 50):
            step_wh = power_wh * tenths // 10
            if highest_wh <= 4 * step_wh:
                return list(range(0, highest_wh + 1, step_wh))
        power_wh *= 10


def _tick(energy_wh: int, *, px_per_wh: float) -> Tick:
    # Half pixels, so that a line one pixel wide falls on one row of them.
    y = int(BASE_PX - energy_wh * px_per_wh) + 0.5
    return Tick(energy_wh=energy_wh, y=_px(y), label_y=_px(y + 3.5))


_Point = tuple[float, float]


def _temperature_points(months: Sequence[UsageMonth]) -> list[_Point | None]:
    known = [month.temperature_f for month in months if month.temperature_f is not None]
    if not known:
        return [None] * len(months)
    lowest, highest = min(known), max(known)
    px_per_degree = (LINE_BOTTOM_PX - LINE_TOP_PX) / max(highest - lowest, 1)
    return [
        None
        if month.temperature_f is None
        else ((at + 0.5) * 100 / len(months), LINE_TOP_PX + (highest - month.temperature_f) * px_per_degree)
        for at, month in enumerate(months)
    ]


def _line(points: Sequence[_Point | None]) -> tuple[Segment, ...]:
    """The line breaks where a month has no temperature: a gap is shown, never bridged."""
    return tuple(
        Segment(x1=_percent(start[0]), y1=_px(start[1]), x2=_percent(end[0]), y2=_px(end[1]))
        for start, end in pairwise(points)
        if start is not None and end is not None
    )


def _readings(points: Sequence[_Point | None], *, months: Sequence[UsageMonth]) -> tuple[Reading, ...]:
    known = [(month.temperature_f, at) for at, month in enumerate(months) if month.temperature_f is not None]
    if not known:
        return ()
    lowest, highest, last = min(known)[1], max(known)[1], known[-1][1]
    named = []
    for at in sorted({lowest, highest, last}):
        point, temperature_f = points[at], months[at].temperature_f
        if point is None or temperature_f is None:
            continue
        is_last = at == last
        # Beside the last point, below the highest, above the lowest.
        label_px = point[1] + (3.6 if is_last else 15.5 if at == highest else -7.1)
        named.append(
            Reading(
                x=_percent(point[0]),
                y=_px(point[1]),
                label_y=_px(label_px),
                temperature_f=temperature_f,
                is_last=is_last,
            )
        )
    return tuple(named)

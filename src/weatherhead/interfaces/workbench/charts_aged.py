"""From aged receivables to the geometry of their picture: a bar for each age, drawn by the server."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.overviews.books.aged import BUCKET_TITLES, AgedRow

HEIGHT = 148
_BASE_Y, _TOP_Y = 120, 22
_BAR_PERCENT, _GAP_PERCENT = 12, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedBar:
    """One bar: places across in percent, down in pixels. `kind` is the class that fills it."""

    title: str
    cents: int
    said: str
    kind: str
    x: str
    width: str
    middle: str
    y: int
    height: int
    label_y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedChart:
    """The picture, and the sentence that says what it shows."""

    height: int
    base_y: int
    bars: tuple[AgedBar, ...]
    past_due_cents: int
    past_due_share: int


def aged_chart(total: AgedRow) -> AgedChart | None:
    """The picture of what is open by age; none when nothing is open."""
    whole = sum(total.open_cents)
    if not whole:
        return None
    most = max(total.open_cents)
    return AgedChart(
        height=HEIGHT,
        base_y=_BASE_Y,
        bars=tuple(_bar(place, cents=cents, most=most, whole=whole) for place, cents in enumerate(total.open_cents)),
        past_due_cents=total.past_due_cents,
        past_due_share=_percent(total.past_due_cents, whole),
    )


def _bar(place: int, *, cents: int, most: int, whole: int) -> AgedBar:
    height = max((_BASE_Y - _TOP_Y) * cents // most, 1 if cents else 0)
    left = place * (_BAR_PERCENT + _GAP_PERCENT) + _GAP_PERCENT // 2
    return AgedBar(
        title=BUCKET_TITLES[place],
        cents=cents,
        said=_said(_percent(cents, whole), cents=cents),
        kind="last" if place == 0 else "late" if place == len(BUCKET_TITLES) - 1 else "this",
        x=f"{left}%",
        width=f"{_BAR_PERCENT}%",
        middle=f"{left + _BAR_PERCENT // 2}%",
        y=_BASE_Y - height,
        height=height,
        label_y=_BASE_Y - height - 6,
    )


def _said(share: int, *, cents: int) -> str:
    """A bar's share; nothing over a bar that is not there."""
    if not cents:
        return ""
    return f"{share}%" if share else "<1%"


def _percent(part: int, whole: int) -> int:
    """Whole percent, rounded half up."""
    return (200 * part + whole) // (2 * whole)

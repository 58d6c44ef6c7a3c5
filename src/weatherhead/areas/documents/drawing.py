"""What a bill draws, as SVG: typst takes in one picture for a tenth of what the same shapes cost.

Pure. Words stay with typst, which tags them; measures are points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

_BLUE = "#162e51"
_MID = "#9fb4cc"
_SHEET_WIDTH = 522.0
_CAPTIONS_WIDTH = 44.64
_COLUMNS_LEAST = 6
_BAR_SHARE = 0.72
_USE_HEIGHT = 56.16
_STEP_WIDTH = 86.4
_STEP_ROW = 13.5
_STEP_HEIGHT = 8.0
_THIN = 0.5
_MODULE = 1.02  # a hair higher than its row, so that no light shows between two rows
_PERMILLE = 1000
_PEN = (("h", ""), ("m", " 0"))  # draws a dark run, passes over a light one


def code_drawing(rows: Sequence[Sequence[int]]) -> str:
    """A QR code from its rows of runs, dark and light by turns: each row a stroke, lifted over what is light."""
    drawn: list[str] = []
    for y, runs in enumerate(rows):
        drawn.append(f"M0 {y}.5")
        drawn += [f"{step}{length}{level}" for length, (step, level) in zip(runs, cycle(_PEN), strict=False) if length]
    path = f'<path stroke="#000" stroke-width="{_MODULE}" d="{"".join(drawn)}"/>'
    return _picture(len(rows), len(rows), path)


def usage_drawing(bars: Sequence[Sequence[Any]]) -> str:
    """The bars of a year's use over their columns; the last is this bill's, and what is estimated is dashed.

    Args:
        bars: month, kWh, height in thousandths of the tallest, days, and whether it is estimated.
    """
    pitch = (_SHEET_WIDTH - _CAPTIONS_WIDTH) / max(len(bars), _COLUMNS_LEAST)
    wide = pitch * _BAR_SHARE
    floor = _USE_HEIGHT + _THIN
    drawn = [
        _bar(
            _CAPTIONS_WIDTH + pitch * (place + 0.5) - wide / 2,
            floor - _USE_HEIGHT * height / _PERMILLE,
            wide=wide,
            high=_USE_HEIGHT * height / _PERMILLE,
            strong=place == len(bars) - 1,
            dashed=estimated,
        )
        for place, (_, _, height, _, estimated) in enumerate(bars)
    ]
    return _picture(_SHEET_WIDTH, floor, _bars(drawn))


def steps_drawing(rows: Sequence[Sequence[Any]]) -> str:
    """The bars beside what changed: first and last are whole bills, each other begins where the one before ended.

    Args:
        rows: label, note, amount, start and length in thousandths of the longest.
    """
    above = (_STEP_ROW - _STEP_HEIGHT) / 2
    drawn = [
        _bar(
            start * _STEP_WIDTH / _PERMILLE,
            place * _STEP_ROW + above,
            wide=max(length * _STEP_WIDTH / _PERMILLE, _THIN),
            high=_STEP_HEIGHT,
            strong=place in (0, len(rows) - 1),
        )
        for place, (_, _, _, start, length) in enumerate(rows)
    ]
    return _picture(_STEP_WIDTH, _STEP_ROW * len(rows), _bars(drawn))


def _bar(x: float, y: float, *, wide: float, high: float, strong: bool, dashed: bool = False) -> str:
    fill = f' fill="{_BLUE}"' if strong else ""
    dash = ' stroke-dasharray="3"' if dashed else ""
    return f'<path d="M{x:.2f} {y:.2f}h{wide:.2f}v{high:.2f}h{-wide:.2f}z"{fill}{dash}/>'


def _bars(drawn: Iterable[str]) -> str:
    return f'<g fill="{_MID}" stroke="{_BLUE}" stroke-width="{_THIN}">{"".join(drawn)}</g>'


def _picture(wide: float, high: float, drawn: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high:g}">{drawn}</svg>'

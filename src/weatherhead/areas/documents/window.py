"""An address in the window of an envelope: smaller if it must be, then broken, and never over its edge. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH_POINTS = 244.8
HEIGHT_POINTS = 69.8
_SIZES_WHOLE = (10.5, 9.5, 8.5, 8.0)  # a line of the address stays a line as long as it can: 8 points are the least
_SIZES_BROKEN = (8.0, 7.0, 6.0)  # which the mail's own readers take; beyond that people must read it
_LEADING = 0.42
_CAP_HEIGHT = 0.73
_DESCENT = 0.25
_NARROW, _DIGIT, _MOST, _WIDE, _WIDEST = 310, 650, 770, 960, 1120
_NARROW_SIGNS = frozenset(" !'(),-.:;I[]`il|j")
_WIDE_SIGNS = frozenset("%&@MWmÆæŴẀẂẄ½¼¾Œœ")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowText:
    """An address as it is set: its lines, and their size in points."""

    lines: tuple[str, ...]
    size: float


def fit_window(lines: Sequence[str]) -> WindowText:
    """The largest size at which an address stands in the window, whole if it can; what fits at no size loses its end.

    Widths are upper bounds of the font's, so nothing is measured while a bill is set.
    """
    for size in _SIZES_WHOLE:
        if all(_width(line) * size <= WIDTH_POINTS * 1000 for line in lines) and len(lines) <= _lines_at(size):
            return WindowText(lines=tuple(lines), size=size)
    broken: list[str] = []
    for size in _SIZES_BROKEN:
        broken = [part for line in lines for part in _broken(line, most=WIDTH_POINTS * 1000 / size)]
        if len(broken) <= _lines_at(size):
            return WindowText(lines=tuple(broken), size=size)
    last = broken[-1:]  # city, state and postal code: without them nothing arrives
    return WindowText(lines=(*broken[: _lines_at(_SIZES_BROKEN[-1]) - 1], *last), size=_SIZES_BROKEN[-1])


def _lines_at(size: float, /) -> int:
    """How many lines the window is high."""
    return int((HEIGHT_POINTS / size - _DESCENT + _LEADING) / (_CAP_HEIGHT + _LEADING))


def _width(text: str) -> int:
    """At least what a text takes, in thousandths of its size."""
    return sum(map(_width_of, text))


def _width_of(sign: str, /) -> int:
    if sign in _NARROW_SIGNS:
        return _NARROW
    if sign in _WIDE_SIGNS:
        return _WIDE if sign.isascii() else _WIDEST
    if sign.isascii():
        return _DIGIT if sign.isdigit() else _MOST
    return _WIDE if sign.isalpha() else _WIDEST


def _broken(line: str, *, most: float) -> Iterator[str]:
    """A line's parts: between words where it can be, within a word that is wider than the window."""
    part = ""
    for word in line.split(" "):
        joined = f"{part} {word}" if part else word
        if _width(joined) <= most:
            part = joined
            continue
        if part:
            yield part
        part = ""
        for sign in word:
            if _width(part + sign) > most:
                yield part
                part = ""
            part += sign
    yield part

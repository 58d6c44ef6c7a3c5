"""The drawings of a bill: read back, they say what they were made of."""

from __future__ import annotations

import re

from weatherhead.areas.documents.drawing import code_drawing, steps_drawing, usage_drawing
from weatherhead.areas.documents.showing import qr_rows

PATH = re.compile(r' d="(?P<steps>[^"]+)"')
BAR = re.compile(r"M(?P<x>[\d.]+) (?P<y>[\d.]+)h(?P<wide>[\d.]+)v(?P<high>[\d.]+)h-[\d.]+z")


def bars_of(picture: str) -> list[dict[str, float]]:
    """Each bar's place and size."""
    found = [BAR.fullmatch(steps) for steps in PATH.findall(picture)]
    return [{name: float(value) for name, value in bar.groupdict().items()} for bar in found if bar]


def test_a_code_is_drawn_module_by_module() -> None:
    rows = qr_rows("HTTPS://PRAIRIECITY.EXAMPLE/PAY/7KQ4-XM2T-9B1C")
    drawn = PATH.findall(code_drawing(rows))[0].split("M")[1:]
    assert [line.partition(" ")[2].partition(".")[0] for line in drawn] == [str(y) for y in range(len(rows))]
    for line, runs in zip(drawn, rows, strict=True):
        told = [(step[0], int(re.findall(r"\d+", step)[0])) for step in re.findall(r"h\d+|m\d+ 0", line)]
        assert told == [(kind, length) for kind, length in zip("hm" * len(runs), runs, strict=False) if length]


def test_bars_of_use_stand_on_one_line_as_high_as_their_use() -> None:
    picture = usage_drawing([["Jun", "500", 500, "30", False], ["Jul", "1,000 E", 1000, "31", True]])
    low, high = bars_of(picture)
    assert low["high"] * 2 == high["high"] == 56.16
    assert low["y"] + low["high"] == high["y"] + high["high"]
    assert low["wide"] == high["wide"] < high["x"] - low["x"]
    assert picture.count("stroke-dasharray") == 1


def test_each_step_begins_where_the_one_before_ended() -> None:
    rows = [["Last", "", "$60", 0, 600], ["Days", "", "+$10", 600, 100], ["Price", "", "+$30", 700, 300]]
    last, days, price = bars_of(steps_drawing([*rows, ["This", "", "$100", 0, 1000]]))[:3]
    assert last["x"] == 0
    assert (days["x"], price["x"]) == (last["wide"], round(days["x"] + days["wide"], 2))
    assert price["y"] - days["y"] == days["y"] - last["y"] == 13.5


def test_what_did_not_change_is_still_seen() -> None:
    assert bars_of(steps_drawing([["Days", "", "+$0", 300, 0]]))[0]["wide"] == 0.5

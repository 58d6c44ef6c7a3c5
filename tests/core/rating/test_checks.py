"""What a schedule must be as a whole; the mistakes that no real tariff file is broken into elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError
from tests.core.rating.rate_sheet import ON_AND_OFF, SUMMER_AND_WINTER, charge, one, schedule, version

from weatherhead.core.values import ProblemsAt

FLAT = charge("energy", "energy", price="0.10")
CUSTOMER = charge("fixed", "customer", price="5")
CHOICE = {"phase": {"kind": "choice", "label": "Phase", "values": ["single", "three"]}}
COST = {"cost": [{"effective": "2020-01-01", "value": "0.06"}]}


def problems(*versions: dict[str, Any], **more: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ValidationError) as refused:
        schedule(*versions, **more)
    (error,) = refused.value.errors()
    found = error["ctx"]["error"]
    assert isinstance(found, ProblemsAt)
    return list(found.problems)


def blocks(*bounds: str | None) -> list[dict[str, str]]:
    return [{"price": "0.10"} | ({"up_to_kwh": bound} if bound else {}) for bound in bounds]


ONE_VERSION: list[tuple[list[dict[str, Any]], dict[str, Any], tuple[str | int, ...], str]] = [
    ([charge("energy", "e")], {}, ("charges", 0), "exactly one of price, blocks"),
    ([charge("energy", "e", price="1", blocks=blocks(None))], {}, ("charges", 0), "exactly one of price, blocks"),
    ([charge("energy", "e", blocks=blocks("1.0001", None))], {}, ("charges", 0, "blocks", 0, "up_to_kwh"), "three dec"),
    ([charge("energy", "e", blocks=blocks("5", "5", None))], {}, ("charges", 0, "blocks", 1, "up_to_kwh"), "more than"),
    ([charge("rider", "r")], {}, ("charges", 0), "either a price or a series"),
    ([charge("rider", "r", price="1", series="cost")], {}, ("charges", 0), "either a price or a series"),
    ([charge("fixed", "c", price="1", per="bill", season="summer")], {}, ("charges", 0, "season"), "no season"),
    ([charge("fixed", "c", price="1", level="1")], {}, ("charges", 0, "level"), "known: none"),
    ([charge("energy", "e", period="night", price="1")], {}, ("charges", 0, "period"), "known: none"),
    (
        [charge("demand", "d", price="1", demand={"minimum_kw": "0.0001"})],
        {},
        ("charges", 0, "demand", "minimum_kw"),
        "three",
    ),
    ([CUSTOMER, charge("rider", "customer", price="1")], {}, ("charges", 1, "code"), "different kinds"),
    ([CUSTOMER, charge("fixed", "customer", price="6")], {}, ("charges", 1, "code"), "2 times for every account"),
    (
        [charge("fixed", "customer", price="6", season="summer")],
        {"seasons": SUMMER_AND_WINTER},
        ("charges", 0, "code"),
        "no price for season winter; add one, or say partial: true",
    ),
    (
        [charge("energy", "summer", price="1", season="summer")],
        {"seasons": SUMMER_AND_WINTER},
        ("charges", 0, "code"),
        "energy has no price for season winter",
    ),
    ([FLAT, charge("energy", "more", price="1")], {}, ("charges", 1, "code"), "charged twice for every account"),
    (
        [charge("energy", "on", price="1", period="on_peak")],
        {"periods": ON_AND_OFF},
        ("charges", 0, "period"),
        "energy of period off_peak is priced 0 times",
    ),
    (
        [CUSTOMER],
        {"seasons": [{"code": "leap", "name": "Leap", "start": "02-29", "through": "02-28"}]},
        ("seasons", 0, "start"),
        "cannot begin on February 29",
    ),
    (
        [CUSTOMER],
        {"facilities": {"levels": [{"level": "1"}, {"level": "2"}]}},
        ("facilities", "levels", 0),
        "one bound",
    ),
    (
        [CUSTOMER],
        {"facilities": {"levels": [{"level": "1", "below_kwh": "5"}, {"level": "1"}]}},
        ("facilities", "levels"),
        "names a level twice",
    ),
    ([CUSTOMER], {"facilities": {"levels": [{"level": "1"}], "unknown": "2"}}, ("facilities", "unknown"), "no level 2"),
    (
        [CUSTOMER],
        {"facilities": {"levels": [{"level": "1", "through_kwh": "5.00001"}, {"level": "2"}]}},
        ("facilities", "levels", 0, "through_kwh"),
        "three decimals",
    ),
]


@pytest.mark.parametrize(("charges", "more", "path", "said"), ONE_VERSION)
def test_a_version_that_does_not_hold_together_is_told(
    charges: list[dict[str, Any]], more: dict[str, Any], path: tuple[str | int, ...], said: str
) -> None:
    found = problems(version(*charges, **more))
    assert any(at == ("versions", 0, *path) and said in text for at, text in found), found


def test_versions_and_series_stand_in_the_order_of_their_dates() -> None:
    found = problems(version(FLAT, effective="2026-01-01"), version(FLAT, effective="2026-01-01"))
    assert found[0][0] == ("versions", 1, "effective")
    assert problems(version(FLAT), series={"cost": []})[0] == (("series", "cost"), "needs at least one dated value")
    late = charge("rider", "r", series="cost")
    (found_late,) = problems(version(FLAT, late, effective="2019-01-01"), series=COST)
    assert "begins on 2020-01-01, after this version (2019-01-01)" in found_late[1]


def test_options_must_be_ones_that_can_be_chosen() -> None:
    twice = {"phase": {"kind": "choice", "label": "Phase", "values": ["single", "single"]}}
    assert problems(version(FLAT), options=twice)[0] == (("options", "phase", "values"), "names a value twice")
    default = {"phase": CHOICE["phase"] | {"default": "two"}}
    assert problems(version(FLAT), options=default)[0][0] == ("options", "phase", "default")


def test_what_is_meant_to_be_free_says_so() -> None:
    summer = charge("fixed", "irrigation", price="6", season="summer", partial="true")
    assert one(FLAT, summer, seasons=SUMMER_AND_WINTER).versions[0].charges[1].partial
    single = charge("fixed", "single", price="1", when={"phase": "single"}, partial="true")
    assert schedule(version(FLAT, single), options=CHOICE).options["phase"].kind == "choice"

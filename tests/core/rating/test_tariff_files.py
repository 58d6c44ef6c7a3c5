"""Every tariff file loads and says where its prices come from; a broken copy is refused by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from weatherhead.core.rating.schedule import PostsTo, PriceStatus, Schedule, load_schedule
from weatherhead.core.values import DataFileInvalid

TARIFFS = Path(__file__).resolve().parents[3] / "tariffs"
FILES = sorted(TARIFFS.rglob("*.yaml"))
DEMO = "prairie-city"
DEMO_CLASSES = {"R-1": "residential", "GS-1": "commercial", "GS-2": "industrial", "AL-1": "lighting"}
DEMO_POSTS_TO = {PostsTo.REVENUE, PostsTo.RIDERS, PostsTo.CITY_DIVIDEND, PostsTo.SALES_TAX}


def _load(path: Path) -> Schedule:
    return load_schedule(path.read_text(encoding="utf-8"), name=str(path.relative_to(TARIFFS)))


def _named(path: Path) -> str:
    return str(path.relative_to(TARIFFS))


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_file_loads_and_belongs_to_its_utility(path: Path) -> None:
    """Each file is a schedule of the utility whose directory holds it."""
    assert _load(path).utility == path.parent.name


@pytest.mark.parametrize("path", FILES, ids=_named)
def test_every_price_has_a_citation(path: Path) -> None:
    """Each price has a citation, its own or its version's; what is illustrative in a real book says so there."""
    for version in _load(path).versions:
        for charge in version.charges:
            assert charge.citation or version.citation
            if path.parent.name != DEMO and charge.status is PriceStatus.ILLUSTRATIVE:
                assert charge.citation is not None
                assert charge.citation.startswith("No source found")


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == DEMO], ids=_named)
def test_demo_book_is_illustrative_throughout(path: Path) -> None:
    """The fictional utility claims nothing, and posts where its utility file has accounts."""
    schedule = _load(path)
    assert schedule.revenue_class == DEMO_CLASSES[schedule.code]
    for version in schedule.versions:
        assert version.status is PriceStatus.ILLUSTRATIVE
        assert {charge.status for charge in version.charges} <= {None, PriceStatus.ILLUSTRATIVE}
        assert {charge.posts_to for charge in version.charges} <= DEMO_POSTS_TO
        assert all(charge.clause for charge in version.charges)


def test_codes_are_unique_within_a_utility() -> None:
    """An agreement names its schedule by code."""
    found = [(schedule.utility, schedule.code) for schedule in map(_load, FILES)]
    assert len(set(found)) == len(found)


BROKEN = [
    (
        "lrec/residential.yaml",
        'price: "0.0792"',
        'price: "7.92 ¢"',
        "versions[0].charges[1].price",
        "text like '0.0792'",
    ),
    ("lrec/residential.yaml", 'price: "0.0792"', 'prise: "0.0792"', "versions[0].charges[1].prise", "not a known key"),
    ("lrec/residential.yaml", "posts_to: riders", "posts_to: tips", "versions[0].charges[2].posts_to", "'riders'"),
    ("lrec/residential.yaml", "status: verified", "status: sworn", "versions[0].status", "'verified'"),
    ("lrec/residential.yaml", "utility_name: Lake", "code: X\nutility_name: Lake", "code", "stands twice"),
    ("lrec/residential.yaml", "effective: 2025-09-01", "effective: 2024-09-01", "versions[1].effective", "order"),
    ("lrec/residential.yaml", "effective: 2025-09-01", "effective: 2025-09-31", "versions[1].effective", "date"),
    ("lrec/residential.yaml", "rounding: half_up", "rounding: swedish", "versions[0].rounding", "'half_up'"),
    ("lrec/residential.yaml", "- kind: energy", "- kind: enegry", "versions[0].charges[1]", "does not match"),
    ("lrec/residential.yaml", '        price: "43.50"\n', "", "versions[0].charges[0].price", "is missing"),
    ("lrec/gs-single-phase.yaml", "under_200_amps}", "under_100_amps}", "when.service_size", "not a value"),
    ("lrec/gs-single-phase.yaml", "{service_size: over", "{size: over", "when.size", "not a choice option"),
    ("lrec/gs-single-phase.yaml", "service_size: over", "service_size: under", "charges[1].code", "charged 2 times"),
    ("lrec/lighting.yaml", "times: lamps_7000_lumens", "times: lamps", "charges[0].times", "not a count option"),
    ("lrec/lgs-tou.yaml", "{determinant: on_peak}", "{determinant: peak}", "demand.determinant", "not a demand"),
    (
        "les/residential-01.yaml",
        "through: 09-30",
        "through: 10-15",
        "versions[0].seasons",
        "10-01 is in summer and winter",
    ),
    ("les/residential-01.yaml", "start: 06-01", "start: 06-15", "versions[0].seasons", "06-01 is in no season"),
    ("les/residential-01.yaml", "start: 06-01", "start: 06-31", "seasons[0].start", "day of the year"),
    ("les/residential-01.yaml", "season: winter", "season: autumn", "charges[5].season", "not a season"),
    ("les/residential-01.yaml", "season: winter", "season: summer", "charges[5].code", "charged twice"),
    ("les/residential-01.yaml", 'below_kwh: "1500"', 'below_kwh: "700"', "facilities.levels", "must rise"),
    ("les/residential-01.yaml", "{level: 3}", '{level: 3, below_kwh: "9000"}', "levels[2]", "must have no bound"),
    (
        "les/residential-01.yaml",
        "        level: 3\n",
        "        level: 4\n",
        "charges[3].level",
        "no facilities level 4",
    ),
    ("les/residential-01.yaml", "of: [customer, ", "of: [customers, ", "charges[6].of[0]", "not a charge"),
    ("les/residential-01.yaml", "of: [customer, ", "of: [state_sales_tax, ", "charges[6].of[0]", "at or below"),
    ("les/residential-01.yaml", "of: [customer, ", "of: [customer, customer, ", "charges[6].of[1]", "stands twice"),
    ("elberton/residential.yaml", 'up_to_kwh: "1000"', 'up_to_kwh: "400"', "blocks[1].up_to_kwh", "more than 500"),
    ("elberton/residential.yaml", 'up_to_kwh: "1000", ', "", "blocks[1]", "only the last block has no bound"),
    (
        "elberton/residential.yaml",
        '{price: "0.1250"',
        '{up_to_kwh: "9000", price: "0.1250"',
        "blocks[2].up_to_kwh",
        "last block",
    ),
    (
        "elberton/residential.yaml",
        'price: "18.00"',
        'price: "-18.00"',
        "charges[4].price",
        "greater than or equal to 0",
    ),
    ("elberton/gs-demand.yaml", 'up_to_hours: "200"', 'up_to_hours: "0"', "hours_blocks[0].up_to_hours", "more than 0"),
    ("glencoe/residential.yaml", "series: average_cost", "series: cost", "charges[3].series", "not a series"),
    ("glencoe/residential.yaml", 'step: "0.0001"', 'step: "0"', "charges[3].step", "greater than 0"),
    (
        "glencoe/residential.yaml",
        "effective: 2025-02-01",
        "effective: 2025-01-01",
        "series.average_cost[1].effective",
        "order",
    ),
    ("svec/general-service-tou.yaml", "period: off_peak", "period: on_peak", "charges[1].period", "priced"),
]


@pytest.mark.parametrize(("name", "right", "wrong", "key", "said"), BROKEN)
def test_broken_copy_is_refused_by_file_line_and_key(name: str, right: str, wrong: str, key: str, said: str) -> None:
    """One thing broken in the first place where it stands; the message leads to it."""
    text = (TARIFFS / name).read_text(encoding="utf-8")
    assert right in text
    with pytest.raises(DataFileInvalid) as refused:
        load_schedule(text.replace(right, wrong, 1), name=name)
    problem = next(item for item in refused.value.problems if item.key.endswith(key) and said in item.text)
    assert f"{name}:{problem.line}: {problem.key}: " in str(refused.value)


LINES = [
    ("lrec/residential.yaml", 'price: "0.0792"', 'price: "7.92 ¢"'),
    ("lrec/residential.yaml", "posts_to: riders", "posts_to: tips"),
    ("lrec/residential.yaml", "effective: 2025-09-01", "effective: 2024-09-01"),
    ("les/residential-01.yaml", "season: winter", "season: autumn"),
    ("les/residential-01.yaml", "of: [customer, ", "of: [customers, "),
    ("elberton/residential.yaml", 'up_to_kwh: "1000"', 'up_to_kwh: "400"'),
    ("elberton/gs-demand.yaml", 'up_to_hours: "200"', 'up_to_hours: "0"'),
    ("glencoe/residential.yaml", 'step: "0.0001"', 'step: "0"'),
]


@pytest.mark.parametrize(("name", "right", "wrong"), LINES)
def test_the_line_is_the_line_of_the_mistake(name: str, right: str, wrong: str) -> None:
    """The line that the message names is the line that was broken."""
    text = (TARIFFS / name).read_text(encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1
    with pytest.raises(DataFileInvalid) as refused:
        load_schedule(text.replace(right, wrong, 1), name=name)
    assert line in {problem.line for problem in refused.value.problems}


def test_all_problems_are_reported_at_once() -> None:
    """Three mistakes, three messages, in the order of their lines."""
    text = (TARIFFS / "lrec/residential.yaml").read_text(encoding="utf-8")
    text = text.replace('"43.50"', '"$43.50"', 1).replace("posts_to: riders", "posts_to: tips", 1)
    text = text.replace('"45.00"', "forty-five", 1)
    with pytest.raises(DataFileInvalid) as refused:
        load_schedule(text, name="r.yaml")
    keys = [problem.key for problem in refused.value.problems]
    assert keys == ["versions[0].charges[0].price", "versions[0].charges[2].posts_to", "versions[1].charges[0].price"]


def test_what_is_no_yaml_is_refused_with_its_line() -> None:
    """A bracket that never closes."""
    text = (TARIFFS / "les/residential-01.yaml").read_text(encoding="utf-8").replace("{level: 3}", "{level: 3", 1)
    with pytest.raises(DataFileInvalid, match=r"r\.yaml:\d+: not valid YAML"):
        load_schedule(text, name="r.yaml")

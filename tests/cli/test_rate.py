"""``weatherhead rate``: good rows are rated, bad ones told by line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from weatherhead.interfaces.cli.main import main

TARIFF = """\
utility: test
utility_name: Test
code: T-1
name: Test
revenue_class: residential
options:
  phase: {kind: choice, label: Phase, values: [single, three], default: single}
  lamps: {kind: count, label: Lamps, unit: lamp}
versions:
  - effective: 2026-01-01
    citation: test
    status: illustrative
    periods:
      - {code: on_peak, name: On peak}
      - {code: off_peak, name: Off peak}
    charges:
      - {kind: fixed, code: single, label: Single, price: 10, when: {phase: single}, partial: true, posts_to: revenue}
      - {kind: fixed, code: lamps, label: Lamps, price: 2.50, times: lamps, posts_to: revenue}
      - {kind: energy, code: on, label: On peak, period: on_peak, price: 0.20, posts_to: revenue}
      - {kind: energy, code: off, label: Off peak, period: off_peak, price: 0.05, posts_to: revenue}
      - {kind: demand, code: demand, label: Demand, price: 3, posts_to: revenue}
"""
HEADER = "account,start,end,kwh,kwh.on_peak,kwh.off_peak,kw,option.phase,option.lamps"


@pytest.fixture
def tariff(tmp_path: Path) -> str:
    path = tmp_path / "t-1.yaml"
    path.write_text(TARIFF, encoding="utf-8")
    return str(path)


def rated(tariff: str, content: bytes | str, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    path = Path(tariff).with_name("usages.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    code = main(["rate", tariff, str(path), *options])
    told = capsys.readouterr()
    return code, told.out, told.err.replace(f"{path.parent}/", "")


def test_a_row_becomes_the_lines_of_its_bill(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = rated(tariff, f"{HEADER}\nA-1,2026-06-01,2026-07-01,100.5,40,60.5,2.5,,3\n", capsys)
    assert (code, err) == (0, "")
    assert "A-1 · T-1 · 2026-06-01 – 2026-07-01" in out
    told = [line.split() for line in out.splitlines()]
    assert ["Off", "peak", "60.5", "kWh", "0.05", "$/kWh", "3.025", "3.03"] in told
    assert ["Lamps", "3", "lamps", "2.50", "$/lamp", "7.50", "7.50"] in told
    assert ["total", "36.03"] in told  # 10.00 + 7.50 + 8.00 + 3.03 + 7.50
    assert "Rows rated: 1, not rated: 0." in out


def test_steps_and_json_tell_how(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    row = f"{HEADER}\r\n,2026-06-01,2026-06-13,10,10,0,0,three,\r\n"
    _, out, _ = rated(tariff, row, capsys, "--steps")
    assert "line 2 · T-1" in out
    assert "  10 kWh × $0.20 = $2.00" in out
    _, out, _ = rated(tariff, row, capsys, "--json")
    answer = json.loads(out)
    assert answer["problems"] == []
    (bill,) = answer["bills"]
    assert (bill["line"], bill["start_on"], bill["end_on"], bill["total_cents"]) == (2, "2026-06-01", "2026-06-13", 200)
    assert [line["code"] for line in bill["lines"]] == ["on"]


BAD_ROWS = [
    ("A,2026-06-01,2026-07-01,1,1,0,0,,,", "2: has 10 fields; the first line names 9"),
    ("A,06/01/2026,2026-07-01,1,1,0,0,,", "2:start: “06/01/2026” is not a date"),
    ("A,2026-02-30,2026-07-01,1,1,0,0,,", "2:start: “2026-02-30” is not a date"),
    ("A,2026-07-01,2026-06-01,1,1,0,0,,", "2:end: The end (2026-06-01) must be after the start (2026-07-01)."),
    ("A,2026-06-01,2026-07-01,,,,0,,", "2:kwh: is empty; enter 0"),
    ("A,2026-06-01,2026-07-01,1.2345,1,0,0,,", "2:kwh: “1.2345” is not a number"),
    ('A,2026-06-01,2026-07-01,"1,397",1,0,0,,', "2:kwh: “1,397” is not a number"),
    ("A,2026-06-01,2026-07-01,1e3,1,0,0,,", "2:kwh: “1e3” is not a number"),
    ("A,2026-06-01,2026-07-01,٣,1,0,0,,", "2:kwh: “٣” is not a number"),
    ("A,2026-06-01,2026-07-01,1,1,0,x,,", "2:kw: “x” is not a number"),
    ("A,2026-06-01,2026-07-01,1,1,0,0,two,", "2:option.phase: “two” is none of single, three"),
    ("A,2026-06-01,2026-07-01,1,1,0,0,,-3", "2:option.lamps: “-3” is not a whole number"),
    ("A,2026-06-01,2026-07-01,2,1,0,0,,", "2: The time-of-use periods sum to 1000 Wh, but the energy is 2000 Wh."),
    ("A,2026-06-01,2026-07-01,1,1,0,,,", "2: Schedule T-1 needs the demand “max”."),
    ("A,2025-06-01,2025-07-01,1,1,0,0,,", "2: Schedule T-1 has no version in force on 2025-06-01"),
    ("A,2026-06-01,2026-07-01,1,1,0,-1,,", "2: Demand of -1 kW is beyond what can be billed."),
]


@pytest.mark.parametrize(("row", "said"), BAD_ROWS)
def test_a_bad_row_is_told_and_the_good_one_kept(
    tariff: str, capsys: pytest.CaptureFixture[str], row: str, said: str
) -> None:
    good = "GOOD,2026-06-01,2026-07-01,1,1,0,0,,"
    code, out, err = rated(tariff, f"{HEADER}\n{row}\n{good}\n", capsys)
    assert code == 1
    assert f"usages.csv:{said}" in err
    assert "GOOD · T-1" in out
    assert "Rows rated: 1, not rated: 1." in out


def test_every_problem_of_a_row_is_told(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = rated(tariff, f"{HEADER}\nA,x,y,z,1,0,0,,\n", capsys, "--json")
    assert [problem["column"] for problem in json.loads(out)["problems"]] == ["start", "end", "kwh"]


def test_lines_are_counted_through_quoted_line_ends(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = f'\ufeff{HEADER}\n"two\nlines",2026-06-01,2026-07-01,1,1,0,0,,\n\nB,x,2026-07-01,1,1,0,0,,\n'
    code, out, err = rated(tariff, content, capsys)
    assert code == 1
    assert "usages.csv:5:start" in err
    assert "Rows rated: 1, not rated: 1." in out


def test_what_follows_a_broken_quote_is_told(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = f'{HEADER}\nA,2026-06-01,2026-07-01,1,1,0,0,,\n"B,2026-06-01,2026-07-01,1,1,0,0,,\n'
    code, out, err = rated(tariff, content, capsys)
    assert code == 1
    assert "usages.csv:3: not valid CSV from here on" in err
    assert "Rows rated: 1, not rated: 1." in out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it lacks start, end, kwh"),
        (b"start,end\n", "it lacks kwh"),
        (b"start,end,kwh,kwh\n", "the column “kwh” stands twice"),
        (b"start,end,kwh,kWh\n", "“kWh” is not a column; there are account, start"),
        (b"start,end,kwh.on_peak\n", "it lacks kwh"),
        (f"{HEADER}\nA\n".encode("utf-16"), "is not UTF-8 text"),
        (f"{HEADER}\nSeñor".encode("latin-1"), "line 2 is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    tariff: str, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    code, out, err = rated(tariff, content, capsys)
    assert (code, out) == (2, "")
    assert said in err


def test_energy_may_be_given_by_period_alone(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = "start,end,kwh.on_peak,kwh.off_peak,kw\n2026-06-01,2026-07-01,10,20,0\n"
    code, out, _ = rated(tariff, content, capsys, "--json")
    assert code == 0
    assert json.loads(out)["bills"][0]["total_cents"] == 1_000 + 200 + 100


def test_a_tariff_with_a_mistake_is_refused_by_line_and_key(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(tariff).write_text(TARIFF.replace("price: 0.20", "price: 0.2O"), encoding="utf-8")
    code, _, err = rated(tariff, HEADER, capsys)
    assert code == 2
    assert "t-1.yaml:19: versions[0].charges[2].price: must be text like '0.0792'" in err


def test_a_missing_file_is_refused(tariff: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rate", tariff, "/nowhere/usages.csv"]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err

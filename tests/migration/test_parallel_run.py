"""A parallel run: our bills beside the old system's, each difference with the cause that explains it to the cent.

Worked by hand from the rate book. Schedule R-1, version of October 2024: customer charge 6.00 and facilities charge
14.40 a month (26 to 35 days are one; others n/30), energy 0.0836 in summer, power cost adjustment 0.0030, city dividend
5 %, sales tax 5.5 % and 1.5 % of everything before them. For 814 kWh: 68.0504 and 2.442, so 6.00 + 14.40 + 68.05 + 2.44
= 90.89; dividend 4.5445; 95.43 taxed: 5.24865 and 1.43145.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.house import House
from tests.migration.sets import GOOD, load
from weatherhead.areas.billing.models import Bill
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.old_bills import read_old_bills
from weatherhead.overviews.parallel_run import Comparison, compare_bills

AUGUST = {
    "customer": "6.00", "facilities": "14.40", "energy": "68.05", "power_cost_adjustment": "2.44",
    "city_dividend": "4.54", "state_sales_tax": "5.25", "city_sales_tax": "1.43",
}  # fmt: skip
MARTA = "10-0417,A-1,2025-08-01,2025-09-01,814"
TEN_DAYS = {
    "customer": "2.00", "facilities": "4.80", "energy": "0.08", "city_dividend": "0.34",
    "state_sales_tax": "0.40", "city_sales_tax": "0.11",
}  # fmt: skip
BETWEEN = "10-0417,A-6,2025-06-30,2025-07-10,1"


def bills_of(path: Path, *bills: tuple[str, dict[str, str]]) -> Path:
    """A bill file: each bill its first columns and its lines."""
    rows = [f"{start},{line},{amount}" for start, lines in bills for line, amount in lines.items()]
    path.write_text("account,agreement,start_on,end_on,kwh,line,amount\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def loaded(house: House) -> House:
    """The good set, loaded."""
    load(house, GOOD)
    return house


def compared(tmp_path: Path, *bills: tuple[str, dict[str, str]]) -> Comparison:
    """Compare some bills of the old system with ours."""
    old = read_old_bills(bills_of(tmp_path / "old.csv", *bills), names={})
    assert old.problems == ()
    return compare_bills(old.segments, told=lambda _: None)


def causes(found: Comparison) -> dict[str, str]:
    """The cause of each line that differs; service that the file leaves out is told apart."""
    return {item.line or "whole": item.cause for item in found.differences if item.cause != "not_in_theirs"}


@pytest.mark.django_db
def test_equal_bills_have_no_difference(loaded: House, tmp_path: Path) -> None:
    found = compared(tmp_path, (MARTA, AUGUST), (BETWEEN, TEN_DAYS))
    assert found.differences == ()
    assert (found.periods, found.periods_equal) == (2, 2)
    assert found.ours_cents == found.theirs_cents == 10_211 + 773
    assert not Bill.objects.exists(), "a comparison issues nothing"


CASES = {
    "a cent": ({"energy": "68.06"}, {"energy": "rounding"}),
    "the next version's customer charge": (
        {"customer": "6.50"},
        {"customer": "price_version"},
    ),
    "a rider that they have not": ({"power_cost_adjustment": None}, {"power_cost_adjustment": "missing_line"}),
    "a rider that we have not": ({"fuel_surcharge": "1.10"}, {"fuel_surcharge": "missing_line"}),
    "another sales tax": ({"city_sales_tax": "1.91"}, {"city_sales_tax": "tax"}),
    "no cause at all": ({"energy": "61.11"}, {"energy": "unexplained"}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_a_cause(name: str, loaded: House, tmp_path: Path) -> None:
    changes, expected = CASES[name]
    lines = {code: amount for code, amount in {**AUGUST, **changes}.items() if amount is not None}
    assert causes(compared(tmp_path, (MARTA, lines))) == expected


@pytest.mark.django_db
def test_other_energy_and_the_taxes_that_follow(loaded: House, tmp_path: Path) -> None:
    # 824 kWh: 68.8864 and 2.472; base 91.76; dividend 4.588; 96.35 taxed: 5.29925 and 1.44525.
    lines = {
        **AUGUST, "energy": "68.89", "power_cost_adjustment": "2.47", "city_dividend": "4.59",
        "state_sales_tax": "5.30", "city_sales_tax": "1.45",
    }  # fmt: skip
    found = compared(tmp_path, (MARTA.replace(",814", ",824"), lines))
    assert causes(found) == {
        "energy": "usage",
        "power_cost_adjustment": "usage",
        "city_dividend": "follows",
        "state_sales_tax": "follows",
        "city_sales_tax": "follows",
    }
    [energy] = [item for item in found.differences if item.line == "energy"]
    assert str(energy.why) == "814 kWh here, 824 kWh there."


@pytest.mark.django_db
def test_eleven_days_instead_of_ten(loaded: House, tmp_path: Path) -> None:
    # 6.00 × 11/30 = 2.20, 14.40 × 11/30 = 5.28; base 7.56: 0.378; 7.94 taxed: 0.4367 and 0.1191.
    lines = {
        **TEN_DAYS, "customer": "2.20", "facilities": "5.28", "city_dividend": "0.38", "state_sales_tax": "0.44",
        "city_sales_tax": "0.12",
    }  # fmt: skip
    found = compared(tmp_path, (BETWEEN, lines))
    assert {line: cause for line, cause in causes(found).items() if cause != "follows"} == {
        "customer": "proration",
        "facilities": "proration",
        "city_sales_tax": "rounding",
    }
    whys = {item.line: str(item.why) for item in found.differences}
    assert whys["customer"] == "11 days instead of 10 come to it."


@pytest.mark.django_db
def test_whole_periods_that_one_side_has_not(loaded: House, tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        (MARTA, AUGUST),
        ("99-0000,,2025-08-01,2025-09-01,100", {"energy": "8.36"}),
        ("10-0522,A-2,2025-08-05,2025-09-01,100", {"energy": "8.36"}),
    )
    said = {(item.account, item.cause): str(item.why) for item in found.differences}
    assert said == {
        ("99-0000", "not_in_ours"): "There is no account 99-0000 with service.",
        ("10-0522", "usage"): "Meter use since 2025-08-05 is unknown: there is no accepted read on that day. "
        "Enter the start read.",
        ("10-0417", "not_in_theirs"): "R-1 at 418 North Maple Street is in force, and the file has no bill of it.",
    }


@pytest.mark.django_db
def test_the_command(loaded: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = bills_of(
        tmp_path / "old.csv",
        (MARTA, {("ENERGY CHG" if code == "energy" else code): amount for code, amount in AUGUST.items()}),
        (BETWEEN, {**TEN_DAYS, "energy": "0.09"}),
    )
    (tmp_path / "names.yaml").write_text("ENERGY CHG: energy\n", encoding="utf-8")
    out = tmp_path / "differences.csv"
    code = main(["compare", str(old), "--lines", str(tmp_path / "names.yaml"), "--csv", str(out), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == 1
    assert report["causes"]["rounding"]["difference_cents"] == -1
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("rounding,10-0417,")
    assert main(["compare", str(old)]) == 1
    assert "a cent of rounding" in capsys.readouterr().out

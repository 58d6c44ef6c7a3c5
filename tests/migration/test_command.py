"""``weatherhead import``: the report, the exit codes, the templates, the published layout."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from tests.house import House
from tests.migration.sets import GOOD, changed
from weatherhead.areas.migration.check_set import open_set
from weatherhead.areas.migration.control import control_template, load_control
from weatherhead.areas.migration.files import FileReader
from weatherhead.areas.migration.layout import FILES, layout_markdown
from weatherhead.areas.migration.queries import migration_open, migration_sets
from weatherhead.areas.migration.staging import Staging, staging_path
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.old_bills import OLD_BILLS

DOCS = Path(__file__).resolve().parents[2] / "docs" / "migration.md"
BAD_DEPOSIT = {"file": "deposits.csv", "line": 2, "text": "D-1,10-0522,150,2019-13-01"}


def test_the_published_layout_is_the_one_that_is_read() -> None:
    said = DOCS.read_text(encoding="utf-8")
    assert layout_markdown() in said
    for column in OLD_BILLS.columns:
        assert f"| `{column.name}` | {column.about} |" in said


def test_the_templates_are_the_layout(tmp_path: Path, house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--templates", str(tmp_path / "new")]) == 0
    for layout in FILES:
        reader = FileReader(tmp_path / "new" / f"{layout.name}.csv", layout=layout)
        assert reader.order == layout.names
        reader.close()
    assert load_control((tmp_path / "new" / "control.yaml").read_text(encoding="utf-8")).rows["notes"] == 0
    assert main(["import", "--templates", str(tmp_path / "new")]) == 2
    assert load_control(control_template()).account_numbers == "assign"


def test_load_and_sign_off(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(GOOD), "--as", "okafor", "--dry-run"]) == 0
    assert migration_sets() == ()
    assert main(["import", str(GOOD), "--as", "okafor"]) == 0
    assert "A second person signs it off." in capsys.readouterr().out
    assert main(["import", "--sign-off", "prairie-city-2025-10", "--as", "okafor"]) == 2
    assert migration_open()
    assert main(["import", "--sign-off", "prairie-city-2025-10", "--as", "alvarez"]) == 0
    assert not migration_open()
    capsys.readouterr()
    assert main(["import", "--list", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["set"], row["state"], row["shards"], row["signed_by"]) == (
        "prairie-city-2025-10", "signed_off", "4/4", "T. Alvarez",
    )  # fmt: skip


def test_a_report_for_machines(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = changed(tmp_path / "set", [BAD_DEPOSIT])
    assert main(["import", str(directory), "--as", "okafor", "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert report["refused"]["code"] == "RowsRejected"
    assert report["problems"] == [
        {
            "file": "deposits.csv",
            "line": 2,
            "column": "held_since_on",
            "code": "day_impossible",
            "outcome": "rejected",
            "what": "There is no 2019-13-01 in the calendar. Check the date.",
        }
    ]
    assert report["totals"]["deposit"] == {"control": 40_000, "files": 40_000, "rejected": 15_000, "unread_rows": 0}


def test_good_rows_leave_the_rejects_to_correct(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = changed(tmp_path / "set", [BAD_DEPOSIT])
    assert main(["import", str(directory), "--as", "okafor", "--good-rows"]) == 1
    rejects = tmp_path / "set-rejects"
    assert (rejects / "deposits.csv").read_text(encoding="utf-8") == (
        "item,account,amount,held_since_on\nD-1,10-0522,150,2019-13-01\n"
    )
    control = load_control((rejects / "control.yaml").read_text(encoding="utf-8"))
    assert (control.set, dict(control.rows), control.totals.deposit) == (
        "prairie-city-2025-10-rejects", {"deposits": 1}, 15_000,
    )  # fmt: skip
    capsys.readouterr()
    changed(rejects, [{"file": "deposits.csv", "old": "2019-13-01", "new": "2019-06-01"}])
    assert main(["import", str(rejects), "--as", "okafor"]) == 0
    assert [facts.state for facts in migration_sets()] == ["loaded", "loaded"]


def test_nothing_of_the_customers_stays_behind(house: House, tmp_path: Path) -> None:
    path = staging_path("0" * 64)
    staging = Staging.create(path)
    staging.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.unlink()
    bad = changed(tmp_path / "set", [BAD_DEPOSIT])
    main(["import", str(GOOD), "--as", "okafor"])
    main(["import", str(bad), "--as", "okafor", "--dry-run"])
    assert not [directory for directory in (GOOD, bad) if staging_path(open_set(directory).sha256).exists()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name the directory of the set."),
        (["{missing}"], "Name who does it: --as USERNAME."),
        (["{missing}", "--as", "okafor"], "is no directory"),
        (["{empty}", "--as", "okafor"], "control.yaml cannot be used"),
        (["--sign-off", "nothing", "--as", "alvarez"], "There is no set nothing."),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], said: str, house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    named = {"missing": str(tmp_path / "missing"), "empty": str(tmp_path / "empty")}
    assert main(["import", *(argument.format(**named) for argument in arguments)]) == 2
    assert said in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_a_control_file_that_is_wrong_is_told_by_line(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = changed(
        tmp_path / "set",
        [
            {"file": "control.yaml", "old": "  notes: 1", "new": "  note: 1"},
            {"file": "control.yaml", "old": "credit: -15.25", "new": "credit: 15.25"},
            {"file": "control.yaml", "old": "deposit: 400.00", "new": "deposit: 400.001"},
        ],
    )
    assert main(["import", str(directory), "--as", "okafor"]) == 2
    said = capsys.readouterr().err
    assert "control.yaml:18: rows.note: is no file of a set" in said
    assert "control.yaml:26: totals.receivable.credit: is what customers have to their credit" in said
    assert "control.yaml:27: totals.deposit: 400.001 has more than two decimals" in said


def test_a_place_that_cannot_be_written_is_told(
    tmp_path: Path, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        assert main(["import", "--templates", str(out)]) == 2
        assert f"{out} cannot be written: " in capsys.readouterr().err
    bad = changed(tmp_path / "set", [BAD_DEPOSIT])
    out = tmp_path / "taken" / "rejects"
    assert main(["import", str(bad), "--as", "okafor", "--dry-run", "--rejects", str(out)]) == 2
    assert "--dry-run --rejects OUT" in capsys.readouterr().err

"""``weatherhead reads import``: what an operator sees, and the exit code that a script sees."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.areas.metering.world import MOMENT, World

from weatherhead.areas.metering.models import Read, ReadBatch
from weatherhead.areas.metering.reads_file import FILE_BYTES_MAX
from weatherhead.interfaces.cli import reads

FILES = Path(__file__).resolve().parents[2] / "reads_files"


@pytest.fixture(autouse=True)
def fixed_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "present_moment", lambda: MOMENT)


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    reads.add_parser(parser.add_subparsers())
    args = parser.parse_args(["reads", "import", *arguments])
    code: int = args.run(args)
    return code


def file_of(name: str) -> str:
    return str(FILES / f"{name}.csv")


def test_all_good(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file_of("bom-and-crlf"), "--as", "ana") == 0
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines() if line[:1] in "rah"][:4] == [
        ["rows", "2"],
        ["accepted", "2"],
        ["held", "0"],
        ["rejected", "0"],
    ]
    assert "Imported. Receipt" in out
    assert ReadBatch.objects.get().name == "bom-and-crlf.csv"


def test_problems_are_named_as_compilers_do(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file_of("quoted-newlines"), "--as", "ana") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "quoted-newlines.csv:6:reading rejected: 12x50 is not a reading. Write the digits of the dial, without commas "
        "or spaces: 45210."
    )
    assert lines[1] == "    E-1002,2026-12-01,actual,12x50,,"


def test_a_row_cannot_talk_to_the_terminal(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    run(file_of("escape-sequence"), "--as", "ana")
    assert "\x1b" not in capsys.readouterr().out


def test_a_dry_run_writes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    before = Read.objects.count()
    assert run(file_of("out-of-bounds"), "--as", "ana", "--dry-run") == 1
    assert "Nothing was written: this was a dry run." in capsys.readouterr().out
    assert (Read.objects.count(), ReadBatch.objects.count()) == (before, 0)


def test_again_changes_nothing_and_says_so(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    assert run(file_of("good"), "--as", "ana") == 0
    count = Read.objects.count()
    from dataclasses import replace
    from datetime import timedelta

    monkeypatch.setattr(reads, "present_moment", lambda: replace(MOMENT, at=MOMENT.at + timedelta(hours=1)))
    assert run(file_of("good"), "--as", "ana") == 0
    assert "This file had been imported before. Receipt" in capsys.readouterr().out
    assert Read.objects.count() == count


def test_a_file_in_vain_may_come_again(world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("meter,read_on,kind,reading,demand_kw,note\nX-1,2026-12-01,actual,5,,\n")
    assert run(str(path), "--as", "ana") == 1
    assert run(str(path), "--as", "ana") == 1
    assert ReadBatch.objects.count() == 2


def test_json(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file_of("cr-only"), "--as", "ana", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["accepted"], said["held"], said["rejected"]) == (3, 2, 0, 1)
    assert (said["dry_run"], said["repeated"]) == (False, False)
    assert said["problems"] == [
        {
            "line": 4,
            "column": "reading",
            "code": "reading_negative",
            "outcome": "rejected",
            "what": "A dial cannot show -1. Write its digits without a sign.",
            "text": "E-1003,2026-12-01,actual,-1,,",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["FILES/semicolons.csv", "--as", "ana"], "DelimiterWrong"),
        (["FILES/good.csv", "--as", "nobody"], "NoSuchEmployee"),
        (["FILES/no-such-file.csv", "--as", "ana"], "FileUnreadable"),
        (["FILES", "--as", "ana"], "FileUnreadable"),
    ],
)
def test_refusals(arguments: list[str], code: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    given = [argument.replace("FILES", str(FILES)) for argument in arguments]
    assert run(*given, "--json") == 2
    assert json.loads(capsys.readouterr().out)["refused"] == code
    assert run(*given) == 2
    captured = capsys.readouterr()
    assert captured.err.strip()
    assert not captured.out
    assert not ReadBatch.objects.exists()


def test_an_oversize_file_is_not_opened(world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    path.chmod(0)  # whoever opens it without being root fails differently
    assert run(str(path), "--as", "ana", "--json") == 2
    assert json.loads(capsys.readouterr().out)["refused"] == "ReadsFileTooLarge"


def test_standard_input(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    content = (FILES / "bom-and-crlf.csv").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run("-", "--as", "ana") == 0
    assert ReadBatch.objects.get().name == "standard input"

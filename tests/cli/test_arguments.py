"""What a command is given is looked at before it does anything: a slip is told, and never finds nothing to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from weatherhead.interfaces.cli.main import main

pytestmark = pytest.mark.django_db
COMMANDS = (["bill", "--as", "okafor"], ["late-charges", "--as", "okafor"], ["runs", "start", "--as", "okafor"])


@pytest.mark.parametrize("cycle", ["0", "-1", "32", "99999999999999999999", "1e3", "\u0663", "one", ""])
def test_a_cycle_that_cannot_be_is_not_one_without_accounts(cycle: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["bill", "--as", "okafor"],
        ["late-charges", "--as", "okafor"],
        ["runs", "start", "--as", "okafor"],
    ):
        with pytest.raises(SystemExit) as ended:
            main([*command, f"--cycle={cycle}"])
        assert ended.value.code == 2
        assert "is no bill cycle: write a number from 1 to 31" in capsys.readouterr().err


def test_roots_that_are_not_there_prove_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for directory in (tmp_path, tmp_path / "mistyped"):
        assert main(["audit", "verify", "--roots", str(directory)]) == 2
        assert f"{directory} holds no signed roots" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "x" * 121, "a\nb", "\x1b[2J"])
def test_a_workers_name_fits_the_queue(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from weatherhead.interfaces.cli import main as command_line

    monkeypatch.setattr(command_line, "require_installation", lambda **_: None)
    with pytest.raises(SystemExit) as ended:
        main(["worker", f"--name={name}", "--once"])
    assert ended.value.code == 2


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "31.10.2026", "2026-02-30", ""])
def test_a_day_of_another_age_is_a_slip(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["books", "aged", f"--on={day}"],
        ["books", "close", "--as", "okafor", f"--through={day}"],
        ["refunds", "clear", "paid.txt", "--as", "okafor", f"--on={day}"],
        ["deposits", "letters", f"--from={day}"],
        ["correct", "run", "--schedule", "R-1", "--reason", "Price", "--as", "okafor", f"--from={day}"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 2
        assert "is no day: write it as 2026-10-31" in capsys.readouterr().err


def test_a_journal_goes_into_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").write_text("a file", encoding="utf-8")
    assert main(["books", "export", "--to", str(tmp_path / "full"), "--as", "okafor"]) == 2
    assert "cannot be written: File exists. Choose another directory with --to." in capsys.readouterr().err

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

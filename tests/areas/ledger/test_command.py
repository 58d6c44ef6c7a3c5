"""`weatherhead ledger check`, as an operator sees it."""

from __future__ import annotations

import argparse
import json

import pytest
from tests.areas.ledger.journal import bill, make_accounts, posted, run
from tests.areas.ledger.test_post import JAN_5, JAN_26
from tests.guards import guards_lifted

from weatherhead.interfaces.cli import ledger


def command(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="weatherhead")
    ledger.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["ledger", *arguments])
    code = args.run(args)
    assert isinstance(code, int)
    return code


@pytest.fixture
def billed(scratch: None) -> int:
    [account] = make_accounts(1)
    [number] = posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account))
    return number


def test_right_books_exit_with_0_and_say_what_was_checked(
    billed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ledger, "extra_checkers", lambda: ())
    assert command("check") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok     Every entry sums to zero (1 entries)"
    assert len(lines) == 9
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert lines[-1] == "The books are right."


def test_wrong_books_exit_with_1_and_name_every_finding(
    billed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ledger, "extra_checkers", lambda: ())
    with guards_lifted():
        run(f"UPDATE ledger_journalentry SET reason = 'x' WHERE id = {billed}")
    assert command("check") == 1
    out = capsys.readouterr().out
    assert "WRONG  Every entry is as it was posted (1 entries)" in out
    assert f"       entry_changed: Entry {billed} was changed after it was posted" in out
    assert out.endswith("1 finding: the books are not right.\n")


def test_the_report_as_json(billed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(ledger, "extra_checkers", lambda: ())
    assert command("check", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    with guards_lifted():
        run("UPDATE ledger_runningbalance SET balance_cents = 1")
    assert command("check", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["found"]) == (False, 1)
    [wrong] = [one for one in report["checks"] if one["findings"]]
    assert (wrong["code"], wrong["counted"]) == ("running_balances", 1)
    assert wrong["findings"][0]["code"] == "running_balance_off"
    assert wrong["findings"][0]["account_id"] is not None


def test_a_command_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command()
    assert "ledger_command" in capsys.readouterr().err

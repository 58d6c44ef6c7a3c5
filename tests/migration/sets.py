"""Sets of files for tests: the good one of tests/migration_sets/good, with changes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tests.house import House, moment
from weatherhead.actions.migration.batch import Run, Silent, check_directory, load_checked
from weatherhead.areas.migration.check_set import Checked
from weatherhead.areas.migration.staging import open_staging

SETS = Path(__file__).resolve().parents[1] / "migration_sets"
GOOD = SETS / "good"
KINDS = sorted(path.stem for path in (SETS / "kinds").glob("*.yaml"))
LOADING_DAY = date(2025, 10, 2)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of bad set: what is changed in the good one, and what must come of it."""

    changes: Sequence[Mapping[str, Any]]
    problems: Sequence[Sequence[Any]]
    refused: str
    good_rows: str | Mapping[str, Any]


def kind_of(name: str) -> Kind:
    """A kind as its YAML file says."""
    found = yaml.load((SETS / "kinds" / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return Kind(**{key: value for key, value in found.items() if key != "about"})


def changed(directory: Path, changes: Sequence[Mapping[str, Any]]) -> Path:
    """A copy of the good set with changes.

    A change names its `file` and either `remove: true`, the `content` of the whole, or a `line` (from 1) with what
    stands there instead: `text` (may hold line ends), `bytes` (Latin-1), or nothing at all; `old` and `new` replace
    text.
    """
    if not directory.exists():
        shutil.copytree(GOOD, directory)
    for change in changes:
        path = directory / change["file"]
        if change.get("remove"):
            path.unlink()
        elif "content" in change:
            path.write_bytes(change["content"].encode(change.get("encoding", "utf-8")))
        elif "old" in change:
            text = path.read_text(encoding="utf-8")
            assert text.count(change["old"]) == 1, f"{change['old']!r} stands {text.count(change['old'])} times"
            path.write_text(text.replace(change["old"], change["new"]), encoding="utf-8")
        else:
            _change_line(path, change)
    return directory


def _change_line(path: Path, change: Mapping[str, Any]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    place = change["line"] - 1
    if "bytes" in change:
        lines[place : place + 1] = [change["bytes"].encode("latin-1")]
    elif "text" in change:
        lines[place : place + 1] = [change["text"].encode() + (b"" if change.get("cut") else b"\n")]
    else:
        lines[place : place + 1] = []
    path.write_bytes(b"".join(lines))


def check(directory: Path) -> Checked:
    """Check a set."""
    return check_directory(directory, progress=Silent())


def load(house: House, directory: Path, *, good_rows: bool = False, by: str = "okafor") -> Run:
    """Check and load a set, on the day after the cut-over."""
    house.today = max(house.today, LOADING_DAY)
    checked = check(directory)
    return load_checked(
        checked, good_rows=good_rows, actor=house.actor(by), moment=moment(house.today), progress=Silent()
    )


def report(checked: Checked) -> list[list[Any]]:
    """A report as the YAML files write it: file, line, column, code, outcome, sentence."""
    staging = open_staging(checked.files.sha256)
    try:
        return [
            [item.file, item.line, item.column, item.code, item.outcome, str(item.what)] for item in staging.problems()
        ]
    finally:
        staging.close()

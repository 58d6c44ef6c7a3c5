"""Checking a set: directory in, staging file out, with every problem, every total and the plan of loading."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from weatherhead.areas.migration.checks.keys import Known
from weatherhead.areas.migration.checks.order import check_rows
from weatherhead.areas.migration.control import Control, load_control
from weatherhead.areas.migration.layout import CONTROL_FILE, FILES
from weatherhead.areas.migration.plan import SHARD_SIZE, ShardCounts, make_shards, plan_digest, shard_counts
from weatherhead.areas.migration.reading import Told, read_into
from weatherhead.areas.migration.rules import Frame
from weatherhead.areas.migration.staging import Staging, staging_path
from weatherhead.areas.migration.totals import RowCount, Total, control_lines, control_problems, row_counts, totals
from weatherhead.areas.records.utility import current_utility, read_text
from weatherhead.areas.tariffs.queries import rate_book
from weatherhead.core.ledger import revenue_account
from weatherhead.core.values import Refusal, gettext_noop

_HASHED_BYTES = 1 << 20


class NoSuchDirectory(Refusal):
    """There is no such directory."""

    template = gettext_noop("%(directory)s is no directory. Give the one that holds control.yaml and the files.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFiles:
    """A set on disk: its control file, and the hash of everything in it."""

    directory: Path
    control: Control
    control_text: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A set that was checked. `problems` counts by outcome; `plan_sha256` names the rows that are good."""

    files: SetFiles
    rows: tuple[RowCount, ...]
    totals: tuple[Total, ...]
    problems: dict[str, int]
    plan_sha256: str


def open_set(directory: Path) -> SetFiles:
    """Read a set's control file, and hash its files.

    Raises:
        NoSuchDirectory: there is none.
        DataFileInvalid: control.yaml is missing, or wrong, with every line.
    """
    if not directory.is_dir():
        raise NoSuchDirectory(directory=directory)
    text = read_text(directory / CONTROL_FILE)
    control = load_control(text)
    found = hashlib.sha256(text.encode())
    size = 0
    for path in (directory / f"{layout.name}.csv" for layout in FILES):
        if not path.exists():
            continue
        size += path.stat().st_size
        found.update(f"\n{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(_HASHED_BYTES):
                found.update(block)
    return SetFiles(directory=directory, control=control, control_text=text, sha256=found.hexdigest(), size_bytes=size)


def check_set(
    files: SetFiles,
    *,
    known: Known,
    read: Told,
    checking: Callable[[str], None],
    shard_size: int = SHARD_SIZE,
) -> Checked:
    """Check a whole set into its staging file. Nothing is loaded.

    Args:
        files: the set.
        known: what the database already has.
        read: told how many bytes were read since the last time.
        checking: told the name of each file whose references and sequences are being checked.
        shard_size: premises, meters or customers in a shard.
    """
    staging = Staging.create(staging_path(files.sha256))
    try:
        return _check(staging, files=files, known=known, read=read, checking=checking, shard_size=shard_size)
    finally:
        staging.close()


def _check(
    staging: Staging,
    *,
    files: SetFiles,
    known: Known,
    read: Told,
    checking: Callable[[str], None],
    shard_size: int,
) -> Checked:
    frame = _frame(files.control)
    readable = [
        read_into(staging, directory=files.directory, layout=layout, frame=frame, told=read)
        for layout in FILES
        if (files.directory / f"{layout.name}.csv").exists()
    ]
    if all(readable):
        check_rows(staging, frame=frame, known=known, told=checking)
    rows = row_counts(staging, control=files.control)
    figures = totals(staging, control=files.control)
    if all(readable):
        lines = control_lines(files.control_text)
        for problem in control_problems(
            rows=rows, figures=figures, directory=files.directory, control=files.control, lines=lines
        ):
            staging.report(problem)
        staging.flush()
    make_shards(staging, size=shard_size)
    counts = shard_counts(staging)
    plan_sha256 = plan_digest(staging, sha256=files.sha256, counts=counts)
    checked = Checked(
        files=files, rows=rows, totals=figures, problems=staging.count_problems(), plan_sha256=plan_sha256
    )
    _note(staging, checked=checked, counts=counts)
    return checked


def _frame(control: Control) -> Frame:
    utility = current_utility()
    prefix = revenue_account("x")[:-1]
    return Frame(
        cut_over_on=control.cut_over_on,
        classes=tuple(code.removeprefix(prefix) for code in utility.ledger_accounts if code.startswith(prefix)),
        schedules={code: facts.schedule for code, facts in rate_book().items()},
        keep_form=utility.account_number if control.account_numbers == "keep" else None,
        cut_over=control.cut_over_on.isoformat(),
    )


def _note(staging: Staging, *, checked: Checked, counts: ShardCounts) -> None:
    """What the door needs to know of the check. The plan comes last: without it a check was not finished."""
    control = checked.files.control
    staging.note("source", control.source)
    staging.note("name", control.set)
    staging.note("cut_over_on", control.cut_over_on)
    staging.note("account_numbers", control.account_numbers)
    staging.note("control", control.figures())
    staging.note("problems", checked.problems)
    staging.note(
        "rows",
        {
            count.file: {"control": count.control or 0, "found": count.found, "rejected": count.rejected}
            for count in checked.rows
        },
    )
    staging.note(
        "totals",
        {
            total.name: {"good": total.good, "rejected": total.rejected, "unread": total.unread}
            for total in checked.totals
        },
    )
    for stage, shards in counts.items():
        for number, of_files in shards.items():
            staging.note(f"shard {stage} {number}", of_files)
    staging.note("shards", {stage: sorted(shards) for stage, shards in counts.items()})
    staging.note("plan_sha256", checked.plan_sha256)

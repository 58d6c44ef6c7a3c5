"""Checking a set: directory in, staging file out, with every problem, every total and the plan of loading."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weatherhead.areas.migration.checks.keys import Known
from weatherhead.areas.migration.checks.order import check_rows
from weatherhead.areas.migration.control import Control, load_control
from weatherhead.areas.migration.layout import CONTROL_FILE, FILES
from weatherhead.areas.migration.plan import SHARD_SIZE, ShardCounts, make_shards, plan_digest, shard_counts
from weatherhead.areas.migration.problems import REFUSED, Problem, problem_of
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


class SetFileUnreadable(Refusal):
    """Something else than a file has the name of one, or the operating system does not give it."""

    template = gettext_noop(
        "%(file)s cannot be read: %(why)s. Nothing was checked; put the file there and begin again."
    )


class FileChanged(Refusal):
    """A file was written while it was read."""

    template = gettext_noop("The file changed while it was read. Wait until its export has ended, and check it again.")


class FileUnknown(Refusal):
    """A file that belongs to no set."""

    template = gettext_noop(
        "This is no file of a set, and would not be loaded. Give it one of these names, or move it away: %(names)s."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFiles:
    """A set on disk: its control file, and the hash of everything in it.

    `stamps` are size and time of change of each file as they were before it was read.
    """

    directory: Path
    control: Control
    control_text: str
    sha256: str
    size_bytes: int
    stamps: Mapping[str, tuple[int, int]]

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the directory itself: files that are no set's, and that have changed meanwhile."""
        names = [f"{layout.name}.csv" for layout in FILES]
        for path in sorted(self.directory.iterdir()):
            if path.suffix.casefold() == ".csv" and path.name not in names:
                refusal: Refusal = FileUnknown(names=", ".join(names))
                yield problem_of(refusal, file=path.name, line=1, column="", outcome=REFUSED)
        for name, before in self.stamps.items():
            if _stamp(self.directory / name) != before:
                yield problem_of(FileChanged(), file=name, line=1, column="", outcome=REFUSED)


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
        SetFileUnreadable: a directory or device in a file's place, or no permission.
    """
    if not directory.is_dir():
        raise NoSuchDirectory(directory=directory)
    text = read_text(directory / CONTROL_FILE)
    control = load_control(text)
    found = hashlib.sha256(text.encode())
    stamps: dict[str, tuple[int, int]] = {}
    for path in (directory / f"{layout.name}.csv" for layout in FILES):
        if not path.exists():
            continue
        try:
            stamps[path.name] = size, _ = _stamp(path)
            found.update(f"\n{path.name} {size}\n".encode())
            with path.open("rb") as file:
                while block := file.read(_HASHED_BYTES):
                    found.update(block)
        except OSError as error:
            raise SetFileUnreadable(file=path.name, why=error.strerror or str(error)) from error
    return SetFiles(
        directory=directory,
        control=control,
        control_text=text,
        sha256=found.hexdigest(),
        size_bytes=sum(size for size, _ in stamps.values()),
        stamps=stamps,
    )


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file; (-1, -1) when it is gone.

    Raises:
        SetFileUnreadable: it is no file. A pipe would keep whoever opens it waiting for ever.
    """
    if not path.exists():
        return -1, -1
    if not path.is_file():
        raise SetFileUnreadable(file=path.name, why=gettext_noop("it is no file"))
    found = path.stat()
    return found.st_size, found.st_mtime_ns


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
    for problem in files.problems():
        staging.report(problem)
    staging.flush()
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

"""``weatherhead import``: a set of files from an old system, checked whole, loaded in shards, signed off."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from weatherhead.actions.migration.batch import Progress as Told
from weatherhead.actions.migration.batch import (
    Run,
    Silent,
    begun,
    check_directory,
    forget_staging,
    load_checked,
)
from weatherhead.areas.migration.check_set import Checked
from weatherhead.areas.migration.control import control_template
from weatherhead.areas.migration.layout import CONTROL_FILE, FILES, layout_markdown
from weatherhead.areas.migration.problems import REFUSED, REJECTED, WARNED, Problem
from weatherhead.areas.migration.queries import loaded_rows, loaded_totals, migration_sets, set_of_name
from weatherhead.areas.migration.rejects import RejectsInTheWay, require_empty, write_rejects
from weatherhead.areas.migration.staging import open_staging
from weatherhead.areas.migration.totals import say_total
from weatherhead.areas.records.canonical import digest
from weatherhead.core.values import Refusal, gettext_noop
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.interfaces.cli.setting import actor_for, present_moment

ALL_GOOD, SOME_NOT, NOTHING = 0, 1, 2
SHOWN_MAX = 200
_STYLES = {REFUSED: "bold red", REJECTED: "red", WARNED: "yellow"}


class NameMissing(Refusal):
    """A write without a person behind it."""

    template = gettext_noop("Name who does it: --as USERNAME.")


class DirectoryMissing(Refusal):
    """Nothing to import."""

    template = gettext_noop("Name the directory of the set. See weatherhead import --help.")


class FilesNotWritten(Refusal):
    """A directory that cannot be written."""

    template = gettext_noop(
        "%(directory)s cannot be written: %(why)s. Rows that were loaded stay loaded; name another directory, and the "
        "rejected ones are written there with: weatherhead import DIR --dry-run --rejects OUT"
    )


class SetUnknown(Refusal):
    """No set of that name."""

    template = gettext_noop("There is no set %(name)s. See: weatherhead import --list")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``import`` to the command line."""
    importing = subparsers.add_parser(
        "import",
        help=gettext("load customers from an old system"),
        description=gettext(
            "Load a set of files from an old system (docs/migration.md). Everything is checked before anything is "
            "loaded; killed at any point, the same command goes on where it was, and the same set again adds nothing. "
            "Exits with 0 when every row was good, 1 when some were not and the others were loaded (or would be), 2 "
            "when nothing was."
        ),
    )
    importing.add_argument("directory", metavar="DIR", nargs="?", help=gettext("the files and control.yaml"))
    importing.add_argument("--as", dest="username", metavar="USERNAME", help=gettext("who does it: a sign-in name"))
    how = importing.add_mutually_exclusive_group()
    how.add_argument(
        "--all-or-nothing", action="store_true", help=gettext("load only when all rows are good (default)")
    )
    how.add_argument("--good-rows", action="store_true", help=gettext("load the good rows, and report the others"))
    importing.add_argument("--dry-run", action="store_true", help=gettext("check everything; load nothing"))
    importing.add_argument(
        "--rejects", metavar="OUT", help=gettext("write rejected rows here, to correct and load (default: DIR-rejects)")
    )
    importing.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    importing.add_argument("--layout", action="store_true", help=gettext("print the layout of the files"))
    importing.add_argument("--templates", metavar="OUT", help=gettext("write every file with its header"))
    importing.add_argument(
        "--list", action="store_true", help=gettext("list the sets, and whether they are signed off")
    )
    importing.add_argument("--sign-off", metavar="SET", help=gettext("sign a loaded set off: a second person"))
    importing.add_argument(
        "--difference", metavar="DOLLARS", default="0", help=gettext("with --sign-off: what rejected rows leave open")
    )
    importing.add_argument("--note", metavar="TEXT", default="", help=gettext("with --sign-off: why it is right"))
    importing.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``import`` command; returns the exit code.

    Raises:
        Refusal: whatever was refused, in a sentence.
    """
    if args.layout:
        print(layout_markdown())
        return ALL_GOOD
    if args.templates:
        return _write_templates(Path(args.templates))
    if args.list:
        return _list(as_json=args.json)
    if args.sign_off:
        return _sign_off(args)
    if not args.directory:
        raise DirectoryMissing
    if not args.username:
        raise NameMissing
    return _import(args)


def _write_templates(directory: Path) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_each_template(directory)
    except OSError as error:
        raise FilesNotWritten(directory=directory, why=error.strerror) from error
    print(gettext("%(count)s files are in %(directory)s.") % {"count": len(FILES) + 1, "directory": directory})
    return ALL_GOOD


def _write_each_template(directory: Path) -> None:
    for name, text in [
        *((f"{layout.name}.csv", ",".join(layout.names) + "\n") for layout in FILES),
        (CONTROL_FILE, control_template()),
    ]:
        path = directory / name
        if path.exists():
            raise RejectsInTheWay(directory=path)
        path.write_text(text, encoding="utf-8")


def _import(args: argparse.Namespace) -> int:
    actor, moment = actor_for(args.username), present_moment()
    directory = Path(args.directory)
    rejects = Path(args.rejects or f"{directory.resolve()}-rejects")
    with _progress(shown=not args.json and sys.stderr.isatty()) as told:
        checked = check_directory(directory, progress=told)
        try:
            done: Run | None = None
            refusal: Refusal | None = None
            written: tuple[Path, ...] = ()
            try:
                if args.dry_run:
                    inputs = {"sha256": checked.files.sha256, "good_rows": args.good_rows}
                    preview("begin_migration", actor=actor, moment=moment, inputs=inputs)
                else:
                    if args.good_rows and checked.problems.get(REJECTED) and not begun(checked):
                        require_empty(rejects)
                    done = load_checked(checked, good_rows=args.good_rows, actor=actor, moment=moment, progress=told)
            except Refusal as found:
                refusal = found
            wanted = args.rejects or (args.good_rows and done is not None and not rejects.exists())
            if wanted and checked.problems.get(REJECTED):
                written = _written(checked, directory=rejects)
            _report(args, checked=checked, done=done, refusal=refusal, written=written)
        finally:
            forget_staging(checked.files)
    if refusal is not None:
        return NOTHING
    return SOME_NOT if checked.problems.get(REJECTED) else ALL_GOOD


def _written(checked: Checked, *, directory: Path) -> tuple[Path, ...]:
    staging = open_staging(checked.files.sha256)
    try:
        require_empty(directory)
        return write_rejects(staging, checked=checked, directory=directory)
    except OSError as error:
        raise FilesNotWritten(directory=directory, why=error.strerror) from error
    finally:
        staging.close()


def _problems(checked: Checked, *, limit: int | None) -> Iterator[Problem]:
    staging = open_staging(checked.files.sha256)
    try:
        yield from staging.problems(limit=limit)
    finally:
        staging.close()


def _report(
    args: argparse.Namespace,
    *,
    checked: Checked,
    done: Run | None,
    refusal: Refusal | None,
    written: tuple[Path, ...],
) -> None:
    if args.json:
        _report_json(checked=checked, done=done, refusal=refusal, written=written, dry_run=args.dry_run)
        return
    console = Console(soft_wrap=True, highlight=False)
    for problem in _problems(checked, limit=SHOWN_MAX):
        where = ":".join(part for part in (problem.file, str(problem.line), problem.column) if part)
        style = _STYLES[problem.outcome]
        line = Text.assemble((where, "bold"), " ", (gettext(problem.outcome), style), ": ", _say(problem))
        console.print(line)
    more = sum(checked.problems.values()) - SHOWN_MAX
    if more > 0:
        console.print(gettext("… and %(more)s more: --json prints all of them.") % {"more": f"{more:,}"})
    console.print(_tables(checked, done=done))
    if written:
        console.print(gettext("Rejected rows are in %(directory)s.") % {"directory": written[0].parent})
    if refusal is not None:
        console.print(Text(gettext("Nothing was loaded. ") + str(refusal), style="bold"))
    elif done is None:
        console.print(gettext("Nothing was loaded: this was a trial."))
    else:
        console.print(
            gettext("Set %(name)s: %(shards)s shards loaded now, %(state)s. A second person signs it off.")
            % {"name": done.set.name, "shards": done.shards, "state": done.set.state}
        )


def _tables(checked: Checked, *, done: Run | None) -> Table:
    """Rows and totals: what the old system says, what the files hold, and what will be (or is) loaded."""
    table = Table(box=None, pad_edge=False)
    for number, name in enumerate(("", "control.yaml", "files", "rejected", "loaded")):
        table.add_column(gettext(name) if name else "", justify="right" if number else "left")
    loaded = {row.file: row.loaded for row in loaded_rows(done.set)} if done else {}
    for count in checked.rows:
        said = f"{count.control:,}" if count.control is not None else "–"
        now = f"{loaded[count.file]:,}" if done else "–"
        table.add_row(f"{count.file}.csv", said, f"{count.found:,}", f"{count.rejected:,}", now)
    totals = {total.name: total.loaded for total in loaded_totals(done.set)} if done else {}
    for total in checked.totals:
        now = say_total(total.name, totals[total.name]) if done else "–"
        figures = (total.control, total.good + total.rejected, total.rejected)
        table.add_row(total.name, *(say_total(total.name, figure) for figure in figures), now)
    return table


def _say(problem: Problem) -> str:
    translated = gettext(problem.what.template)
    return translated % problem.what.params if problem.what.params else translated


def _report_json(
    *, checked: Checked, done: Run | None, refusal: Refusal | None, written: tuple[Path, ...], dry_run: bool
) -> None:
    report = {
        "set": checked.files.control.set,
        "sha256": checked.files.sha256,
        "dry_run": dry_run,
        "refused": None if refusal is None else {"code": refusal.code, "said": str(refusal)},
        "state": None if done is None else done.set.state,
        "shards_loaded": 0 if done is None else done.shards,
        "rows": {
            count.file: {"control": count.control, "found": count.found, "rejected": count.rejected}
            for count in checked.rows
        },
        "totals": {
            total.name: {
                "control": total.control,
                "files": total.good + total.rejected,
                "rejected": total.rejected,
                "unread_rows": total.unread,
            }
            for total in checked.totals
        },
        "loaded": {} if done is None else {total.name: total.loaded for total in loaded_totals(done.set)},
        "rejects": [str(path) for path in written],
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "outcome": problem.outcome,
                "what": _say(problem),
            }
            for problem in _problems(checked, limit=None)
        ],
    }
    json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
    print()


def _list(*, as_json: bool) -> int:
    sets = migration_sets()
    rows = [
        {
            "set": facts.name,
            "source": facts.source,
            "cut_over_on": facts.cut_over_on.isoformat(),
            "begun_by": facts.begun_by,
            "state": facts.state,
            "shards": f"{sum(facts.done.values())}/{sum(facts.shards.values())}",
            "signed_by": facts.signed_by,
        }
        for facts in sets
    ]
    if as_json:
        json.dump(rows, sys.stdout, ensure_ascii=False, indent=2)
        print()
        return ALL_GOOD
    table = Table(box=None, pad_edge=False)
    for name in ("set", "source", "cut_over_on", "begun_by", "state", "shards", "signed_by"):
        table.add_column(gettext(name))
    for row in rows:
        table.add_row(*row.values())
    Console(soft_wrap=True, highlight=False).print(table)
    return ALL_GOOD


def _sign_off(args: argparse.Namespace) -> int:
    if not args.username:
        raise NameMissing
    sets = [facts for facts in migration_sets() if args.sign_off in (facts.name, f"{facts.source}/{facts.name}")]
    if len(sets) != 1 or set_of_name(source=sets[0].source, name=sets[0].name) is None:
        raise SetUnknown(name=args.sign_off)
    [facts] = sets
    receipt = perform(
        "sign_off_migration",
        actor=actor_for(args.username),
        key=f"sign off migration {facts.set_id} {digest([args.username, args.difference, args.note])[:32]}",
        moment=present_moment(),
        inputs={"set_id": facts.set_id, "difference_cents": args.difference, "note": args.note},
    )
    if args.json:
        json.dump({"receipt": receipt.receipt_id, "set": facts.name}, sys.stdout)
        print()
    else:
        print(
            gettext("Set %(name)s is signed off: receipt %(receipt)s. Billing may begin.")
            % {"name": facts.name, "receipt": receipt.receipt_id}
        )
    return ALL_GOOD


class _Bars(Silent):
    """Progress bars on standard error."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task(gettext("Reading"), total=None)

    def reading(self, size_bytes: int) -> None:
        self._progress.advance(self._task, size_bytes)

    def checking(self, file: str) -> None:
        self._progress.update(self._task, description=gettext("Checking %(file)s") % {"file": f"{file}.csv"})

    def loading(self, *, stage: str, shards: int) -> None:
        self._progress.remove_task(self._task)
        said = gettext("Loading %(stage)s") % {"stage": stage}
        self._task = self._progress.add_task(said, total=shards)

    def loaded(self, rows: int) -> None:
        self._progress.advance(self._task)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Told]:
    if not shown:
        yield Silent()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bars(progress)

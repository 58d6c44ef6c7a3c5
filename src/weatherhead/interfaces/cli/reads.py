"""``weatherhead reads``: import a file, write the file of a route, estimate what is missing of a cycle."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from weatherhead.actions.metering.estimate_missing_reads import Inputs as EstimateInputs
from weatherhead.actions.metering.estimate_missing_reads import NotEstimated, NothingMissing, shards_of
from weatherhead.actions.metering.estimate_missing_reads import Plan as EstimatePlan
from weatherhead.actions.metering.import_reads import Inputs, inputs_for, parts_of
from weatherhead.areas.metering.batches import batch_of_receipt, batches_of_file
from weatherhead.areas.metering.intake import FileDecision
from weatherhead.areas.metering.reads_file import FILE_BYTES_MAX, FileProblem, require_size
from weatherhead.areas.metering.routes import cycle_day
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.interfaces.cli.setting import actor_for, cycle, present_moment
from weatherhead.overviews.route_file import COLUMNS, route_file

ALL_GOOD, SOME_NOT, REFUSED = 0, 1, 2
_STYLES = {"accepted": "green", "held": "yellow", "rejected": "red"}


class FileUnreadable(Refusal):
    """The operating system does not give it."""

    template = gettext_noop("%(name)s cannot be read: %(why)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a file. `receipt_id` is None for a dry run; `repeated` when the file had been imported before."""

    name: str
    sha256: str
    receipt_id: int | None
    repeated: bool
    rows: int
    accepted: int
    held: int
    rejected: int
    problems: tuple[FileProblem, ...]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``reads`` to the command line."""
    reads = subparsers.add_parser("reads", help=gettext("meter reads"), description=gettext("Meter reads."))
    commands = reads.add_subparsers(dest="reads_command", required=True)
    importing = commands.add_parser(
        "import",
        help=gettext("import a file of reads"),
        description=gettext(
            "Import a file of reads (docs/reads-file.md). Good rows are kept, doubtful ones held for a person, bad "
            "ones told by line. Exits with 0 when every row was accepted, 1 when some were held or rejected, 2 when "
            "the file was refused. The same file again changes nothing."
        ),
    )
    importing.add_argument("file", metavar="FILE", help=gettext("the file; - for standard input"))
    importing.add_argument(
        "--as", dest="username", metavar="USERNAME", required=True, help=gettext("who imports it: a sign-in name")
    )
    importing.add_argument("--dry-run", action="store_true", help=gettext("show what would come of it; write nothing"))
    importing.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    importing.set_defaults(run=run)
    routing = commands.add_parser(
        "route-file",
        help=gettext("write the file for the handhelds or the head-end"),
        description=gettext(
            "Write the meters of a cycle as CSV, by route and sequence: address, last read, and the range within which "
            "the next read is believed. It holds no names (docs/meter-reading.md)."
        ),
    )
    routing.add_argument("cycle", metavar="CYCLE", type=cycle)
    routing.add_argument("--month", metavar="YYYY-MM", type=_month, required=True, help=gettext("the month it is read"))
    routing.add_argument("--output", metavar="FILE", help=gettext("write here instead of standard output"))
    routing.set_defaults(run=run_route_file)
    estimating = commands.add_parser(
        "estimate",
        help=gettext("estimate what is missing of a cycle"),
        description=gettext(
            "Estimate the reads of a cycle that did not come, by the rule in the regulations. Exits with 0 when none "
            "is missing any more, 1 when some meters must be read, 2 when it was refused. What was done stays done; "
            "the same command goes on."
        ),
    )
    estimating.add_argument("cycle", metavar="CYCLE", type=cycle)
    estimating.add_argument("--month", metavar="YYYY-MM", type=_month, required=True)
    estimating.add_argument("--as", dest="username", metavar="USERNAME", required=True)
    estimating.add_argument("--dry-run", action="store_true", help=gettext("show what would come of it; write nothing"))
    estimating.set_defaults(run=run_estimate)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``reads`` command; returns the exit code."""
    try:
        report = _import(args)
    except Refusal as refusal:
        _print_refusal(refusal, as_json=args.json)
        return REFUSED
    if args.json:
        json.dump(_as_json(report, dry_run=args.dry_run), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        _print(report, dry_run=args.dry_run)
    return SOME_NOT if report.held or report.rejected else ALL_GOOD


def run_route_file(args: argparse.Namespace) -> int:
    """Write the file of a cycle's routes; returns the exit code."""
    try:
        found = route_file(args.cycle, month=args.month)
    except Refusal as refusal:
        _print_refusal(refusal, as_json=False)
        return REFUSED
    if args.output:
        try:
            with Path(args.output).open("w", encoding="utf-8", newline="") as file:
                _write_rows(file, found.rows)
        except OSError as error:
            _print_refusal(FileUnreadable(name=args.output, why=error.strerror or str(error)), as_json=False)
            return REFUSED
        said = {"count": len(found.rows), "on": found.day.read_on.isoformat()}
        print(gettext("%(count)s meters to be read on %(on)s.") % said)
    else:
        _write_rows(sys.stdout, found.rows)
    return ALL_GOOD


def _write_rows(file: TextIO, rows: Sequence[Sequence[str]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)


def _month(text: str) -> date:
    try:
        year, month = (int(part) for part in text.split("-"))
        return date(year, month, 1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(gettext("write the month as 2026-12")) from error


def run_estimate(args: argparse.Namespace) -> int:
    """Estimate a cycle's missing reads, shard by shard; returns the exit code."""
    actor, moment = actor_for(args.username), present_moment()
    left: list[NotEstimated] = []
    made = 0
    try:
        day = cycle_day(args.cycle, month=args.month)
        shards = shards_of(args.cycle, read_on=day.read_on)
        with _progress(shown=shards > 1) as progress:
            task = progress.add_task(gettext("Estimating"), total=shards)
            for shard in range(1, shards + 1):
                inputs = EstimateInputs(cycle=args.cycle, month=args.month, shard=shard, shards=shards)
                plan = _estimate_shard(inputs, actor=actor, moment=moment, dry_run=args.dry_run)
                if plan is not None:
                    made += len(plan.reads)
                    left += plan.not_estimated
                progress.advance(task)
    except Refusal as refusal:
        _print_refusal(refusal, as_json=False)
        return REFUSED
    console = Console(soft_wrap=True, highlight=False)
    for item in left:
        console.print(Text.assemble((item.serial, "bold"), ": ", _say(item.why)))
    console.print(
        gettext("%(made)s reads estimated, %(left)s meters must be read.") % {"made": made, "left": len(left)}
    )
    if args.dry_run:
        console.print(gettext("Nothing was written: this was a dry run."))
    return SOME_NOT if left else ALL_GOOD


def _estimate_shard(inputs: EstimateInputs, *, actor: Actor, moment: Moment, dry_run: bool) -> EstimatePlan | None:
    """What is estimated of one shard; None when nothing of it is missing."""
    name = "estimate_missing_reads"
    try:
        found = preview(name, actor=actor, moment=moment, inputs=inputs)
    except NothingMissing:
        return None
    plan: EstimatePlan = found.proposal.plan
    if not dry_run and plan.reads:
        # What is missing decides the key: the same shard with the same meters has one effect.
        key = f"estimate-{found.substance[:40]}-{inputs.shard}-{inputs.shards}"
        perform(name, actor=actor, key=key, moment=moment, inputs=inputs, seen=found.substance)
    return plan


def _import(args: argparse.Namespace) -> Report:
    name, content = _read(args.file)
    parts = parts_of(content)
    actor, moment = actor_for(args.username), present_moment()
    reports: list[Report] = []
    with _progress(shown=parts > 1 and not args.json) as progress:
        task = progress.add_task(gettext("Importing"), total=parts)
        for part in range(1, parts + 1):
            inputs = inputs_for(name=name, content=content, part=part, parts=parts)
            if args.dry_run:
                decision = preview("import_reads", actor=actor, moment=moment, inputs=inputs).proposal.plan.decision
                reports.append(_previewed(decision, inputs=inputs, name=name))
            else:
                key = _key(inputs, username=args.username)
                receipt = perform("import_reads", actor=actor, key=key, moment=moment, inputs=inputs)
                reports.append(_stored(receipt.receipt_id, name=name, repeated=receipt.at < moment.at))
            progress.advance(task)
    return _together(reports)


def _progress(*, shown: bool) -> Progress:
    """How far a large file is; what was done stays done, and the same command goes on after it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True)


def _previewed(decision: FileDecision, *, inputs: Inputs, name: str) -> Report:
    return Report(
        name=name,
        sha256=inputs.sha256,
        receipt_id=None,
        repeated=False,
        rows=decision.rows,
        accepted=decision.accepted,
        held=decision.held,
        rejected=decision.rejected,
        problems=decision.problems,
    )


def _together(reports: Sequence[Report]) -> Report:
    """One report of all parts of a file, by line. Its receipt is the last; it is repeated when every part was."""
    return replace(
        reports[-1],
        repeated=all(report.repeated for report in reports),
        rows=sum(report.rows for report in reports),
        accepted=sum(report.accepted for report in reports),
        held=sum(report.held for report in reports),
        rejected=sum(report.rejected for report in reports),
        problems=tuple(sorted((item for report in reports for item in report.problems), key=lambda item: item.line)),
    )


def _read(path: str) -> tuple[str, bytes]:
    """Name and content of a file; a file that is too large is not read to its end."""
    try:
        if path == "-":
            content = sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
            name = "standard input"
        else:
            require_size(Path(path).stat().st_size)
            with Path(path).open("rb") as file:
                content = file.read(FILE_BYTES_MAX + 1)
            name = Path(path).name
    except OSError as error:
        raise FileUnreadable(name=path, why=error.strerror or str(error)) from error
    require_size(len(content))
    return name, content


def _key(inputs: Inputs, *, username: str) -> str:
    """One key for one person's import of a file or part; a new one only after an import that kept nothing of it."""
    before = [batch for batch in batches_of_file(inputs.sha256) if batch.part == inputs.part]
    in_vain = sum(not batch.accepted and not batch.held for batch in before)
    mark = f"{username}\n{inputs.name}\n{inputs.sha256}\n{in_vain}"
    if inputs.parts > 1:
        mark = f"{mark}\n{inputs.part} of {inputs.parts}"
    return f"reads-{hashlib.sha256(mark.encode()).hexdigest()}"


def _stored(receipt_id: int, *, name: str, repeated: bool) -> Report:
    batch = batch_of_receipt(receipt_id)
    if batch is None:
        raise LookupError(f"receipt {receipt_id} names no imported file")
    return Report(
        name=name,
        sha256=batch.sha256,
        receipt_id=receipt_id,
        repeated=repeated,
        rows=batch.rows,
        accepted=batch.accepted,
        held=batch.held,
        rejected=batch.rejected,
        problems=tuple(
            FileProblem(
                line=item["line"],
                column=item["column"],
                code=item["code"],
                outcome=item["outcome"],
                what=Sentence(template=item["what"]["template"], params=item["what"]["params"]),
                text=item["text"],
            )
            for item in batch.report
        ),
    )


def _say(sentence: Sentence) -> str:
    translated = gettext(sentence.template)
    return translated % sentence.params if sentence.params else translated


def _print(report: Report, *, dry_run: bool) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for problem in report.problems:
        where = ":".join(part for part in (report.name, str(problem.line), problem.column) if part)
        line = Text.assemble((where, "bold"), " ", (gettext(problem.outcome), _STYLES[problem.outcome]), ": ")
        console.print(line.append(_say(problem.what)))
        console.print(Text(f"    {problem.text}", style="dim"))
    console.print(_counts(report))
    if dry_run:
        console.print(gettext("Nothing was written: this was a dry run."))
    elif report.repeated:
        console.print(
            gettext("This file had been imported before. Receipt %(receipt)s.") % {"receipt": report.receipt_id}
        )
    else:
        console.print(gettext("Imported. Receipt %(receipt)s.") % {"receipt": report.receipt_id})


def _counts(report: Report) -> Table:
    table = Table(title=Text(report.name), title_justify="left", box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    counts: Sequence[tuple[str, int, str]] = (
        (gettext("rows"), report.rows, ""),
        (gettext("accepted"), report.accepted, _STYLES["accepted"]),
        (gettext("held"), report.held, _STYLES["held"]),
        (gettext("rejected"), report.rejected, _STYLES["rejected"]),
    )
    for label, count, style in counts:
        table.add_row(label, Text(f"{count:,}", style=style if count else ""))
    return table


def _print_refusal(refusal: Refusal, *, as_json: bool) -> None:
    said = _say(Sentence(template=refusal.template, params=refusal.params))
    if as_json:
        json.dump({"refused": refusal.code, "sentence": said}, sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(said))


def _as_json(report: Report, *, dry_run: bool) -> dict[str, object]:
    return {
        "name": report.name,
        "sha256": report.sha256,
        "dry_run": dry_run,
        "repeated": report.repeated,
        "receipt": report.receipt_id,
        "rows": report.rows,
        "accepted": report.accepted,
        "held": report.held,
        "rejected": report.rejected,
        "problems": [
            {
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "outcome": problem.outcome,
                "what": _say(problem.what),
                "text": problem.text,
            }
            for problem in report.problems
        ],
    }

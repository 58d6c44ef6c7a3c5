"""``weatherhead payments``: import a file of payments, list what waits in suspense, apply credits that wait."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext, ngettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from weatherhead.actions.payments.file_work import shard_key
from weatherhead.actions.payments.import_payment_file import Inputs, Plan, import_key, inputs_for, is_unfinished
from weatherhead.areas.payments.file_queries import payment_file_of, shard_ids_of
from weatherhead.areas.payments.files.items import FILE_BYTES_MAX, FileProblem, PaymentFileRead
from weatherhead.core.values import Refusal, format_cents, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.perform import perform
from weatherhead.door.preview import preview
from weatherhead.interfaces.cli.ranges import on_all_accounts
from weatherhead.interfaces.cli.setting import actor_for, present_moment
from weatherhead.overviews.payment_files import PaymentFileOverview, Problem, payment_file_overview
from weatherhead.overviews.suspense import matches_of, suspense_items_shown

ALL_GOOD, SOME_NOT, REFUSED = 0, 1, 2


class FileUnreadable(Refusal):
    """The operating system does not give it."""

    template = gettext_noop("%(name)s cannot be read: %(why)s.")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``payments`` to the command line."""
    payments = subparsers.add_parser(
        "payments", help=gettext("payments that come by file"), description=gettext("Payments that come by file.")
    )
    commands = payments.add_subparsers(dest="payments_command", required=True)
    importing = commands.add_parser(
        "import",
        help=gettext("import a lockbox, BAI2, CSV or agency file"),
        description=gettext(
            "Import a file of payments (docs/payment-files.md): it is judged whole, then posted piece by piece. What "
            "cannot be posted waits in suspense, what cannot be read is told by line. Exits with 0 when every payment "
            "was posted and every total agrees, 1 when some were not, 2 when the file was refused. The same file "
            "again changes nothing, and goes on where it was stopped."
        ),
    )
    importing.add_argument("file", metavar="FILE", help=gettext("the file; - for standard input"))
    importing.add_argument("--source", required=True, metavar="NAME", help=gettext("of payment_sources.yaml"))
    importing.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who imports it"))
    importing.add_argument("--dry-run", action="store_true", help=gettext("judge the file; write nothing"))
    importing.add_argument("--queue", action="store_true", help=gettext("leave the posting to the workers"))
    importing.add_argument("--json", action="store_true", help=gettext("print the report as JSON"))
    importing.set_defaults(run=run_import)
    suspense = commands.add_parser("suspense", help=gettext("what waits for its account, and whose it may be"))
    suspense.add_argument("--json", action="store_true", help=gettext("print as JSON"))
    suspense.set_defaults(run=run_suspense)
    credits_ = commands.add_parser(
        "apply-credits",
        help=gettext("settle charges with the credits that wait"),
        description=gettext(
            "Settle charges with what waits as unapplied credit, on every account, as far as the rules of that money "
            "allow. Run it after bills were issued."
        ),
    )
    credits_.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who applies them"))
    credits_.set_defaults(run=run_apply_credits)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``payments`` command; returns the exit code."""
    return int(args.run(args))


def run_apply_credits(args: argparse.Namespace) -> int:
    """Apply what waits, range by range; returns the exit code."""
    count, total = on_all_accounts("apply_waiting_credits", username=args.username)
    said = {"count": f"{count:,}", "total": format_cents(total)}
    print(ngettext("$%(total)s applied on one account.", "$%(total)s applied on %(count)s accounts.", count) % said)
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Import a file; returns the exit code."""
    try:
        name, content = _read(args.file)
        inputs = inputs_for(name=name, source=args.source, content=content)
        actor, moment = actor_for(args.username), present_moment()
        if args.dry_run:
            plan: Plan = preview("import_payment_file", actor=actor, moment=moment, inputs=inputs).proposal.plan
            return _dry_run(plan.read, as_json=args.json)
        file_id, repeated = _imported(inputs, username=args.username, actor=actor, moment=moment)
        if not args.queue:
            _post(file_id, actor=actor, moment=moment, quiet=args.json)
    except Refusal as refusal:
        _refused(refusal, as_json=args.json)
        return REFUSED
    found = payment_file_overview(file_id, at=moment.at)
    if args.json:
        _print_json(_as_json(found, repeated=repeated))
    else:
        _print(found)
    file = found.row.file
    return SOME_NOT if file.bad or file.suspended or found.totals or found.problems or not file.is_done else ALL_GOOD


def _imported(inputs: Inputs, *, username: str, actor: Actor, moment: Moment) -> tuple[int, bool]:
    """The file's number, and whether it was imported before. What a colleague left unfinished is gone on with.

    Raises:
        Refusal: as the action says.
    """
    key = import_key(inputs, username=username)
    try:
        receipt = perform("import_payment_file", actor=actor, key=key, moment=moment, inputs=inputs)
    except Refusal as refusal:
        left = payment_file_of(sha256=inputs.sha256, source=inputs.source)
        if left is None or not is_unfinished(refusal):
            raise
        return left.file_id, True
    [file_id] = receipt.body["made"]["payment_file"]
    return int(file_id), receipt.at < moment.at


def _post(file_id: int, *, actor: Actor, moment: Moment, quiet: bool) -> None:
    """Post what is not posted yet, under the keys that the workers use."""
    shards = shard_ids_of(file_id, undone=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = not quiet and len(shards) > 1
    with Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task(gettext("Posting"), total=len(shards))
        for shard_id in shards:
            inputs = {"shard_id": shard_id}
            perform("post_payment_file_shard", actor=actor, key=shard_key(shard_id), moment=moment, inputs=inputs)
            progress.advance(task)


def _read(path: str) -> tuple[str, bytes]:
    try:
        if path == "-":
            return gettext("standard input"), sys.stdin.buffer.read(FILE_BYTES_MAX + 1)
        with Path(path).open("rb") as file:
            return Path(path).name, file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise FileUnreadable(name=path, why=error.strerror or str(error)) from error


def _refused(refusal: Refusal, *, as_json: bool) -> None:
    if as_json:
        _print_json({"outcome": "refused", "refusal": refusal.code, "what": str(refusal)})
    else:
        print(refusal, file=sys.stderr)


def _print_json(said: object) -> None:
    json.dump(said, sys.stdout, ensure_ascii=False, indent=2, default=_plain)
    print()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _dry_run(read: PaymentFileRead, *, as_json: bool) -> int:
    if as_json:
        _print_json(
            {
                "outcome": "tried",
                "items": len(read.items),
                "items_cents": read.items_cents,
                "bad": len(read.bad),
                "bad_cents": read.bad_cents,
                "passed_over": read.passed_over,
                "totals": [_total(asdict(total)) for total in read.differing],
                "problems": [_problem(problem) for problem in read.problems],
            }
        )
    else:
        _print_totals([asdict(total) for total in read.differing])
        _print_problems(read.problems)
        said = ngettext(
            "One payment of $%(amount)s can be posted or suspended, %(bad)s cannot be taken.",
            "%(items)s payments of $%(amount)s can be posted or suspended, %(bad)s cannot be taken.",
            len(read.items),
        )
        print(said % _counts(len(read.items), cents=read.items_cents, bad=len(read.bad)))
        print(gettext("Nothing was written: this was a dry run."))
    return ALL_GOOD if read.reconciles and not read.bad else SOME_NOT


def _counts(items: int, *, cents: int, bad: int) -> dict[str, str]:
    return {"items": f"{items:,}", "amount": format_cents(cents), "bad": f"{bad:,}"}


def _total(total: Mapping[str, Any]) -> dict[str, Any]:
    return {**total, "difference": total["found"] - total["said"]}


def _problem(problem: FileProblem | Problem) -> dict[str, Any]:
    return {
        "line": problem.line,
        "field": problem.field,
        "code": problem.code,
        "what": str(problem.what),
        "cents": problem.cents,
        "text": problem.text,
    }


def _as_json(found: PaymentFileOverview, *, repeated: bool) -> dict[str, Any]:
    file = found.row.file
    names = ("file_id", "name", "source", "items", "items_cents", "posted", "posted_cents", "suspended",
             "suspended_cents", "known", "known_cents", "bad", "bad_cents", "passed_over")  # fmt: skip
    return {
        "outcome": "posted" if file.is_done else "queued",
        "repeated": repeated,
        **{name: getattr(file, name) for name in names},
        "receipt": file.receipt_id,
        "totals": [_total(asdict(total)) for total in found.totals],
        "problems": [_problem(problem) for problem in found.problems],
        "suspense": [
            {"line": row.item.line, "cents": row.item.amount_cents, "why": row.item.why,
             "account": row.item.account_text, "item": row.item.item_id}
            for row in found.suspended
        ],
    }  # fmt: skip


def _print(found: PaymentFileOverview) -> None:
    file = found.row.file
    _print_totals([asdict(total) for total in found.totals])
    _print_problems(found.problems)
    console = Console(soft_wrap=True, highlight=False)
    for row in found.suspended:
        where = gettext("line %(line)s") % {"line": row.item.line}
        console.print(Text.assemble((where, "yellow"), f": ${format_cents(row.item.amount_cents)}, {row.why}"))
    said = ngettext(
        "%(name)s: one payment of $%(amount)s posted, %(suspended)s of $%(waiting)s in suspense, %(known)s "
        "imported before, %(bad)s that cannot be taken. Receipt %(receipt)s.",
        "%(name)s: %(posted)s payments of $%(amount)s posted, %(suspended)s of $%(waiting)s in suspense, %(known)s "
        "imported before, %(bad)s that cannot be taken. Receipt %(receipt)s.",
        file.posted,
    )
    params = {
        "name": file.name,
        "posted": f"{file.posted:,}",
        "amount": format_cents(file.posted_cents),
        "suspended": f"{file.suspended:,}",
        "waiting": format_cents(file.suspended_cents),
        "known": f"{file.known:,}",
        "bad": f"{file.bad:,}",
        "receipt": file.receipt_id,
    }
    print(said % params)
    if not file.is_done:
        left = file.items - file.items_done
        said = ngettext(
            "One payment waits for a worker: weatherhead worker",
            "%(count)s payments wait for a worker: weatherhead worker",
            left,
        )
        print(said % {"count": f"{left:,}"})


def _print_totals(totals: Iterable[Mapping[str, Any]]) -> None:
    for total in totals:
        said, found, difference = total["said"], total["found"], total["found"] - total["said"]
        if total["unit"] == "cents":
            text = gettext("says $%(said)s, found $%(found)s: %(difference)s")
            params = {
                "said": format_cents(said),
                "found": format_cents(found),
                "difference": format_cents(difference, ascii_only=True),
            }
        else:
            text = gettext("says %(said)s %(unit)s, found %(found)s: %(difference)s")
            params = {
                "said": f"{said:,}",
                "unit": total["unit"],
                "found": f"{found:,}",
                "difference": f"{difference:+,}",
            }
        print(f"{total['level']}: {text % params}")


def _print_problems(problems: Iterable[FileProblem | Problem]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for problem in problems:
        where = gettext("line %(line)s") % {"line": problem.line}
        console.print(Text.assemble((where, "red"), f", {problem.field}: {problem.what}"))


def run_suspense(args: argparse.Namespace) -> int:
    """List what waits in suspense, oldest first; returns the exit code."""
    rows = suspense_items_shown(as_of=present_moment().as_of)
    if args.json:
        _print_json([asdict(row.item) | {"why": str(row.why), "days": row.days} for row in rows])
        return ALL_GOOD
    for row in rows:
        item = row.item
        print(f"{item.item_id:>6}  {item.received_on}  ${format_cents(item.amount_cents):>12}  {row.why}")
        for match in matches_of(item):
            print(f"        {match.number_grouped}: {'; '.join(str(reason) for reason in match.reasons)}")
    if not rows:
        print(gettext("Nothing waits in suspense."))
    return ALL_GOOD

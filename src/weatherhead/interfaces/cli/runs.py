"""``weatherhead runs``: bill runs: start, follow, release, cancel."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from uuid import uuid4

from django.utils.translation import gettext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from weatherhead.areas.billing.runs import run as bill_run
from weatherhead.core.values import format_cents, number_of
from weatherhead.door.jobs import grant_of
from weatherhead.door.perform import perform
from weatherhead.interfaces.cli.setting import actor_for, calendar_day, cycle, present_moment
from weatherhead.overviews.bill_run import BillRunOverview, bill_run_overview, bill_runs

_POLL_SECONDS = 0.5
_STAGE_OF = {"trying": gettext("Trying"), "released": gettext("Issuing")}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``runs`` to the command line."""
    runs = subparsers.add_parser(
        "runs",
        help=gettext("bill runs: start, follow, release, cancel"),
        description=gettext(
            "A bill run prices a cycle without issuing anything; a second person looks at what it comes to and "
            "releases it; workers issue it in pieces. It can be stopped and resumed at any time, and never bills twice."
        ),
    )
    verbs = runs.add_subparsers(title="verbs", dest="verb", required=True, metavar="VERB")
    start = verbs.add_parser("start", help=gettext("lay out a run and try it"))
    start.add_argument("--cycle", type=cycle, metavar="N", help=gettext("a bill cycle; every cycle when left out"))
    start.add_argument("--through", type=calendar_day, metavar="DATE", help=gettext("bill use up to this day"))
    start.add_argument("--shard-accounts", type=int, metavar="N", help=gettext("accounts a piece"))
    release = verbs.add_parser("release", help=gettext("let a tried run issue its bills; a second person does it"))
    cancel = verbs.add_parser("cancel", help=gettext("end a run that was not released"))
    cancel.add_argument("--reason", required=True, help=gettext("why"))
    shown = verbs.add_parser("show", help=gettext("what a run comes to, and what it leaves for a person"))
    watched = verbs.add_parser("watch", help=gettext("follow a run until its stage is done"))
    for verb in (release, cancel, shown, watched):
        verb.add_argument("run_id", type=int, metavar="RUN", help=gettext("the run's number"))
    for verb in (start, release, cancel):
        verb.add_argument("--as", dest="username", metavar="USERNAME", required=True, help=gettext("who does it"))
        verb.add_argument("--key", help=gettext("the same key again gives the first receipt"))
    for verb in (start, release):
        verb.add_argument("--watch", action="store_true", help=gettext("follow the run until its stage is done"))
    listing = verbs.add_parser("list", help=gettext("the latest runs"))
    for verb in (listing, shown):
        verb.add_argument("--json", action="store_true", help=gettext("print as JSON"))
    runs.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``runs`` command; returns the exit code."""
    match args.verb:
        case "list":
            return _list(as_json=args.json)
        case "show":
            return show(args.run_id, as_json=args.json)
        case "watch":
            return watch(args.run_id)
        case "start":
            inputs = {"cycle": args.cycle, "through_on": args.through}
            if args.shard_accounts is not None:
                inputs["shard_accounts"] = args.shard_accounts
            return do("start_bill_run", inputs=inputs, args=args)
        case "release":
            return do("release_bill_run", inputs={"run_id": args.run_id}, args=args)
        case _:
            return do("cancel_bill_run", inputs={"run_id": args.run_id, "reason": args.reason}, args=args)


def do(name: str, *, inputs: dict[str, object], args: argparse.Namespace) -> int:
    """Perform an action of a run, say what came of it, and follow the run when asked to; returns the exit code."""
    receipt = perform(
        name, actor=actor_for(args.username), key=args.key or str(uuid4()), moment=present_moment(), inputs=inputs
    )
    summary = receipt.body["summary"]
    made = receipt.body["made"].get("bill_run", [])
    run_id = int(made[0]) if made else int(str(inputs["run_id"]))
    print(gettext("Bill run %(run)s. %(said)s") % {"run": run_id, "said": summary["template"] % summary["params"]})
    return watch(run_id) if getattr(args, "watch", False) else 0


def _overview(run_id: int) -> BillRunOverview:
    # What is shown is the same for everyone; who may do what is decided when it is done.
    return bill_run_overview(run_id, at=present_moment().at, grant=grant_of(()), employee_id=0)


def watch(run_id: int) -> int:
    """Follow a run's stage. Workers do the work: without one, nothing moves."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(gettext("Waiting"), total=None, rate="")
        while (state := bill_run(run_id).state) in ("trying", "released"):
            overview = _overview(run_id)
            now = overview.progress
            rate = gettext("%(rate)s accounts/s") % {"rate": now.accounts_a_second or 0}
            if overview.stuck.put_off:
                rate = gettext("the database stopped %(count)s pieces") % {"count": overview.stuck.put_off}
            progress.update(
                task, description=_STAGE_OF[state], total=now.accounts, completed=now.accounts_done, rate=rate
            )
            time.sleep(_POLL_SECONDS)
    return show(run_id, as_json=False)


def show(run_id: int, *, as_json: bool) -> int:
    """Say what a run comes to, and what it leaves for a person."""
    found = _overview(run_id)
    if as_json:
        json.dump(asdict(found), sys.stdout, indent=2, ensure_ascii=False, default=str)
        print()
        return 0
    sums = found.sums
    if found.cause is not None:
        _tell_correction(found)
    print(
        gettext("Bill run %(run)s, cycle %(cycle)s, use through %(through)s: %(state)s.")
        % {
            "run": run_id,
            "cycle": found.run.cycle or gettext("all"),
            "through": found.run.through_on,
            "state": found.state,
        }
    )
    print(
        gettext(
            "%(bills)s bills of $%(amount)s, %(kwh)s kWh; %(held)s held, %(refused)s refused, %(nothing)s nothing new"
        )
        % {
            "bills": f"{sums.bills:,}",
            "amount": format_cents(sums.amount_cents),
            "kwh": f"{sums.energy_wh // 1000:,}",
            "held": f"{sums.held:,}",
            "refused": f"{sums.refused:,}",
            "nothing": f"{sums.nothing:,}",
        }
    )
    if found.stuck.given_up:
        print(gettext("%(count)s pieces were given up: weatherhead queue") % {"count": found.stuck.given_up})
    if found.stuck.put_off:
        said = gettext("%(count)s pieces are put off, the next for %(seconds)s s: %(why)s")
        print(said % {"count": found.stuck.put_off, "seconds": found.put_off_seconds, "why": found.stuck.why})
    for row in found.by_schedule:
        amount, energy = f"${format_cents(row.amount_cents)}", f"{row.energy_wh // 1000:,} kWh"
        print(f"  {row.code:<10} {row.segments:>9,}  {amount:>17}  {energy:>18}")
    for left in found.left:
        print(f"  {left.number_grouped}  {left.title}: {left.why}")
    if found.left_more:
        print(gettext("  and %(count)s more") % {"count": f"{found.left_more:,}"})
    return 0


def _tell_correction(found: BillRunOverview) -> None:
    """What is corrected, line by line, and whom it changes most."""
    scope = found.run.scope
    said = {"schedule": scope["schedule"], "from": scope["from_on"], "to": scope["to_on"], "cause": found.cause}
    print(gettext("%(cause)s, %(schedule)s, %(from)s to %(to)s. The sums below are differences.") % said)
    for line in found.lines:
        figures = [number_of(line.before), number_of(line.after), line.difference]
        print(f"  {line.label!s:<36}" + "".join(f" {format_cents(cents):>15}" for cents in figures))
    for row in found.largest:
        print(f"  {row.number_grouped}  ${format_cents(row.before_cents)} -> ${format_cents(row.after_cents)}")


def _list(*, as_json: bool) -> int:
    rows = bill_runs(at=present_moment().at)
    if as_json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=2, ensure_ascii=False, default=str)
        print()
        return 0
    for row in rows:
        print(
            f"{row.run.run_id:>6}  {row.run.planned_at:%Y-%m-%d}  {row.run.cycle or 'all':>5}  {row.state!s:<26}"
            f" {row.sums.bills:>9,}  ${format_cents(row.sums.amount_cents):>16}  {row.sums.held + row.sums.refused:>6,}"
        )
    if not rows:
        print(gettext("No bill run yet. Start one: weatherhead runs start --cycle 1 --as USERNAME"))
    return 0

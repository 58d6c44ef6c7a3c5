"""``weatherhead actions list``: every action, derived from the registry, and which jobs grant it."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import gettext
from rich.console import Console
from rich.table import Table

from weatherhead.areas.records.utility import current_utility
from weatherhead.door.jobs import job_profiles, load_jobs
from weatherhead.door.registry import registry

_BILLING = "jobs that start, release or cancel bill runs"
_REPORTS = "jobs that grant the look `staff_reports`"
_WHO = {
    "workbench": "employees",
    "workbench:runs": _BILLING,
    "workbench:run": _BILLING,
    "workbench:run_progress": _BILLING,
    "workbench:run_action": "jobs that grant the action",
    "workbench:reports": _REPORTS,
    "workbench:reports_fairness": _REPORTS,
    "operation": "monitoring",
    "operation:live": "everyone",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``actions`` to the command line."""
    actions = subparsers.add_parser("actions", help=gettext("every action, and which jobs grant it"))
    commands = actions.add_subparsers(dest="actions_command", required=True)
    listing = commands.add_parser("list", help=gettext("list the actions"))
    listing.add_argument("--json", action="store_true", help=gettext("print the list as JSON"))
    listing.add_argument(
        "--matrix", action="store_true", help=gettext("print docs/authorization.md: actions, jobs and addresses")
    )
    actions.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``actions`` command; returns the exit code."""
    utility = current_utility()
    load_jobs(utility.path(utility.jobs), known_actions=[action.name for action in registry])
    if args.matrix:
        print(matrix(), end="")
        return 0
    rows: list[dict[str, Any]] = [
        {
            "name": action.name,
            "title": action.title,
            "on": action.on,
            "duty": action.duty,
            "jobs": _jobs_granting(action.name),
            "summary": action.summary,
        }
        for action in registry
    ]
    if args.json:
        json.dump(rows, sys.stdout, indent=2)
        print()
        return 0
    table = Table("action", "title", "on", "duty", "jobs", box=None)
    for row in rows:
        table.add_row(row["name"], gettext(row["title"]), row["on"], str(row["duty"]), ", ".join(row["jobs"]))
    Console().print(table)
    return 0


def _jobs_granting(name: str) -> list[str]:
    return [job for job, profile in job_profiles().items() if any(name in duty.actions for duty in profile.duties)]


def matrix() -> str:
    """The authorization matrix as Markdown: which job may do what, and who may open which address."""
    jobs = sorted(job_profiles())
    lines = [
        "# Authorization",
        "",
        "Derived from the registry of actions, `jobs/*.yaml` and the URLs by `weatherhead actions list --matrix`.",
        "",
        "## Actions",
        "",
        f"| action | acts on | duty | {' | '.join(jobs)} |",
        f"| --- | --- | --- | {' | '.join('---' for _ in jobs)} |",
    ]
    for action in registry:
        granted = _jobs_granting(action.name)
        marks = " | ".join("yes" if job in granted else "" for job in jobs)
        lines.append(f"| `{action.name}` | {action.on} | {action.duty} | {marks} |")
    lines += [
        "",
        "## Limits",
        "",
        "| job | one adjustment | own, account, 30 days | everyone, account, 30 days |",
        "| --- | --- | --- | --- |",
    ]
    for job in jobs:
        limits = job_profiles()[job].limits
        lines.append(
            f"| {job} | ${limits.adjustment:,.2f} | ${limits.employee_account_30_days:,.2f} "
            f"| ${limits.account_30_days:,.2f} |"
        )
    lines += [
        "",
        "## Addresses",
        "",
        "Desk pages need a signed-in employee with a job in force; what a page writes is judged by the action. Sign-in",
        "pages are open to everyone. There is no sign-up: its address answers that it is closed. Monitoring asks from",
        "this machine, or with `WEATHERHEAD_METRICS_TOKEN`; for everyone else its addresses do not exist.",
        "",
        "| name | address | who |",
        "| --- | --- | --- |",
    ]
    for name, address in sorted(_addresses()):
        who = _WHO.get(name) or _WHO.get(name.partition(":")[0], "sign-in")
        lines.append(f"| `{name}` | `/{address}` | {who} |")
    return "\n".join(lines) + "\n"


def _addresses() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def walk(patterns: list[URLPattern | URLResolver], *, prefix: str, space: str) -> None:
        for item in patterns:
            route = f"{prefix}{item.pattern}".replace("^", "").replace("$", "")
            if isinstance(item, URLResolver):
                inner = f"{space}{item.namespace}:" if item.namespace else space
                walk(item.url_patterns, prefix=route, space=inner)
            elif item.name:
                found.append((f"{space}{item.name}", route))

    walk(get_resolver().url_patterns, prefix="", space="")
    return found

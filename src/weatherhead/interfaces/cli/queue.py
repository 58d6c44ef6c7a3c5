"""``weatherhead queue``: what waits for workers, what they are at, what the database put off, what was given up."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import datetime
from math import ceil

from django.utils.translation import gettext

from weatherhead.areas.records.queries.queue import queue_figures
from weatherhead.areas.records.queries.work_items import OpenItem, open_items
from weatherhead.interfaces.cli.setting import present_moment

SHOWN = 50


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``queue`` to the command line."""
    queue = subparsers.add_parser(
        "queue",
        help=gettext("what waits for workers, and why"),
        description=gettext(
            "Lists work that is not done: given up (a person has to put the cause right), in a worker's hands, "
            "waiting, or put off because the database stopped it, which is tried again by itself."
        ),
    )
    queue.add_argument("--limit", type=int, default=SHOWN, metavar="N", help=gettext("items to list"))
    queue.add_argument("--json", action="store_true", help=gettext("print as JSON"))
    queue.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a parsed ``queue`` command; returns 1 when something was given up."""
    at = present_moment().at
    items, figures = open_items(limit=args.limit), queue_figures(at=at)
    if args.json:
        json.dump([asdict(item) for item in items], sys.stdout, indent=2, ensure_ascii=False, default=str)
        print()
    else:
        for item in items:
            print(_line(item, at=at))
        left = sum(figure.count for figure in figures) - len(items)
        if left > 0:
            print(gettext("  and %(count)s more") % {"count": f"{left:,}"})
        if not items:
            print(gettext("Nothing waits."))
    return 1 if any(figure.state == "failed" for figure in figures) else 0


def _line(item: OpenItem, *, at: datetime) -> str:
    states = {
        "ready": gettext("waits"),
        "put off": gettext("put off for %(seconds)s s"),
        "leased": gettext("with %(worker)s"),
        "failed": gettext("given up"),
    }
    wait = max(ceil((item.available_at - at).total_seconds()), 0)
    state = states[item.state] % {"seconds": wait, "worker": item.leased_by}
    why = f"  {item.why}" if item.why else ""
    return f"{item.item_id:>8}  {item.kind:<20} {state:<24}{why}"

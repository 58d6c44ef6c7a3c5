"""Fifty representatives at once on one account, 10,000 posts on each database: 0 lost, 0 twice, nobody turned away.

    python -m tests.campaign.one_account                                  both databases
    python -m tests.campaign.one_account --database sqlite --posts 500    fewer, on one; nothing is kept

tests/parallel/test_one_account.py does the posting, in threads with a connection each, every third post twice with its
key as after a lost answer. A deadlock that is not tried again, a post that is lost or there twice, and a refusal fail
it. A database that is done is not done again (progress is kept below var/campaigns). Writes
docs/campaigns/one_account.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from tests.campaign.kept import PAGES, ROOT, forget_progress, keep_progress, machine, read_progress, revision

COMPARED = ("src", "tests/parallel/test_one_account.py")
VENDORS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
POSTS = 10_000
TOLD_OF_FAILURE = 4_000


def run(vendor: str, *, posts: int) -> dict[str, Any]:
    """All posts on a database; what went wrong stands in `problem`."""
    environment = os.environ | {"WEATHERHEAD_TEST_DATABASE": vendor, "WEATHERHEAD_POSTS": str(posts)}
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "tests/parallel/test_one_account.py", "-k", "fifty"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    problem = "" if done.returncode == 0 else done.stdout[-TOLD_OF_FAILURE:]
    found = {"posts": posts, "seconds": round(time.monotonic() - begun, 1), "problem": problem}
    print(f"{vendor} {found}", flush=True)
    return found | {"revision": revision(COMPARED)}


def main() -> int:
    """Run both; returns 1 when one failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign.one_account",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--database", choices=VENDORS, help="this database alone, keeping nothing")
    parser.add_argument("--posts", type=int, default=POSTS)
    parser.add_argument("--again", action="store_true", help="forget the progress that was kept")
    args = parser.parse_args()
    if args.database:
        return 1 if run(args.database, posts=args.posts)["problem"] else 0
    found = {}
    for vendor in VENDORS:
        keep = f"one_account-{vendor}-{args.posts}"
        if args.again:
            forget_progress(keep)
        found[vendor] = read_progress(keep) or run(vendor, posts=args.posts)
        keep_progress(keep, found[vendor])
    lines = [
        "# Fifty representatives on one account",
        "",
        "Written by `python -m tests.campaign.one_account`. Every third post was asked for twice with its key.",
        "",
        "| database | posts | lost, twice or turned away | seconds | revision |",
        "|---|---|---|---|---|",
        *(
            f"| {VENDORS[vendor]} | {item['posts']:,} | {'see below' if item['problem'] else 'none'} "
            f"| {item['seconds']:.0f} | {item['revision']} |"
            for vendor, item in found.items()
        ),
        *(f"\n```\n{item['problem']}\n```" for item in found.values() if item["problem"]),
        "",
        f"{machine()}; finished {datetime.now(UTC):%Y-%m-%d}.",
        "",
    ]
    (PAGES / "one_account.md").write_text("\n".join(lines), encoding="utf-8")
    return 1 if any(item["problem"] for item in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

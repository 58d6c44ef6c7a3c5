"""A million random deeds with money on both databases, each compared with a model made of dictionaries.

    python -m tests.campaign.money                                  650,000 deeds on SQLite, 350,000 on PostgreSQL
    python -m tests.campaign.money --database sqlite --parts 1      fewer, on one

A part is forty stories of 125 deeds, told by tests/scenarios/test_money_model.py in a process of its own. It goes on
where it was interrupted (progress is kept below var/campaigns). A seed that fails is told again, shorter, by the same
test: WEATHERHEAD_MONEY="SEED 1 125 1". Writes docs/campaigns/money.md of what is kept of both.
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

COMPARED = ("src", "tests/campaign/money_moves.py", "tests/campaign/money_model.py")
VENDORS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
STORIES, DEEDS = 40, 125
PARTS = {"sqlite": 130, "postgresql": 70}  # a deed takes twice as long on PostgreSQL: as much time as the 130 parts
TOLD_OF_FAILURE = 4_000


def run_part(vendor: str, *, part: int) -> dict[str, Any]:
    """One part; what went wrong stands in `problems`."""
    environment = os.environ | {
        "WEATHERHEAD_TEST_DATABASE": vendor,
        "WEATHERHEAD_MONEY": f"{part * STORIES + 1_001} {STORIES} {DEEDS} 1",
    }
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/scenarios/test_money_model.py"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    problems = [] if done.returncode == 0 else [done.stdout[-TOLD_OF_FAILURE:]]
    return {
        "part": part,
        "kinds": kinds_of_deeds(),
        "seconds": round(time.monotonic() - begun, 1),
        "problems": problems,
    }


def kinds_of_deeds() -> int:
    """How many there are, read off their text: they need a database to be imported."""
    return (ROOT / "tests/campaign/money_moves.py").read_text(encoding="utf-8").count("\n@operation(")


def kept_name(vendor: str) -> str:
    """The name that a database's progress is kept under."""
    return f"money-{vendor}-{STORIES}-{DEEDS}"


def kept_parts(vendor: str) -> list[dict[str, Any]]:
    """The parts of a database that were done before."""
    found: list[dict[str, Any]] = (read_progress(kept_name(vendor)) or {"parts": []})["parts"]
    return found


def run(vendor: str, *, parts: int) -> None:
    """Do the parts of a database that are not kept yet."""
    found = kept_parts(vendor)
    while len(found) < parts:
        found.append(run_part(vendor, part=len(found)) | {"revision": revision(COMPARED)})
        print(f"{vendor} {found[-1]}", flush=True)
        keep_progress(kept_name(vendor), {"parts": found})


def page(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The result."""
    lines = [
        "# Money against a model",
        "",
        "Written by `python -m tests.campaign.money`. After each deed balances, ageing by due date, cash and checks in",
        "hand, drawers and used authority are what the model says; after each story `ledger check` finds nothing. A",
        "part that finds something wrong is done again once that is mended; docs/decisions/0172 says what was found.",
        "",
        "| database | deeds | of so many kinds | stories | wrong | minutes | revision |",
        "|---|---|---|---|---|---|---|",
    ]
    alike = [
        (vendor, kinds, [item for item in parts if item["kinds"] == kinds])
        for vendor, parts in found.items()
        for kinds in sorted({item["kinds"] for item in parts})
    ]
    for vendor, kinds, parts in alike:
        minutes = sum(item["seconds"] for item in parts) / 60
        wrong = sum(bool(item["problems"]) for item in parts)
        revisions = "; ".join(dict.fromkeys(item["revision"] for item in parts))
        deeds, stories = len(parts) * STORIES * DEEDS, len(parts) * STORIES
        lines.append(
            f"| {VENDORS[vendor]} | {deeds:,} | {kinds} | {stories:,} | {wrong} | {minutes:.0f} | {revisions} |"
        )
    for vendor, parts in found.items():
        for item in parts:
            lines += ["", f"{VENDORS[vendor]}, part {item['part']}:", "", "```", *item["problems"], "```"] * bool(
                item["problems"]
            )
    left = sum(PARTS.values()) - sum(map(len, found.values()))
    done = "finished" if left <= 0 else f"{left * STORIES * DEEDS:,} deeds are still to be done;"
    return [*lines, "", f"{machine()}; {done} {datetime.now(UTC):%Y-%m-%d}.", ""]


def main() -> int:
    """Run the parts; returns 1 when one did not end as it should."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaign.money", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=VENDORS, help="this database alone")
    parser.add_argument("--parts", type=int, help="how many parts in all of a database, those kept among them")
    parser.add_argument("--again", action="store_true", help="forget the progress that was kept")
    args = parser.parse_args()
    for vendor in [args.database] if args.database else VENDORS:
        if args.again:
            forget_progress(kept_name(vendor))
        run(vendor, parts=args.parts or PARTS[vendor])
    found = {vendor: kept_parts(vendor) for vendor in VENDORS}
    (PAGES / "money.md").write_text("\n".join(page(found)), encoding="utf-8")
    return 1 if any(item["problems"] for parts in found.values() for item in parts) else 0


if __name__ == "__main__":
    sys.exit(main())

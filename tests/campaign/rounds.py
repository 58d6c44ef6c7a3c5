"""Rounds on copies of a prepared bill run: the loop, the command and the kept progress that campaigns share.

    python -m tests.campaign.NAME                                   every round on both databases
    python -m tests.campaign.NAME --database sqlite --rounds 2      fewer, on one; nothing is kept

A campaign goes on where it was interrupted (progress is kept below var/campaigns) and writes its page in
docs/campaigns.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.campaign.bill_run_kills import VENDORS
from tests.campaign.installed import in_namespaces
from tests.campaign.kept import PAGES, ROOT, forget_progress, keep_progress, machine, read_progress, revision

COMPARED = ("src", "scripts/postgres.py", "tests/campaign")
SERVERS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of it is done."""

    rounds: int
    accounts: int
    shard_accounts: int
    seed: int | None = None  # where chance has a part in it

    def given(self) -> dict[str, int]:
        """What is set, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def as_arguments(self) -> list[str]:
        """On the command line."""
        return [part for name, value in self.given().items() for part in (f"--{name.replace('_', '-')}", str(value))]

    def name_for(self, *parts: str) -> str:
        """The name under which progress of this size is kept."""
        return "-".join((*parts, *map(str, self.given().values())))


@dataclass
class Tally:
    """The rounds of one database so far. `facts` is what was found out before the first."""

    size: dict[str, int]
    rounds: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    revisions: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[dict[str, Any]]:
        """The rounds that did not end as they should."""
        return [one for one in self.rounds if one["problems"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What rounds are run on. A round is given its number, from 1, and answers with its `number` and `problems`."""

    run: Callable[[int], Mapping[str, Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Rounds of one kind. `name` is its page's; `namespaces` are those that it needs on a database."""

    name: str
    module: str
    about: str | None
    size: Size
    prepared: Callable[[str, Size], AbstractContextManager[Prepared]]
    page: Callable[[Mapping[str, Tally]], Sequence[str]]
    namespaces: Mapping[str, Sequence[str]] = field(default_factory=dict)


def run_rounds(campaign: Campaign, vendor: str, *, size: Size, keep: str) -> Tally:
    """The rounds of one database that are not kept yet; `keep` is the name they are kept under, if at all."""
    tally = Tally(**((read_progress(keep) if keep else None) or {"size": size.given()}))
    if len(tally.rounds) >= size.rounds:
        return tally
    begun = time.monotonic()
    with campaign.prepared(vendor, size) as prepared:
        tally.facts = dict(prepared.facts)
        if tally.facts:
            print(f"{vendor} {tally.facts}", flush=True)
        for number in range(len(tally.rounds) + 1, size.rounds + 1):
            found = dict(prepared.run(number))
            tally.rounds.append(found)
            tally.seconds += time.monotonic() - begun
            begun = time.monotonic()
            if (now := revision(COMPARED)) not in tally.revisions:
                tally.revisions.append(now)
            if keep:
                keep_progress(keep, asdict(tally))
            print(f"{vendor} {found}", flush=True)
    return tally


def first_difference(found: str, expected: str) -> str:
    """The first line of two texts that differs."""
    pairs = zip(found.splitlines(), expected.splitlines(), strict=False)
    return next((f"{one[:300]} | {two[:300]}" for one, two in pairs if one != two), "one is longer")


def told_of(tally: Tally) -> str:
    """How long it took, and of which revisions, for a page."""
    return f"{tally.seconds / 60:.1f} min, revision {'; '.join(tally.revisions)}"


def main(campaign: Campaign) -> int:
    """Run the rounds; returns 1 when one did not end as it should."""
    args, size = _parsed(campaign)
    if vendor := args.database or args.part:
        if kinds := campaign.namespaces.get(vendor):
            in_namespaces(*kinds)
        keep = size.name_for(campaign.name, vendor) if args.part else ""
        tally = run_rounds(campaign, vendor, size=size, keep=keep)
        print(f"{len(tally.rounds)} rounds, {len(tally.wrong)} wrong")
        return 1 if tally.wrong else 0
    tallies = {}
    for vendor in VENDORS:
        keep = size.name_for(campaign.name, vendor)
        if args.again:
            forget_progress(keep)
        # A process a database: Django is set up for one.
        command = [sys.executable, "-m", campaign.module, "--part", vendor, *size.as_arguments()]
        done = subprocess.run(command, cwd=ROOT, check=False)
        kept = read_progress(keep)
        if kept is None or len(kept["rounds"]) < size.rounds:
            return done.returncode or 1
        tallies[vendor] = Tally(**kept)
    text = [*campaign.page(tallies), "", f"{machine()}; finished {datetime.now(UTC):%Y-%m-%d}.", ""]
    (PAGES / f"{campaign.name}.md").write_text("\n".join(text), encoding="utf-8")
    return 1 if any(tally.wrong for tally in tallies.values()) else 0


def _parsed(campaign: Campaign) -> tuple[argparse.Namespace, Size]:
    parser = argparse.ArgumentParser(
        prog=f"python -m {campaign.module}",
        description=campaign.about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--database", choices=VENDORS, help="this database alone, keeping nothing")
    usual = campaign.size.given()
    for name, value in usual.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=value)
    parser.add_argument("--again", action="store_true", help="forget the progress that was kept")
    parser.add_argument("--part", choices=VENDORS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    return args, Size(**{name: getattr(args, name) for name in usual})

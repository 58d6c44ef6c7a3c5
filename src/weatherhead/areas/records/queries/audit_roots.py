"""The audit log's signed roots: what stood in the log at an instant, told outside the database."""

from __future__ import annotations

import fcntl
import json
import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from weatherhead.areas.records.canonical import Json, canonical, digest
from weatherhead.areas.records.database import transactions_begun, transactions_over
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.secrets import key_ring

_CHUNK = 5_000


def root_files(roots: Path) -> list[Path]:
    """The signed roots in a directory, in their order."""
    return sorted(roots.glob("*.json")) if roots.is_dir() else []


def read_root(path: Path) -> Json:
    """A root as it stands in its file; None when it is not JSON or cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Numbers of entries, `first` up to and without `end`, that a root did not see.

    They were taken and rolled back, or belong to transactions that had not ended. All of these have numbers below
    `begun` (see `records.database.transactions_begun`).
    """

    first: int
    end: int
    begun: int

    def without(self, numbers: Sequence[int]) -> Iterator[Gap]:
        """What is left of it when some numbers, sorted, are seen."""
        first = self.first
        for number in numbers[bisect_left(numbers, self.first) : bisect_left(numbers, self.end)]:
            if number > first:
                yield replace(self, first=first, end=number)
            first = number + 1
        if first < self.end:
            yield replace(self, first=first)


def in_gap(number: int, *, gaps: Sequence[Gap]) -> bool:
    """Whether the number of an entry lies in one of some gaps, which are in the order of their numbers."""
    place = bisect_right(gaps, number, key=lambda gap: gap.first) - 1
    return place >= 0 and number < gaps[place].end


def gaps_of(said: Mapping[str, Any]) -> tuple[Gap, ...]:
    """The gaps that a root speaks of."""
    return tuple(Gap(first=first, end=end, begun=begun) for first, end, begun in said["gaps"])


@dataclass(frozen=True, slots=True, kw_only=True)
class RootDraft:
    """What a root will sign: the heads that moved since the last one, how far it looked, and what may still appear."""

    number: int
    previous: str
    heads: Mapping[str, tuple[int, str]]
    last_entry: int
    gaps: tuple[Gap, ...]


def draft_root(*, roots: Path) -> RootDraft | None:
    """The next root, or None when nothing was appended since the last.

    On PostgreSQL entries do not appear in the order of their numbers: one of a transaction that takes long appears
    below entries that a root was signed for already. So a root says which numbers it did not see, and the next looks
    there too, until every transaction that can have taken one of them has ended.
    """
    files = root_files(roots)
    last = read_root(files[-1]) if files else None
    seen = last["said"]["last_entry"] if last else 0
    open_gaps = gaps_of(last["said"]) if last else ()
    over = transactions_over()  # before the entries are read: whatever ended by now is among them
    numbers = array("q")
    heads: dict[str, tuple[int, str]] = {}
    for number, stream, sequence, found in _entries_since(seen, gaps=open_gaps):
        numbers.append(number)
        heads[stream] = max(heads.get(stream, (0, "")), (sequence, found))
    if not numbers:
        return None
    begun = transactions_begun()  # after: whoever took a number below the newest has a lower one
    newest = max(seen, numbers[-1])
    unseen = Gap(first=seen + 1, end=newest + 1, begun=begun)
    left = [part for gap in (*open_gaps, unseen) if gap.begun > over for part in gap.without(numbers)]
    return RootDraft(
        number=len(files) + 1,
        previous=digest(last) if last else "",
        heads=heads,
        last_entry=newest,
        gaps=tuple(left),
    )


def _entries_since(seen: int, *, gaps: Sequence[Gap]) -> Iterator[tuple[int, str, int, str]]:
    """Number, stream, place and hash of what was appended after an entry, or in a gap before it, as of one instant.

    Gaps are few, or lie close together while one transaction stays open: they are read as one range, not one by one.
    """
    first = gaps[0].first if gaps else seen + 1
    rows = AuditEntry.objects.filter(pk__gte=first).order_by("pk").values_list("pk", "stream_id", "sequence", "hash")
    return (row for row in rows.iterator(chunk_size=_CHUNK) if row[0] > seen or in_gap(row[0], gaps=gaps))


def sign_root(*, roots: Path, at: datetime) -> Path | None:
    """Write the next signed root outside the database, or None when nothing was appended since the last.

    The file appears whole or not at all; workers of one host sign one after the other. Copy the directory to a place
    that the database's owner cannot write.
    """
    roots.mkdir(parents=True, exist_ok=True)
    with _alone_in(roots):
        found = draft_root(roots=roots)
        if found is None:
            return None
        key = key_ring()[0]
        said = {
            "number": found.number,
            "previous": found.previous,
            "at": at,
            "key": key.key_id,
            "last_entry": found.last_entry,
            "gaps": [[gap.first, gap.end, gap.begun] for gap in found.gaps],
            "heads": found.heads,
        }
        plain: Json = json.loads(canonical(said))
        signature = key.signer.sign(canonical(plain).encode()).hex()
        path = roots / f"{found.number:08d}.json"
        draft = path.with_suffix(".part")
        text = json.dumps({"said": plain, "signature": signature}, indent=1, sort_keys=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return path


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Wait until no other process is inside for this directory."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

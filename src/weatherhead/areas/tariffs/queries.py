"""The rate book: schedules by code, read from the utility's tariff directory and known by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from weatherhead.areas.records.utility import current_utility, read_text
from weatherhead.areas.tariffs.models import ScheduleText
from weatherhead.core.rating import Schedule, load_schedule
from weatherhead.core.values import DataFileInvalid, DataProblem, Refusal, gettext_noop


class NoSuchSchedule(Refusal):
    """The rate book holds no schedule of that code."""

    template = gettext_noop("There is no rate schedule %(code)s. The rate book has: %(codes)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFacts:
    """A schedule with the text it was read from."""

    schedule: Schedule
    source: str  # the file's name inside the rate book
    text: str
    sha256: str


def rate_book() -> Mapping[str, ScheduleFacts]:
    """Every schedule of the utility's rate book, by code. Read again when a file changes.

    Raises:
        DataFileInvalid: naming file, line and key.
    """
    utility = current_utility()
    directory = utility.path(utility.tariffs)
    marks = tuple((str(path), path.stat().st_mtime_ns) for path in sorted(directory.glob("*.yaml")))
    return _read_book(str(directory), marks)


@lru_cache(maxsize=4)
def _read_book(directory: str, marks: tuple[tuple[str, int], ...]) -> Mapping[str, ScheduleFacts]:
    book: dict[str, ScheduleFacts] = {}
    for name, _ in marks:
        path = Path(name)
        text = read_text(path)
        schedule = load_schedule(text, name=f"{Path(directory).name}/{path.name}")
        if schedule.code in book:
            said = f"the code {schedule.code} stands in {book[schedule.code].source} too"
            problem = DataProblem(name=name, line=1, key="code", text=said)
            raise DataFileInvalid(name=name, problems=(problem,))
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        book[schedule.code] = ScheduleFacts(schedule=schedule, source=path.name, text=text, sha256=sha256)
    return book


def schedule_facts(code: str) -> ScheduleFacts:
    """One schedule.

    Raises:
        NoSuchSchedule: the rate book has none of that code.
    """
    book = rate_book()
    if code not in book:
        raise NoSuchSchedule(code=code, codes=", ".join(sorted(book)))
    return book[code]


def kept_facts(sha256: str) -> ScheduleFacts | None:
    """The schedule that old bills were priced on, from its kept text; None when that is missing or was changed."""
    row = ScheduleText.objects.filter(pk=sha256).first()
    return _kept(row.sha256, row.source, row.text) if row else None


def kept_schedule(sha256: str) -> Schedule | None:
    """The schedule alone."""
    facts = kept_facts(sha256)
    return facts.schedule if facts else None


def kept_schedules(hashes: Iterable[str]) -> dict[str, Schedule]:
    """The schedules of some kept texts, by hash, in one question; one that is missing or was changed is left out."""
    rows = ScheduleText.objects.filter(pk__in=list(hashes))
    found = {row.sha256: _kept(row.sha256, row.source, row.text) for row in rows}
    return {sha256: facts.schedule for sha256, facts in found.items() if facts is not None}


@lru_cache(maxsize=64)
def _kept(sha256: str, source: str, text: str) -> ScheduleFacts | None:
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        return None
    return ScheduleFacts(schedule=load_schedule(text, name=source), source=source, text=text, sha256=sha256)


def kept_texts(hashes: Iterable[str]) -> frozenset[str]:
    """Which of some schedule texts are kept already."""
    return frozenset(ScheduleText.objects.filter(pk__in=list(hashes)).values_list("pk", flat=True))

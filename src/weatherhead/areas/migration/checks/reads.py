"""The reads of a set, meter by meter: plates, days, and what a dial can have done between two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from weatherhead.areas.migration.checks.keys import ASKED_AT_ONCE, Rejection
from weatherhead.areas.migration.layout import FileLayout
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, gettext_noop

_ONE_TENTH = 10
_GUESSED_KINDS = ("estimated", "customer")


class MeterNotThere(Refusal):
    """A read of a day on which the meter hung nowhere."""

    template = gettext_noop("Meter %(meter)s was not installed on %(on)s (%(spans)s). Check the date and the meter.")


class TooManyDigits(Refusal):
    """A reading that does not fit on the dial."""

    template = gettext_noop("%(reading)s has more digits than the %(dials)s dials of meter %(meter)s.")


class DemandNotMeasured(Refusal):
    """Demand of a meter that measures none."""

    template = gettext_noop("Meter %(meter)s does not measure demand. Leave demand_kw empty, or correct has_demand.")


class ReadingFalls(Refusal):
    """A lower reading that is no turn of the dial."""

    template = gettext_noop(
        "%(reading)s is less than %(before)s on %(before_on)s, and too much use for the dial to have passed zero. "
        "Correct the wrong one, or write yes in turned."
    )


class ReadingFallsUnturned(Refusal):
    """A lower reading without a turn between two reads that somebody took."""

    template = gettext_noop(
        "%(reading)s is less than %(before)s on %(before_on)s, and the dial did not turn. One of the two is wrong."
    )


class TurnedWithoutFall(Refusal):
    """A turn of the dial that the readings do not show."""

    template = gettext_noop("%(reading)s is not less than %(before)s on %(before_on)s: the dial did not pass zero.")


class ReadOnFile(Refusal):
    """A read of that day is in the database."""

    template = gettext_noop(
        "Meter %(meter)s has a read of %(on)s on file, or a later one. Send only what was not loaded."
    )


_ReadRow = tuple[str, str, int, str, int, int | None, int | None]
"""Meter, day, line, kind, reading, whether the dial turned as far as the file says, demand in W."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plate:
    """What a meter's reads must fit."""

    dials: int
    has_demand: bool
    spans: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadChecks:
    """The checks of reads, after those of their keys."""

    staging: Staging

    def reads(self, layout: FileLayout) -> None:
        """Reject the reads that cannot be, and note how often the dial has turned at the others."""
        self.staging.reject(layout, self._wrong_reads())
        self.staging.execute(
            "UPDATE reads SET turns = (SELECT t.turns FROM turned t WHERE t.line = reads.line)"
            " WHERE line IN (SELECT line FROM turned)"
        )

    def _wrong_reads(self) -> Iterator[Rejection]:
        """Meter by meter, day by day; on the way it is noted where a dial has turned."""
        rows = self.staging.execute(
            "SELECT meter, read_on, line, kind, reading, turned, demand_kw FROM reads WHERE bad = 0"
            " ORDER BY meter, read_on"
        )
        turned: list[tuple[int, int]] = []
        for meter, group in groupby(rows, key=itemgetter(0)):
            yield from self._reads_of(meter, list(group), turned=turned)
            if len(turned) >= ASKED_AT_ONCE:
                self.staging.insert("turned", turned, width=2)
                turned.clear()
        self.staging.insert("turned", turned, width=2)

    def _reads_of(self, meter: str, rows: Sequence[_ReadRow], *, turned: list[tuple[int, int]]) -> Iterator[Rejection]:
        plate = self._plate(meter)
        before: tuple[str, int, str, int] | None = None  # day, reading, kind, turns
        on_file = self.staging.execute(
            "SELECT read_on, reading, kind, turns FROM known_reads WHERE meter = ? ORDER BY read_on DESC LIMIT 1",
            [meter],
        ).fetchone()
        for _, read_on, line, kind, reading, says, demand_w in rows:
            wrong = self._misfit(meter, read_on=read_on, reading=reading, demand_w=demand_w, plate=plate)
            if wrong is None and on_file is not None and read_on <= on_file[0]:
                wrong = "read_on", ReadOnFile(meter=meter, on=read_on)
            previous = before or on_file
            turns: int | Refusal = 0
            if wrong is None and previous is not None:
                turns = _turns(reading, kind=kind, says=says, before=previous, range_steps=10**plate.dials)
                if isinstance(turns, Refusal):
                    wrong = "reading", turns
            if wrong is not None:
                yield line, *wrong
                continue
            assert isinstance(turns, int)
            if turns:
                turned.append((line, turns))
            before = (read_on, reading, kind, turns)

    def _plate(self, meter: str) -> _Plate:
        rows = self.staging.execute(
            "SELECT dials, has_demand, installed_on, removed_on FROM meters WHERE meter = ? AND bad = 0"
            " UNION ALL SELECT dials, has_demand, installed_on, removed_on FROM known_meters WHERE meter = ?"
            " ORDER BY installed_on",
            [meter, meter],
        ).fetchall()
        return _Plate(dials=rows[0][0], has_demand=bool(rows[0][1]), spans=tuple((row[2], row[3]) for row in rows))

    def _misfit(
        self, meter: str, *, read_on: str, reading: int, demand_w: int | None, plate: _Plate
    ) -> tuple[str, Refusal] | None:
        if not any(start <= read_on and (end is None or read_on <= end) for start, end in plate.spans):
            spans = ", ".join(f"{start} – {end or '…'}" for start, end in plate.spans)
            return "read_on", MeterNotThere(meter=meter, on=read_on, spans=spans)
        if reading >= 10**plate.dials:
            return "reading", TooManyDigits(reading=str(reading), dials=plate.dials, meter=meter)
        if demand_w is not None and not plate.has_demand:
            return "demand_kw", DemandNotMeasured(meter=meter)
        return None


def _turns(
    reading: int, *, kind: str, says: int | None, before: tuple[str, int, str, int], range_steps: int
) -> int | Refusal:
    """How often the dial has passed zero at a read, or why that cannot be."""
    before_on, before_reading, before_kind, before_turns = before
    params = {"reading": str(reading), "before": str(before_reading), "before_on": before_on}
    if reading >= before_reading:
        return TurnedWithoutFall(**params) if says == 1 else before_turns
    if says == 1:
        return before_turns + 1
    if says == 0:
        guessed = kind in _GUESSED_KINDS or before_kind in _GUESSED_KINDS
        return before_turns if guessed else ReadingFallsUnturned(**params)
    if (reading + range_steps - before_reading) * _ONE_TENTH <= range_steps:
        return before_turns + 1
    return ReadingFalls(**params)

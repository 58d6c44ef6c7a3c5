"""Checks across the files of a set, on the staging file: keys, references, overlaps, sequences.

File by file in the order of the layout, so that what depends on a rejected row is rejected with it, and told why.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from weatherhead.areas.migration.layout import BY_NAME, FILES, Column, FileLayout
from weatherhead.areas.migration.problems import WARNED, problem_of
from weatherhead.areas.migration.rules import Frame
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, gettext_noop

KINDS = {
    "customers": "customer",
    "accounts": "account",
    "premises": "premise",
    "service_points": "service_point",
    "meters": "meter",
    "agreements": "agreement",
    "opening_balances": "open_item",
    "deposits": "deposit",
}
"""What a key of each file is called where keys are kept."""

_ONE_TENTH = 10
_GUESSED_KINDS = ("estimated", "customer")
_ASKED_AT_ONCE = 10_000

Rejection = tuple[int, str, Refusal]


class Repeated(Refusal):
    """The same row again."""

    template = gettext_noop("Repeats line %(other)s. Take one of them out, and check the row count.")


class DuplicateKey(Refusal):
    """Two different rows of one key."""

    template = gettext_noop("%(key)s stands on line %(other)s too, with other values. Find out which is right.")


class NotFound(Refusal):
    """A key that no row has."""

    template = gettext_noop("There is no %(key)s in %(file)s.csv. Add it there, or correct it here.")


class NotFoundUnusual(Refusal):
    """A key that no row has, and that may only look like one that a row has."""

    template = gettext_noop(
        "There is no %(key)s in %(file)s.csv. It is written with %(characters)s here: write it as it stands there."
    )


class DependsOnRejected(Refusal):
    """A key whose row was rejected."""

    template = gettext_noop(
        "%(key)s was rejected: %(file)s.csv, line %(line)s. Correct that row, and send this one with it."
    )


class LoadedBefore(Refusal):
    """A key that an earlier set loaded."""

    template = gettext_noop("%(key)s was loaded with an earlier set. Send only what was not.")


class AddressTwice(Refusal):
    """One address under two keys."""

    template = gettext_noop("Is the same address as premise %(key)s on line %(other)s. Use one premise for both.")


class AddressOnFile(Refusal):
    """The address is in the database."""

    template = gettext_noop("The address is on file as premise %(premise)s. It was entered or loaded before.")


class LabelTwice(Refusal):
    """Two service points of one label at one premise."""

    template = gettext_noop("The premise has a service point of that label on line %(other)s. Choose another label.")


class PointUnmetered(Refusal):
    """A meter where none belongs."""

    template = gettext_noop("%(key)s is an unmetered service point. Make it metered, or hang the meter elsewhere.")


class PlateDiffers(Refusal):
    """One meter with two plates."""

    template = gettext_noop(
        "Meter %(meter)s has other dials, multiplier or demand on line %(other)s. It has one plate."
    )


class MeterHungTwice(Refusal):
    """One meter at two places on one day."""

    template = gettext_noop(
        "Meter %(meter)s hangs at %(place)s from %(since)s (line %(other)s). It cannot hang twice: check removed_on."
    )


class PlaceHasMeter(Refusal):
    """Two meters at one place on one day."""

    template = gettext_noop("Meter %(meter)s hangs there from %(since)s (line %(other)s). Check removed_on.")


class MeterOnFile(Refusal):
    """The serial number is in the database."""

    template = gettext_noop("Meter %(meter)s is on file already. It was added or loaded before.")


class NumberOnFile(Refusal):
    """The account number is in the database."""

    template = gettext_noop("Account number %(number)s is given to another account. Set account_numbers: assign.")


class ServiceOverlaps(Refusal):
    """Two agreements at one place on one day."""

    template = gettext_noop(
        "Agreement %(agreement)s takes service there from %(since)s (line %(other)s). Check end_on."
    )


class ServiceOutsideAccount(Refusal):
    """Service before the account was opened, or after it was closed."""

    template = gettext_noop("The account is open from %(opened)s to %(closed)s. Check the dates of both.")


class NoMeterHangs(Refusal):
    """Metered service that goes on without a meter."""

    template = gettext_noop("No meter hangs at %(key)s at the cut-over. Add it to meters.csv, or end the service.")


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


class PeriodOutsideService(Refusal):
    """A period that was billed without service."""

    template = gettext_noop("Agreement %(agreement)s runs from %(start)s to %(end)s. Check the period.")


class PeriodsOverlap(Refusal):
    """Two periods of one agreement that share a day."""

    template = gettext_noop("Overlaps the period from %(since)s (line %(other)s). A day is billed once.")


class NoReadToStart(Refusal):
    """Service that could not be billed from where history ends."""

    template = gettext_noop(
        "The next bill begins on %(on)s, and the meter at %(key)s has no read on that day. Enter one before billing."
    )


class Known(Protocol):
    """What the database already knows of a source's keys."""

    def keys(self, kind: str, keys: Sequence[str]) -> Mapping[str, int]:
        """Which of some keys earlier sets loaded, with the numbers of their rows."""

    def addresses(self, texts: Sequence[str]) -> Mapping[str, int]:
        """Which of some addresses are on file, with their premises."""

    def serials(self, serials: Sequence[str]) -> frozenset[str]:
        """Which of some meters are on file."""

    def numbers(self, numbers: Sequence[str]) -> frozenset[str]:
        """Which of some account numbers are given."""

    def rows_of(self, table: str, kind: str, ids: Mapping[int, str]) -> Iterator[tuple[object, ...]]:
        """What is on file of things of a kind: the rows of a `KNOWN_TABLES` table, for row numbers and their keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The checks of one set."""

    staging: Staging
    frame: Frame
    known: Known

    def run(self, told: Callable[[str], None]) -> None:
        """Check every file; `told` hears the name of each as it begins."""
        specials = {
            "accounts": self._account_numbers,
            "premises": self._addresses,
            "service_points": self._labels,
            "meters": self._meters,
            "agreements": self._agreements,
            "reads": self._reads,
            "history": self._history,
        }
        for layout in FILES:
            told(layout.name)
            self._duplicates(layout)
            for column in layout.references:
                self._reference(layout, column)
            if layout.name in KINDS and layout.name != "meters":
                self._loaded_before(layout)
            special = specials.get(layout.name)
            if special is not None:
                special(layout)

    # ------------------------------------------------------------------------------------------------ keys

    def _duplicates(self, layout: FileLayout) -> None:
        """The same row again is rejected; of two different rows of one key both are: nobody knows which is right."""
        unique = ", ".join(f'"{name}"' for name in layout.unique)
        given = " AND ".join(f'"{name}" IS NOT NULL' for name in layout.unique)
        groups = self.staging.execute(
            f'SELECT {unique} FROM "{layout.name}" WHERE {given} GROUP BY {unique} HAVING COUNT(*) > 1'
        )
        self.staging.reject(layout, self._of_groups(layout, groups.fetchall()))

    def _of_groups(self, layout: FileLayout, groups: Iterable[tuple[object, ...]]) -> Iterator[Rejection]:
        columns = ", ".join(f'"{name}"' for name in layout.names)
        same = " AND ".join(f'"{name}" = ?' for name in layout.unique)
        for key in groups:
            select = f'SELECT line, {columns} FROM "{layout.name}" WHERE {same} ORDER BY line'
            first, *others = self.staging.execute(select, key).fetchall()
            column = layout.unique[0]
            if all(row[1:] == first[1:] for row in others):
                yield from ((row[0], column, Repeated(other=first[0])) for row in others)
                continue
            said = " ".join(str(part) for part in key)
            yield first[0], column, DuplicateKey(key=said, other=others[0][0])
            yield from ((row[0], column, DuplicateKey(key=said, other=first[0])) for row in others)

    def _reference(self, layout: FileLayout, column: Column) -> None:
        """Every row's key must be a good row of the other file, or have come with an earlier set."""
        target = BY_NAME[column.refers]
        missing = (
            f'SELECT r.line AS line, r."{column.name}" AS key, (SELECT MIN(t.line) FROM "{target.name}" t'
            f' WHERE t."{target.key}" = r."{column.name}") AS rejected FROM "{layout.name}" r WHERE r.bad = 0'
            f' AND r."{column.name}" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "{target.name}" t'
            f' WHERE t."{target.key}" = r."{column.name}" AND t.bad = 0)'
        )
        unknown = self.staging.execute(f"SELECT DISTINCT key FROM ({missing}) WHERE rejected IS NULL ORDER BY key")
        loaded: set[str] = set()
        while keys := unknown.fetchmany(_ASKED_AT_ONCE):
            loaded |= self._moved(KINDS[target.name], [key for (key,) in keys])
        rows = self.staging.execute(f"SELECT line, key, rejected FROM ({missing}) ORDER BY line")
        self.staging.reject(layout, self._not_found(rows, loaded=loaded, column=column))

    def _not_found(
        self, missing: Iterable[tuple[int, str, int | None]], *, loaded: Set[str], column: Column
    ) -> Iterator[Rejection]:
        for line, key, rejected_line in missing:
            if rejected_line is not None:
                yield line, column.name, DependsOnRejected(key=key, file=column.refers, line=rejected_line)
            elif key not in loaded:
                yield line, column.name, _not_found(key, file=column.refers)

    def _moved(self, kind: str, keys: Sequence[str]) -> frozenset[str]:
        """Which keys earlier sets loaded; they are remembered with what is on file of them."""
        found = self.known.keys(kind, keys)
        new = {
            key: row_id
            for key, row_id in found.items()
            if not self.staging.number("SELECT COUNT(*) FROM moved WHERE kind = ? AND key = ?", [kind, key])
        }
        self.staging.insert("moved", [(kind, key, row_id) for key, row_id in new.items()], width=3)
        tables = {
            "service_point": ("known_meters", "known_agreements"),
            "meter": ("known_meters", "known_reads"),
            "agreement": ("known_history",),
        }
        for table in tables.get(kind, ()):
            rows = list(self.known.rows_of(table, kind, {row_id: key for key, row_id in new.items()}))
            if rows:
                self.staging.insert(table, rows, width=len(rows[0]))
        return frozenset(found)

    def _loaded_before(self, layout: FileLayout) -> None:
        kind = KINDS[layout.name]

        def found(keys: Sequence[str]) -> Iterable[str]:
            return self.known.keys(kind, keys)

        self._asked(layout, layout.key, found, lambda key: LoadedBefore(key=key))

    def _asked(
        self,
        layout: FileLayout,
        column: str,
        ask: Callable[[Sequence[str]], Iterable[str]],
        refuse: Callable[[str], Refusal],
        *,
        named: str = "",
    ) -> None:
        """Reject the rows whose value of a column the database answers for."""
        rows = self.staging.execute(f'SELECT line, "{column}" FROM "{layout.name}" WHERE bad = 0 ORDER BY line')

        def wrong() -> Iterator[Rejection]:
            while chunk := rows.fetchmany(_ASKED_AT_ONCE):
                found = set(ask([value for _, value in chunk]))
                yield from ((line, named or column, refuse(value)) for line, value in chunk if value in found)

        self.staging.reject(layout, wrong())

    # ------------------------------------------------------------------------------------------------ places

    def _account_numbers(self, layout: FileLayout) -> None:
        form = self.frame.keep_form
        if form is None:
            return

        def given(keys: Sequence[str]) -> Iterable[str]:
            digits = {"".join(key.replace("-", " ").split()): key for key in keys}
            return [digits[number] for number in self.known.numbers(list(digits))]

        self._asked(layout, "account", given, lambda key: NumberOnFile(number=key))

    def _addresses(self, layout: FileLayout) -> None:
        twice = self.staging.execute(
            "SELECT p.line, f.premise, f.line FROM premises p JOIN premises f ON f.line = (SELECT MIN(g.line)"
            " FROM premises g WHERE g.search_text = p.search_text AND g.bad = 0) WHERE p.bad = 0 AND f.line < p.line"
            " ORDER BY p.line"
        ).fetchall()
        self.staging.reject(
            layout, [(line, "street", AddressTwice(key=key, other=other)) for line, key, other in twice]
        )
        on_file: dict[str, int] = {}

        def found(texts: Sequence[str]) -> Iterable[str]:
            on_file.update(self.known.addresses(texts))
            return on_file

        self._asked(layout, "search_text", found, lambda text: AddressOnFile(premise=on_file[text]), named="street")

    def _labels(self, layout: FileLayout) -> None:
        rows = self.staging.execute(
            "SELECT premise, label, line FROM service_points WHERE bad = 0"
            " AND premise IN (SELECT premise FROM service_points WHERE bad = 0 GROUP BY premise HAVING COUNT(*) > 1)"
            " ORDER BY premise, label, line"
        ).fetchall()
        wrong: list[Rejection] = []
        for _, group in groupby(rows, key=itemgetter(0, 1)):
            first, *others = [line for _, _, line in group]
            wrong += [(line, "label", LabelTwice(other=first)) for line in others]
        self.staging.reject(layout, wrong)

    def _meters(self, layout: FileLayout) -> None:
        staging = self.staging
        self._asked(layout, "meter", self.known.serials, lambda serial: MeterOnFile(meter=serial))
        unmetered = staging.execute(
            "SELECT m.line, m.service_point FROM meters m JOIN service_points s ON s.service_point = m.service_point"
            " WHERE m.bad = 0 AND s.bad = 0 AND s.kind = 'unmetered' ORDER BY m.line"
        ).fetchall()
        staging.reject(layout, [(line, "service_point", PointUnmetered(key=key)) for line, key in unmetered])
        staging.reject(layout, self._plates())
        staging.reject(layout, self._hung_twice())
        staging.reject(layout, self._two_at_a_place())

    def _plates(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT meter, line, dials, multiplier, has_demand FROM meters WHERE bad = 0 AND meter IN"
            " (SELECT meter FROM meters WHERE bad = 0 GROUP BY meter HAVING COUNT(*) > 1) ORDER BY meter, line"
        ).fetchall()
        wrong: list[Rejection] = []
        for meter, group in groupby(rows, key=itemgetter(0)):
            first, *others = group
            wrong += [
                (row[1], "dials", PlateDiffers(meter=meter, other=first[1])) for row in others if row[2:] != first[2:]
            ]
        return wrong

    def _hung_twice(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT meter, installed_on, removed_on, line, service_point FROM meters WHERE bad = 0 AND meter IN"
            " (SELECT meter FROM meters WHERE bad = 0 GROUP BY meter HAVING COUNT(*) > 1)"
            " ORDER BY meter, installed_on, line"
        )
        return [
            (line, "installed_on", MeterHungTwice(meter=meter, place=before[4], since=before[1], other=before[3]))
            for meter, line, before in _overlaps(rows)
        ]

    def _two_at_a_place(self) -> list[Rejection]:
        rows = self.staging.execute(
            "SELECT * FROM (SELECT service_point, installed_on, removed_on, line, meter FROM meters WHERE bad = 0"
            " UNION ALL SELECT service_point, installed_on, removed_on, NULL, meter FROM known_meters)"
            " ORDER BY service_point, installed_on, line"
        )
        return [
            (line, "installed_on", PlaceHasMeter(meter=before[4], since=before[1], other=before[3] or "–"))
            for _, line, before in _overlaps(rows)
        ]

    # ------------------------------------------------------------------------------------------------ service

    def _agreements(self, layout: FileLayout) -> None:
        staging = self.staging
        outside = staging.execute(
            "SELECT g.line, a.opened_on, a.closed_on FROM agreements g JOIN accounts a ON a.account = g.account"
            " AND a.bad = 0 WHERE g.bad = 0 AND (g.start_on < a.opened_on OR (a.closed_on IS NOT NULL"
            " AND (g.end_on IS NULL OR g.end_on > a.closed_on))) ORDER BY g.line"
        ).fetchall()
        staging.reject(
            layout,
            [
                (line, "start_on", ServiceOutsideAccount(opened=opened, closed=closed or "…"))
                for line, opened, closed in outside
            ],
        )
        rows = staging.execute(
            "SELECT * FROM (SELECT service_point, start_on, end_on, line, agreement FROM agreements WHERE bad = 0"
            " UNION ALL SELECT service_point, start_on, end_on, NULL, agreement FROM known_agreements)"
            " ORDER BY service_point, start_on, line"
        )
        overlapping = [
            (line, "start_on", ServiceOverlaps(agreement=before[4], since=before[1], other=before[3] or "–"))
            for _, line, before in _overlaps(rows)
        ]
        staging.reject(layout, overlapping)
        unmetered = staging.execute(
            "SELECT g.line, g.service_point FROM agreements g JOIN service_points s"
            " ON s.service_point = g.service_point AND s.bad = 0 AND s.kind = 'metered'"
            " WHERE g.bad = 0 AND g.end_on IS NULL AND NOT EXISTS (SELECT 1 FROM meters m"
            " WHERE m.service_point = g.service_point AND m.bad = 0 AND m.removed_on IS NULL) ORDER BY g.line"
        ).fetchall()
        staging.reject(layout, [(line, "service_point", NoMeterHangs(key=key)) for line, key in unmetered])

    def _history(self, layout: FileLayout) -> None:
        staging = self.staging
        outside = staging.execute(
            "SELECT h.line, h.agreement, g.start_on, g.end_on FROM history h JOIN agreements g"
            " ON g.agreement = h.agreement AND g.bad = 0 WHERE h.bad = 0"
            " AND (h.start_on < g.start_on OR h.end_on > COALESCE(g.end_on, '9999')) ORDER BY h.line"
        )
        staging.reject(
            layout,
            (
                (line, "start_on", PeriodOutsideService(agreement=key, start=start, end=end or "…"))
                for line, key, start, end in outside
            ),
        )
        rows = staging.execute(
            "SELECT agreement, start_on, end_on, line FROM history WHERE bad = 0 UNION ALL"
            " SELECT agreement, start_on, end_on, NULL FROM known_history ORDER BY agreement, start_on, line"
        )
        staging.reject(
            layout,
            (
                (line, "start_on", PeriodsOverlap(since=before[1], other=before[3] or "–"))
                for _, line, before in _overlaps(rows)
            ),
        )
        self._starts()

    def _starts(self) -> None:
        """Warn of service whose next bill would begin without a read."""
        rows = self.staging.execute(
            "SELECT line, service_point, began FROM (SELECT g.line, g.service_point, COALESCE((SELECT MAX(h.end_on)"
            " FROM history h WHERE h.agreement = g.agreement AND h.bad = 0), g.start_on) AS began FROM agreements g"
            " JOIN service_points s ON s.service_point = g.service_point AND s.bad = 0 AND s.kind = 'metered'"
            " WHERE g.bad = 0 AND g.end_on IS NULL) q WHERE NOT EXISTS (SELECT 1 FROM meters m JOIN reads r"
            " ON r.meter = m.meter WHERE m.service_point = q.service_point AND m.bad = 0 AND r.bad = 0"
            " AND r.read_on = q.began) ORDER BY line"
        ).fetchall()
        for line, key, began in rows:
            refusal = NoReadToStart(on=began, key=key)
            self.staging.report(
                problem_of(refusal, file="agreements.csv", line=line, column="service_point", outcome=WARNED)
            )
        self.staging.flush()

    # ------------------------------------------------------------------------------------------------ reads

    def _reads(self, layout: FileLayout) -> None:
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
            if len(turned) >= _ASKED_AT_ONCE:
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


def _not_found(key: str, *, file: str) -> Refusal:
    """That there is no such key; its characters beyond ASCII are named, because some are not seen or look alike."""
    unusual = dict.fromkeys(character for character in key if not character.isascii())
    if not unusual:
        return NotFound(key=key, file=file)
    named = (f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip() for character in unusual)
    return NotFoundUnusual(key=key, file=file, characters=", ".join(named))


_ReadRow = tuple[str, str, int, str, int, int | None, int | None]
"""Meter, day, line, kind, reading, whether the dial turned as far as the file says, demand in W."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plate:
    """What a meter's reads must fit."""

    dials: int
    has_demand: bool
    spans: tuple[tuple[str, str | None], ...]


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


_Span = tuple[object, ...]


def _overlaps(rows: Iterable[_Span]) -> Iterator[tuple[str, int, _Span]]:
    """Of rows (who, start, end or None, line or None for one on file, …) in order, those that begin too early.

    Yields who, the line to reject, and the row that it overlaps. A rejected row blocks nothing.
    """
    for who, group in groupby(rows, key=itemgetter(0)):
        before: _Span | None = None
        for row in group:
            if before is None or (before[2] is not None and str(row[1]) >= str(before[2])):
                before = row
            elif isinstance(row[3], int):
                yield str(who), row[3], before
            elif isinstance(before[3], int):
                yield str(who), before[3], row
                before = row

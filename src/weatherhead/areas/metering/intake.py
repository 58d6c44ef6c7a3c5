"""Deciding what comes of new reads: accepted, held for a person, or refused. Pure; one read or a whole file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from weatherhead.areas.metering.fields import code_of
from weatherhead.areas.metering.reads_file import FileProblem, ReadRow, ReadsFile
from weatherhead.areas.metering.usage import (
    Dial,
    DialRead,
    Judgement,
    NewRead,
    UseBounds,
    UsePeriod,
    format_reading,
    judge_read,
    use_periods,
)
from weatherhead.areas.records.canonical import Json
from weatherhead.core.values import Refusal, Sentence, gettext_noop

DEMAND_EXPECTED_KINDS = ("actual", "move_out")


class MeterUnknown(Refusal):
    """No meter has that serial number."""

    template = gettext_noop(
        "No meter has the serial number %(serial)s. Check the number on the meter, or add the meter first."
    )


class ReadInFuture(Refusal):
    """A read of a day that has not come."""

    template = gettext_noop("%(read_on)s has not come yet. Check the date.")


class MeterNotInstalled(Refusal):
    """The meter did not hang anywhere on that day."""

    template = gettext_noop(
        "Meter %(serial)s was not installed on %(read_on)s (%(spans)s). Check the date and the meter."
    )


class TooManyDigits(Refusal):
    """The reading does not fit on the meter's dial."""

    template = gettext_noop("%(reading)s has more digits than the %(dials)s dials of meter %(serial)s. Read it again.")


class DemandNotMeasured(Refusal):
    """Demand for a meter that measures none."""

    template = gettext_noop(
        "Meter %(serial)s does not measure demand. Leave demand empty, or check the meter's number."
    )


class ReadExists(Refusal):
    """The meter has another read of that day."""

    template = gettext_noop(
        "Meter %(serial)s already has a read of %(reading)s on %(read_on)s. Find out which is right; "
        "if that one is held, it can be rejected."
    )


class ReadKnown(ReadExists):
    """The meter has the very same read."""

    template = gettext_noop("Meter %(serial)s already has this read of %(reading)s on %(read_on)s. Nothing is missing.")


_COLUMN_OF = {
    MeterUnknown: "meter",
    ReadInFuture: "read_on",
    MeterNotInstalled: "read_on",
    ReadExists: "read_on",
    ReadKnown: "read_on",
    DemandNotMeasured: "demand_kw",
}
"""The column of a file that a refusal is about; the reading for all others."""

_DEMAND_EXCEPTIONS = ("demand", "no_demand")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationFacts:
    """A meter at a service point, `[installed_on, removed_on)`; None: it still hangs there."""

    installation_id: int
    meter_id: int
    service_point_id: int
    installed_on: date
    removed_on: date | None

    def holds(self, on: date) -> bool:
        """Whether a read of that day is of this installation. The last read is taken on the day of removal."""
        return self.installed_on <= on and (self.removed_on is None or on <= self.removed_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterHistory:
    """A meter with everything that a new read of it is judged by.

    `reads` are its accepted reads, sorted by day; `held` maps the day of each held read to its reading; `place_periods`
    maps a service point to the use measured there by other meters, oldest first.
    """

    meter_id: int
    serial: str
    dial: Dial
    has_demand: bool
    installations: tuple[InstallationFacts, ...]
    reads: tuple[DialRead, ...]
    held: Mapping[date, int]
    place_periods: Mapping[int, tuple[UsePeriod, ...]]

    def installation_on(self, on: date) -> InstallationFacts | None:
        """Where the meter hung on a day; the place it came to when it was moved that day."""
        return next((item for item in reversed(self.installations) if item.holds(on)), None)

    def reads_at(self, installation: InstallationFacts) -> tuple[DialRead, ...]:
        """Its accepted reads while it hung at one place."""
        return tuple(read for read in self.reads if installation.holds(read.read_on))

    def periods_at(self, installation: InstallationFacts) -> tuple[UsePeriod, ...]:
        """Use at that place, by this meter and those before it, oldest first."""
        others = self.place_periods.get(installation.service_point_id, ())
        own = use_periods(self.reads_at(installation), dial=self.dial)
        return tuple(sorted((*others, *own), key=lambda period: period.end_on))

    def with_read(self, plan: ReadPlan) -> MeterHistory:
        """The history after a read has been recorded."""
        if plan.state == "held":
            return replace(self, held={**self.held, plan.read_on: plan.dial_reading})
        reads = tuple(sorted((*self.reads, plan.as_dial_read()), key=lambda read: read.read_on))
        return replace(self, reads=reads)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """A read as it will be recorded, accepted or held. `sentence` says why it is held."""

    meter_id: int
    read_on: date
    kind: str
    dial_reading: int
    turns: int
    demand_w_max: int | None
    state: str
    exception: str
    sentence: Sentence | None
    note: str
    proof: Mapping[str, Json] | None = None  # of an estimate

    def as_dial_read(self) -> DialRead:
        """The read as arithmetic needs it."""
        return DialRead(
            meter_id=self.meter_id,
            read_on=self.read_on,
            kind=self.kind,
            dial_reading=self.dial_reading,
            turns=self.turns,
            demand_w_max=self.demand_w_max,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What comes of one read: how it will be recorded, and what it was compared to."""

    plan: ReadPlan
    judgement: Judgement
    previous: UsePeriod | None  # the period of use before, for people to compare


def decide_read(new: NewRead, *, meter: MeterHistory, as_of: date, bounds: UseBounds) -> Decision:
    """Decide on one read.

    Raises:
        ReadInFuture, MeterNotInstalled, TooManyDigits, DemandNotMeasured, ReadExists, ReadOutOfSequence: it is no read
            of this meter.
    """
    installation = _require_possible(new, meter=meter, as_of=as_of)
    candidate = DialRead(
        meter_id=meter.meter_id,
        read_on=new.read_on,
        kind=new.kind,
        dial_reading=new.dial_reading,
        turns=0,
        demand_w_max=new.demand_w_max,
    )
    periods = meter.periods_at(installation)
    judgement = judge_read(
        candidate, dial=meter.dial, reads=meter.reads_at(installation), periods=periods, bounds=bounds
    )
    exception, sentence = judgement.exception, judgement.sentence
    if not exception and _lacks_demand(new, meter=meter, judgement=judgement):
        exception = "no_demand"
        template = gettext_noop(
            "Meter %(serial)s measures demand, but the read has none. Enter it again with its demand."
        )
        sentence = Sentence(template=template, params={"serial": meter.serial})
    plan = ReadPlan(
        meter_id=meter.meter_id,
        read_on=new.read_on,
        kind=new.kind,
        dial_reading=new.dial_reading,
        turns=judgement.turns,
        demand_w_max=new.demand_w_max,
        state="held" if exception else "accepted",
        exception=exception,
        sentence=sentence,
        note=new.note,
    )
    before = [period for period in periods if period.end_on <= new.read_on]
    return Decision(plan=plan, judgement=judgement, previous=before[-1] if before else None)


def _require_possible(new: NewRead, *, meter: MeterHistory, as_of: date) -> InstallationFacts:
    if new.read_on > as_of:
        raise ReadInFuture(read_on=new.read_on)
    installation = meter.installation_on(new.read_on)
    if installation is None:
        raise MeterNotInstalled(serial=meter.serial, read_on=new.read_on, spans=spans_of(meter.installations))
    if new.dial_reading >= meter.dial.range_steps:
        raise TooManyDigits(serial=meter.serial, reading=format_reading(new.dial_reading), dials=meter.dial.dials)
    if new.demand_w_max is not None and not meter.has_demand:
        raise DemandNotMeasured(serial=meter.serial)
    on_day = {read.read_on: read.dial_reading for read in meter.reads} | dict(meter.held)
    if new.read_on in on_day:
        same = on_day[new.read_on] == new.dial_reading
        raise (ReadKnown if same else ReadExists)(
            serial=meter.serial, reading=str(on_day[new.read_on]), read_on=new.read_on
        )
    return installation


def spans_of(installations: Sequence[InstallationFacts]) -> str:
    """When a meter hung anywhere, for a sentence."""
    if not installations:
        return "–"
    return ", ".join(
        f"{item.installed_on.isoformat()} – {item.removed_on.isoformat() if item.removed_on else '…'}"
        for item in installations
    )


def _lacks_demand(new: NewRead, *, meter: MeterHistory, judgement: Judgement) -> bool:
    """A read that ends a period on a meter with demand brings the demand; nobody estimates it away unseen."""
    return (
        meter.has_demand
        and new.demand_w_max is None
        and judgement.since is not None
        and new.kind in DEMAND_EXPECTED_KINDS
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDecision:
    """What comes of a file: the reads to record, in the order of meter and day, and every problem by line.

    `accepted` + `held` + `rejected` = `rows`: no row is lost.
    """

    plans: tuple[ReadPlan, ...]
    problems: tuple[FileProblem, ...]
    rows: int
    accepted: int
    held: int
    rejected: int


def decide_file(
    file: ReadsFile,
    *,
    meters: Mapping[str, MeterHistory],
    as_of: date,
    bounds: UseBounds,
    ordinary: Mapping[int, ReadPlan] | None = None,
) -> FileDecision:
    """Decide on every row of a file. Rows of one meter are judged in the order of their days, each by those before it.

    Two rows of the same meter and day: the same again is rejected; a different reading is rejected too, and holds the
    first. `ordinary` are the rows, by line, that `ordinary_plans` has accepted already.
    """
    known = ordinary or {}
    plans: list[ReadPlan] = list(known.values())
    problems: list[FileProblem] = list(file.problems)
    others = [row for row in file.rows if row.line not in known]
    rows = sorted(others, key=lambda row: (row.serial, row.read.read_on, row.line))
    for serial, of_meter in groupby(rows, key=lambda row: row.serial):
        meter = meters.get(serial)
        if meter is None:
            problems += [_rejected(row, MeterUnknown(serial=serial)) for row in of_meter]
            continue
        for plan, found in _decide_meter(of_meter, meter=meter, as_of=as_of, bounds=bounds):
            problems += found
            if plan is not None:
                plans.append(plan)
    held = sum(plan.state == "held" for plan in plans)
    return FileDecision(
        plans=tuple(plans),
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
        rows=file.count,
        accepted=len(plans) - held,
        held=held,
        rejected=file.count - len(plans),
    )


def _decide_meter(
    rows: Iterable[ReadRow], *, meter: MeterHistory, as_of: date, bounds: UseBounds
) -> Iterator[tuple[ReadPlan | None, list[FileProblem]]]:
    """The read of each day, if any, and the problems of that day's rows. The first row that can be a read is it."""
    for _, of_day in groupby(rows, key=lambda row: row.read.read_on):
        first: ReadRow | None = None
        plan: ReadPlan | None = None
        problems: list[FileProblem] = []
        for row in of_day:
            try:
                decided = decide_read(row.read, meter=meter, as_of=as_of, bounds=bounds).plan
            except Refusal as refusal:
                problems.append(_rejected(row, refusal))
                continue
            if first is None or plan is None:
                first, plan = row, decided
                continue
            problems.append(_repeated(row, first=first))
            if row.read.dial_reading != first.read.dial_reading and plan.exception != "conflict":
                plan = _in_conflict(plan, rival=row)
        if first is not None and plan is not None:
            if plan.sentence is not None:
                problems.append(_held(first, code=plan.exception, what=plan.sentence))
            meter = meter.with_read(plan)
        yield plan, problems


def _in_conflict(plan: ReadPlan, *, rival: ReadRow) -> ReadPlan:
    template = gettext_noop("Line %(line)s of the file gives another reading for this day: %(reading)s.")
    params = {"line": rival.line, "reading": format_reading(rival.read.dial_reading)}
    sentence = Sentence(template=template, params=params)
    return replace(plan, state="held", exception="conflict", sentence=sentence)


def _held(row: ReadRow, *, code: str, what: Sentence) -> FileProblem:
    column = "demand_kw" if code in _DEMAND_EXCEPTIONS else "reading"
    return _problem(row, outcome="held", column=column, code=code, what=what)


def _repeated(row: ReadRow, *, first: ReadRow) -> FileProblem:
    if row.read.dial_reading == first.read.dial_reading:
        template = gettext_noop("Repeats line %(line)s: the same meter, day and reading. Nothing is missing.")
        code = "repeated"
    else:
        template = gettext_noop(
            "Line %(line)s gives another reading for the same meter and day. Find out which is right."
        )
        code = "conflict"
    what = Sentence(template=template, params={"line": first.line})
    return _problem(row, outcome="rejected", column="read_on", code=code, what=what)


def _rejected(row: ReadRow, refusal: Refusal) -> FileProblem:
    what = Sentence(template=refusal.template, params=refusal.params)
    column = _COLUMN_OF.get(type(refusal), "reading")
    return _problem(row, outcome="rejected", column=column, code=code_of(refusal), what=what)


def _problem(row: ReadRow, *, outcome: str, column: str, code: str, what: Sentence) -> FileProblem:
    return FileProblem(line=row.line, column=column, code=code, outcome=outcome, what=what, text=row.text)

"""The old system's bill file: a row for each line of each bill. Read as a stream, gathered by agreement and period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from weatherhead.areas.metering.usage import format_kwh
from weatherhead.areas.migration import fields
from weatherhead.areas.migration.files import FileReader
from weatherhead.areas.migration.layout import Column, FileLayout
from weatherhead.areas.migration.problems import Problem, problem_of
from weatherhead.core.values import Refusal, gettext_noop

OLD_BILLS = FileLayout(
    name="old_bills",
    about=gettext_noop("A row for each line of each bill of the old system."),
    unique=(),
    columns=(
        Column(name="account", about=gettext_noop("an account number, ours or the old one"), parse=fields.parse_key),
        Column(
            name="agreement",
            about=gettext_noop("the old system's agreement, or empty where the account has only one at the time"),
            parse=fields.parse_key,
            optional=True,
            default="",
        ),
        Column(name="start_on", about=gettext_noop("the first day billed"), parse=fields.day),
        Column(name="end_on", about=gettext_noop("the day after the last"), parse=fields.day),
        Column(name="kwh", about=gettext_noop("the period's energy, the same in all its rows"), parse=fields.energy_wh),
        Column(
            name="line",
            about=gettext_noop("the charge: the code of our schedule's, or one that --lines translates"),
            parse=fields.words(60),
        ),
        Column(name="amount", about=gettext_noop("dollars and cents"), parse=fields.amount_cents),
    ),
)


class SpanWrong(Refusal):
    """A period that ends before it begins."""

    template = gettext_noop("%(end)s is not after %(start)s. Check both dates.")


class EnergyDiffers(Refusal):
    """Two energies for one period."""

    template = gettext_noop("The period has %(other)s kWh on line %(line)s. It has one energy.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSegment:
    """What the old system billed for one agreement and period `[start_on, end_on)`: cents by line."""

    account: str
    agreement: str
    start_on: date
    end_on: date
    energy_wh: int
    lines: Mapping[str, int]
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldBills:
    """The periods of a bill file in its order, and the rows that are none."""

    segments: tuple[OldSegment, ...]
    problems: tuple[Problem, ...]
    rows: int


def read_old_bills(path: Path, *, names: Mapping[str, str]) -> OldBills:
    """Read a bill file; `names` translates the old system's names of lines into our codes.

    Raises:
        FileUnreadable, FileEmpty, HeaderMissing and the others of `FileReader`: nothing of it can be read.
    """
    reader = FileReader(path, layout=OLD_BILLS)
    places = [reader.order.index(name) for name in OLD_BILLS.names]
    found: dict[tuple[str, str, str, str], tuple[int, int, dict[str, int]]] = {}
    problems: list[Problem] = []
    rows = 0
    try:
        for record in reader:
            rows += 1
            if record.refusal is not None:
                problems.append(problem_of(record.refusal, file=path.name, line=record.line, column=record.column))
                continue
            values: dict[str, str | int] = {}
            wrong = False
            for column, place in zip(OLD_BILLS.columns, places, strict=True):
                try:
                    text = record.fields[place]
                    value = column.default if not text and column.optional else column.parse(text)
                except Refusal as refusal:
                    wrong = True
                    problems.append(problem_of(refusal, file=path.name, line=record.line, column=column.name))
                    continue
                values[column.name] = value if value is not None else ""
            if not wrong:
                problems += _add(values, found=found, names=names, file=path.name, line=record.line)
    finally:
        reader.close()
    return OldBills(segments=_segments(found), problems=tuple(problems), rows=rows)


def _add(
    values: Mapping[str, str | int],
    *,
    found: dict[tuple[str, str, str, str], tuple[int, int, dict[str, int]]],
    names: Mapping[str, str],
    file: str,
    line: int,
) -> list[Problem]:
    start, end = str(values["start_on"]), str(values["end_on"])
    if end <= start:
        return [problem_of(SpanWrong(start=start, end=end), file=file, line=line, column="end_on")]
    energy_wh = int(values["kwh"])
    key = (str(values["account"]), str(values["agreement"]), start, end)
    first, energy_before_wh, lines = found.setdefault(key, (line, energy_wh, {}))
    if energy_before_wh != energy_wh:
        refusal = EnergyDiffers(other=format_kwh(energy_before_wh), line=first)
        return [problem_of(refusal, file=file, line=line, column="kwh")]
    name = str(values["line"])
    code = names.get(name, name)
    lines[code] = lines.get(code, 0) + int(values["amount"])
    return []


def _segments(
    found: Mapping[tuple[str, str, str, str], tuple[int, int, dict[str, int]]],
) -> tuple[OldSegment, ...]:
    return tuple(
        OldSegment(
            account=account,
            agreement=agreement,
            start_on=date.fromisoformat(start),
            end_on=date.fromisoformat(end),
            energy_wh=energy_wh,
            lines=lines,
            line=line,
        )
        for (account, agreement, start, end), (line, energy_wh, lines) in found.items()
    )

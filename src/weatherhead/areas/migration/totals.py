"""Row counts and control totals: what the old system says, and what the files hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weatherhead.areas.metering.usage import format_kwh
from weatherhead.areas.migration.control import Control
from weatherhead.areas.migration.layout import AGES, CONTROL_FILE, FILES
from weatherhead.areas.migration.problems import REFUSED, Problem, problem_of
from weatherhead.areas.migration.staging import Staging
from weatherhead.core.values import Refusal, format_cents, gettext_noop

ENERGY = "history_kwh"
_SUMS = {
    "deposit": ("deposits", "amount"),
    ENERGY: ("history", "kwh"),
    "history_amount": ("history", "amount"),
}


class RowsDiffer(Refusal):
    """The old system counts other rows than the file has."""

    template = gettext_noop(
        "%(file)s.csv has %(found)s rows, and the old system says %(control)s. Export it again, or correct the count."
    )


class FileNotNamed(Refusal):
    """A file that the control file does not count."""

    template = gettext_noop("%(file)s.csv is there, and rows does not count it. Write how many rows it has.")


class FileMissing(Refusal):
    """A file that is counted and not there."""

    template = gettext_noop("%(file)s.csv is counted with %(control)s rows and is not there. Add it to the set.")


class TotalDiffers(Refusal):
    """A sum of the old system that the file does not come to."""

    template = gettext_noop(
        "%(total)s is %(control)s in control.yaml, and the files come to %(found)s: %(difference)s too %(much)s. "
        "Nothing is loaded until they agree to the cent."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One control total: cents, or Wh for energy. `unread` is how many rejected rows have no figure to add.

    control = good + rejected wherever every figure could be read.
    """

    name: str
    control: int
    good: int
    rejected: int
    unread: int

    @property
    def difference(self) -> int:
        """What is missing from what will be loaded."""
        return self.control - self.good

    @property
    def unexplained(self) -> int:
        """What the rejected rows do not explain."""
        return self.control - self.good - self.rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """The rows of one file."""

    file: str
    control: int | None
    found: int
    rejected: int

    @property
    def good(self) -> int:
        """What will be loaded."""
        return self.found - self.rejected


def say_total(name: str, value: int) -> str:
    """A total as people write it: dollars, or kWh."""
    return format_kwh(value) if name == ENERGY else format_cents(value, ascii_only=True)


def row_counts(staging: Staging, *, control: Control) -> tuple[RowCount, ...]:
    """The rows of every file that is there or counted."""
    counts = []
    for layout in FILES:
        found = staging.number(f'SELECT COUNT(*) FROM "{layout.name}"')
        rejected = staging.number(f'SELECT COUNT(*) FROM "{layout.name}" WHERE bad = 1')
        said = control.rows.get(layout.name)
        if found or said is not None:
            counts.append(RowCount(file=layout.name, control=said, found=found, rejected=rejected))
    return tuple(counts)


def totals(staging: Staging, *, control: Control) -> tuple[Total, ...]:
    """Every control total beside what the files come to."""
    unaged = staging.number("SELECT COUNT(*) FROM opening_balances WHERE bad = 1 AND bucket IS NULL")
    sums: dict[str, tuple[int, int, int]] = {}
    for age in (*AGES, "credit"):
        good, rejected = _sums(staging, "opening_balances", "amount", where="bucket = ?", parameters=[age])
        sums[f"receivable.{age}"] = good, rejected, unaged
    for name, (file, column) in _SUMS.items():
        good, rejected = _sums(staging, file, column)
        unread = staging.number(f'SELECT COUNT(*) FROM "{file}" WHERE bad = 1 AND "{column}" IS NULL')
        sums[name] = good, rejected, unread
    return tuple(
        Total(name=name, control=said, good=sums[name][0], rejected=sums[name][1], unread=sums[name][2])
        for name, said in control.figures().items()
    )


def _sums(
    staging: Staging, file: str, column: str, *, where: str = "1 = 1", parameters: list[str] | None = None
) -> tuple[int, int]:
    select = f'SELECT SUM("{column}") FROM "{file}" WHERE {where} AND bad = '
    return tuple(staging.number(f"{select}{bad}", parameters or []) for bad in (0, 1))  # type: ignore[return-value]


def control_problems(
    *,
    rows: tuple[RowCount, ...],
    figures: tuple[Total, ...],
    directory: Path,
    control: Control,
    lines: Mapping[str, int],
) -> Iterator[Problem]:
    """Where the files are not what the old system says. A figure that could not be read leaves its total open."""
    for count in rows:
        refusal: Refusal | None = None
        there = (directory / f"{count.file}.csv").exists()
        if count.control is None:
            refusal = FileNotNamed(file=count.file)
        elif not there and count.control:
            refusal = FileMissing(file=count.file, control=count.control)
        elif there and count.control != count.found:
            refusal = RowsDiffer(file=count.file, found=count.found, control=count.control)
        if refusal is not None:
            yield _control_problem(refusal, key=f"rows.{count.file}", lines=lines)
    for layout in FILES:
        if (directory / f"{layout.name}.csv").exists() and not any(count.file == layout.name for count in rows):
            yield _control_problem(FileNotNamed(file=layout.name), key=f"rows.{layout.name}", lines=lines)
    for total in figures:
        if total.unexplained and not total.unread:
            over = total.unexplained < 0
            refusal = TotalDiffers(
                total=total.name,
                control=say_total(total.name, total.control),
                found=say_total(total.name, total.good + total.rejected),
                difference=say_total(total.name, abs(total.unexplained)),
                much="much" if over else "little",
            )
            yield _control_problem(refusal, key=f"totals.{total.name}", lines=lines)


def _control_problem(refusal: Refusal, *, key: str, lines: Mapping[str, int]) -> Problem:
    line = lines.get(key) or lines.get(key.rpartition(".")[0]) or lines.get(key.partition(".")[0]) or 1
    return problem_of(refusal, file=CONTROL_FILE, line=line, column=key, outcome=REFUSED)


def control_lines(text: str) -> dict[str, int]:
    """The line of each key of a control file, by its path. The file has been read before: it is plain YAML."""
    found: dict[str, int] = {}
    path: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, _ = line.strip().partition(":")
        if not colon or name.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        path = [item for item in path if item[0] < indent] + [(indent, name)]
        found[".".join(item[1] for item in path)] = number
    return found

"""The file of reads: docs/reads-file.md is its published layout. Pure; bytes in, rows and problems out.

A file that is not this layout at all is refused whole. A row that cannot be a read is a problem, by its physical line,
with its text; the rows around it are read as if it were not there. A quotation mark that never closes costs its own
line only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar
from zlib import crc32

from weatherhead.areas.metering.fields import (
    code_of,
    parse_day,
    parse_demand_w,
    parse_kind,
    parse_note,
    parse_reading,
    parse_serial,
)
from weatherhead.areas.metering.usage import NewRead
from weatherhead.areas.records.csv_records import (
    CONTROL,
    HEAD_BYTES,
    OTHER_DELIMITERS,
    UNDECODED,
    DelimiterWrong,
    Lines,
    RawRecord,
    RecordBounds,
    column_with,
    header_of,
    physical_lines,
    printable,
    records,
    text_start,
)
from weatherhead.core.values import Refusal, Sentence, gettext_noop

COLUMNS = ("meter", "read_on", "kind", "reading", "demand_kw", "note")
FILE_BYTES_MAX = 20 * 1024 * 1024
ROWS_MAX = 200_000
_ROW_LENGTH_MAX = 10_000
"""No row has as many characters, and `csv` gives up on far longer ones."""

_BOUNDS = RecordBounds(lines_max=40)
"""A quoted note does not run over more lines than this."""

Value = TypeVar("Value")


class ReadsFileTooLarge(Refusal):
    """More bytes than one file may have."""

    template = gettext_noop(
        "The file has %(size)s bytes; one file may have %(most)s. Split it, each part with the header."
    )


class ReadsFileTooLong(Refusal):
    """More rows than one file may have."""

    template = gettext_noop("The file has more than %(most)s rows. Split it, each part with the header.")


class ReadsFileEmpty(Refusal):
    """Nothing in it."""

    template = gettext_noop("The file is empty. Export it again.")


class ReadsFileWithoutRows(Refusal):
    """A header and nothing else."""

    template = gettext_noop("The file holds a header and no reads. Export it again.")


class ReadsHeaderWrong(Refusal):
    """The header does not name each column once."""

    template = gettext_noop(
        "The header must name each of these columns once: %(expected)s. Missing: %(missing)s. Unknown: %(unknown)s. "
        "Twice: %(twice)s."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """What came of one row, or of one field of it. `line` is the physical line where the row begins, from 1.

    `outcome` is ``held`` or ``rejected``; `code` is stable; `what` says what is wrong and what to do; `text` is the row
    as it stands in the file, unprintable characters escaped.
    """

    line: int
    column: str
    code: str
    outcome: str
    what: Sentence
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A row whose every field is understood."""

    line: int
    serial: str
    read: NewRead
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsFile:
    """A file's rows and problems; `count` is the number of rows, good and bad. Blank lines are no rows."""

    rows: tuple[ReadRow, ...]
    problems: tuple[FileProblem, ...]
    count: int

    def part(self, number: int, *, of: int) -> ReadsFile:
        """One of several parts, `number` from 1: all rows of a meter are in the same; the first has what is no row."""
        if of == 1:
            return self
        rows = tuple(row for row in self.rows if crc32(row.serial.encode()) % of == number - 1)
        bad = self.count - len(self.rows)
        return ReadsFile(
            rows=rows, problems=self.problems if number == 1 else (), count=len(rows) + (bad if number == 1 else 0)
        )


def parse_reads(content: bytes) -> ReadsFile:
    """Read a file of reads.

    Raises:
        ReadsFileTooLarge, ReadsFileTooLong, ReadsFileEmpty, ReadsFileWithoutRows, FileEncodingWrong, FileIsWorkbook,
        DelimiterWrong, HeaderMissing, ReadsHeaderWrong: nothing of it can be read.
    """
    require_size(len(content))
    lines = _lines(content)
    rest = records(Lines(iter([lines])), bounds=_BOUNDS)
    header = next(rest, None)
    if header is None:
        raise ReadsFileEmpty
    order = _order(header)
    offsets: list[int] = []
    rows: list[ReadRow] = []
    problems: list[FileProblem] = []
    count = 0
    for record in rest:
        count += 1
        if count > ROWS_MAX:
            raise ReadsFileTooLong(most=f"{ROWS_MAX:,}")
        if UNDECODED.search(record.text) and not offsets:
            offsets = _offsets(lines, content=content)
        found = _undecoded(record, order=order, offsets=offsets, lines=lines) or _misshapen(record, order=order)
        if found is not None:
            problems.append(found)
            continue
        row, wrong = _row(record, order=order)
        problems += wrong
        if row is not None:
            rows.append(row)
    if not count:
        raise ReadsFileWithoutRows
    return ReadsFile(rows=tuple(rows), problems=tuple(problems), count=count)


@lru_cache(maxsize=1)
def parse_large(content: bytes) -> ReadsFile:
    """The same, remembered: the parts of a large file are recorded one after the other."""
    return parse_reads(content)


def require_size(size_bytes: int) -> None:
    """Refuse a file by its size alone, before it is read.

    Raises:
        ReadsFileTooLarge.
    """
    if size_bytes > FILE_BYTES_MAX:
        raise ReadsFileTooLarge(size=f"{size_bytes:,}", most=f"{FILE_BYTES_MAX:,}")


def _lines(content: bytes) -> list[str]:
    """Physical lines with their ends. A byte that is no UTF-8 becomes a lone surrogate."""
    text = content[text_start(content[:HEAD_BYTES]) :].decode("utf-8", "surrogateescape")
    if not text.strip():
        raise ReadsFileEmpty
    return physical_lines(text)


def _offsets(lines: Sequence[str], *, content: bytes) -> list[int]:
    """The byte of the file, from 0, at which each line begins."""
    start = text_start(content[:HEAD_BYTES])
    return list(accumulate((len(line.encode("utf-8", "surrogateescape")) for line in lines), initial=start))


def _order(record: RawRecord) -> tuple[str, ...]:
    """The columns in the order of the file."""
    header = header_of(record, expected=COLUMNS)
    if faults := header.faults:
        raise ReadsHeaderWrong(expected=", ".join(COLUMNS), **faults)
    return header.names


def _undecoded(
    record: RawRecord, *, order: Sequence[str], offsets: Sequence[int], lines: Sequence[str]
) -> FileProblem | None:
    """The problem of a record that holds a byte which is no UTF-8."""
    if not UNDECODED.search(record.text):
        return None
    index = record.line - 1
    while (found := UNDECODED.search(lines[index])) is None:
        index += 1
    before = len(lines[index][: found.start()].encode("utf-8", "surrogateescape"))
    value = ord(found[0]) - 0xDC00
    template = gettext_noop(
        "Byte %(byte)s of the file, on line %(line)s, is %(value)s, which is not UTF-8 text. "
        "Save the file as “CSV UTF-8” and send this row again."
    )
    params = {"byte": f"{offsets[index] + before:,}", "line": index + 1, "value": f"0x{value:02X}"}
    column = column_with(UNDECODED, record=record, order=order)
    return _problem(record, column=column, code="not_utf8", template=template, params=params)


def _misshapen(record: RawRecord, *, order: Sequence[str]) -> FileProblem | None:
    """The problem of a record that does not have a field for each column, or holds what is no text."""
    fields = record.fields
    if len(record.text) > _ROW_LENGTH_MAX:
        template = gettext_noop("The row has %(length)s characters; none has as many. Export it again.")
        return _problem(record, column="", code="row_too_long", template=template, params={"length": len(record.text)})
    if fields is None:
        template = gettext_noop(
            "A quotation mark is not closed or stands in the wrong place. Correct it and send this row again."
        )
        return _problem(record, column="", code="quotes", template=template)
    if control := CONTROL.search(record.text):
        template = gettext_noop("Holds a character that is no text (%(character)s). Export this row again.")
        params = {"character": printable(control[0])}
        column = column_with(CONTROL, record=record, order=order)
        return _problem(record, column=column, code="control_character", template=template, params=params)
    if tuple(field.casefold() for field in fields) == tuple(order):
        template = gettext_noop("Repeats the header. Nothing is missing; take the line out next time.")
        return _problem(record, column="", code="header_again", template=template)
    counts = {"found": len(fields), "expected": len(order)}
    if len(fields) < len(order):
        if not record.ends:
            template = gettext_noop(
                "The last line is cut off after %(found)s of %(expected)s columns. Send this row again."
            )
            return _problem(record, column="", code="cut_off", template=template, params=counts)
        if found := _delimiter(record.text, columns=len(order)):
            template, params = DelimiterWrong.template, {"found": found}
            return _problem(record, column="", code="delimiter", template=template, params=params)
        template = gettext_noop("Has %(found)s of %(expected)s columns. Separate them by commas, empty ones too.")
        return _problem(record, column="", code="columns_missing", template=template, params=counts)
    if len(fields) > len(order):
        template = gettext_noop("Has %(found)s columns instead of %(expected)s. Put text that holds a comma in quotes.")
        return _problem(record, column="", code="columns_extra", template=template, params=counts)
    if not any(fields):
        template = gettext_noop("Holds only commas. Nothing is missing if there was no read.")
        return _problem(record, column="", code="blank", template=template)
    return None


def _delimiter(text: str, *, columns: int) -> str:
    """What separates the columns of a row instead of commas, or nothing."""
    found = (said for delimiter, said in OTHER_DELIMITERS.items() if text.count(delimiter) == columns - 1)
    return next(found, "")


_known_day = lru_cache(maxsize=1024)(parse_day)
"""A file has few days, each in thousands of rows."""


def _row(record: RawRecord, *, order: Sequence[str]) -> tuple[ReadRow | None, list[FileProblem]]:
    """The row, or a problem for each field that is not understood."""
    given = dict(zip(order, record.fields or (), strict=True))
    problems: list[FileProblem] = []

    def take(column: str, parse: Callable[[str], Value]) -> Value | None:
        try:
            return parse(given[column])
        except Refusal as refusal:
            problems.append(
                _problem(record, column=column, code=code_of(refusal), template=refusal.template, params=refusal.params)
            )
            return None

    serial, day, kind = take("meter", parse_serial), take("read_on", _known_day), take("kind", parse_kind)
    reading, demand = take("reading", parse_reading), take("demand_kw", parse_demand_w)
    note = take("note", parse_note)
    if problems or serial is None or day is None or kind is None or reading is None or note is None:
        return None, problems
    read = NewRead(read_on=day, kind=kind, dial_reading=reading, demand_w_max=demand, note=note)
    return ReadRow(line=record.line, serial=serial, read=read, text=printable(record.text)), []


def _problem(
    record: RawRecord, *, column: str, code: str, template: str, params: Mapping[str, object] | None = None
) -> FileProblem:
    said = {name: printable(value) if isinstance(value, str) else value for name, value in (params or {}).items()}
    return FileProblem(
        line=record.line,
        column=column,
        code=code,
        outcome="rejected",
        what=Sentence(template=template, params=said),
        text=printable(record.text),
    )

"""The file of reads: docs/reads-file.md is its published layout. Pure; bytes in, rows and problems out.

A file that is not this layout at all is refused whole. A row that cannot be a read is a problem, by its physical line,
with its text; the rows around it are read as if it were not there. A quotation mark that never closes costs its own
line only.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from weatherhead.core.values import Refusal, Sentence, gettext_noop

COLUMNS = ("meter", "read_on", "kind", "reading", "demand_kw", "note")
FILE_BYTES_MAX = 20 * 1024 * 1024
ROWS_MAX = 200_000
TEXT_KEPT_MAX = 1_000
"""Characters of a line that a report keeps; the whole file is kept beside it."""

_ROW_LENGTH_MAX = 10_000
"""No row has as many characters, and `csv` gives up on far longer ones."""

_RECORD_LINES_MAX = 40
"""A quoted note does not run over more lines than this."""

_BOM_UTF8 = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UNDECODED = re.compile("[\udc80-\udcff]")

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


class ReadsFileEncodingWrong(Refusal):
    """The whole file is in another encoding."""

    template = gettext_noop("The file is %(encoding)s, not UTF-8 text. Save it as “CSV UTF-8”.")


class ReadsFileIsWorkbook(Refusal):
    """A spreadsheet or archive, not its text."""

    template = gettext_noop("This is a workbook or an archive, not text. Save it as “CSV UTF-8”.")


class ReadsFileDelimiterWrong(Refusal):
    """Columns separated by something else."""

    template = gettext_noop("The columns are separated by %(found)s. Separate them by commas.")


class ReadsHeaderMissing(Refusal):
    """The first line is no header."""

    template = gettext_noop("The first line must be the header: %(expected)s")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """One record of the file: its fields, or None when they cannot be told apart."""

    line: int
    fields: tuple[str, ...] | None
    text: str
    ends: bool  # with a line end


def parse_reads(content: bytes) -> ReadsFile:
    """Read a file of reads.

    Raises:
        ReadsFileTooLarge, ReadsFileTooLong, ReadsFileEmpty, ReadsFileWithoutRows, ReadsFileEncodingWrong,
        ReadsFileIsWorkbook, ReadsFileDelimiterWrong, ReadsHeaderMissing, ReadsHeaderWrong: nothing of it can be read.
    """
    require_size(len(content))
    lines = _lines(content)
    records = _records(lines)
    header = next(records, None)
    if header is None:
        raise ReadsFileEmpty
    order = _order(header)
    offsets: list[int] = []
    rows: list[ReadRow] = []
    problems: list[FileProblem] = []
    count = 0
    for record in records:
        count += 1
        if count > ROWS_MAX:
            raise ReadsFileTooLong(most=f"{ROWS_MAX:,}")
        if _UNDECODED.search(record.text) and not offsets:
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
    """Physical lines with their ends (LF, CRLF or CR). A byte that is no UTF-8 becomes a lone surrogate."""
    for mark, encoding in _OTHER_ENCODINGS:
        if content.startswith(mark):
            raise ReadsFileEncodingWrong(encoding=encoding)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ReadsFileIsWorkbook
    head = content[:200]
    if head.count(b"\x00") * 3 > len(head):  # without a mark, UTF-16 still has a NUL in every other byte
        raise ReadsFileEncodingWrong(encoding="UTF-16")
    text = content.removeprefix(_BOM_UTF8).decode("utf-8", "surrogateescape")
    if not text.strip():
        raise ReadsFileEmpty
    return list(io.StringIO(text, newline=""))


def _offsets(lines: Sequence[str], *, content: bytes) -> list[int]:
    """The byte of the file, from 0, at which each line begins."""
    start = len(_BOM_UTF8) if content.startswith(_BOM_UTF8) else 0
    return list(accumulate((len(line.encode("utf-8", "surrogateescape")) for line in lines), initial=start))


def _records(lines: Sequence[str]) -> Iterator[_Record]:
    """The records that are not blank. A record that cannot be read is its first line alone."""
    index = 0
    while index < len(lines):
        line = lines[index]
        if not line.strip():
            index += 1
            continue
        fields: tuple[str, ...] | None
        if '"' in line:
            fields, used = _fields(lines[index : index + _RECORD_LINES_MAX])
            text = "".join(lines[index : index + used])
        else:
            fields, used, text = tuple([field.strip() for field in line.split(",")]), 1, line
        stripped = text.rstrip("\r\n")
        yield _Record(line=index + 1, fields=fields, text=stripped, ends=len(stripped) < len(text))
        index += used


def _fields(lines: Sequence[str]) -> tuple[tuple[str, ...] | None, int]:
    """The fields of the record that begins the lines, and how many lines it takes; (None, 1) when csv refuses it."""
    reader = csv.reader(lines, strict=True)
    try:
        found = next(reader)
    except csv.Error:
        return None, 1
    return tuple(field.strip() for field in found), reader.line_num


def _order(header: _Record) -> tuple[str, ...]:
    """The columns in the order of the file."""
    names = tuple(name.casefold() for name in header.fields or ())
    if not set(names) & set(COLUMNS):
        for delimiter, found in _OTHER_DELIMITERS.items():
            parts = {part.strip(' "').casefold() for part in header.text.split(delimiter)}
            if len(parts) > 1 and parts & set(COLUMNS):
                raise ReadsFileDelimiterWrong(found=found)
        raise ReadsHeaderMissing(expected=",".join(COLUMNS))
    missing = [name for name in COLUMNS if name not in names]
    unknown = [printable(name) or "(empty)" for name in names if name not in COLUMNS]
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if missing or unknown or twice:
        raise ReadsHeaderWrong(
            expected=", ".join(COLUMNS),
            missing=", ".join(missing) or "–",
            unknown=", ".join(unknown) or "–",
            twice=", ".join(twice) or "–",
        )
    return names


def _undecoded(
    record: _Record, *, order: Sequence[str], offsets: Sequence[int], lines: Sequence[str]
) -> FileProblem | None:
    """The problem of a record that holds a byte which is no UTF-8."""
    if not _UNDECODED.search(record.text):
        return None
    index = record.line - 1
    while (found := _UNDECODED.search(lines[index])) is None:
        index += 1
    before = len(lines[index][: found.start()].encode("utf-8", "surrogateescape"))
    value = ord(found[0]) - 0xDC00
    template = gettext_noop(
        "Byte %(byte)s of the file, on line %(line)s, is %(value)s, which is not UTF-8 text. "
        "Save the file as “CSV UTF-8” and send this row again."
    )
    params = {"byte": f"{offsets[index] + before:,}", "line": index + 1, "value": f"0x{value:02X}"}
    column = _column_with(_UNDECODED, record=record, order=order)
    return _problem(record, column=column, code="not_utf8", template=template, params=params)


def _misshapen(record: _Record, *, order: Sequence[str]) -> FileProblem | None:
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
    if control := _CONTROL.search(record.text):
        template = gettext_noop("Holds a character that is no text (%(character)s). Export this row again.")
        params = {"character": printable(control[0])}
        column = _column_with(_CONTROL, record=record, order=order)
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
            template, params = ReadsFileDelimiterWrong.template, {"found": found}
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
    found = (said for delimiter, said in _OTHER_DELIMITERS.items() if text.count(delimiter) == columns - 1)
    return next(found, "")


_known_day = lru_cache(maxsize=1024)(parse_day)
"""A file has few days, each in thousands of rows."""


def _row(record: _Record, *, order: Sequence[str]) -> tuple[ReadRow | None, list[FileProblem]]:
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


def _column_with(pattern: re.Pattern[str], *, record: _Record, order: Sequence[str]) -> str:
    fields = record.fields or ()
    return next((name for name, field in zip(order, fields, strict=False) if pattern.search(field)), "")


def _problem(
    record: _Record, *, column: str, code: str, template: str, params: Mapping[str, object] | None = None
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


def printable(text: str) -> str:
    """Text that a database and a terminal can take: stray bytes and control characters escaped, long text shortened."""
    kept = text[:TEXT_KEPT_MAX] + "…" if len(text) > TEXT_KEPT_MAX else text
    decoded = kept.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", decoded)

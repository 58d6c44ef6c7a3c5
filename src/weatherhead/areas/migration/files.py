"""Reading a file of a set as a stream: records with their physical lines, and what cannot be a record.

A file that is not of the layout at all is refused whole. A row that cannot be told apart is a problem by its line, and
the rows around it are read as if it were not there; a quotation mark that never closes costs its own line only.

Nearly all lines of nearly all files are plain: printable, without quotation marks, with the right number of commas.
Some thousand of those are taken apart together, column by column; any others one by one. Whatever a file holds, no more
than some thousand rows of it are in memory: of a line without an end only the beginning is kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from weatherhead.areas.migration.layout import FileLayout
from weatherhead.areas.records.csv_records import (
    CONTROL,
    HEAD_BYTES,
    UNDECODED,
    Lines,
    RawRecord,
    RecordBounds,
    column_with,
    header_of,
    physical_lines,
    records,
    text_start,
)
from weatherhead.core.values import Refusal, gettext_noop

_ROW_LENGTH_MAX = 20_000
_BOUNDS = RecordBounds(lines_max=400, line_length_max=_ROW_LENGTH_MAX)
_BLOCK_CHARACTERS = 1 << 17
_RUN_ROWS = 2_000


class FileUnreadable(Refusal):
    """The operating system does not give it."""

    template = gettext_noop("The file cannot be read: %(why)s.")


class FileEmpty(Refusal):
    """Nothing in it."""

    template = gettext_noop("The file is empty. Export it again, or leave it out of the set and of control.yaml.")


class HeaderWrong(Refusal):
    """The header does not name each column once."""

    template = gettext_noop(
        "The header must name each column once. Missing: %(missing)s. Unknown: %(unknown)s. Twice: %(twice)s."
    )


class NotUtf8(Refusal):
    """A byte that is no UTF-8."""

    template = gettext_noop("Holds the byte %(value)s, which is not UTF-8 text. Save the file as “CSV UTF-8”.")


class ControlCharacter(Refusal):
    """A character that is no text."""

    template = gettext_noop("Holds a character that is no text (%(character)s). Export this row again.")


class QuotesWrong(Refusal):
    """A quotation mark out of place."""

    template = gettext_noop("A quotation mark is not closed or stands in the wrong place. Correct it.")


class RowTooLong(Refusal):
    """No row has as many characters."""

    template = gettext_noop("The row has more than %(most)s characters; none has as many. Export it again.")


class HeaderAgain(Refusal):
    """The header in the midst of the rows."""

    template = gettext_noop("Repeats the header. Take the line out, and check that the row counts do not count it.")


class CutOff(Refusal):
    """The last line ends too soon."""

    template = gettext_noop("The last line is cut off after %(found)s of %(expected)s columns. Export the file again.")


class ColumnsMissing(Refusal):
    """Too few columns."""

    template = gettext_noop("Has %(found)s of %(expected)s columns. Separate them by commas, empty ones too.")


class ColumnsExtra(Refusal):
    """Too many columns."""

    template = gettext_noop("Has %(found)s columns instead of %(expected)s. Put text that holds a comma in quotes.")


class Record(NamedTuple):
    """One record: its fields in the order of the file, or the refusal that says why it has none."""

    line: int
    fields: tuple[str, ...]
    refusal: Refusal | None
    column: str


class Run(NamedTuple):
    """Records that were told apart: the line of each, and their fields column by column in the order of the file."""

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]


class FileReader:
    """A file being read. `order` are its columns as its header has them; iterating gives the records.

    Raises:
        FileUnreadable, FileEmpty, FileEncodingWrong, FileIsWorkbook, DelimiterWrong, HeaderMissing, HeaderWrong: when
            it is opened; nothing of it can be read.
    """

    def __init__(self, path: Path, *, layout: FileLayout) -> None:
        """Open the file and read its header."""
        self.layout = layout
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise FileUnreadable(why=error.strerror or str(error)) from error
        try:
            self._text = _text(self._file)  # kept: without it the file would be closed at its end
            self._lines = Lines(_blocks(self._text))
            header = next(records(self._lines, bounds=_BOUNDS), None)
            if header is None:
                raise FileEmpty
            self.order = _order(header, layout=layout)
        except Refusal:
            self._file.close()
            raise
        except OSError as error:
            self._file.close()
            raise FileUnreadable(why=error.strerror or str(error)) from error
        self._folded = tuple(name.casefold() for name in self.order)

    @property
    def bytes_read(self) -> int:
        """How far the reading has come."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Record]:
        """The records that are not blank."""
        for item in self.runs():
            if isinstance(item, Record):
                yield item
                continue
            for line, fields in zip(item.lines, zip(*item.columns, strict=True), strict=True):
                yield Record(line=line, fields=fields, refusal=None, column="")

    def runs(self) -> Iterator[Run | Record]:
        """The records that are not blank: some thousand at a time, and one by one those that have no fields."""
        while block := self._lines.block():
            first = self._lines.number + 1
            columns = self._plain(block)
            if columns is not None:
                self._lines.number += len(block)
                yield Run(lines=range(first, first + len(block)), columns=columns)
                continue
            self._lines.give_back(block)
            yield from self._one_by_one()

    def copy(self, lines: Iterator[int]) -> Iterator[bytes]:
        """The bytes of the records that begin on some lines (in order), each with one line end."""
        wanted = next(lines, None)
        for raw in records(self._lines, bounds=_BOUNDS):
            if wanted is None:
                return
            if raw.line == wanted:
                yield (raw.source.rstrip("\r\n") + "\n").encode("utf-8", "surrogateescape")
                wanted = next(lines, None)

    def _one_by_one(self) -> Iterator[Run | Record]:
        """The records of the lines that wait, and of those that a record in quotes takes besides."""
        lines: list[int] = []
        rows: list[tuple[str, ...]] = []
        for raw in records(self._lines, bounds=_BOUNDS, further=False):
            refusal, column = self._shape(raw)
            if refusal is not None:
                yield Record(line=raw.line, fields=(), refusal=refusal, column=column)
                continue
            lines.append(raw.line)
            rows.append(raw.fields or ())
        if rows:
            yield Run(lines=lines, columns=list(zip(*rows, strict=True)))

    def _plain(self, block: Sequence[str]) -> list[tuple[str, ...]] | None:
        """The columns of a block of lines each of which is a plain record; None when any is not."""
        text = "".join(block)
        if '"' in text:
            return None
        bodies = text.splitlines() if "\r" not in text else [line.rstrip("\r\n") for line in block]
        joined = ",".join(bodies)
        # What is printable holds no other line end than those of the file, and no other white space than the space.
        if len(bodies) != len(block) or not joined.isprintable() or max(map(len, bodies)) > _ROW_LENGTH_MAX:
            return None
        rows = [body.split(",") for body in bodies]
        if set(map(len, rows)) != {len(self.order)}:
            return None
        columns: list[tuple[str, ...]] = list(zip(*rows, strict=True))
        size = len(self._folded[0])
        if any(len(key) == size and key.casefold() == self._folded[0] for key in columns[0]):
            return None  # the header again, perhaps
        if joined[0] == " " or joined[-1] == " " or " ," in joined or ", " in joined:
            columns = [tuple([field.strip() for field in column]) for column in columns]
        return columns

    def _shape(self, raw: RawRecord) -> tuple[Refusal | None, str]:
        """Why a record has no usable fields, and the column of it."""
        if undecoded := UNDECODED.search(raw.text):
            value = f"0x{ord(undecoded[0]) - 0xDC00:02X}"
            return NotUtf8(value=value), column_with(UNDECODED, record=raw, order=self.order)
        if len(raw.text) > _ROW_LENGTH_MAX:
            return RowTooLong(most=f"{_ROW_LENGTH_MAX:,}"), ""
        if raw.fields is None:
            return QuotesWrong(), ""
        if control := CONTROL.search(raw.text):
            return ControlCharacter(character=f"\\x{ord(control[0]):02x}"), column_with(
                CONTROL, record=raw, order=self.order
            )
        if tuple(field.casefold() for field in raw.fields) == self._folded:
            return HeaderAgain(), ""
        found, expected = len(raw.fields), len(self.order)
        if found < expected:
            return (ColumnsMissing if raw.ends else CutOff)(found=found, expected=expected), ""
        if found > expected:
            return ColumnsExtra(found=found, expected=expected), ""
        return None, ""


def _text(file: BinaryIO) -> TextIO:
    """The file's text with its line ends as they are. A byte that is no UTF-8 becomes a lone surrogate."""
    file.seek(text_start(file.read(HEAD_BYTES)))
    return io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")


def _blocks(text: TextIO) -> Iterator[list[str]]:
    """Physical lines with their ends, a block at a time. Of a line that no row is as long as, the beginning is kept."""
    rest = ""
    while block := text.read(_BLOCK_CHARACTERS):
        if block.endswith("\r"):
            block += text.read(1)  # a CR and its LF are one line end
        lines = physical_lines(rest + block)
        rest = "" if lines[-1].endswith(("\n", "\r")) else lines.pop()[: _ROW_LENGTH_MAX + 1]
        lines = [line if len(line) <= _ROW_LENGTH_MAX else _beginning(line) for line in lines]
        for start in range(0, len(lines), _RUN_ROWS):
            yield lines[start : start + _RUN_ROWS]
    if rest:
        yield [rest]


def _beginning(line: str) -> str:
    return line if len(line.rstrip("\r\n")) <= _ROW_LENGTH_MAX else line[: _ROW_LENGTH_MAX + 1] + "\n"


def _order(record: RawRecord, *, layout: FileLayout) -> tuple[str, ...]:
    """The columns in the order of the file."""
    header = header_of(record, expected=layout.names)
    if faults := header.faults:
        raise HeaderWrong(**faults)
    return header.names

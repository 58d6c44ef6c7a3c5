"""Reading a file of a set as a stream: records with their physical lines, and what cannot be a record.

A file that is not of the layout at all is refused whole. A row that cannot be told apart is a problem by its line, and
the rows around it are read as if it were not there; a quotation mark that never closes costs its own line only.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from weatherhead.areas.migration.layout import FileLayout
from weatherhead.core.values import Refusal, gettext_noop

_RECORD_LINES_MAX = 40
_ROW_LENGTH_MAX = 20_000
_HEAD_BYTES = 400
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


class FileUnreadable(Refusal):
    """The operating system does not give it."""

    template = gettext_noop("The file cannot be read: %(why)s.")


class FileEmpty(Refusal):
    """Nothing in it."""

    template = gettext_noop("The file is empty. Export it again, or leave it out of the set and of control.yaml.")


class FileEncodingWrong(Refusal):
    """The whole file is in another encoding."""

    template = gettext_noop("The file is %(encoding)s, not UTF-8 text. Save it as “CSV UTF-8”.")


class FileIsWorkbook(Refusal):
    """A spreadsheet or archive, not its text."""

    template = gettext_noop("This is a workbook or an archive, not text. Save it as “CSV UTF-8”.")


class DelimiterWrong(Refusal):
    """Columns separated by something else."""

    template = gettext_noop("The columns are separated by %(found)s. Separate them by commas.")


class HeaderMissing(Refusal):
    """The first line is no header."""

    template = gettext_noop("The first line must be the header: %(expected)s")


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

    template = gettext_noop("The row has %(length)s characters; none has as many. Export it again.")


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
            self._lines = _text_lines(self._file)
            self._records = _records(self._lines)
            header = next(self._records, None)
            if header is None:
                raise FileEmpty
            self.order = _order(header, layout=layout)
        except Refusal:
            self._file.close()
            raise
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
        width = len(self.order)
        for raw in self._records:
            fields = raw.fields
            if fields is not None and len(fields) == width and raw.text.isprintable():
                yield Record(line=raw.line, fields=fields, refusal=None, column="")
                continue
            refusal, column = self._shape(raw)
            yield Record(line=raw.line, fields=fields or () if refusal is None else (), refusal=refusal, column=column)

    def copy(self, lines: Iterator[int]) -> Iterator[bytes]:
        """The bytes of the records that begin on some lines (in order), each with one line end."""
        wanted = next(lines, None)
        for raw in self._records:
            if wanted is None:
                return
            if raw.line == wanted:
                yield (raw.source.rstrip("\r\n") + "\n").encode("utf-8", "surrogateescape")
                wanted = next(lines, None)

    def _shape(self, raw: _Raw) -> tuple[Refusal | None, str]:
        """Why a record has no usable fields, and the column of it."""
        if undecoded := _UNDECODED.search(raw.text):
            value = f"0x{ord(undecoded[0]) - 0xDC00:02X}"
            return NotUtf8(value=value), self._column(_UNDECODED, raw)
        if len(raw.text) > _ROW_LENGTH_MAX:
            return RowTooLong(length=len(raw.text)), ""
        if raw.fields is None:
            return QuotesWrong(), ""
        if control := _CONTROL.search(raw.text):
            return ControlCharacter(character=f"\\x{ord(control[0]):02x}"), self._column(_CONTROL, raw)
        if tuple(field.casefold() for field in raw.fields) == self._folded:
            return HeaderAgain(), ""
        found, expected = len(raw.fields), len(self.order)
        if found < expected:
            return (ColumnsMissing if raw.ends else CutOff)(found=found, expected=expected), ""
        if found > expected:
            return ColumnsExtra(found=found, expected=expected), ""
        return None, ""

    def _column(self, pattern: re.Pattern[str], raw: _Raw) -> str:
        named = zip(self.order, raw.fields or (), strict=False)
        return next((name for name, field in named if pattern.search(field)), "")


class _Raw(NamedTuple):
    """A record as it stands: fields, or None when csv cannot tell them apart; whether a line end follows.

    `source` is its text with all line ends, `text` the same on one line.
    """

    line: int
    source: str
    fields: tuple[str, ...] | None
    text: str
    ends: bool


def _text_lines(file: BinaryIO) -> Iterator[str]:
    """Physical lines with their ends. A byte that is no UTF-8 becomes a lone surrogate."""
    head = file.read(_HEAD_BYTES)
    for mark, encoding in _OTHER_ENCODINGS:
        if head.startswith(mark):
            raise FileEncodingWrong(encoding=encoding)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileIsWorkbook
    if head.count(b"\x00") * 3 > len(head):  # without a mark, UTF-16 still has a NUL in every other byte
        raise FileEncodingWrong(encoding="UTF-16")
    file.seek(len(_BOM_UTF8) if head.startswith(_BOM_UTF8) else 0)
    return io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")


def _records(lines: Iterator[str]) -> Iterator[_Raw]:
    """The records that are not blank. A record that cannot be read is its first line alone."""
    waiting: deque[str] = deque()
    number = 0
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        number += 1
        body = line.rstrip("\r\n")
        if '"' not in line:
            if body and not body.isspace():
                fields = tuple([field.strip() for field in body.split(",")])
                yield _Raw(line=number, source=line, fields=fields, text=body, ends=len(body) < len(line))
            continue
        taken, found = _quoted(line, waiting=waiting, lines=lines)
        text = "".join(taken)
        stripped = text.rstrip("\r\n")
        printable_text = stripped.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
        yield _Raw(line=number, source=text, fields=found, text=printable_text, ends=len(stripped) < len(text))
        number += len(taken) - 1


def _quoted(first: str, *, waiting: deque[str], lines: Iterator[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """The lines of a record with quotation marks, and its fields; its first line and None when csv refuses it."""
    taken: list[str] = []

    def pull() -> Iterator[str]:
        taken.append(first)
        yield first
        while len(taken) < _RECORD_LINES_MAX:
            line = waiting.popleft() if waiting else next(lines, None)
            if line is None:
                return
            taken.append(line)
            yield line

    try:
        fields = next(csv.reader(pull(), strict=True))
    except csv.Error:
        waiting.extendleft(reversed(taken[1:]))
        return taken[:1], None
    return taken, tuple(field.strip() for field in fields)


def _order(header: _Raw, *, layout: FileLayout) -> tuple[str, ...]:
    """The columns in the order of the file."""
    expected = layout.names
    names = tuple(name.casefold() for name in header.fields or ())
    if not set(names) & set(expected):
        for delimiter, found in _OTHER_DELIMITERS.items():
            parts = {part.strip(' "').casefold() for part in header.text.split(delimiter)}
            if len(parts) > 1 and parts & set(expected):
                raise DelimiterWrong(found=found)
        raise HeaderMissing(expected=",".join(expected))
    missing = [name for name in expected if name not in names]
    unknown = [name or "(empty)" for name in names if name not in expected]
    twice = [name for name in expected if names.count(name) > 1]
    if missing or unknown or twice:
        raise HeaderWrong(missing=_listed(missing), unknown=_listed(unknown), twice=_listed(twice))
    return names


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "–"

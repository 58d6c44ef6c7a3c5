"""Records of a CSV file that a utility sends: its encoding, line ends, quotation marks, line numbers and header.

A byte that is no UTF-8 becomes a lone surrogate, and lines keep their ends, so that whoever reads records can say what
is wrong with which line and give it back as it came. A quotation mark that never closes costs its own line only.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from weatherhead.core.values import Refusal, gettext_noop

HEAD_BYTES = 400
"""Of a file, for `text_start`."""

TEXT_KEPT_MAX = 1_000
"""Characters of a line that a report keeps."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
UNDECODED = re.compile("[\udc80-\udcff]")
OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_BOM_UTF8 = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


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


def text_start(head: bytes) -> int:
    """Where a file's text begins, behind a mark of its encoding, by its first `HEAD_BYTES` bytes.

    Raises:
        FileEncodingWrong, FileIsWorkbook: it is no UTF-8 text.
    """
    for mark, encoding in _OTHER_ENCODINGS:
        if head.startswith(mark):
            raise FileEncodingWrong(encoding=encoding)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileIsWorkbook
    if head.count(b"\x00") * 3 > len(head):  # without a mark, UTF-16 still has a NUL in every other byte
        raise FileEncodingWrong(encoding="UTF-16")
    return len(_BOM_UTF8) if head.startswith(_BOM_UTF8) else 0


def physical_lines(text: str) -> list[str]:
    """Lines with their ends: LF, CRLF or CR."""
    return list(io.StringIO(text, newline=""))


class Lines:
    """Physical lines, in blocks or one after the other. `number` counts those that were taken one after the other."""

    def __init__(self, blocks: Iterator[list[str]]) -> None:
        """`blocks` are the lines of the file, some at a time."""
        self._blocks = blocks
        self.waiting: deque[str] = deque()
        self.number = 0

    def block(self) -> list[str]:
        """The lines that wait, or the next of the file; none at its end."""
        if not self.waiting:
            return next(self._blocks, [])
        block = list(self.waiting)
        self.waiting.clear()
        return block

    def give_back(self, lines: Sequence[str]) -> None:
        """Let lines wait that were taken."""
        self.waiting.extendleft(reversed(lines))

    def fill(self) -> bool:
        """Let the next lines of the file wait; False at its end."""
        self.waiting.extend(next(self._blocks, ()))
        return bool(self.waiting)


class RawRecord(NamedTuple):
    """A record as it stands: the physical line where it begins, from 1; its text with and without its last line end.

    `fields` are stripped; None when they cannot be told apart, and then the record is its first line alone.
    """

    line: int
    source: str
    text: str
    fields: tuple[str, ...] | None

    @property
    def ends(self) -> bool:
        """Whether a line end follows."""
        return len(self.text) < len(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBounds:
    """What one record may be: lines that one in quotes may take; characters of a line, beyond which no field counts."""

    lines_max: int
    line_length_max: int | None = None


def records(lines: Lines, *, bounds: RecordBounds, further: bool = True) -> Iterator[RawRecord]:
    """The records that are not blank: of the whole file, or without `further` ones of the lines that wait.

    What a record in quotes takes beyond them, and lines given back, count as waiting.
    """
    waiting, line_length_max = lines.waiting, bounds.line_length_max or sys.maxsize
    while waiting or (further and lines.fill()):
        line = waiting.popleft()
        lines.number += 1
        text = line.rstrip("\r\n")
        if len(text) > line_length_max:
            yield RawRecord(lines.number, line, text, None)
        elif '"' not in line:
            if text and not text.isspace():
                yield RawRecord(lines.number, line, text, tuple([field.strip() for field in text.split(",")]))
        else:
            number = lines.number
            taken, fields = _quoted(line, lines=lines, lines_max=bounds.lines_max)
            lines.number += len(taken) - 1
            source = "".join(taken)
            yield RawRecord(number, source, source.rstrip("\r\n"), fields)


def _quoted(first: str, *, lines: Lines, lines_max: int) -> tuple[list[str], tuple[str, ...] | None]:
    """The lines of a record with quotation marks, and its fields; its first line and None when csv refuses it."""
    taken: list[str] = []

    def pull() -> Iterator[str]:
        taken.append(first)
        yield first
        while len(taken) < lines_max:
            if not lines.waiting and not lines.fill():
                return
            line = lines.waiting.popleft()
            taken.append(line)
            yield line

    try:
        fields = next(csv.reader(pull(), strict=True))
    except csv.Error:
        lines.give_back(taken[1:])
        return taken[:1], None
    return taken, tuple(field.strip() for field in fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The columns in the order of the file, and what is wrong with them: missing, unknown, named twice."""

    names: tuple[str, ...]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    twice: tuple[str, ...]

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong, for a sentence; empty when each column is named once."""
        if not (self.missing or self.unknown or self.twice):
            return {}
        found = {"missing": self.missing, "unknown": self.unknown, "twice": self.twice}
        return {name: ", ".join(columns) or "–" for name, columns in found.items()}


def header_of(record: RawRecord, *, expected: Sequence[str]) -> Header:
    """What the first record of a file names, in whatever case.

    Raises:
        DelimiterWrong, HeaderMissing: none of the columns is in it.
    """
    names = tuple(name.casefold() for name in record.fields or ())
    if not set(names) & set(expected):
        for delimiter, found in OTHER_DELIMITERS.items():
            parts = {part.strip(' "').casefold() for part in record.text.split(delimiter)}
            if len(parts) > 1 and parts & set(expected):
                raise DelimiterWrong(found=found)
        raise HeaderMissing(expected=",".join(expected))
    return Header(
        names=names,
        missing=tuple(name for name in expected if name not in names),
        unknown=tuple(printable(name) or "(empty)" for name in names if name not in expected),
        twice=tuple(name for name in expected if names.count(name) > 1),
    )


def column_with(pattern: re.Pattern[str], *, record: RawRecord, order: Sequence[str]) -> str:
    """The first column of a record whose field holds something; empty when none does."""
    named = zip(order, record.fields or (), strict=False)
    return next((name for name, field in named if pattern.search(field)), "")


def printable(text: str) -> str:
    """Text that a database and a terminal can take: stray bytes and control characters escaped, long text shortened."""
    kept = text[:TEXT_KEPT_MAX] + "…" if len(text) > TEXT_KEPT_MAX else text
    decoded = kept.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", decoded)

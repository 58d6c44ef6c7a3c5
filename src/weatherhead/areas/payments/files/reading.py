"""Bytes of a payment file to its items, by the kind of file that its source sends."""

from __future__ import annotations

import re
from datetime import date

from weatherhead.areas.payments.files.bai2 import parse_bai2
from weatherhead.areas.payments.files.csv_items import parse_csv
from weatherhead.areas.payments.files.items import PaymentFileEmpty, PaymentFileRead, require_size
from weatherhead.areas.payments.files.layout import UNREADABLE
from weatherhead.areas.payments.files.lockbox import parse_lockbox
from weatherhead.areas.payments.files.sources import Source
from weatherhead.areas.records.csv_records import HEAD_BYTES, physical_lines, text_start

STRAY = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""What no bank's text holds, and no database takes: control characters, and bytes that are no UTF-8."""


def read_payment_file(content: bytes, *, source: Source, as_of: date) -> PaymentFileRead:
    """Read a file as its source sends them. Items dated after `as_of` are problems.

    Raises:
        PaymentFileTooLarge, PaymentFileEmpty, FileEncodingWrong, FileIsWorkbook, NoSuchFormat, HeaderMissing,
        DelimiterWrong, ColumnsMissing, FileWithoutPayments: it is no such file, or nothing is in it.
    """
    require_size(len(content))
    begin = text_start(content[:HEAD_BYTES])
    text = content[begin:].decode("utf-8", "surrogateescape")
    if not text.strip():
        raise PaymentFileEmpty
    lines = physical_lines(text)
    if source.kind in ("csv", "agency"):
        return parse_csv(lines, source=source, as_of=as_of)
    bare = [STRAY.sub(UNREADABLE, line.rstrip("\r\n")) for line in lines]
    while not bare[-1].strip():
        bare.pop()
    if source.kind == "lockbox":
        return parse_lockbox(bare, source=source, as_of=as_of)
    return parse_bai2(bare, source=source, as_of=as_of)

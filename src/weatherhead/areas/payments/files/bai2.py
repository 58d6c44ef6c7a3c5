"""Reading a BAI2 file: a bank's statement of the day, of which the credits are receipts.

Cash Management Balance Reporting Specifications, version 2: records 01 (file), 02 (group), 03 (account), 16
(transaction), 88 (continuation), 49, 98 and 99 (trailers with control totals and record counts at each level). Fields
are separated by commas, a record ends with a slash or, behind a transaction's text, with its line. Amounts are cents
without a decimal point. The control total of an account is the sum of every amount in its 03 and 16 records.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from weatherhead.areas.payments.files.items import (
    Gathering,
    Item,
    NoSuchFormat,
    PaymentFileRead,
    kept_text,
    reference_of,
    short,
)
from weatherhead.areas.payments.files.sources import Source
from weatherhead.core.values import Sentence, gettext_noop

_KIND = gettext_noop("BAI2")
_CENTURY = 2000
_CODES = frozenset({"01", "02", "03", "16", "49", "98", "99"})
_AMOUNT = re.compile(r"[+-]?[0-9]{1,15}", re.ASCII)
_DOLLARS = frozenset({"", "USD"})
_TRANSACTION_FIELDS = 4  # code, type, amount, funds type
_SUMMARY_FIELDS = 4  # type, amount, items, funds type

_UNKNOWN = gettext_noop("No record begins with “%(code)s”. The line was passed over; ask the bank for the file again.")
_LOOSE = gettext_noop("This record continues none that stands before it. It was passed over.")
_BAD_AMOUNT = gettext_noop("“%(text)s” is no amount in cents. Ask the bank what it is, and post it by hand.")
_BAD_FUNDS = gettext_noop("“%(text)s” is no funds type (0, 1, 2, V, S, D or Z). Post the receipt by hand.")
_NO_GROUP = gettext_noop("No group (record 02) says of which day it is. Post the receipt by hand.")
_BAD_DAY = gettext_noop("“%(text)s” is no day (YYMMDD). The receipts of this group cannot be dated.")
_CURRENCY = gettext_noop("The account is in %(currency)s, not US dollars. Its receipts are not posted here.")
_BAD_TOTAL = gettext_noop("“%(text)s” is no number, so this total could not be compared. Ask the bank about it.")
_NO_TRAILER = gettext_noop("The file ends without its trailer (record 99): it may have been cut off. Fetch it again.")
_NO_ACCOUNT_TRAILER = gettext_noop("The account has no trailer (record 49), so its total could not be compared.")
_AFTER = gettext_noop("Records follow the trailer (record 99). They were passed over; ask the bank about them.")
_VERSION = gettext_noop("version 2 in the header (record 01)")


@dataclass(slots=True, kw_only=True, frozen=False)
class _Record:
    """A record with what continues it: where it begins, its code, its fields, and how many lines it took."""

    line: int
    code: str
    body: str
    text: str
    lines: int = 1


@dataclass(slots=True, kw_only=True, frozen=False)
class _State:
    """Where the reader is, and what each level has come to."""

    found: Gathering
    source: Source
    day: date | None = None
    day_text: str = ""
    account: str = ""
    currency: str = ""
    group_currency: str = ""
    in_account: bool = False
    cents: int = 0  # of the account
    records: int = 0
    group_cents: int = 0
    group_accounts: int = 0
    group_records: int = 0
    file_cents: int = 0
    file_groups: int = 0
    file_records: int = 0
    ended: bool = False
    seen: Counter[str] = field(default_factory=Counter)


def parse_bai2(lines: list[str], *, source: Source, as_of: date) -> PaymentFileRead:
    """Read the lines of a BAI2 file.

    Raises:
        NoSuchFormat: it does not begin as one, or is of another version.
        FileWithoutPayments: no transaction is a receipt.
    """
    first = lines[0] if lines else ""
    version = first.rstrip("/ ").rpartition(",")[2].strip()
    if not first.startswith("01,") or version != "2":
        expected = gettext_noop("a file header (record 01)") if not first.startswith("01,") else _VERSION
        raise NoSuchFormat(kind=_KIND, line=1, text=kept_text(first)[:40], expected=expected)
    state = _State(found=Gathering(as_of=as_of), source=source)
    for record in _records(lines, found=state.found):
        state.file_records += record.lines
        state.group_records += record.lines
        state.records += record.lines
        if state.ended:
            state.found.problem(
                line=record.line, name="record", code="after_trailer", what=Sentence(_AFTER), text=record.text
            )
            break
        _READERS[record.code](state, record)
    if not state.ended:
        state.found.problem(
            line=len(lines), name="record", code="trailer_missing", what=Sentence(_NO_TRAILER), text=lines[-1]
        )
    return state.found.read()


def _records(lines: list[str], *, found: Gathering) -> Iterator[_Record]:
    """Records with their continuations joined; what is none is reported, and counts as a record of the frame."""
    waiting: _Record | None = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        code, _, body = text.partition(",")
        if code == "88" and waiting is not None:
            waiting.body = _joined(waiting.body, body)
            waiting.text += " " + text
            waiting.lines += 1
            continue
        if code not in _CODES:
            what = Sentence(_LOOSE) if code == "88" else Sentence(_UNKNOWN, {"code": kept_text(code)[:10]})
            name = "continues_nothing" if code == "88" else "unknown"
            found.problem(line=number, name="record", code=name, what=what, text=line)
            if waiting is not None:
                waiting.lines += 1  # the bank counted it
            continue
        if waiting is not None:
            yield waiting
        waiting = _Record(line=number, code=code, body=body, text=text)
    if waiting is not None:
        yield waiting


def _joined(body: str, more: str) -> str:
    """A record and what continues it: a slash ends its line at a field, no slash goes on inside the text."""
    return f"{body[:-1]},{more}" if body.endswith("/") else f"{body} {more}"


def _fields(record: _Record) -> list[str]:
    return [part.strip() for part in record.body.rstrip("/").split(",")]


def _part(fields: list[str], place: int) -> str:
    return fields[place] if place < len(fields) else ""


def _file(_: _State, __: _Record) -> None:
    """Its dates are of the file; groups have their own."""


def _group(state: _State, record: _Record) -> None:
    fields = _fields(record)
    state.group_cents, state.group_accounts, state.group_records = 0, 0, record.lines
    state.file_groups += 1
    state.day_text, state.group_currency = _part(fields, 3), _part(fields, 5)
    state.day = _day(state.day_text)
    if state.day is None:
        what = Sentence(_BAD_DAY, {"text": kept_text(state.day_text)[:20]})
        state.found.problem(line=record.line, name="as_of", code="frame_day_unreadable", what=what, text=record.text)


def _day(text: str) -> date | None:
    if len(text) != len("YYMMDD") or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(_CENTURY + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _account(state: _State, record: _Record) -> None:
    if state.in_account:
        what = Sentence(_NO_ACCOUNT_TRAILER)
        state.found.problem(line=record.line, name="record", code="account_trailer_missing", what=what)
    fields = _fields(record)
    state.in_account, state.cents, state.records = True, 0, record.lines
    state.group_accounts += 1
    state.account, state.currency = _part(fields, 0), _part(fields, 1) or state.group_currency
    place = 2
    while place < len(fields):
        amount = _part(fields, place + 1)
        if _AMOUNT.fullmatch(amount):
            state.cents += int(amount)
        place += _SUMMARY_FIELDS + _funds_width(fields, place + 3)
    if state.currency not in _DOLLARS:
        what = Sentence(_CURRENCY, {"currency": kept_text(state.currency)[:10]})
        state.found.problem(line=record.line, name="currency", code="other_currency", what=what, text=record.text)


def _funds_width(fields: list[str], place: int) -> int:
    """How many fields a funds type brings with it: V a day and a time, S three amounts, D pairs as many as it says."""
    match _part(fields, place).upper():
        case "V":
            return 2
        case "S":
            return 3
        case "D":
            count = _part(fields, place + 1)
            return 1 + 2 * int(count) if count.isascii() and count.isdigit() and len(count) < 3 else 1
        case _:
            return 0


def _transaction(state: _State, record: _Record) -> None:
    head = [part.strip() for part in record.body.split(",")]
    kind, amount = _part(head, 0), _part(head, 1).rstrip("/")
    receipt = kind in state.source.receipts
    if not _AMOUNT.fullmatch(amount):
        what = Sentence(_BAD_AMOUNT, {"text": kept_text(amount)[:20]})
        state.found.problem(line=record.line, name="amount", code="amount_unreadable", what=what, text=record.text)
        return
    cents = int(amount)
    state.cents += cents
    if not receipt:
        state.found.passed_over += 1
        return
    if state.currency not in _DOLLARS:
        return  # told once, at its account
    funds = _part(head, 2).rstrip("/").upper()
    where = {"line": record.line, "cents": cents, "text": record.text}
    if funds not in {"", "0", "1", "2", "V", "S", "D", "Z"}:
        what = Sentence(_BAD_FUNDS, {"text": kept_text(funds)[:20]})
        state.found.problem(**where, name="funds_type", code="funds_type_unknown", what=what)  # type: ignore[arg-type]
        return
    if state.day is None:
        state.found.problem(**where, name="date", code="no_day", what=Sentence(_NO_GROUP))  # type: ignore[arg-type]
        return
    place = _TRANSACTION_FIELDS - 1 + _funds_width(head, 2)
    bank_reference, customer_reference = _part(head, place).rstrip("/"), _part(head, place + 1).rstrip("/")
    text = ",".join(head[place + 2 :]).rstrip("/")
    item = Item(
        line=record.line,
        reference=_reference(state, bank_reference=bank_reference, record=record),
        account=_account_in(state.source, text=text, customer_reference=customer_reference),
        cents=cents,
        day=state.day.toordinal(),
        payer=short(text),
    )
    state.found.take([item], text=record.text, delimited=True)


def _reference(state: _State, *, bank_reference: str, record: _Record) -> str:
    """The bank's reference; without one, what the record says, and how many before it say the same."""
    day = f"{state.day:%y%m%d}"
    if bank_reference.strip("0"):
        return reference_of(f"{day}-{bank_reference}")
    said = hashlib.sha256(f"{state.account}\n{record.body}".encode()).hexdigest()[:20]
    state.seen[said] += 1
    return f"{day}-{said}-{state.seen[said]}"


def _account_in(source: Source, *, text: str, customer_reference: str) -> str:
    found = re.search(source.account, text, re.IGNORECASE)
    if found is not None:
        return found[1]
    return customer_reference if customer_reference.strip("0") else ""


def _account_trailer(state: _State, record: _Record) -> None:
    fields = _fields(record)
    level = f"account …{state.account[-4:]}"
    _compare(state, record=record, level=level, said=(_part(fields, 0), _part(fields, 1)), second="records",
             found=(state.cents, state.records))  # fmt: skip
    # What a trailer says is what the next level sums: a difference is told once, where it is.
    said = _part(fields, 0)
    state.group_cents += int(said) if _AMOUNT.fullmatch(said) else state.cents
    state.in_account = False


def _group_trailer(state: _State, record: _Record) -> None:
    fields = _fields(record)
    level = f"group {state.file_groups}"
    _compare(state, record=record, level=level, said=(_part(fields, 0), _part(fields, 1)), second="accounts",
             found=(state.group_cents, state.group_accounts))  # fmt: skip
    _count(state, record=record, level=level, unit="records", said=_part(fields, 2), found=state.group_records)
    said = _part(fields, 0)
    state.file_cents += int(said) if _AMOUNT.fullmatch(said) else state.group_cents


def _file_trailer(state: _State, record: _Record) -> None:
    fields = _fields(record)
    _compare(state, record=record, level="file", said=(_part(fields, 0), _part(fields, 1)), second="groups",
             found=(state.file_cents, state.file_groups))  # fmt: skip
    _count(state, record=record, level="file", unit="records", said=_part(fields, 2), found=state.file_records)
    state.ended = True


def _compare(
    state: _State, *, record: _Record, level: str, said: tuple[str, str], second: str, found: tuple[int, int]
) -> None:
    for unit, text, value in (("cents", said[0], found[0]), (second, said[1], found[1])):
        _count(state, record=record, level=level, unit=unit, said=text, found=value)


def _count(state: _State, *, record: _Record, level: str, unit: str, said: str, found: int) -> None:
    number = int(said) if _AMOUNT.fullmatch(said) else None
    if number is None:
        what = Sentence(_BAD_TOTAL, {"text": kept_text(said)[:20]})
        state.found.problem(line=record.line, name=unit, code="total_unreadable", what=what, text=record.text)
    state.found.total(level=level, line=record.line, unit=unit, said=number, found=found)


_READERS = {
    "01": _file,
    "02": _group,
    "03": _account,
    "16": _transaction,
    "49": _account_trailer,
    "98": _group_trailer,
    "99": _file_trailer,
}

"""Reading a lockbox file: batches of checks, with counts and amounts claimed of each batch, lockbox and the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from weatherhead.areas.payments.files.items import (
    Gathering,
    Item,
    NoSuchFormat,
    PaymentFileRead,
    kept_text,
    short,
)
from weatherhead.areas.payments.files.layout import CODES, RECORDS, UNREADABLE, WIDTH
from weatherhead.areas.payments.files.sources import Source
from weatherhead.core.values import Sentence, gettext_noop

_CENTURY = 2000
_KIND = gettext_noop("lockbox")
_UNKNOWN = gettext_noop("No record begins with “%(code)s”. The line was passed over; ask the bank for the file again.")
_TOO_LONG = gettext_noop("The line has %(length)s characters, and 80 are allowed. It was passed over.")
_AMOUNT = gettext_noop("“%(text)s” is no amount: ten digits of cents were expected. Post the check by hand.")
_NO_DAY = gettext_noop("Neither its batch nor the file says on which day it was deposited. Post the check by hand.")
_DAY = gettext_noop("“%(text)s” is no day (YYMMDD). The day of the file, %(instead)s, was taken instead.")
_NO_HEADER = gettext_noop("The batch has no header (record 5). The day of the file, %(instead)s, was taken instead.")
_OTHER_BATCH = gettext_noop("The check says batch %(said)s inside batch %(batch)s. It was taken as it says.")
_LOOSE_OVERFLOW = gettext_noop("This record continues no check that stands before it. It was passed over.")
_OVER = gettext_noop("The check's further accounts come to more than the check. Post it by hand.")
_NO_FURTHER = gettext_noop(
    "“%(text)s” is no amount for a further account: ten digits of cents were expected. Post the check by hand."
)
_NO_COUNT = gettext_noop("“%(text)s” is no number, so this total could not be compared. Ask the bank about it.")
_NO_TOTAL = gettext_noop("Batch %(batch)s has no total (record 7). Compare it with the bank's advice.")
_NO_TRAILER = gettext_noop("The file ends without its trailer (record 9): it may have been cut off. Fetch it again.")
_AFTER = gettext_noop("Records follow the trailer (record 9). They were passed over; ask the bank about them.")


@dataclass(slots=True, kw_only=True, frozen=False)
class _Sum:
    """Checks counted, and cents as far as they can be read."""

    items: int = 0
    cents: int = 0


@dataclass(slots=True, kw_only=True, frozen=False)
class _State:
    """Where the reader is."""

    found: Gathering
    columns: Mapping[str, Mapping[str, slice]]
    file_on: date | None = None
    batch: str = ""
    lockbox: str = ""
    batch_on: date | None = None
    in_batch: bool = False
    batch_sum: _Sum = field(default_factory=_Sum)
    service_sum: _Sum = field(default_factory=_Sum)
    records: int = 0
    ended: bool = False
    detail: tuple[int, str] | None = None  # a check that overflow records may follow
    overflow: list[tuple[int, str]] = field(default_factory=list)

    def cut(self, record: str, name: str, text: str) -> str:
        """A field of a record."""
        return text[self.columns[record][name]].strip()

    def cents(self, record: str, text: str) -> int | None:
        """The amount of a record; None when it is none, or its line was cut off within it."""
        found = self.cut(record, "amount", text)
        whole = len(text) >= self.columns[record]["amount"].stop
        return int(found) if whole and found.isascii() and found.isdigit() else None


def parse_lockbox(lines: list[str], *, source: Source, as_of: date) -> PaymentFileRead:
    """Read the lines of a lockbox file.

    Raises:
        NoSuchFormat: it does not begin as one.
        FileWithoutPayments: nothing in it.
    """
    first = lines[0] if lines else ""
    if not first.startswith("1") or (len(lines) > 1 and lines[1][:1] not in CODES) or not _legible(first):
        number = 1 if not first.startswith("1") else 2
        shown = kept_text(lines[number - 1] if len(lines) >= number else "")
        expected = gettext_noop("a header (record 1) and records after it")
        raise NoSuchFormat(kind=_KIND, line=number, text=shown[:40], expected=expected)
    columns = _slices(source)
    filled = (columns["detail"]["remittance"], columns["overflow"]["account"], columns["overflow"]["payer"])
    state = _State(found=Gathering(as_of=as_of, columns=filled), columns=columns)
    for number, line in _records(lines, state=state):
        _READERS[CODES[line[0]]](state, number, line)
    _end_detail(state)
    if not state.ended:
        state.found.problem(
            line=len(lines), name="record", code="trailer_missing", what=Sentence(_NO_TRAILER), text=lines[-1]
        )
    return state.found.read()


def _legible(line: str) -> bool:
    return line.isprintable() and UNREADABLE not in line


def _slices(source: Source) -> dict[str, dict[str, slice]]:
    return {
        record: {
            name: slice(first - 1, last) for name, (first, last) in (fields | source.layout.get(record, {})).items()
        }
        for record, fields in RECORDS.items()
    }


def _records(lines: list[str], *, state: _State) -> Iterator[tuple[int, str]]:
    """The records that are ones; what is not is reported."""
    for number, line in enumerate(lines, 1):
        if not line or line.isspace():
            continue
        if state.ended:
            state.found.problem(line=number, name="record", code="after_trailer", what=Sentence(_AFTER), text=line)
            return
        state.records += 1
        if line[0] not in CODES:
            said = {"code": kept_text(line[:1])}
            state.found.problem(line=number, name="record", code="unknown", what=Sentence(_UNKNOWN, said), text=line)
        elif len(line) > WIDTH and line[WIDTH:].strip():
            said = {"length": str(len(line))}
            what = Sentence(_TOO_LONG, said)
            state.found.problem(line=number, name="record", code="line_too_long", what=what, text=line)
        else:
            yield number, line


def _day(text: str) -> date | None:
    if len(text) != len("YYMMDD") or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(_CENTURY + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None


def _number(state: _State, *, record: str, name: str, number: int, line: str) -> int | None:
    """A count or an amount of a total; None when it is none, which is reported."""
    text = state.cut(record, name, line)
    if text.isascii() and text.isdigit():
        return int(text)
    what = Sentence(_NO_COUNT, {"text": kept_text(text)})
    state.found.problem(line=number, name=name, code="total_unreadable", what=what, text=line)
    return None


def _header(state: _State, _: int, line: str) -> None:
    state.file_on = _day(state.cut("header", "made_on", line))


def _service(state: _State, _: int, __: str) -> None:
    _end_detail(state)
    state.service_sum = _Sum()


def _batch(state: _State, number: int, line: str) -> None:
    _end_detail(state)
    if state.in_batch:
        what = Sentence(_NO_TOTAL, {"batch": state.batch})
        state.found.problem(line=number, name="record", code="batch_total_missing", what=what, text=line)
    state.in_batch, state.batch_sum = True, _Sum()
    state.batch, state.lockbox = state.cut("batch", "batch", line), state.cut("batch", "lockbox", line)
    text = state.cut("batch", "deposited_on", line)
    state.batch_on = _day(text)
    if state.batch_on is None and state.file_on is not None:
        state.batch_on = state.file_on
        what = Sentence(_DAY, {"text": kept_text(text), "instead": state.file_on.isoformat()})
        state.found.problem(line=number, name="deposited_on", code="frame_day_unreadable", what=what, text=line)


def _detail(state: _State, number: int, line: str) -> None:
    _end_detail(state)
    if not state.in_batch:
        state.in_batch, state.batch_sum, state.batch_on = True, _Sum(), state.file_on
        state.batch, state.lockbox = state.cut("detail", "batch", line), ""
        what = Sentence(_NO_HEADER, {"instead": state.file_on.isoformat() if state.file_on else "–"})
        state.found.problem(line=number, name="record", code="batch_header_missing", what=what, text=line)
    state.detail = (number, line)


def _overflow(state: _State, number: int, line: str) -> None:
    same = state.detail is not None and all(
        state.cut("overflow", name, line) == state.cut("detail", name, state.detail[1]) for name in ("batch", "item")
    )
    if same:
        state.overflow.append((number, line))
    else:
        what = Sentence(_LOOSE_OVERFLOW)
        state.found.problem(line=number, name="record", code="overflow_alone", what=what, text=line)


def _end_detail(state: _State) -> None:
    """A check is complete when another record than its overflow comes."""
    if state.detail is None:
        return
    (number, line), overflow = state.detail, state.overflow
    state.detail, state.overflow = None, []
    state.batch_sum.items += 1
    state.service_sum.items += 1
    cents = state.cents("detail", line)
    if cents is None:
        what = Sentence(_AMOUNT, {"text": kept_text(state.cut("detail", "amount", line))})
        state.found.problem(line=number, name="amount", code="amount_unreadable", what=what, text=line)
        return
    state.batch_sum.cents += cents
    state.service_sum.cents += cents
    if state.batch_on is None:
        what = Sentence(_NO_DAY)
        state.found.problem(line=number, name="date", code="no_day", what=what, cents=cents, text=line)
        return
    batch, item = state.cut("detail", "batch", line), state.cut("detail", "item", line)
    if batch != state.batch:
        what = Sentence(_OTHER_BATCH, {"said": kept_text(batch), "batch": state.batch})
        state.found.problem(line=number, name="batch", code="other_batch", what=what, text=line)
    unreadable = next((at for at, text in overflow if _amount_is_none(state, text)), None)
    if unreadable is not None:
        [text] = [text for at, text in overflow if at == unreadable]
        what = Sentence(_NO_FURTHER, {"text": kept_text(state.cut("overflow", "amount", text))})
        state.found.problem(
            line=unreadable, name="amount", code="further_unreadable", what=what, cents=cents, text=text
        )
        return
    further, payer = _further(state, overflow)
    own = cents - sum(amount for _, _, amount in further)
    if own < 0:
        state.found.problem(
            line=number, name="amount", code="overflow_above_check", what=Sentence(_OVER), cents=cents, text=line
        )
        return
    reference = f"{state.batch_on:%y%m%d}-{state.lockbox}-{batch}-{item}"
    parts = [(number, state.cut("detail", "remittance", line), own), *further] if own or not further else further
    day = state.batch_on.toordinal()
    bank_mark = state.cut("detail", "routing", line) + state.cut("detail", "payer_account", line)
    check_number = state.cut("detail", "check_number", line).lstrip("0")
    items = [
        Item(at, reference, account, amount, day, payer, bank_mark, check_number, part)
        for part, (at, account, amount) in enumerate(parts)
    ]
    state.found.take(items, text=line, delimited=False)


def _further(state: _State, overflow: list[tuple[int, str]]) -> tuple[list[tuple[int, str, int]], str]:
    """The further accounts that a check pays, and the payer's name, from its overflow records."""
    found: list[tuple[int, str, int]] = []
    payer = ""
    for number, line in overflow:
        payer = short(state.cut("overflow", "payer", line)) or payer
        cents = state.cents("overflow", line)
        if cents:
            found.append((number, state.cut("overflow", "account", line), cents))
    return found, payer


def _amount_is_none(state: _State, line: str) -> bool:
    """Whether an overflow record names a further account or an amount, and its amount cannot be read."""
    named = state.cut("overflow", "account", line).strip("0") or state.cut("overflow", "amount", line)
    return bool(named) and state.cents("overflow", line) is None


def _batch_total(state: _State, number: int, line: str) -> None:
    _end_detail(state)
    level = f"batch {state.cut('batch_total', 'batch', line)}"
    _compare(state, record="batch_total", level=level, number=number, line=line, found=state.batch_sum)
    state.in_batch, state.batch_sum = False, _Sum()


def _service_total(state: _State, number: int, line: str) -> None:
    _end_detail(state)
    if state.in_batch:
        what = Sentence(_NO_TOTAL, {"batch": state.batch})
        state.found.problem(line=number, name="record", code="batch_total_missing", what=what, text=line)
        state.in_batch = False
    level = f"lockbox {state.cut('service_total', 'lockbox', line)}"
    _compare(state, record="service_total", level=level, number=number, line=line, found=state.service_sum)
    state.service_sum = _Sum()


def _compare(state: _State, *, record: str, level: str, number: int, line: str, found: _Sum) -> None:
    for name, unit, value in (("items", "items", found.items), ("amount", "cents", found.cents)):
        said = _number(state, record=record, name=name, number=number, line=line)
        state.found.total(level=level, line=number, unit=unit, said=said, found=value)


def _trailer(state: _State, number: int, line: str) -> None:
    _end_detail(state)
    said = _number(state, record="trailer", name="records", number=number, line=line)
    state.found.total(level="file", line=number, unit="records", said=said, found=state.records)
    state.ended = True


_READERS = {
    "header": _header,
    "service": _service,
    "batch": _batch,
    "detail": _detail,
    "overflow": _overflow,
    "batch_total": _batch_total,
    "service_total": _service_total,
    "trailer": _trailer,
}

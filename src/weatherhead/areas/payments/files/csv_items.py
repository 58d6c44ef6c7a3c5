"""Reading a CSV file of payments: columns as its source names them. Remittances of agencies are such files, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from weatherhead.areas.payments.files.items import Gathering, Item, PaymentFileRead, oneline, reference_of, short
from weatherhead.areas.payments.files.sources import Source
from weatherhead.areas.records.csv_records import Lines, RawRecord, RecordBounds, header_of, printable, records
from weatherhead.core.values import YEARS, AmountNotUnderstood, Refusal, Sentence, gettext_noop, parse_cents

_COUNT_DIGITS_MAX = 9
_BOUNDS = RecordBounds(lines_max=20, line_length_max=10_000)

_FIELDS = gettext_noop(
    "The row has %(found)s fields and the header %(expected)s. Put the row right, or post it by hand."
)
_UNQUOTED = gettext_noop("The row's quotation marks do not fit together. Put the row right, or post it by hand.")
_NO_REFERENCE = gettext_noop("The row has no reference, by which a repetition would be known. Post it by hand.")
_NO_AGENCY = gettext_noop("The row does not say which agency pays. Ask who sent the file, and post it by hand.")
_BAD_DATE = gettext_noop("“%(text)s” is no day as this source writes them (%(form)s). Post the payment by hand.")
_NO_TOTAL_ROW = gettext_noop("The file ends without its total (%(label)s): it may have been cut off. Fetch it again.")
_AFTER_TOTAL = gettext_noop("The row stands behind the file's total. It was passed over; ask the source about it.")
_BAD_TOTAL = gettext_noop("“%(text)s” is no number, so this total could not be compared. Ask the source about it.")


class ColumnsMissing(Refusal):
    """The header does not name what the source is said to send."""

    template = gettext_noop(
        "The header does not fit the source: missing %(missing)s, twice %(twice)s. Check which source the file came "
        "from, or correct its columns in payment_sources.yaml. Nothing was posted."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """The file's columns by our names, and what it has come to."""

    source: Source
    places: Mapping[str, int]
    width: int
    found: Gathering


def parse_csv(lines: list[str], *, source: Source, as_of: date) -> PaymentFileRead:
    """Read the lines (with their ends) of a CSV file.

    Raises:
        DelimiterWrong, HeaderMissing, ColumnsMissing: it is no file of this source.
        FileWithoutPayments: a header and nothing else.
    """
    if source.columns is None:
        raise ValueError("a source of CSV files has columns")
    rows = records(Lines(iter([lines])), bounds=_BOUNDS)
    named = {name: theirs.casefold() for name, theirs in source.columns.named.items()}
    first = next(rows, None)
    header = header_of(first or RawRecord(1, "", "", ()), expected=tuple(named.values()))
    if header.missing or header.twice:
        raise ColumnsMissing(missing=", ".join(header.missing) or "–", twice=", ".join(header.twice) or "–")
    reading = _Reading(
        source=source,
        places={name: header.names.index(theirs) for name, theirs in named.items()},
        width=len(header.names),
        found=Gathering(as_of=as_of),
    )
    items, cents, total = 0, 0, False
    for row in rows:
        if total:
            what = Sentence(_AFTER_TOTAL)
            reading.found.problem(line=row.line, name="row", code="after_total", what=what, text=row.text)
        elif _is_total(row, source=source):
            total = True
            _compare(row, reading=reading, items=items, cents=cents)
        else:
            items += 1
            cents += _row(row, reading=reading)
    if source.total_row is not None and not total:
        what = Sentence(_NO_TOTAL_ROW, {"label": source.total_row.label})
        reading.found.problem(line=len(lines), name="row", code="total_missing", what=what)
    return reading.found.read()


def _is_total(row: RawRecord, *, source: Source) -> bool:
    return source.total_row is not None and (row.fields or ("",))[0] == source.total_row.label


def _compare(row: RawRecord, *, reading: _Reading, items: int, cents: int) -> None:
    total = reading.source.total_row
    if total is None or row.fields is None:
        return
    for unit, place, found in (("items", total.count, items), ("cents", total.amount, cents)):
        if place is None:
            continue
        text = row.fields[place - 1] if place <= len(row.fields) else ""
        said: int | None = None
        if unit == "cents":
            try:
                said = parse_cents(text)
            except AmountNotUnderstood:
                said = None
        elif text.isascii() and text.isdigit() and len(text) <= _COUNT_DIGITS_MAX:
            said = int(text)
        if said is None:
            what = Sentence(_BAD_TOTAL, {"text": printable(text)[:20]})
            reading.found.problem(line=row.line, name=unit, code="total_unreadable", what=what, text=row.text)
        reading.found.total(level="file", line=row.line, unit=unit, said=said, found=found)


def _row(row: RawRecord, *, reading: _Reading) -> int:
    """Take a row; returns the cents that it says, 0 when that cannot be read."""
    found = reading.found
    if row.fields is None:
        found.problem(line=row.line, name="row", code="quotation_marks", what=Sentence(_UNQUOTED), text=row.text)
        return 0
    if len(row.fields) != reading.width:
        said = {"found": str(len(row.fields)), "expected": str(reading.width)}
        found.problem(line=row.line, name="row", code="fields", what=Sentence(_FIELDS, said), text=row.text)
        return 0
    values = {name: row.fields[place] for name, place in reading.places.items()}
    try:
        cents = parse_cents(values["amount"])
    except AmountNotUnderstood as refusal:
        what = Sentence(refusal.template, {name: printable(str(said)) for name, said in refusal.params.items()})
        found.problem(line=row.line, name="amount", code="amount_unreadable", what=what, text=row.text)
        return 0
    _take(row, values=values, cents=cents, reading=reading)
    return cents


def _take(row: RawRecord, *, values: Mapping[str, str], cents: int, reading: _Reading) -> None:
    source, found = reading.source, reading.found
    where = {"line": row.line, "cents": cents, "text": row.text}
    if not values["reference"]:
        found.problem(**where, name="reference", code="no_reference", what=Sentence(_NO_REFERENCE))  # type: ignore[arg-type]
        return
    if source.kind == "agency" and not values.get("agency"):
        found.problem(**where, name="agency", code="no_agency", what=Sentence(_NO_AGENCY))  # type: ignore[arg-type]
        return
    day = found.as_of
    if "paid_on" in values:
        read = _day(values["paid_on"], form=source.date)
        if read is None:
            what = Sentence(_BAD_DATE, {"text": printable(values["paid_on"])[:20], "form": source.date})
            found.problem(**where, name="paid_on", code="day_unreadable", what=what)  # type: ignore[arg-type]
            return
        day = read
    payer, reference = short(values.get("payer", "")), reference_of(oneline(values["reference"]))
    if source.kind == "agency":
        # Two agencies may both begin with number 1.
        payer = short(values["agency"])
        reference = reference_of(oneline(values["agency"]), oneline(values["reference"]))
    item = Item(
        line=row.line,
        reference=reference,
        account=values["account"],
        cents=cents,
        day=day.toordinal(),
        payer=payer,
        check_number=short(values.get("check_number", ""))[:20],
    )
    found.take([item], text=row.text, delimited=True)


def _day(text: str, *, form: str) -> date | None:
    try:
        day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a local date, as its source writes it
    except ValueError:
        return None
    return day if day.year in YEARS else None

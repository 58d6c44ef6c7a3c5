"""What every kind of payment file is read into: items, what is wrong with others, and the totals that it claims."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from weatherhead.areas.records.csv_records import printable
from weatherhead.core.values import Refusal, Sentence, gettext_noop, holds_card_number

FILE_BYTES_MAX = 40 * 1024 * 1024
CENTS_MAX = 10**12 - 1
"""Of one payment. A whole file of them is a number that every database can add up."""
DAYS_BACK_MAX = 364
"""A year that was mistyped is further back; what comes so late is dated and posted by a person."""
TEXT_MAX = 120
REFERENCE_MAX = 60
_DIGEST_LENGTH = 16
_CARD_DIGITS_MIN = 13


class PaymentFileTooLarge(Refusal):
    """More bytes than one file may have."""

    template = gettext_noop("The file has %(size)s bytes; one file may have %(most)s. Ask for it in parts.")


class PaymentFileEmpty(Refusal):
    """Nothing in it."""

    template = gettext_noop("The file is empty. Fetch it again.")


class NoSuchFormat(Refusal):
    """Another kind of file than its source sends."""

    template = gettext_noop(
        "This is no %(kind)s file: line %(line)s is “%(text)s”, and %(expected)s was expected. Check which file it is "
        "and which source it came from; nothing was posted."
    )


class FileWithoutPayments(Refusal):
    """A frame with nothing inside."""

    template = gettext_noop("The file holds no payment. Nothing is to be done.")


class Item(NamedTuple):
    """Money for one account, as a file says it. `part` counts from 0 the accounts that one tender pays."""

    line: int
    reference: str  # the source's own name of the tender: the same again is the same money
    account: str  # as written: an account number or the digits of a scan line; it may be wrong or missing
    cents: int
    day: int  # when the source received it, a proleptic ordinal
    payer: str = ""
    bank_mark: str = ""  # routing and account number of the payer's bank, to be hashed, never kept
    check_number: str = ""
    part: int = 0


OF_THE_FRAME = frozenset(
    {
        "account_trailer_missing",
        "after_total",
        "after_trailer",
        "batch_header_missing",
        "batch_total_missing",
        "continues_nothing",
        "frame_day_unreadable",
        "line_too_long",
        "other_batch",
        "other_currency",
        "overflow_alone",
        "total_missing",
        "total_unreadable",
        "trailer_missing",
        "unknown",
    }
)
"""Problems of a file rather than of one payment in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """An item that is not posted, or a part of the frame that is wrong: where, what, and what to do about it.

    `cents` is what the item says, if that can be read. `text` is the line as it stands, unless it held a card's number.
    """

    line: int
    field: str
    code: str
    what: Sentence
    cents: int | None = None
    text: str = ""

    @property
    def of_an_item(self) -> bool:
        """Whether a payment was not taken because of it."""
        return self.code not in OF_THE_FRAME


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotal:
    """A total that a file claims of itself, and what was found. `unit` is items, records, batches … or cents."""

    level: str  # batch 3, lockbox 0004711, file …
    line: int
    unit: str
    said: int
    found: int

    @property
    def difference(self) -> int:
        """How much more was found than said."""
        return self.found - self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFileRead:
    """A file as read. Items are in the order of the file, and the parts of a tender follow each other."""

    items: tuple[Item, ...]
    problems: tuple[FileProblem, ...]
    totals: tuple[ControlTotal, ...]
    passed_over: int = 0  # records that are none of ours: charges, balances, other types of transaction

    @property
    def items_cents(self) -> int:
        """What its good items come to."""
        return sum(item.cents for item in self.items)

    @property
    def bad(self) -> tuple[FileProblem, ...]:
        """The problems that are payments which are not taken."""
        return tuple(problem for problem in self.problems if problem.of_an_item)

    @property
    def bad_cents(self) -> int:
        """What its bad items come to, as far as can be read."""
        return sum(problem.cents or 0 for problem in self.bad)

    @property
    def reconciles(self) -> bool:
        """Whether its frame is whole and every total is what was found."""
        return not self.differing and all(problem.of_an_item for problem in self.problems)

    @property
    def differing(self) -> tuple[ControlTotal, ...]:
        """The totals that are not what was found."""
        return tuple(total for total in self.totals if total.difference)


@dataclass(slots=True, kw_only=True, frozen=False)
class Gathering:
    """What has been read of a file so far."""

    as_of: date
    items: list[Item] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    totals: list[ControlTotal] = field(default_factory=list)
    references: set[str] = field(default_factory=set)
    passed_over: int = 0
    columns: tuple[slice, ...] = ()  # of a line without delimiters, those that people fill

    def problem(
        self, *, line: int, name: str, code: str, what: Sentence, cents: int | None = None, text: str = ""
    ) -> None:
        """Report what is wrong with a line."""
        hidden = code == "card_number" or any(holds_card_number(text[column]) for column in self.columns)
        kept = _WITHHELD if hidden else kept_text(text)
        counted = cents if cents is not None and abs(cents) <= CENTS_MAX else None
        said = _without_card(what, line_holds_one=kept == _WITHHELD)
        self.problems.append(FileProblem(line=line, field=name, code=code, what=said, cents=counted, text=kept))

    def total(self, *, level: str, line: int, unit: str, said: int | None, found: int) -> None:
        """Compare a total; one that cannot be read was reported and is not compared."""
        if said is not None:
            self.totals.append(ControlTotal(level=level, line=line, unit=unit, said=said, found=found))

    def take(self, parts: Sequence[Item], *, text: str, delimited: bool) -> None:
        """Keep a tender with its parts, unless something is wrong with it.

        Fields that are not `delimited` run into each other, and only each by itself can be a card's number.
        """
        first = parts[0]
        whole = sum(part.cents for part in parts)
        where = {"line": first.line, "cents": whole, "text": text}
        if any(_holds_card(part) for part in parts) or (delimited and holds_card_number(text)):
            self.problem(**where, name="line", code="card_number", what=Sentence(_CARD))  # type: ignore[arg-type]
        elif any(part.cents <= 0 for part in parts):
            self.problem(**where, name="amount", code="amount_not_positive", what=Sentence(_NOT_POSITIVE))  # type: ignore[arg-type]
        elif whole > CENTS_MAX:
            self.problem(**where, name="amount", code="amount_too_large", what=Sentence(_TOO_MUCH))  # type: ignore[arg-type]
        elif first.day < self.as_of.toordinal() - DAYS_BACK_MAX:
            said = {"on": date.fromordinal(first.day).isoformat(), "days": str(DAYS_BACK_MAX)}
            self.problem(**where, name="date", code="too_long_ago", what=Sentence(_LONG_AGO, said))  # type: ignore[arg-type]
        elif first.day > self.as_of.toordinal():
            said = {"on": date.fromordinal(first.day).isoformat()}
            self.problem(**where, name="date", code="still_to_come", what=Sentence(_TO_COME, said))  # type: ignore[arg-type]
        elif first.reference in self.references:
            said = {"reference": first.reference}
            self.problem(**where, name="reference", code="twice_in_file", what=Sentence(_TWICE, said))  # type: ignore[arg-type]
        else:
            self.references.add(first.reference)
            self.items += parts

    def read(self) -> PaymentFileRead:
        """All of it.

        Raises:
            FileWithoutPayments: neither a good item nor a bad one.
        """
        if not self.items and not self.problems:
            raise FileWithoutPayments
        return PaymentFileRead(
            items=tuple(self.items),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.line)),
            totals=tuple(self.totals),
            passed_over=self.passed_over,
        )


_CARD = gettext_noop(
    "This line holds what looks like the number of a payment card. It was neither posted nor kept: tell whoever sends "
    "the file to leave card numbers out, and post the payment by its reference."
)
_NOT_POSITIVE = gettext_noop("The amount is not more than zero. Ask the source what it means; nothing was posted.")
_TO_COME = gettext_noop("%(on)s is still to come. Ask the source for the day on which it received the money.")
_TOO_MUCH = gettext_noop(
    "The amount is more than one payment can be. Ask the source what it means; nothing was posted."
)
_LONG_AGO = gettext_noop(
    "%(on)s is more than %(days)s days ago. Ask the source for the day on which it received the money; if it is right, "
    "post the payment by hand."
)
_TWICE = gettext_noop(
    "Reference %(reference)s stands in the file before. If it is other money, ask the source for its own reference and "
    "post it by hand; otherwise nothing is needed."
)
_WITHHELD = "(withheld: it held the number of a payment card)"


def _without_card(what: Sentence, *, line_holds_one: bool) -> Sentence:
    """A sentence that quotes nothing of a card's number, not even a piece of it that was cut off."""
    params = {
        name: _WITHHELD if (line_holds_one and name == "text") or holds_card_number(str(value)) else value
        for name, value in what.params.items()
    }
    return Sentence(what.template, params)


def _holds_card(item: Item) -> bool:
    return any(
        len(text) >= _CARD_DIGITS_MIN and holds_card_number(text)
        for text in (item.reference, item.account, item.payer, item.check_number)
    )


def kept_text(text: str) -> str:
    """A line as a report keeps it."""
    line = text.rstrip("\r\n")
    if holds_card_number(line):
        return _WITHHELD
    return printable(line)[:200]


def oneline(text: str) -> str:
    """Text of a field on one line, and printable."""
    return printable(" ".join(text.split()))


def short(text: str) -> str:
    """Text of a field as it is kept: on one line, printable, not too long."""
    return oneline(text)[:TEXT_MAX]


def reference_of(*parts: str) -> str:
    """A source's name of a tender as it is kept: whole, or its beginning with a hash of all of it when it is too long.

    Two that begin alike stay two: the money of the second would be taken for the first's.
    """
    said = " ".join(parts)
    if len(said) <= REFERENCE_MAX:
        return said
    told = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{said[: REFERENCE_MAX - _DIGEST_LENGTH - 1]} {told}"


def require_size(size: int) -> None:
    """See that a file is not too large, and not empty.

    Raises:
        PaymentFileTooLarge, PaymentFileEmpty: as they say.
    """
    if size > FILE_BYTES_MAX:
        raise PaymentFileTooLarge(size=f"{size:,}", most=f"{FILE_BYTES_MAX:,}")
    if not size:
        raise PaymentFileEmpty

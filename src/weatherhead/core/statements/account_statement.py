"""An account's statement: what moved its balance within a span of days, line by line, from opening to closing.

A line is what one ledger entry did to the receivable under one charge; the installments of a back-bill are its bill's
charge, whenever they are due. Opening is the balance before the span's first
day, closing the balance at the end of its last: both are what ageing gives for those days, and a test proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate, groupby

from weatherhead.core.ledger import BACK_BILL
from weatherhead.core.values import Span

BILL = "bill"
PAYMENT = "payment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A posted receivable posting of an account: debits are positive.

    `kind` is the entry's (bill, payment, fee, waiver, reversal …), `charge` what it is for.
    """

    entry_id: int
    on: date
    kind: str
    charge: str
    amount_cents: int
    due_on: date | None = None
    reverses_id: int | None = None
    reversed_by_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line, numbered from 1, with the balance after it.

    `undoes` is the number of the line that it takes back, `undone_by` of the one that takes it back; 0 where that
    stands on no line of this statement.
    """

    number: int
    moved: Moved
    balance_cents: int
    undoes: int = 0
    undone_by: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """A statement's figures: opening plus every line is closing."""

    span: Span
    opening_cents: int
    lines: tuple[StatementLine, ...]
    closing_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What moved a balance, by what it was: charges billed, payments (negative), everything else."""

    charged_cents: int = 0
    paid_cents: int = 0
    other_cents: int = 0

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.charged_cents + self.paid_cents + self.other_cents


def foot(movements: Iterable[Moved], *, span: Span) -> Footing:
    """The statement of a span, from everything that ever moved the balance, in whatever order it comes."""
    known = sorted(map(_charged, movements), key=lambda item: (item.on, item.entry_id))
    opening_cents = sum(item.amount_cents for item in known if item.on < span.start)
    within = _together([item for item in known if span.start <= item.on < span.end])
    balances = accumulate((item.amount_cents for item in within), initial=opening_cents)
    next(balances)
    lines = [
        StatementLine(number=number, moved=item, balance_cents=balance_cents)
        for number, (item, balance_cents) in enumerate(zip(within, balances, strict=True), 1)
    ]
    places = {(line.moved.entry_id, line.moved.charge): line.number for line in lines}
    return Footing(
        span=span,
        opening_cents=opening_cents,
        lines=tuple(_linked(line, places=places) for line in lines),
        closing_cents=lines[-1].balance_cents if lines else opening_cents,
    )


def sums_of(movements: Iterable[Moved]) -> Sums:
    """What some movements come to; one that takes another back counts as that one does."""
    charged = paid = other = 0
    for item in map(_charged, movements):
        if item.charge == BILL:
            charged += item.amount_cents
        elif item.charge == PAYMENT:
            paid += item.amount_cents
        else:
            other += item.amount_cents
    return Sums(charged_cents=charged, paid_cents=paid, other_cents=other)


def _charged(item: Moved, /) -> Moved:
    return replace(item, charge=BILL) if item.charge == BACK_BILL else item


def _together(known: Sequence[Moved]) -> list[Moved]:
    """The postings that one entry made under one charge, as one."""
    found: list[Moved] = []
    for _, group in groupby(known, key=lambda item: (item.on, item.entry_id)):
        by_charge: dict[str, Moved] = {}
        for item in group:
            before = by_charge.get(item.charge)
            by_charge[item.charge] = item if before is None else _added(before, item)
        found += by_charge.values()
    return found


def _added(one: Moved, other: Moved) -> Moved:
    return replace(one, amount_cents=one.amount_cents + other.amount_cents, due_on=one.due_on or other.due_on)


def _linked(line: StatementLine, *, places: dict[tuple[int, str], int]) -> StatementLine:
    moved = line.moved
    return replace(
        line,
        undoes=places.get((moved.reverses_id or 0, moved.charge), 0),
        undone_by=places.get((moved.reversed_by_id or 0, moved.charge), 0),
    )

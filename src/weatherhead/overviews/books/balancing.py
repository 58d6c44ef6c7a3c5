"""A day balanced: what each kind of entry moved, the ledger accounts that hold money, and what goes to the GL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.ledger.books import (
    ExportFacts,
    SourceRow,
    by_source,
    closed_through,
    entries_by_kind,
    export_of_day,
    last_entry_on,
)
from weatherhead.areas.payments.drawers import DepositFacts, DrawerFacts, deposits_of_day, drawers_of_day
from weatherhead.areas.records.database import snapshot
from weatherhead.core.ledger import LedgerAccount
from weatherhead.overviews.books.trial import TrialBalance, TrialRow, trial_balance

MONEY = (
    LedgerAccount.CASH_DRAWER,
    LedgerAccount.CHECKS_RECEIVED,
    LedgerAccount.CARD_CLEARING,
    LedgerAccount.ACH_CLEARING,
    LedgerAccount.BANK,
    LedgerAccount.CASH_OVER_SHORT,
    LedgerAccount.SUSPENSE,
)
"""Ledger accounts that hold money on its way to the bank, or wait for an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """What entries of one kind posted on the day; `lines` by ledger account, and `titles` what each is called."""

    kind: str
    entries: int
    debits_cents: int
    credits_cents: int
    lines: tuple[SourceRow, ...]
    titles: tuple[str, ...]

    @property
    def titled(self) -> tuple[tuple[str, SourceRow], ...]:
        """The lines, each with its title."""
        return tuple(zip(self.titles, self.lines, strict=True))

    @property
    def name(self) -> str:
        """The kind as a word or two."""
        return self.kind.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What drawers or deposit slips say of a day, and what the ledger has of the same (cents)."""

    code: str  # slips, over_short
    counted_cents: int
    ledger_cents: int

    @property
    def agrees(self) -> bool:
        """Whether the two are one figure, as they must be."""
        return self.counted_cents == self.ledger_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBalanced:
    """The day. `drawers` were open on it; `money` are the ledger accounts that hold money; `trial` has every one.

    `deposits` went to the bank on it; `ties` set slips and counted drawers against the ledger.
    """

    on: date
    kinds: tuple[KindRow, ...]
    drawers: tuple[DrawerFacts, ...]
    deposits: tuple[DepositFacts, ...]
    ties: tuple[Tie, ...]
    money: tuple[TrialRow, ...]
    trial: TrialBalance
    is_closed: bool
    export: ExportFacts | None

    @property
    def debits_cents(self) -> int:
        """Of every entry."""
        return sum(row.debits_cents for row in self.kinds)

    @property
    def credits_cents(self) -> int:
        """Of every entry."""
        return sum(row.credits_cents for row in self.kinds)

    @property
    def is_tied(self) -> bool:
        """Deposit slips and counted drawers are what the ledger has."""
        return all(tie.agrees for tie in self.ties)

    @property
    def agrees(self) -> bool:
        """Entries by kind, ledger accounts and GL accounts come to the same debits and credits."""
        total = self.trial.total
        by_gl = (
            sum(row.debits_cents for row in self.trial.by_gl),
            sum(row.credits_cents for row in self.trial.by_gl),
        )
        said = (self.debits_cents, self.credits_cents)
        return said == (total.debits_cents, total.credits_cents) == by_gl and self.debits_cents == self.credits_cents


def day_to_balance(*, as_of: date) -> date:
    """The latest day that has postings; today, where none has."""
    return last_entry_on(through=as_of) or as_of


@snapshot()
def day_balanced(on: date) -> DayBalanced:
    """Compose a day: entries by kind from the postings themselves, ledger accounts from sums where it is closed."""
    rows = by_source(first_on=on, last_on=on)
    counts = entries_by_kind(first_on=on, last_on=on)
    trial = trial_balance(first_on=on, last_on=on)
    closed_on = closed_through()
    drawers, deposits = drawers_of_day(on), deposits_of_day(on)
    return DayBalanced(
        on=on,
        kinds=tuple(
            _kind(kind, rows=rows, entries=counts[kind], trial=trial) for kind in sorted({row.kind for row in rows})
        ),
        drawers=drawers,
        deposits=deposits,
        ties=_ties(rows, on=on, drawers=drawers, deposits=deposits),
        money=tuple(row for row in trial.rows if row.ledger_accounts[0] in MONEY),
        trial=trial,
        is_closed=closed_on is not None and on <= closed_on,
        export=export_of_day(on),
    )


def _ties(
    rows: Sequence[SourceRow], *, on: date, drawers: Sequence[DrawerFacts], deposits: Sequence[DepositFacts]
) -> tuple[Tie, ...]:
    """Slips against what went to the bank by them; what drawers were over against what was posted of it."""

    def posted(kind: str, ledger_account: str) -> int:
        own = (row for row in rows if (row.kind, row.ledger_account) == (kind, ledger_account))
        return sum(row.debits_cents - row.credits_cents for row in own)

    over_cents = sum(drawer.over_short_cents or 0 for drawer in drawers if drawer.closed_on == on)
    return (
        Tie(
            code="slips",
            counted_cents=sum(deposit.total_cents for deposit in deposits),
            ledger_cents=posted("bank_deposit", LedgerAccount.BANK),
        ),
        Tie(
            code="over_short",
            counted_cents=over_cents,
            ledger_cents=-posted("over_short", LedgerAccount.CASH_OVER_SHORT),
        ),
    )


def _kind(kind: str, *, rows: Sequence[SourceRow], entries: int, trial: TrialBalance) -> KindRow:
    own = tuple(row for row in rows if row.kind == kind)
    named = {row.ledger_accounts[0]: row.title for row in trial.rows}
    return KindRow(
        kind=kind,
        entries=entries,
        debits_cents=sum(row.debits_cents for row in own),
        credits_cents=sum(row.credits_cents for row in own),
        lines=own,
        titles=tuple(named.get(row.ledger_account) or row.ledger_account for row in own),
    )

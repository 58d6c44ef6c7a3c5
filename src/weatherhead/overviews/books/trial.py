"""The trial balance: what every ledger account had, was moved by, and has; by ledger account and by GL account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.ledger.books import Movement, closed_through, movements
from weatherhead.areas.records.database import snapshot
from weatherhead.areas.records.utility import GeneralLedgerAccount, current_utility

UNMAPPED = GeneralLedgerAccount(gl="", ferc="", title="")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """A ledger account, or a GL account with the ledger accounts kept on it. Cents."""

    gl: str
    ferc: str
    title: str
    ledger_accounts: tuple[str, ...]
    opening_cents: int
    debits_cents: int
    credits_cents: int

    @property
    def closing_cents(self) -> int:
        """The balance at the end of the last day."""
        return self.opening_cents + self.debits_cents - self.credits_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """From the first through the last day; `total` sums the rows, and its opening and closing are zero."""

    first_on: date
    last_on: date
    closed_on: date | None
    rows: tuple[TrialRow, ...]
    by_gl: tuple[TrialRow, ...]
    total: TrialRow

    @property
    def is_closed(self) -> bool:
        """Whether nothing can change it any more but a reopening."""
        return self.closed_on is not None and self.last_on <= self.closed_on

    @property
    def is_balanced(self) -> bool:
        """Whether it sums to zero, as it must."""
        total = self.total
        return total.opening_cents == 0 and total.debits_cents == total.credits_cents


@snapshot()
def trial_balance(*, first_on: date, last_on: date) -> TrialBalance:
    """Compose it from sums of closed days and postings of open ones."""
    mapped = current_utility().ledger_accounts
    found = movements(first_on=first_on, last_on=last_on)
    rows = tuple(_row(mapped.get(item.ledger_account, UNMAPPED), [item]) for item in found)
    shared: dict[str, list[Movement]] = {}
    for item in found:
        shared.setdefault(mapped.get(item.ledger_account, UNMAPPED).gl, []).append(item)
    return TrialBalance(
        first_on=first_on,
        last_on=last_on,
        closed_on=closed_through(),
        rows=tuple(sorted(rows, key=lambda row: (row.gl, row.ledger_accounts))),
        by_gl=tuple(_row(mapped.get(items[0].ledger_account, UNMAPPED), items) for _, items in sorted(shared.items())),
        total=_row(UNMAPPED, found),
    )


def _row(place: GeneralLedgerAccount, items: Iterable[Movement]) -> TrialRow:
    given = tuple(items)
    return TrialRow(
        gl=place.gl,
        ferc=place.ferc,
        title=place.title,
        ledger_accounts=tuple(item.ledger_account for item in given),
        opening_cents=sum(item.opening_cents for item in given),
        debits_cents=sum(item.debits_cents for item in given),
        credits_cents=sum(item.credits_cents for item in given),
    )

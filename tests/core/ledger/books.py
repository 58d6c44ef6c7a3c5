"""Small journals for the tests of the books, written as a clerk would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from weatherhead.core.ledger import (
    Ageing,
    Entry,
    EntryDraft,
    LedgerAccount,
    Posting,
    PostingRef,
    receivable_movements,
    revenue_account,
)
from weatherhead.core.ledger import age as age_movements

ACCOUNT = 7
INSERTED_AT = datetime(2026, 1, 2, 15, 4, 5, 678901, tzinfo=UTC)


def receivable(
    amount_cents: int,
    *,
    charge: str = "bill",
    account_id: int = ACCOUNT,
    due_on: date | None = None,
    matches: PostingRef | None = None,
) -> Posting:
    return Posting(
        ledger_account=LedgerAccount.RECEIVABLE,
        amount_cents=amount_cents,
        charge=charge,
        account_id=account_id,
        due_on=due_on,
        matches=matches,
    )


def plain(ledger_account: str, amount_cents: int, *, charge: str = "bill") -> Posting:
    return Posting(ledger_account=ledger_account, amount_cents=amount_cents, charge=charge)


def bill(on: date, *, amount_cents: int, due_on: date, account_id: int = ACCOUNT) -> EntryDraft:
    return EntryDraft(
        kind="bill",
        effective_on=on,
        postings=(
            receivable(amount_cents, account_id=account_id, due_on=due_on),
            plain(revenue_account("residential"), -amount_cents),
        ),
    )


def payment(on: date, *, amount_cents: int, account_id: int = ACCOUNT) -> EntryDraft:
    return EntryDraft(
        kind="payment",
        effective_on=on,
        postings=(
            plain(LedgerAccount.CASH_DRAWER, amount_cents, charge="payment"),
            receivable(-amount_cents, charge="payment", account_id=account_id),
        ),
    )


def waiver(on: date, *, amount_cents: int, of: PostingRef, account_id: int = ACCOUNT) -> EntryDraft:
    return EntryDraft(
        kind="waiver",
        effective_on=on,
        postings=(
            plain(LedgerAccount.ADJUSTMENTS_EXPENSE, amount_cents, charge="late_charge"),
            receivable(-amount_cents, charge="late_charge", account_id=account_id, matches=of),
        ),
    )


def stored(drafts: Sequence[EntryDraft], *, first_id: int = 1) -> list[Entry]:
    """Give drafts their numbers, in order."""
    return [
        Entry(entry_id=entry_id, draft=draft, inserted_at=INSERTED_AT)
        for entry_id, draft in enumerate(drafts, first_id)
    ]


def age(entries: Sequence[Entry], *, as_of: date, account_id: int = ACCOUNT) -> Ageing:
    return age_movements(receivable_movements(entries, account_id=account_id), as_of=as_of)

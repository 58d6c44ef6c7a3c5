"""What a payment left waiting as unapplied credit, and was applied since: with the payment that goes back, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from weatherhead.areas.ledger.queries import balances_of, entries_of
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, reversal

APPLIED = "credit_applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCredit:
    """What waits on each account, and the entries that applied credit there and stand, latest first."""

    waits_cents: Mapping[int, int] = field(default_factory=dict)
    entries: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)


def applied_credit(payments: Iterable[Entry]) -> AppliedCredit:
    """Read it for the accounts on which some payments left credit waiting; for nearly every payment, nothing."""
    account_ids = sorted({number for entry in payments for number in _waiting(entry.draft)})
    if not account_ids:
        return AppliedCredit()
    held = balances_of(account_ids)
    return AppliedCredit(
        waits_cents={number: -held[number].get(LedgerAccount.UNAPPLIED_CREDIT, 0) for number in account_ids},
        entries={number: _standing(entries_of(number)) for number in account_ids},
    )


def _standing(found: tuple[Entry, ...]) -> tuple[Entry, ...]:
    undone = {entry.draft.reverses_id for entry in found}
    return tuple(entry for entry in found if entry.draft.kind == APPLIED and entry.entry_id not in undone)


def _waiting(draft: EntryDraft) -> dict[int, int]:
    """What an entry moves of what waits, by account: above zero waits less."""
    found: dict[int, int] = {}
    for posting in draft.postings:
        if posting.ledger_account == LedgerAccount.UNAPPLIED_CREDIT and posting.account_id is not None:
            found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_cents
    return found


def take_back_applied(
    found: AppliedCredit, *, undone: Iterable[EntryDraft], on: date, reason: str
) -> tuple[EntryDraft, ...]:
    """The entries that undo what was applied, the latest first, until what goes back waits. Pure.

    What is more than needed waits again. `undone` are the entries that undo the payments.
    """
    entries = []
    for draft in undone:
        for account_id, cents in _waiting(draft).items():
            missing_cents = cents - found.waits_cents.get(account_id, 0)
            for applied in found.entries.get(account_id, ()):
                if missing_cents <= 0:
                    break
                missing_cents -= _waiting(applied.draft)[account_id]
                day = max(on, applied.draft.effective_on)
                entries.append(reversal(applied, effective_on=day, reason=reason))
    return tuple(entries)

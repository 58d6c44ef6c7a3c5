"""Balances as a fold over entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from weatherhead.core.ledger.entries import EntryDraft, EntryState


class BalanceKey(NamedTuple):
    """A ledger account, and the customer's account that it is kept for (None: for the utility as a whole)."""

    ledger_account: str
    account_id: int | None


def balances(drafts: Iterable[EntryDraft]) -> Mapping[BalanceKey, int]:
    """Sum what counts: posted entries only, in cents, debits positive. A balance of 0 is left out.

    The order of the entries does not matter, and all balances together are 0.
    """
    sums: Counter[BalanceKey] = Counter()
    for draft in drafts:
        if draft.state != EntryState.POSTED:
            continue
        for posting in draft.postings:
            sums[BalanceKey(posting.ledger_account, posting.account_id)] += posting.amount_cents
    return {key: cents for key, cents in sums.items() if cents}

"""The entries of debts given up and recovered. Pure."""

from __future__ import annotations

from datetime import date

from weatherhead.areas.credit.operations.write_offs import GiveUp, Recovered
from weatherhead.areas.credit.write_offs import WriteOffFacts
from weatherhead.core.ledger import EntryDraft, LedgerAccount, Posting, PostingRef

CHARGE = "write_off"


def given_up(account_id: int, *, cents: int, on: date, reason: str) -> GiveUp:
    """A debt against the allowance. The receivable comes first, which a recovery counts on."""
    return GiveUp(
        account_id=account_id,
        amount_cents=cents,
        entry=EntryDraft(
            kind="write_off",
            effective_on=on,
            reason=reason,
            postings=(
                Posting(
                    ledger_account=LedgerAccount.RECEIVABLE, amount_cents=-cents, charge=CHARGE, account_id=account_id
                ),
                Posting(ledger_account=LedgerAccount.ALLOWANCE, amount_cents=cents, charge=CHARGE),
            ),
        ),
    )


def recovered(found: tuple[WriteOffFacts, ...], *, credit_cents: int, on: date) -> tuple[Recovered, ...]:
    """What of some write-offs a credit pays after all, oldest first, each linked to what it takes back."""
    plans = []
    for item in found:
        cents = min(item.left_cents, credit_cents)
        if cents <= 0:
            continue
        credit_cents -= cents
        postings = (
            Posting(
                ledger_account=LedgerAccount.RECEIVABLE,
                amount_cents=cents,
                charge=CHARGE,
                account_id=item.account_id,
                matches=PostingRef(entry_id=item.entry_id, sequence=1),
            ),
            Posting(ledger_account=LedgerAccount.ALLOWANCE, amount_cents=-cents, charge=CHARGE),
        )
        entry = EntryDraft(kind="recovery", effective_on=on, postings=postings)
        plans.append(Recovered(write_off_id=item.write_off_id, amount_cents=cents, entry=entry))
    return tuple(plans)

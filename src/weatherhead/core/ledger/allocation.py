"""What a payment settles, when a rule says more than "the oldest due charge first".

Left alone, a credit on the receivable settles whatever is due first, and goes on doing so as charges come and are
corrected: see `age`. A rule that directs money to some charges links it to their postings, and so it stays with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weatherhead.core.ledger.accounts import LedgerAccount
from weatherhead.core.ledger.ageing import OpenItem
from weatherhead.core.ledger.entries import PostingRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Where a rule sends money. `settles` names charges, the first of them first; empty: any, the oldest due first.

    `rest` takes what is more than those charges come to: the receivable, where it settles whatever is due next or stays
    as a credit, or unapplied credit, where it waits.
    """

    settles: tuple[str, ...] = ()
    rest: LedgerAccount = LedgerAccount.RECEIVABLE

    def __post_init__(self) -> None:
        """Money that a customer owns stays with the customer."""
        if self.rest not in (LedgerAccount.RECEIVABLE, LedgerAccount.UNAPPLIED_CREDIT):
            raise ValueError(f"no payment is kept in {self.rest}")

    @property
    def is_plain(self) -> bool:
        """Whether nothing needs to be known of the account: all goes to its receivable, the oldest due charge first."""
        return not self.settles and self.rest == LedgerAccount.RECEIVABLE


PLAIN = Direction()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a payment: the ledger account that it credits, and the charge that it is kept for, if any."""

    ledger_account: LedgerAccount
    amount_cents: int
    matches: PostingRef | None = None


def allocate(items: Sequence[OpenItem], *, amount_cents: int, direction: Direction) -> tuple[Share, ...]:
    """The shares of a payment, which come to its amount. `items` are what is owed, the oldest due first.

    Raises:
        ValueError: the amount is not positive.
    """
    if amount_cents <= 0:
        raise ValueError(f"a payment is more than nothing, not {amount_cents} cents")
    if direction.is_plain:
        return (Share(ledger_account=LedgerAccount.RECEIVABLE, amount_cents=amount_cents),)
    shares: list[Share] = []
    left_cents = amount_cents
    for item in _settled(items, direction=direction):
        if not left_cents:
            break
        cents = min(left_cents, item.open_cents)
        shares.append(Share(ledger_account=LedgerAccount.RECEIVABLE, amount_cents=cents, matches=item.ref))
        left_cents -= cents
    if not direction.settles and shares:
        # Any charge may be settled, so no part is tied to one: it would not move when an older charge comes.
        shares = [Share(ledger_account=LedgerAccount.RECEIVABLE, amount_cents=amount_cents - left_cents)]
    if left_cents:
        shares.append(Share(ledger_account=direction.rest, amount_cents=left_cents))
    return tuple(shares)


def _settled(items: Sequence[OpenItem], *, direction: Direction) -> Sequence[OpenItem]:
    if not direction.settles:
        return items
    order = {charge: place for place, charge in enumerate(direction.settles)}
    return sorted((item for item in items if item.charge in order), key=lambda item: order[item.charge])

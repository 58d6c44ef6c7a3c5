"""Ageing as a fold: how long each part of a receivable has been due.

The rule, in order: a linked posting is set off against what it cancels; what credit remains is applied to the oldest
due date first; what debit remains is aged by its due date. See docs/algorithms/ledger.md for worked examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from weatherhead.core.ledger.accounts import BACK_BILL, LedgerAccount
from weatherhead.core.ledger.entries import Entry, EntryState, PostingRef

BUCKET_DAYS = (30, 60, 90)
"""The last day past due of each bucket but the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivableMovement:
    """A posted receivable posting of one customer's account, as ageing sees it. Debits are positive."""

    ref: PostingRef
    effective_on: date
    amount_cents: int
    charge: str
    due_on: date | None = None
    matches: PostingRef | None = None

    @property
    def ages_from(self) -> date:
        """Its due date; a debit that has none (it undoes a credit) is due when it takes effect."""
        return self.effective_on if self.due_on is None else self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What is still owed of one debit."""

    ref: PostingRef
    charge: str
    due_on: date
    open_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCredit:
    """What is still to the customer's credit of one posting."""

    ref: PostingRef
    open_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """One account's receivable by age on a day, in cents, none of them negative.

    A debit due on that very day is not yet past due; the day after, it is 1 day past due. `credit_cents` is what the
    customer has to their credit; it is above 0 only when nothing is owed. `open_items` are oldest due first.
    """

    not_yet_due_cents: int = 0
    days_1_to_30_cents: int = 0
    days_31_to_60_cents: int = 0
    days_61_to_90_cents: int = 0
    days_over_90_cents: int = 0
    credit_cents: int = 0
    oldest_past_due_on: date | None = None
    days_past_due: int = 0
    next_due_on: date | None = None
    open_items: tuple[OpenItem, ...] = ()

    @property
    def past_due_cents(self) -> int:
        """Everything whose due date has gone by."""
        return self.days_1_to_30_cents + self.days_31_to_60_cents + self.days_61_to_90_cents + self.days_over_90_cents

    @property
    def balance_cents(self) -> int:
        """What is owed in all; negative when the customer is in credit."""
        return self.not_yet_due_cents + self.past_due_cents - self.credit_cents


def receivable_movements(entries: Iterable[Entry], *, account_id: int) -> tuple[ReceivableMovement, ...]:
    """Pick the receivable of one customer's account out of stored entries; pending and void ones do not count."""
    return tuple(
        ReceivableMovement(
            ref=ref,
            effective_on=entry.draft.effective_on,
            amount_cents=posting.amount_cents,
            charge=posting.charge,
            due_on=posting.due_on,
            matches=posting.matches,
        )
        for entry in entries
        if entry.draft.state == EntryState.POSTED
        for ref, posting in entry.referenced()
        if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == account_id
    )


def age(movements: Iterable[ReceivableMovement], *, as_of: date) -> Ageing:
    """Age one account's receivable on a day. What takes effect after that day is left out.

    The order in which movements come does not matter. The result sums to their balance, and adding a reversal of an
    entry gives the same ageing as if the entry had never been.
    """
    moved = [movement for movement in movements if movement.effective_on <= as_of]
    open_cents = _set_off(moved)
    debits = sorted(
        (movement for movement in moved if open_cents[movement.ref] > 0),
        key=lambda movement: (movement.ages_from, movement.effective_on, movement.ref),
    )
    credit_cents = -sum(cents for cents in open_cents.values() if cents < 0)
    items: list[OpenItem] = []
    for debit in debits:
        applied_cents = min(credit_cents, open_cents[debit.ref])
        credit_cents -= applied_cents
        remaining_cents = open_cents[debit.ref] - applied_cents
        if remaining_cents:
            items.append(
                OpenItem(ref=debit.ref, charge=debit.charge, due_on=debit.ages_from, open_cents=remaining_cents)
            )
    return _bucketed(items, credit_cents=credit_cents, as_of=as_of)


def open_credits(movements: Iterable[ReceivableMovement], *, as_of: date) -> tuple[OpenCredit, ...]:
    """The credits that nothing has used up, the newest first: what is owed uses the oldest. They sum to `credit_cents`.

    A debit that is linked to them takes a customer's credit away, and leaves the ageing of everything else as it was.
    """
    moved = [movement for movement in movements if movement.effective_on <= as_of]
    open_cents = _set_off(moved)
    left_cents = -sum(open_cents.values())
    found: list[OpenCredit] = []
    for movement in sorted(moved, key=attrgetter("effective_on", "ref"), reverse=True):
        cents = min(left_cents, -open_cents[movement.ref])
        if cents > 0:
            found.append(OpenCredit(ref=movement.ref, open_cents=cents))
            left_cents -= cents
    return tuple(found)


def asked_for(items: Iterable[OpenItem], *, as_of: date) -> tuple[OpenItem, ...]:
    """What of the open items is asked for: all but the installments of a back-bill that are due after today and after
    every bill and fee that is out. They come one by one, and what is asked for is older than they are.
    """
    found = tuple(items)
    until_on = max((item.due_on for item in found if item.charge != BACK_BILL), default=as_of)
    return tuple(item for item in found if item.due_on <= max(until_on, as_of))


def _bucketed(items: list[OpenItem], *, credit_cents: int, as_of: date) -> Ageing:
    not_yet_due_cents = 0
    past_due_cents = [0] * (len(BUCKET_DAYS) + 1)
    for item in items:
        days = (as_of - item.due_on).days
        if days <= 0:
            not_yet_due_cents += item.open_cents
        else:
            past_due_cents[sum(days > last for last in BUCKET_DAYS)] += item.open_cents
    past_due_on = [item.due_on for item in items if item.due_on < as_of]
    coming_on = [item.due_on for item in items if item.due_on >= as_of]
    return Ageing(
        not_yet_due_cents=not_yet_due_cents,
        days_1_to_30_cents=past_due_cents[0],
        days_31_to_60_cents=past_due_cents[1],
        days_61_to_90_cents=past_due_cents[2],
        days_over_90_cents=past_due_cents[3],
        credit_cents=credit_cents,
        oldest_past_due_on=min(past_due_on, default=None),
        days_past_due=(as_of - min(past_due_on)).days if past_due_on else 0,
        next_due_on=min(coming_on, default=None),
        open_items=tuple(items),
    )


def _set_off(moved: list[ReceivableMovement]) -> dict[PostingRef, int]:
    """Set linked movements off against what they cancel; return what stays open of each, with its sign.

    Chains are undone from their far end: the reversal of a reversal takes the reversal away, and what that had
    cancelled stands again. Where several cancel the same thing, one that cancels all of it (a reversal) goes first, so
    that a partial one (a waiver) is left over as if what it cancelled had never been.
    """
    by_ref = {movement.ref: movement for movement in moved}
    open_cents = {movement.ref: movement.amount_cents for movement in moved}
    linked = [
        (movement, by_ref[movement.matches])
        for movement in sorted(moved, key=attrgetter("effective_on", "ref"), reverse=True)
        if movement.matches in by_ref
    ]
    linked.sort(key=lambda pair: (-_depth(pair[0], by_ref=by_ref), pair[0].amount_cents != -pair[1].amount_cents))
    for movement, cancelled in linked:
        own, other = open_cents[movement.ref], open_cents[cancelled.ref]
        if (own < 0) == (other < 0):
            continue
        set_off_cents = min(abs(own), abs(other))
        open_cents[movement.ref] -= set_off_cents if own > 0 else -set_off_cents
        open_cents[cancelled.ref] -= set_off_cents if other > 0 else -set_off_cents
    return open_cents


def _depth(movement: ReceivableMovement, *, by_ref: Mapping[PostingRef, ReceivableMovement]) -> int:
    """How many links lead from a movement to one that cancels nothing."""
    depth, seen = 0, {movement.ref}
    while movement.matches is not None and movement.matches in by_ref:
        movement = by_ref[movement.matches]
        if movement.ref in seen:  # a circle cannot be posted, since a link points to what is stored already
            raise ValueError(f"the posting {movement.ref} cancels itself through its links")
        seen.add(movement.ref)
        depth += 1
    return depth

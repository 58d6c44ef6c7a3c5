"""What a payment brought about beside its own entry goes back with it, when it is reversed, moved or returned.

That is what it put on deposits, what it recovered of a debt that was given up, and what was applied of the credit that
it had left waiting. Nearly every payment brought about nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.credit.operations import MovePlan, move_deposits
from weatherhead.areas.credit.operations.write_offs import Unrecovered, undo_recoveries
from weatherhead.areas.credit.queries import MovementFacts, deposit, moved_of_payments
from weatherhead.areas.credit.write_offs import RecoveryFacts, recoveries_of_receipts
from weatherhead.areas.ledger.operations import post
from weatherhead.areas.ledger.queries import balances_of, entries, entries_of
from weatherhead.areas.payments.queries import PaymentFacts
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, reversal
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.registry import Recording

APPLIED = "credit_applied"
"""What `apply_credit` posts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtAbout:
    """What some payments put on deposits that are still held (`emptied` of these hold nothing else), what was recovered
    with them, and the entries of both; and the entries that applied credit which they had left waiting.
    """

    moved: tuple[MovementFacts, ...]
    emptied: int
    recoveries: tuple[RecoveryFacts, ...]
    entries: Mapping[int, Entry]
    applied: tuple[Entry, ...]

    @property
    def entry_ids(self) -> frozenset[int]:
        """The entries that are about to be undone."""
        return frozenset(self.entries).union(item.entry_id for item in self.applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What is taken off deposits, given up again and waits again, as a proposal tells it."""

    moves: tuple[MovePlan, ...]
    emptied: int
    unrecovered: tuple[Unrecovered, ...]
    unapplied: tuple[EntryDraft, ...]

    @property
    def entries(self) -> tuple[EntryDraft, ...]:
        """The entries that are posted, in their order."""
        return (
            *(item.entry for item in self.moves),
            *(item.entry for item in self.unrecovered),
            *self.unapplied,
        )

    @property
    def creates(self) -> dict[str, int]:
        """The rows that are made."""
        return {"credit_depositmovement": len(self.moves)} if self.moves else {}

    @property
    def updates(self) -> dict[str, int]:
        """The rows that are changed."""
        counts = {"credit_deposit": self.emptied, "credit_recovery": len(self.unrecovered)}
        return {table: count for table, count in counts.items() if count}

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is held no longer, for the preview and the receipt; debts are told with the account's balance."""
        cents = -sum(item.amount_cents for item in self.moves)
        label = Sentence(gettext_noop("Taken off the deposit"))
        return (Change(code="deposit_undone", label=label, unit=Unit.CENTS, before=None, after=cents),) if cents else ()


def brought_about(payments: Sequence[PaymentFacts], *, posted: Iterable[Entry]) -> BroughtAbout:
    """Read it; `posted` are the payments' own entries.

    What was given back, applied or refunded of a deposit since is left alone: the customer owes that money. Where one
    of several parts of a payment at the counter goes, all that was recovered on its account is undone: what still pays
    the debt is recovered by the next run. What was applied of waiting credit goes whole, the latest first: what is left
    of it waits again.
    """
    moved, emptied = _still_held(moved_of_payments(item.payment_id for item in payments))
    taken = {(item.receipt_id, item.account_id) for item in payments}
    recoveries = tuple(
        item
        for item in recoveries_of_receipts({receipt_id for receipt_id, _ in taken})
        if (item.receipt_id, item.account_id) in taken
    )
    numbers = [*(item.entry_id for item in moved), *(item.entry_id for item in recoveries)]
    found = {item.entry_id: item for item in entries(numbers)} if numbers else {}
    return BroughtAbout(moved=moved, emptied=emptied, recoveries=recoveries, entries=found, applied=_applied(posted))


def _applied(posted: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, latest first, that applied what some payments left waiting and that does not wait any more."""
    left: dict[int, int] = {}
    for entry in posted:
        for account_id, cents in _unapplied(entry).items():
            left[account_id] = left.get(account_id, 0) - cents
    if not left:
        return ()
    held, found = balances_of(left), []
    for account_id, cents in left.items():
        missing_cents = cents + held[account_id].get(LedgerAccount.UNAPPLIED_CREDIT, 0)
        known = entries_of(account_id)
        undone = {entry.draft.reverses_id for entry in known}
        for entry in known:
            if missing_cents > 0 and entry.draft.kind == APPLIED and entry.entry_id not in undone:
                missing_cents -= _unapplied(entry)[account_id]
                found.append(entry)
    return tuple(found)


def _unapplied(entry: Entry) -> dict[int, int]:
    """What an entry moves of what waits, by account: below zero waits more."""
    found: dict[int, int] = {}
    for posting in entry.draft.postings:
        if posting.ledger_account == LedgerAccount.UNAPPLIED_CREDIT and posting.account_id is not None:
            found[posting.account_id] = found.get(posting.account_id, 0) + posting.amount_cents
    return found


def _still_held(moved: Sequence[MovementFacts]) -> tuple[tuple[MovementFacts, ...], int]:
    """Those that can be taken off again, and how many deposits hold nothing then."""
    held = {number: deposit(number).held_cents for number in {item.deposit_id for item in moved}}
    standing = []
    for item in moved:
        if held[item.deposit_id] >= item.amount_cents:
            held[item.deposit_id] -= item.amount_cents
            standing.append(item)
    return tuple(standing), sum(not held[number] for number in {item.deposit_id for item in standing})


def plan_undone(found: BroughtAbout, *, on: date, reason: str) -> Undone:
    """Reverse it, each not before it was."""

    def reversed_from(entry_id: int, day: date) -> EntryDraft:
        return reversal(found.entries[entry_id], effective_on=max(on, day), reason=reason)

    return Undone(
        moves=tuple(
            MovePlan(
                deposit_id=item.deposit_id,
                kind="undone",
                amount_cents=-item.amount_cents,
                moved_on=max(on, item.moved_on),
                entry=reversed_from(item.entry_id, item.moved_on),
                payment_id=item.payment_id,
                undoes_id=item.movement_id,
            )
            for item in found.moved
        ),
        emptied=found.emptied,
        unrecovered=tuple(
            Unrecovered(
                recovery_id=item.recovery_id,
                undone_on=max(on, item.recovered_on),
                entry=reversed_from(item.entry_id, item.recovered_on),
            )
            for item in found.recoveries
        ),
        unapplied=tuple(
            reversal(item, effective_on=max(on, item.draft.effective_on), reason=reason) for item in found.applied
        ),
    )


def record_undone(undone: Undone, recording: Recording) -> None:
    """Post and note it.

    Raises:
        DepositMovedMeanwhile: a deposit that it lay on was closed meanwhile.
    """
    at, receipt_id = recording.moment.at, recording.receipt_id
    if undone.moves:
        recording.entry_ids += move_deposits(undone.moves, at=at, receipt_id=receipt_id)
    if undone.unrecovered:
        recording.entry_ids += undo_recoveries(undone.unrecovered, at=at, receipt_id=receipt_id)
    recording.entry_ids += post(undone.unapplied, inserted_at=at, receipt_id=receipt_id)

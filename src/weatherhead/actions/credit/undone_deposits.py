"""What a payment put on deposits goes back with the payment: when it was posted wrong, or when the bank returned it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.credit.operations import MovePlan, move_deposits
from weatherhead.areas.credit.queries import MovementFacts, deposit, moved_of_payments
from weatherhead.areas.ledger.queries import entries
from weatherhead.core.ledger import Entry, EntryDraft, reversal
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.registry import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDeposits:
    """What some payments put on deposits that are still held, with its entries. Empty for nearly every payment."""

    moved: tuple[MovementFacts, ...] = ()
    entries: Mapping[int, Entry] | None = None


def on_deposits(payment_ids: Iterable[int]) -> OnDeposits:
    """Read it. What was given back, applied or refunded since is left alone: the customer then owes the money."""
    moved = moved_of_payments(payment_ids)
    if not moved:
        return OnDeposits()
    held = {number: deposit(number).held_cents for number in {item.deposit_id for item in moved}}
    standing = []
    for item in moved:
        if held[item.deposit_id] >= item.amount_cents:
            held[item.deposit_id] -= item.amount_cents
            standing.append(item)
    posted = {item.entry_id: item for item in entries(item.entry_id for item in standing)}
    return OnDeposits(moved=tuple(standing), entries=posted)


def plan_undone(found: OnDeposits, *, on: date, reason: str) -> tuple[MovePlan, ...]:
    """Reverse what was put on deposits, not before it was."""
    posted = found.entries or {}
    return tuple(
        MovePlan(
            deposit_id=item.deposit_id,
            kind="undone",
            amount_cents=-item.amount_cents,
            moved_on=max(on, item.moved_on),
            entry=reversal(posted[item.entry_id], effective_on=max(on, item.moved_on), reason=reason),
            payment_id=item.payment_id,
            undoes_id=item.movement_id,
        )
        for item in found.moved
    )


def undone_entries(plans: Sequence[MovePlan]) -> tuple[EntryDraft, ...]:
    """The entries that they post."""
    return tuple(plan.entry for plan in plans)


def taken_off(plans: Sequence[MovePlan]) -> tuple[Change, ...]:
    """What is held no longer, for the preview and the receipt."""
    cents = -sum(plan.amount_cents for plan in plans)
    label = Sentence(gettext_noop("Taken off the deposit"))
    return (Change(code="deposit_undone", label=label, unit=Unit.CENTS, before=None, after=cents),) if cents else ()


def record_undone(plans: Sequence[MovePlan], recording: Recording) -> None:
    """Post and note them."""
    recording.entry_ids += move_deposits(plans, at=recording.moment.at, receipt_id=recording.receipt_id)

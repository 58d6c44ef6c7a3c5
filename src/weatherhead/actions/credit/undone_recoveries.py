"""What a payment at the counter recovered of a write-off goes back with the payment: the debt is given up as before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from weatherhead.areas.credit.operations.write_offs import Unrecovered, undo_recoveries
from weatherhead.areas.credit.write_offs import RecoveryFacts, recoveries_of_receipts
from weatherhead.areas.ledger.queries import entries
from weatherhead.areas.payments.queries import PaymentFacts
from weatherhead.core.ledger import Entry, EntryDraft, reversal
from weatherhead.door.registry import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class WithPayments:
    """What was recovered with some payments, and its entries. Nothing for nearly every payment."""

    recoveries: tuple[RecoveryFacts, ...] = ()
    entries: Mapping[int, Entry] = field(default_factory=dict)

    @property
    def entry_ids(self) -> frozenset[int]:
        """The entries that are about to be undone."""
        return frozenset(self.entries)


def recovered_with(payments: Iterable[PaymentFacts]) -> WithPayments:
    """Read what was recovered, on the accounts where they are, when some payments were taken.

    Where one of several parts goes, the whole is undone: what still pays the debt is recovered by the next run.
    """
    taken = {(item.receipt_id, item.account_id) for item in payments}
    found = tuple(
        item
        for item in recoveries_of_receipts({receipt_id for receipt_id, _ in taken})
        if (item.receipt_id, item.account_id) in taken
    )
    return WithPayments(recoveries=found, entries={item.entry_id: item for item in entries(r.entry_id for r in found)})


def plan_unrecovered(found: WithPayments, *, on: date, reason: str) -> tuple[Unrecovered, ...]:
    """Reverse it, not before it was recovered."""
    return tuple(
        Unrecovered(
            recovery_id=item.recovery_id,
            undone_on=max(on, item.recovered_on),
            entry=reversal(found.entries[item.entry_id], effective_on=max(on, item.recovered_on), reason=reason),
        )
        for item in found.recoveries
    )


def unrecovered_entries(plans: Sequence[Unrecovered]) -> tuple[EntryDraft, ...]:
    """The entries that they post."""
    return tuple(plan.entry for plan in plans)


def unrecovered_updates(plans: Sequence[Unrecovered]) -> dict[str, int]:
    """The rows that they change, for a proposal."""
    return {"credit_recovery": len(plans)} if plans else {}


def record_unrecovered(plans: Sequence[Unrecovered], recording: Recording) -> None:
    """Post and note them."""
    if plans:
        recording.entry_ids += undo_recoveries(plans, at=recording.moment.at, receipt_id=recording.receipt_id)

"""The figures that actions change, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from weatherhead.areas.ledger.queries import movements_of
from weatherhead.core.ledger import (
    BACK_BILL,
    EntryDraft,
    LedgerAccount,
    OpenCredit,
    OpenItem,
    PostingRef,
    ReceivableMovement,
    age,
    open_credits,
)
from weatherhead.core.statements import Installment
from weatherhead.core.values import Change, Rule, Sentence, Unit, gettext_noop

_NOT_YET_STORED = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The receivable of one account, as ageing sees it."""

    account_id: int
    movements: tuple[ReceivableMovement, ...]

    def balance_cents(self, *, as_of: date, entries: Sequence[EntryDraft] = ()) -> int:
        """What is owed on a day, once some entries are posted."""
        return age((*self.movements, *drafted(entries, account_id=self.account_id)), as_of=as_of).balance_cents

    def later_parts(self, *, as_of: date, due_on: date, entries: Sequence[EntryDraft] = ()) -> tuple[Installment, ...]:
        """What of the balance is a back-bill's installment that is due after a bill, once some entries are posted."""
        movements = (*self.movements, *drafted(entries, account_id=self.account_id))
        if not any(item.charge == BACK_BILL for item in movements):
            return ()
        return later_than(age(movements, as_of=as_of).open_items, due_on=due_on)

    def past_due_cents(self, *, as_of: date, entries: Sequence[EntryDraft] = ()) -> int:
        """What is past due on a day, once some entries are posted."""
        return age((*self.movements, *drafted(entries, account_id=self.account_id)), as_of=as_of).past_due_cents

    def open_items(self, *, as_of: date, entries: Sequence[EntryDraft] = ()) -> tuple[OpenItem, ...]:
        """What is owed on a day once some entries are posted, the oldest due first."""
        return age((*self.movements, *drafted(entries, account_id=self.account_id)), as_of=as_of).open_items

    def open_credits(self, *, as_of: date) -> tuple[OpenCredit, ...]:
        """What is to the customer's credit on a day, the newest first."""
        return open_credits(self.movements, as_of=as_of)


def later_than(items: Iterable[OpenItem], *, due_on: date) -> tuple[Installment, ...]:
    """The installments among what is open that are due after a day."""
    return tuple(
        Installment(item.due_on, item.open_cents) for item in items if item.charge == BACK_BILL and item.due_on > due_on
    )


def standing_of(account_id: int) -> Standing:
    """Gather one account's receivable."""
    return Standing(account_id=account_id, movements=movements_of([account_id])[account_id])


def standings_of(account_ids: Sequence[int]) -> dict[int, Standing]:
    """Gather several accounts' receivables."""
    found = movements_of(account_ids)
    return {number: Standing(account_id=number, movements=found[number]) for number in account_ids}


def money_changes(standing: Standing, *, entries: Sequence[EntryDraft], as_of: date) -> tuple[Change, ...]:
    """Balance and past due before and after some entries."""
    before = age(standing.movements, as_of=as_of)
    after = age((*standing.movements, *drafted(entries, account_id=standing.account_id)), as_of=as_of)
    changes = [
        Change(
            code="balance",
            label=Sentence(gettext_noop("Balance")),
            unit=Unit.CENTS,
            before=before.balance_cents,
            after=after.balance_cents,
            account_id=standing.account_id,
        )
    ]
    if before.past_due_cents or after.past_due_cents:
        changes.append(
            Change(
                code="past_due",
                label=Sentence(gettext_noop("Past due")),
                unit=Unit.CENTS,
                before=before.past_due_cents,
                after=after.past_due_cents,
                account_id=standing.account_id,
            )
        )
    return tuple(changes)


def drafted(entries: Sequence[EntryDraft], *, account_id: int) -> tuple[ReceivableMovement, ...]:
    """What entries that are not yet posted will move on an account."""
    return tuple(
        ReceivableMovement(
            ref=PostingRef(entry_id=_NOT_YET_STORED + number, sequence=place),
            effective_on=entry.effective_on,
            amount_cents=posting.amount_cents,
            charge=posting.charge,
            due_on=posting.due_on,
            matches=posting.matches,
        )
        for number, entry in enumerate(entries)
        for place, posting in enumerate(entry.postings, 1)
        if posting.ledger_account == LedgerAccount.RECEIVABLE and posting.account_id == account_id
    )


def made(label: str, value: str | int | date, *, code: str, unit: Unit = Unit.TEXT) -> Change:
    """A figure that there was not before."""
    return Change(code=code, label=Sentence(label), unit=unit, before=None, after=value)


def house_rule(code: str, title: str) -> Rule:
    """A rule of this software rather than of a tariff or law."""
    return Rule(code=code, title=title, citation="docs/algorithms", status="house")

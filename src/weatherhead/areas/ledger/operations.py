"""Writing to the journal. Billing, payments and credit post inside their own operations: nothing is issued unposted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NoReturn

from django.db import IntegrityError

from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.database import bulk_add, bulk_insert, next_ids, require_transaction, violated_constraint
from weatherhead.core.ledger import Entry, EntryDraft, balances, entry_digest
from weatherhead.core.values import Refusal, gettext_noop

ENTRY_NUMBERS = "ledger_entry_id"

_POSTING_COLUMNS = (
    "entry_id",
    "sequence",
    "ledger_account",
    "account_id",
    "amount_cents",
    "due_on",
    "charge",
    "matches_entry_id",
    "matches_sequence",
)
_ENTRY_COLUMNS = (
    "id",
    "kind",
    "effective_on",
    "inserted_at",
    "reason",
    "state",
    "reverses_id",
    "resolves_id",
    "posting_count",
    "receipt_id",
    "digest",
)


class EntryAlreadyReversed(Refusal):
    """An entry is undone once."""

    template = gettext_noop("Entry %(entries)s was already reversed. Open the account again to see how it stands now.")


class EntryAlreadyResolved(Refusal):
    """A pending entry is posted or voided once."""

    template = gettext_noop(
        "Pending entry %(entries)s was already posted or voided. Open the account again to see how it stands now."
    )


class CorrectedEntryMissing(Refusal):
    """What is to be reversed is not posted, or what is to be resolved is not pending."""

    template = gettext_noop(
        "Entry %(entries)s cannot be corrected like this: only a posted entry is reversed, and only a pending one is "
        "posted or voided. Open it again to see how it stands now."
    )


def post(drafts: Sequence[EntryDraft], *, inserted_at: datetime, receipt_id: int | None) -> tuple[int, ...]:
    """Append entries to the journal and move the running balances; returns their numbers, in the order of `drafts`.

    Set-based: a bill run's shard costs as many statements as one fee. Runs inside the transaction, and under the
    account locks, of the action that it belongs to. `inserted_at` is an aware instant; pending and void entries move no
    balance.

    Raises:
        EntryAlreadyReversed, EntryAlreadyResolved, CorrectedEntryMissing: as they say; nothing was posted.
    """
    require_transaction("entries are posted")
    if inserted_at.utcoffset() is None:
        raise ValueError("inserted_at must be an aware instant")
    if not drafts:
        return ()
    _refuse_corrected(drafts)
    numbers = next_ids(ENTRY_NUMBERS, count=len(drafts))
    entries = [
        Entry(entry_id=number, draft=draft, inserted_at=inserted_at, receipt_id=receipt_id)
        for number, draft in zip(numbers, drafts, strict=True)
    ]
    try:
        bulk_insert(table="ledger_ledgerposting", columns=_POSTING_COLUMNS, rows=_posting_rows(entries))
        bulk_insert(table="ledger_journalentry", columns=_ENTRY_COLUMNS, rows=map(_entry_row, entries))
    except IntegrityError as error:
        _refuse(error, drafts=drafts)
    moved = [
        (key.account_id, key.ledger_account, cents)
        for key, cents in balances(drafts).items()
        if key.account_id is not None
    ]
    bulk_add(table="ledger_runningbalance", keys=("account_id", "ledger_account"), amount="balance_cents", rows=moved)
    return tuple(numbers)


def _refuse_corrected(drafts: Sequence[EntryDraft]) -> None:
    """Say which entries were corrected before; the unique constraints stay the last word between two transactions."""
    reversed_ids = Counter(draft.reverses_id for draft in drafts if draft.reverses_id is not None)
    resolved_ids = Counter(draft.resolves_id for draft in drafts if draft.resolves_id is not None)
    if reversed_ids:
        known = JournalEntry.objects.filter(reverses_id__in=reversed_ids)
        reversed_ids.update(known.values_list("reverses_id", flat=True))
        if twice := sorted(number for number, times in reversed_ids.items() if times > 1):
            raise EntryAlreadyReversed(entries=_listed(twice))
    if resolved_ids:
        known = JournalEntry.objects.filter(resolves_id__in=resolved_ids)
        resolved_ids.update(known.values_list("resolves_id", flat=True))
        if twice := sorted(number for number, times in resolved_ids.items() if times > 1):
            raise EntryAlreadyResolved(entries=_listed(twice))


def _refuse(error: IntegrityError, *, drafts: Sequence[EntryDraft]) -> NoReturn:
    reversed_ids = sorted(draft.reverses_id for draft in drafts if draft.reverses_id is not None)
    resolved_ids = sorted(draft.resolves_id for draft in drafts if draft.resolves_id is not None)
    match violated_constraint(error):
        case "ledger_reversed_once":
            raise EntryAlreadyReversed(entries=_listed(reversed_ids)) from error
        case "ledger_resolved_once":
            raise EntryAlreadyResolved(entries=_listed(resolved_ids)) from error
        case "ledger_corrects_known":
            raise CorrectedEntryMissing(entries=_listed(reversed_ids + resolved_ids)) from error
        case _:
            raise error


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _posting_rows(entries: Sequence[Entry]) -> Iterator[tuple[object, ...]]:
    for entry in entries:
        for ref, posting in entry.referenced():
            matches = posting.matches
            yield (
                ref.entry_id,
                ref.sequence,
                posting.ledger_account,
                posting.account_id,
                posting.amount_cents,
                posting.due_on,
                posting.charge,
                matches.entry_id if matches else None,
                matches.sequence if matches else None,
            )


def _entry_row(entry: Entry) -> tuple[object, ...]:
    draft = entry.draft
    return (
        entry.entry_id,
        draft.kind,
        draft.effective_on,
        entry.inserted_at,
        draft.reason,
        draft.state.value,
        draft.reverses_id,
        draft.resolves_id,
        len(draft.postings),
        entry.receipt_id,
        entry_digest(entry),
    )

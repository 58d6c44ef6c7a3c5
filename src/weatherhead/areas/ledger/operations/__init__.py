"""Writing to the journal. Billing, payments and credit post inside their own operations: nothing is issued unposted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import NoReturn

import numpy as np
from django.db import IntegrityError

from weatherhead.areas.ledger.books import require_open
from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.arrays import (
    MISSING,
    ColumnType,
    Values,
    insert_columns,
)
from weatherhead.areas.records.database import (
    bulk_add,
    bulk_insert,
    next_ids,
    require_transaction,
    violated_constraint,
)
from weatherhead.core.ledger import Entry, EntryDraft, LedgerAccount, balances, entry_digest
from weatherhead.core.values import Int64Array, Refusal, gettext_noop

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


class ClosedMeanwhile(Refusal):
    """The day was closed between the look and the posting."""

    template = gettext_noop("The books were closed or reopened a moment ago. Look again and repeat it.")


def post(drafts: Sequence[EntryDraft], *, inserted_at: datetime, receipt_id: int | None) -> tuple[int, ...]:
    """Append entries to the journal and move the running balances; returns their numbers, in the order of `drafts`.

    Set-based: a bill run's shard costs as many statements as one fee. Runs inside the transaction, and under the
    account locks, of the action that it belongs to. `inserted_at` is an aware instant; pending and void entries move no
    balance.

    Raises:
        EntryAlreadyReversed, EntryAlreadyResolved, CorrectedEntryMissing: as they say; nothing was posted.
        DayClosed, ClosedMeanwhile: an entry takes effect on a closed day.
    """
    require_transaction("entries are posted")
    if inserted_at.utcoffset() is None:
        raise ValueError("inserted_at must be an aware instant")
    if not drafts:
        return ()
    require_open(min(draft.effective_on for draft in drafts))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeColumns:
    """One entry each for n charges or payments: the receivable against other ledger accounts, which are no customer's.

    `credits_cents` (n, k) is what each of the k `ledger_accounts`, in alphabetical order, is moved by; an account owes
    what they sum to with the other sign. `due` (n,) are ordinals. An account may come more than once. A payment debits
    the bank, and so lowers what is owed. Where the others sum to zero, as for money in suspense, no receivable moves
    and the account is not looked at.
    """

    kind: str
    charge: str
    effective_on: date
    account_ids: Int64Array
    due: Int64Array
    ledger_accounts: tuple[str, ...]
    credits_cents: Int64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedCharges:
    """The entries' numbers, MISSING for an account without one, and their digests in that order."""

    entry_ids: Int64Array
    digests: tuple[str, ...]
    count: int

    @property
    def digest(self) -> str:
        """A hash over all digests; empty for no entry."""
        return digest_of_digests(self.digests) if self.digests else ""


def post_charges(columns: ChargeColumns, *, inserted_at: datetime, receipt_id: int) -> PostedCharges:
    """Append one entry an account, as `post` would append it, thousands at once.

    An account whose amounts are all zero gets no entry, and MISSING.

    Raises:
        DayClosed, ClosedMeanwhile: the day is closed.
    """
    require_transaction("entries are posted")
    require_open(columns.effective_on)
    owed = -columns.credits_cents.sum(axis=1)
    moved = columns.credits_cents != 0
    chosen = np.flatnonzero(moved.any(axis=1) | (owed != 0))
    entry_ids = np.full(len(owed), MISSING, dtype=np.int64)
    if not len(chosen):
        return PostedCharges(entry_ids=entry_ids, digests=(), count=0)
    entry_ids[chosen] = next_ids(ENTRY_NUMBERS, count=len(chosen))
    # The receivable comes first, then the others in their order.
    sequence = np.cumsum(moved, axis=1) + (owed != 0)[:, None]
    groups: list[Mapping[str, Values]] = []
    constant: dict[str, Values] = {"charge": columns.charge, "matches_entry_id": None, "matches_sequence": None}
    due = np.where(owed > 0, columns.due, MISSING)
    owing = np.flatnonzero(owed)
    if len(owing):
        groups.append(
            constant
            | {
                "entry_id": entry_ids[owing],
                "sequence": 1,
                "ledger_account": LedgerAccount.RECEIVABLE.value,
                "account_id": columns.account_ids[owing],
                "amount_cents": owed[owing],
                "due_on": due[owing],
            }
        )
    for place, code in enumerate(columns.ledger_accounts):
        rows = np.flatnonzero(moved[:, place])
        if len(rows):
            groups.append(
                constant
                | {
                    "entry_id": entry_ids[rows],
                    "sequence": sequence[rows, place],
                    "ledger_account": code,
                    "account_id": None,
                    "amount_cents": columns.credits_cents[rows, place],
                    "due_on": None,
                }
            )
    try:
        insert_columns(table="ledger_ledgerposting", types=_POSTING_TYPES, groups=groups)
        digests = _write_headers(
            columns, chosen=chosen, entry_ids=entry_ids, owed=owed, at=inserted_at, receipt_id=receipt_id
        )
    except IntegrityError as error:
        _refuse(error, drafts=())
    movers, places = np.unique(columns.account_ids[owing], return_inverse=True)
    moved_cents = np.zeros(len(movers), dtype=np.int64)
    np.add.at(moved_cents, places, owed[owing])
    moves = [
        (account_id, LedgerAccount.RECEIVABLE.value, cents)
        for account_id, cents in zip(movers.tolist(), moved_cents.tolist(), strict=True)
    ]
    bulk_add(table="ledger_runningbalance", keys=("account_id", "ledger_account"), amount="balance_cents", rows=moves)
    return PostedCharges(entry_ids=entry_ids, digests=digests, count=len(chosen))


_POSTING_TYPES: Mapping[str, ColumnType] = {
    "entry_id": "bigint",
    "sequence": "smallint",
    "ledger_account": "text",
    "account_id": "bigint",
    "amount_cents": "bigint",
    "due_on": "date",
    "charge": "text",
    "matches_entry_id": "bigint",
    "matches_sequence": "smallint",
}


_ENTRY_TYPES: Mapping[str, ColumnType] = {
    "id": "bigint",
    "kind": "text",
    "effective_on": "date",
    "inserted_at": "timestamptz",
    "reason": "text",
    "state": "text",
    "reverses_id": "bigint",
    "resolves_id": "bigint",
    "posting_count": "smallint",
    "receipt_id": "bigint",
    "digest": "text",
}


def _write_headers(
    columns: ChargeColumns,
    *,
    chosen: Int64Array,
    entry_ids: Int64Array,
    owed: Int64Array,
    at: datetime,
    receipt_id: int,
) -> tuple[str, ...]:
    """The headers with their digests, which are those of `entry_digest`; a test holds the two to each other."""
    effective_on = columns.effective_on.isoformat()
    head = f',"{columns.kind}","{effective_on}","posted","",null,null,{receipt_id},"{_digest_time(at)}",['
    heads = [f'["{LedgerAccount.RECEIVABLE.value}",', f'"{columns.charge}",null,null]']
    credits_of = [f'["{code}",' for code in columns.ledger_accounts]
    tail = f',null,null,"{columns.charge}",null,null]'
    days: dict[int, str] = {}
    counts: list[int] = []
    digests: list[str] = []
    figures = zip(
        entry_ids[chosen].tolist(),
        columns.account_ids[chosen].tolist(),
        owed[chosen].tolist(),
        columns.due[chosen].tolist(),
        columns.credits_cents[chosen].tolist(),
        strict=True,
    )
    for entry_id, account_id, cents, due, amounts in figures:
        postings = [f"{begun}{amount}{tail}" for begun, amount in zip(credits_of, amounts, strict=True) if amount]
        if cents:
            day = "null"
            if cents > 0:
                day = days.get(due) or days.setdefault(due, f'"{date.fromordinal(due).isoformat()}"')
            postings.insert(0, f"{heads[0]}{cents},{account_id},{day},{heads[1]}")
        counts.append(len(postings))
        digests.append(sha256(f"[{entry_id}{head}{','.join(postings)}]]".encode()).hexdigest())
    insert_columns(
        table="ledger_journalentry",
        types=_ENTRY_TYPES,
        groups=[
            {
                "id": entry_ids[chosen],
                "kind": columns.kind,
                "effective_on": columns.effective_on.toordinal(),
                "inserted_at": at,
                "reason": "",
                "state": "posted",
                "reverses_id": None,
                "resolves_id": None,
                "posting_count": np.array(counts, dtype=np.int64),
                "receipt_id": receipt_id,
                "digest": digests,
            }
        ],
    )
    return tuple(digests)


def digest_of_digests(digests: Iterable[str]) -> str:
    """One hash over many entries' digests, in the order of their numbers: what the audit log keeps of a batch."""
    return sha256("".join(digests).encode()).hexdigest()


def _digest_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


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
        case "ledger_day_open":
            raise ClosedMeanwhile from error
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

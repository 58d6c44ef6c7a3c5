"""Reads of the journal as frozen values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Protocol

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from weatherhead.areas.ledger.models import JournalEntry, LedgerPosting, RunningBalance
from weatherhead.areas.records.arrays import among, fetch_rows, rows_among
from weatherhead.areas.records.database import as_day, chunks
from weatherhead.core.ledger import (
    CUSTOMER_KEPT,
    Ageing,
    Entry,
    EntryDraft,
    EntryState,
    LedgerAccount,
    Posting,
    PostingRef,
    ReceivableMovement,
    age,
)
from weatherhead.core.values import Refusal, gettext_noop

POSTING_FIELDS = (
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

TOGETHER_MAX = 200
"""More accounts and entries than these are asked for one after the other, as cheap rows."""


class PostingRow(Protocol):
    """A stored posting, as a model or as a plain row of `POSTING_FIELDS`, which is far cheaper where there are many."""

    entry_id: int
    sequence: int
    ledger_account: str
    account_id: int | None
    amount_cents: int
    due_on: date | None
    charge: str
    matches_entry_id: int | None
    matches_sequence: int | None


class NoSuchEntry(Refusal):
    """No entry has that number."""

    template = gettext_noop("There is no ledger entry %(entry)s. Open the account again and choose it from there.")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMovement:
    """Unapplied credit that came to an account (cents, positive) or left it, and the receipt that tells of it."""

    entry_id: int
    receipt_id: int
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePosting:
    """A posted receivable posting of an account, with the balance after it (cents, debits positive)."""

    ref: PostingRef
    effective_on: date
    inserted_at: datetime
    kind: str
    charge: str
    reason: str
    amount_cents: int
    balance_cents: int
    due_on: date | None
    matches: PostingRef | None
    reverses_id: int | None
    reversed_by_id: int | None
    receipt_id: int | None


def balance_of(account_ids: Iterable[int]) -> dict[int, int]:
    """What each account owes (cents; negative: in credit), every given account included. One row read for each."""
    wanted = sorted(set(account_ids))
    rows = fetch_rows(
        f"""
        SELECT balance.account_id, balance.balance_cents
        FROM {among("account_id")} JOIN ledger_runningbalance AS balance ON balance.account_id = wanted.account_id
        WHERE balance.ledger_account = %s
        """,  # noqa: S608 - names of this module
        [*rows_among(np.array(wanted, dtype=np.int64)), LedgerAccount.RECEIVABLE.value],
    )
    return dict.fromkeys(wanted, 0) | dict(rows)


def balances_of(account_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """Every running balance of each account by ledger account (cents, debits positive), zeros left out."""
    wanted = sorted(set(account_ids))
    found: dict[int, dict[str, int]] = {account_id: {} for account_id in wanted}
    for chunk in chunks(wanted):
        rows = RunningBalance.objects.filter(account_id__in=chunk).exclude(balance_cents=0)
        for account_id, ledger_account, balance_cents in rows.order_by("account_id", "ledger_account").values_list(
            "account_id", "ledger_account", "balance_cents"
        ):
            found[account_id][ledger_account] = balance_cents
    return found


def waiting_credit_of(account_ids: Iterable[int]) -> dict[int, int]:
    """What waits for each account as unapplied credit (cents, not negative but for a fault); every account included."""
    found = balances_of(account_ids)
    return {account_id: -kept.get(LedgerAccount.UNAPPLIED_CREDIT, 0) for account_id, kept in found.items()}


def waiting_movements_of(account_id: int) -> tuple[WaitingMovement, ...]:
    """What came and went of an account's unapplied credit, in the order in which it was recorded; mostly nothing."""
    rows = LedgerPosting.objects.filter(
        account_id=account_id,
        ledger_account=LedgerAccount.UNAPPLIED_CREDIT.value,
        entry__state=EntryState.POSTED.value,
    ).order_by("entry_id", "sequence")
    return tuple(
        WaitingMovement(entry_id=entry_id, receipt_id=receipt_id or 0, cents=-amount_cents)
        for entry_id, receipt_id, amount_cents in rows.values_list("entry_id", "entry__receipt_id", "amount_cents")
    )


def accounts_with_waiting_credit(*, first: int, last: int) -> dict[int, int]:
    """The accounts of a range for which credit waits, and how much; mostly few. In one question."""
    rows = RunningBalance.objects.filter(
        ledger_account=LedgerAccount.UNAPPLIED_CREDIT.value,
        balance_cents__lt=0,
        account_id__gte=first,
        account_id__lte=last,
    )
    return {account_id: -cents for account_id, cents in rows.values_list("account_id", "balance_cents")}


def entry(entry_id: int) -> Entry:
    """One stored entry with its postings.

    Raises:
        NoSuchEntry: for an unknown number.
    """
    rows = list(LedgerPosting.objects.select_related("entry").filter(entry_id=entry_id).order_by("sequence"))
    if rows:
        return stored_entry(rows[0].entry, postings=[stored_posting(row) for row in rows])
    for found in entries([entry_id]):  # one that resolves another has no postings
        return found
    raise NoSuchEntry(entry=entry_id)


def entries(entry_ids: Iterable[int]) -> tuple[Entry, ...]:
    """The stored entries with these numbers, in the order of their numbers; unknown numbers are left out."""
    headers: list[JournalEntry] = []
    for chunk in chunks(sorted(set(entry_ids))):
        headers += JournalEntry.objects.filter(pk__in=chunk).order_by("pk")
    return _with_postings(headers)


def posted_entries(entry_ids: Iterable[int]) -> tuple[Entry, ...]:
    """The stored entries with these numbers that have postings, in the order of their numbers, as cheap rows."""
    found: list[Entry] = []
    for chunk in chunks(sorted(set(entry_ids))):
        rows = LedgerPosting.objects.filter(entry_id__in=chunk).order_by("entry_id", "sequence")
        postings: defaultdict[int, list[Posting]] = defaultdict(list)
        for row in rows.values_list(*POSTING_FIELDS, named=True):
            postings[row.entry_id].append(stored_posting(row))
        headers = JournalEntry.objects.filter(pk__in=postings).order_by("pk")
        found += [stored_entry(header, postings=postings[header.pk]) for header in headers]
    return tuple(found)


def entries_of(account_id: int, *, limit: int | None = None) -> tuple[Entry, ...]:
    """The entries that touch an account, whatever their state, latest effective first; at most `limit` of them.

    An entry comes whole: its postings to other accounts (a payment moved from one to another) are included.
    """
    touches = LedgerPosting.objects.filter(account_id=account_id).values("entry_id")
    headers = JournalEntry.objects.filter(pk__in=touches).order_by("-effective_on", "-pk")
    return _with_postings(list(headers[:limit] if limit is not None else headers))


def pending_of(account_ids: Iterable[int]) -> dict[int, tuple[Entry, ...]]:
    """The entries of each account that are still pending (a bank debit in flight), oldest first."""
    wanted = sorted(set(account_ids))
    found: dict[int, tuple[Entry, ...]] = dict.fromkeys(wanted, ())
    resolution = JournalEntry.objects.filter(resolves_id=OuterRef("pk"))
    for chunk in chunks(wanted):
        touches = LedgerPosting.objects.filter(account_id__in=chunk).values("entry_id")
        headers = JournalEntry.objects.filter(~Exists(resolution), state=EntryState.PENDING.value, pk__in=touches)
        for one in _with_postings(list(headers.order_by("effective_on", "pk"))):
            touched = {posting.account_id for posting in one.draft.postings}
            for account_id in touched.intersection(chunk):
                if account_id is not None:
                    found[account_id] += (one,)
    return found


def reversal_of(entry_ids: Iterable[int]) -> dict[int, int]:
    """Which of these entries are reversed, and by which entry."""
    found: dict[int, int] = {}
    for chunk in chunks(sorted(set(entry_ids))):
        rows = JournalEntry.objects.filter(reverses_id__in=chunk)
        found.update(rows.values_list("reverses_id", "pk"))
    return found


def digests_of(entry_ids: Iterable[int]) -> dict[int, str]:
    """The stored digests, for the audit log to keep a copy beyond the reach of whoever can change these tables."""
    found: dict[int, str] = {}
    for chunk in chunks(sorted(set(entry_ids))):
        found.update(JournalEntry.objects.filter(pk__in=chunk).values_list("pk", "digest"))
    return found


def movements_of(account_ids: Iterable[int]) -> dict[int, tuple[ReceivableMovement, ...]]:
    """The whole posted receivable of each account, as ageing takes it; every given account is included."""
    wanted = sorted(set(account_ids))
    found: dict[int, list[ReceivableMovement]] = {account_id: [] for account_id in wanted}
    # Written out, as `balance_of` is: most pages and actions ask it, and the ORM thinks longer than the database works.
    rows = fetch_rows(
        f"""
        SELECT posting.account_id, posting.entry_id, posting.sequence, entry.effective_on, posting.amount_cents,
            posting.charge, posting.due_on, posting.matches_entry_id, posting.matches_sequence
        FROM {among("account_id")}
        JOIN ledger_ledgerposting AS posting ON posting.account_id = wanted.account_id
        JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
        WHERE posting.ledger_account = %s AND entry.state = %s
        ORDER BY posting.entry_id, posting.sequence
        """,  # noqa: S608 - names of this module
        [*rows_among(np.array(wanted, dtype=np.int64)), LedgerAccount.RECEIVABLE.value, EntryState.POSTED.value],
    )
    for account_id, entry_id, sequence, effective_on, amount_cents, charge, due_on, matched, matched_sequence in rows:
        found[account_id].append(
            ReceivableMovement(
                ref=PostingRef(entry_id=entry_id, sequence=sequence),
                effective_on=as_day(effective_on),
                amount_cents=amount_cents,
                charge=charge,
                due_on=None if due_on is None else as_day(due_on),
                matches=_ref(matched, matched_sequence),
            )
        )
    return {account_id: tuple(movements) for account_id, movements in found.items()}


def movements_and_entries(
    account_ids: Iterable[int], *, entry_ids: Iterable[int]
) -> tuple[dict[int, tuple[ReceivableMovement, ...]], dict[int, int], dict[int, Entry]]:
    """What `movements_of`, `accounts_with_waiting_credit` and `posted_entries` find, the entries by number; in one
    question where there are few.
    """
    wanted, numbers = sorted(set(account_ids)), sorted(set(entry_ids))
    if len(wanted) + len(numbers) > TOGETHER_MAX:
        waits = accounts_with_waiting_credit(first=wanted[0], last=wanted[-1]) if wanted else {}
        return movements_of(wanted), waits, {item.entry_id: item for item in posted_entries(numbers)}
    both = (LedgerAccount.RECEIVABLE.value, LedgerAccount.UNAPPLIED_CREDIT.value)
    of_customer = Q(ledger_account__in=both, entry__state=EntryState.POSTED.value)
    rows = LedgerPosting.objects.select_related("entry").filter(
        (of_customer & Q(account_id__in=wanted)) | Q(entry_id__in=numbers)
    )
    found: dict[int, list[ReceivableMovement]] = {account_id: [] for account_id in wanted}
    waiting: Counter[int] = Counter()
    by_entry: dict[int, list[LedgerPosting]] = {number: [] for number in numbers}
    for row in rows.order_by("entry_id", "sequence"):
        if row.entry_id in by_entry:
            by_entry[row.entry_id].append(row)
        if row.account_id not in found or row.entry.state != EntryState.POSTED.value:
            continue
        if row.ledger_account == LedgerAccount.RECEIVABLE.value:
            found[row.account_id].append(_movement(row, effective_on=row.entry.effective_on))
        elif row.ledger_account == LedgerAccount.UNAPPLIED_CREDIT.value:
            waiting[row.account_id] -= row.amount_cents
    entries_by_number = {
        number: stored_entry(items[0].entry, postings=[stored_posting(row) for row in items])
        for number, items in by_entry.items()
        if items
    }
    return {account_id: tuple(items) for account_id, items in found.items()}, dict(+waiting), entries_by_number


def _movement(row: PostingRow, *, effective_on: date) -> ReceivableMovement:
    return ReceivableMovement(
        ref=PostingRef(entry_id=row.entry_id, sequence=row.sequence),
        effective_on=effective_on,
        amount_cents=row.amount_cents,
        charge=row.charge,
        due_on=row.due_on,
        matches=_ref(row.matches_entry_id, row.matches_sequence),
    )


def ageing_of(account_ids: Iterable[int], *, as_of: date) -> dict[int, Ageing]:
    """The ageing of each account's receivable on a day; every given account is included."""
    return {account_id: age(movements, as_of=as_of) for account_id, movements in movements_of(account_ids).items()}


def timeline_and_waiting(account_id: int) -> tuple[tuple[TimelinePosting, ...], int]:
    """The posted receivable of an account, oldest effective first, each with the balance after it; and what waits
    for it as unapplied credit (cents). In one question, because pages have few.
    """
    both = (LedgerAccount.RECEIVABLE.value, LedgerAccount.UNAPPLIED_CREDIT.value)
    found = LedgerPosting.objects.filter(
        account_id=account_id, ledger_account__in=both, entry__state=EntryState.POSTED.value
    )
    kept = list(found.select_related("entry"))
    waits_cents = -sum(row.amount_cents for row in kept if row.ledger_account == LedgerAccount.UNAPPLIED_CREDIT.value)
    return _for_timeline([row for row in kept if row.ledger_account == LedgerAccount.RECEIVABLE.value]), waits_cents


def postings_for_timeline(account_id: int) -> tuple[TimelinePosting, ...]:
    """The posted receivable of an account, oldest effective first, each with the balance after it."""
    return _for_timeline(list(_receivable_rows().filter(account_id=account_id).select_related("entry")))


def _for_timeline(rows: list[LedgerPosting]) -> tuple[TimelinePosting, ...]:
    rows.sort(key=lambda row: (row.entry.effective_on, row.entry_id, row.sequence))
    balances_cents = accumulate(row.amount_cents for row in rows)
    reversed_by = reversal_of(row.entry_id for row in rows)
    return tuple(
        TimelinePosting(
            ref=PostingRef(entry_id=row.entry_id, sequence=row.sequence),
            effective_on=row.entry.effective_on,
            inserted_at=row.entry.inserted_at,
            kind=row.entry.kind,
            charge=row.charge,
            reason=row.entry.reason,
            amount_cents=row.amount_cents,
            balance_cents=balance_cents,
            due_on=row.due_on,
            matches=_ref(row.matches_entry_id, row.matches_sequence),
            reverses_id=row.entry.reverses_id,
            reversed_by_id=reversed_by.get(row.entry_id),
            receipt_id=row.entry.receipt_id,
        )
        for row, balance_cents in zip(rows, balances_cents, strict=True)
    )


def held_of(account_ids: Iterable[int], *, as_of: date) -> dict[str, int]:
    """What we hold for some accounts on a day beside their receivable, by ledger account (cents, positive), no zeros.

    A security deposit, or credit that is not applied yet.
    """
    found: dict[str, int] = {}
    kept = sorted(CUSTOMER_KEPT - {LedgerAccount.RECEIVABLE})
    for chunk in chunks(sorted(set(account_ids))):
        rows = LedgerPosting.objects.filter(
            account_id__in=chunk,
            ledger_account__in=kept,
            entry__state=EntryState.POSTED.value,
            entry__effective_on__lte=as_of,
        )
        for row in rows.values("ledger_account").annotate(total=Sum("amount_cents")).order_by("ledger_account"):
            found[row["ledger_account"]] = found.get(row["ledger_account"], 0) - int(row["total"])
    return {name: cents for name, cents in found.items() if cents}


def trial_balance(*, as_of: date) -> dict[str, int]:
    """What every ledger account sums to over all posted entries up to a day (cents, debits positive). They sum to 0."""
    rows = fetch_rows(
        """
        SELECT posting.ledger_account, SUM(posting.amount_cents)
        FROM ledger_ledgerposting AS posting JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id
        WHERE entry.state = %s AND entry.effective_on <= %s
        GROUP BY posting.ledger_account ORDER BY posting.ledger_account
        """,
        [EntryState.POSTED.value, as_of],
    )
    return {ledger_account: int(cents) for ledger_account, cents in rows}


def _receivable_rows() -> QuerySet[LedgerPosting]:
    return LedgerPosting.objects.filter(
        ledger_account=LedgerAccount.RECEIVABLE.value, entry__state=EntryState.POSTED.value
    )


def _ref(entry_id: int | None, sequence: int | None) -> PostingRef | None:
    return None if entry_id is None or sequence is None else PostingRef(entry_id=entry_id, sequence=sequence)


def _with_postings(headers: Sequence[JournalEntry]) -> tuple[Entry, ...]:
    postings: Mapping[int, list[Posting]] = defaultdict(list)
    for chunk in chunks([header.pk for header in headers]):
        for row in LedgerPosting.objects.filter(entry_id__in=chunk).order_by("entry_id", "sequence"):
            postings[row.entry_id].append(stored_posting(row))
    return tuple(stored_entry(header, postings=postings[header.pk]) for header in headers)


def stored_posting(row: PostingRow) -> Posting:
    """A row as the posting that it stores."""
    return Posting(
        ledger_account=row.ledger_account,
        amount_cents=row.amount_cents,
        charge=row.charge,
        account_id=row.account_id,
        due_on=row.due_on,
        matches=_ref(row.matches_entry_id, row.matches_sequence),
    )


def stored_entry(header: JournalEntry, *, postings: Sequence[Posting]) -> Entry:
    """A header and its postings as the entry that they store."""
    draft = EntryDraft(
        kind=header.kind,
        effective_on=header.effective_on,
        postings=tuple(postings),
        reason=header.reason,
        state=EntryState(header.state),
        reverses_id=header.reverses_id,
        resolves_id=header.resolves_id,
    )
    return Entry(entry_id=header.pk, draft=draft, inserted_at=header.inserted_at, receipt_id=header.receipt_id)


def accounts_owing(amount_cents: int, *, limit: int) -> tuple[int, ...]:
    """Accounts whose receivable is just so much."""
    rows = RunningBalance.objects.filter(ledger_account=LedgerAccount.RECEIVABLE.value, balance_cents=amount_cents)
    return tuple(rows.order_by("account_id").values_list("account_id", flat=True)[:limit])

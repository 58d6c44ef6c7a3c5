"""The whole receivable aged at once: what `age` says of each account, for all of them, as arrays.

Where nothing cancels anything in particular, credits pay the oldest debits first; so what is open of an account is the
part of its latest debits that its balance still covers, and only debits that are not due or fell due within the last
bucket's days are read. Accounts with reversals or waivers are set off first (`_linked`); the few whose links form
chains are aged one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from weatherhead.areas.ledger.queries import ageing_of
from weatherhead.areas.records.arrays import (
    MISSING,
    among,
    day_sql,
    fetch_columns,
    number_sql,
    ordinal_sql,
    rows_among,
)
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.ledger.ageing import BUCKET_DAYS
from weatherhead.core.values import Int64Array

BUCKETS = len(BUCKET_DAYS) + 2
"""Not yet due, and then by days past due: 1 to 30, 31 to 60, 61 to 90, over 90."""

Mask = NDArray[np.bool_]

_RECEIVABLE = LedgerAccount.RECEIVABLE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class AgedReceivables:
    """n accounts by age, in cents, none of them negative; accounts that owe nothing and are owed nothing are left out.

    `open_cents` (n, 5) by bucket; `credit_cents` (n,) is above 0 only where nothing is open.
    """

    account_ids: Int64Array
    open_cents: Int64Array
    credit_cents: Int64Array

    @property
    def balance_cents(self) -> Int64Array:
        """What each account owes in all; negative: in credit."""
        balances: Int64Array = self.open_cents.sum(axis=1) - self.credit_cents
        return balances


def aged_receivables(*, as_of: date) -> AgedReceivables:
    """Age every account's receivable on a day. What takes effect after that day is left out."""
    accounts, balances = _balances(as_of=as_of)
    linked = _linked_accounts(accounts, as_of=as_of)
    plain = accounts[~linked]
    open_cents = np.zeros((len(accounts), BUCKETS), dtype=np.int64)
    open_cents[~linked] = _waterfall(_recent_debits(plain, as_of=as_of), balances=balances[~linked])
    if linked.any():
        open_cents[linked] = _linked(accounts[linked], as_of=as_of)
    credit_cents = open_cents.sum(axis=1) - balances
    stands = (balances != 0) | open_cents.any(axis=1)
    return AgedReceivables(
        account_ids=accounts[stands], open_cents=open_cents[stands], credit_cents=credit_cents[stands]
    )


def _balances(*, as_of: date) -> tuple[Int64Array, Int64Array]:
    """Every account with a receivable and its balance at the end of a day: the running one, less what came after."""
    return _two(
        "SELECT moved.account_id, sum(moved.cents) FROM ("  # noqa: S608
        "SELECT account_id, balance_cents AS cents FROM ledger_runningbalance WHERE ledger_account = %s"
        " UNION ALL SELECT posting.account_id, -posting.amount_cents FROM ledger_journalentry AS entry"
        " JOIN ledger_ledgerposting AS posting ON posting.entry_id = entry.id"
        f" WHERE entry.effective_on > {ordinal_sql('%s')} AND entry.state = 'posted' AND posting.ledger_account = %s"
        ") AS moved GROUP BY moved.account_id ORDER BY moved.account_id",
        [_RECEIVABLE, as_of.toordinal(), _RECEIVABLE],
    )


def _two(statement: str, parameters: list[int | str | date]) -> tuple[Int64Array, Int64Array]:
    first, second = fetch_columns(statement, parameters, width=2)
    return first, second


def _linked_accounts(accounts: Int64Array, *, as_of: date) -> Mask:
    """Which accounts have a posting that cancels another in particular (mask)."""
    [found] = fetch_columns(
        "SELECT DISTINCT posting.account_id FROM ledger_ledgerposting AS posting"  # noqa: S608
        " JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id"
        " WHERE posting.ledger_account = %s AND posting.matches_entry_id IS NOT NULL AND entry.state = 'posted'"
        f" AND entry.effective_on <= {ordinal_sql('%s')}",
        [_RECEIVABLE, as_of.toordinal()],
        width=1,
    )
    mask: Mask = np.isin(accounts, found)
    return mask


def _recent_debits(accounts: Int64Array, *, as_of: date) -> Int64Array:
    """What each account was charged, by bucket but the last, (n, 4): the last one takes what is left."""
    debits = np.zeros((len(accounts), BUCKETS - 1), dtype=np.int64)
    day = as_of.toordinal()
    owners, due, cents = fetch_columns(
        f"SELECT posting.account_id, {day_sql('posting.due_on')}, sum(posting.amount_cents)"  # noqa: S608
        " FROM ledger_ledgerposting AS posting JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id"
        f" WHERE posting.due_on >= {ordinal_sql('%s')} AND posting.ledger_account = %s"
        f" AND entry.state = 'posted' AND entry.effective_on <= {ordinal_sql('%s')}"
        " GROUP BY posting.account_id, posting.due_on",
        [day - BUCKET_DAYS[-1], _RECEIVABLE, day],
        width=3,
    )
    kept = np.isin(owners, accounts)
    np.add.at(debits, (np.searchsorted(accounts, owners[kept]), bucket_of(due[kept], as_of=as_of)), cents[kept])
    return debits


def bucket_of(due: Int64Array, *, as_of: date) -> Int64Array:
    """The bucket of each due date (ordinals): 0 not yet due, 4 over 90 days past due."""
    late = as_of.toordinal() - due
    buckets: Int64Array = np.searchsorted(np.array([0, *BUCKET_DAYS], dtype=np.int64), late, side="left")
    return buckets


def _waterfall(debits: Int64Array, *, balances: Int64Array) -> Int64Array:
    """What is open by bucket: a balance covers the latest debits, and what it does not reach is paid."""
    open_cents = np.zeros((len(balances), BUCKETS), dtype=np.int64)
    left = np.maximum(balances, 0)
    for bucket in range(BUCKETS - 1):
        open_cents[:, bucket] = np.minimum(left, debits[:, bucket])
        left = left - open_cents[:, bucket]
    open_cents[:, -1] = left
    return open_cents


@dataclass(frozen=True, slots=True, kw_only=True)
class _Movements:
    """The receivable of accounts with links, one row a posting; `target` is the row that it cancels, or −1."""

    owners: Int64Array  # places in the accounts
    cents: Int64Array
    ages_from: Int64Array
    target: Int64Array


def _linked(accounts: Int64Array, *, as_of: date) -> Int64Array:
    """What is open by bucket of accounts whose postings cancel others in particular."""
    moved = _movements(accounts, as_of=as_of)
    links = np.flatnonzero(moved.target >= 0)
    targets = moved.target[links]
    # One link from a posting that nothing cancels to one that cancels nothing: a reversal, a waiver. All else by hand.
    cancelled_once = np.bincount(targets, minlength=len(moved.cents))[targets] == 1 if len(links) else targets == -1
    plain = cancelled_once & (moved.target[targets] < 0) & ~np.isin(links, targets)
    hard = np.zeros(len(accounts), dtype=np.bool_)
    hard[moved.owners[links[~plain]]] = True
    left = moved.cents.copy()
    own, other = links[plain], targets[plain]
    opposed = (left[own] < 0) != (left[other] < 0)
    own, other = own[opposed], other[opposed]
    off = np.minimum(np.abs(left[own]), np.abs(left[other]))
    left[own] -= np.sign(left[own]) * off
    left[other] -= np.sign(left[other]) * off
    debits = np.zeros((len(accounts), BUCKETS), dtype=np.int64)
    owing = left > 0
    np.add.at(debits, (moved.owners[owing], bucket_of(moved.ages_from[owing], as_of=as_of)), left[owing])
    credit = np.zeros(len(accounts), dtype=np.int64)
    np.add.at(credit, moved.owners[left < 0], -left[left < 0])
    open_cents = _waterfall(debits[:, :-1], balances=debits.sum(axis=1) - credit)
    for place in np.flatnonzero(hard).tolist():
        open_cents[place] = _aged_alone(int(accounts[place]), as_of=as_of)
    return open_cents


def _aged_alone(account_id: int, *, as_of: date) -> tuple[int, ...]:
    found = ageing_of([account_id], as_of=as_of)[account_id]
    return (
        found.not_yet_due_cents,
        found.days_1_to_30_cents,
        found.days_31_to_60_cents,
        found.days_61_to_90_cents,
        found.days_over_90_cents,
    )


def _movements(accounts: Int64Array, *, as_of: date) -> _Movements:
    owners, entries, sequences, cents, due, on, of_entries, of_sequences = fetch_columns(
        "SELECT posting.account_id, posting.entry_id, posting.sequence, posting.amount_cents,"  # noqa: S608
        f" {day_sql('posting.due_on')}, {day_sql('entry.effective_on')}, {number_sql('posting.matches_entry_id')},"
        f" {number_sql('posting.matches_sequence')}"
        f" FROM {among('id')} JOIN ledger_ledgerposting AS posting ON posting.account_id = wanted.id"
        " AND posting.ledger_account = %s"
        " JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id AND entry.state = 'posted'"
        f" AND entry.effective_on <= {ordinal_sql('%s')}",
        [*rows_among(accounts), _RECEIVABLE, as_of.toordinal()],
        width=8,
    )
    places = np.int64(1) << 15  # more than an entry has postings
    keys = entries * places + sequences
    order = np.argsort(keys)
    wanted = np.where(of_entries == MISSING, -1, of_entries * places + of_sequences)
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    found = keys[order[at]] == wanted
    # A link to a posting of another account is not ageing's: it looks within one account.
    target = np.where(found, order[at], -1)
    target = np.where((target >= 0) & (owners[target] != owners), -1, target)
    return _Movements(
        owners=np.searchsorted(accounts, owners),
        cents=cents,
        ages_from=np.where(due == MISSING, on, due),
        target=target,
    )

"""The receivable of many accounts at once, for bill runs."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np

from weatherhead.areas.ledger.queries import ageing_of
from weatherhead.areas.records.arrays import among, day_sql, fetch_columns, fetch_rows, ordinal_sql, rows_among
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Int64Array


class MovementRow(NamedTuple):
    """A posted receivable posting. `day` is the ordinal of the day on which it is effective."""

    account_id: int
    entry_id: int
    day: int
    amount_cents: int
    charge: str


def receivable_balances(account_ids: Int64Array) -> Int64Array:
    """The running balance of each account, in the order given, which rises."""
    # Looked up one by one: a join with a table of which PostgreSQL has no statistics yet reads it whole for each row.
    [balances] = fetch_columns(
        "SELECT coalesce((SELECT kept.balance_cents FROM ledger_runningbalance AS kept"  # noqa: S608
        f" WHERE kept.account_id = wanted.id AND kept.ledger_account = %s), 0) FROM {among('id')} ORDER BY wanted.id",
        [LedgerAccount.RECEIVABLE.value, *rows_among(account_ids)],
        width=1,
    )
    return balances


def movements_since(*, account_ids: Int64Array, entry_ids: Int64Array) -> list[MovementRow]:
    """What moved the receivable of each account after its entry, by account, in the order of posting."""
    rows = fetch_rows(
        "SELECT posting.account_id, posting.entry_id, "  # noqa: S608
        f"{day_sql('entry.effective_on')}, posting.amount_cents, posting.charge"
        f" FROM {among('id', 'since')} JOIN ledger_ledgerposting AS posting ON posting.account_id = wanted.id"
        " AND posting.ledger_account = %s AND posting.entry_id > wanted.since"
        " JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id AND entry.state = 'posted'"
        " ORDER BY posting.account_id, posting.entry_id, posting.sequence",
        [*rows_among(account_ids, entry_ids), LedgerAccount.RECEIVABLE.value],
    )
    return [MovementRow(*row) for row in rows]


def accounts_with(charge: str, *, among_ids: Int64Array, due_after: date) -> list[int]:
    """Those of some accounts with a posting of a charge that is due after a day: few, whose ageing tells the rest."""
    [found] = fetch_columns(
        "SELECT DISTINCT posting.account_id"  # noqa: S608
        f" FROM {among('id')} JOIN ledger_ledgerposting AS posting ON posting.account_id = wanted.id"
        " AND posting.ledger_account = %s AND posting.charge = %s"
        f" AND posting.due_on > {ordinal_sql('%s')} ORDER BY posting.account_id",
        [*rows_among(among_ids), LedgerAccount.RECEIVABLE.value, charge, due_after.toordinal()],
        width=1,
    )
    numbers: list[int] = found.tolist()
    return numbers


def past_due_of(account_ids: Int64Array, *, as_of: date) -> dict[int, int]:
    """What of each account's receivable is past due on a day (cents), where any is: what `ageing_of` says.

    Where nothing cancels anything in particular, credits pay the oldest debits first, so that what is past due is the
    debits due before the day less all credits. The few accounts with reversals or waivers are aged one by one.
    """
    accounts, debits, credits_, links = fetch_columns(
        "SELECT posting.account_id,"  # noqa: S608
        f" sum(CASE WHEN posting.amount_cents > 0 AND posting.due_on < {ordinal_sql('%s')}"
        " THEN posting.amount_cents ELSE 0 END),"
        " sum(CASE WHEN posting.amount_cents < 0 THEN -posting.amount_cents ELSE 0 END),"
        " count(posting.matches_entry_id)"
        f" FROM {among('id')} JOIN ledger_ledgerposting AS posting ON posting.account_id = wanted.id"
        " AND posting.ledger_account = %s"
        " JOIN ledger_journalentry AS entry ON entry.id = posting.entry_id AND entry.state = 'posted'"
        f" AND entry.effective_on <= {ordinal_sql('%s')} GROUP BY posting.account_id",
        [
            as_of.toordinal(),
            *rows_among(account_ids),
            LedgerAccount.RECEIVABLE.value,
            as_of.toordinal(),
        ],
        width=4,
    )
    owed = np.where(links == 0, debits - credits_, 0)
    chosen = np.flatnonzero(owed > 0)
    found: dict[int, int] = dict(zip(accounts[chosen].tolist(), owed[chosen].tolist(), strict=True))
    aged = ageing_of(accounts[links > 0].tolist(), as_of=as_of)
    return found | {number: ageing.past_due_cents for number, ageing in aged.items() if ageing.past_due_cents}

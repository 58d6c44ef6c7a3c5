"""Posting: what is stored is what was drafted, balances move with it, and a correction happens once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.areas.ledger.journal import INSERTED_AT, bill, make_accounts, payment, posted, rows, waiver

from weatherhead.areas.ledger.operations import (
    CorrectedEntryMissing,
    EntryAlreadyResolved,
    EntryAlreadyReversed,
    post,
)
from weatherhead.areas.ledger.queries import ageing_of, balance_of, balances_of, entries, entry
from weatherhead.core.ledger import (
    Entry,
    EntryDraft,
    EntryState,
    Posting,
    entry_digest,
    post_pending,
    reversal,
    void_pending,
)

JAN_5, JAN_26, FEB_5 = date(2026, 1, 5), date(2026, 1, 26), date(2026, 2, 5)
pytestmark = pytest.mark.django_db


def _counts() -> tuple[tuple[object, ...], ...]:
    return tuple(
        rows(f"SELECT COUNT(*) FROM {table}")[0]
        for table in ("ledger_journalentry", "ledger_ledgerposting", "ledger_runningbalance")
    )


def test_what_is_stored_is_what_was_drafted() -> None:
    [account] = make_accounts(1)
    drafts = [
        bill(JAN_5, amount_cents=12_345, due_on=JAN_26, account_id=account),
        replace(payment(JAN_26, amount_cents=2_345, account_id=account), reason="Zahlung „bar“ – ünïcode"),
    ]
    numbers = posted(*drafts, receipt_id=77)
    assert numbers == tuple(sorted(numbers))
    stored = entries(numbers)
    assert stored == tuple(
        Entry(entry_id=number, draft=draft, inserted_at=INSERTED_AT, receipt_id=77)
        for number, draft in zip(numbers, drafts, strict=True)
    )
    kept = rows("SELECT digest FROM ledger_journalentry ORDER BY id")
    assert [digest for (digest,) in kept] == [entry_digest(one) for one in stored]


def test_running_balances_move_with_each_account_named() -> None:
    one, other, untouched = make_accounts(3)
    deposit = EntryDraft(
        kind="deposit",
        effective_on=JAN_5,
        postings=(
            Posting(ledger_account="cash_drawer", amount_cents=15_000, charge="deposit"),
            Posting(ledger_account="deposit", amount_cents=-15_000, charge="deposit", account_id=one),
        ),
    )
    posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=one), deposit)
    posted(
        payment(JAN_26, amount_cents=5_000, account_id=one),
        bill(JAN_5, amount_cents=300, due_on=JAN_26, account_id=other),
        payment(JAN_26, amount_cents=500, account_id=other),
    )
    assert balance_of([untouched, other, one]) == {one: 3_000, other: -200, untouched: 0}
    assert balances_of([one, other, untouched]) == {
        one: {"deposit": -15_000, "receivable": 3_000},
        other: {"receivable": -200},
        untouched: {},
    }


def test_what_is_pending_moves_nothing_until_it_is_posted() -> None:
    [account] = make_accounts(1)
    draft = replace(payment(JAN_5, amount_cents=500, account_id=account), state=EntryState.PENDING)
    first, second = posted(draft, draft)
    assert balance_of([account]) == {account: 0}
    posted(post_pending(entry(first), effective_on=JAN_26))
    posted(void_pending(entry(second), effective_on=JAN_26, reason="Customer stopped it"))
    assert balance_of([account]) == {account: -500}


def test_a_reversal_restores_the_balance_and_the_ageing() -> None:
    [account] = make_accounts(1)
    [billed] = posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account))
    before = ageing_of([account], as_of=FEB_5)
    [paid] = posted(payment(JAN_26, amount_cents=9_000, account_id=account))
    assert ageing_of([account], as_of=FEB_5)[account].credit_cents == 1_000
    posted(reversal(entry(paid), effective_on=FEB_5, reason="Check returned"))
    assert ageing_of([account], as_of=FEB_5) == before
    assert balance_of([account]) == {account: 8_000}
    posted(waiver(FEB_5, amount_cents=8_000, of=entry(billed).ref(1), account_id=account))
    assert balance_of([account]) == {account: 0}


def test_nothing_is_posted_outside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(transaction.TransactionManagementError, match="entries are posted inside a transaction"):
        post([payment(JAN_5, amount_cents=1)], inserted_at=INSERTED_AT, receipt_id=None)


def test_an_instant_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="aware instant"):
        post([], inserted_at=datetime(2026, 1, 2), receipt_id=None)  # noqa: DTZ001


def test_nothing_to_post_is_nothing_done(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert post([], inserted_at=INSERTED_AT, receipt_id=None) == ()


def test_a_thousand_entries_cost_hardly_more_statements_than_one() -> None:
    accounts = make_accounts(50)

    def drafts(times: int) -> list[EntryDraft]:
        return [bill(JAN_5, amount_cents=100, due_on=JAN_26, account_id=one) for one in accounts * times]

    with CaptureQueriesContext(connection) as one:
        posted(*drafts(1)[:1])
    with CaptureQueriesContext(connection) as many:
        posted(*drafts(20))
    assert len(one) <= 7  # one of them asks through which day the books are closed
    # On SQLite what is left over of each table's many rows is a statement of its own.
    assert len(many) <= len(one) + (3 if connection.vendor == "sqlite" else 0)
    assert set(balance_of(accounts[1:]).values()) == {2_000}


def test_an_entry_is_reversed_once() -> None:
    [account] = make_accounts(1)
    [paid] = posted(payment(JAN_5, amount_cents=500, account_id=account))
    undoing = reversal(entry(paid), effective_on=JAN_26, reason="Wrong account")
    before = _counts()
    with pytest.raises(EntryAlreadyReversed, match=f"Entry {paid} was already reversed"):
        posted(undoing, undoing)
    assert _counts() == before
    posted(undoing)
    with pytest.raises(EntryAlreadyReversed, match=f"Entry {paid} was already reversed"):
        posted(undoing)
    assert balance_of([account]) == {account: 0}


def test_a_pending_entry_is_resolved_once() -> None:
    [account] = make_accounts(1)
    [pending] = posted(replace(payment(JAN_5, amount_cents=500, account_id=account), state=EntryState.PENDING))
    posted(void_pending(entry(pending), effective_on=JAN_26, reason="Stopped"))
    before = _counts()
    with pytest.raises(EntryAlreadyResolved, match=f"Pending entry {pending} was already"):
        posted(post_pending(entry(pending), effective_on=JAN_26))
    assert _counts() == before


def test_what_is_not_posted_is_not_reversed_and_what_is_not_pending_not_resolved() -> None:
    [account] = make_accounts(1)
    paying = payment(JAN_5, amount_cents=500, account_id=account)
    pending, paid = posted(replace(paying, state=EntryState.PENDING), paying)
    before = _counts()
    for wrong in (
        replace(payment(JAN_26, amount_cents=1, account_id=account), reverses_id=pending),
        replace(payment(JAN_26, amount_cents=1, account_id=account), reverses_id=10**9),
        replace(payment(JAN_26, amount_cents=1, account_id=account), resolves_id=paid),
    ):
        with pytest.raises(CorrectedEntryMissing, match="cannot be corrected like this"):
            posted(wrong)
    assert _counts() == before

"""Reading the journal: figures that agree with the folds, in few queries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.areas.ledger.journal import INSERTED_AT, bill, make_accounts, payment, posted, waiver

from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.columns import past_due_of
from weatherhead.areas.ledger.queries import (
    NoSuchEntry,
    ageing_of,
    balance_of,
    balances_of,
    digests_of,
    entries,
    entries_of,
    entry,
    movements_of,
    pending_of,
    postings_for_timeline,
    reversal_of,
    trial_balance,
)
from weatherhead.core.ledger import (
    Ageing,
    Entry,
    EntryState,
    PostingRef,
    age,
    balances,
    entry_digest,
    post_pending,
    receivable_movements,
    reversal,
    void_pending,
)

JAN_5, JAN_26, FEB_5, FEB_26 = date(2026, 1, 5), date(2026, 1, 26), date(2026, 2, 5), date(2026, 2, 26)
pytestmark = pytest.mark.django_db


def test_an_unknown_entry_is_refused() -> None:
    with pytest.raises(NoSuchEntry, match="There is no ledger entry 4711"):
        entry(4711)
    assert entries([4711]) == ()
    assert digests_of([4711]) == {}


def test_the_entries_of_an_account_come_latest_first() -> None:
    account, other = make_accounts(2)
    first, second, third, _ = posted(
        payment(JAN_26, amount_cents=100, account_id=account),
        payment(JAN_5, amount_cents=200, account_id=account),
        replace(payment(JAN_26, amount_cents=300, account_id=account), state=EntryState.PENDING),
        payment(JAN_26, amount_cents=400, account_id=other),
    )
    assert [one.entry_id for one in entries_of(account)] == [third, first, second]
    assert [one.entry_id for one in entries_of(account, limit=1)] == [third]


def test_the_timeline_runs_a_balance_through_the_posted_receivable() -> None:
    [account] = make_accounts(1)
    billed, paid, _ = posted(
        bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account),
        payment(JAN_26, amount_cents=5_000, account_id=account),
        replace(payment(JAN_5, amount_cents=1, account_id=account), state=EntryState.PENDING),
    )
    late, undone = posted(
        bill(JAN_5, amount_cents=50, due_on=JAN_26, account_id=account),
        reversal(entry(paid), effective_on=FEB_5, reason="Check returned"),
        receipt_id=2,
    )
    timeline = postings_for_timeline(account)
    assert [(row.ref.entry_id, row.amount_cents, row.balance_cents) for row in timeline] == [
        (billed, 8_000, 8_000),
        (late, 50, 8_050),
        (paid, -5_000, 3_050),
        (undone, 5_000, 8_050),
    ]
    bounced = timeline[-1]
    assert (bounced.kind, bounced.reason, bounced.receipt_id) == ("reversal", "Check returned", 2)
    assert (bounced.reverses_id, bounced.matches) == (paid, PostingRef(entry_id=paid, sequence=2))
    assert [row.reversed_by_id for row in timeline] == [None, None, undone, None]
    assert (timeline[0].due_on, timeline[0].effective_on, timeline[0].inserted_at) == (JAN_26, JAN_5, INSERTED_AT)
    assert reversal_of([billed, paid]) == {paid: undone}


def test_what_is_pending_is_listed_until_it_is_resolved() -> None:
    one, other = make_accounts(2)
    waiting = replace(payment(JAN_5, amount_cents=500, account_id=one), state=EntryState.PENDING)
    first, second, third = posted(waiting, waiting, replace(waiting, effective_on=JAN_26))
    assert [found.entry_id for found in pending_of([one, other])[one]] == [first, second, third]
    assert pending_of([one, other])[other] == ()
    posted(
        post_pending(entry(first), effective_on=JAN_26),
        void_pending(entry(third), effective_on=JAN_26, reason="Stopped"),
    )
    assert [found.entry_id for found in pending_of([one])[one]] == [second]


def test_ageing_is_by_day_and_covers_every_account_asked_for() -> None:
    one, other = make_accounts(2)
    posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=one))
    aged = ageing_of([other, one], as_of=FEB_5)
    assert (aged[one].days_1_to_30_cents, aged[one].days_past_due) == (8_000, 10)
    assert aged[other] == Ageing()
    assert ageing_of([one], as_of=date(2026, 1, 4))[one] == Ageing()


def test_a_fee_that_was_waived_is_not_past_due_although_older_debt_is() -> None:
    [account] = make_accounts(1)
    [old] = posted(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account))
    [fee] = posted(bill(FEB_5, amount_cents=500, due_on=FEB_5, account_id=account))
    posted(waiver(FEB_5, amount_cents=500, of=entry(fee).ref(1), account_id=account))
    assert [item.ref.entry_id for item in ageing_of([account], as_of=FEB_26)[account].open_items] == [old]


def test_many_accounts_cost_few_queries(django_assert_max_num_queries: Any) -> None:
    accounts = make_accounts(30)
    posted(*(bill(JAN_5, amount_cents=100, due_on=JAN_26, account_id=one) for one in accounts))
    many = [*accounts, *range(10**6, 10**6 + 1_000)]
    with django_assert_max_num_queries(2):
        assert sum(balance_of(many).values()) == 3_000
    with django_assert_max_num_queries(2):
        assert sum(aged.past_due_cents for aged in ageing_of(many, as_of=FEB_5).values()) == 3_000
    with django_assert_max_num_queries(2):
        entries_of(accounts[0])
    with django_assert_max_num_queries(2):
        postings_for_timeline(accounts[0])


def test_the_trial_balance_sums_to_zero() -> None:
    [account] = make_accounts(1)
    posted(
        bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account),
        payment(JAN_26, amount_cents=5_000, account_id=account),
    )
    assert trial_balance(as_of=JAN_26) == {"cash_drawer": 5_000, "receivable": 3_000, "revenue.residential": -8_000}
    assert trial_balance(as_of=JAN_5) == {"receivable": 8_000, "revenue.residential": -8_000}


STEPS = st.lists(
    st.tuples(st.sampled_from(["bill", "payment", "reverse", "waive", "pending", "settle"]), st.integers(1, 9)),
    min_size=1,
    max_size=10,
)


@settings(max_examples=25)
@given(STEPS)
def test_what_is_stored_agrees_with_the_folds(steps: list[tuple[str, int]]) -> None:
    """The law that binds the tables to core: running balances and ageing are folds over what was posted."""
    [account] = make_accounts(1)
    journal: list[Entry] = []
    for kind, cents in steps:
        undone = {one.draft.reverses_id for one in journal} | {one.draft.resolves_id for one in journal}
        free = [one for one in journal if one.entry_id not in undone]
        standing = [one for one in free if one.draft.state == EntryState.POSTED]
        waiting = [one for one in free if one.draft.state == EntryState.PENDING]
        billed = [one for one in standing if one.draft.kind == "bill"]
        match kind:
            case "reverse" if standing:
                draft = reversal(standing[cents % len(standing)], effective_on=FEB_5, reason="x")
            case "waive" if billed:
                draft = waiver(FEB_5, amount_cents=cents, of=billed[-1].ref(1), account_id=account)
            case "settle" if waiting:
                draft = post_pending(waiting[0], effective_on=FEB_5)
            case "pending":
                draft = replace(payment(JAN_26, amount_cents=cents, account_id=account), state=EntryState.PENDING)
            case "payment":
                draft = payment(JAN_26, amount_cents=cents, account_id=account)
            case _:
                draft = bill(JAN_5, amount_cents=cents, due_on=JAN_26, account_id=account)
        [number] = posted(draft)
        journal.append(Entry(entry_id=number, draft=draft, inserted_at=INSERTED_AT, receipt_id=1))
        assert entry(number) == journal[-1]
    folded = {key.ledger_account: c for key, c in balances(one.draft for one in journal).items() if key.account_id}
    assert balances_of([account])[account] == folded
    movements = receivable_movements(journal, account_id=account)
    assert movements_of([account])[account] == movements
    for day in (JAN_26, FEB_5, FEB_26):
        aged = age(movements, as_of=day)
        assert ageing_of([account], as_of=day)[account] == aged
        assert past_due_of(np.array([account]), as_of=day).get(account, 0) == aged.past_due_cents
    assert digests_of(one.entry_id for one in journal) == {one.entry_id: entry_digest(one) for one in journal}
    assert check().found == 0

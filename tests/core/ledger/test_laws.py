"""Laws of the books, on random journals of bills, payments, partial corrections, reversals and pending entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.core.ledger.books import ACCOUNT, age, bill, payment, plain, receivable, stored

from weatherhead.core.ledger import (
    Ageing,
    BalanceKey,
    Entry,
    EntryDraft,
    EntryState,
    PostingRef,
    balances,
    post_pending,
    reversal,
    void_pending,
)

FIRST_DAY = date(2026, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=200)
KINDS = ["bill", "bill", "payment", "payment", "correction", "correction", "reversal", "pending", "resolve"]


def _standing(journal: Sequence[Entry]) -> list[Entry]:
    reversed_ids = {entry.draft.reverses_id for entry in journal}
    return [e for e in journal if e.draft.state == EntryState.POSTED and e.entry_id not in reversed_ids]


def _partial_corrections(journal: Sequence[Entry]) -> list[tuple[PostingRef, int, date]]:
    return [
        (ref, posting.amount_cents, entry.draft.effective_on)
        for entry in journal
        if entry.draft.state == EntryState.POSTED
        for ref, posting in entry.referenced()
        if posting.ledger_account == "receivable" and abs(posting.amount_cents) > 1
    ]


def _correction(draw: st.DrawFn, *, of: tuple[PostingRef, int, date]) -> EntryDraft:
    ref, amount_cents, on = of
    part_cents = draw(st.integers(1, abs(amount_cents) - 1))
    signed_cents = -part_cents if amount_cents > 0 else part_cents
    return EntryDraft(
        kind="correction",
        effective_on=on + timedelta(days=draw(st.integers(0, 2))),
        postings=(
            receivable(signed_cents, charge="correction", matches=ref),
            plain("adjustments_expense", -signed_cents, charge="correction"),
        ),
    )


def _unresolved(journal: Sequence[Entry]) -> list[Entry]:
    resolved = {entry.draft.resolves_id for entry in journal}
    return [e for e in journal if e.draft.state == EntryState.PENDING and e.entry_id not in resolved]


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """A journal of up to 14 entries on few days and small amounts, so that ties and exact hits are common."""
    journal: list[Entry] = []
    for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=14)):
        on = FIRST_DAY + timedelta(days=draw(st.integers(0, 5)))
        cents = draw(st.integers(1, 9))
        draft: EntryDraft | None = None
        match kind:
            case "bill":
                draft = bill(on, amount_cents=cents, due_on=on + timedelta(days=draw(st.integers(-3, 130))))
            case "payment":
                draft = payment(on, amount_cents=cents)
            case "pending":
                draft = replace(payment(on, amount_cents=cents), state=EntryState.PENDING)
            case "correction" if found := _partial_corrections(journal):
                draft = _correction(draw, of=draw(st.sampled_from(found)))
            case "reversal" if standing := _standing(journal):
                entry = draw(st.sampled_from(standing))
                draft = reversal(entry, effective_on=max(on, entry.draft.effective_on), reason="x")
            case "resolve" if unresolved := _unresolved(journal):
                entry, day = draw(st.sampled_from(unresolved)), LAST_DAY - timedelta(days=100)
                post = draw(st.booleans())
                draft = (
                    post_pending(entry, effective_on=day) if post else void_pending(entry, effective_on=day, reason="x")
                )
        if draft is not None:
            journal += stored([draft], first_id=len(journal) + 1)
    return journal


DAYS = st.integers(0, 200).map(lambda days: FIRST_DAY + timedelta(days=days))


def _drafts(journal: Sequence[Entry]) -> list[EntryDraft]:
    return [entry.draft for entry in journal]


def _without_items(aged: Ageing) -> Ageing:
    return replace(aged, open_items=())


@given(journals())
def test_entries_sum_to_zero(journal: list[Entry]) -> None:
    assert all(sum(posting.amount_cents for posting in entry.draft.postings) == 0 for entry in journal)
    assert sum(balances(_drafts(journal)).values()) == 0


@given(journals(), st.data())
def test_a_reversal_restores_every_balance_and_the_ageing(journal: list[Entry], data: st.DataObject) -> None:
    standing = _standing(journal)
    if not standing:
        return
    entry = data.draw(st.sampled_from(standing))
    undone = reversal(entry, effective_on=LAST_DAY, reason="Never should have been")
    after = [*journal, *stored([undone], first_id=len(journal) + 1)]
    never = [other for other in journal if other is not entry]
    assert balances(_drafts(after)) == balances(_drafts(never))
    assert age(after, as_of=LAST_DAY) == age(never, as_of=LAST_DAY)


@given(journals(), DAYS)
def test_the_ageing_sums_to_the_balance(journal: list[Entry], as_of: date) -> None:
    counted = [entry.draft for entry in journal if entry.draft.effective_on <= as_of]
    aged = age(journal, as_of=as_of)
    assert aged.balance_cents == balances(counted).get(BalanceKey("receivable", ACCOUNT), 0)
    assert sum(item.open_cents for item in aged.open_items) == aged.balance_cents + aged.credit_cents
    assert all(item.open_cents > 0 for item in aged.open_items)
    assert aged.credit_cents == 0 or not aged.open_items
    assert (aged.days_past_due > 0) == (aged.past_due_cents > 0) == (aged.oldest_past_due_on is not None)
    assert min(aged.not_yet_due_cents, aged.past_due_cents, aged.credit_cents) >= 0


@given(journals(), DAYS, st.data())
def test_the_order_of_insertion_does_not_matter(journal: list[Entry], as_of: date, data: st.DataObject) -> None:
    """Neither the order in which rows come, nor which of two entries of one day was stored first."""
    shuffled = data.draw(st.permutations(journal))
    assert age(shuffled, as_of=as_of) == age(journal, as_of=as_of)
    assert balances(_drafts(shuffled)) == balances(_drafts(journal))
    ids: dict[int, int] = {}
    for on in {entry.draft.effective_on for entry in journal}:
        same_day = [entry.entry_id for entry in journal if entry.draft.effective_on == on]
        ids |= dict(zip(same_day, data.draw(st.permutations(same_day)), strict=True))
    renumbered = [_renumbered(entry, ids=ids) for entry in journal]
    assert _without_items(age(renumbered, as_of=as_of)) == _without_items(age(journal, as_of=as_of))


def _renumbered(entry: Entry, *, ids: dict[int, int]) -> Entry:
    postings = tuple(
        posting
        if posting.matches is None
        else replace(posting, matches=replace(posting.matches, entry_id=ids[posting.matches.entry_id]))
        for posting in entry.draft.postings
    )
    return replace(entry, entry_id=ids[entry.entry_id], draft=replace(entry.draft, postings=postings))


@given(journals())
def test_a_day_later_nothing_gets_younger(journal: list[Entry]) -> None:
    """Without new entries, the past due amount never falls and the balance never moves."""
    last_on = max((entry.draft.effective_on for entry in journal), default=FIRST_DAY)
    aged = [age(journal, as_of=last_on + timedelta(days=days)) for days in range(0, 140, 7)]
    assert [one.past_due_cents for one in aged] == sorted(one.past_due_cents for one in aged)
    assert len({one.balance_cents for one in aged}) == 1

"""Ageing, worked by hand: what is due, since when, and what a credit is applied to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.core.ledger.books import ACCOUNT, age, bill, payment, plain, receivable, stored, waiver

from weatherhead.core.ledger import (
    Ageing,
    EntryDraft,
    EntryState,
    OpenItem,
    Posting,
    PostingRef,
    ReceivableMovement,
    post_pending,
    reversal,
)
from weatherhead.core.ledger import age as age_movements

JAN_5, JAN_26, FEB_5, FEB_26 = date(2026, 1, 5), date(2026, 1, 26), date(2026, 2, 5), date(2026, 2, 26)


def late_charge(on: date, *, amount_cents: int, due_on: date) -> EntryDraft:
    return EntryDraft(
        kind="late_charge",
        effective_on=on,
        postings=(
            receivable(amount_cents, charge="late_charge", due_on=due_on),
            plain("fee_revenue", -amount_cents, charge="late_charge"),
        ),
    )


def test_an_account_without_postings_owes_nothing() -> None:
    assert age([], as_of=JAN_5) == Ageing()
    assert Ageing().balance_cents == Ageing().past_due_cents == 0


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-21, "not_yet_due_cents"),
        (0, "not_yet_due_cents"),
        (1, "days_1_to_30_cents"),
        (30, "days_1_to_30_cents"),
        (31, "days_31_to_60_cents"),
        (60, "days_31_to_60_cents"),
        (61, "days_61_to_90_cents"),
        (90, "days_61_to_90_cents"),
        (91, "days_over_90_cents"),
        (4_000, "days_over_90_cents"),
    ],
)
def test_the_edges_of_the_buckets(days: int, bucket: str) -> None:
    aged = age(stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26)]), as_of=JAN_26 + timedelta(days=days))
    assert getattr(aged, bucket) == aged.balance_cents == 8_000
    assert aged.past_due_cents == (8_000 if days > 0 else 0)
    assert aged.days_past_due == max(days, 0)
    assert aged.oldest_past_due_on == (JAN_26 if days > 0 else None)
    assert aged.next_due_on == (None if days > 0 else JAN_26)


def test_a_payment_goes_to_the_oldest_due_first() -> None:
    # $80.00 due Jan 26 and $95.00 due Feb 26; $100.00 pays the first and $20.00 of the second.
    entries = stored(
        [
            bill(JAN_5, amount_cents=8_000, due_on=JAN_26),
            bill(FEB_5, amount_cents=9_500, due_on=FEB_26),
            payment(FEB_5, amount_cents=10_000),
        ]
    )
    before = age(entries[:2], as_of=date(2026, 2, 20))
    assert (before.days_1_to_30_cents, before.not_yet_due_cents, before.days_past_due) == (8_000, 9_500, 25)
    after = age(entries, as_of=date(2026, 2, 20))
    assert after == Ageing(
        not_yet_due_cents=7_500,
        next_due_on=FEB_26,
        open_items=(OpenItem(ref=PostingRef(entry_id=2, sequence=1), charge="bill", due_on=FEB_26, open_cents=7_500),),
    )


def test_due_date_and_not_the_day_of_billing_decides_what_is_oldest() -> None:
    entries = stored(
        [
            bill(JAN_5, amount_cents=8_000, due_on=FEB_26),
            late_charge(FEB_5, amount_cents=500, due_on=JAN_26),
            payment(FEB_5, amount_cents=500),
        ]
    )
    assert [item.charge for item in age(entries, as_of=FEB_5).open_items] == ["bill"]


def test_an_overpayment_is_a_credit_balance() -> None:
    aged = age(
        stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26), payment(JAN_26, amount_cents=8_001)]), as_of=FEB_26
    )
    assert aged == Ageing(credit_cents=1)
    assert aged.balance_cents == -1


def test_a_waiver_cancels_its_charge_before_anything_older() -> None:
    # The $5.00 late charge of Feb 5 is waived: the older bill stays wholly due.
    entries = stored(
        [
            bill(JAN_5, amount_cents=8_000, due_on=JAN_26),
            late_charge(FEB_5, amount_cents=500, due_on=FEB_26),
            waiver(FEB_5, amount_cents=500, of=PostingRef(entry_id=2, sequence=1)),
        ]
    )
    aged = age(entries, as_of=FEB_5)
    assert [(item.charge, item.open_cents) for item in aged.open_items] == [("bill", 8_000)]


def test_a_waiver_of_more_than_its_charge_pays_the_oldest_with_the_rest() -> None:
    entries = stored(
        [
            bill(JAN_5, amount_cents=8_000, due_on=JAN_26),
            late_charge(FEB_5, amount_cents=500, due_on=FEB_26),
            waiver(FEB_5, amount_cents=600, of=PostingRef(entry_id=2, sequence=1)),
        ]
    )
    aged = age(entries, as_of=FEB_5)
    assert [(item.charge, item.open_cents) for item in aged.open_items] == [("bill", 7_900)]


def test_a_bounced_check_brings_back_the_old_due_date() -> None:
    entries = stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26), payment(JAN_26, amount_cents=8_000)])
    entries += stored([reversal(entries[1], effective_on=FEB_5, reason="Check returned")], first_id=3)
    assert age(entries, as_of=date(2026, 2, 4)) == Ageing()
    assert age(entries, as_of=FEB_5) == age(entries[:1], as_of=FEB_5)
    assert age(entries, as_of=FEB_5).days_past_due == 10


def test_cancel_and_rebill_leaves_the_new_bill_with_its_own_due_date() -> None:
    entries = stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26), payment(JAN_26, amount_cents=3_000)])
    entries += stored(
        [
            reversal(entries[0], effective_on=FEB_5, reason="Read was wrong"),
            bill(FEB_5, amount_cents=6_000, due_on=FEB_26),
        ],
        first_id=3,
    )
    aged = age(entries, as_of=FEB_5)
    assert aged.open_items == (
        OpenItem(ref=PostingRef(entry_id=4, sequence=1), charge="bill", due_on=FEB_26, open_cents=3_000),
    )


def test_the_reversal_of_a_reversal_lets_the_bill_stand_again() -> None:
    entries = stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26)])
    entries += stored([reversal(entries[0], effective_on=FEB_5, reason="Wrong")], first_id=2)
    entries += stored([reversal(entries[1], effective_on=FEB_5, reason="Was right")], first_id=3)
    assert age(entries, as_of=FEB_5) == age(entries[:1], as_of=FEB_5)


def test_money_paid_back_is_due_when_it_takes_effect() -> None:
    # $10.00 of a $30.00 payment goes back to the payer, beyond any link: it ages from that day.
    entries = stored([payment(JAN_5, amount_cents=3_000)])
    back = EntryDraft(
        kind="refund",
        effective_on=FEB_5,
        postings=(
            receivable(4_000, charge="refund", matches=PostingRef(entry_id=1, sequence=2)),
            plain("checks_received", -4_000, charge="refund"),
        ),
    )
    aged = age([*entries, *stored([back], first_id=2)], as_of=FEB_26)
    assert aged.open_items == (
        OpenItem(ref=PostingRef(entry_id=2, sequence=1), charge="refund", due_on=FEB_5, open_cents=1_000),
    )


def test_what_is_pending_ages_only_when_it_is_posted() -> None:
    [billed] = stored([bill(JAN_5, amount_cents=8_000, due_on=JAN_26)])
    draft = EntryDraft(
        kind="payment",
        effective_on=JAN_26,
        postings=payment(JAN_26, amount_cents=8_000).postings,
        state=EntryState.PENDING,
    )
    [pending] = stored([draft], first_id=2)
    assert age([billed, pending], as_of=JAN_26).balance_cents == 8_000
    [settled] = stored([post_pending(pending, effective_on=FEB_5)], first_id=3)
    assert age([billed, pending, settled], as_of=FEB_5) == Ageing()


def test_deposits_and_other_accounts_never_mix_in() -> None:
    deposit = EntryDraft(
        kind="deposit",
        effective_on=JAN_5,
        postings=(
            plain("cash_drawer", 15_000, charge="deposit"),
            Posting(ledger_account="deposit", amount_cents=-15_000, charge="deposit", account_id=ACCOUNT),
        ),
    )
    entries = stored([deposit, bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=ACCOUNT + 1)])
    assert age(entries, as_of=FEB_5) == Ageing()
    assert age(entries, as_of=FEB_5, account_id=ACCOUNT + 1).past_due_cents == 8_000


def test_a_circle_of_links_is_a_bug() -> None:
    one, two = PostingRef(entry_id=1, sequence=1), PostingRef(entry_id=2, sequence=1)
    movements = [
        ReceivableMovement(ref=one, effective_on=JAN_5, amount_cents=5, charge="x", matches=two),
        ReceivableMovement(ref=two, effective_on=JAN_5, amount_cents=-5, charge="x", matches=one),
    ]
    with pytest.raises(ValueError, match="cancels itself"):
        age_movements(movements, as_of=JAN_5)

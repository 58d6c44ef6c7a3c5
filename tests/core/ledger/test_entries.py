"""An entry that is wrong cannot be built; a correction is another entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
from tests.core.ledger.books import ACCOUNT, bill, payment, plain, receivable, stored

from weatherhead.core.ledger import (
    LEDGER_ACCOUNTS_REQUIRED,
    POSTINGS_MAX,
    CorrectionBeforeEntry,
    CustomerAccountMissing,
    DueDateMisplaced,
    DueDateMissing,
    EntryDraft,
    EntryNotBalanced,
    EntryNotPending,
    EntryNotPosted,
    EntryState,
    EntryTooLong,
    EntryTooShort,
    LedgerAccount,
    Posting,
    PostingAmountTooLarge,
    PostingAmountZero,
    PostingRef,
    ReasonMissing,
    ResolutionMisplaced,
    UnknownLedgerAccount,
    VoidHasPostings,
    VoidWithoutPending,
    entry_digest,
    is_ledger_account,
    ledger_account_code,
    post_pending,
    revenue_account,
    reversal,
    void_pending,
)
from weatherhead.core.values import LARGEST_AMOUNT_CENTS, Refusal

NOV_5, NOV_26 = date(2026, 11, 5), date(2026, 11, 26)
REF = PostingRef(entry_id=1, sequence=1)


@pytest.mark.parametrize("code", [*LEDGER_ACCOUNTS_REQUIRED, "revenue.residential", "revenue.large_power_2"])
def test_named_ledger_accounts_and_revenue_of_a_class_are_codes(code: str) -> None:
    assert is_ledger_account(code)
    assert ledger_account_code(code) == code


@pytest.mark.parametrize(
    "code",
    [
        *["", "revenue", "revenue.", "revenue.Residential", "revenue.a.b", "revenue.a__b", "revenue.a_", "revenue.1"],
        *["receivables", "Receivable", "receivable\n", "revenue.resi dential", "revenue.résidentiel"],
        "revenue." + "a" * 40,
    ],
)
def test_anything_else_is_no_ledger_account(code: str) -> None:
    assert not is_ledger_account(code)
    with pytest.raises(UnknownLedgerAccount):
        ledger_account_code(code)


def test_revenue_account_of_a_class() -> None:
    assert revenue_account("commercial") == "revenue.commercial"
    with pytest.raises(UnknownLedgerAccount, match=r"revenue\.Street Lights"):
        revenue_account("Street Lights")


@pytest.mark.parametrize(
    ("make", "refusal"),
    [
        (lambda: plain("cash", 5), UnknownLedgerAccount),
        (lambda: plain("cash_drawer", 0), PostingAmountZero),
        (lambda: plain("cash_drawer", LARGEST_AMOUNT_CENTS + 1), PostingAmountTooLarge),
        (lambda: plain("cash_drawer", -LARGEST_AMOUNT_CENTS - 1), PostingAmountTooLarge),
        (lambda: plain("receivable", -5), CustomerAccountMissing),
        (lambda: plain("deposit", -5), CustomerAccountMissing),
        (lambda: plain("unapplied_credit", -5), CustomerAccountMissing),
        (lambda: receivable(5), DueDateMissing),
        (lambda: receivable(-5, due_on=NOV_26), DueDateMisplaced),
        (lambda: receivable(5, due_on=NOV_26, matches=REF), DueDateMisplaced),
        (
            lambda: Posting(ledger_account="suspense", amount_cents=5, charge="payment", due_on=NOV_26),
            DueDateMisplaced,
        ),
    ],
)
def test_a_wrong_posting_is_refused(make: Callable[[], Posting], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        make()


def test_a_float_is_a_bug_and_not_a_refusal() -> None:
    with pytest.raises(TypeError, match="must be an int, not float"):
        plain("cash_drawer", 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be an int, not bool"):
        plain("cash_drawer", True)


@pytest.mark.parametrize("name", ["", "Late charge", "late-charge", "x" * 41, "late_charge\n"])
def test_names_are_lower_snake_case(name: str) -> None:
    with pytest.raises(ValueError, match="charge must be lower_snake_case"):
        plain("cash_drawer", 1, charge=name)
    with pytest.raises(ValueError, match="kind must be lower_snake_case"):
        replace(payment(NOV_5, amount_cents=1), kind=name)


def test_a_posting_keeps_the_plain_text_of_its_ledger_account() -> None:
    by_member = Posting(ledger_account=LedgerAccount.SUSPENSE, amount_cents=5, charge="payment")
    assert type(by_member.ledger_account) is str
    assert by_member == Posting(ledger_account="suspense", amount_cents=5, charge="payment")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"postings": ()}, EntryTooShort),
        ({"postings": (plain("cash_drawer", 5),)}, EntryTooShort),
        ({"postings": (plain("cash_drawer", 5), plain("suspense", -4))}, EntryNotBalanced),
        ({"postings": (plain("cash_drawer", 5), plain("suspense", -5)) * (POSTINGS_MAX // 2 + 1)}, EntryTooLong),
        ({"state": EntryState.VOID, "resolves_id": 3}, VoidHasPostings),
        ({"state": EntryState.VOID, "postings": ()}, VoidWithoutPending),
        ({"state": EntryState.PENDING, "resolves_id": 3}, ResolutionMisplaced),
        ({"state": EntryState.PENDING, "reverses_id": 3}, ResolutionMisplaced),
        ({"reverses_id": 3, "resolves_id": 4}, ResolutionMisplaced),
    ],
)
def test_a_wrong_entry_is_refused(changes: dict[str, object], refusal: type[Refusal]) -> None:
    right = payment(NOV_5, amount_cents=500)
    with pytest.raises(refusal):
        replace(right, **changes)  # type: ignore[arg-type]


def test_a_refusal_says_by_how_much_an_entry_is_off() -> None:
    with pytest.raises(EntryNotBalanced, match="differ by -3 cents"):
        EntryDraft(kind="bill", effective_on=NOV_5, postings=(plain("suspense", 2), plain("cash_drawer", -5)))


def test_a_reversal_negates_each_posting_and_links_it() -> None:
    [entry] = stored([bill(NOV_5, amount_cents=12_345, due_on=NOV_26)], first_id=40)
    undone = reversal(entry, effective_on=NOV_26, reason="Wrong meter read")
    assert (undone.kind, undone.state, undone.reverses_id) == ("reversal", EntryState.POSTED, 40)
    assert undone.reason == "Wrong meter read"
    assert undone.postings == (
        receivable(-12_345, matches=PostingRef(entry_id=40, sequence=1)),
        Posting(
            ledger_account="revenue.residential",
            amount_cents=12_345,
            charge="bill",
            matches=PostingRef(entry_id=40, sequence=2),
        ),
    )


def test_a_reversal_can_be_reversed() -> None:
    [entry] = stored([bill(NOV_5, amount_cents=500, due_on=NOV_26)])
    [undone] = stored([reversal(entry, effective_on=NOV_5, reason="Wrong")], first_id=2)
    again = reversal(undone, effective_on=NOV_5, reason="Was right after all")
    assert again.postings[0] == receivable(500, matches=PostingRef(entry_id=2, sequence=1))
    assert again.reverses_id == 2


def test_a_correction_needs_a_reason_and_a_day_not_before_what_it_corrects() -> None:
    [entry] = stored([payment(NOV_5, amount_cents=500)])
    [pending] = stored([replace(entry.draft, state=EntryState.PENDING)])
    day_before = NOV_5 - timedelta(days=1)
    with pytest.raises(ReasonMissing):
        reversal(entry, effective_on=NOV_5, reason=" ")
    with pytest.raises(ReasonMissing):
        void_pending(pending, effective_on=NOV_5, reason="")
    with pytest.raises(CorrectionBeforeEntry, match="Choose 2026-11-05 or a later day"):
        reversal(entry, effective_on=day_before, reason="Bounced")
    with pytest.raises(CorrectionBeforeEntry):
        post_pending(pending, effective_on=day_before)
    with pytest.raises(CorrectionBeforeEntry):
        void_pending(pending, effective_on=day_before, reason="Stopped")


def test_what_is_pending_is_posted_or_voided_by_another_entry() -> None:
    [pending] = stored([replace(payment(NOV_5, amount_cents=500), state=EntryState.PENDING)], first_id=9)
    settled = post_pending(pending, effective_on=NOV_26)
    assert settled == replace(payment(NOV_26, amount_cents=500), resolves_id=9)
    stopped = void_pending(pending, effective_on=NOV_26, reason="Customer stopped it")
    assert (stopped.state, stopped.postings, stopped.resolves_id) == (EntryState.VOID, (), 9)


def test_only_the_pending_is_resolved_and_only_the_posted_is_reversed() -> None:
    posted, pending = stored(
        [payment(NOV_5, amount_cents=500), replace(payment(NOV_5, amount_cents=500), state=EntryState.PENDING)]
    )
    with pytest.raises(EntryNotPending, match="Entry 1 is posted"):
        post_pending(posted, effective_on=NOV_5)
    with pytest.raises(EntryNotPending):
        void_pending(posted, effective_on=NOV_5, reason="x")
    with pytest.raises(EntryNotPosted, match="Entry 2 is pending"):
        reversal(pending, effective_on=NOV_5, reason="x")


def test_the_digest_changes_with_everything_that_an_entry_says() -> None:
    [entry] = stored([bill(NOV_5, amount_cents=500, due_on=NOV_26)])
    first, second = entry.draft.postings
    changed_drafts = [
        replace(entry.draft, kind="bill_run"),
        replace(entry.draft, effective_on=NOV_26),
        replace(entry.draft, reason="x"),
        replace(entry.draft, state=EntryState.PENDING),
        replace(entry.draft, reverses_id=1),
        replace(entry.draft, resolves_id=1),
        replace(entry.draft, postings=(second, first)),
        replace(entry.draft, postings=(replace(first, account_id=ACCOUNT + 1), second)),
        replace(entry.draft, postings=(replace(first, due_on=NOV_5), second)),
        replace(entry.draft, postings=(replace(first, charge="late_charge"), second)),
        replace(entry.draft, postings=(first, replace(second, ledger_account="fee_revenue"))),
        replace(entry.draft, postings=(first, replace(second, matches=REF))),
        replace(entry.draft, postings=(first, replace(second, matches=PostingRef(entry_id=1, sequence=2)))),
        replace(entry.draft, postings=(replace(first, amount_cents=501), replace(second, amount_cents=-501))),
    ]
    changed = [replace(entry, draft=draft) for draft in changed_drafts]
    changed += [
        replace(entry, entry_id=2),
        replace(entry, receipt_id=1),
        replace(entry, inserted_at=entry.inserted_at + timedelta(microseconds=1)),
    ]
    digests = {entry_digest(one) for one in [entry, *changed]}
    assert len(digests) == 1 + len(changed)


def test_the_digest_is_of_one_canonical_text() -> None:
    # Written out, because a changed form would call every stored entry tampered with.
    [entry] = stored([bill(NOV_5, amount_cents=500, due_on=NOV_26)])
    text = (
        '[1,"bill","2026-11-05","posted","",null,null,null,"2026-01-02T15:04:05.678901+00:00",'
        '[["receivable",500,7,"2026-11-26","bill",null,null],["revenue.residential",-500,null,null,"bill",null,null]]]'
    )
    assert entry_digest(entry) == sha256(text.encode()).hexdigest()

"""Several writers at once: balances stay sums, a correction happens once, a check sees one instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from threading import Barrier
from types import ModuleType

import pytest
from django.db import connection, connections, transaction
from tests.areas.ledger.journal import INSERTED_AT, bill, make_accounts, payment, posted, rows

from weatherhead.areas.customers.models import Account
from weatherhead.areas.ledger import books
from weatherhead.areas.ledger.books import DayClosed
from weatherhead.areas.ledger.books_checks import CHECKERS
from weatherhead.areas.ledger.check import Checker, Finding, check
from weatherhead.areas.ledger.models import DayTotal
from weatherhead.areas.ledger.operations import ClosedMeanwhile, EntryAlreadyReversed, post
from weatherhead.areas.ledger.operations.closing import Hands, close_through
from weatherhead.areas.ledger.queries import balance_of, entry
from weatherhead.areas.records.database import lock_rows
from weatherhead.core.ledger import reversal
from weatherhead.core.statements import KINDS
from weatherhead.core.values import Refusal
from weatherhead.door.context import Moment
from weatherhead.door.jobs import grant_of
from weatherhead.overviews.books import aged, balancing
from weatherhead.overviews.books.aged import aged_overview
from weatherhead.overviews.books.balancing import day_balanced
from weatherhead.overviews.books.revenue import revenue_overview
from weatherhead.overviews.books.standing import books_standing
from weatherhead.overviews.books.trial import TrialBalance, trial_balance
from weatherhead.overviews.statement.page import Asked, summary_csv, summary_overview

JAN_5, JAN_26 = date(2026, 1, 5), date(2026, 1, 26)
WRITERS = 8
HANDS = Hands(asked_by="Okafor", decided_by="Alvarez", decided_by_employee_id=1, at=INSERTED_AT, receipt_id=1)


def together(work: Callable[[int], object], *, writers: int = WRITERS) -> list[object]:
    """Run `work(0)`, `work(1)` … at once, each on a connection of its own; refusals are results."""
    start = Barrier(writers)

    def one(number: int) -> object:
        try:
            start.wait(timeout=20)
            return work(number)
        except Refusal as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=writers) as pool:
        return list(pool.map(one, range(writers)))


def _post(accounts: Sequence[int]) -> None:
    with transaction.atomic():
        lock_rows(Account, accounts)
        drafts = [bill(JAN_5, amount_cents=100, due_on=JAN_26, account_id=one) for one in accounts]
        post(drafts, inserted_at=INSERTED_AT, receipt_id=None)


def test_writers_who_take_accounts_in_any_order_do_not_block_each_other_forever(transactional_db: None) -> None:
    accounts = make_accounts(6)

    def work(number: int) -> None:
        for turn in range(5):
            _post(accounts[::-1] if (number + turn) % 2 else accounts)

    assert together(work) == [None] * WRITERS
    assert set(balance_of(accounts).values()) == {WRITERS * 5 * 100}
    assert check().found == 0
    [(distinct, entries)] = rows("SELECT COUNT(DISTINCT id), COUNT(*) FROM ledger_journalentry")
    assert distinct == entries == WRITERS * 5 * 6


@pytest.mark.postgres
def test_running_balances_hold_even_without_account_locks(transactional_db: None) -> None:
    accounts = make_accounts(6)

    def work(number: int) -> None:
        for _ in range(5):
            with transaction.atomic():
                drafts = [bill(JAN_5, amount_cents=100, due_on=JAN_26, account_id=one) for one in accounts]
                post(drafts[:: -1 if number % 2 else 1], inserted_at=INSERTED_AT, receipt_id=None)

    assert together(work) == [None] * WRITERS
    assert set(balance_of(accounts).values()) == {WRITERS * 5 * 100}
    assert check().found == 0


def test_of_many_who_reverse_one_entry_one_succeeds(transactional_db: None) -> None:
    [account] = make_accounts(1)
    [paid] = posted(payment(JAN_5, amount_cents=500, account_id=account))
    undoing = reversal(entry(paid), effective_on=JAN_26, reason="Wrong account")
    results = together(lambda _: posted(undoing))
    refusals = [result for result in results if isinstance(result, Refusal)]
    assert [type(refusal) for refusal in refusals] == [EntryAlreadyReversed] * (WRITERS - 1)
    assert {str(refusal).split(".")[0] for refusal in refusals} == {f"Entry {paid} was already reversed"}
    assert balance_of([account]) == {account: 0}
    assert check().found == 0


def test_a_check_sees_one_instant_while_others_post(transactional_db: None) -> None:
    [account] = make_accounts(1)
    posted(payment(JAN_5, amount_cents=500, account_id=account))
    seen: list[int] = []

    def count() -> int:
        [(number,)] = rows("SELECT COUNT(*) FROM ledger_journalentry")
        assert isinstance(number, int)
        seen.append(number)
        return number

    def post_meanwhile() -> list[Finding]:
        count()
        with ThreadPoolExecutor(max_workers=1) as pool:
            pool.submit(_post_and_close, account).result(timeout=20)
        return []

    meanwhile = Checker(code="meanwhile", title="", unit="", count=count, find=post_meanwhile)
    assert check(extra=[meanwhile]).found == 0
    assert seen == [1, 1]
    assert balance_of([account]) == {account: -400}
    assert not connection.in_atomic_block


def _post_and_close(account: int) -> None:
    try:
        _post([account])
    finally:
        connections.close_all()


def test_days_are_closed_while_others_post_on_them(transactional_db: None) -> None:
    """Whoever posts on the day was before the close and is in its sums, or after it and was refused."""
    accounts = make_accounts(WRITERS)
    posted(payment(JAN_5, amount_cents=1, account_id=accounts[0]))

    def work(number: int) -> int:
        if number == 0:
            with transaction.atomic():
                close_through(JAN_5, former_on=None, hands=HANDS)
            return 0
        done = 0
        with suppress(DayClosed, ClosedMeanwhile):
            for _ in range(20):
                posted(payment(JAN_5, amount_cents=1, account_id=accounts[number]))
                done += 1
        return done

    found = [result for result in together(work) if isinstance(result, int)]
    assert len(found) == WRITERS
    kept = DayTotal.objects.get(day_on=JAN_5, ledger_account="cash_drawer")
    assert kept.debits_cents == kept.postings == 1 + sum(found)
    assert check(extra=CHECKERS).found == 0


def _close_and_leave(_account: int) -> None:
    try:
        with transaction.atomic():
            close_through(JAN_5, former_on=None, hands=HANDS)
    finally:
        connections.close_all()


@pytest.mark.parametrize(
    ("between", "question", "meanwhile", "agrees"),
    [
        (aged, "account_classes", _post_and_close, lambda: aged_overview(as_of=JAN_26).foots),
        (balancing, "closed_through", _close_and_leave, lambda: not day_balanced(JAN_5).is_closed),
        (balancing, "entries_by_kind", _post_and_close, lambda: day_balanced(JAN_5).agrees),
        (books, "closed_through", _close_and_leave, lambda: trial_balance(first_on=JAN_5, last_on=JAN_5) == TRIED[0]),
    ],
)
def test_a_page_of_the_books_sees_one_instant_while_others_post_or_close(
    between: ModuleType,
    question: str,
    meanwhile: Callable[[int], None],
    agrees: Callable[[], bool],
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A colleague posts or closes between two questions of one page: it foots all the same."""
    [account] = make_accounts(1)
    posted(payment(JAN_5, amount_cents=700, account_id=account))
    TRIED[:] = [trial_balance(first_on=JAN_5, last_on=JAN_5)]
    ask = getattr(between, question)

    def and_then(*given: object, **said: object) -> object:
        answer = ask(*given, **said)
        monkeypatch.setattr(between, question, ask)
        with ThreadPoolExecutor(max_workers=1) as pool:
            pool.submit(meanwhile, account).result(timeout=20)
        return answer

    monkeypatch.setattr(between, question, and_then)
    assert agrees()
    assert getattr(between, question) is ask  # it was asked
    assert not connection.in_atomic_block


TRIED: list[TrialBalance] = []


def test_what_is_only_looked_at_writes_nothing_at_all(transactional_db: None) -> None:
    """On PostgreSQL the instant is read-only: a write would be refused there."""
    [account] = make_accounts(1)
    posted(payment(JAN_5, amount_cents=700, account_id=account))
    now = Moment(at=INSERTED_AT, as_of=JAN_26)
    assert [day.facts.on for day in books_standing(moment=now, grant=grant_of(())).days] == [JAN_5]
    assert revenue_overview(first_on=JAN_5, last_on=JAN_26).revenue_cents == 0
    for kind in KINDS:
        assert summary_overview(account, asked=Asked(kind=kind), as_of=JAN_26).asked.kind == kind
        assert summary_csv(account, asked=Asked(kind=kind), as_of=JAN_26)
    assert not connection.in_atomic_block

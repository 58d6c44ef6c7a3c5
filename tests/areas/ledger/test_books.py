"""The books as a whole: closed days, trial balances, the aged receivable, exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.areas.ledger.journal import INSERTED_AT, bill, make_accounts, payment, posted, rows, waiver
from tests.guards import guards_lifted

from weatherhead.areas.ledger.aged import aged_receivables
from weatherhead.areas.ledger.books import (
    DayClosed,
    by_source,
    closed_through,
    closings,
    days,
    exported_through,
    exports,
    movements,
    require_open,
)
from weatherhead.areas.ledger.books_checks import CHECKERS
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.columns import past_due_of
from weatherhead.areas.ledger.journal_file import LedgerAccountUnmapped, journal_csv, journal_lines
from weatherhead.areas.ledger.models import BookClose, DayTotal, JournalExport
from weatherhead.areas.ledger.operations import ClosedMeanwhile
from weatherhead.areas.ledger.operations.closing import ExportPlan, Hands, close_through, record_export, reopen_from
from weatherhead.areas.ledger.queries import ageing_of, entry, trial_balance
from weatherhead.areas.records.database import bulk_insert, violated_constraint
from weatherhead.areas.records.utility import current_utility
from weatherhead.core.ledger import EntryState, reversal

JAN_5, JAN_6, JAN_26, FEB_5, FEB_26 = (
    date(2026, month, day) for month, day in [(1, 5), (1, 6), (1, 26), (2, 5), (2, 26)]
)
HANDS = Hands(asked_by="Okafor", decided_by="Alvarez", decided_by_employee_id=1, at=INSERTED_AT, receipt_id=1)
pytestmark = pytest.mark.django_db


def close(through_on: date, *, former_on: date | None = None) -> None:
    with transaction.atomic():
        close_through(through_on, former_on=former_on, hands=HANDS)


def a_month(account: int) -> None:
    posted(
        bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account),
        payment(JAN_26, amount_cents=5_000, account_id=account),
        bill(FEB_5, amount_cents=700, due_on=FEB_26, account_id=account),
    )


def test_a_balance_is_the_same_whether_its_days_are_closed_or_open() -> None:
    a_month(make_accounts(1)[0])
    days_seen = [date(2026, 1, 4) + timedelta(days=place) for place in range(60)]
    spans = [(first, last) for first in days_seen[::9] for last in days_seen[::11] if first <= last]
    open_days = [movements(first_on=first, last_on=last) for first, last in spans]
    for through, former in ((JAN_6, None), (FEB_5, JAN_6), (FEB_26, FEB_5)):
        close(through, former_on=former)
        assert [movements(first_on=first, last_on=last) for first, last in spans] == open_days
    assert {item.ledger_account: item.closing_cents for item in movements(first_on=JAN_6, last_on=JAN_26)} == (
        trial_balance(as_of=JAN_26)
    )
    [receivable] = [item for item in movements(first_on=JAN_6, last_on=FEB_5) if item.ledger_account == "receivable"]
    assert (receivable.opening_cents, receivable.debits_cents, receivable.credits_cents) == (8_000, 700, 5_000)
    assert [day.on for day in days(first_on=JAN_5, last_on=FEB_26)] == [JAN_5, JAN_26, FEB_5]


def test_closed_days_refuse_postings_by_name_and_by_guard() -> None:
    [account] = make_accounts(1)
    a_month(account)
    close(JAN_26)
    before = rows("SELECT count(*) FROM ledger_ledgerposting")
    for day in (JAN_5, JAN_26):
        with pytest.raises(DayClosed, match=r"closed through 2026-01-26.*Choose 2026-01-27, the first open day"):
            posted(payment(day, amount_cents=100, account_id=account))
    assert rows("SELECT count(*) FROM ledger_ledgerposting") == before
    posted(payment(date(2026, 1, 27), amount_cents=100, account_id=account))
    # And whoever writes past `post` is refused by the database.
    columns = (
        "id", "kind", "effective_on", "inserted_at", "reason", "state", "reverses_id", "resolves_id", "posting_count",
        "receipt_id", "digest",
    )  # fmt: skip
    postings = [(900, 1, "suspense", 100, "x"), (900, 2, "cash_drawer", -100, "x")]
    header = (900, "payment", JAN_26, INSERTED_AT, "", "posted", None, None, 2, 1, "x" * 64)

    def past_post() -> None:
        named = ("entry_id", "sequence", "ledger_account", "amount_cents", "charge")
        bulk_insert(table="ledger_ledgerposting", columns=named, rows=postings)
        bulk_insert(table="ledger_journalentry", columns=columns, rows=[header])

    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        past_post()
    assert violated_constraint(refused.value) == "ledger_day_open"


def test_days_are_closed_in_order_and_by_one_at_a_time() -> None:
    a_month(make_accounts(1)[0])
    close(JAN_26)
    for former in (None, JAN_5):
        with pytest.raises(ClosedMeanwhile):
            close(FEB_5, former_on=former)
    with pytest.raises(IntegrityError):
        close(JAN_5, former_on=JAN_26)
    assert closed_through() == JAN_26
    require_open(JAN_26 + timedelta(days=1))


def test_reopened_days_are_open_again_and_summed_anew() -> None:
    [account] = make_accounts(1)
    a_month(account)
    close(FEB_5)
    with transaction.atomic():
        reopen_from(JAN_6, former_on=FEB_5, reason="Lockbox of January 26 was late", hands=HANDS)
    assert closed_through() == JAN_5
    assert set(DayTotal.objects.values_list("day_on", flat=True)) == {JAN_5}
    posted(payment(JAN_26, amount_cents=1, account_id=account))
    close(FEB_5, former_on=JAN_5)
    assert DayTotal.objects.get(day_on=JAN_26, ledger_account="cash_drawer").debits_cents == 5_001
    with transaction.atomic():
        reopen_from(JAN_5, former_on=FEB_5, reason="All of it", hands=HANDS)
    assert closed_through() is None
    assert check().found == 0


def journal_of(number: int, *, first_on: date, last_on: date) -> ExportPlan:
    found = by_source(first_on=first_on, last_on=last_on)
    lines = journal_lines(found, grouped_by="day", mapped=current_utility().ledger_accounts)
    return ExportPlan(
        number=number,
        first_on=first_on,
        last_on=last_on,
        grouped_by="day",
        entries=len({(row.on, row.kind) for row in found}),
        postings=sum(row.postings for row in found),
        lines=len(lines),
        debits_cents=sum(line.debits_cents for line in lines),
        credits_cents=sum(line.credits_cents for line in lines),
        content=journal_csv(lines, number=number),
    )


def keep(plan: ExportPlan) -> None:
    with transaction.atomic():
        record_export(plan, made_by="Okafor", at=INSERTED_AT, receipt_id=1)


def test_exports_follow_each_other_in_closed_days() -> None:
    a_month(make_accounts(1)[0])
    close(JAN_26)
    wrong = [
        journal_of(1, first_on=JAN_5, last_on=FEB_5),  # not closed
        journal_of(2, first_on=JAN_5, last_on=JAN_6),  # a number left out
        journal_of(1, first_on=JAN_6, last_on=JAN_26),  # an entry left out
    ]
    for plan in wrong:
        with pytest.raises(ClosedMeanwhile):
            keep(plan)
    keep(journal_of(1, first_on=JAN_5, last_on=JAN_6))
    for first_on in (JAN_6, JAN_26):  # a day twice, days left out
        with pytest.raises(ClosedMeanwhile):
            keep(journal_of(2, first_on=first_on, last_on=JAN_26))
    keep(journal_of(2, first_on=date(2026, 1, 7), last_on=JAN_26))
    assert exported_through() == JAN_26
    assert [item.file_name for item in exports()] == [
        "journal-00002-20260107-20260126.csv",
        "journal-00001-20260105-20260106.csv",
    ]
    with pytest.raises(ClosedMeanwhile), transaction.atomic():
        reopen_from(JAN_26, former_on=JAN_26, reason="It has gone out", hands=HANDS)
    with pytest.raises(IntegrityError), transaction.atomic():
        JournalExport.objects.filter(number=1).update(content="another")
    assert check().found == 0


def test_a_journal_says_every_line_once() -> None:
    a_month(make_accounts(1)[0])
    found = by_source(first_on=JAN_5, last_on=JAN_26)
    lines = journal_lines(found, grouped_by="source", mapped=current_utility().ledger_accounts)
    assert journal_csv(lines, number=7).splitlines() == [
        "export,line,date,gl_account,ferc_account,title,source,ledger_accounts,debit,credit",
        "7,1,2026-01-05,1420,142,Customer accounts receivable,bill,receivable,80.00,0.00",
        "7,2,2026-01-05,4400,440,Residential sales,bill,revenue.residential,0.00,80.00",
        "7,3,2026-01-26,1010,135,Working funds,payment,cash_drawer,50.00,0.00",
        "7,4,2026-01-26,1420,142,Customer accounts receivable,payment,receivable,0.00,50.00",
    ]
    with pytest.raises(LedgerAccountUnmapped, match=r"no GL account for receivable, revenue\.residential"):
        journal_lines(found, grouped_by="day", mapped={"cash_drawer": current_utility().ledger_accounts["cash_drawer"]})


@pytest.mark.parametrize(
    ("code", "damage"),
    [
        ("day_total_off", lambda: DayTotal.objects.filter(ledger_account="receivable").update(debits_cents=1)),
        ("day_total_off", lambda: DayTotal.objects.filter(day_on=JAN_5).delete()),
        ("export_changed", lambda: JournalExport.objects.update(content="another")),
        ("export_not_its_entries", lambda: JournalExport.objects.update(entries=7)),
        ("export_gap", lambda: JournalExport.objects.filter(number=2).update(first_on=date(2026, 1, 8))),
        ("export_missing", lambda: JournalExport.objects.filter(number=1).update(first_on=JAN_6)),
        ("export_open", lambda: BookClose.objects.update(closed_through_on=JAN_6)),
    ],
)
def test_what_is_done_to_the_books_behind_the_door_is_found(code: str, damage: Callable[[], object]) -> None:
    a_month(make_accounts(1)[0])
    close(JAN_26)
    keep(journal_of(1, first_on=JAN_5, last_on=JAN_6))
    keep(journal_of(2, first_on=date(2026, 1, 7), last_on=JAN_26))
    assert check(extra=CHECKERS).found == 0
    with guards_lifted():
        damage()
    assert code in {finding.code for finding in check(extra=CHECKERS).findings}


DAYS = st.integers(0, 150).map(lambda place: date(2026, 1, 1) + timedelta(days=place))
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "payment", "reverse", "waive", "old", "pending"]),
        DAYS,
        st.integers(1, 99),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=20)
@given(STEPS, DAYS)
def test_all_accounts_aged_at_once_are_each_aged_alone(steps: list[tuple[str, date, int, int]], as_of: date) -> None:
    """The law of the aged receivable: whatever was posted, reversed or waived, on whatever day it is asked for."""
    accounts = make_accounts(3)
    journal: list[tuple[int, int]] = []  # entries and their accounts
    for kind, on, cents, whose in steps:
        account = accounts[whose]
        own = [number for number, owner in journal if owner == account]
        chosen = entry(own[cents % len(own)]) if own else None
        undone = {
            number for (number,) in rows("SELECT reverses_id FROM ledger_journalentry WHERE reverses_id IS NOT NULL")
        }
        draft = bill(on, amount_cents=cents, due_on=on + timedelta(days=20), account_id=account)
        if kind == "old":
            draft = bill(on, amount_cents=cents, due_on=on - timedelta(days=cents * 2), account_id=account)
        elif kind == "payment":
            draft = payment(on, amount_cents=cents, account_id=account)
        elif kind == "pending":
            draft = replace(draft, state=EntryState.PENDING)
        elif chosen is not None and chosen.draft.state == EntryState.POSTED:
            later = max(on, chosen.draft.effective_on)
            if kind == "reverse" and chosen.entry_id not in undone:
                draft = reversal(chosen, effective_on=later, reason="x")
            elif kind == "waive" and chosen.draft.kind == "bill":
                draft = waiver(later, amount_cents=cents, of=chosen.ref(1), account_id=account)
        journal.append((posted(draft)[0], account))
    found = aged_receivables(as_of=as_of)
    alone = ageing_of(accounts, as_of=as_of)
    expected = {
        account: (
            item.not_yet_due_cents, item.days_1_to_30_cents, item.days_31_to_60_cents, item.days_61_to_90_cents,
            item.days_over_90_cents, item.credit_cents,
        )
        for account, item in alone.items()
    }  # fmt: skip
    columns = zip(found.account_ids.tolist(), found.open_cents.tolist(), found.credit_cents.tolist(), strict=True)
    told = {account: (*open_cents, credit) for account, open_cents, credit in columns}
    assert {account: told.get(account, (0,) * 6) for account in accounts} == expected
    whole = trial_balance(as_of=as_of).get("receivable", 0)
    assert int(found.balance_cents.sum()) == whole
    assert past_due_of(np.array(accounts), as_of=as_of) == {
        account: item.past_due_cents for account, item in alone.items() if item.past_due_cents
    }


def test_what_was_closed_has_its_hands_on_it() -> None:
    a_month(make_accounts(1)[0])
    close(JAN_26)
    [found] = closings(limit=5)
    assert (found.kind, found.closed_through_on, found.asked_by, found.decided_by) == (
        "close",
        JAN_26,
        "Okafor",
        "Alvarez",
    )
    assert found.at == datetime(2026, 1, 2, 15, 4, 5, 678901, tzinfo=UTC)

"""`ledger check` finds each corruption that someone who owns the database can plant, and nothing in sound books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest
from django.db import connection
from tests.areas.ledger.journal import bill, make_accounts, payment, posted, rows, run, waiver
from tests.guards import guards_lifted

from weatherhead.areas.ledger import check as ledger_check
from weatherhead.areas.ledger.check import Checker, CheckReport, Finding, check
from weatherhead.areas.ledger.queries import entry
from weatherhead.core.ledger import EntryState, post_pending, reversal, void_pending

JAN_5, JAN_26, FEB_5 = date(2026, 1, 5), date(2026, 1, 26), date(2026, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Entry numbers of a small sound journal."""

    account: int
    bill: int
    payment: int
    reversal: int
    waiver: int
    pending: int
    settled: int
    stopped: int
    void: int


@pytest.fixture
def books(scratch: None) -> Books:
    [account] = make_accounts(1)
    paying = payment(JAN_26, amount_cents=5_000, account_id=account)
    waiting = replace(paying, state=EntryState.PENDING)
    billed, paid, pending, stopped = posted(
        bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=account), paying, waiting, waiting
    )
    undone, waived, settled, void = posted(
        reversal(entry(paid), effective_on=FEB_5, reason="Check returned"),
        waiver(FEB_5, amount_cents=500, of=entry(billed).ref(1), account_id=account),
        post_pending(entry(pending), effective_on=FEB_5),
        void_pending(entry(stopped), effective_on=FEB_5, reason="Customer stopped it"),
    )
    if connection.vendor == "postgresql":
        run("SET CONSTRAINTS ALL IMMEDIATE")  # what is sound so far is settled: tables may be altered
    return Books(
        account=account,
        bill=billed,
        payment=paid,
        reversal=undone,
        waiver=waived,
        pending=pending,
        settled=settled,
        stopped=stopped,
        void=void,
    )


def codes(report: CheckReport) -> set[str]:
    return {finding.code for finding in report.findings}


def about(report: CheckReport, code: str) -> set[int | None]:
    return {finding.entry_id for finding in report.findings if finding.code == code}


def test_sound_books_have_no_findings_and_the_report_counts_what_was_checked(books: Books) -> None:
    report = check()
    assert report.findings == ()
    counted = {result.code: result.counted for result in report.results}
    assert counted == {
        "sums": 8,
        "counts": 8,
        "headers": 14,
        "digests": 8,
        "running_balances": 1,
        "corrections": 3,
        "links": 14,
        "guards": 12 if connection.vendor == "postgresql" else 16,
    }


def test_empty_books_are_right(db: None) -> None:
    assert check().found == 0


POSTING = "UPDATE ledger_ledgerposting SET {change} WHERE entry_id = {entry} AND sequence = {sequence}"
ENTRY = "UPDATE ledger_journalentry SET {change} WHERE id = {entry}"


def _posting(change: str, *, entry: int, sequence: int = 1) -> str:
    return POSTING.format(change=change, entry=entry, sequence=sequence)


def _header(change: str, *, entry: int) -> str:
    return ENTRY.format(change=change, entry=entry)


def _new_balance(account_id: int, ledger_account: str, *, cents: int) -> str:
    columns = "(account_id, ledger_account, balance_cents)"
    return f"INSERT INTO ledger_runningbalance {columns} VALUES ({account_id}, '{ledger_account}', {cents})"


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        pytest.param(
            lambda b: [_posting("amount_cents = amount_cents + 1", entry=b.bill)],
            {"entry_unbalanced", "entry_invalid", "running_balance_off"},
            id="one amount changed",
        ),
        pytest.param(
            lambda b: [
                _posting("amount_cents = 7000", entry=b.bill),
                _posting("amount_cents = -7000", entry=b.bill, sequence=2),
            ],
            {"entry_changed", "running_balance_off"},
            id="two amounts changed alike",
        ),
        pytest.param(
            lambda b: [
                _posting("amount_cents = 7000", entry=b.bill),
                _posting("amount_cents = -7000", entry=b.bill, sequence=2),
                "UPDATE ledger_runningbalance SET balance_cents = balance_cents - 1000",
            ],
            {"entry_changed"},
            id="two amounts changed alike and the running balance with them",
        ),
        pytest.param(
            lambda b: [_posting("ledger_account = 'revenue.lighting'", entry=b.bill, sequence=2)],
            {"entry_changed"},
            id="revenue moved to another class",
        ),
        pytest.param(
            lambda b: [_posting("ledger_account = 'cash'", entry=b.payment)],
            {"entry_invalid", "reversal_inexact", "link_wrong"},
            id="a ledger account that is none",
        ),
        pytest.param(
            lambda b: [_posting("due_on = '2026-12-31'", entry=b.bill)], {"entry_changed"}, id="due date changed"
        ),
        pytest.param(
            lambda b: [_posting("charge = 'late_charge'", entry=b.bill)], {"entry_changed"}, id="charge changed"
        ),
        pytest.param(
            lambda b: [_header("effective_on = '2025-12-31'", entry=b.bill)], {"entry_changed"}, id="entry backdated"
        ),
        pytest.param(lambda b: [_header("reason = 'x'", entry=b.reversal)], {"entry_changed"}, id="reason changed"),
        pytest.param(lambda b: [_header("receipt_id = 2", entry=b.bill)], {"entry_changed"}, id="receipt changed"),
        pytest.param(lambda b: [_header("kind = 'fee'", entry=b.bill)], {"entry_changed"}, id="kind changed"),
        pytest.param(
            lambda b: [_header("inserted_at = '2026-01-02 15:04:05.678902'", entry=b.bill)],
            {"entry_changed"},
            id="insertion time changed",
        ),
        pytest.param(
            lambda b: [f"DELETE FROM ledger_ledgerposting WHERE entry_id = {b.waiver} AND sequence = 2"],
            {"entry_unbalanced", "posting_missing", "entry_invalid", "running_balance_off"},
            id="posting removed",
        ),
        pytest.param(
            lambda b: [f"DELETE FROM ledger_ledgerposting WHERE entry_id = {b.waiver}"],
            {"posting_missing", "entry_invalid", "running_balance_off"},
            id="all postings of an entry removed",
        ),
        pytest.param(
            lambda b: [
                "INSERT INTO ledger_ledgerposting (entry_id, sequence, ledger_account, amount_cents, charge)"
                f" VALUES ({b.waiver}, {place}, 'suspense', {cents}, 'payment')"
                for place, cents in ((3, 5), (4, -5))
            ],
            {"posting_surplus", "entry_changed"},
            id="postings added",
        ),
        pytest.param(
            lambda b: [f"DELETE FROM ledger_journalentry WHERE id = {b.waiver}"],
            {"posting_orphan", "running_balance_off"},
            id="header removed",
        ),
        pytest.param(
            lambda b: [
                f"DELETE FROM ledger_ledgerposting WHERE entry_id = {b.waiver}",
                f"DELETE FROM ledger_journalentry WHERE id = {b.waiver}",
            ],
            {"running_balance_off"},
            id="entry removed whole",
        ),
        pytest.param(
            lambda b: ["UPDATE ledger_runningbalance SET balance_cents = balance_cents + 1"],
            {"running_balance_off"},
            id="running balance changed",
        ),
        pytest.param(
            lambda b: ["DELETE FROM ledger_runningbalance"], {"running_balance_off"}, id="running balance removed"
        ),
        pytest.param(
            lambda b: [
                _new_balance(b.account, "deposit", cents=-1),
            ],
            {"running_balance_off"},
            id="running balance out of nothing",
        ),
        pytest.param(
            lambda b: [
                _posting("account_id = 999999", entry=b.bill),
                "UPDATE ledger_runningbalance SET balance_cents = balance_cents - 8000",
                _new_balance(999_999, "receivable", cents=8_000),
            ],
            {"account_unknown", "entry_changed", "link_wrong"},
            id="debt moved to an account that is not there",
        ),
        pytest.param(
            lambda b: [
                _posting("amount_cents = -4000", entry=b.reversal),
                _posting("amount_cents = 4000", entry=b.reversal, sequence=2),
            ],
            {"entry_changed", "reversal_inexact", "running_balance_off"},
            id="reversal of another amount",
        ),
        pytest.param(
            lambda b: [_posting("matches_sequence = 2", entry=b.reversal)],
            {"entry_changed", "reversal_inexact", "link_wrong"},
            id="reversal linked to another posting",
        ),
        pytest.param(
            lambda b: [_header("effective_on = '2026-01-25'", entry=b.reversal)],
            {"entry_changed", "reversal_early"},
            id="reversal before what it reverses",
        ),
        pytest.param(
            lambda b: [_header(f"reverses_id = {b.pending}", entry=b.reversal)],
            {"entry_changed", "reversal_of_nothing"},
            id="reversal of a pending entry",
        ),
        pytest.param(
            lambda b: ["DROP INDEX ledger_reversed_once", _header(f"reverses_id = {b.payment}", entry=b.waiver)],
            {"reversal_duplicate", "reversal_inexact", "entry_changed"},
            id="reversed twice",
        ),
        pytest.param(
            lambda b: ["DROP INDEX ledger_resolved_once", _header(f"resolves_id = {b.pending}", entry=b.void)],
            {"resolution_duplicate", "entry_changed"},
            id="resolved twice",
        ),
        pytest.param(
            lambda b: [_header(f"resolves_id = {b.bill}", entry=b.settled)],
            {"entry_changed", "resolution_of_nothing"},
            id="settlement of a posted entry",
        ),
        pytest.param(
            lambda b: [_header("effective_on = '2026-01-25'", entry=b.void)],
            {"entry_changed", "resolution_early"},
            id="voided before it was pending",
        ),
        pytest.param(
            lambda b: [
                _posting("amount_cents = 4000", entry=b.settled),
                _posting("amount_cents = -4000", entry=b.settled, sequence=2),
            ],
            {"entry_changed", "resolution_inexact", "running_balance_off"},
            id="settled for another amount than announced",
        ),
        pytest.param(
            lambda b: [_header("state = 'posted'", entry=b.stopped)],
            {"entry_changed", "resolution_of_nothing", "running_balance_off"},
            id="a pending entry counts although it was voided",
        ),
        pytest.param(
            lambda b: [_posting(f"matches_entry_id = {b.payment}, matches_sequence = 1", entry=b.waiver, sequence=2)],
            {"entry_changed", "link_wrong"},
            id="a waiver linked to something else",
        ),
    ],
)
def test_each_planted_corruption_is_found(
    books: Books, plant: Callable[[Books], list[str]], expected: set[str]
) -> None:
    with guards_lifted():
        run(*plant(books))
    assert codes(check()) == expected


def test_a_finding_says_what_is_wrong_and_where(books: Books) -> None:
    with guards_lifted():
        run(_posting("amount_cents = amount_cents + 1", entry=books.bill))
    report = check()
    sentences = [finding.sentence for finding in report.findings]
    assert f"Entry {books.bill} does not sum to zero: its postings sum to $0.01." in sentences
    assert (
        f"The running balance of account {books.account} on receivable is $25.00, but its postings sum to $25.01."
        in sentences
    )
    assert about(report, "entry_unbalanced") == {books.bill}
    assert {f.account_id for f in report.findings if f.code == "running_balance_off"} == {books.account}


def test_whoever_also_rewrites_the_digest_is_found_by_the_copy_in_the_audit_log(books: Books) -> None:
    """The digest alone cannot stop an owner; a checker of the copies, handed in, can."""
    from weatherhead.areas.ledger.queries import digests_of
    from weatherhead.core.ledger import entry_digest

    copies = digests_of([books.bill])
    with guards_lifted():
        run(_header("reason = 'x'", entry=books.bill))
        run(_header(f"digest = '{entry_digest(entry(books.bill))}'", entry=books.bill))
    assert check().found == 0

    def differing() -> list[Finding]:
        return [
            Finding(code="audit_differs", template="Entry %(entry)s", values={"entry": number}, entry_id=number)
            for number, digest in digests_of(copies).items()
            if digest != copies[number]
        ]

    copies_kept = Checker(code="copies", title="Copies agree", unit="entries", count=lambda: 1, find=differing)
    assert about(check(extra=[copies_kept]), "audit_differs") == {books.bill}


def test_extra_checkers_are_run_and_reported_after_our_own(books: Books) -> None:
    extra = Checker(
        code="bills",
        title="Every bill is the sum of its lines",
        unit="bills",
        count=lambda: 12,
        find=lambda: iter([Finding(code="bill_lines", template="Bill %(bill)s is off.", values={"bill": 3})]),
    )
    report = check(extra=[extra])
    assert report.found == 1
    assert (report.results[-1].code, report.results[-1].counted) == ("bills", 12)
    assert report.findings[0].sentence == "Bill 3 is off."


def test_many_findings_are_counted_and_only_the_first_are_kept(books: Books) -> None:
    with guards_lifted():
        run("UPDATE ledger_journalentry SET receipt_id = 99")
    [digests] = [result for result in check(shown_max=3).results if result.code == "digests"]
    assert (digests.found, len(digests.findings)) == (8, 3)


def test_missing_guards_are_found(books: Books) -> None:
    if connection.vendor == "postgresql":
        run(
            "DROP TRIGGER ledger_entry_sealed ON ledger_journalentry",
            "ALTER TABLE ledger_ledgerposting DISABLE TRIGGER ledger_ledgerposting_refuse_change",
        )
        missing = {"ledger_entry_sealed", "ledger_ledgerposting_refuse_change"}
    else:
        run("DROP TRIGGER ledger_entry_sealed", "DROP TRIGGER ledger_ledgerposting_refuse_update")
        missing = {"ledger_entry_sealed", "ledger_ledgerposting_refuse_update"}
    report = check()
    assert {finding.values["name"] for finding in report.findings} == missing
    assert codes(report) == {"guard_missing"}


def test_checking_changes_nothing(books: Books) -> None:
    before = rows("SELECT * FROM ledger_runningbalance")
    check()
    assert rows("SELECT * FROM ledger_runningbalance") == before


@pytest.mark.postgres
def test_reversals_are_looked_up_by_entry_before_the_database_has_counted_them(
    scratch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after a mass correction: its check read every linked posting once a reversal, for ten minutes."""
    billed = posted(
        *(bill(JAN_5, amount_cents=8_000, due_on=JAN_26, account_id=number) for number in make_accounts(40))
    )
    run("ANALYZE ledger_ledgerposting, ledger_journalentry")  # nothing was ever reversed
    posted(*(reversal(entry(number), effective_on=FEB_5, reason="Corrected") for number in billed))
    run("SET LOCAL enable_seqscan = off")  # as if there were too many to read them all
    asked: list[str] = []

    def planned(statement: str, parameters: object = ()) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}", parameters)
            asked.append("\n".join(line for (line,) in cursor.fetchall()))
        return []

    monkeypatch.setattr(ledger_check, "stream", planned)
    assert list(ledger_check._find_reversals_wrong()) == []
    [plan] = asked
    assert "ledger_ledgerposting undoing" in plan
    assert "ledger_posting_linked" not in plan

"""The books as the billing analyst and the supervisor keep them: closing, balancing, handing over."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest

from tests.guards import guards_lifted
from tests.house import Home, House, moment, move_in
from weatherhead.actions.books.close_period import ClosedAlready, DayNotOver, NotReadyToClose
from weatherhead.actions.books.export_journal import DaysNotClosed, NothingToExport
from weatherhead.actions.books.post_unbilled import MonthNotOver, NotAMonthsEnd, UnbilledPosted
from weatherhead.actions.books.reopen_period import DayExported, DayIsOpen
from weatherhead.areas.billing.runs import shards_of
from weatherhead.areas.ledger.books import DayClosed, closed_through, export, export_content, exports, first_open_on
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.models import DayTotal, JournalEntry
from weatherhead.areas.ledger.queries import balance_of, entries, trial_balance
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.payments.models import Deposit
from weatherhead.areas.records.models import AuditEntry
from weatherhead.areas.records.queries.receipts import ReceiptFacts
from weatherhead.door.authority import MakerIsChecker, NotPermitted
from weatherhead.door.jobs import grant_of
from weatherhead.door.perform import ChangedSincePreview, perform
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.interfaces.cli.main import main
from weatherhead.overviews.books.aged import aged_accounts, aged_overview
from weatherhead.overviews.books.balancing import day_balanced
from weatherhead.overviews.books.chart import chart_of_accounts
from weatherhead.overviews.books.revenue import revenue_overview
from weatherhead.overviews.books.standing import books_standing
from weatherhead.overviews.books.trial import trial_balance as whole_trial_balance

pytestmark = pytest.mark.django_db


def decided(house: House, name: str, /, **inputs: object) -> ReceiptFacts:
    """The analyst asks, the supervisor approves."""
    asked = house.do(name, by="okafor", **inputs)
    assert asked.outcome == "approval_requested"
    return house.do("approve_request", by="alvarez", request_id=asked.body["request"])


def yesterday(house: House) -> date:
    return house.today - timedelta(days=1)


def pay(house: House, home: Home, amount: str, **more: object) -> ReceiptFacts:
    return house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents=amount, tender="cash", **more)


def sound() -> None:
    assert [finding.sentence for finding in check(extra=extra_checkers()).findings] == []


def test_the_analyst_asks_to_close_and_the_supervisor_decides(house: House, home: Home) -> None:
    """Yesterday is over: C. Okafor asks to close through it, T. Alvarez looks at the same figures and approves."""
    house.pass_days(1)
    asked = house.do("close_period", by="okafor", last_on=yesterday(house), note="Month end")
    assert (asked.outcome, closed_through()) == ("approval_requested", None)
    own = house.do("close_period", by="alvarez", last_on=yesterday(house))
    with pytest.raises(MakerIsChecker):
        house.do("approve_request", by="alvarez", request_id=own.body["request"])
    house.do("approve_request", by="alvarez", request_id=asked.body["request"])
    assert closed_through() == yesterday(house)
    assert first_open_on() == house.today
    assert DayTotal.objects.count() > 0
    found = books_standing(moment=moment(house.today), grant=grant_of(["supervisor"]))
    assert [(item.asked_by, item.decided_by) for item in found.closings] == [("C. Okafor", "T. Alvarez")]
    sound()


def test_what_was_posted_between_asking_and_deciding_asks_again(house: House, home: Home) -> None:
    """A payment found in the drop box is dated yesterday after the analyst asked: the supervisor sees other figures."""
    house.pass_days(1)
    asked = house.do("close_period", by="okafor", last_on=yesterday(house))
    shown = house.see("approve_request", by="alvarez", request_id=asked.body["request"])
    pay(house, home, "10.00", paid_on=yesterday(house))
    with pytest.raises(ChangedSincePreview):
        perform(
            "approve_request",
            actor=house.actor("alvarez"),
            key=house.key(),
            moment=moment(house.today),
            inputs={"request_id": asked.body["request"]},
            seen=shown.substance,
        )
    assert closed_through() is None


def test_today_cannot_be_closed_and_a_day_is_closed_once(house: House, home: Home) -> None:
    for day in (house.today, house.today + timedelta(days=3)):
        with pytest.raises(DayNotOver, match="is not over"):
            house.do("close_period", by="okafor", last_on=day)
    house.pass_days(2)
    decided(house, "close_period", last_on=yesterday(house))
    with pytest.raises(ClosedAlready, match="closed through"):
        house.do("close_period", by="okafor", last_on=yesterday(house) - timedelta(days=1))


def test_a_representative_neither_closes_nor_reopens(house: House, home: Home) -> None:
    house.pass_days(1)
    for name, inputs in (
        ("close_period", {"last_on": yesterday(house)}),
        ("reopen_period", {"from_on": yesterday(house), "reason": "I would like to"}),
        ("export_journal", {}),
        ("post_unbilled", {"month_end_on": yesterday(house)}),
    ):
        for username in ("reyes", "nguyen"):
            with pytest.raises(NotPermitted):
                house.do(name, by=username, **inputs)
    assert closed_through() is None


def test_a_payment_dated_into_closed_days_is_refused_and_nothing_moves(house: House, home: Home) -> None:
    """The cashier backdates a check to a closed day: the sentence says the first open day; in preview, too."""
    house.pass_days(3)
    decided(house, "close_period", last_on=yesterday(house))
    before = (balance_of([home.account_id]), JournalEntry.objects.count())
    dated = {"account_id": home.account_id, "amount_cents": "25.00", "tender": "cash", "paid_on": yesterday(house)}
    said = f"Choose {house.today}, the first open day"
    with pytest.raises(DayClosed, match=said):
        house.see("take_payment", by="nguyen", **dated)
    with pytest.raises(DayClosed, match=said):
        house.do("take_payment", by="nguyen", **dated)
    assert (balance_of([home.account_id]), JournalEntry.objects.count()) == before
    assert AuditEntry.objects.filter(kind="refused", subject="DayClosed").count() == 1
    pay(house, home, "25.00", paid_on=house.today)
    sound()


def test_a_check_returned_on_a_closed_day_is_entered_today(house: House, home: Home) -> None:
    paid = house.made(
        "take_payment", "payment", by="nguyen", account_id=home.account_id, amount_cents="30.00", tender="check",
        check_number="77",
    )  # fmt: skip
    house.pass_days(4)
    decided(house, "close_period", last_on=yesterday(house))
    wrong = {"payment_id": paid, "reason": "insufficient_funds", "returned_on": yesterday(house)}
    with pytest.raises(DayClosed):
        house.do("return_payment", by="okafor", **wrong)
    done = house.do("return_payment", by="okafor", payment_id=paid, reason="insufficient_funds")
    assert {entry.draft.effective_on for entry in entries(done.body["entries"])} == {house.today}
    sound()


def test_closed_days_are_corrected_on_an_open_day(house: House, home: Home) -> None:
    """A payment of a closed day went to the wrong account: its reversal is today's, and yesterday stays as it was."""
    cash = {"account_id": home.account_id, "amount_cents": "9.00", "tender": "cash"}
    paid = house.made("take_payment", "payment", by="nguyen", **cash)
    house.pass_days(1)
    decided(house, "close_period", last_on=yesterday(house))
    kept = whole_trial_balance(first_on=yesterday(house), last_on=yesterday(house))
    house.do("reverse_payment", by="alvarez", payment_id=paid, reason="wrong_account", note="Meant for his mother")
    assert whole_trial_balance(first_on=yesterday(house), last_on=yesterday(house)) == kept
    sound()


def test_a_bill_run_in_progress_keeps_its_day_open(house: House, home: Home) -> None:
    """Half of a cycle's bills are issued when the analyst wants to close: not before the run is done."""
    house.pass_days(30)
    house.do("enter_read", account_id=home.account_id, read_on=house.today, reading="2350")
    run = house.made("start_bill_run", "bill_run", by="okafor", cycle=14)
    house.do("try_bill_shard", by="okafor", shard_id=shards_of(run, stage="try")[0].shard_id)
    house.do("release_bill_run", by="alvarez", run_id=run)
    house.pass_days(1)
    with pytest.raises(NotReadyToClose, match=f"Bill run {run} still issues bills dated on these days"):
        house.do("close_period", by="okafor", last_on=yesterday(house))
    house.do("issue_bill_shard", by="alvarez", shard_id=shards_of(run, stage="issue")[0].shard_id)
    decided(house, "close_period", last_on=yesterday(house))
    sound()


def test_a_drawer_left_open_overnight_keeps_its_day_open(house: House, home: Home) -> None:
    """P. Nguyen went home without counting: what the drawer is over or short is not known yet."""
    house.do("open_drawer", by="nguyen", float_cents="100.00")
    pay(house, home, "20.00")
    house.pass_days(1)
    with pytest.raises(NotReadyToClose, match=r"The drawer of P\. Nguyen, opened on .*, is not counted and closed"):
        house.do("close_period", by="okafor", last_on=yesterday(house))
    assert [drawer.opened_by for drawer in day_balanced(yesterday(house)).drawers] == ["P. Nguyen"]


def test_closed_days_are_reopened_by_two_until_the_ledger_has_them(house: House, home: Home) -> None:
    """The lockbox of two days ago came late: reopened, posted, closed again. What the GL has stays closed."""
    house.pass_days(3)
    decided(house, "close_period", last_on=yesterday(house))
    late = yesterday(house) - timedelta(days=1)
    with pytest.raises(DayIsOpen):
        house.do("reopen_period", by="okafor", from_on=house.today, reason="Nothing to open")
    decided(house, "reopen_period", from_on=late, reason="The lockbox file came late")
    assert closed_through() == late - timedelta(days=1)
    pay(house, home, "12.00", paid_on=late)
    decided(house, "close_period", last_on=yesterday(house))
    house.do("export_journal", by="okafor", last_on=late)
    with pytest.raises(DayExported, match=r"stays closed\. Correct it on an open day"):
        house.do("reopen_period", by="okafor", from_on=late, reason="Another one came")
    decided(house, "reopen_period", from_on=yesterday(house), reason="This one may be opened")
    sound()


def test_each_entry_goes_to_the_general_ledger_once(house: House, home: Home, tmp_path: Path) -> None:
    """Three journals cover every entry once; debits are credits in each; a reprint is the same to the byte."""
    for amount in ("11.00", "12.00", "13.00"):
        pay(house, home, amount)
        house.pass_days(1)
    with pytest.raises(NothingToExport):
        house.do("export_journal", by="okafor")
    decided(house, "close_period", last_on=yesterday(house))
    with pytest.raises(DaysNotClosed):
        house.do("export_journal", by="okafor", last_on=house.today)
    for back, grouping in ((2, "day"), (1, "source"), (0, "day")):
        house.do("export_journal", by="okafor", last_on=yesterday(house) - timedelta(days=back), grouped_by=grouping)
    with pytest.raises(NothingToExport):
        house.do("export_journal", by="okafor")
    found = exports()
    assert [item.number for item in found] == [3, 2, 1]
    assert sum(item.entries for item in found) == JournalEntry.objects.filter(state="posted").count()
    sums: dict[str, int] = {}
    for item in found:
        rows = list(csv.DictReader(StringIO(export_content(item.number))))
        assert len(rows) == item.lines
        assert sum(_cents(row["debit"]) for row in rows) == sum(_cents(row["credit"]) for row in rows)
        for row in rows:
            sums[row["gl_account"]] = sums.get(row["gl_account"], 0) + _cents(row["debit"]) - _cents(row["credit"])
    balance = whole_trial_balance(first_on=house.today, last_on=house.today)
    assert sums == {row.gl: row.closing_cents for row in balance.by_gl}
    for _ in range(2):
        assert main(["books", "reprint", "2", "--to", str(tmp_path)]) == 0
    told = json.loads((tmp_path / export(2).file_name).with_suffix(".json").read_text())
    assert (tmp_path / export(2).file_name).read_bytes() == export_content(2).encode()
    assert (told["export"], told["lines"], told["debits"]) == (2, found[1].lines, f"{found[1].debits_cents / 100:.2f}")
    (tmp_path / export(2).file_name).write_text("something else")
    assert main(["books", "reprint", "2", "--to", str(tmp_path)]) == 2
    sound()


def _cents(text: str) -> int:
    return int(text.replace(".", ""))


def test_the_day_balances_by_entry_by_ledger_account_and_by_gl(house: House, home: Home) -> None:
    pay(house, home, "11.00")
    fee = {"account_id": home.account_id, "charge": "connect_fee", "reason": "service_rendered"}
    house.do("assess_fee", by="alvarez", **fee)
    open_day = day_balanced(house.today)
    assert open_day.agrees
    kinds = {kind.kind: kind.entries for kind in open_day.kinds}
    assert kinds["payment"] == 1
    assert [row.ledger_accounts for row in open_day.money] == [("cash_drawer",)]
    house.pass_days(1)
    decided(house, "close_period", last_on=yesterday(house))
    closed = day_balanced(yesterday(house))
    assert closed.agrees
    assert (closed.kinds, closed.is_closed, closed.export) == (open_day.kinds, True, None)
    house.do("export_journal", by="okafor")
    found = day_balanced(yesterday(house)).export
    assert found is not None
    assert found.number == 1


def test_aged_receivables_foot_to_the_ledger_and_drill_to_accounts(house: House, home: Home) -> None:
    """Two customers: one owes a bill, the other paid ahead. By class, by cycle, and down to the accounts."""
    other = move_in(house, name="Lou Park", street="12 Elm Ct", serial="88100204", revenue_class="residential")
    pay(house, other, "40.00")
    house.pass_days(25)
    aged = aged_overview(as_of=house.today)
    assert aged.foots
    assert aged.ledger_cents == trial_balance(as_of=house.today)["receivable"]
    assert aged.total.credit_cents == 40_00
    assert aged.total.open_cents[1] == balance_of([home.account_id])[home.account_id] > 0
    assert [row.name for row in aged.by_class] == ["residential"]
    found = aged_accounts(as_of=house.today, bucket=1)
    assert [row.account_id for row in found.rows] == [home.account_id]
    both = aged_accounts(as_of=house.today, revenue_class="residential", a_page=1, page=2)
    assert (both.pages, both.count, [row.account_id for row in both.rows]) == (2, 2, [other.account_id])


def test_revenue_by_charge_foots_to_the_ledger_after_a_rebill(house: House, home: Home) -> None:
    """A bill, the same one corrected for a misread dial: what stands is what was billed less what was cancelled."""
    house.pass_days(30)
    read_on = house.today
    house.do("enter_read", account_id=home.account_id, read_on=read_on, reading="2350")
    bill = house.made("bill_account", "bill", account_id=home.account_id)
    first = revenue_overview(first_on=house.today, last_on=house.today)
    assert first.energy_wh > 0
    house.pass_days(2)
    [read] = [item for item in reads_of_meter(home.meter_id) if item.read_on == read_on and item.state == "accepted"]
    house.do("correct_read", read_id=read.read_id, reading="2300", reason="Misread a dial")
    house.do("cancel_and_rebill", bill_id=bill, reason="The read was entered wrong")
    corrected = revenue_overview(first_on=house.today, last_on=house.today)
    assert corrected.energy_wh == -50_000
    for found in (first, corrected, revenue_overview(first_on=date(2025, 1, 1), last_on=house.today)):
        assert {item.other_cents for item in (*found.revenue, *found.collected)} == {0}
    [residential] = corrected.revenue
    assert residential.ledger_cents < 0
    assert {charge.code for charge in residential.charges} >= {"energy", "customer"}


def test_unbilled_revenue_is_estimated_posted_and_taken_back(house: House, home: Home) -> None:
    """At the month's end the services since their last read are estimated; the next month takes the first back."""
    for wrong in (date(2025, 11, 29), date(2025, 12, 30)):
        with pytest.raises(NotAMonthsEnd):
            house.do("post_unbilled", by="okafor", month_end_on=wrong)
    month_end = _month_end(house.today)
    with pytest.raises(MonthNotOver):
        house.do("post_unbilled", by="okafor", month_end_on=month_end)
    house.today = month_end + timedelta(days=2)
    done = decided(house, "post_unbilled", month_end_on=month_end)
    [entry] = entries(done.body["entries"])
    figures = {change["code"]: change["after"] for change in done.body["changes"]}
    assert figures["unbilled"] == figures["cents.residential"] > 0
    assert trial_balance(as_of=month_end)["unbilled_receivable"] == figures["unbilled"]
    assert trial_balance(as_of=month_end)["unbilled_revenue"] == -figures["unbilled"]
    with pytest.raises(UnbilledPosted):
        house.do("post_unbilled", by="okafor", month_end_on=month_end)
    house.today = _month_end(house.today) + timedelta(days=1)
    next_end = yesterday(house)
    again = entries(decided(house, "post_unbilled", month_end_on=next_end).body["entries"])
    assert [item.draft.reverses_id for item in again] == [entry.entry_id, None]
    assert trial_balance(as_of=next_end)["unbilled_receivable"] == again[1].draft.postings[0].amount_cents
    sound()


def test_whoever_closes_a_month_without_its_unbilled_revenue_is_told(house: House, home: Home) -> None:
    """Closed with its month's end, the month takes no estimate any more: the analyst reads so before she asks."""
    month_end = _month_end(house.today)
    house.today = month_end + timedelta(days=2)

    def left(through: date) -> list[str]:
        changes = house.see("close_period", by="okafor", last_on=through).proposal.changes
        return [str(change.after) for change in changes if change.code == "left.unbilled"]

    [said] = left(month_end)
    assert left(yesterday(house)) == [said]
    assert said.startswith(f"Unbilled revenue of {month_end} is not posted")
    decided(house, "post_unbilled", month_end_on=month_end)
    assert left(yesterday(house)) == []


def test_a_deposit_slip_that_is_not_what_the_ledger_has_is_seen_on_its_day(house: House, home: Home) -> None:
    number = house.made("open_drawer", "drawer", by="nguyen", float_cents="100.00")
    pay(house, home, "5.00")
    house.do("count_drawer", by="nguyen", drawer_id=number, pieces="1.00, 104", checks=0, checks_cents="0")
    house.do("close_drawer", by="nguyen", drawer_id=number)
    house.do("make_deposit", by="nguyen", slip="0417", checks=0, total_cents="4.00", drawer_ids=f"{number}")
    found = day_balanced(house.today)
    assert [(tie.code, tie.counted_cents, tie.ledger_cents) for tie in found.ties] == [
        ("slips", 4_00, 4_00),
        ("over_short", -1_00, -1_00),
    ]
    assert (found.is_tied, [deposit.slip for deposit in found.deposits]) == (True, ["0417"])
    assert day_balanced(yesterday(house)).deposits == ()
    with guards_lifted():
        Deposit.objects.update(cash_cents=3_00)
    assert not day_balanced(house.today).is_tied
    assert main(["books", "day", "--on", house.today.isoformat()]) == 1


def test_days_that_end_before_they_begin_are_refused_by_name(
    house: House, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["trial"], ["revenue"]):
        assert main(["books", *words, "--from", "2025-10-02", "--through", "2025-10-01"]) == 2
        assert "lies before the first (2025-10-02)" in capsys.readouterr().err


def _month_end(on: date) -> date:
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def test_the_chart_names_every_ledger_account(house: House) -> None:
    chart = chart_of_accounts()
    assert [row.gl for row in chart] == sorted(row.gl for row in chart)
    assert all(str(row.purpose) for row in chart)
    assert {row.ledger_account for row in chart if row.per_customer} == {"receivable", "deposit", "unapplied_credit"}


def test_the_command_line_tells_the_books(house: House, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    through = house.today.isoformat()
    for words in (
        ["chart", "--csv"], ["trial", "--through", through], ["trial", "--gl", "--csv", "--through", through],
        ["aged", "--on", through], ["accounts", "--on", through, "--csv"], ["revenue", "--through", through],
        ["day", "--on", through], ["status"], ["exports"],
    ):  # fmt: skip
        assert main(["books", *words]) == 0, words
        assert capsys.readouterr().out.strip(), words
    for words in (["chart"], ["trial"], ["aged"], ["accounts"], ["revenue"], ["day"], ["status"], ["exports"]):
        assert main(["books", *words, "--json"]) == 0, words
        json.loads(capsys.readouterr().out)
    assert main(["books", "trial", "--through", through, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["is_balanced"], told["total"]["opening_cents"]) == (True, 0)

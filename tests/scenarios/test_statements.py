"""Billing summaries: callers ask what moved their balance, for a payment history, for the year; so do agencies."""

from __future__ import annotations

import copy
import csv
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker, Settings

from tests.areas.documents.papers import squeezed, text_of
from tests.areas.documents.tagged import tree_of
from tests.guards import guards_lifted
from tests.house import Home, House, built_once, moment, move_in, read_and_bill, table_rows
from tests.scenarios.test_movers import R1 as MOVED_ON
from tests.scenarios.test_movers import vacant_flat
from weatherhead.actions.customers.record_consent import ConsentCoversNothing, ConsentEndsBeforeItBegins
from weatherhead.actions.customers.revoke_consent import ConsentOfAnother
from weatherhead.actions.documents.prepare_statement import (
    ConsentDoesNotCover,
    ConsentForOneAccount,
    ConsentNotInForce,
    EmailTooNew,
    NoEmail,
)
from weatherhead.areas.billing.queries import bills_of_account
from weatherhead.areas.customers.operations import ConsentRevokedAlready
from weatherhead.areas.documents.models import Statement
from weatherhead.areas.documents.queries import content_of, documents_of_statements
from weatherhead.areas.documents.statements import StatementChanged, frozen_statement
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import ageing_of, balance_of, trial_balance
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.areas.records.models import AuditEntry
from weatherhead.core.ledger import LedgerAccount
from weatherhead.core.values import Span
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.statement.composing import compose
from weatherhead.overviews.statement.page import Asked, prepared_csv, summary_csv, summary_overview
from weatherhead.overviews.statement.spans import (
    SpanBackwards,
    SpanDaysMissing,
    SpanNotOver,
    YearTooLong,
    months_before,
    span_of,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An account to which everything happened: see `_live`; and the first day of it."""

    home: Home
    since: date
    wrong_payment: int
    returned_payment: int
    corrected_bill: int


@pytest.fixture(scope="module")
def _told(_staffed: House, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Told]]:
    with built_once(lambda: _live(copy.deepcopy(_staffed)), blocker=django_db_blocker) as told:
        yield told


def _live(house: House) -> tuple[House, Told]:
    """Four bills: the first paid in time, the second late, the third with a check that came back and paid again, the
    fourth corrected; a payment that was meant for somebody else; a fee, and half of it waived."""
    since = house.today
    home = move_in(house, email="ruth.k@example.com")
    read_and_bill(house, home, reading=1700)
    house.pass_days(10)
    _pay(house, home, "cash")
    read_and_bill(house, home, reading=2300, days=20)
    wrong = house.made("take_payment", "payment", account_id=home.account_id, amount_cents="31.00", tender="cash")
    house.pass_days(2)
    house.do("reverse_payment", by="reyes", payment_id=wrong, reason="wrong_account", note="Meant for his mother")
    house.pass_days(23)
    _pay(house, home, "check", number="1041")
    read_and_bill(house, home, reading=2900, days=5)
    house.pass_days(3)
    bounced = _pay(house, home, "check")
    house.pass_days(4)
    house.do("return_payment", by="okafor", payment_id=bounced, reason="insufficient_funds")
    house.pass_days(3)
    fee = house.made("assess_fee", "adjustment", account_id=home.account_id, **_CONNECTED)
    house.do("waive_fee", by="reyes", adjustment_id=fee, reason="our_error", amount_cents="7.00")
    _pay(house, home, "cash")
    wrong_bill = read_and_bill(house, home, reading=3900, days=20)
    [read] = [item for item in reads_of_meter(home.meter_id) if item.read_on == house.today]
    house.pass_days(1)
    house.do("correct_read", by="okafor", read_id=read.read_id, reading="3500", reason="Misread a dial")
    corrected = house.made("cancel_and_rebill", "bill", by="okafor", bill_id=wrong_bill, reason="The read was misread")
    house.pass_days(4)
    told = Told(home=home, since=since, wrong_payment=wrong, returned_payment=bounced, corrected_bill=corrected)
    return house, told


_CONNECTED = {"charge": "connect_fee", "reason": "service_rendered", "amount_cents": "20.00"}


def _pay(house: House, home: Home, tender: str, *, number: str = "1042") -> int:
    owed = balance_of([home.account_id])[home.account_id]
    check_number = {"check_number": number} if tender == "check" else {}
    given = {"account_id": home.account_id, "amount_cents": owed, "tender": tender}
    return house.made("take_payment", "payment", by="nguyen", **given, **check_number)


@pytest.fixture
def house(_told: tuple[House, Told], db: None) -> House:
    return copy.deepcopy(_told[0])


@pytest.fixture
def told(_told: tuple[House, Told], db: None) -> Told:
    return _told[1]


def refused(house: House, why: type[Exception], name: str, *, by: str = "reyes", **inputs: Any) -> str:
    """The action is refused, the attempt is in the log, and nothing else is another for it. Gives what was said."""
    untouched, tried = table_rows(but=("records_",)), AuditEntry.objects.filter(kind="refused", action=name).count()
    with pytest.raises(why) as refusal:
        house.do(name, by=by, **inputs)
    assert table_rows(but=("records_",)) == untouched
    assert AuditEntry.objects.filter(kind="refused", action=name).count() > tried
    return str(refusal.value)


def composed(house: House, told: Told, kind: str, span: Span | None = None) -> dict[str, Any]:
    whole = Span(start=told.since, end=house.today + DAY)
    body: dict[str, Any] = compose(told.home.account_id, kind=kind, span=span or whole, as_of=house.today).payload[
        "body"
    ]
    return body


def owed_on(told: Told, on: date) -> int:
    return ageing_of([told.home.account_id], as_of=on)[told.home.account_id].balance_cents


def prepared(house: House, told: Told, *, by: str = "reyes", **inputs: Any) -> int:
    return house.made("prepare_statement", "statement", by=by, account_id=told.home.account_id, **inputs)


def consent_to(house: House, told: Told, **inputs: Any) -> int:
    said = {"party_kind": "agency", "party_name": "Community Action", "given_how": "written"}
    said |= {"until_on": house.today + 365 * DAY, "account_id": told.home.account_id}
    return house.made("record_consent", "consent", by="reyes", **said | inputs)


def test_a_statement_of_any_days_opens_and_closes_with_the_ledger(house: House, told: Told) -> None:
    days = (house.today - told.since).days
    balances = {on: owed_on(told, on) for on in (told.since + n * DAY for n in range(-1, days + 1))}
    for first in range(0, days, 7):
        for length in (1, 6, 29, days - first):
            span = Span(start=told.since + first * DAY, end=told.since + min(first + length, days + 1) * DAY)
            body = composed(house, told, "statement", span)
            assert body["opening_cents"] == balances[span.start - DAY]
            assert body["closing_cents"] == balances[span.last_on]
            moved = sum(line["cents"] for line in body["lines"])
            assert body["opening_cents"] + moved == body["closing_cents"]
    assert (
        sum(line["cents"] for line in composed(house, told, "statement")["lines"])
        == balance_of([told.home.account_id])[told.home.account_id]
    )


def test_what_was_taken_back_is_said_in_plain_words_beside_what_it_takes_back(house: House, told: Told) -> None:
    whole = Asked(span="since_opened")
    shown = summary_overview(told.home.account_id, asked=whole, as_of=house.today)
    rows = {row["number"]: row for row in shown.said["tables"][0]["rows"]}
    said = {number: row["cells"][2] for number, row in rows.items()}
    [back] = [number for number, text in said.items() if "it belonged to another account" in text]
    [came_back] = [number for number, text in said.items() if "returned by the bank: insufficient funds" in text]
    [cancelled] = [number for number, text in said.items() if text.startswith("Bill") and text.endswith("cancelled")]
    for number in (back, came_back, cancelled):
        other = rows[number]["see"]
        assert rows[other]["see"] == number
        assert f"Takes back line {other}." in rows[number]["notes"]
        assert f"Taken back on line {number}." in rows[other]["notes"]
        amounts = {rows[number]["cells"][3].lstrip("−"), rows[other]["cells"][3].lstrip("−")}
        assert len(amounts) == 1
    assert "Payment, check 1042" in said.values()
    assert [text for text in said.values() if text.startswith("Corrected bill")]
    assert rows[1]["link"].startswith("/bill/")
    # And: of a span that begins later, it is said that the other stands before it.
    late = Asked(span="days", from_on=house.today - 4 * DAY, to_on=house.today)
    [table] = summary_overview(told.home.account_id, asked=late, as_of=house.today).said["tables"]
    assert "What it takes back stands before this statement." in table["rows"][0]["notes"]


def test_the_parts_of_each_bill_are_what_its_entry_posted(house: House, told: Told) -> None:
    lines = composed(house, told, "statement")["lines"]
    bills = [line for line in lines if line["what"][0] in ("bill", "bill_back")]
    assert len(bills) == 6
    for line in bills:
        assert len(line["groups"]) >= 4
        assert sum(cents for _, cents in line["groups"]) == line["cents"]


def test_a_payment_history_marks_each_bill_and_counts_what_came_back(house: House, told: Told) -> None:
    body = composed(house, told, "payment_history")
    assert [item["mark"] for item in body["bills"]] == ["on_time", "late", "on_time", "open"]
    late = body["bills"][1]
    assert late["days_late"] == 5
    assert date.fromisoformat(late["paid_on"]) == date.fromisoformat(late["due_on"]) + 5 * DAY
    # The third was paid by a check that came back, and is paid since it was paid again.
    returned = body["returned"]
    assert [(item[2], item[3] > 0) for item in returned] == [("insufficient_funds", True)]
    assert body["bills"][2]["paid_on"] > returned[0][1]
    assert body["reference"][0] == "short"  # four bills are too few for the rule
    assert body["balance_cents"] == owed_on(told, house.today)
    numbers = {item.bill_id: item.number for item in bills_of_account(told.home.account_id, limit=9)}
    assert body["bills"][3]["number"] == numbers[told.corrected_bill]


def test_the_year_foots_month_by_month_and_its_taxes_are_the_books(house: House, told: Told) -> None:
    span = span_of("last_12_months", kind="yearly", opened_on=told.since, as_of=house.today)
    body = composed(house, told, "yearly", span)
    assert len(body["months"]) == 12
    for month in body["months"]:
        first = date.fromisoformat(month["month"])
        assert month["balance_cents"] == owed_on(told, min(months_before(first, months=-1) - DAY, house.today))
    books = trial_balance(as_of=house.today)
    taxes = (LedgerAccount.SALES_TAX_PAYABLE, LedgerAccount.CITY_DIVIDEND_PAYABLE)
    assert sum(month["taxes_cents"] for month in body["months"]) == -sum(books[account] for account in taxes)
    # What was billed wrongly and cancelled is in no sum: 2,500 kWh were used.
    assert sum(month["energy_wh"] for month in body["months"]) == 2_500_000


def test_usage_shows_the_demand_of_a_shop_and_none_of_a_home(house: House, told: Told) -> None:
    assert composed(house, told, "usage")["has_demand"] is False
    shop = move_in(
        house, name="Depot Bakery LLC", street="2 Depot St", serial="90001", schedule="GS-2",
        revenue_class="commercial", has_demand=True, multiplier="40", options={},
    )  # fmt: skip
    house.pass_days(30)
    enter = {"account_id": shop.account_id, "meter": shop.serial, "read_on": house.today}
    house.do("enter_read", **enter, reading="1100", demand_kw="22.5")
    house.made("bill_account", "bill", account_id=shop.account_id)
    shown = summary_overview(shop.account_id, asked=Asked(kind="usage"), as_of=house.today)
    [table] = shown.said["tables"]
    assert [label for label, _ in table["columns"]][4] == "Highest demand, kW"
    [row] = table["rows"]
    assert row["cells"][1:5] == ["30", "4,000", "133.3", "22.5"]
    assert shown.said["chart"]["bars"][0][2] == 1000


def test_all_accounts_of_a_landlord_sum_to_what_they_owe(house: House) -> None:
    homes: list[Home] = []
    for place, street in enumerate(("702 Chokecherry Ln", "=1+1 Chokecherry Ln")):
        known = homes[0].customer_id if homes else None
        homes.append(move_in(house, name="Hoffman Rentals", street=street, serial=f"6600{place}", customer_id=known))
    start = house.today
    for home in homes:
        read_and_bill(house, home, reading=1700, days=15)
    house.do("take_payment", by="nguyen", account_id=homes[0].account_id, amount_cents="500.00", tender="cash")
    span = Span(start=start, end=house.today + DAY)
    asked = compose(homes[1].account_id, kind="accounts", span=span, as_of=house.today)
    owed = balance_of(asked.account_ids)
    closing = [item["closing_cents"] for item in asked.payload["body"]["accounts"]]
    assert closing == [owed[number] for number in asked.account_ids]
    assert {home.account_id for home in homes} == set(asked.account_ids)
    # And: as CSV no cell is a formula to a spreadsheet, and figures are exact.
    content = summary_csv(homes[0].account_id, asked=Asked(kind="accounts"), as_of=house.today).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["service_at"] for row in rows} == {"702 Chokecherry Ln", "'=1+1 Chokecherry Ln"}
    assert sorted(row["balance_after"] for row in rows) == sorted(f"{cents / 100:.2f}" for cents in closing)


def test_a_prepared_statement_is_frozen_whatever_happens_after(house: House, told: Told) -> None:
    number = prepared(house, told, span="since_opened")
    found = frozen_statement(number)
    kept = documents_of_statements([number])[number]
    paper, body = content_of(kept), found.payload["body"]
    owed = owed_on(told, house.today)
    house.do("take_payment", by="nguyen", account_id=told.home.account_id, amount_cents="5.00", tender="cash")
    again = frozen_statement(number)
    assert again.payload["body"]["closing_cents"] == owed == owed_on(told, house.today) + 500
    assert content_of(kept) == paper
    said = text_of(paper)
    for line in summary_overview(told.home.account_id, asked=Asked(span="since_opened"), as_of=house.today).said[
        "tables"
    ][0]["rows"][: len(body["lines"])]:
        assert all(squeezed(cell) in said for cell in line["cells"])
    assert [item.tag for item in tree_of(paper).walk()].count("Table") == 1
    rows = list(csv.DictReader(io.StringIO(prepared_csv(number).content.decode())))
    assert (rows[0]["kind"], rows[-1]["kind"], rows[-1]["balance"]) == ("opening", "closing", f"{owed / 100:.2f}")
    # And: one that was changed is shown to nobody, and the proof of the books finds it.
    assert not check(extra=extra_checkers()).findings
    with guards_lifted():
        Statement.objects.filter(pk=number).update(payload=Statement.objects.get(pk=number).payload.replace("5", "6"))
        with pytest.raises(StatementChanged):
            frozen_statement(number)
        assert "statement_changed" in {item.code for item in check(extra=extra_checkers()).findings}


def test_nobody_else_is_told_without_a_consent_in_force(house: House, told: Told) -> None:
    history = {"account_id": told.home.account_id, "kind": "payment_history"}
    other = move_in(house, name="Dale Sorensen", street="311 Linden St", serial="77402931")
    theirs = consent_to(house, told, account_id=other.account_id, payments=True)
    refused(house, ConsentOfAnother, "prepare_statement", **history, consent_id=theirs)
    later = consent_to(house, told, payments=True, start_on=house.today + DAY)
    said = refused(house, ConsentNotInForce, "prepare_statement", **history, consent_id=later)
    assert "Ask the customer for a new one; nothing was given out." in said
    short = consent_to(house, told, payments=True, until_on=house.today)
    prepared(house, told, kind="payment_history", consent_id=short)  # its last day
    house.pass_days(1)
    refused(house, ConsentNotInForce, "prepare_statement", **history, consent_id=short)
    refused(house, ConsentCoversNothing, "record_consent", **_asked_consent(house, told))
    backwards = _asked_consent(house, told, payments=True, until_on=house.today - DAY)
    refused(house, ConsentEndsBeforeItBegins, "record_consent", **backwards)


def _asked_consent(house: House, told: Told, **inputs: Any) -> dict[str, Any]:
    said = {"account_id": told.home.account_id, "party_kind": "agency", "party_name": "Community Action"}
    return said | {"given_how": "in_person", "until_on": house.today + DAY} | inputs


def test_a_consent_that_was_taken_back_opens_nothing_from_that_day_on(house: House, told: Told) -> None:
    given = consent_to(house, told, payments=True)
    house.do("revoke_consent", by="reyes", account_id=told.home.account_id, consent_id=given)
    history = {"account_id": told.home.account_id, "kind": "payment_history", "consent_id": given}
    refused(house, ConsentNotInForce, "prepare_statement", **history)
    again = {"account_id": told.home.account_id, "consent_id": given}
    refused(house, ConsentRevokedAlready, "revoke_consent", **again)


def test_an_agency_is_told_what_the_consent_covers_and_it_is_logged(house: House, told: Told) -> None:
    given = consent_to(house, told, payments=True)
    for kind in ("statement", "usage", "yearly", "accounts"):
        inputs = {"account_id": told.home.account_id, "kind": kind, "consent_id": given}
        said = refused(house, ConsentDoesNotCover, "prepare_statement", **inputs)
        assert "does not cover" in said
    looks = AuditEntry.objects.filter(kind="look", action="look:disclosure").count()
    number = prepared(house, told, kind="payment_history", consent_id=given)
    assert AuditEntry.objects.filter(kind="look", action="look:disclosure").count() == looks + 1
    found = frozen_statement(number)
    body = found.payload["body"]
    assert found.payload["account"]["mail"] == []
    assert body["balance_cents"] is None
    assert {item["cents"] for item in body["bills"]} == {None}
    assert [item["mark"] for item in body["bills"]] == ["on_time", "late", "on_time", "open"]
    paper = text_of(content_of(documents_of_statements([number])[number]))
    assert squeezed("Prepared for Community Action") in paper
    assert squeezed("consented in writing that Community Action may be told of payments") in paper
    paid_cents = {cents for *_, cents in body["returned"]}  # a payment, which is covered
    for item in bills_of_account(told.home.account_id, limit=9):
        assert item.total_cents in paid_cents or f"{item.total_cents / 100:.2f}" not in paper
    assert squeezed("PRAIRIE CITY NE") not in paper
    rows = list(csv.DictReader(io.StringIO(prepared_csv(number).content.decode())))
    assert {row["amount"] for row in rows if row["bill"]} == {""}


def test_a_landlord_with_consent_for_one_account_is_not_told_of_the_others(house: House, told: Told) -> None:
    move_in(house, street="9 Far Rd", serial="66009", customer_id=told.home.customer_id)
    everything = {"bills": True, "payments": True, "balance": True, "usage": True}
    landlord = {"party_kind": "landlord", "party_name": "Hoffman Rentals"}
    one = consent_to(house, told, **landlord, **everything)
    kind = {"account_id": told.home.account_id, "kind": "accounts"}
    refused(house, ConsentForOneAccount, "prepare_statement", **kind, consent_id=one)
    every = consent_to(house, told, **landlord, **everything, all_accounts=True)
    number = prepared(house, told, kind="accounts", consent_id=every)
    assert len(frozen_statement(number).payload["body"]["accounts"]) == 2
    disclosed = AuditEntry.objects.filter(kind="look", action="look:disclosure")
    assert disclosed.values("subject").distinct().count() == 2


def test_an_e_mail_is_written_into_the_outbox_once(
    house: House, told: Told, settings: Settings, tmp_path: Path
) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    number = prepared(house, told, kind="yearly", given_by="email")
    now = moment(house.today)
    while work_once(worker="test", clock=lambda: now) is not None:
        pass
    [file] = (tmp_path / "outbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    message = message_from_bytes(file.read_bytes(), policy=modern)
    assert (message["To"], file.name) == ("ruth.k@example.com", f"{frozen_statement(number).number}.eml")
    [attached] = message.iter_attachments()
    assert attached.get_content() == content_of(documents_of_statements([number])[number])
    body = message.get_body(("plain",))
    assert body is not None
    assert "$" not in body.get_content()  # no figure travels outside the document
    assert "Kowalczyk" not in body.get_content()


def test_a_consent_taken_back_stops_the_e_mail_that_still_waits(
    house: House, told: Told, settings: Settings, tmp_path: Path
) -> None:
    """The customer calls again at noon: what was prepared for the agency in the morning is not sent any more."""
    settings.OUTBOX_DIR = tmp_path / "outbox"
    agency = {"payments": True, "email": "help@agency.example"}
    given, kept = consent_to(house, told, **agency), consent_to(house, told, **agency)
    for number in (given, kept):
        prepared(house, told, kind="payment_history", given_by="email", consent_id=number)
    house.do("revoke_consent", by="reyes", account_id=told.home.account_id, consent_id=given)
    done = []
    while (item := work_once(worker="test", clock=lambda: moment(house.today))) is not None:
        done.append(item)
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 1
    assert len(done) == 2


def test_all_accounts_name_the_place_of_the_days_asked_for(house: House, told: Told) -> None:
    """She moved today: a statement of the months before says where she lived then."""
    point = vacant_flat(house)
    house.pass_days(9)
    moving = {"agreement_id": told.home.agreement_id, "end_on": house.today, "service_point_id": point}
    house.do("move_service", by="reyes", **moving, **MOVED_ON, reading="3600", start_reading="509")
    before = Span(start=told.since, end=house.today)
    after = Span(start=house.today, end=house.today + DAY)
    places = [composed(house, told, "accounts", span)["accounts"][0]["place"] for span in (before, after)]
    assert [place.partition(",")[0] for place in places] == ["1842 Cottonwood St", "12 Elm Ct"]


def test_an_e_mail_goes_to_no_new_address_and_to_none_that_is_not_on_file(house: House, told: Told) -> None:
    new = move_in(house, name="Grace Whitehorse", street="7 Sand Rd", serial="77402944", email="grace@example.com")
    asked = {"kind": "statement", "given_by": "email"}
    said = refused(house, EmailTooNew, "prepare_statement", account_id=new.account_id, **asked)
    assert "mail it to the address of record" in said
    given = consent_to(house, told, payments=True)
    agency = {"kind": "payment_history", "given_by": "email", "consent_id": given}
    refused(house, NoEmail, "prepare_statement", account_id=told.home.account_id, **agency)


@pytest.mark.parametrize(
    ("why", "kind", "asked"),
    [
        (SpanDaysMissing, "statement", {"span": "days", "from_on": "2025-11-01"}),
        (SpanBackwards, "statement", {"span": "days", "from_on": "2025-11-02", "to_on": "2025-11-01"}),
        (SpanNotOver, "statement", {"span": "days", "from_on": "2025-11-02", "to_on": "2031-11-01"}),
        (YearTooLong, "yearly", {"span": "days", "from_on": "2024-10-31", "to_on": "2025-11-01"}),
    ],
)
def test_days_that_are_none_are_refused(
    house: House, told: Told, why: type[Exception], kind: str, asked: dict[str, str]
) -> None:
    refused(house, why, "prepare_statement", account_id=told.home.account_id, kind=kind, **asked)

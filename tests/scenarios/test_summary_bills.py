"""Summary bills: a landlord calls and wants one envelope for all of her places, and one amount to pay."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from tests.areas.documents.papers import squeezed, text_of
from tests.areas.documents.tagged import outline_of, page_of, tree_of
from tests.guards import guards_lifted
from tests.house import Home, House, built_once, moment, move_in, table_rows
from weatherhead.actions.billing.make_summary_bill import BalancesMoved, NothingToSummarize, RunStillIssuing
from weatherhead.actions.billing.put_on_summary import AccountHasEnded, BeginsInPast, MailGoesElsewhere, SummaryFull
from weatherhead.actions.billing.take_off_summary import EndsTooEarly
from weatherhead.actions.documents.keeping import summary_of
from weatherhead.actions.documents.make_print_file import BillWaitsForSummary, SummaryTorn
from weatherhead.actions.documents.print_run import files_of, make_summaries, queue_rendering
from weatherhead.actions.documents.render_summary_bill import SummaryRenderedAlready
from weatherhead.areas.billing.models import BillRun, SummaryBill
from weatherhead.areas.billing.operations.summaries import EnrolledAlready, NotOnSummary
from weatherhead.areas.billing.queries import bill
from weatherhead.areas.billing.summaries import SummaryChanged, frozen_summary, summaries_of_account
from weatherhead.areas.customers.models import Account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.queries import (
    content_of,
    document_path,
    documents_of_bills,
    documents_of_summaries,
    print_files,
)
from weatherhead.areas.documents.showing import money
from weatherhead.areas.documents.showing_summary import summary_view
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.retention.queries import expired
from weatherhead.areas.retention.rules import rule_in_force
from weatherhead.core.statements import read_scan_line
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.interfaces.cli.main import main

pytestmark = pytest.mark.django_db
PLACES = ("702 Chokecherry Ln", "716 Chokecherry Ln", "31 Mill Rd")


@dataclass(frozen=True, kw_only=True)
class Landlord:
    """Three places of one customer, whose mail goes to the first; all are on the summary, and billed twice."""

    customer_id: int
    homes: tuple[Home, ...]
    first: tuple[int, ...]
    bills: tuple[int, ...]
    summary: int

    @property
    def accounts(self) -> list[int]:
        return [home.account_id for home in self.homes]


@pytest.fixture(scope="module")
def _rented(_staffed: House, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[House, Landlord]]:
    with built_once(lambda: _rent(copy.deepcopy(_staffed)), blocker=django_db_blocker) as rented:
        yield rented


def _rent(house: House) -> tuple[House, Landlord]:
    homes: list[Home] = []
    for place, street in enumerate(PLACES):
        known = homes[0].customer_id if homes else None
        names = {"name": "Hoffman Rentals LLC", "customer_id": known, "mail_street": PLACES[0]}
        homes.append(move_in(house, street=street, serial=f"6600{place}", **names))  # type: ignore[arg-type]
        house.do("put_on_summary", by="reyes", account_id=homes[-1].account_id)
    homes.sort(key=lambda home: account(home.account_id).number)  # as a summary lists them
    first = _bill_all(house, homes, reading=1700)
    house.do("make_summary_bill", by="okafor", customer_id=homes[0].customer_id, issued_on=house.today)
    house.do("take_payment", by="nguyen", account_id=homes[0].account_id, amount_cents="40.00", tender="cash")
    house.do("take_payment", by="nguyen", account_id=homes[2].account_id, amount_cents="500.00", tender="cash")
    fee = {"charge": "connect_fee", "reason": "service_rendered"}
    house.do("assess_fee", account_id=homes[0].account_id, **fee)
    bills = _bill_all(house, homes, reading=2600)
    made = house.made(
        "make_summary_bill", "summary_bill", by="reyes", customer_id=homes[0].customer_id, issued_on=house.today
    )
    return house, Landlord(customer_id=homes[0].customer_id, homes=tuple(homes), first=first, bills=bills, summary=made)


def _bill_all(house: House, homes: list[Home] | tuple[Home, ...], *, reading: int) -> tuple[int, ...]:
    house.pass_days(30)
    return tuple(_bill_one(house, home, reading=reading + 50 * place) for place, home in enumerate(homes))


def _bill_one(house: House, home: Home, *, reading: int) -> int:
    read = {"meter": home.serial, "read_on": house.today, "reading": str(reading)}
    house.do("enter_read", account_id=home.account_id, **read)
    return house.made("bill_account", "bill", account_id=home.account_id)


def _still_issuing(house: House) -> int:
    run = {"cycle": 14, "through_on": house.today, "state": "released", "issued_on": house.today}
    by = {"planned_by": "C. Okafor", "planned_by_employee_id": 1, "planned_at": moment(house.today).at}
    return BillRun.objects.create(**run, **by, accounts=3, shards=1, receipt_id=1).pk


@pytest.fixture
def house(_rented: tuple[House, Landlord], db: None) -> House:
    return copy.deepcopy(_rented[0])


@pytest.fixture
def landlord(_rented: tuple[House, Landlord], db: None) -> Landlord:
    return _rented[1]


def test_one_document_says_what_the_bills_and_the_books_say(house: House, landlord: Landlord) -> None:
    paper = summary_of(frozen_summary(landlord.summary))
    owed = balance_of(landlord.accounts)
    payloads = [bill(number).payload for number in landlord.bills]
    assert [item.balance_cents for item in paper.accounts] == [owed[number] for number in landlord.accounts]
    assert [item.charges_cents for item in paper.accounts] == [bill(number).total_cents for number in landlord.bills]
    assert [item.previous_cents for item in paper.accounts] == [item["last_balance_cents"] for item in payloads]
    assert [item.paid_cents for item in paper.accounts] == [-4000, 0, -50000]
    assert [item.other_cents for item in paper.accounts] == [2000, 0, 0]
    moved = paper.paid_cents + paper.other_cents
    assert paper.previous_cents + moved + paper.charges_cents == sum(owed.values())
    # The third account is in credit: that stays with it, and the stub asks for what the others owe.
    assert owed[landlord.accounts[2]] < 0
    assert paper.amount_due_cents == sum(cents for cents in owed.values() if cents > 0)
    assert paper.due_on == bill(landlord.bills[0]).due_on
    stub = read_scan_line(paper.scan_line)
    assert (stub.bill_number, stub.amount_due_cents) == (paper.number, paper.amount_due_cents)
    assert set(stub.account_number) == {"0"}  # it is paid to several accounts: no reader may post it to one
    assert {paper.number}.isdisjoint(bill(number).number for number in (*landlord.first, *landlord.bills))


def test_making_a_summary_posts_nothing(house: House, landlord: Landlord) -> None:
    _bill_all(house, landlord.homes, reading=3300)
    books, owed = len(table_rows()["ledger_journalentry"]), balance_of(landlord.accounts)
    done = house.do("make_summary_bill", by="reyes", customer_id=landlord.customer_id, issued_on=house.today)
    assert done.body["entries"] == []
    assert (len(table_rows()["ledger_journalentry"]), balance_of(landlord.accounts)) == (books, owed)
    assert not check(extra=extra_checkers()).findings


def test_what_of_a_back_bill_is_due_later_is_not_asked_for_on_the_summary(house: House, landlord: Landlord) -> None:
    # Given: the second place's multiplier was too low; she may pay what was too little over three months.
    bills, [_, second, _] = _bill_all(house, landlord.homes, reading=3300), landlord.homes
    house.do("correct_multiplier", by="okafor", meter=second.serial, multiplier="1.5", reason="Read off its plate")
    given = {"account_id": second.account_id, "cause": "multiplier", "reason": "Read off its plate"}
    corrected = house.made("correct_bills", "bill", **given)
    later = sum(cents for _, cents in bill(corrected).payload["later"])
    assert later > 0
    # When: the bills of the day come on one summary.
    made = house.made(
        "make_summary_bill", "summary_bill", by="reyes", customer_id=landlord.customer_id, issued_on=house.today
    )
    paper, owed = summary_of(frozen_summary(made)), balance_of(landlord.accounts)
    # Then: it asks for what the bills ask for, and what is due later stands below its account and is taken off.
    assert [item.whole_cents for item in paper.accounts] == [owed[number] for number in landlord.accounts]
    assert [item.later_cents for item in paper.accounts] == [0, later, 0]
    assert paper.accounts[1].balance_cents == bill(corrected).payload["amount_due_cents"]
    assert paper.amount_due_cents == sum(cents for cents in owed.values() if cents > 0) - later
    shown = summary_view(paper)
    assert len(shown["accounts"]) == len(landlord.accounts) + 1
    assert shown["accounts"][2][0] == shown["accounts"][1][0]
    assert shown["accounts"][2][-1] == money(-later)
    assert ["Due later, in installments", money(-later)] in shown["summary"]
    assert bill(bills[1]).corrected_by_id == corrected
    assert not check(extra=extra_checkers()).findings


def test_an_account_joins_and_leaves_on_a_day(house: House, landlord: Landlord) -> None:
    leaving = landlord.accounts[1]
    house.do("take_off_summary", by="reyes", account_id=leaving)
    bills = _bill_all(house, landlord.homes, reading=3300)
    made = house.made(
        "make_summary_bill", "summary_bill", by="reyes", customer_id=landlord.customer_id, issued_on=house.today
    )
    assert [item.bill_id for item in frozen_summary(made).bills] == [bills[0], bills[2]]
    assert summaries_of_account(leaving, limit=9)[0].summary_id == landlord.summary
    # And: it comes back from a day on.
    house.do("put_on_summary", by="reyes", account_id=leaving)
    refused(house, EnrolledAlready, "put_on_summary", account_id=leaving)


def test_what_cannot_go_on_one_summary_is_refused_and_changes_nothing(
    house: House, landlord: Landlord, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = move_in(house, street="9 Far Rd", serial="66009", customer_id=landlord.customer_id)
    join = {"account_id": elsewhere.account_id}
    refused(house, MailGoesElsewhere, "put_on_summary", **join)
    refused(house, BeginsInPast, "put_on_summary", **join, starts_on=house.today.replace(day=1))
    refused(house, EnrolledAlready, "put_on_summary", account_id=landlord.accounts[0])
    refused(house, NotOnSummary, "take_off_summary", **join)
    refused(
        house, EndsTooEarly, "take_off_summary", account_id=landlord.accounts[0], ends_on=house.today.replace(day=1)
    )
    monkeypatch.setattr("weatherhead.actions.billing.put_on_summary.ACCOUNTS_MAX", 3)
    refused(house, SummaryFull, "put_on_summary", **join)
    Account.objects.filter(pk=elsewhere.account_id).update(closed_on=house.today)
    refused(house, AccountHasEnded, "put_on_summary", **join)


def test_a_summary_waits_for_the_run_and_for_two_bills(house: House, landlord: Landlord) -> None:
    day = {"customer_id": landlord.customer_id, "issued_on": house.today}
    refused(house, NothingToSummarize, "make_summary_bill", **day)  # they are on one already
    _bill_all(house, landlord.homes[:1], reading=3300)
    day["issued_on"] = house.today
    refused(house, NothingToSummarize, "make_summary_bill", **day)  # one alone is mailed by itself
    _still_issuing(house)
    refused(house, RunStillIssuing, "make_summary_bill", **day)


def test_mail_to_another_address_is_not_put_into_the_envelope(house: House, landlord: Landlord) -> None:
    box = {"street": "PO Box 9", "city": "Prairie City", "state": "NE", "postal_code": "68900"}
    house.do("change_mailing_address", account_id=landlord.accounts[2], version=1, **box)
    bills = _bill_all(house, landlord.homes, reading=3300)
    made = house.made(
        "make_summary_bill", "summary_bill", by="reyes", customer_id=landlord.customer_id, issued_on=house.today
    )
    assert [item.bill_id for item in frozen_summary(made).bills] == list(bills[:2])
    paper = summary_of(frozen_summary(made))
    assert PLACES[0].upper() in paper.mail


def test_a_corrected_bill_of_the_day_stands_beside_the_one_that_it_replaces(house: House, landlord: Landlord) -> None:
    from weatherhead.areas.metering.queries import reads_of_meter

    bills = _bill_all(house, landlord.homes[:2], reading=3300)
    [read] = [item for item in reads_of_meter(landlord.homes[0].meter_id) if item.read_on == house.today]
    house.do("correct_read", by="okafor", read_id=read.read_id, reading="3200", reason="Misread a dial")
    again = house.made("cancel_and_rebill", "bill", by="okafor", bill_id=bills[0], reason="The read was misread")
    made = house.made(
        "make_summary_bill", "summary_bill", by="reyes", customer_id=landlord.customer_id, issued_on=house.today
    )
    found = frozen_summary(made)
    assert [item.bill_id for item in found.bills] == [bills[0], again, bills[1]]
    corrected = summary_of(found).accounts[0]
    assert corrected.charges_cents == bill(again).total_cents
    assert corrected.energy_wh == 600_000
    assert corrected.balance_cents == balance_of(landlord.accounts)[landlord.accounts[0]]
    # And: the one that it replaces is marked, and asks for nothing.
    replaced, standing, _ = summary_view(summary_of(found))["bills"]
    by = bill(again).number
    assert replaced["messages"] == [["Cancelled.", f"Bill {by}, which follows, stands for this one."]]
    assert replaced["summary"][-1] == ["Balance then", money(bill(bills[0]).payload["amount_due_cents"])]
    assert standing["messages"][0][0] == "This bill replaces another."
    assert standing["summary"][-1] == ["Amount due", money(corrected.balance_cents)]
    assert [landlord.accounts[2]] == [item.pk for item in Account.objects.filter(number__in=summary_of(found).left_out)]


def test_a_print_file_holds_the_summary_and_each_bill_once(
    house: House, landlord: Landlord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = _bill_all(house, landlord.homes[:1], reading=3300)
    bills = (*landlord.bills, *alone)
    torn = {"bill_ids": (*landlord.bills[:2], *alone)}
    refused(house, SummaryTorn, "make_print_file", by="okafor", **torn)
    now = moment(house.today)
    assert queue_rendering(bills, moment=now) == queue_rendering(bills, moment=now) == 2
    while work_once(worker="test", clock=lambda: now) is not None:
        pass
    assert queue_rendering(bills, moment=now) == 0
    assert sorted(documents_of_bills(bills)) == list(alone)  # a bill on a summary is not mailed, so not rendered
    house.do("make_print_file", by="okafor", bill_ids=bills)
    [made] = print_files(limit=5)
    totals, [together] = made.manifest["totals"], made.manifest["summaries"]
    assert (totals["bills"], totals["documents"]) == (4, 2)
    assert [item["bill_id"] for item in together["bills"]] == list(landlord.bills)
    assert [item["bill_id"] for item in made.manifest["bills"]] == list(alone)
    assert totals["charges_cents"] == totals["posted_cents"] == sum(bill(number).total_cents for number in bills)
    assert sorted([together["sequence"], made.manifest["bills"][0]["sequence"]]) == [1, 2]
    # And: exporting it twice gives the same bytes, with the summary's document in it.
    for copy_of in ("one", "two"):
        assert main(["print", "export", made.number, "--to", str(tmp_path / copy_of)]) == 0
    one, two = ((tmp_path / name / f"{made.number}.zip").read_bytes() for name in ("one", "two"))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert hashlib.sha256(archive.read(together["file"])).hexdigest() == together["sha256"]
    capsys.readouterr()


def test_the_print_run_makes_the_summaries_of_its_days(
    house: House, landlord: Landlord, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bills = _bill_all(house, landlord.homes, reading=3300)
    settings.TODAY = house.today
    asked = ["print", "make", "--from", str(house.today), "--to", str(house.today), "--as", "okafor", "--json"]
    assert main(asked) == 0
    [made] = print_files(limit=5)
    assert [[item["bill_id"] for item in found["bills"]] for found in made.manifest["summaries"]] == [list(bills)]
    assert json.loads(capsys.readouterr().out)[0]["bills"] == 3
    assert main(asked) == 0  # again: nothing is made, nothing is printed twice
    assert json.loads(capsys.readouterr().out) == []


def test_a_customer_whose_run_is_still_issuing_waits_and_all_others_are_printed(
    house: House, landlord: Landlord, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    other = move_in(house, street="9 Far Rd", serial="66009", name="Dana Fritz")
    waiting = _bill_all(house, landlord.homes, reading=3300)
    printed = _bill_one(house, other, reading=2350)
    run = _still_issuing(house)
    settings.TODAY = house.today
    asked = ["print", "make", "--from", str(house.today), "--to", str(house.today), "--as", "okafor", "--json"]
    assert main(asked) == 1
    said = capsys.readouterr()
    assert f"Bill run {run} is still issuing" in said.err
    [made] = print_files(limit=5)
    assert [item["bill_id"] for item in made.manifest["bills"]] == [printed]
    # When: the run is done, the next round makes the summary and prints the rest.
    BillRun.objects.filter(pk=run).update(state="issued")
    assert main(asked) == 0
    [last, _] = print_files(limit=5)
    assert [[item["bill_id"] for item in found["bills"]] for found in last.manifest["summaries"]] == [list(waiting)]


def test_a_bill_that_waits_for_its_summary_is_not_printed_alone(house: House, landlord: Landlord) -> None:
    bills = _bill_all(house, landlord.homes, reading=3300)
    number = bill(bills[1]).number
    why = refused(house, BillWaitsForSummary, "make_print_file", by="okafor", bill_ids=bills[1:2])
    assert f"Bill {number} waits" in why
    assert f"weatherhead print make --from {house.today} --to {house.today}" in why


def test_a_bill_whose_run_is_still_issuing_waits_even_alone(house: House, landlord: Landlord) -> None:
    alone = _bill_all(house, landlord.homes[:1], reading=3300)
    _still_issuing(house)
    refused(house, BillWaitsForSummary, "make_print_file", by="okafor", bill_ids=alone)


def test_what_was_paid_since_the_bills_is_not_asked_for_again(house: House, landlord: Landlord) -> None:
    bills = _bill_all(house, landlord.homes, reading=3300)
    day = {"customer_id": landlord.customer_id, "issued_on": house.today}
    house.pass_days(3)
    house.do("take_payment", by="nguyen", account_id=landlord.accounts[1], amount_cents="20.00", tender="cash")
    found = make_summaries(
        from_on=day["issued_on"], to_on=house.today, actor=house.actor("okafor"), moment=moment(house.today)
    )
    # Then: the summary is made of the others, says who is not on it, and the report names the bill that is alone.
    assert (found.made, found.waiting, found.refused) == (1, frozenset(), ())
    [said] = found.alone
    assert f"without bill {bill(bills[1]).number}" in said
    latest = frozen_summary(summaries_of_account(landlord.accounts[0], limit=1)[0].summary_id)
    assert [item.bill_id for item in latest.bills] == [bills[0], bills[2]]
    assert summary_of(latest).left_out == (account(landlord.accounts[1]).number,)
    assert queue_rendering(bills[1:2], moment=moment(house.today)) == 1


def test_where_all_have_paid_no_summary_is_made_and_each_bill_is_mailed(house: House, landlord: Landlord) -> None:
    bills = _bill_all(house, landlord.homes[:2], reading=3300)
    house.do("take_payment", by="nguyen", account_id=landlord.accounts[0], amount_cents="20.00", tender="cash")
    why = refused(house, BalancesMoved, "make_summary_bill", customer_id=landlord.customer_id, issued_on=house.today)
    assert f"Since bill {bill(bills[0]).number}" in why
    house.do("make_print_file", by="okafor", bill_ids=bills)  # none of them waits any more
    found = make_summaries(
        from_on=house.today, to_on=house.today, actor=house.actor("okafor"), moment=moment(house.today)
    )
    assert (found.made, found.waiting, found.refused, found.alone) == (0, frozenset(), (), ())


def test_bills_of_a_summary_stay_in_one_file(landlord: Landlord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weatherhead.actions.documents.print_run.BILLS_MAX", 4)
    lone, (one, two, three) = (10**9, 10**9 + 1), landlord.bills
    assert files_of((lone[0], one, lone[1], two, three)) == ((lone[0], one, two, three), (lone[1],))


def test_the_page_and_the_pdf_are_equal_originals(house: House, landlord: Landlord, settings: Settings) -> None:
    settings.TODAY = house.today
    client = Client()
    client.force_login(get_user_model()._default_manager.get(username="reyes"), backend=_BACKEND)
    here = f"/summary/{landlord.summary}"
    mail = squeezed("HOFFMAN RENTALS LLC 702 CHOKECHERRY LN")
    assert client.get(f"{here}/pdf").headers["Location"] == f"{here}/document"
    assert mail not in page_of(client.get(f"{here}/document").content)[1]
    shown = client.get(f"/account/{landlord.accounts[2]}/").content.decode()
    assert f'href="{here}/document"' in shown
    reason = {"reason": "Caller asks for her summary", "summary": landlord.summary}
    answer = client.post(f"/account/{landlord.accounts[0]}/reveal", reason)
    assert answer.headers["Location"] == f"{here}/document"
    outline, said = page_of(client.get(f"{here}/document").content)
    assert mail in said
    pdf = client.get(f"{here}/pdf").content
    assert client.get(f"{here}/pdf").content == pdf  # a reprint is the same document
    tree = tree_of(pdf)
    paper_only = squeezed("Tell us something")  # the stub's back
    assert [item for item in outline_of(tree) if item[1] != paper_only] == outline
    for item in summary_of(frozen_summary(landlord.summary)).accounts:
        for text in (said, tree.text, text_of(pdf)):
            assert squeezed(item.bills[0].number) in text
    [document] = documents_of_summaries([landlord.summary]).values()
    assert content_of(document) == pdf
    # And: when its bills have been kept long enough, its file goes with theirs.
    old = rule_in_force("bill_documents", as_of=house.today.replace(year=house.today.year + 30))
    assert document_path(document.sha256) in expired(old, at_most=1000).files
    refused(house, SummaryRenderedAlready, "render_summary_bill", summary_id=landlord.summary)
    assert client.get("/summary/999999/document").status_code == 404
    assert f'href="{here}/document"' in client.get(f"/bill/{landlord.bills[0]}/document").content.decode()


def test_a_summary_that_was_changed_is_not_shown_and_is_found(landlord: Landlord) -> None:
    with guards_lifted():
        row = SummaryBill.objects.get(pk=landlord.summary)
        SummaryBill.objects.filter(pk=row.pk).update(payload=row.payload.replace("kind", "KIND"))
    with pytest.raises(SummaryChanged):
        frozen_summary(landlord.summary)
    found = check(extra=extra_checkers()).findings
    assert [item.code for item in found] == ["summary_not_its_bills"]


_BACKEND = "django.contrib.auth.backends.ModelBackend"


def refused(house: House, why: type[Exception], name: str, *, by: str = "reyes", **inputs: Any) -> str:
    """The action is refused, and nothing is another for it. Gives what was said."""
    untouched = table_rows(but=("records_",))
    with pytest.raises(why) as refusal:
        house.do(name, by=by, **inputs)
    assert table_rows(but=("records_",)) == untouched
    return str(refusal.value)

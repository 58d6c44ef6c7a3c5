"""The books at the desk: shown to those whose job grants the look, footing, few queries, files as well as pages."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from tests.workbench.stage import TODAY, Stage
from weatherhead.areas.ledger.models import JournalEntry
from weatherhead.areas.records.models import ApprovalRequest, AuditEntry
from weatherhead.overviews.books.revenue import RevenueAccount, RevenueOverview
from weatherhead.overviews.books.tables import revenue_table, safe_text

SignIn = Callable[..., Client]
PAGES = (
    "/books", "/books/do/close_period", "/books/day", "/books/trial", "/books/trial?by=gl", "/books/aged",
    "/books/aged/accounts?bucket=0", "/books/revenue", "/books/chart",
)  # fmt: skip


@pytest.mark.parametrize("where", PAGES)
def test_a_page_of_the_books_costs_few_queries(
    where: str, stage: Stage, at_desk: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = at_desk("okafor")
    with django_assert_max_num_queries(20):
        assert client.get(where).status_code == 200


def test_the_books_are_shown_to_those_whose_job_has_to_do_with_them(stage: Stage, at_desk: SignIn) -> None:
    for username, status in (("alvarez", 200), ("okafor", 200), ("reyes", 403), ("nguyen", 403), ("larsen", 403)):
        client = at_desk(username)
        for where in (*PAGES, "/books/trial?as=csv"):
            assert client.get(where).status_code == status, (username, where)
        assert client.get("/books/journal/1").status_code == (404 if status == 200 else 403)
        shown = b'href="/books"' in client.get("/", follow=True).content
        assert shown == (status == 200)


def test_what_is_on_a_page_is_in_its_file(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    for where in ("/books/trial", "/books/aged", "/books/aged/accounts", "/books/revenue", "/books/chart"):
        answer = client.get(f"{where}?first=2025-10-01&as=csv")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        header, *rows = csv.reader(StringIO(answer.content.decode()))
        assert rows
        assert {len(row) for row in rows} == {len(header)}
    page = client.get("/books/aged").content.decode()
    assert "The total is the balance of the ledger account receivable" in page


def test_a_list_of_customers_that_leaves_the_desk_is_logged(stage: Stage, at_desk: SignIn) -> None:
    client, looks = at_desk("okafor"), AuditEntry.objects.filter(kind="look", action="look:books", subject="utility")
    client.get("/books/aged/accounts?bucket=0")
    client.get("/books/aged?as=csv")  # sums: nobody's name
    assert looks.count() == 0
    assert client.get("/books/aged/accounts?bucket=0&on=2026-05-01&as=csv").status_code == 200
    [taken] = looks
    assert (taken.actor, json.loads(taken.detail)["reason"]) == (
        "C. Okafor", "CSV of aged accounts: as_of 2026-05-01, bucket 0",
    )  # fmt: skip


def test_what_a_spreadsheet_would_compute_stays_text_and_energy_is_exact() -> None:
    assert [safe_text(name) for name in ("＝1+1", "−Lee", "=A1", "O'Neil, Pat")] == [
        "'＝1+1",
        "'−Lee",
        "'=A1",
        "O'Neil, Pat",
    ]
    account = RevenueAccount(
        ledger_account="revenue.residential",
        gl="440",
        title="",
        charges=(),
        ledger_cents=0,
        energy_wh=-50_500,
        segments=1,
    )  # fmt: skip
    found = RevenueOverview(first_on=date(2026, 5, 1), last_on=date(2026, 5, 1), revenue=(account,), collected=())
    assert revenue_table(found)[1][-1][-1] == "-50.5"


def test_the_day_that_opens_is_the_latest_with_postings_by_names_that_people_know(
    stage: Stage, at_desk: SignIn
) -> None:
    last_on = JournalEntry.objects.filter(effective_on__lte=TODAY).latest("effective_on").effective_on
    page = at_desk("okafor").get("/books/day").content.decode()
    assert f'value="{last_on}"' in page
    assert "Customer accounts receivable" in page.split("Money on its way")[0]
    assert ">receivable<" not in page


def test_days_that_are_none_are_asked_for_in_vain(stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("okafor")
    for query in ("on=yesterday", "on=9999-12-31", "first=2026-13-01&last=x", "cycle=99&bucket=9&page=0", "class=%00"):
        for where in ("/books/day", "/books/trial", "/books/aged", "/books/aged/accounts", "/books/revenue"):
            assert client.get(f"{where}?{query}").status_code == 200, (where, query)


def test_the_journal_is_downloaded_with_its_manifest(stage: Stage, at_desk: SignIn) -> None:
    analyst, supervisor = at_desk("okafor"), at_desk("alvarez")
    asked = _confirmed(analyst, "/books/do/close_period", last_on="2026-11-03")
    assert "Sent for approval" in asked
    request = _latest_request()
    page = supervisor.get(f"/approvals?chosen={request}").content.decode()
    sent = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("key", "digest")}
    supervisor.post(f"/approvals/{request}/decide", {"decision": "approve", **sent}, follow=True)
    _confirmed(analyst, "/books/do/export_journal", last_on="2026-11-03", grouped_by="day")
    journal = analyst.get("/books/journal/1")
    told = json.loads(analyst.get("/books/journal/1?file=manifest").content)
    rows = list(csv.DictReader(StringIO(journal.content.decode())))
    assert len(rows) == told["lines"] > 0
    assert analyst.get("/books/journal/1").content == journal.content


def _latest_request() -> int:
    return int(ApprovalRequest.objects.filter(action="close_period").latest("pk").pk)


def _confirmed(client: Client, where: str, **values: str) -> str:
    """Ask for the preview, then confirm it, as the page does."""
    shown = client.post(where, {"step": "preview", "key": "a key of the page", **values}).content.decode()
    digest = shown.split('name="digest" value="')[1].split('"')[0]
    sent = {"step": "confirm", "key": f"a key of {where}", "digest": digest, **values}
    return client.post(where, sent, follow=True).content.decode()

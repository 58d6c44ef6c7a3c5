"""The desk with much to show: lists are cut, say so, and cost no more queries than short ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_pages import QUERIES_MAX, text_of
from weatherhead.areas.customers.models import Account, Customer
from weatherhead.areas.ledger.models import LedgerPosting
from weatherhead.areas.records.models import ApprovalRequest
from weatherhead.overviews.search import HITS_MAX, OPTIONS_MAX

MANY = 1000
REQUESTS = 200

SignIn = Callable[..., Client]


@pytest.fixture
def crowd(stage: Stage) -> None:
    """A thousand more accounts, without service."""
    customers = Customer._default_manager.bulk_create(
        Customer(kind="person", name=f"Aaron Dahl {at:04}", search_text=f"aaron dahl {at:04}", created_on=TODAY)
        for at in range(MANY)
    )
    Account._default_manager.bulk_create(
        Account(
            number=f"9{at:08}",
            customer=customer,
            mail_street="1 Depot St",
            mail_city="Prairie City",
            mail_state="NE",
            mail_postal_code="68900",
            cycle=1,
            revenue_class="residential",
            opened_on=TODAY,
        )
        for at, customer in enumerate(customers)
    )


@pytest.fixture
def queue(stage: Stage) -> None:
    """Two hundred requests, alike but for their numbers."""
    first = ApprovalRequest._default_manager.get(pk=stage.hanna_request)
    copies = []
    for _ in range(REQUESTS - 2):
        copy = ApprovalRequest._default_manager.get(pk=first.pk)
        copy.pk = None
        copies.append(copy)
    ApprovalRequest._default_manager.bulk_create(copies)


def test_a_search_with_a_thousand_hits_shows_the_first_and_asks_for_a_word_more(
    crowd: None, stage: Stage, at_desk: SignIn
) -> None:
    client = at_desk("reyes")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/search", {"q": "dahl"})
    page = text_of(answer.content)
    assert "More accounts match; add a word to find the right one." in page
    assert answer.content.decode().count("data-row>") == HITS_MAX
    assert len(asked) <= QUERIES_MAX
    with CaptureQueriesContext(connection) as asked:
        options = client.get("/search/options", {"q": "dahl"}).content.decode()
    assert options.count('role="option"') == OPTIONS_MAX
    assert len(asked) <= QUERIES_MAX


def test_who_begins_with_what_was_typed_stands_before_a_thousand_others(
    crowd: None, stage: Stage, at_desk: SignIn
) -> None:
    options = text_of(at_desk("reyes").get("/search/options", {"q": "da"}).content)
    assert options.startswith("Dale Sorensen")


def test_two_hundred_requests_are_one_page_of_few_queries(queue: None, stage: Stage, at_desk: SignIn) -> None:
    client = at_desk("alvarez")
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get("/approvals")
    assert answer.status_code == 200
    assert f"{REQUESTS} approvals wait." in text_of(answer.content)
    assert answer.content.decode().count("<tr data-row") == REQUESTS
    assert len(asked) <= QUERIES_MAX


def test_a_timeline_of_years_is_cut_and_shown_whole_on_asking(stage: Stage, at_desk: SignIn) -> None:
    assert LedgerPosting._default_manager.filter(account_id=stage.ruth).count() > 20
    client = at_desk("reyes")
    short = client.get(f"/account/{stage.ruth}/").content.decode()
    whole = client.get(f"/account/{stage.ruth}/?all=1").content.decode()
    assert short.count("<tr data-row") == 12
    assert whole.count("<tr data-row") > 35
    assert ">Older<" in short
    assert ">Older<" not in whole

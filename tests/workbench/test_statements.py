"""Billing summaries at the desk: who may look, what is logged, what is hidden, and the words of the PDF on the page."""

from __future__ import annotations

import pytest

from tests.areas.documents.papers import squeezed, text_of, texts_of
from tests.areas.documents.tagged import outline_of, page_of, tree_of
from tests.house import House
from tests.workbench.stage import TODAY, Stage
from tests.workbench.test_bill_document import said_by
from tests.workbench.test_pages import SignIn
from tests.workbench.test_pages import text_of as said_on
from weatherhead.areas.records.models import AuditEntry
from weatherhead.overviews.statement import page as pages
from weatherhead.overviews.statement.page import Asked, prepared_overview, summary_overview

pytestmark = pytest.mark.django_db
MAIL = "PRAIRIE CITY NE"


def _prepared(stage: Stage, **inputs: object) -> int:
    house = House(today=TODAY, keys=7_000)
    return house.made("prepare_statement", "statement", by="reyes", account_id=stage.ruth, **inputs)


@pytest.mark.parametrize("kind", ["statement", "payment_history", "usage"])
def test_the_page_of_a_prepared_summary_says_what_its_pdf_says_in_its_order(
    kind: str, at_desk: SignIn, stage: Stage
) -> None:
    client, number = at_desk("reyes"), _prepared(stage, kind=kind)
    where = f"/statement/{number}/"
    assert MAIL not in client.get(where).content.decode()
    assert client.get(f"{where}pdf").headers["Location"] == where
    answer = client.post(f"/account/{stage.ruth}/reveal", {"reason": "Caller asks", "statement": number})
    assert answer.headers["Location"] == where
    shown, pdf = client.get(where).content, client.get(f"{where}pdf").content
    assert client.get(f"{where}pdf").content == pdf
    page, paper = said_by(shown), text_of(pdf)
    view = prepared_overview(number, revealed=frozenset({stage.ruth})).said
    told = [squeezed(text) for part in ("mail", "head", "summary", "due") for text in texts_of(view[part])]
    told += [squeezed(cell) for row in view["tables"][0]["rows"] for cell in (*row["cells"], *row["notes"])]
    assert len(told) > 60
    assert not [text for text in told if text not in page or text not in paper]
    places = [paper.index(text) for text in map(squeezed, (item for pair in view["summary"] for item in pair[:1]))]
    assert places == sorted(places)
    heads = [page.index(squeezed(label)) for label, _ in view["summary"]]
    assert heads == sorted(heads)
    assert outline_of(tree_of(pdf)) == page_of(shown)[0]


def test_who_may_not_look_sees_no_summary(at_desk: SignIn, stage: Stage) -> None:
    number = _prepared(stage)
    client = at_desk("nguyen")
    for where in (f"/account/{stage.ruth}/summary", f"/account/{stage.ruth}/summary.csv", f"/statement/{number}/"):
        assert client.get(where).status_code == 403
    for form in ("pdf", "csv"):
        assert client.get(f"/statement/{number}/{form}").status_code == 403
    assert f"/account/{stage.ruth}/summary" not in client.get(f"/account/{stage.ruth}/").content.decode()
    assert at_desk("reyes").get("/statement/999999/").status_code == 404


def test_a_file_that_leaves_the_desk_is_logged_as_a_look(at_desk: SignIn, stage: Stage) -> None:
    client, looks = at_desk("okafor"), AuditEntry.objects.filter(kind="look", action="look:billing_summaries")
    before = looks.count()
    answer = client.get(f"/account/{stage.ruth}/summary.csv?kind=yearly&span=this_year")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.content.startswith(b"month,kwh,charges,taxes,fees_other,payments,balance\r\n2026-01,700,")
    assert looks.count() == before + 1
    assert client.get(f"/statement/{_prepared(stage)}/csv").status_code == 200
    assert looks.count() == before + 2


def test_days_that_are_none_are_said_and_what_was_typed_stays(at_desk: SignIn, stage: Stage) -> None:
    where = f"/account/{stage.ruth}/summary?span=days&from=2026-05-02&to=2026-05-01"
    answer = at_desk("reyes").get(where)
    assert answer.status_code == 422
    assert "The last day (May 1) lies before the first (May 2)." in said_on(answer.content)
    assert 'value="2026-05-02"' in answer.content.decode()


def test_a_long_span_comes_in_pages_that_carry_the_balance_forward(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = summary_overview(stage.ruth, asked=Asked(span="since_opened"), as_of=TODAY)
    monkeypatch.setattr(pages, "LINES_A_PAGE", 10)
    parts = [summary_overview(stage.ruth, asked=Asked(span="since_opened"), as_of=TODAY, page=n) for n in (1, 2, 3, 99)]
    assert [(part.page, part.pages) for part in parts] == [(1, 3), (2, 3), (3, 3), (3, 3)]
    rows = [row for part in parts[:3] for row in part.said["tables"][0]["rows"] if row["number"]]
    assert rows == whole.said["tables"][0]["rows"]
    carried = parts[1].said["tables"][0]["rows"][0]
    assert carried["cells"][2:] == ["Balance carried forward", "", rows[9]["cells"][4]]


def test_after_preparing_the_desk_shows_the_document(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("reyes")
    where = f"/account/{stage.ruth}/do/prepare_statement"
    form = {"kind": "usage", "span": "last_12_months", "given_by": "print", "key": "one", "step": "preview"}
    opened = client.post(where, form)
    digest = opened.content.decode().partition('name="digest" value="')[2].partition('"')[0]
    assert digest
    answer = client.post(where, form | {"step": "confirm", "digest": digest}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/statement/")
    assert "Usage summary" in said_on(answer.content)

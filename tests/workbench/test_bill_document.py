"""The bill as a page: the words of the PDF in the same order, and what is hidden until there is a reason."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from tests.areas.documents.papers import squeezed, text_of, texts_of
from tests.areas.documents.tagged import outline_of, page_of, tree_of
from tests.workbench.stage import Stage
from tests.workbench.test_pages import SignIn
from weatherhead.areas.documents.queries import documents_of_bills
from weatherhead.areas.records.models import AuditEntry
from weatherhead.overviews.document import bill_document

pytestmark = pytest.mark.django_db
MAIL = "PRAIRIE CITY NE"


def said_by(content: bytes) -> str:
    """What the sheet on a page says, without markup and spaces."""
    sheet = content.decode().partition('<article class="paper"')[2].partition("</article>")[0]
    return squeezed(html.unescape(re.sub(r"<[^>]+>", " ", sheet)))


def _shown(client: Client, stage: Stage) -> None:
    answer = client.post(f"/account/{stage.ruth}/reveal", {"reason": "Caller asks", "bill": stage.ruth_bill})
    assert answer.headers["Location"] == f"/bill/{stage.ruth_bill}/document"


def test_the_page_says_what_the_pdf_says_in_its_order(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("alvarez")
    _shown(client, stage)
    shown = client.get(f"/bill/{stage.ruth_bill}/document").content
    page = said_by(shown)
    pdf = client.get(f"/bill/{stage.ruth_bill}/pdf")
    assert pdf.headers["Content-Type"] == "application/pdf"
    paper = text_of(pdf.content)
    view = bill_document(stage.ruth_bill).said
    told = [
        squeezed(text)
        for part in ("mail", "summary", "due", "change", "services", "meters")
        for text in texts_of(view[part])
    ]
    assert told
    assert not [text for text in told if text not in page or text not in paper]
    # Headings, headers of columns and pictures are the same ones in the same order; the stub's back is of paper alone.
    outline = [item for item in outline_of(tree_of(pdf.content)) if item[1] != squeezed("Tell us something")]
    assert outline == page_of(shown)[0]
    heads = [view["title"], view["due"]["amount"], view["stub"]["tear"], view["stub"]["scan_line"]]
    heads += [view["words"][name] for name in ("charges_title", "meter_title", "rights_title", "write_title")]
    for text in (page, paper):
        places = [text.index(squeezed(head)) for head in heads]
        assert places == sorted(places)


def test_the_mailing_address_and_the_pdf_wait_for_a_reason(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("reyes")
    where = f"/bill/{stage.ruth_bill}"
    assert squeezed(bill_document(stage.ruth_bill).said["mail"][0]) not in said_by(
        client.get(f"{where}/document").content
    )
    assert client.get(f"{where}/pdf").headers["Location"] == f"{where}/document"
    assert documents_of_bills([stage.ruth_bill]) == {}
    _shown(client, stage)
    looks = AuditEntry.objects.filter(kind="look").count()
    first = client.get(f"{where}/pdf").content
    assert client.get(f"{where}/pdf").content == first
    assert AuditEntry.objects.filter(kind="look").count() == looks + 2
    assert MAIL in client.get(f"{where}/document").content.decode()


def test_a_cashier_sees_the_page_and_no_address(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("nguyen")
    answer = client.get(f"/bill/{stage.ruth_bill}/document")
    assert answer.status_code == 200
    assert squeezed(bill_document(stage.ruth_bill).said["mail"][0]) not in said_by(answer.content)
    assert "reveal-reason" not in answer.content.decode()


def test_there_is_no_document_of_no_bill(at_desk: SignIn, stage: Stage) -> None:
    client = at_desk("alvarez")
    assert client.get("/bill/999999/document").status_code == 404
    assert client.get("/bill/999999/pdf").status_code == 404

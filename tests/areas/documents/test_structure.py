"""The tags of a PDF, walked as a screen reader walks them: what is said, as what, and in which order."""

from __future__ import annotations

import io
from datetime import date
from itertools import pairwise

import pytest
from pypdf import PdfReader
from tests.areas.documents.papers import document, rendered, rendered_summary, squeezed, summary, texts_of
from tests.areas.documents.tagged import HEADINGS, Element, outline_of, tree_of

from weatherhead.areas.documents.showing import bill_view, money
from weatherhead.areas.documents.showing_summary import summary_view
from weatherhead.core.statements import summary_accounts, summary_due_on

THREE = ("corrected", "credit", "many movements")
MANY = ("unmetered",) * 8
PAPERS = {
    "bill": lambda: rendered("regular"),
    "bill of two services": lambda: rendered("two services"),
    "summary": lambda: rendered_summary(*THREE),
    "summary of many": lambda: rendered_summary(*MANY),
}


@pytest.fixture(params=PAPERS)
def content(request: pytest.FixtureRequest) -> bytes:
    """The PDF of a document of each kind."""
    return PAPERS[request.param]().content


def test_everything_printed_is_in_the_tree_or_an_artifact(content: bytes) -> None:
    root = PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/Lang"] == "en"
    tree = tree_of(content)
    assert len(tree.text) > 1000
    # Headings go down one step at a time, and the first is the only one of the first level.
    levels = [int(item.tag[1]) for item in tree.all(*HEADINGS)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    # Every cell of a table names the headers of its column, and each header says that it heads a column.
    for table in tree.all("Table"):
        headers = table.all("TH")
        assert headers
        assert {item.attributes["/Scope"] for item in headers} == {"/Column"}
        known = len([item for item in headers if item.text])
        assert known >= 3
        assert all(item.attributes["/Headers"] for item in table.all("TD"))
    for figure in tree.all("Figure"):
        assert figure.alt.startswith(("Bar chart of kilowatt-hours by bill. ", "QR code. It opens the page to pay"))


def test_the_tree_reads_a_bill_in_the_order_of_its_view() -> None:
    view = bill_view(document("regular"))
    parts = ("mail", "title", "head", "summary", "due", "change", "messages")
    _reads_in_order(tree_of(rendered("regular").content), [text for part in parts for text in texts_of(view[part])])
    outline = [said for tag, said in outline_of(tree_of(rendered("regular").content)) if tag in HEADINGS]
    wanted = [view["words"][name] for name in ("charges_title", "meter_title", "words_title", "rights_title")]
    assert [said for said in outline if said in map(squeezed, wanted)] == [squeezed(said) for said in wanted]


def test_the_tree_reads_a_summary_account_by_account() -> None:
    view = summary_view(summary(*THREE))
    cover = [text for part in ("mail", "title", "head", "summary", "due") for text in texts_of(view[part])]
    accounts = [text for row in view["accounts"] for text in row] + view["accounts_total"]
    parts = [text for item in view["bills"] for text in (item["title"], item["note"], *texts_of(item["summary"]))]
    tree = tree_of(rendered_summary(*THREE).content)
    _reads_in_order(tree, [*cover, *accounts, view["stub"]["scan_line"], *parts])
    headings = [item.text for item in tree.all("H2")]
    assert [said for said in headings if said.startswith("Account")] == [
        squeezed(item["title"]) for item in view["bills"]
    ]
    assert len(tree.all("Table")[0].all("TR")) == 1 + len(THREE) + 1


def test_a_summary_of_many_lists_them_after_its_cover() -> None:
    paper = rendered_summary(*MANY)
    view = summary_view(summary(*MANY))
    assert not view["on_cover"]
    rows = [text for row in view["accounts"] for text in row]
    _reads_in_order(tree_of(paper.content), [view["accounts_follow"], view["stub"]["scan_line"], *rows])


def _reads_in_order(tree: Element, texts: list[str]) -> None:
    said, place = tree.text, 0
    for text in texts:
        found = said.find(squeezed(text), place)
        assert found >= 0, (text, said[place : place + 200])
        place = found + len(squeezed(text))


def test_what_moved_a_balance_is_listed_below_on_a_summary() -> None:
    said = tree_of(rendered_summary(*THREE).content).text
    assert squeezed("15 payments and fees, listed below") in said
    assert squeezed("listed on page 2") not in said


def test_bills_of_an_account_that_do_not_follow_each_other_are_on_no_summary() -> None:
    first, second = document("regular", number="20118710"), document("regular", number="20118711")
    assert summary_accounts([first])[0].paid_cents == -9064
    with pytest.raises(ValueError, match="does not foot"):
        summary_accounts([first, second])  # the second begins with another balance than the first left


def test_payments_and_other_movements_are_two_figures_that_foot() -> None:
    paper = summary(*THREE)
    for item in (*paper.accounts, paper):
        moved = item.paid_cents + item.other_cents
        assert item.previous_cents + moved + item.charges_cents == item.balance_cents
    assert [item.paid_cents for item in paper.accounts] == [-9064, -9064, 200]
    assert [item.other_cents for item in paper.accounts] == [0, 0, -100]
    view = summary_view(paper)
    assert view["summary"][1:3] == [["Payments", money(paper.paid_cents)], ["Fees, other", "−$1.00"]]
    assert view["accounts_total"][3:5] == [money(paper.paid_cents), "−$1.00"]


def test_an_account_in_credit_does_not_say_that_nothing_is_to_be_paid() -> None:
    view = summary_view(summary(*THREE))
    alone, beside = bill_view(document("credit")), view["bills"][1]
    assert [title for title, _ in alone["messages"]] == ["Nothing to pay."]
    assert beside["messages"] == []
    assert beside["summary"][-1] == ["Your credit", alone["due"]["amount"]]
    assert squeezed("Nothing to pay.") not in tree_of(rendered_summary(*THREE).content).text


def test_a_correction_that_is_due_today_does_not_make_all_due_today() -> None:
    corrected = document("corrected", account_number="401722611", due_on=date(2018, 7, 18))
    regular = document("regular", account_number="401722612", due_on=date(2018, 8, 8))
    final = document("final", account_number="401722613", due_on=date(2018, 8, 3))
    credit = document("credit", account_number="401722614", due_on=date(2018, 8, 1))
    assert summary_due_on(summary_accounts([corrected, regular, final, credit])) == date(2018, 8, 3)
    # Where nothing else is owed, its own day is the day of all.
    assert summary_due_on(summary_accounts([corrected, credit])) == date(2018, 7, 18)

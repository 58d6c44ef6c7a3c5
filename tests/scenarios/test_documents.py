"""Bills as documents, as a representative and the print room know them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection

from tests.areas.documents.papers import squeezed, text_of, texts_of
from tests.guards import guards_lifted
from tests.house import Home, House, moment, move_in, read_and_bill, table_rows
from weatherhead.actions.documents.make_print_file import PrintDoesNotFoot
from weatherhead.actions.documents.print_run import bills_to_print, queue_rendering
from weatherhead.actions.documents.render_bill import BillRenderedAlready
from weatherhead.areas.billing.frozen import DocumentChanged, bills_issued, frozen_bills
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.billing.queries import bill, lines_of_bill
from weatherhead.areas.documents.operations import BillPrintedAlready
from weatherhead.areas.documents.queries import (
    FileChanged,
    content_of,
    document_path,
    documents_of_bills,
    frame_body,
    print_files,
)
from weatherhead.areas.documents.showing import bill_view, money
from weatherhead.areas.ledger.queries import balance_of, entry
from weatherhead.areas.metering.queries import reads_of_meter
from weatherhead.core.statements import parse_payload, read_scan_line
from weatherhead.door.worker import work_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def street(house: House) -> list[int]:
    """A small town's bills: two homes, three months, a payment, a fee, a misread month billed again."""
    ruth = move_in(house)
    dale = move_in(house, name="Dale R. Obermeyer", street="88 Granary Ln", serial="55")
    bills: list[int] = []
    for month, reading in enumerate((1700, 2600, 3100)):
        bills.append(read_and_bill(house, ruth, reading=reading))
        house.do("enter_read", account_id=dale.account_id, meter="55", read_on=house.today, reading=str(reading + 90))
        bills.append(house.made("bill_account", "bill", account_id=dale.account_id))
        if month == 0:
            house.do("take_payment", by="nguyen", account_id=ruth.account_id, amount_cents="40.00", tender="cash")
            house.do(
                "assess_fee",
                account_id=ruth.account_id,
                charge="connect_fee",
                reason="service_rendered",
                amount_cents="20.00",
            )
    return bills


def test_paper_payload_and_ledger_say_the_same_for_every_bill_of_a_town(house: House, street: list[int]) -> None:
    for bill_id in street:
        house.do("render_bill", bill_id=bill_id)
    for bill_id, document in documents_of_bills(street).items():
        issued = bill(bill_id)
        said = text_of(content_of(document))
        paper = parse_payload(issued.payload, frame=frame_body(issued.payload["frame_sha256"]))
        # Every line of the bill in the database stands on the paper, by name and amount, and they sum to the ledger's.
        lines = lines_of_bill(bill_id)
        for line in lines:
            assert squeezed(line.label) in said
            assert squeezed(money(line.amount_cents)) in said
        assert issued.entry_id is not None
        posted = entry(issued.entry_id).draft.postings
        receivable = sum(item.amount_cents for item in posted if item.ledger_account == "receivable")
        assert sum(line.amount_cents for line in lines) == receivable == issued.total_cents == paper.charges_cents
        view = bill_view(paper)
        told = [text for part in ("summary", "due", "services") for text in texts_of(view[part])]
        assert not [text for text in told if squeezed(text) not in said]
        stub = read_scan_line(paper.scan_line)
        assert (stub.bill_number, stub.due_on) == (issued.number, issued.due_on)
        assert stub.amount_due_cents == max(paper.amount_due_cents, 0)


def test_the_second_bill_tells_what_moved_the_balance(street: list[int]) -> None:
    issued = bill(street[2])
    first = bill(street[0])
    moved = [(cents, charge) for _, cents, charge in issued.payload["movements"]]
    assert moved == [(-4000, "payment"), (2000, "connect_fee")]
    assert issued.payload["last_balance_cents"] == first.payload["amount_due_cents"]
    assert issued.payload["amount_due_cents"] == first.total_cents - 2000 + issued.total_cents
    assert [item[0] for item in issued.payload["uses"]] == ["2025-10-31", "2025-11-30"]


def test_a_corrected_bill_says_which_it_replaces(house: House, home: Home) -> None:
    wrong = read_and_bill(house, home, reading=2000)
    [read] = [item for item in reads_of_meter(home.meter_id) if item.read_on == house.today]
    house.do("correct_read", by="okafor", read_id=read.read_id, reading="1900", reason="Misread a dial")
    again = house.made("cancel_and_rebill", "bill", by="okafor", bill_id=wrong, reason="The read was misread")
    payload = bill(again).payload
    assert payload["cancelled"] == [bill(wrong).number, bill(wrong).total_cents]
    assert payload["messages"][0][0] == "corrected"
    assert payload["amount_due_cents"] == balance_of([home.account_id])[home.account_id]


def test_a_bill_is_rendered_once_and_its_copies_are_the_same(house: House, street: list[int]) -> None:
    house.do("render_bill", by="reyes", bill_id=street[0])
    document = documents_of_bills([street[0]])[street[0]]
    assert hashlib.sha256(content_of(document)).hexdigest() == document.sha256
    untouched = table_rows(but=("records_",))
    with pytest.raises(BillRenderedAlready):
        house.do("render_bill", by="reyes", bill_id=street[0])
    assert table_rows(but=("records_",)) == untouched


def test_a_bill_that_was_changed_is_neither_rendered_nor_printed(house: House, street: list[int]) -> None:
    with guards_lifted():
        row = Bill.objects.get(pk=street[0])
        said = json.loads(row.payload)
        said["account"]["name"] = "Somebody Else"
        Bill.objects.filter(pk=street[0]).update(payload=json.dumps(said))
    untouched = table_rows(but=("records_",))
    with pytest.raises(DocumentChanged):
        house.do("render_bill", bill_id=street[0])
    with pytest.raises(DocumentChanged):
        house.do("make_print_file", bill_ids=street)
    assert table_rows(but=("records_",)) == untouched


def test_a_print_file_holds_its_bills_and_foots_to_the_ledger(house: House, street: list[int]) -> None:
    house.do("make_print_file", by="okafor", bill_ids=street)
    [made] = print_files(limit=5)
    totals = made.manifest["totals"]
    assert totals["bills"] == made.bills == len(street)
    assert totals["charges_cents"] == totals["posted_cents"] == sum(bill(number).total_cents for number in street)
    assert totals["pages"] == sum(item["pages"] for item in made.manifest["bills"]) == made.pages
    assert [item["sequence"] for item in made.manifest["bills"]] == [1, 2, 3, 4, 5, 6]
    for item in made.manifest["bills"]:
        assert documents_of_bills([item["bill_id"]])[item["bill_id"]].sha256 == item["sha256"]
    # And: a bill is printed in one file.
    assert bills_to_print(street) == ()
    with pytest.raises(BillPrintedAlready):
        house.do("make_print_file", by="okafor", bill_ids=street[:1])


def test_bills_that_the_ledger_does_not_know_are_not_printed(house: House, street: list[int]) -> None:
    with guards_lifted():
        Bill.objects.filter(pk=street[0]).update(total_cents=1)
    untouched = table_rows(but=("records_",))
    with pytest.raises(PrintDoesNotFoot):
        house.do("make_print_file", by="okafor", bill_ids=street)
    assert table_rows(but=("records_",)) == untouched


def test_workers_render_what_waits_and_nothing_twice(house: House, street: list[int]) -> None:
    now = moment(house.today)
    assert bills_issued(from_on=now.as_of, to_on=now.as_of) == tuple(street[-2:])
    assert queue_rendering(street, moment=now) == 1
    assert queue_rendering(street, moment=now) == 1  # the same piece: nothing is added
    done = work_once(worker="test", clock=lambda: now)
    assert done is not None
    assert work_once(worker="test", clock=lambda: now) is None
    assert sorted(documents_of_bills(street)) == sorted(street)
    assert queue_rendering(street, moment=now) == 0


def test_a_kept_file_that_was_changed_is_not_handed_out(house: House, street: list[int]) -> None:
    house.do("render_bill", bill_id=street[0])
    document = documents_of_bills([street[0]])[street[0]]
    path = document_path(document.sha256)
    content = content_of(document)
    try:
        default_storage.delete(path)
        with pytest.raises(FileChanged):
            content_of(document)
    finally:
        default_storage.save(path, io.BytesIO(content))
    assert content_of(document) == content


def test_an_exported_file_is_the_same_every_time(
    house: House, street: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from weatherhead.interfaces.cli.main import main

    house.do("make_print_file", by="okafor", bill_ids=street)
    [made] = print_files(limit=1)
    for copy in ("first", "second"):
        assert main(["print", "export", made.number, "--to", str(tmp_path / copy)]) == 0
    first, second = ((tmp_path / copy / f"{made.number}.zip").read_bytes() for copy in ("first", "second"))
    assert first == second
    assert hashlib.sha256(first).hexdigest() == made.sha256
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest == made.manifest
        for item in manifest["bills"]:
            assert hashlib.sha256(archive.read(item["file"])).hexdigest() == item["sha256"]
    assert main(["print", "list"]) == 0
    assert made.number in capsys.readouterr().out
    assert main(["print", "export", "999999"]) == 2
    assert "no print file 999999" in capsys.readouterr().err


def test_the_frozen_text_is_read_back_as_it_was_hashed(street: list[int]) -> None:
    found = frozen_bills([*street, 10**9])
    assert sorted(found) == sorted(street)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM documents_documentframe")
        assert cursor.fetchone() == (1,)  # six bills share one frame

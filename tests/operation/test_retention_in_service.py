"""What is kept while a customer is served, and what goes all the same: notes, files of reads, failed sign-ins."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from tests.door.examples import EXAMPLES
from tests.guards import guards_lifted
from tests.house import Home, House, moment, table_rows
from tests.operation.test_retention import purge, require_right
from tests.payment_files.made import stations
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.credit.models import AdverseActionNotice, Refund, RefundCheck
from weatherhead.areas.credit.queries import letter_path
from weatherhead.areas.credit.refunds import refund_runs
from weatherhead.areas.customers.models import Account
from weatherhead.areas.customers.queries import account
from weatherhead.areas.documents.models import Statement
from weatherhead.areas.documents.queries import document_path, documents_of_statements
from weatherhead.areas.documents.statements import StatementDisposed
from weatherhead.areas.ledger.check import check
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.models import Read, ReadBatch
from weatherhead.areas.payments.file_queries import shard_ids_of, suspense_items
from weatherhead.areas.retention.models import BillDisposal, StatementDisposal
from weatherhead.areas.retention.redaction import GONE
from weatherhead.core.values import Refusal
from weatherhead.door.worker import work_once
from weatherhead.interfaces.cli.ledger import extra_checkers
from weatherhead.overviews.refunds import PayeesDisposedOf, files_of_refund_run
from weatherhead.overviews.statement.page import prepared_overview, prepared_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Path:
    """A place of their own for contents."""
    place = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": place}
    return tmp_path


def test_who_is_kept(house: House, home: Home) -> None:
    """A customer of today; one who left less than seven years ago; one whose money is still open."""
    house.pass_days(8 * 366)
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="former_customers")
    Account.objects.filter(pk=home.account_id).update(closed_on=house.today - timedelta(days=100))
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="former_customers")
    Account.objects.filter(pk=home.account_id).update(closed_on=house.today - timedelta(days=8 * 366))
    assert balance_of([home.account_id])[home.account_id] > 0
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="former_customers")


def test_the_database_keeps_a_young_bill_whatever_a_rule_says(home: Home, house: House) -> None:
    bill = Bill.objects.get()
    with pytest.raises(DatabaseError, match=r"2 years after its issue|bill_disposal_too_early"), transaction.atomic():
        BillDisposal.objects.create(
            bill_id=bill.pk, payload="{}", disposed_on=bill.issued_on + timedelta(days=700), rule="x", receipt_id=1
        )
    assert Bill.objects.get().payload == bill.payload


def test_a_file_of_reads_goes_after_the_commit(house: House, home: Home, files: Path) -> None:
    example = EXAMPLES["import_reads"](house, home)
    house.do("import_reads", by=example.by, **example.inputs)
    batch = ReadBatch.objects.select_related("attachment").get()
    path = f"attachments/{batch.attachment.sha256[:2]}/{batch.attachment.sha256}"
    assert default_storage.exists(path)
    house.pass_days(3 * 366 + 1)
    ReadBatch.objects.update(imported_at=moment(date(2025, 12, 1)).at)
    purge(house, "read_files")
    assert default_storage.exists(path), "not before the commit"
    now = moment(house.today)
    assert work_once(worker="w", clock=lambda: now) is not None
    assert not default_storage.exists(path)
    after = ReadBatch.objects.select_related("attachment").get()
    assert (after.name, after.report, after.attachment.name) == (GONE, [], "")
    assert (after.sha256, after.accepted) == (batch.sha256, batch.accepted)
    assert hashlib.sha256(b"").hexdigest() != after.sha256


def test_notes_beside_reads(house: House, home: Home) -> None:
    Read.objects.filter(meter_id=home.meter_id).update(note="Dog, ask Mrs. Kowalczyk", decision="She called")
    kept = list(Read.objects.order_by("pk").values_list("pk", "dial_reading", "state"))
    house.pass_days(3 * 366 + 31)
    purge(house, "read_notes")
    assert set(Read.objects.values_list("note", "decision")) == {("", GONE)}
    assert list(Read.objects.order_by("pk").values_list("pk", "dial_reading", "state")) == kept
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="read_notes")


def test_sign_in_logs_go_by_one_person(house: House, home: Home) -> None:
    call = {"ip_address": "203.0.113.9", "user_agent": "x", "http_accept": "x", "path_info": "/"}
    for log in (AccessFailureLog, AccessAttempt):
        more = {"failures_since_start": 1} if log is AccessAttempt else {}
        old, new = (log.objects.create(username=name, **call, **more) for name in ("old", "new"))
        log.objects.filter(pk=old.pk).update(attempt_time=moment(house.today - timedelta(days=91)).at)
        log.objects.filter(pk=new.pk).update(attempt_time=moment(house.today - timedelta(days=89)).at)
    assert house.do("purge_expired", by="larsen", rule="failed_sign_ins").outcome == "done"
    assert [log.objects.get().username for log in (AccessFailureLog, AccessAttempt)] == ["new", "new"]


def finished(house: House) -> None:
    """Let the queue come to its end."""
    now = moment(house.today)
    while work_once(worker="w", clock=lambda: now) is not None:
        pass


def told_of(*words: str) -> list[str]:
    """The tables in which one of some words stands."""
    return sorted(table for table, rows in table_rows().items() if any(word in str(rows) for word in words))


def test_a_prepared_summary_says_no_longer_whose_it_was(house: House, home: Home, files: Path) -> None:
    made = house.made("prepare_statement", "statement", by="reyes", account_id=home.account_id)
    was = Statement.objects.get(pk=made)
    kept = documents_of_statements([made])[made]
    assert "Kowalczyk" in was.payload
    house.pass_days(2 * 366)
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="statements")
    house.pass_days(366)
    hold = house.made("place_legal_hold", "legal_hold", by="larsen", customer_id=home.customer_id, reason="CI 26-1183")
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="statements")
    house.do("release_legal_hold", by="larsen", hold_id=hold, reason="Case closed")
    purge(house, "statements")
    finished(house)
    row = Statement.objects.get(pk=made)
    assert not [word for word in ("Kowalczyk", "Cottonwood") if word in row.payload]
    assert (row.number, row.payload_sha256) == (was.number, was.payload_sha256)
    assert json.loads(row.payload)["body"] == json.loads(was.payload)["body"], "every figure stays"
    assert not default_storage.exists(document_path(kept.sha256))
    assert prepared_overview(made).number == was.number
    with pytest.raises(StatementDisposed, match="Prepare a new one"):
        prepared_pdf(made)
    require_right()
    # And: nothing else changes what was prepared, and what was blanked by nobody is found.
    for statement in ("UPDATE documents_statement SET payload = '{}'", "DELETE FROM documents_statement"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with guards_lifted(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM retention_statementdisposal")
    found = [finding.code for result in check(extra=extra_checkers()).results for finding in result.findings]
    assert found == ["statement_disposed_by_nobody"]


def test_the_database_keeps_a_young_summary_whatever_a_rule_says(house: House, home: Home) -> None:
    made = house.made("prepare_statement", "statement", by="reyes", account_id=home.account_id)
    early = {"disposed_on": house.today + timedelta(days=700), "rule": "x", "receipt_id": 1}
    with pytest.raises(DatabaseError, match=r"2 years after its issue|statement_disposal_too"), transaction.atomic():
        StatementDisposal.objects.create(statement_id=made, payload="{}", **early)
    assert Statement.objects.get(pk=made).payload != "{}"


def test_whom_a_refund_of_suspense_went_to_goes_from_all_that_told_of_it(house: House, home: Home) -> None:
    example = EXAMPLES["return_suspense_item"](house, home)
    asked = house.do("return_suspense_item", by=example.by, **example.inputs)
    house.do("approve_request", request_id=asked.body["request"])
    house.do("issue_refunds", by="okafor")
    check_number = RefundCheck.objects.get().number
    amount = f"{RefundCheck.objects.get().amount_cents / 100:.2f}"
    house.do("clear_refund_checks", by="okafor", cleared_on=house.today, lines=f"{check_number},{amount}")
    names = ("J. Smith", "J SMITH", "9 Elm St")
    assert len(told_of(*names)) >= 5
    house.pass_days(7 * 366)
    shown = house.see("purge_expired", by="larsen", rule="refund_payees").proposal
    purge(house, "refund_payees")
    assert dict(shown.updates) == {
        "credit_refund": 1, "credit_refundcheck": 1, "payments_suspenseitem": 1, "payments_tender": 1
    }  # fmt: skip
    assert told_of(*names) == []
    assert (Refund.objects.get().payee_name, Refund.objects.get().payee_mark) == (GONE, "")
    require_right()
    # And: the files of its run are not written with blanks in the place of a payee.
    with pytest.raises(PayeesDisposedOf):
        files_of_refund_run(refund_runs(limit=1)[0])
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="refund_payees")


def test_whom_files_of_payments_named_goes_once_none_of_their_money_waits(house: House, home: Home) -> None:
    # Given: an item of an earlier file, which is no part of this.
    earlier = EXAMPLES["import_payment_file"](house, home)
    house.do("import_payment_file", by=earlier.by, **earlier.inputs)
    # And: a pay station took money for an account, and some for nobody here, and its rows name who paid.
    day = f"{house.today:%m/%d/%Y}"
    rows = [(account(home.account_id).number, "5.00", "T1", day, "Ana Ruiz"), ("4", "7.00", "T2", day, "Ana Ruiz")]
    content = "\n".join(stations(rows)).encode()
    given = {"content": base64.b64encode(content).decode(), "sha256": hashlib.sha256(content).hexdigest()}
    file_id = house.made(
        "import_payment_file", "payment_file", by="okafor", name="stations.csv", source="pay-stations", **given
    )
    [shard_id] = shard_ids_of(file_id)
    house.do("post_payment_file_shard", by="okafor", shard_id=shard_id)
    [item] = suspense_items()
    assert told_of("Ana Ruiz") == ["payments_suspenseitem", "payments_tender"]
    house.pass_days(7 * 366)
    # Then: seven years later it stays, as long as the money waits.
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="payers")
    told = {"suspense_item_id": item.item_id, "account_id": home.account_id, "note": "She showed the slip"}
    house.do("post_from_suspense", by="reyes", **told)
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="payers")
    # And: seven years after it was posted it goes, with what else the file said of people.
    house.pass_days(7 * 366)
    purge(house, "payers")
    assert told_of("Ana Ruiz") == []
    require_right()
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="payers")


def test_messages_go_from_the_outbox(house: House, home: Home, settings: Settings, tmp_path: Path) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    example = EXAMPLES["email_receipt"](house, home)
    house.do("email_receipt", by=example.by, **example.inputs)
    finished(house)
    [written] = settings.OUTBOX_DIR.iterdir()
    house.pass_days(91)
    purge(house, "messages")
    assert written.exists(), "not before the commit"
    finished(house)
    assert list(settings.OUTBOX_DIR.iterdir()) == []
    with pytest.raises(Refusal, match="Nothing from before"):
        house.do("purge_expired", by="larsen", rule="messages")


def test_what_a_credit_report_said_goes_with_its_letter(house: House, home: Home, files: Path) -> None:
    told = {"score": "612", "score_range": "300 to 850", "score_on": "2025-10-01", "factors": "Late payments"}
    agency = {"agency_name": "Example Credit", "agency_address": "1 Report Way", "agency_phone": "800-555-0199"}
    asking = {"account_id": home.account_id, "reason": "credit_report"}
    made = house.made("assess_deposit", "notice", by="reyes", **asking, **agency, **told)
    finished(house)
    assert default_storage.exists(letter_path(made))
    house.pass_days(3 * 366)
    purge(house, "adverse_actions")
    finished(house)
    assert not default_storage.exists(letter_path(made))
    row = AdverseActionNotice.objects.get(pk=made)
    assert (row.agency_name, row.score, row.factors) == (GONE, "", "")
    require_right()

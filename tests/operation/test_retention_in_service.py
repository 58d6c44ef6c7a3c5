"""What is kept while a customer is served, and what goes all the same: notes, files of reads, failed sign-ins."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from pytest_django import Settings

from tests.door.examples import EXAMPLES
from tests.house import Home, House, moment
from tests.operation.test_retention import purge
from weatherhead.areas.billing.models import Bill
from weatherhead.areas.customers.models import Account
from weatherhead.areas.ledger.queries import balance_of
from weatherhead.areas.metering.models import Read, ReadBatch
from weatherhead.areas.retention.models import BillDisposal
from weatherhead.areas.retention.redaction import GONE
from weatherhead.core.values import Refusal
from weatherhead.door.worker import work_once

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

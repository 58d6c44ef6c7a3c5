"""The audit log finds what was done to it: edit, delete, reorder, truncation, forged heads and roots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.guards import guards_lifted
from tests.house import Home, House, moment
from weatherhead.areas.records.audit_chain import AuditEvent
from weatherhead.areas.records.models import AuditEntry, AuditStream
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.records.queries.audit import verify_audit
from weatherhead.areas.records.queries.audit_roots import Gap, in_gap, sign_root

pytestmark = pytest.mark.django_db


def codes(roots: Path) -> set[str]:
    """What a verification finds."""
    return {finding.code for finding in verify_audit(roots=roots).findings}


@pytest.fixture
def stream(house: House, home: Home) -> str:
    """The stream of an account on which some things happened."""
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="10.00", tender="cash")
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="11.00", tender="cash")
    return f"account:{home.account_id}"


def test_an_untouched_log_is_right(stream: str, tmp_path: Path) -> None:
    report = verify_audit(roots=tmp_path)
    assert report.findings == ()
    assert report.entries == AuditEntry.objects.count() > 10
    assert AuditEntry.objects.filter(stream_id=stream).count() >= 4


@pytest.mark.parametrize(
    ("field", "value"),
    [("actor", "M. Dvorak"), ("detail", "{}"), ("kind", "look"), ("subject", "receipt:1"), ("action", "waive_fee")],
)
def test_an_edit_is_found(stream: str, tmp_path: Path, field: str, value: str) -> None:
    last = AuditEntry.objects.filter(stream_id=stream).order_by("-sequence")[1]
    with guards_lifted():
        AuditEntry.objects.filter(pk=last.pk).update(**{field: value})
    assert "edited" in codes(tmp_path)


def test_an_edit_with_its_hash_made_anew_is_found(stream: str, tmp_path: Path) -> None:
    entry = AuditEntry.objects.filter(stream_id=stream).order_by("sequence")[1]
    with guards_lifted():
        AuditEntry.objects.filter(pk=entry.pk).update(actor="M. Dvorak", hash="0" * 64)
    assert {"edited", "reordered"} <= codes(tmp_path)


def test_a_deleted_entry_is_found(stream: str, tmp_path: Path) -> None:
    with guards_lifted():
        AuditEntry.objects.filter(stream_id=stream, sequence=2).delete()
    assert "missing" in codes(tmp_path)


def test_two_entries_in_other_order_are_found(stream: str, tmp_path: Path) -> None:
    with guards_lifted():
        AuditEntry.objects.filter(stream_id=stream, sequence=2).update(sequence=2000)
        AuditEntry.objects.filter(stream_id=stream, sequence=3).update(sequence=2)
        AuditEntry.objects.filter(stream_id=stream, sequence=2000).update(sequence=3)
    assert {"edited", "reordered"} <= codes(tmp_path)


def test_a_cut_off_end_is_found(stream: str, tmp_path: Path) -> None:
    with guards_lifted():
        AuditEntry.objects.filter(stream_id=stream).order_by("-sequence")[0].delete()
    assert {"truncated", "receipt_untold"} <= codes(tmp_path)


def test_a_cut_off_end_with_a_forged_head_is_found_by_the_signed_root(
    stream: str, house: House, tmp_path: Path
) -> None:
    assert sign_root(roots=tmp_path, at=moment(house.today).at) is not None
    with guards_lifted():
        AuditEntry.objects.filter(stream_id=stream).order_by("-sequence")[0].delete()
        last = AuditEntry.objects.filter(stream_id=stream).order_by("-sequence")[0]
        AuditStream.objects.filter(name=stream).update(last_sequence=last.sequence, last_hash=last.hash)
    assert "truncated" in codes(tmp_path)


def test_a_forged_head_is_found(stream: str, tmp_path: Path) -> None:
    AuditStream.objects.filter(name=stream).update(last_hash="0" * 64)
    assert "head_wrong" in codes(tmp_path)


def test_roots_follow_each_other_and_are_signed(stream: str, house: House, home: Home, tmp_path: Path) -> None:
    at = moment(house.today).at
    first = sign_root(roots=tmp_path, at=at)
    assert sign_root(roots=tmp_path, at=at) is None, "nothing was appended"
    house.do("take_payment", by="nguyen", account_id=home.account_id, amount_cents="12.00", tender="cash")
    second = sign_root(roots=tmp_path, at=at)
    assert first is not None
    assert second is not None
    report = verify_audit(roots=tmp_path)
    assert (report.findings, report.roots) == ((), 2)
    kept = second.read_text()
    said = json.loads(kept)
    assert list(said["said"]["heads"]) == [stream], "only what moved"
    said["said"]["heads"][stream][1] = "0" * 64
    second.write_text(json.dumps(said))
    assert "root_wrong" in codes(tmp_path)
    second.write_text(kept)
    assert codes(tmp_path) == set()
    first.unlink()
    assert "root_wrong" in codes(tmp_path)


def test_the_database_itself_refuses_to_change_the_log(stream: str) -> None:
    from django.db import DatabaseError, transaction

    for attempt in (
        lambda: AuditEntry.objects.filter(stream_id=stream).update(actor="someone"),
        lambda: AuditEntry.objects.filter(stream_id=stream).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_sensitive_inputs_never_stand_in_the_log(house: House) -> None:
    house.do(
        "create_customer",
        by="reyes",
        kind="person",
        name="Grace Whitehorse",
        phone="(402) 555-0171",
        email="grace@example.com",
        identifier_kind="ssn",
        identifier="078-05-1120",
    )
    said = "".join(AuditEntry.objects.values_list("detail", flat=True))
    for secret in ("078051120", "078-05-1120", "5550171", "555-0171", "grace@example.com"):
        assert secret not in said


def test_an_entry_put_in_under_an_old_number_is_found(stream: str, house: House, tmp_path: Path) -> None:
    """With its chain and head made to fit, only the roots can tell: none of them saw it."""
    assert sign_root(roots=tmp_path, at=moment(house.today).at) is not None
    last = AuditEntry.objects.filter(stream_id=stream).order_by("-sequence")[0]
    event = AuditEvent(
        at=last.at, actor="M. Dvorak", employee_id=None, kind="look", action="", subject=last.subject, detail="{}"
    )
    append_audit(event, streams=[stream])
    with guards_lifted():
        AuditEntry.objects.filter(stream_id=stream, sequence=last.sequence + 1).update(id=0)
    found = [finding for finding in verify_audit(roots=tmp_path).findings if finding.stream == stream]
    assert [(finding.code, finding.sequence) for finding in found] == [("unsigned", last.sequence + 1)]


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        ([], [(3, 8)]),
        ([1, 3, 4, 9], [(5, 8)]),
        ([3, 5, 7], [(4, 5), (6, 7)]),
        ([5, 6], [(3, 5), (7, 8)]),
        ([3, 4, 5, 6, 7], []),
    ],
)
def test_what_is_left_of_a_gap(seen: list[int], left: list[tuple[int, int]]) -> None:
    gap = Gap(first=3, end=8, begun=20)
    assert [(part.first, part.end) for part in gap.without(seen)] == left
    assert {part.begun for part in gap.without(seen)} <= {20}
    inside = [number for number in range(10) if in_gap(number, gaps=tuple(gap.without(seen)))]
    assert inside == [number for number in range(3, 8) if number not in seen]

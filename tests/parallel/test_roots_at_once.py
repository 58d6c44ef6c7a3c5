"""Entries of transactions that overlap: a signed root tells of each, whichever commits first."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from django.db import OperationalError, connection, connections, transaction

from tests.guards import guards_lifted
from weatherhead.areas.records.audit_chain import AuditEvent
from weatherhead.areas.records.models import AuditEntry, AuditStream
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.records.queries import audit_roots
from weatherhead.areas.records.queries.audit import verify_audit
from weatherhead.areas.records.queries.audit_roots import sign_root

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 6, 1, 15, tzinfo=UTC)
SECONDS = 20


@pytest.fixture(autouse=True)
def _nothing_before(transactional_db: None) -> None:
    """Numbers begin at one, as nothing has one: those of the tests before would be looked for."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('records_auditentry', 'id'), 1, false)")


def remember(stream: str) -> None:
    """One entry, in the transaction at hand."""
    event = AuditEvent(
        at=AT, actor="T. Nguyen", employee_id=1, kind="look", action="", subject="account:1", detail="{}"
    )
    append_audit(event, streams=[stream])


def committed(stream: str) -> None:
    """One entry, committed."""
    with transaction.atomic():
        remember(stream)


def signed(roots: Path) -> dict[str, int] | None:
    """Sign a root; the streams it tells of, and where each stands."""
    path = sign_root(roots=roots, at=AT)
    if path is None:
        return None
    said = json.loads(path.read_text(encoding="utf-8"))["said"]
    return {stream: sequence for stream, (sequence, _) in said["heads"].items()}


def gaps(roots: Path) -> list[list[int]]:
    """The numbers that the last root did not see."""
    said = json.loads(max(roots.glob("*.json")).read_text(encoding="utf-8"))["said"]
    return [[first, end] for first, end, _ in said["gaps"]]


def codes(roots: Path) -> list[str]:
    """What a verification finds."""
    return [finding.code for finding in verify_audit(roots=roots).findings]


def in_slow_transaction(stream: str, *, meanwhile: Callable[[], None], commits: bool) -> None:
    """Append to a stream in a transaction that stays open while something else happens, and then ends."""
    appended, go_on = Event(), Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                remember(stream)
                appended.set()
                assert go_on.wait(SECONDS)
                transaction.set_rollback(not commits)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        try:
            assert appended.wait(SECONDS)
            meanwhile()
        finally:
            go_on.set()
        running.result(SECONDS)


@pytest.mark.postgres
def test_an_entry_that_commits_after_a_later_one_was_signed_is_in_the_next_root(tmp_path: Path) -> None:
    committed("account:1")
    assert signed(tmp_path) == {"account:1": 1}

    def meanwhile() -> None:
        committed("account:2")
        assert signed(tmp_path) == {"account:2": 1}
        assert codes(tmp_path) == []
        [[first, end]] = gaps(tmp_path)
        assert end - first == 1
        committed("account:2")
        assert signed(tmp_path) == {"account:2": 2}, "the number that is open is not given up"
        assert gaps(tmp_path) == [[first, end]]

    in_slow_transaction("account:1", meanwhile=meanwhile, commits=True)
    numbers = AuditEntry.objects.order_by("pk").values_list("stream_id", flat=True)
    assert list(numbers) == ["account:1", "account:1", "account:2", "account:2"]
    assert codes(tmp_path) == [], "its number is known to be open"
    assert signed(tmp_path) == {"account:1": 2}, "though nothing has a higher number"
    assert gaps(tmp_path) == []
    assert signed(tmp_path) is None
    assert codes(tmp_path) == []
    # Only a root holds this: the chain, the head and the receipts all fit.
    with guards_lifted():
        AuditEntry.objects.filter(stream_id="account:1", sequence=2).delete()
        first = AuditEntry.objects.get(stream_id="account:1")
        AuditStream.objects.filter(name="account:1").update(last_sequence=1, last_hash=first.hash)
    assert codes(tmp_path) == ["truncated"]


def over_here() -> int:
    """What `transactions_over` says where nobody else is: other tests write on the same server, in their databases."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(min(backend_xid::text::bigint), pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
            " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        [number] = cursor.fetchone()
    return int(number)


@pytest.mark.postgres
def test_a_number_that_was_rolled_back_is_looked_for_no_longer_than_its_transaction_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_roots, "transactions_over", over_here)

    def meanwhile() -> None:
        committed("account:2")
        assert signed(tmp_path) == {"account:2": 1}
        assert len(gaps(tmp_path)) == 1

    in_slow_transaction("account:1", meanwhile=meanwhile, commits=False)
    assert signed(tmp_path) is None
    committed("account:2")
    assert signed(tmp_path) == {"account:2": 2}
    assert gaps(tmp_path) == []
    assert codes(tmp_path) == []


@pytest.mark.sqlite
def test_of_two_transactions_the_second_waits_so_that_nothing_appears_below_a_root(tmp_path: Path) -> None:
    committed("account:1")

    def meanwhile() -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(OperationalError, match="locked"):
            committed("account:2")
        assert signed(tmp_path) == {"account:1": 1}
        assert gaps(tmp_path) == []

    in_slow_transaction("account:1", meanwhile=meanwhile, commits=True)
    connection.close()  # with its short patience
    assert signed(tmp_path) == {"account:1": 2}
    committed("account:2")
    assert signed(tmp_path) == {"account:2": 1}
    assert codes(tmp_path) == []


def test_workers_of_one_host_sign_one_after_the_other(tmp_path: Path) -> None:
    committed("account:1")

    def sign(_number: int) -> dict[str, int] | None:
        try:
            return signed(tmp_path)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(sign, range(4)))
    assert sorted(answers, key=bool) == [None, None, None, {"account:1": 1}]
    assert [path.name for path in tmp_path.iterdir()] == ["00000001.json"]

"""Appending to the audit log."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from weatherhead.areas.records.audit_chain import AuditEvent, entry_hash
from weatherhead.areas.records.models import AuditEntry, AuditStream


def append_audit(event: AuditEvent, *, streams: Iterable[str]) -> None:
    """Append one event to each stream, in sorted order so that two writers never wait for each other in a circle.

    Must run inside the transaction of what it remembers.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("audit entries are written inside a transaction")
    for name in sorted(set(streams)):
        AuditStream.objects.bulk_create([AuditStream(name=name)], ignore_conflicts=True)
        head = AuditStream.objects.select_for_update().get(name=name)
        sequence = head.last_sequence + 1
        entry = AuditEntry(
            stream_id=name,
            sequence=sequence,
            at=event.at,
            actor=event.actor,
            employee_id=event.employee_id,
            kind=event.kind,
            action=event.action,
            subject=event.subject,
            detail=event.detail,
            previous_hash=head.last_hash,
            hash=entry_hash(stream=name, sequence=sequence, event=event, previous_hash=head.last_hash),
        )
        AuditEntry.objects.bulk_create([entry])
        AuditStream.objects.filter(name=name).update(last_sequence=sequence, last_hash=entry.hash)

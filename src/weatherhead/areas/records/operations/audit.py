"""Appending to the audit log."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.backends.utils import CursorWrapper

from weatherhead.areas.records.audit_chain import AuditEvent, entry_hash
from weatherhead.areas.records.database import as_stored, is_postgresql, require_transaction

# Written out: every action does this, and the ORM would think longer about it than the database works.
_BEGIN = (
    "INSERT INTO records_auditstream (name, last_sequence, last_hash) VALUES (%s, 0, '') ON CONFLICT (name) DO NOTHING"
)
_HEAD = "SELECT last_sequence, last_hash FROM records_auditstream WHERE name = %s"
_HEAD_LOCKED = f"{_HEAD} FOR UPDATE"
_APPEND = (
    "INSERT INTO records_auditentry (stream_id, sequence, at, actor, employee_id, kind, action, subject, detail,"
    " previous_hash, hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_MOVE_ON = "UPDATE records_auditstream SET last_sequence = %s, last_hash = %s WHERE name = %s"


def append_audit(event: AuditEvent, *, streams: Iterable[str]) -> None:
    """Append one event to each stream, in sorted order so that two writers never wait for each other in a circle.

    Must run inside the transaction of what it remembers.
    """
    require_transaction("audit entries are written")
    with connection.cursor() as cursor:
        for name in sorted(set(streams)):
            sequence, previous_hash = _next_place(cursor, name)
            hashed = entry_hash(stream=name, sequence=sequence, event=event, previous_hash=previous_hash)
            values = (
                *(name, sequence, event.at, event.actor, event.employee_id, event.kind, event.action),
                *(event.subject, event.detail, previous_hash, hashed),
            )
            cursor.execute(_APPEND, as_stored(values))
            cursor.execute(_MOVE_ON, (sequence, hashed, name))


def _next_place(cursor: CursorWrapper, name: str) -> tuple[int, str]:
    """Lock a stream until the transaction ends, making it when it is new; its next sequence and its last hash."""
    cursor.execute(_BEGIN, (name,))
    cursor.execute(_HEAD_LOCKED if is_postgresql(connection) else _HEAD, (name,))
    [(last_sequence, last_hash)] = cursor.fetchall()
    return last_sequence + 1, last_hash

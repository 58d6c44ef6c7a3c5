"""The hash chain of audit entries: what is hashed, and how one entry binds the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from weatherhead.areas.records.canonical import digest

UTILITY_STREAM = "utility"


def account_stream(account_id: int) -> str:
    """The stream of one account."""
    return f"account:{account_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """What is to be remembered. `detail` is canonical JSON text without personal data in clear."""

    at: datetime
    actor: str
    employee_id: int | None
    kind: str
    action: str
    subject: str
    detail: str


def entry_hash(*, stream: str, sequence: int, event: AuditEvent, previous_hash: str) -> str:
    """SHA-256 over everything an entry says, its place, and the hash of the entry before it."""
    return digest(
        {
            "stream": stream,
            "sequence": sequence,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": event.actor,
            "employee_id": event.employee_id,
            "kind": event.kind,
            "action": event.action,
            "subject": event.subject,
            "detail": event.detail,
            "previous_hash": previous_hash,
        }
    )

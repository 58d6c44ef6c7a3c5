"""Sign-ins and sign-outs, remembered in the audit log. allauth and axes write their own tables; this is our record."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weatherhead.areas.records.audit_chain import UTILITY_STREAM, AuditEvent
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.operations.audit import append_audit


def remember_sign_in(*, kind: str, username: str, employee_id: int | None, at: datetime, address: str) -> None:
    """Remember an event of authentication: ``signed_in``, ``signed_out``, ``sign_in_failed``, ``locked_out``."""
    event = AuditEvent(
        at=at,
        actor=username[:120],
        employee_id=employee_id,
        kind=kind,
        action="sign_in",
        subject="workbench",
        detail=canonical({"address": address}),
    )
    with transaction.atomic():
        append_audit(event, streams=[UTILITY_STREAM])

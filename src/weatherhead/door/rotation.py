"""Rotation of keys: every secret is sealed again with the newest key, in one transaction, and remembered."""

from __future__ import annotations

from django.db import transaction

from weatherhead.areas.customers.operations import reseal_identifiers
from weatherhead.areas.records.audit_chain import UTILITY_STREAM, AuditEvent
from weatherhead.areas.records.canonical import canonical
from weatherhead.areas.records.operations.approvals import reseal_requests
from weatherhead.areas.records.operations.audit import append_audit
from weatherhead.areas.records.secrets import key_ring
from weatherhead.door.authority import require_permission
from weatherhead.door.context import Actor, Moment


def reseal_everything(*, actor: Actor, moment: Moment) -> int:
    """Seal identifiers and requests again; returns how many.

    Raises:
        NotPermitted: the actor is no administrator.
        SecretUnreadable: a secret's key is not in the ring; nothing was changed.
    """
    with transaction.atomic():
        require_permission(actor, action="add_employee", title="Rotate keys", as_of=moment.as_of)
        count = reseal_identifiers() + reseal_requests()
        event = AuditEvent(
            at=moment.at,
            actor=actor.name,
            employee_id=actor.employee_id,
            kind="performed",
            action="rotate_keys",
            subject=f"key:{key_ring()[0].key_id}",
            detail=canonical({"secrets": count, "channel": actor.channel}),
        )
        append_audit(event, streams=[UTILITY_STREAM])
    return count

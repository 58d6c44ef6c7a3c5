"""Approval requests: actions that wait for someone with authority."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from weatherhead.areas.records.canonical import Json, canonical
from weatherhead.areas.records.models import ApprovalRequest
from weatherhead.areas.records.secrets import seal, unseal
from weatherhead.core.values import Refusal, gettext_noop


class RequestAlreadyDecided(Refusal):
    """Someone decided it before."""

    template = gettext_noop("Request %(request)s was already %(state)s by %(by)s. Nothing more is needed.")


def ask_approval(
    *,
    action: str,
    title: str,
    inputs: Mapping[str, Json],
    proposal_digest: str,
    body: Mapping[str, Json],
    account_id: int | None,
    authority_cents: int,
    reason: str,
    requested_by: str,
    employee_id: int,
    at: datetime,
    due_on: date,
    expires_on: date,
    receipt_id: int,
) -> int:
    """Store a request; its inputs are sealed. Returns its number."""
    request = ApprovalRequest.objects.create(
        action=action,
        title=title,
        inputs=seal(canonical(inputs)),
        proposal_digest=proposal_digest,
        body=body,
        account_id=account_id,
        authority_cents=authority_cents,
        reason=reason,
        requested_by=requested_by,
        requested_by_employee_id=employee_id,
        requested_at=at,
        due_on=due_on,
        expires_on=expires_on,
        receipt_id=receipt_id,
    )
    return request.pk


def decide_request(*, request_id: int, state: str, decided_by: str, employee_id: int, at: datetime, note: str) -> None:
    """Decide a waiting request, once.

    Raises:
        RequestAlreadyDecided: when it no longer waits.
    """
    updated = ApprovalRequest.objects.filter(pk=request_id, state="waiting").update(
        state=state, decided_by=decided_by, decided_by_employee_id=employee_id, decided_at=at, decision_note=note
    )
    if updated != 1:
        row = ApprovalRequest.objects.get(pk=request_id)
        raise RequestAlreadyDecided(request=request_id, state=row.state, by=row.decided_by)


def reseal_requests() -> int:
    """Seal the inputs of every request again with the newest key; returns how many."""
    count = 0
    for row in ApprovalRequest.objects.exclude(inputs="").order_by("pk").iterator():
        ApprovalRequest.objects.filter(pk=row.pk).update(inputs=seal(unseal(row.inputs)))
        count += 1
    return count

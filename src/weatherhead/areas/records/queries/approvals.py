"""Approval requests as frozen values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import Q, QuerySet

from weatherhead.areas.records.canonical import Json
from weatherhead.areas.records.models import ApprovalRequest
from weatherhead.areas.records.secrets import unseal
from weatherhead.core.values import Refusal, gettext_noop


class NoSuchRequest(Refusal):
    """No approval request has that number."""

    template = gettext_noop("There is no approval request %(request)s. Open the list of approvals again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """An approval request. `body` is the proposal as it was asked."""

    request_id: int
    action: str
    title: str
    proposal_digest: str
    body: Mapping[str, Json]
    account_id: int | None
    authority_cents: int
    reason: str
    state: str
    requested_by: str
    requested_by_employee_id: int
    requested_at: datetime
    due_on: date
    expires_on: date
    decided_by: str
    decided_by_employee_id: int | None
    decided_at: datetime | None
    decision_note: str
    sealed: str = field(repr=False)

    @property
    def inputs(self) -> Mapping[str, Json]:
        """What will be performed, opened: it may hold what nobody but that action is to see."""
        opened: dict[str, Json] = json.loads(unseal(self.sealed))
        return opened

    def expired(self, *, as_of: date) -> bool:
        """Whether it waited too long to be approved."""
        return self.state == "waiting" and as_of >= self.expires_on


def request(request_id: int) -> RequestFacts:
    """One request.

    Raises:
        NoSuchRequest: for an unknown number.
    """
    row = ApprovalRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise NoSuchRequest(request=request_id)
    return _facts(row)


def waiting_count(*, as_of: date) -> int:
    """How many wait on a day; what expired waits no longer."""
    return _waiting(as_of).count()


def _waiting(as_of: date) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.filter(state="waiting", expires_on__gt=as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsToShow:
    """What a list of requests shows: what waits, soonest due first; what was decided and what expired, latest first."""

    waiting: tuple[RequestFacts, ...]
    decided: tuple[RequestFacts, ...]
    expired: tuple[RequestFacts, ...]


def requests_to_show(*, since: datetime, as_of: date, expired_since: date) -> RequestsToShow:
    """All that wait, all decided since an instant, and all that expired since a day, in one query."""
    rows = ApprovalRequest.objects.filter(
        Q(state="waiting", expires_on__gt=expired_since) | Q(decided_at__gte=since)
    ).order_by("id")
    found = [_facts(row) for row in rows]
    undecided = [item for item in found if item.state == "waiting"]
    decided = [item for item in reversed(found) if item.decided_at is not None]
    return RequestsToShow(
        waiting=tuple(
            sorted((item for item in undecided if not item.expired(as_of=as_of)), key=lambda item: item.due_on)
        ),
        decided=tuple(sorted(decided, key=lambda item: item.decided_at or since, reverse=True)),
        expired=tuple(item for item in reversed(undecided) if item.expired(as_of=as_of)),
    )


def requests_of_account(account_id: int, *, as_of: date) -> tuple[RequestFacts, ...]:
    """The requests that wait for one account."""
    rows = _waiting(as_of).filter(account_id=account_id).order_by("id")
    return tuple(_facts(row) for row in rows)


def declined_on(account_id: int, *, action: str, employee_id: int, since: datetime) -> RequestFacts | None:
    """The last request about an account declined since an instant: for this action, or asked by this person."""
    rows = ApprovalRequest.objects.filter(account_id=account_id, state="declined", decided_at__gte=since)
    row = rows.filter(Q(action=action) | Q(requested_by_employee_id=employee_id)).order_by("-id").first()
    return _facts(row) if row else None


def waiting_for(*, action: str, account_id: int | None, subject: str, number: int, as_of: date) -> RequestFacts | None:
    """The request for an action on one thing that waits already: the one whose input `subject` is `number`."""
    rows = _waiting(as_of).filter(action=action, account_id=account_id).order_by("id")
    found = (_facts(row) for row in rows)
    return next((asked for asked in found if asked.inputs.get(subject) == number), None)


def _facts(row: ApprovalRequest) -> RequestFacts:
    return RequestFacts(
        request_id=row.pk,
        action=row.action,
        title=row.title,
        proposal_digest=row.proposal_digest,
        body=row.body,
        account_id=row.account_id,
        authority_cents=row.authority_cents,
        reason=row.reason,
        state=row.state,
        requested_by=row.requested_by,
        requested_by_employee_id=row.requested_by_employee_id,
        requested_at=row.requested_at,
        due_on=row.due_on,
        expires_on=row.expires_on,
        decided_by=row.decided_by,
        decided_by_employee_id=row.decided_by_employee_id,
        decided_at=row.decided_at,
        decision_note=row.decision_note,
        sealed=row.inputs,
    )

"""What ends a request without performing it: declined by someone else, or withdrawn by whoever asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from weatherhead.areas.records.operations.approvals import RequestAlreadyDecided, decide_request
from weatherhead.areas.records.queries.approvals import RequestFacts
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a request ends, and what is said of it."""

    request_id: int
    state: Literal["declined", "withdrawn"]
    note: str


def require_waiting(found: RequestFacts) -> None:
    """See that nobody decided it yet.

    Raises:
        RequestAlreadyDecided: someone did.
    """
    if found.state != "waiting":
        raise RequestAlreadyDecided(request=found.request_id, state=found.state, by=found.decided_by)


def ended(found: RequestFacts, *, state: str) -> Change:
    """The request before and after."""
    return Change(
        code="request",
        label=Sentence(gettext_noop("Request")),
        unit=Unit.TEXT,
        before="waiting",
        after=state,
        account_id=found.account_id,
    )


def record_ending(proposal: Proposal[Ending], recording: Recording) -> None:
    """Decide it.

    Raises:
        RequestAlreadyDecided: someone decided it meanwhile.
    """
    plan = proposal.plan
    decide_request(
        request_id=plan.request_id,
        state=plan.state,
        decided_by=recording.actor.name,
        employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        note=plan.note,
    )
    recording.made_one("request", plan.request_id)

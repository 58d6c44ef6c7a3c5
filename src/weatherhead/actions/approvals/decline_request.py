"""Decline a request: nothing changes but that it is decided."""

from __future__ import annotations

from dataclasses import dataclass

from weatherhead.actions.figures import house_rule
from weatherhead.actions.inputs import NeededNote, Number
from weatherhead.areas.records.operations.approvals import RequestAlreadyDecided, decide_request
from weatherhead.areas.records.queries.approvals import RequestFacts, request
from weatherhead.core.values import Change, Sentence, Unit, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Proposal
from weatherhead.door.registry import Action, Recording, registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The request, and why not."""

    request_id: Number
    note: NeededNote


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The request's account, so that declining and approving wait for each other."""
    account_id = request(inputs.request_id).account_id
    return () if account_id is None else (account_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The request, and whether the one who declines asked for it."""

    request: RequestFacts
    is_own: bool


def gather(inputs: Inputs, _: Moment, actor: Actor) -> Facts:
    """Read the request."""
    found = request(inputs.request_id)
    return Facts(request=found, is_own=found.requested_by_employee_id == actor.employee_id)


def propose(given: Facts, inputs: Inputs) -> Proposal[Inputs]:
    """Say that it will be declined. Its maker may take it back; nobody else decides on an account tied to them.

    Raises:
        RequestAlreadyDecided: someone decided it before.
    """
    facts = given.request
    if facts.state != "waiting":
        raise RequestAlreadyDecided(request=facts.request_id, state=facts.state, by=facts.decided_by)
    change = Change(
        code="request",
        label=Sentence(gettext_noop("Request")),
        unit=Unit.TEXT,
        before="waiting",
        after="declined",
        account_id=facts.account_id,
    )
    return Proposal(
        summary=Sentence(gettext_noop("Request %(number)s declined"), {"number": str(facts.request_id)}),
        confirm=Sentence(gettext_noop("Decline")),
        plan=inputs,
        account_ids=() if facts.account_id is None else (facts.account_id,),
        changes=(change,),
        when_tied="allow" if given.is_own else "refuse",
        rules=(house_rule("maker and checker", "What is over one's authority is decided by someone else"),),
    )


def record(proposal: Proposal[Inputs], recording: Recording) -> None:
    """Decide it.

    Raises:
        RequestAlreadyDecided: someone decided it meanwhile.
    """
    plan = proposal.plan
    decide_request(
        request_id=plan.request_id,
        state="declined",
        decided_by=recording.actor.name,
        employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        note=plan.note,
    )
    recording.made_one("request", plan.request_id)


ACTION = registry.add(
    Action(
        name="decline_request",
        title=gettext_noop("Decline a request"),
        duty=5,
        on="request",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        propose=propose,
        record=record,
        summary=gettext_noop("Says no to a request, with a reason that its maker reads."),
    )
)

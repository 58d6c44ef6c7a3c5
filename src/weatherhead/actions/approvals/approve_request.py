"""Approve a request: perform the same action with the same inputs, judged with the approver's authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from weatherhead.actions.inputs import Note, Number
from weatherhead.areas.records.operations.approvals import RequestAlreadyDecided, decide_request
from weatherhead.areas.records.queries.approvals import RequestFacts, request
from weatherhead.core.values import Refusal, Sentence, gettext_noop
from weatherhead.door.context import Actor, Moment
from weatherhead.door.proposal import Approving, Proposal
from weatherhead.door.registry import Action, Recording, registry


class RequestExpired(Refusal):
    """It waited too long: what was true when it was asked may be so no longer."""

    template = gettext_noop("Request %(request)s expired on %(on)s. %(by)s may ask again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The request, and a word on the decision."""

    request_id: Number
    note: Note = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The request, and what its action proposes now."""

    request: RequestFacts
    inner: Proposal[Any]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decision, and the action's own plan."""

    request_id: int
    action: str
    note: str
    inner: Proposal[Any]


def locks(inputs: Inputs) -> tuple[int, ...]:
    """The accounts that the requested action locks."""
    found = request(inputs.request_id)
    inner = registry.get(found.action)
    return inner.locks(inner.parse(found.inputs))


def gather(inputs: Inputs, moment: Moment, _: Actor) -> Facts:
    """Read the request, and go on as `gather_from`."""
    return gather_from(request(inputs.request_id), moment)


def gather_from(found: RequestFacts, moment: Moment) -> Facts:
    """Propose a request's action again, for its maker, as of now.

    Raises:
        RequestAlreadyDecided: someone decided it before.
        RequestExpired: it waited too long.
    """
    if found.state != "waiting":
        raise RequestAlreadyDecided(request=found.request_id, state=found.state, by=found.decided_by)
    if found.expired(as_of=moment.as_of):
        raise RequestExpired(request=found.request_id, on=found.expires_on, by=found.requested_by)
    inner = registry.get(found.action)
    values = inner.parse(found.inputs)
    maker = Actor(name=found.requested_by, employee_id=found.requested_by_employee_id, channel="request")
    proposed = inner.propose(inner.gather(values, moment, maker), values)
    return Facts(request=found, inner=proposed, as_of=moment.as_of)


def propose(facts: Facts, inputs: Inputs) -> Proposal[Plan]:
    """The action's own proposal, under the approver's name."""
    inner = facts.inner
    said = {"what": str(inner.confirm), "by": facts.request.requested_by}
    return Proposal(
        summary=Sentence(gettext_noop("%(what)s, asked for by %(by)s"), {"what": str(inner.summary), "by": said["by"]}),
        confirm=Sentence(gettext_noop("Approve: %(what)s"), said),
        plan=Plan(request_id=facts.request.request_id, action=facts.request.action, note=inputs.note, inner=inner),
        account_ids=inner.account_ids,
        entries=inner.entries,
        creates=inner.creates,
        updates=inner.updates,
        changes=inner.changes,
        rules=inner.rules,
        authority_cents=inner.authority_cents,
        authority_account_id=inner.authority_account_id,
        checker_cents=inner.checker_cents,
        concerns=inner.concerns,
        approving=Approving(
            request_id=facts.request.request_id,
            maker=facts.request.requested_by,
            maker_employee_id=facts.request.requested_by_employee_id,
            action=facts.request.action,
            changed=inner.substance(as_of=facts.as_of) != facts.request.proposal_digest,
        ),
        work=inner.work,
    )


def record(proposal: Proposal[Plan], recording: Recording) -> None:
    """Decide the request and perform its action.

    Raises:
        RequestAlreadyDecided: someone decided it meanwhile.
    """
    plan = proposal.plan
    decide_request(
        request_id=plan.request_id,
        state="approved",
        decided_by=recording.actor.name,
        employee_id=recording.actor.employee_id,
        at=recording.moment.at,
        note=plan.note,
    )
    registry.get(plan.action).record(plan.inner, recording)
    recording.made_one("request", plan.request_id)


ACTION = registry.add(
    Action(
        name="approve_request",
        title=gettext_noop("Approve a request"),
        duty=5,
        on="request",
        inputs=Inputs,
        locks=locks,
        gather=gather,
        gather_from=gather_from,
        propose=propose,
        record=record,
        summary=gettext_noop("Performs what a colleague asked for, proposed again as of now; never one's own request."),
    )
)
